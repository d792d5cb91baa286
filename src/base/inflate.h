/*
 * Decompressing a gzip stream (RFC 1952), whoever wrote it, in bounded memory.
 *
 *	struct sp_inflate *z = sp_inflate_new();
 *
 *	while (more input, or *in_len left, or the last call filled room)
 *		if (sp_inflate_run(z, &in, &in_len, out, room, &got, &ended, err))
 *			...
 *	at the end of the input: whole if ended is true, else cut off
 *	sp_inflate_free(z);
 *
 * Members may follow one another (section 2.2), as pigz and we write them.  Bytes
 * that are no member are an error wherever they stand: Go's reader, which most
 * engines use, refuses them too.  The counterpart for zstd is unzstd.h.
 */
#ifndef SP_BASE_INFLATE_H
#define SP_BASE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct sp_inflate;

/* A decoder before its first member.  Never fails. */
struct sp_inflate *sp_inflate_new(void);

/*
 * Decode from *in, *in_len bytes, which are moved past what was used up, to out,
 * at most room bytes (room > 0).  *ret_len is how many came out; it can be 0 while
 * the decoder wants more input.  *ret_member_end says that a member has ended just
 * here: the only place where input may end.  Call again without input while
 * *ret_len equals room: more may be held inside.  SP_EVERIFY for bytes that are
 * no gzip stream, or whose check sum or length is wrong.
 */
SP_CHECKED int sp_inflate_run(struct sp_inflate *z, const void **in, size_t *in_len,
			      void *out, size_t room, size_t *ret_len,
			      bool *ret_member_end, struct sp_err *err);
void sp_inflate_free(struct sp_inflate *z);	/* NULL allowed */

/* Append what zlib data (RFC 1950) of len bytes is when unpacked, max bytes at most.
 * SP_EVERIFY for what is no such data, is cut off, or is more; ret may have a part then. */
SP_CHECKED int sp_inflate_zlib(const void *data, size_t len, size_t max,
			       struct sp_buf *ret, struct sp_err *err);

#endif
