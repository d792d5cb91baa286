/*
 * A growable byte string.
 *
 * Initialise with { 0 }, release with sp_buf_release() or sp_autobuf.  data is
 * NUL-terminated after the first add or reserve; len does not count the NUL.
 */
#ifndef SP_BASE_BUF_H
#define SP_BASE_BUF_H

#include <stddef.h>

#include "base/mem.h"

struct sp_buf {
	char *data;
	size_t len, alloc;
};

void sp_buf_add(struct sp_buf *buf, const void *data, size_t len);
void sp_buf_addstr(struct sp_buf *buf, const char *s);
void sp_buf_addch(struct sp_buf *buf, char c);
void sp_buf_addf(struct sp_buf *buf, const char *fmt, ...) SP_PRINTF(2, 3);

/* Make room for len more bytes and return where they go; len is not changed. */
SP_NEVER_NULL char *sp_buf_reserve(struct sp_buf *buf, size_t len);

/* The contents as a C string, "" when empty. */
SP_NEVER_NULL const char *sp_buf_str(const struct sp_buf *buf);

/* Hand the malloc'ed contents to the caller and leave the buffer empty. */
char *sp_buf_detach(struct sp_buf *buf);
void sp_buf_reset(struct sp_buf *buf);		/* len 0, memory kept */
void sp_buf_release(struct sp_buf *buf);
#define sp_autobuf __attribute__((cleanup(sp_buf_release)))

#endif
