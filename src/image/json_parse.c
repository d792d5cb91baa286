/*
 * JSON from others: a strict reader after RFC 8259 and RFC 7493 (I-JSON) that
 * refuses what json.h lists.  One pass, one error, at the first byte that is
 * wrong.  Values are built with the functions for writing; nothing of cJSON here.
 * Which keys are one is json_keys.c's business.
 */
#include "image/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "image/json_keys.h"

struct parser {
	const char *s;
	size_t at, len, values;
	unsigned depth;
	struct sp_buf text;		/* the string that was read last, decoded */
	struct sp_json_keys keys;
	struct sp_err *err;
};

static void parser_release(struct parser *p)
{
	sp_buf_release(&p->text);
	sp_json_keys_release(&p->keys);
}

static int fail(struct parser *p, const char *what)
{
	return sp_err_set(p->err, SP_EVERIFY, "byte %zu: %s", p->at, what);
}

/* The byte at hand, -1 at the end. */
static int peek(const struct parser *p)
{
	return p->at < p->len ? (unsigned char)p->s[p->at] : -1;
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != (unsigned char)c)
		return false;
	p->at++;
	return true;
}

static void skip_space(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\n' || peek(p) == '\r')
		p->at++;
}

/* --- strings --- */

static int hex4(struct parser *p, unsigned *ret)
{
	if (!sp_utf8_hex4(p->s + p->at, p->len - p->at, ret)) {
		/* to the first byte that is wrong */
		while (peek(p) > 0 && strchr("0123456789abcdefABCDEF", peek(p)))
			p->at++;
		return fail(p, "expected four hex digits after \\u");
	}
	p->at += 4;
	return 0;
}

/* What follows "\u": one escape, or the two of a surrogate pair. */
static int read_unicode(struct parser *p)
{
	unsigned c, low;

	if (hex4(p, &c))
		return -1;
	if (c == 0)	/* it would cut a C string, so that we read less than Go */
		return fail(p, "\\u0000 cannot be in a string");
	if (c >= 0xdc00 && c <= 0xdfff)
		return fail(p, "the second half of a surrogate pair without the first");
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!take(p, '\\') || !take(p, 'u'))
			return fail(p, "half a surrogate pair");
		if (hex4(p, &low))
			return -1;
		c = sp_utf8_pair(c, low);
		if (!c)
			return fail(p, "half a surrogate pair");
	}
	sp_utf8_add(&p->text, c);
	return 0;
}

static int read_escape(struct parser *p)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (take(p, 'u'))
		return read_unicode(p);
	int c = peek(p);
	const char *which = c > 0 ? strchr(from, c) : NULL;
	if (!which)
		return fail(p, "no such escape in a string");
	p->at++;
	sp_buf_addch(&p->text, to[which - from]);
	return 0;
}

/* A string, decoded into p->text. */
static int read_string(struct parser *p)
{
	if (!take(p, '"'))
		return fail(p, "expected a string in double quotes");
	sp_buf_reset(&p->text);
	sp_buf_addstr(&p->text, "");
	for (;;) {
		size_t start = p->at;

		while (peek(p) >= ' ' && peek(p) != '"' && peek(p) != '\\')
			p->at++;
		sp_buf_add(&p->text, p->s + start, p->at - start);
		if (take(p, '"'))
			return 0;
		if (peek(p) < 0)
			return fail(p, "the document ends within a string");
		if (!take(p, '\\'))
			return fail(p, "a control character in a string");
		if (read_escape(p))
			return -1;
	}
}

/* --- numbers and words --- */

static bool skip_digits(struct parser *p)
{
	size_t start = p->at;

	while (peek(p) >= '0' && peek(p) <= '9')
		p->at++;
	return p->at > start;
}

