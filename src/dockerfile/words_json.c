/*
 * The JSON form of an instruction: an array of strings (RFC 8259), and nothing else.
 */
#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "dockerfile/words.h"

static const char *skip(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static void put_utf8(struct sp_buf *out, unsigned c)
{
	if (c < 0x80) {
		sp_buf_addch(out, (char)c);
		return;
	}
	if (c < 0x800) {
		sp_buf_addch(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			sp_buf_addch(out, (char)(0xe0 | c >> 12));
		} else {
			sp_buf_addch(out, (char)(0xf0 | c >> 18));
			sp_buf_addch(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		sp_buf_addch(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	sp_buf_addch(out, (char)(0x80 | (c & 0x3f)));
}

static bool hex4(const char *p, unsigned *ret)
{
	*ret = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		unsigned n = c >= '0' && c <= '9' ? (unsigned)(c - '0') :
			     (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a' + 10) : 16;

		if (n == 16)
			return false;
		*ret = *ret * 16 + n;
	}
	return true;
}

/* "\uXXXX", or two of them for one character beyond 16 bits; p stands on the 'u'.
 * Half of a pair becomes U+FFFD, as Go's decoder has it.  NUL ends no string here. */
static const char *unicode(const char *p, struct sp_buf *out)
{
	unsigned c, low;

	if (!hex4(p + 1, &c) || !c)
		return NULL;
	p += 5;
	if (c >= 0xd800 && c < 0xdc00 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, &low) &&
	    low >= 0xdc00 && low < 0xe000) {
		put_utf8(out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
		return p + 6;
	}
	put_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return p;
}

/* A string at p; what follows it, or NULL. */
static const char *string(const char *p, struct sp_buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (*p != '"')
		return NULL;
	for (p++; p && *p != '"';) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\') {
			sp_buf_addch(out, *p++);
			continue;
		}
		const char *at = p[1] ? strchr(from, p[1]) : NULL;

		if (at)
			sp_buf_addch(out, to[at - from]);
		else if (p[1] != 'u')
			return NULL;
		p = at ? p + 2 : unicode(p + 1, out);
	}
	return p ? p + 1 : NULL;
}

/* A number, a word or the beginning of an array or object where a string should be. */
static bool other_value(const char *p)
{
	size_t len = strcspn(p, " \t\r\n,]");
	const char *after = skip(p + len);
	static const char *const words[] = { "true", "false", "null" };

	if (*p == '[' || *p == '{')
		return strchr(p, *p == '[' ? ']' : '}');
	if (!len || (*after != ',' && *after != ']'))
		return false;
	for (int i = 0; i < 3; i++)
		if (strlen(words[i]) == len && memcmp(words[i], p, len) == 0)
			return true;
	return strspn(p, "-+.eE0123456789") >= len && strspn(p, "-") <= 1;
}

int sp_words_json(const char *text, struct sp_arena *arena, struct sp_words *ret,
		  bool *ret_json, struct sp_err *err)
{
	sp_autobuf struct sp_buf word = { 0 };
	const char *p = skip(text);
	size_t before = ret->items_nr;

	*ret_json = false;
	if (*p != '[')
		return 0;
	p = skip(p + 1);
	while (p && *p != ']') {
		sp_buf_reset(&word);
		if (other_value(p))
			return sp_err_set(err, SP_EUSAGE,
					  "%s: expected a JSON array of strings alone, as [\"/app\", \"80\"]",
					  text);
		p = string(p, &word);
		if (!p)
			break;
		*SP_VEC_PUSH(ret->items) = sp_arena_strndup(arena, sp_buf_str(&word), word.len);
		p = skip(p);
		if (*p == ',') {
			p = skip(p + 1);
			if (*p == ']')
				p = NULL;
		} else if (*p != ']') {
			p = NULL;
		}
	}
	*ret_json = p && !*skip(p + 1);
	if (!*ret_json)
		ret->items_nr = before;
	return 0;
}
