/*
 * The documents of an image: read, checked against their digests and schemas, parsed.
 */
#include <string.h>

#include "image/checked.h"
#include "image/image.h"
#include "image/schema.h"
#include "image/stored_state.h"

#define LAYOUT_FILE_MAX 4096	/* bytes of oci-layout */

struct breach {
	const struct sp_json *doc;
	struct sp_err *err;
};

/* Keep the first breach of a schema. */
static void keep_breach(void *ctx, bool is_note, const char *where, const char *what)
{
	struct breach *b = ctx;

	if (is_note || b->err->msg[0] || sp_document_is_empty_option(b->doc, where))
		return;
	sp_autofree char *shown = sp_show(where, strlen(where));
	sp_autofree char *text = sp_show(what, strlen(what));
	sp_err_set(b->err, SP_EVERIFY, "%s%s%s", shown, *where ? ": " : "", text);
}

/* The form of before 2016, which says nothing of the layers' contents. */
static bool is_schema1(const struct sp_json *doc, const char *media_type)
{
	int64_t version;

	return (media_type && strstr(media_type, "distribution.manifest.v1")) ||
	       (sp_json_int(doc, "schemaVersion", &version) && version == 1 &&
		sp_json_get(doc, "fsLayers"));
}

int sp_stored_parse(const struct sp_buf *text, enum sp_document kind,
		    const char *media_type, struct sp_json **ret, struct sp_err *err)
{
	static const enum sp_schema schemas[] = {
		[SP_DOC_INDEX] = SP_SCHEMA_INDEX,
		[SP_DOC_MANIFEST] = SP_SCHEMA_MANIFEST,
		[SP_DOC_CONFIG] = SP_SCHEMA_CONFIG,
	};
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err first = { 0 };
	struct breach b = { NULL, &first };
	const char *id;

	if (sp_json_parse(sp_buf_str(text), text->len, &doc, err))
		return -1;
	if (is_schema1(doc, media_type))
		return sp_err_set(err, SP_EVERIFY,
				  "is a manifest of schema 1, which is not read; have the image "
				  "pushed again by Docker 1.10 or later, or convert it with skopeo");
	const char *what = sp_document_problem(kind, media_type, doc, &arena, &id);
	if (what)
		return sp_err_set(err, SP_EVERIFY, "%s", what);
	b.doc = doc;
	sp_schema_check(schemas[kind], doc, keep_breach, &b);
	if (first.msg[0])
		return sp_err_set(err, SP_EVERIFY, "%s", first.msg);
	*ret = sp_steal_ptr(&doc);
	return 0;
}

int sp_stored_document(struct sp_source *source, const struct sp_desc *desc,
		       enum sp_document kind, struct sp_buf *ret_text, struct sp_json **ret,
		       struct sp_err *err)
{
	static const char *const names[] = {
		[SP_DOC_INDEX] = "index", [SP_DOC_MANIFEST] = "manifest",
		[SP_DOC_CONFIG] = "configuration",
	};

	if (sp_checked_read(source, desc, ret_text, err))
		return -1;
	if (sp_stored_parse(ret_text, kind, desc->media_type, ret, err))
		return sp_err_wrap(err, "%s %s", names[kind], desc->digest.str);
	return 0;
}

/* A layout of another version may mean something else by the same names.  One that
 * says nothing is taken: skopeo takes it, and old tools left the file out. */
static int check_layout(struct sp_source *source, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err first = { 0 };
	struct breach b = { NULL, &first };

	if (source->read_file(source, "oci-layout", LAYOUT_FILE_MAX, &text, err))
		return -1;
	if (!text.len)
		return 0;
	if (sp_json_parse(text.data, text.len, &doc, err))
		return sp_err_wrap(err, "oci-layout");
	b.doc = doc;
	sp_schema_check(SP_SCHEMA_LAYOUT, doc, keep_breach, &b);
	return first.msg[0] ? sp_err_set(err, SP_EVERIFY, "oci-layout: %s", first.msg) : 0;
}

int sp_stored_index(struct sp_source *source, struct sp_json **ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };

	if (source->read_file(source, "index.json", SP_DOCUMENT_MAX, &text, err))
		return -1;
	if (text.len && sp_stored_parse(&text, SP_DOC_INDEX, NULL, ret, err))
		return sp_err_wrap(err, "index.json");
	return *ret ? check_layout(source, err) : 0;
}