static int read_number(struct parser *p, struct sp_json **ret)
{
	size_t start = p->at;

	take(p, '-');
	if (!take(p, '0') && !skip_digits(p))
		return fail(p, "expected a value");
	if (take(p, '.') && !skip_digits(p))
		return fail(p, "expected a digit after the point");
	if (take(p, 'e') || take(p, 'E')) {
		if (!take(p, '+'))
			take(p, '-');
		if (!skip_digits(p))
			return fail(p, "expected a digit in the exponent");
	}
	sp_autofree char *text = sp_strndup(p->s + start, p->at - start);
	*ret = sp_json_new_literal(text);
	return 0;
}

static int read_word(struct parser *p, struct sp_json **ret)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (p->len - p->at >= len && memcmp(p->s + p->at, words[i], len) == 0) {
			p->at += len;
			*ret = sp_json_new_literal(words[i]);
			return 0;
		}
	}
	return fail(p, p->at == p->len ? "the document ends where a value should be" :
					 "expected a value");
}

/* --- objects and arrays --- */

/* Are the keys below this one the user's own?  Go decodes these into maps, where
 * case counts; everything else into fields, where it does not. */
static bool is_map(const char *key)
{
	static const char *const maps[] = { "Labels", "annotations", "ExposedPorts",
					    "Volumes" };

	for (size_t i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		if (strcmp(key, maps[i]) == 0)
			return true;
	return false;
}

static int read_value(struct parser *p, bool map, struct sp_json **ret);

static int read_member(struct parser *p, bool map, struct sp_json *object)
{
	struct sp_json *value = NULL;
	size_t at = p->at;

	if (read_string(p))
		return -1;
	const char *name = sp_json_keys_push(&p->keys, p->text.data, map, at);
	skip_space(p);
	if (!take(p, ':'))
		return fail(p, "expected ':' after a key");
	if (read_value(p, !map && is_map(name), &value))
		return -1;
	sp_json_add(object, name, value);
	return 0;
}

/* The rest of an object or array, after its bracket. */
static int read_list(struct parser *p, bool object, bool map, struct sp_json *list)
{
	char close = object ? '}' : ']';
	size_t base = p->keys.keys_nr;
	struct sp_json *value = NULL;

	skip_space(p);
	if (take(p, close))
		return 0;
	do {
		skip_space(p);
		if (object) {
			if (read_member(p, map, list))
				return -1;
		} else {
			if (read_value(p, false, &value))
				return -1;
			sp_json_push(list, value);
		}
		skip_space(p);
	} while (take(p, ','));
	if (!take(p, close))
		return fail(p, object ? "expected ',' or '}'" : "expected ',' or ']'");
	return sp_json_keys_close(&p->keys, base, p->err);
}

static int read_value(struct parser *p, bool map, struct sp_json **ret)
{
	skip_space(p);
	if (++p->values > SP_JSON_VALUES_MAX)
		return fail(p, "too many values in one document");
	int c = peek(p);
	if (c == '"') {
		if (read_string(p))
			return -1;
		*ret = sp_json_new_str(p->text.data);
		return 0;
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return read_number(p, ret);
	if (c != '{' && c != '[')
		return read_word(p, ret);
	if (p->depth == SP_JSON_DEPTH_MAX)
		return fail(p, "nested too deep");
	p->at++;
	p->depth++;
	sp_autojson struct sp_json *list = c == '{' ? sp_json_object() : sp_json_array();
	if (read_list(p, c == '{', map, list))
		return -1;
	p->depth--;
	*ret = sp_steal_ptr(&list);
	return 0;
}

int sp_json_parse(const char *text, size_t len, struct sp_json **ret, struct sp_err *err)
{
	SP_CLEANUP(parser_release) struct parser p = { .s = text, .len = len, .err = err };
	sp_autojson struct sp_json *value = NULL;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return fail(&p, "a byte order mark; JSON has none");
	if (!sp_json_is_utf8(text, len))
		return sp_err_set(err, SP_EVERIFY, "JSON must be UTF-8, and this is not");
	if (read_value(&p, false, &value))
		return -1;
	skip_space(&p);
	if (p.at != p.len)
		return fail(&p, "more bytes after the end of the document");
	*ret = sp_steal_ptr(&value);
	return 0;
}
