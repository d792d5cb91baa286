/*
 * Decompressing a zstd stream, whoever wrote it, in bounded memory.
 *
 *	struct sp_unzstd *z = sp_unzstd_new();
 *
 *	while (more input, or *in_len left, or the last call filled room)
 *		if (sp_unzstd_run(z, &in, &in_len, out, room, &got, &ended, err))
 *			...
 *	at the end of the input: whole if ended is true, else cut off
 *	sp_unzstd_free(z);
 *
 * Frames may follow one another, and skippable frames give no bytes
 * (RFC 8878, section 3.1).  The implementation is in zstd.c.
 */
#ifndef SP_IMAGE_UNZSTD_H
#define SP_IMAGE_UNZSTD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SP_UNZSTD_WINDOW_LOG_MAX 25	/* 32 MiB; RFC 8878 asks for 8 MiB at least,
					 * and zstd -19 for no more */

struct sp_unzstd;

/* A decoder before its first frame.  Never fails. */
struct sp_unzstd *sp_unzstd_new(void);

/*
 * Decode from *in, *in_len bytes, which are moved past what was used up, to out,
 * at most room bytes (room > 0).  *ret_len is how many came out; it can be 0 while
 * the decoder wants more input.  *ret_frame_end says that a frame has ended just
 * here and nothing of a next one was seen: the only place where input may end.
 * Call again without input while *ret_len equals room: more may be held inside.
 * SP_EVERIFY for bytes that are no zstd stream or want a larger window.
 */
SP_CHECKED int sp_unzstd_run(struct sp_unzstd *z, const void **in, size_t *in_len,
			     void *out, size_t room, size_t *ret_len,
			     bool *ret_frame_end, struct sp_err *err);
void sp_unzstd_free(struct sp_unzstd *z);	/* NULL allowed */

#endif
