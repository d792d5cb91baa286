/*
 * Documents: read, parsed, checked against their schema and against what their
 * descriptor says they are.
 */
#include <string.h>

#include "image/schema.h"
#include "image/verify_state.h"

/* One document that two readers would take for two things, or for another thing
 * than its descriptor says. */
static bool is_what_it_claims(struct sp_verify_state *v, const char *where,
			      enum sp_document kind, const char *media_type,
			      const struct sp_json *doc)
{
	const char *id;
	const char *what = sp_document_problem(kind, media_type, doc, &v->arena, &id);

	if (what)
		sp_verify_problem(v, id, where, "%s", what);
	return !what;
}

struct schema_watch {
	struct sp_verify_state *v;
	const char *where;
	const struct sp_json *doc;
};

static void breach(void *ctx, bool note, const char *where, const char *what)
{
	const struct schema_watch *w = ctx;
	sp_autofree char *pointer = sp_show(where, strlen(where));
	sp_autofree char *shown = sp_show(what, strlen(what));
	sp_autofree char *place = *where ? sp_strf("%s: %s", w->where, pointer) :
					   sp_strdup(w->where);

	if (note || sp_document_is_empty_option(w->doc, where))
		sp_verify_note(w->v, "schema", place, "%s", shown);
	else
		sp_verify_problem(w->v, "schema", place, "%s", shown);
}

static void check_schema(struct sp_verify_state *v, enum sp_schema which,
			 const char *where, const struct sp_json *doc)
{
	struct schema_watch w = { v, where, doc };

	sp_schema_check(which, doc, breach, &w);
}

int sp_verify_load(struct sp_verify_state *v, const struct sp_verify_place *at,
		   enum sp_document kind, const char *media_type, struct sp_json **ret,
		   struct sp_digest *ret_digest, struct sp_err *err)
{
	static const enum sp_schema schemas[] = {
		[SP_DOC_INDEX] = SP_SCHEMA_INDEX,
		[SP_DOC_MANIFEST] = SP_SCHEMA_MANIFEST,
		[SP_DOC_CONFIG] = SP_SCHEMA_CONFIG,
	};
	struct sp_buf text sp_autobuf = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	bool ok;

	if (sp_verify_read(v, at, &text, ret_digest, &ok, err))
		return -1;
	if (!ok)
		return 0;
	if (sp_json_parse(sp_buf_str(&text), text.len, &doc, err))
		return sp_verify_absorb(v, "json", at->where, err);
	if (!is_what_it_claims(v, at->where, kind, media_type, doc))
		return 0;
	check_schema(v, schemas[kind], at->where, doc);
	*ret = sp_steal_ptr(&doc);
	return 0;
}

int sp_verify_load_file(struct sp_verify_state *v, const char *name, size_t limit,
			struct sp_json **ret, struct sp_err *err)
{
	struct sp_buf text sp_autobuf = { 0 };

	if (v->source->read_file(v->source, name, limit, &text, err))
		return sp_verify_absorb(v, "document-unreadable", name, err);
	if (!text.len)
		return 0;
	if (sp_json_parse(text.data, text.len, ret, err))
		return sp_verify_absorb(v, "json", name, err);
	return 0;
}

bool sp_verify_check_index(struct sp_verify_state *v, const struct sp_json *doc)
{
	if (!is_what_it_claims(v, "index.json", SP_DOC_INDEX, NULL, doc))
		return false;
	check_schema(v, SP_SCHEMA_INDEX, "index.json", doc);
	return true;
}

void sp_verify_check_layout(struct sp_verify_state *v, const struct sp_json *doc)
{
	check_schema(v, SP_SCHEMA_LAYOUT, "oci-layout", doc);
}

static void check_data(struct sp_verify_state *v, const struct sp_json *value,
		       const struct sp_desc *desc)
{
	const char *problem = sp_desc_data_problem(value, desc);

	if (!problem)
		return;
	sp_autofree char *where = sp_strf("descriptor of %s", desc->digest.str);
	sp_verify_problem(v, "descriptor-data", where, "%s", problem);
}

bool sp_verify_desc(struct sp_verify_state *v, const struct sp_json *value,
		    struct sp_desc *ret)
{
	const char *digest = sp_json_str(value, "digest");
	int64_t size;

	ret->media_type = sp_json_str(value, "mediaType");
	if (!ret->media_type || !digest || !sp_digest_parse(digest, &ret->digest) ||
	    !sp_json_int(value, "size", &size))
		return false;
	ret->size = (uint64_t)size;
	check_data(v, value, ret);
	return true;
}
