/*
 * Base64.
 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void sp_base64_add(struct sp_buf *buf, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (; len; len -= len < 3 ? len : 3, p += 3) {
		uint32_t v = (uint32_t)p[0] << 16 | (len > 1 ? (uint32_t)p[1] << 8 : 0) |
			     (len > 2 ? (uint32_t)p[2] : 0);

		sp_buf_addch(buf, digits[v >> 18]);
		sp_buf_addch(buf, digits[v >> 12 & 63]);
		sp_buf_addch(buf, len > 1 ? digits[v >> 6 & 63] : '=');
		sp_buf_addch(buf, len > 2 ? digits[v & 63] : '=');
	}
}

bool sp_base64_decode(const char *text, struct sp_buf *buf)
{
	size_t begin = buf->len, len = strcspn(text, "=");
	uint32_t v = 0;

	if (len % 4 == 1 || strlen(text) - len > 2 || text[len + strspn(text + len, "=")])
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);

		if (!digit) {
			buf->len = begin;
			if (buf->data)
				buf->data[begin] = '\0';
			return false;
		}
		v = v << 6 | (uint32_t)(digit - digits);
		if (i % 4)
			sp_buf_addch(buf, (char)(v >> (6 - 2 * (i % 4))));
	}
	return true;
}
