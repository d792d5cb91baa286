/*
 * Configuration and layers against each other, and the file system they make.
 */
#include <string.h>

#include "image/unpack.h"
#include "image/verify_state.h"

/* "linux/arm64/v8" in the arena of the report, or NULL. */
static const char *platform(struct sp_verify_state *v, const struct sp_json *config)
{
	const char *os = sp_json_str(config, "os");
	const char *arch = sp_json_str(config, "architecture");
	const char *variant = sp_json_str(config, "variant");

	if (!os || !arch)
		return NULL;
	sp_autofree char *text = sp_strf("%s/%s%s%s", os, arch,
					 variant && *variant ? "/" : "",
					 variant ? variant : "");
	sp_autofree char *shown = sp_show(text, strlen(text));
	return sp_arena_strdup(&v->report->arena, shown);
}

static const struct sp_json *diff_ids(const struct sp_json *config)
{
	return sp_json_get(sp_json_get(config, "rootfs"), "diff_ids");
}

/* "layer sha256:...", malloc'ed. */
static char *layer_name(const struct sp_verify_stratum *layer)
{
	return sp_strf("layer %s", layer->digest.str);
}

/* image-spec config.md: each diff id is the digest of the layer's tar. */
static void check_diff_ids(struct sp_verify_state *v, const struct sp_verify_parts *p)
{
	const struct sp_json *list = diff_ids(p->config), *id = sp_json_first(list);

	if (sp_json_len(list) != p->layers_nr)
		sp_verify_problem(v, "diff-id-count", p->config_where,
				  "has %zu diff_ids, but there are %zu layers",
				  list ? sp_json_len(list) : 0, p->layers_nr);
	for (size_t i = 0; i < p->layers_nr && id; i++, id = sp_json_next(id)) {
		const struct sp_verify_stratum *layer = &v->strata[p->layers[i]];
		const char *want = sp_json_str(id, NULL);
		sp_autofree char *where = layer_name(layer);

		if (want && layer->diff_id.str[0] && strcmp(want, layer->diff_id.str) != 0)
			sp_verify_problem(v, "diff-id", where,
					  "unpacked, its digest is %s; the configuration says %s",
					  layer->diff_id.str, want);
	}
}

static void check_history(struct sp_verify_state *v, const struct sp_verify_parts *p)
{
	const struct sp_json *list = sp_json_get(p->config, "history");
	size_t filled = 0;

	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i))
		filled += !sp_json_bool(i, "empty_layer");
	if (list && filled != p->layers_nr)
		sp_verify_note(v, "history-count", p->config_where,
			       "its history tells of %zu layers, but there are %zu", filled,
			       p->layers_nr);
}

static void check_types(struct sp_verify_state *v, const struct sp_verify_parts *p)
{
	for (size_t i = 0; p->media_types && i < p->layers_nr; i++) {
		const struct sp_verify_stratum *layer = &v->strata[p->layers[i]];
		struct sp_err err = { 0 };

		if (!layer->ok ||
		    !sp_unpack_check_type(layer->kind, p->media_types[i], &err))
			continue;
		sp_autofree char *where = layer_name(layer);
		sp_verify_problem(v, "layer-media-type", where, "%s", err.msg);
	}
}

static void fill_image(struct sp_verify_state *v, const struct sp_verify_parts *p)
{
	struct sp_arena *arena = &v->report->arena;
	struct sp_verify_image *image = p->image;

	image->platform = platform(v, p->config);
	image->layers_nr = p->layers_nr;
	image->layers = sp_arena_alloc(arena, p->layers_nr * sizeof(*image->layers));
	for (size_t i = 0; i < p->layers_nr; i++) {
		const struct sp_verify_stratum *s = &v->strata[p->layers[i]];

		image->layers[i] = (struct sp_verify_layer){
			.media_type = p->media_types ?
				sp_arena_strdup(arena, p->media_types[i]) : NULL,
			.digest = s->digest.str[0] ?
				sp_arena_strdup(arena, s->digest.str) : NULL,
			.diff_id = s->diff_id.str[0] ?
				sp_arena_strdup(arena, s->diff_id.str) : NULL,
			.size = s->size, .tar_size = s->tar_size,
			.entries = s->entries_total,
		};
	}
}

struct watch {
	struct sp_verify_state *v;
	const struct sp_verify_stratum *layer;
};

static void found(void *ctx, bool is_note, const char *id, const char *path,
		  const char *what)
{
	const struct watch *w = ctx;
	sp_autofree char *shown = sp_show(path, strlen(path));
	sp_autofree char *where = sp_strf("layer %s: %s", w->layer->digest.str, shown);

	if (is_note)
		sp_verify_note(w->v, id, where, "%s", what);
	else
		sp_verify_problem(w->v, id, where, "%s", what);
}

/* Lay the layers over one another and look at the result. */
static int check_tree(struct sp_verify_state *v, const struct sp_verify_parts *p,
		      struct sp_err *err)
{
	struct sp_tree *tree = sp_tree_new(&v->budget);
	int r = 0;

	for (size_t i = 0; i < p->layers_nr && !r; i++) {
		struct watch w = { v, &v->strata[p->layers[i]] };
		struct sp_tree_watch watch = { found, &w };

		r = sp_tree_apply(tree, w.layer->entries, w.layer->entries_nr, &watch, err) ||
		    sp_verify_tick(v, p->where, 0, err);
	}
	if (r) {
		sp_tree_free(tree);
		return sp_verify_absorb(v, "too-many-entries", p->where, err);
	}
	r = sp_verify_run(v, p->config_where, p->config, p->image->platform, tree, err);
	sp_tree_free(tree);
	return r;
}

int sp_verify_parts(struct sp_verify_state *v, const struct sp_verify_parts *p,
		    struct sp_err *err)
{
	const char *os = sp_json_str(p->config, "os");
	bool whole = true;

	for (size_t i = 0; i < p->layers_nr; i++)
		whole &= v->strata[p->layers[i]].ok;
	check_types(v, p);
	check_diff_ids(v, p);
	check_history(v, p);
	fill_image(v, p);
	/* a layer that cannot be read has been reported; without it the tree
	 * would only give more complaints.  Windows has other paths and rules. */
	if (!whole || !os || strcmp(os, "linux") != 0)
		return 0;
	return check_tree(v, p, err);
}
