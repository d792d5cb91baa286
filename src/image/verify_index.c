/*
 * From index.json through nested indexes to manifests.  What was walked once is
 * not walked again: its images are listed anew under the other name.
 */
#include <string.h>

#include "base/vec.h"
#include "image/verify_state.h"

struct walk {
	struct sp_verify_state *v;
	const char *name;	/* what index.json calls it, or NULL */
	unsigned depth;
};

static int walk_desc(const struct walk *w, const struct sp_json *value, struct sp_err *err);

static int walk_list(const struct walk *w, const struct sp_json *index, struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(sp_json_get(index, "manifests"));

	for (; i; i = sp_json_next(i))
		if (walk_desc(w, i, err))
			return -1;
	return 0;
}

static int walk_index(const struct walk *w, const struct sp_desc *desc, struct sp_err *err)
{
	const struct walk inner = { w->v, w->name, w->depth + 1 };
	sp_autofree char *where = sp_strf("index %s", desc->digest.str);
	const struct sp_verify_place at = { &desc->digest, NULL, desc->size, where };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_digest digest;

	if (inner.depth > SP_VERIFY_DEPTH_MAX) {
		sp_verify_problem(w->v, "index-depth", where,
				  "is nested more than %d deep", SP_VERIFY_DEPTH_MAX);
		return 0;
	}
	if (sp_verify_load(w->v, &at, SP_DOC_INDEX, desc->media_type, &doc, &digest, err))
		return -1;
	return doc ? walk_list(&inner, doc, err) : 0;
}

/* Whatever else an index may list: signatures, SBOMs. */
static int walk_other(const struct walk *w, const struct sp_desc *desc, struct sp_err *err)
{
	sp_autofree char *where = sp_strf("blob %s", desc->digest.str);
	const struct sp_verify_place at = { &desc->digest, NULL, desc->size, where };
	bool ok;

	return sp_verify_check_blob(w->v, &at, &ok, err);
}

/* List the images of an earlier visit under the name of this one. */
static void revisit(const struct walk *w, const struct sp_verify_visit *visit)
{
	const struct sp_verify_report *r = w->v->report;

	for (size_t i = visit->first; i < visit->first + visit->nr; i++) {
		const char *known = r->images[i].name;
		struct sp_verify_image *copy;

		if (!w->name || (known && strcmp(known, w->name) == 0))
			return;
		copy = sp_verify_add_image(w->v);
		if (!copy)
			return;
		*copy = r->images[i];
		copy->name = w->name;
	}
}

static int walk_desc(const struct walk *w, const struct sp_json *value, struct sp_err *err)
{
	struct sp_verify_state *v = w->v;
	struct sp_verify_visit visit = { .first = v->report->images_nr };
	struct sp_desc desc;
	int r;

	if (!sp_verify_desc(v, value, &desc))
		return 0;
	size_t known = sp_map_get(&v->visits_by_digest, desc.digest.str);
	if (known != SP_MAP_NONE) {
		revisit(w, &v->visits[known]);
		return 0;
	}
	if (sp_mt_is_index(desc.media_type))
		r = walk_index(w, &desc, err);
	else if (sp_mt_is_manifest(desc.media_type))
		r = sp_verify_manifest(v, value, w->name, err);
	else
		r = walk_other(w, &desc, err);
	visit.nr = v->report->images_nr - visit.first;
	sp_map_set(&v->visits_by_digest, sp_arena_strdup(&v->arena, desc.digest.str),
		   v->visits_nr);
	*SP_VEC_PUSH(v->visits) = visit;
	return r;
}

static const char *name_of(struct sp_verify_state *v, const struct sp_json *value)
{
	const char *name = sp_desc_name(value);

	if (!name)
		return NULL;
	sp_autofree char *shown = sp_show(name, strlen(name));
	return sp_arena_strdup(&v->report->arena, shown);
}

/* Is this descriptor of index.json the one asked for? */
static bool asked_for(const struct sp_verify_state *v, const struct sp_json *value,
		      const char *name)
{
	const char *digest = sp_json_str(value, "digest");
	const char *tag = sp_json_str(sp_json_get(value, "annotations"),
				      "org.opencontainers.image.ref.name");

	return !v->ref || (digest && strcmp(digest, v->ref) == 0) ||
	       (name && sp_ref_same(name, v->ref)) ||
	       (tag && sp_ref_same(tag, v->ref));
}

int sp_verify_walk(struct sp_verify_state *v, const struct sp_json *index,
		   struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(sp_json_get(index, "manifests"));

	for (; i; i = sp_json_next(i)) {
		const struct walk w = { v, name_of(v, i), 0 };

		if (!asked_for(v, i, w.name))
			continue;
		v->found = true;
		if (walk_desc(&w, i, err))
			return -1;
	}
	return 0;
}
