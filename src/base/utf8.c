/*
 * UTF-8 (RFC 3629).
 */
#include "base/utf8.h"

void sp_utf8_add(struct sp_buf *buf, unsigned c)
{
	if (c < 0x80) {
		sp_buf_addch(buf, (char)c);
		return;
	}
	if (c < 0x800) {
		sp_buf_addch(buf, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			sp_buf_addch(buf, (char)(0xe0 | c >> 12));
		} else {
			sp_buf_addch(buf, (char)(0xf0 | c >> 18));
			sp_buf_addch(buf, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		sp_buf_addch(buf, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	sp_buf_addch(buf, (char)(0x80 | (c & 0x3f)));
}

bool sp_utf8_hex4(const char *p, size_t len, unsigned *ret)
{
	unsigned sum = 0;

	if (len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			sum = sum * 16 + (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			sum = sum * 16 + (unsigned)((c | 32) - 'a') + 10;
		else
			return false;
	}
	*ret = sum;
	return true;
}

unsigned sp_utf8_pair(unsigned high, unsigned low)
{
	if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}
