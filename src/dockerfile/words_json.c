/*
 * The JSON form of an instruction: an array of strings (RFC 8259), and nothing else.
 */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "dockerfile/words.h"

static const char *skip(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* "\uXXXX", or two of them for one character beyond 16 bits; p stands on the 'u'.
 * Half of a pair becomes U+FFFD, as Go's decoder has it.  NUL ends no string here. */
static const char *unicode(const char *p, struct sp_buf *out)
{
	unsigned c, low, both;

	if (!sp_utf8_hex4(p + 1, strnlen(p + 1, 4), &c) || !c)
		return NULL;
	p += 5;
	if (p[0] == '\\' && p[1] == 'u' && sp_utf8_hex4(p + 2, strnlen(p + 2, 4), &low) &&
	    (both = sp_utf8_pair(c, low)) != 0) {
		sp_utf8_add(out, both);
		return p + 6;
	}
	sp_utf8_add(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
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
