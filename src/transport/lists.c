/*
 * Lists of a registry.
 */
#include "transport/lists.h"

#include <string.h>

#include "base/vec.h"
#include "image/document.h"
#include "image/schema.h"
#include "transport/manifests.h"

/* The target of "Link: <...>; rel=\"next\"", or NULL. */
static const char *next_link(const struct sp_http_response *res, struct sp_arena *arena)
{
	const char *value = sp_http_header(res, "Link");

	for (; value; value = sp_http_header_next(res, "Link", value)) {
		const char *open = strchr(value, '<'), *close = open ? strchr(open, '>') : NULL;

		if (close && (strcasestr(close, "rel=\"next\"") || strcasestr(close, "rel=next")))
			return sp_arena_strndup(arena, open + 1, (size_t)(close - open - 1));
	}
	return NULL;
}

/* One page after the other; take gets each document. */
static int each_page(struct sp_registry *r, const char *path, const char *accept,
		     int (*take)(void *ctx, const struct sp_http_response *res, bool *ret_more,
				 struct sp_err *err),
		     void *ctx, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_registry_request request = { .method = "GET", .path = path,
					       .headers = &accept, .headers_nr = accept ? 1 : 0,
					       .limit = SP_DOCUMENT_MAX };
	struct sp_http_response res = { 0 };
	struct sp_url at;
	bool more = true;
	int rc = 0;

	for (int page = 0; more && !rc; page++) {
		const char *next;

		if (page >= SP_LIST_PAGES_MAX) {
			rc = sp_err_set(err, SP_ENETWORK, "%s: lists more than %d pages",
					sp_registry_name(r), SP_LIST_PAGES_MAX);
			break;
		}
		if (sp_registry_do(r, &request, &res, &arena, &at, err)) {
			rc = -1;
			break;
		}
		rc = take(ctx, &res, &more, err);
		next = next_link(&res, &arena);
		more = more && next;
		if (rc || !more)
			break;
		struct sp_url *url = sp_arena_alloc(&arena, sizeof(*url));

		rc = sp_url_resolve(&at, next, &arena, url, err);
		if (!rc)
			rc = sp_may_follow(&at, url, "its next page", err);
		request.path = NULL;
		request.url = url;
	}
	sp_http_response_release(&res);
	return rc;
}

/* --- tags --- */

struct tags {
	struct sp_registry *r;
	struct sp_arena *arena;
	struct sp_strings *list;
};

static int take_tags(void *ctx, const struct sp_http_response *res, bool *ret_more,
		     struct sp_err *err)
{
	struct tags *t = ctx;
	sp_autojson struct sp_json *doc = NULL;
	const struct sp_json *list;

	*ret_more = true;
	if (res->status != 200)
		return sp_registry_refused(t->r, "cannot list its tags", res, err);
	if (sp_json_parse(sp_buf_str(&res->body), res->body.len, &doc, err))
		return sp_err_wrap(err, "%s: its list of tags", sp_registry_name(t->r));
	list = sp_json_get(doc, "tags");
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i)) {
		const char *tag = sp_json_str(i, NULL);

		if (!tag || !sp_ref_is_tag(tag))
			continue;
		if (t->list->items_nr >= SP_TAGS_MAX)
			return sp_err_set(err, SP_ENETWORK, "%s: has more than %d tags",
					  sp_registry_name(t->r), SP_TAGS_MAX);
		*SP_VEC_PUSH(t->list->items) = sp_arena_strdup(t->arena, tag);
	}
	return 0;
}

int sp_tags_list(struct sp_registry *r, struct sp_arena *arena, struct sp_strings *ret,
		 struct sp_err *err)
{
	struct tags t = { r, arena, ret };

	return each_page(r, "tags/list?n=1000", NULL, take_tags, &t, err);
}

/* --- referrers --- */

struct referrers {
	struct sp_registry *r;
	const char *type;		/* or NULL */
	struct sp_json *list;
	bool missing;			/* the registry has no such API */
};

/* Is this the list of what refers to something?  Registries without the API give out
 * anything at its address, and under the tag there may be an image. */
static bool is_list(const struct sp_buf *text, struct sp_json **ret)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *type, *id;

	if (sp_json_parse(sp_buf_str(text), text->len, &doc, &ignored))
		return false;
	type = sp_json_str(doc, "mediaType");
	if ((type && strcmp(type, SP_MT_INDEX) != 0) || !sp_json_is_array(sp_json_get(doc, "manifests")) ||
	    sp_document_problem(SP_DOC_INDEX, SP_MT_INDEX, doc, &arena, &id))
		return false;
	*ret = sp_steal_ptr(&doc);
	return true;
}

