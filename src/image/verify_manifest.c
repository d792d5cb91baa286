/*
 * One manifest: its configuration, its layers, or, for what is no image, the
 * blobs it refers to.
 */
#include <string.h>

#include "base/vec.h"
#include "image/unpack.h"
#include "image/verify_state.h"

struct manifest {
	struct sp_verify_state *v;
	const struct sp_json *doc;
	char *where;			/* "manifest sha256:..." */
	size_t *layers;
	size_t layers_nr, layers_alloc;
	const char **types;
	size_t types_nr, types_alloc;
};

static void manifest_release(struct manifest *m)
{
	free(m->where);
	free(m->layers);
	free(m->types);
}

struct sp_verify_image *sp_verify_add_image(struct sp_verify_state *v)
{
	if (v->report->images_nr < SP_VERIFY_IMAGES_MAX)
		return SP_VEC_PUSH(v->report->images);
	sp_verify_problem(v, "too-many-images", "index.json",
			  "leads to more than %d images", SP_VERIFY_IMAGES_MAX);
	return NULL;
}

/* The blob of a descriptor, of no more interest than its bytes. */
static int check_blob(struct manifest *m, const struct sp_json *value, struct sp_err *err)
{
	struct sp_desc desc;
	bool ok;

	if (!sp_verify_desc(m->v, value, &desc))
		return 0;
	sp_autofree char *where = sp_strf("blob %s", desc.digest.str);
	const struct sp_verify_place at = { &desc.digest, NULL, desc.size, where };

	return sp_verify_check_blob(m->v, &at, &ok, err);
}

static int check_blobs(struct manifest *m, struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(sp_json_get(m->doc, "layers"));

	if (check_blob(m, sp_json_get(m->doc, "config"), err))
		return -1;
	for (; i; i = sp_json_next(i))
		if (check_blob(m, i, err))
			return -1;
	return 0;
}

/* Read all layers.  One whose descriptor is broken makes the rest meaningless:
 * *ret_ok false. */
static int read_layers(struct manifest *m, bool *ret_ok, struct sp_err *err)
{
	const struct sp_json *i = sp_json_first(sp_json_get(m->doc, "layers"));
	enum sp_compression kind;
	struct sp_desc desc;

	*ret_ok = true;
	for (; i; i = sp_json_next(i)) {
		if (m->layers_nr == SP_LAYERS_MAX) {
			sp_verify_problem(m->v, "too-many-layers", m->where,
					  "has more than %d layers, the most that engines stack",
					  SP_LAYERS_MAX);
			*ret_ok = false;
			return 0;
		}
		if (!sp_verify_desc(m->v, i, &desc)) {
			*ret_ok = false;
			continue;
		}
		sp_autofree char *where = sp_strf("layer %s", desc.digest.str);
		const struct sp_verify_place at = { &desc.digest, NULL, desc.size, where };

		if (!sp_unpack_layer_type(desc.media_type, &kind))
			sp_verify_problem(m->v, "layer-media-type", where,
					  "its media type is not one of a layer");
		*SP_VEC_PUSH(m->types) = desc.media_type;
		if (sp_verify_layer(m->v, &at, SP_VEC_PUSH(m->layers), err))
			return -1;
	}
	return 0;
}

static bool same(const char *a, const char *b)
{
	return !a || !b || !*a || !*b || strcmp(a, b) == 0;
}

/* The platform that the index chose by must be the one that is there. */
static void check_platform(struct manifest *m, const struct sp_json *desc,
			   const struct sp_json *config)
{
	static const char *const keys[] = { "os", "architecture", "variant" };
	const struct sp_json *platform = sp_json_get(desc, "platform");

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *a = sp_json_str(platform, keys[i]);
		const char *b = sp_json_str(config, keys[i]);

		if (same(a, b))
			continue;
		sp_autofree char *shown_a = sp_show(a, strlen(a));
		sp_autofree char *shown_b = sp_show(b, strlen(b));
		sp_verify_problem(m->v, "platform-mismatch", m->where,
				  "the index says %s %s, the configuration %s", keys[i],
				  shown_a, shown_b);
	}
}

static int check_image(struct manifest *m, const struct sp_json *desc,
		       const struct sp_desc *config_desc, struct sp_verify_image *image,
		       struct sp_err *err)
{
	sp_autofree char *where = sp_strf("config %s", config_desc->digest.str);
	const struct sp_verify_place at = { &config_desc->digest, NULL, config_desc->size,
					    where };
	sp_autojson struct sp_json *config = NULL;
	struct sp_digest digest;
	bool ok;

	if (sp_verify_load(m->v, &at, SP_DOC_CONFIG, config_desc->media_type, &config,
			   &digest, err) ||
	    read_layers(m, &ok, err))
		return -1;
	if (!config)
		return 0;
	check_platform(m, desc, config);
	const struct sp_verify_parts parts = {
		.where = m->where, .config_where = where, .config = config,
		.layers = m->layers, .layers_nr = m->layers_nr, .image = image,
		.media_types = m->types,
	};
	return ok ? sp_verify_parts(m->v, &parts, err) : 0;
}

static int check_manifest(struct manifest *m, const struct sp_json *desc,
			  const struct sp_desc *own, const char *name, struct sp_err *err)
{
	struct sp_arena *arena = &m->v->report->arena;
	struct sp_verify_image *image;
	struct sp_desc config;

	if (sp_desc_is_attestation(desc))
		return check_blobs(m, err);
	if (!sp_verify_desc(m->v, sp_json_get(m->doc, "config"), &config) ||
	    !sp_mt_is_config(config.media_type))
		return check_blobs(m, err);
	image = sp_verify_add_image(m->v);
	if (!image)
		return 0;
	image->name = name;
	image->digest = sp_arena_strdup(arena, own->digest.str);
	image->config = sp_arena_strdup(arena, config.digest.str);
	image->media_type = sp_arena_strdup(arena, own->media_type);
	return check_image(m, desc, &config, image, err);
}

int sp_verify_manifest(struct sp_verify_state *v, const struct sp_json *desc,
		       const char *name, struct sp_err *err)
{
	struct manifest m SP_CLEANUP(manifest_release) = { .v = v };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_digest digest;
	struct sp_desc own;

	if (!sp_verify_desc(v, desc, &own))
		return 0;
	m.where = sp_strf("manifest %s", own.digest.str);
	const struct sp_verify_place at = { &own.digest, NULL, own.size, m.where };
	if (sp_verify_load(v, &at, SP_DOC_MANIFEST, own.media_type, &doc, &digest, err))
		return -1;
	m.doc = doc;
	return doc ? check_manifest(&m, desc, &own, name, err) : 0;
}
