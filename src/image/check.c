/*
 * Looking at a JSON document with rules: how to walk it, and the rules for single
 * values.  Which rules make which document is in schema.c.
 */
#include "image/check.h"

#include <string.h>

#include "base/mem.h"
#include "image/digest.h"

void sp_check_problem(struct sp_check *c, const char *what)
{
	c->problems++;
	if (c->report)
		c->report(c->ctx, false, sp_buf_str(&c->where), what);
}

void sp_check_note(struct sp_check *c, const char *what)
{
	if (c->report)
		c->report(c->ctx, true, sp_buf_str(&c->where), what);
}

/* --- walking --- */

/* Go down to a member; gives what leave() takes.  RFC 6901: '~' and '/' in a key
 * are written "~0" and "~1". */
static size_t enter(struct sp_check *c, const char *key)
{
	size_t len = c->where.len;

	sp_buf_addch(&c->where, '/');
	for (; *key; key++) {
		if (*key == '~')
			sp_buf_addstr(&c->where, "~0");
		else if (*key == '/')
			sp_buf_addstr(&c->where, "~1");
		else
			sp_buf_addch(&c->where, *key);
	}
	return len;
}

static void leave(struct sp_check *c, size_t len)
{
	c->where.len = len;
	c->where.data[len] = '\0';
}

static void check_member(struct sp_check *c, const char *key, sp_check_fn *rule,
			 const struct sp_json *value)
{
	size_t len = enter(c, key);

	rule(c, value);
	leave(c, len);
}

static void missing(struct sp_check *c, const char *key)
{
	size_t len = enter(c, key);

	sp_check_problem(c, "is missing");
	leave(c, len);
}

/* A key that only Go, which ignores case, would take for one of the fields. */
static void check_spelling(struct sp_check *c, const struct sp_json *object,
			   const struct sp_field *fields, size_t nr)
{
	for (const struct sp_json *i = sp_json_first(object); i; i = sp_json_next(i))
		for (size_t f = 0; f < nr; f++)
			if (strcmp(sp_json_key(i), fields[f].name) != 0 &&
			    sp_json_same_field(sp_json_key(i), fields[f].name)) {
				size_t len = enter(c, sp_json_key(i));

				sp_check_problem(c, "is a known key in other letters; some "
						    "programs take it for that key");
				leave(c, len);
			}
}

void sp_check_fields(struct sp_check *c, const struct sp_json *value,
		     const struct sp_field *fields, size_t nr)
{
	if (!sp_json_is_object(value)) {
		sp_check_problem(c, "expected an object");
		return;
	}
	for (size_t f = 0; f < nr; f++) {
		const struct sp_json *member = sp_json_get(value, fields[f].name);

		if (member)
			check_member(c, fields[f].name, fields[f].rule, member);
		else if (fields[f].required)
			missing(c, fields[f].name);
	}
	check_spelling(c, value, fields, nr);
}

void sp_check_array(struct sp_check *c, const struct sp_json *value, sp_check_fn *rule)
{
	size_t at = 0;

	if (!sp_json_is_array(value)) {
		sp_check_problem(c, "expected an array");
		return;
	}
	for (const struct sp_json *i = sp_json_first(value); i; i = sp_json_next(i)) {
		sp_autofree char *key = sp_strf("%zu", at++);

		check_member(c, key, rule, i);
	}
}

void sp_check_map(struct sp_check *c, const struct sp_json *value, sp_check_fn *rule)
{
	if (!sp_json_is_object(value)) {
		sp_check_problem(c, "expected an object");
		return;
	}
	for (const struct sp_json *i = sp_json_first(value); i; i = sp_json_next(i))
		check_member(c, sp_json_key(i), rule, i);
}

void sp_check_absent(struct sp_check *c, const struct sp_json *object, const char *key,
		     const char *why)
{
	if (!sp_json_is_object(object))
		return;
	for (const struct sp_json *i = sp_json_first(object); i; i = sp_json_next(i))
		if (sp_json_same_field(sp_json_key(i), key)) {
			size_t len = enter(c, sp_json_key(i));

			sp_check_problem(c, why);
			leave(c, len);
		}
}

/* --- rules for single values --- */

void sp_check_str(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_str(value))
		sp_check_problem(c, "expected a string");
}

void sp_check_bool(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_bool(value))
		sp_check_problem(c, "expected true or false");
}

void sp_check_object(struct sp_check *c, const struct sp_json *value)
{
	if (!sp_json_is_object(value))
		sp_check_problem(c, "expected an object");
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define RESTRICTED_NAME_MAX 127		/* RFC 6838 4.2 */

/* The length of the RFC 6838 restricted-name at s, 0 if there is none. */
static size_t restricted_name(const char *s)
{
	size_t len = strspn(s, ALNUM "!#$&-^_.+");

	return len <= RESTRICTED_NAME_MAX && strspn(s, ALNUM) ? len : 0;
}

static bool is_media_type(const char *s)
{
	size_t type = s ? restricted_name(s) : 0;

	if (!type || s[type] != '/')
		return false;
	s += type + 1;
	return restricted_name(s) && !s[restricted_name(s)];
}

void sp_check_media_type(struct sp_check *c, const struct sp_json *value)
{
	if (!is_media_type(sp_json_str(value, NULL)))
		sp_check_problem(c, "expected a media type, as in application/json");
}

void sp_check_digest(struct sp_check *c, const struct sp_json *value)
{
	const char *text = sp_json_str(value, NULL);
	struct sp_digest digest;

	if (!text || !sp_digest_parse(text, &digest))
		sp_check_problem(c, "expected a digest: sha256: and 64, or sha512: and 128 "
				    "hex digits in lower case");
}

void sp_check_size(struct sp_check *c, const struct sp_json *value)
{
	int64_t size;

	if (!sp_json_int(value, NULL, &size))
		sp_check_problem(c, "expected a size in bytes: an integer from 0 to 2^53-1");
}

/* Does s look like pattern, where 0 stands for any digit? */
static bool matches(const char *s, const char *pattern)
{
	for (; *pattern; s++, pattern++)
		if (*pattern == '0' ? *s < '0' || *s > '9' : *s != *pattern)
			return false;
	return true;
}

static bool is_time(const char *s)
{
	static const char pattern[] = "0000-00-00T00:00:00";

	if (!s || !matches(s, pattern))
		return false;
	s += strlen(pattern);
	if (*s == '.') {
		size_t digits = strspn(s + 1, "0123456789");

		if (!digits)
			return false;
		s += 1 + digits;
	}
	if (strcmp(s, "Z") == 0)
		return true;
	return (matches(s, "+00:00") || matches(s, "-00:00")) && !s[strlen("+00:00")];
}

void sp_check_time(struct sp_check *c, const struct sp_json *value)
{
	if (!is_time(sp_json_str(value, NULL)))
		sp_check_problem(c, "expected a time as in 1970-01-01T00:00:00Z");
}
