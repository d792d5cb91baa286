/*
 * Adding an image to the index.json of a layout that is there already.
 *
 * Values that stay are printed again member by member, so that fields of other
 * tools survive.
 */
#include "transport/layout.h"

#include <string.h>

#include "image/image.h"
#include "image/json.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define IMAGE_NAME "io.containerd.image.name"

/* Begin or go on with an object: a comma if needed, and the key. */
static void put_key(struct sp_buf *buf, const char *key)
{
	sp_autojson struct sp_json *list = sp_json_array();
	sp_autofree char *text = NULL;

	/* a list of one string is printed as ["..."]: that is the quoting */
	sp_json_push_str(list, key);
	text = sp_json_text(list, false);
	if (buf->data[buf->len - 1] != '{')
		sp_buf_addch(buf, ',');
	sp_buf_add(buf, text + 1, strlen(text) - 2);
	sp_buf_addch(buf, ':');
}

static void put_value(struct sp_buf *buf, const struct sp_json *value)
{
	sp_autofree char *text = sp_json_text(value, false);

	sp_buf_addstr(buf, text);
}

static void put_string(struct sp_buf *buf, const char *s)
{
	sp_autojson struct sp_json *list = sp_json_array();
	sp_autofree char *text = NULL;

	sp_json_push_str(list, s);
	text = sp_json_text(list, false);
	sp_buf_add(buf, text + 1, strlen(text) - 2);
}

static const char *annotation(const struct sp_json *desc, const char *key)
{
	return sp_json_str(sp_json_get(desc, "annotations"), key);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

enum fate { KEEP, RENAME, DROP };

/* What becomes of an old descriptor when those of the list new come. */
static enum fate fate_of(const struct sp_json *old, const struct sp_json *new)
{
	const char *ref = annotation(old, REF_NAME), *name = annotation(old, IMAGE_NAME);
	enum fate fate = KEEP;

	for (const struct sp_json *i = sp_json_first(new); i; i = sp_json_next(i)) {
		const char *new_ref = annotation(i, REF_NAME);
		const char *new_name = annotation(i, IMAGE_NAME);

		if (same(name, new_name))
			return DROP;
		if (same(ref, new_ref)) {
			if (!name || !new_name || strcmp(ref, name) == 0)
				return DROP;
			fate = RENAME;
		}
		if (!ref && !name && same(sp_json_str(old, "digest"),
					  sp_json_str(i, "digest")))
			return DROP;
	}
	return fate;
}

/* The descriptor, with its full name for its reference name. */
static void put_renamed(struct sp_buf *buf, const struct sp_json *desc)
{
	sp_buf_addch(buf, '{');
	for (const struct sp_json *i = sp_json_first(desc); i; i = sp_json_next(i)) {
		put_key(buf, sp_json_key(i));
		if (strcmp(sp_json_key(i), "annotations") != 0) {
			put_value(buf, i);
			continue;
		}
		sp_buf_addch(buf, '{');
		for (const struct sp_json *j = sp_json_first(i); j; j = sp_json_next(j)) {
			put_key(buf, sp_json_key(j));
			if (strcmp(sp_json_key(j), REF_NAME) == 0)
				put_string(buf, annotation(desc, IMAGE_NAME));
			else
				put_value(buf, j);
		}
		sp_buf_addch(buf, '}');
	}
	sp_buf_addch(buf, '}');
}

static void put_manifests(struct sp_buf *buf, const struct sp_json *old,
			  const struct sp_json *new)
{
	bool first = true;

	sp_buf_addch(buf, '[');
	for (const struct sp_json *i = sp_json_first(old); i; i = sp_json_next(i)) {
		enum fate fate = fate_of(i, new);

		if (fate == DROP)
			continue;
		if (!first)
			sp_buf_addch(buf, ',');
		first = false;
		if (fate == RENAME)
			put_renamed(buf, i);
		else
			put_value(buf, i);
	}
	for (const struct sp_json *i = sp_json_first(new); i; i = sp_json_next(i)) {
		if (!first)
			sp_buf_addch(buf, ',');
		first = false;
		put_value(buf, i);
	}
	sp_buf_addch(buf, ']');
}

/* Only what is surely an index is added to. */
static int check_index(const struct sp_json *index, struct sp_err *err)
{
	const struct sp_json *list = sp_json_get(index, "manifests");
	const char *type = sp_json_str(index, "mediaType");
	int64_t version;

	if (!sp_json_is_object(index) || !sp_json_is_array(list))
		return sp_err_set(err, SP_EVERIFY, "it has no list \"manifests\"");
	if (!sp_json_int(index, "schemaVersion", &version) || version != 2)
		return sp_err_set(err, SP_EVERIFY, "its schemaVersion is not 2");
	if (sp_json_get(index, "mediaType") && !same(type, SP_MT_INDEX))
		return sp_err_set(err, SP_EVERIFY, "its mediaType is not that of an index");
	if (sp_json_get(index, "layers") || sp_json_get(index, "config"))
		return sp_err_set(err, SP_EVERIFY, "it is an index and a manifest in one");
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i)) {
		struct sp_digest digest;
		const char *text = sp_json_str(i, "digest");

		if (!text || !sp_digest_parse(text, &digest))
			return sp_err_set(err, SP_EVERIFY,
					  "an entry of \"manifests\" has no digest");
	}
	return 0;
}

int sp_layout_merge_index(const struct sp_buf *old, const char *ours, char **ret,
			  struct sp_err *err)
{
	sp_autojson struct sp_json *index = NULL, *added = NULL;
	sp_autobuf struct sp_buf buf = { 0 };

	if (sp_json_parse(sp_buf_str(old), old->len, &index, err) ||
	    check_index(index, err) ||
	    sp_json_parse(ours, strlen(ours), &added, err))
		return -1;
	sp_buf_addch(&buf, '{');
	for (const struct sp_json *i = sp_json_first(index); i; i = sp_json_next(i)) {
		put_key(&buf, sp_json_key(i));
		if (strcmp(sp_json_key(i), "manifests") == 0)
			put_manifests(&buf, i, sp_json_get(added, "manifests"));
		else
			put_value(&buf, i);
	}
	sp_buf_addch(&buf, '}');
	if (buf.len > SP_DOCUMENT_MAX)
		return sp_err_set(err, SP_EVERIFY, "with this image it would be larger "
				  "than %d bytes", SP_DOCUMENT_MAX);
	*ret = sp_buf_detach(&buf);
	return 0;
}
