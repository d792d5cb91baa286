/*
 * JSON values: a tree of cJSON nodes, built, printed and looked at.  The only
 * file that includes cJSON.  Its parser is not used, since it accepts what
 * json.h promises to refuse: json_parse.c reads, and builds the tree with the
 * functions for writing.
 *
 * Numbers are cJSON_Raw nodes, which hold and print the text of the number:
 * cJSON's own are doubles, and 2^53 + 1 would come out as 9.00719925474099e+15.
 */
#include "image/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

static cJSON *node_of(struct sp_json *value)
{
	return (cJSON *)value;
}

static const cJSON *look(const struct sp_json *value)
{
	return (const cJSON *)value;
}

/* cJSON hands out NULL when memory is short; here that ends the process, as in
 * mem.h.  Its allocator is left alone: the host program may use cJSON as well. */
static void *must(void *p)
{
	if (!p)
		sp_out_of_memory();
	return p;
}

/* The bytes of the UTF-8 sequence at s, 0 if there is none (RFC 3629: neither
 * overlong forms nor surrogates nor anything over U+10FFFF). */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	size_t need = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return need;
}

bool sp_json_is_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0, step; i < len; i += step) {
		step = utf8_len(s + i, len - i);
		if (!step)
			return false;
	}
	return true;
}

/* text itself, or a copy in buf with a U+FFFD for each byte that is no UTF-8. */
static const char *clean(const char *text, struct sp_buf *buf)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = strlen(text);

	if (sp_json_is_utf8(text, len))
		return text;
	for (size_t i = 0; i < len;) {
		size_t step = utf8_len(s + i, len - i);

		if (step)
			sp_buf_add(buf, s + i, step);
		else
			sp_buf_addstr(buf, REPLACEMENT);
		i += step ? step : 1;
	}
	return buf->data;
}

/* --- writing --- */

struct sp_json *sp_json_object(void)
{
	return must(cJSON_CreateObject());
}

struct sp_json *sp_json_array(void)
{
	return must(cJSON_CreateArray());
}

struct sp_json *sp_json_new_str(const char *value)
{
	sp_autobuf struct sp_buf buf = { 0 };

	return must(cJSON_CreateString(clean(value, &buf)));
}

struct sp_json *sp_json_new_literal(const char *text)
{
	if (strcmp(text, "true") == 0)
		return must(cJSON_CreateTrue());
	if (strcmp(text, "false") == 0)
		return must(cJSON_CreateFalse());
	if (strcmp(text, "null") == 0)
		return must(cJSON_CreateNull());
	return must(cJSON_CreateRaw(text));
}

struct sp_json *sp_json_copy(const struct sp_json *value)
{
	return must(cJSON_Duplicate(look(value), true));
}

void sp_json_free(struct sp_json *doc)
{
	cJSON_Delete(node_of(doc));
}

void sp_json_freep(struct sp_json **doc)
{
	sp_json_free(*doc);
}

/* All go to the end of the list by its first element's prev pointer, in one
 * step, however long the list is. */
void sp_json_add(struct sp_json *object, const char *key, struct sp_json *value)
{
	sp_autobuf struct sp_buf buf = { 0 };

	if (!cJSON_AddItemToObject(node_of(object), clean(key, &buf), node_of(value)))
		must(NULL);
}

/* The same for a key that outlives the document, and is UTF-8. */
static void add_kept(struct sp_json *object, const char *key, struct sp_json *value)
{
	if (!cJSON_AddItemToObjectCS(node_of(object), key, node_of(value)))
		must(NULL);
}

void sp_json_push(struct sp_json *array, struct sp_json *value)
{
	if (!cJSON_AddItemToArray(node_of(array), node_of(value)))
		must(NULL);
}

void sp_json_add_str(struct sp_json *object, const char *key, const char *value)
{
	add_kept(object, key, sp_json_new_str(value));
}

