/*
 * JSON: writing with a fixed key order, reading without trust.  The only file
 * that includes cJSON.
 *
 * Writing: values are built inside a document and belong to it.  Keys come out
 * in the order in which they were set.  Bytes that are no UTF-8 come out as
 * U+FFFD; callers that must not lose bytes check with sp_json_is_utf8().
 *
 *	struct sp_json *doc = sp_json_object();
 *	struct sp_json *list = sp_json_add_array(doc, "layers");
 *
 *	sp_json_add_int(doc, "schemaVersion", 2);
 *	sp_json_push_str(list, "x");
 *	char *text = sp_json_text(doc, false);
 *	sp_json_free(doc);
 *
 * The keys of sp_json_add_TYPE() are not copied: they are literals, or outlive the
 * document.  sp_json_add() takes a copy.
 *
 * Reading: sp_json_parse() refuses what lets two readers see two documents:
 * duplicate keys, trailing bytes, a BOM, \u0000, invalid UTF-8, half surrogates,
 * nesting over 64 (CVE-2021-41190 is what comes of such documents).  Keys that
 * are equal but for case are duplicates too, since Go fills a field from either;
 * only where keys are the user's own (Labels, annotations, ExposedPorts,
 * Volumes) do all readers tell them apart, and so do we.
 *
 * Numbers stay the text they were written as, so no integer loses digits.
 */
#ifndef SP_IMAGE_JSON_H
#define SP_IMAGE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SP_JSON_DEPTH_MAX 64
#define SP_JSON_VALUES_MAX (256 * 1024)	/* in a document that is read: about 40 MB */
#define SP_JSON_INT_MAX ((INT64_C(1) << 53) - 1)

struct sp_json;		/* one value; opaque */

/* --- writing --- */
struct sp_json *sp_json_object(void);
struct sp_json *sp_json_array(void);
void sp_json_free(struct sp_json *doc);		/* a root value; NULL allowed */
void sp_json_freep(struct sp_json **doc);
#define sp_autojson __attribute__((cleanup(sp_json_freep)))

void sp_json_add_str(struct sp_json *object, const char *key, const char *value);
void sp_json_add_int(struct sp_json *object, const char *key, int64_t value);
void sp_json_add_bool(struct sp_json *object, const char *key, bool value);
void sp_json_add_null(struct sp_json *object, const char *key);
void sp_json_add_optional(struct sp_json *object, const char *key, const char *value);	/* NULL: null */
struct sp_json *sp_json_add_object(struct sp_json *object, const char *key);
struct sp_json *sp_json_add_array(struct sp_json *object, const char *key);
void sp_json_push_str(struct sp_json *array, const char *value);
struct sp_json *sp_json_push_object(struct sp_json *array);
/* A root value of its own: a string; or a number, true, false or null as it is
 * written in JSON, which the caller vouches for. */
struct sp_json *sp_json_new_str(const char *value);
struct sp_json *sp_json_new_literal(const char *text);

/* A copy of any value, with all that is in it, as a root value. */
struct sp_json *sp_json_copy(const struct sp_json *value);

/* Hand a whole root value over to an object or array, which owns it from then. */
void sp_json_add(struct sp_json *object, const char *key, struct sp_json *value);
void sp_json_push(struct sp_json *array, struct sp_json *value);

/* malloc'ed text, compact or with tabs and newlines. */
char *sp_json_text(const struct sp_json *doc, bool pretty);

/* --- reading --- */
/* Any JSON value; a document larger than the caller likes is refused by him.
 * SP_EVERIFY says what is wrong at which byte; the document's name is not in the
 * message, and a caller whose document is no part of an image sets another code. */
SP_CHECKED int sp_json_parse(const char *text, size_t len, struct sp_json **ret,
			     struct sp_err *err);
bool sp_json_is_object(const struct sp_json *value);
bool sp_json_is_array(const struct sp_json *value);
bool sp_json_is_str(const struct sp_json *value);
bool sp_json_is_null(const struct sp_json *value);
bool sp_json_is_bool(const struct sp_json *value);

/* A member by its exact key, NULL if it is not there or value is no object. */
const struct sp_json *sp_json_get(const struct sp_json *value, const char *key);

/* A string member (or the value itself when key is NULL), NULL if it is none. */
const char *sp_json_str(const struct sp_json *value, const char *key);

/* An integer member (or the value itself), 0 <= x <= SP_JSON_INT_MAX; false if
 * it is not there, no number, no integer or out of range. */
bool sp_json_int(const struct sp_json *value, const char *key, int64_t *ret);
bool sp_json_bool(const struct sp_json *value, const char *key);	/* false if none */

/*
 * Walk the members of an object or the elements of an array:
 *	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i))
 */
const struct sp_json *sp_json_first(const struct sp_json *value);
const struct sp_json *sp_json_next(const struct sp_json *value);
const char *sp_json_key(const struct sp_json *member);
size_t sp_json_len(const struct sp_json *value);

/* Would Go, which ignores case, take both keys for one field? */
bool sp_json_same_field(const char *a, const char *b);

bool sp_json_is_utf8(const char *text, size_t len);

#endif