static int add_list(struct referrers *f, const struct sp_json *doc, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const struct sp_json *i = sp_json_first(sp_json_get(doc, "manifests"));

	for (; i; i = sp_json_next(i)) {
		const char *type = sp_json_str(i, "artifactType");
		struct sp_desc desc;

		/* the registry may have filtered already, or not */
		if (f->type && (!type || strcmp(type, f->type) != 0))
			continue;
		if (sp_desc_parse(i, &arena, &desc, err))
			return sp_err_wrap(err, "%s: its list of referrers", sp_registry_name(f->r));
		if (sp_json_len(f->list) >= SP_REFERRERS_MAX)
			return sp_err_set(err, SP_EVERIFY, "%s: lists more than %d referrers",
					  sp_registry_name(f->r), SP_REFERRERS_MAX);
		sp_json_push(f->list, sp_json_copy(i));
	}
	return 0;
}

static int take_referrers(void *ctx, const struct sp_http_response *res, bool *ret_more,
			  struct sp_err *err)
{
	struct referrers *f = ctx;
	sp_autojson struct sp_json *doc = NULL;

	*ret_more = true;
	if (res->status == 401 || res->status == 403 || res->status == 429 || res->status >= 500)
		return sp_registry_refused(f->r, "cannot list referrers", res, err);
	/* 404 says so; but 400, 405, or a page for people mean the same */
	if (res->status != 200 || !is_list(&res->body, &doc)) {
		f->missing = true;
		*ret_more = false;
		return 0;
	}
	return add_list(f, doc, err);
}

/* "sha256-0123...", under which referrers of a digest are listed where there is no API. */
static const char *fallback_tag(const struct sp_digest *digest, struct sp_arena *arena)
{
	const char *hex = sp_digest_hex(digest);

	return sp_arena_strf(arena, "%.*s-%.64s", (int)(hex - digest->str - 1), digest->str, hex);
}

/* The index under the fallback tag; *ret NULL if there is none. */
static int read_tag(struct sp_registry *r, const struct sp_digest *digest, struct sp_json **ret,
		    struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autobuf struct sp_buf text = { 0 };
	struct sp_desc desc;
	bool found;

	*ret = NULL;
	if (sp_manifest_get(r, fallback_tag(digest, &arena), &arena, &text, &desc, &found, err)) {
		if (err->code != SP_EVERIFY)
			return -1;
		*err = (struct sp_err){ 0 };
		return 0;
	}
	/* GitLab reads the tag as a digest, and gives out the image itself */
	if (found && (sp_digest_equal(&desc.digest, digest) || !is_list(&text, ret)))
		*ret = NULL;
	return 0;
}

int sp_referrers_list(struct sp_registry *r, const struct sp_digest *digest,
		      const char *artifact_type, struct sp_json **ret, bool *ret_tag,
		      struct sp_err *err)
{
	struct referrers f = { r, artifact_type, sp_json_array(), false };
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	int rc = each_page(r, sp_arena_strf(&arena, "referrers/%s", digest->str),
			   "Accept: " SP_MT_INDEX, take_referrers, &f, err);

	if (!rc && f.missing)
		rc = read_tag(r, digest, &doc, err);
	if (!rc && doc)
		rc = add_list(&f, doc, err);
	if (rc) {
		sp_json_free(f.list);
		return -1;
	}
	*ret = f.list;
	*ret_tag = f.missing;
	return 0;
}

/* --- writing the fallback tag --- */

static bool lists(const struct sp_json *index, const struct sp_digest *digest)
{
	const struct sp_json *i = sp_json_first(sp_json_get(index, "manifests"));

	for (; i; i = sp_json_next(i))
		if (sp_json_str(i, "digest") && strcmp(sp_json_str(i, "digest"), digest->str) == 0)
			return true;
	return false;
}

int sp_referrers_add(struct sp_registry *r, const struct sp_digest *subject,
		     const struct sp_desc *desc, const char *artifact_type,
		     const struct sp_json *annotations, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *old = NULL, *doc = sp_json_object();
	struct sp_json *list, *entry;
	struct sp_desc index = { .media_type = SP_MT_INDEX };

	if (read_tag(r, subject, &old, err))
		return -1;
	if (lists(old, &desc->digest))
		return 0;
	sp_json_add_int(doc, "schemaVersion", 2);
	sp_json_add_str(doc, "mediaType", SP_MT_INDEX);
	list = sp_json_add_array(doc, "manifests");
	for (const struct sp_json *i = sp_json_first(sp_json_get(old, "manifests")); i;
	     i = sp_json_next(i))
		sp_json_push(list, sp_json_copy(i));
	entry = sp_json_push_object(list);
	sp_desc_add(entry, desc);
	if (artifact_type)
		sp_json_add_str(entry, "artifactType", artifact_type);
	if (annotations)
		sp_json_add(entry, "annotations", sp_json_copy(annotations));
	sp_autofree char *text = sp_json_text(doc, false);
	struct sp_buf buf = { .data = text, .len = strlen(text) };

	index.size = buf.len;
	sp_digest_of(buf.data, buf.len, &index.digest);
	return sp_manifest_put(r, fallback_tag(subject, &arena), &index, &buf, NULL, NULL,
			       err);
}
