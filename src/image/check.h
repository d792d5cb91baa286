/*
 * Looking at a JSON document with rules.  A rule looks at one value; an object has
 * a table of fields, each with its rule:
 *
 *	static void check_point(struct sp_check *c, const struct sp_json *value)
 *	{
 *		static const struct sp_field fields[] = {
 *			{ "x", sp_check_size, true },
 *			{ "name", sp_check_str, false },
 *		};
 *
 *		sp_check_fields(c, value, fields, 2);
 *	}
 */
#ifndef SP_IMAGE_CHECK_H
#define SP_IMAGE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "image/json.h"

/* A run over one document; release where at its end. */
struct sp_check {
	/* as sp_schema_check() has it; may be NULL */
	void (*report)(void *ctx, bool note, const char *where, const char *what);
	void *ctx;
	struct sp_buf where;		/* JSON pointer to the value at hand */
	size_t problems;
};

typedef void sp_check_fn(struct sp_check *c, const struct sp_json *value);

struct sp_field {
	const char *name;
	sp_check_fn *rule;
	bool required;
};

/* Report what is wrong with the value at hand, or worth a word. */
void sp_check_problem(struct sp_check *c, const char *what);
void sp_check_note(struct sp_check *c, const char *what);

/* An object with these fields.  Others are allowed, unless they are one of these
 * to a reader that ignores case. */
void sp_check_fields(struct sp_check *c, const struct sp_json *value,
		     const struct sp_field *fields, size_t nr);

/* An array, or an object with any keys, all of whose values keep the rule. */
void sp_check_array(struct sp_check *c, const struct sp_json *value, sp_check_fn *rule);
void sp_check_map(struct sp_check *c, const struct sp_json *value, sp_check_fn *rule);

/* No member of the object may have this key, in whatever case; why is the text
 * of the problem. */
void sp_check_absent(struct sp_check *c, const struct sp_json *object, const char *key,
		     const char *why);

/* Rules for single values.  A time is one of RFC 3339; a size is what
 * sp_json_int() takes. */
void sp_check_str(struct sp_check *c, const struct sp_json *value);
void sp_check_bool(struct sp_check *c, const struct sp_json *value);
void sp_check_object(struct sp_check *c, const struct sp_json *value);
void sp_check_media_type(struct sp_check *c, const struct sp_json *value);
void sp_check_digest(struct sp_check *c, const struct sp_json *value);
void sp_check_size(struct sp_check *c, const struct sp_json *value);
void sp_check_time(struct sp_check *c, const struct sp_json *value);

#endif
