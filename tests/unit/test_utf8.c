/*
 * Characters as bytes, and as hex digits.
 */
#include "base/utf8.h"

#include "test.h"

static const struct { unsigned c; const char *bytes; } characters[] = {
	{ 0x41, "A" }, { 0x7f, "\x7f" }, { 0x80, "\xc2\x80" }, { 0x7ff, "\xdf\xbf" },
	{ 0x800, "\xe0\xa0\x80" }, { 0xffff, "\xef\xbf\xbf" }, { 0x10000, "\xf0\x90\x80\x80" },
	{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
};

int main(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++) {
		sp_autobuf struct sp_buf buf = { 0 };

		sp_utf8_add(&buf, characters[i].c);
		is_str(sp_buf_str(&buf), characters[i].bytes, "U+%04X", characters[i].c);
	}
	ok(sp_utf8_hex4("12aF", 4, &n) && n == 0x12af, "four digits");
	ok(!sp_utf8_hex4("12a", 3, &n) && !sp_utf8_hex4("12aFF", 3, &n), "three are too few");
	ok(!sp_utf8_hex4("12ag", 4, &n) && !sp_utf8_hex4("\0" "234", 4, &n) &&
	   !sp_utf8_hex4("1 34", 4, &n), "something else than digits");
	ok(sp_utf8_pair(0xd83d, 0xde00) == 0x1f600, "a pair");
	ok(!sp_utf8_pair(0xd83d, 0x41) && !sp_utf8_pair(0xde00, 0xd83d) && !sp_utf8_pair(0x41, 0xde00),
	   "what is none");
	return test_done();
}