void sp_json_add_int(struct sp_json *object, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add_kept(object, key, must(cJSON_CreateRaw(text)));
}

void sp_json_add_bool(struct sp_json *object, const char *key, bool value)
{
	add_kept(object, key, must(cJSON_CreateBool(value)));
}

void sp_json_add_null(struct sp_json *object, const char *key)
{
	add_kept(object, key, must(cJSON_CreateNull()));
}

void sp_json_add_optional(struct sp_json *object, const char *key, const char *value)
{
	if (value)
		sp_json_add_str(object, key, value);
	else
		sp_json_add_null(object, key);
}

struct sp_json *sp_json_add_object(struct sp_json *object, const char *key)
{
	struct sp_json *value = sp_json_object();

	add_kept(object, key, value);
	return value;
}

struct sp_json *sp_json_add_array(struct sp_json *object, const char *key)
{
	struct sp_json *value = sp_json_array();

	add_kept(object, key, value);
	return value;
}

void sp_json_push_str(struct sp_json *array, const char *value)
{
	sp_json_push(array, sp_json_new_str(value));
}

struct sp_json *sp_json_push_object(struct sp_json *array)
{
	struct sp_json *value = sp_json_object();

	sp_json_push(array, value);
	return value;
}

char *sp_json_text(const struct sp_json *doc, bool pretty)
{
	char *printed = must(pretty ? cJSON_Print(look(doc)) :
				      cJSON_PrintUnformatted(look(doc)));
	char *text = sp_strdup(printed);	/* free() need not be cJSON's */

	cJSON_free(printed);
	return text;
}

/* --- looking --- */

bool sp_json_is_object(const struct sp_json *value)
{
	return cJSON_IsObject(look(value));
}

bool sp_json_is_array(const struct sp_json *value)
{
	return cJSON_IsArray(look(value));
}

bool sp_json_is_str(const struct sp_json *value)
{
	return cJSON_IsString(look(value));
}

bool sp_json_is_null(const struct sp_json *value)
{
	return cJSON_IsNull(look(value));
}

bool sp_json_is_bool(const struct sp_json *value)
{
	return cJSON_IsBool(look(value));
}

const struct sp_json *sp_json_get(const struct sp_json *value, const char *key)
{
	if (!cJSON_IsObject(look(value)))
		return NULL;
	return (const void *)cJSON_GetObjectItemCaseSensitive(look(value), key);
}

static const cJSON *pick(const struct sp_json *value, const char *key)
{
	return look(key ? sp_json_get(value, key) : value);
}

const char *sp_json_str(const struct sp_json *value, const char *key)
{
	return cJSON_GetStringValue(pick(value, key));
}

bool sp_json_int(const struct sp_json *value, const char *key, int64_t *ret)
{
	const cJSON *node = pick(value, key);
	int64_t sum = 0;

	if (!node || !cJSON_IsRaw(node))
		return false;
	for (const char *s = node->valuestring; *s; s++) {
		/* 1.0 and 1e3 are no integers to Go either */
		if (*s < '0' || *s > '9')
			return false;
		sum = sum * 10 + (*s - '0');
		if (sum > SP_JSON_INT_MAX)
			return false;
	}
	*ret = sum;
	return true;
}

bool sp_json_bool(const struct sp_json *value, const char *key)
{
	return cJSON_IsTrue(pick(value, key));
}

const struct sp_json *sp_json_first(const struct sp_json *value)
{
	bool list = cJSON_IsObject(look(value)) || cJSON_IsArray(look(value));

	return list ? (const void *)look(value)->child : NULL;
}

const struct sp_json *sp_json_next(const struct sp_json *value)
{
	return (const void *)look(value)->next;
}

const char *sp_json_key(const struct sp_json *member)
{
	return look(member)->string;
}

size_t sp_json_len(const struct sp_json *value)
{
	size_t len = 0;

	for (const struct sp_json *i = sp_json_first(value); i; i = sp_json_next(i))
		len++;
	return len;
}
