/*
 * A growable byte string.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *sp_buf_reserve(struct sp_buf *buf, size_t len)
{
	size_t need = buf->len + len + 1;

	if (need > buf->alloc) {
		size_t alloc = buf->alloc ? buf->alloc : 64;

		while (alloc < need)
			alloc *= 2;
		buf->data = sp_realloc(buf->data, alloc, 1);
		buf->alloc = alloc;
		buf->data[buf->len] = '\0';
	}
	return buf->data + buf->len;
}

void sp_buf_add(struct sp_buf *buf, const void *data, size_t len)
{
	char *end = sp_buf_reserve(buf, len);

	if (len)
		memcpy(end, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void sp_buf_addstr(struct sp_buf *buf, const char *s)
{
	sp_buf_add(buf, s, strlen(s));
}

void sp_buf_addch(struct sp_buf *buf, char c)
{
	sp_buf_add(buf, &c, 1);
}

void sp_buf_addf(struct sp_buf *buf, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len > 0) {
		vsnprintf(sp_buf_reserve(buf, (size_t)len), (size_t)len + 1,
			  fmt, again);
		buf->len += (size_t)len;
	}
	va_end(again);
}

const char *sp_buf_str(const struct sp_buf *buf)
{
	return buf->data ? buf->data : "";
}

char *sp_buf_detach(struct sp_buf *buf)
{
	sp_buf_add(buf, "", 0);
	char *data = buf->data;

	*buf = (struct sp_buf){ 0 };
	return data;
}

void sp_buf_reset(struct sp_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void sp_buf_release(struct sp_buf *buf)
{
	free(buf->data);
	*buf = (struct sp_buf){ 0 };
}
