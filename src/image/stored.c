/*
 * Images in an OCI layout, or what looks like one: names, and the layers of one platform.
 * Documents are read in stored_docs.c, a platform is chosen in stored_choose.c, and archives
 * of docker's form are in stored_docker.c.
 */
#include "image/stored.h"

#include <string.h>

#include "base/vec.h"
#include "image/checked.h"
#include "image/image.h"
#include "image/ref.h"
#include "image/schema.h"
#include "image/stored_state.h"
#include "image/unpack.h"

#define DOCKER_MANIFEST_MAX (1024 * 1024)	/* bytes; what containers/image reads */
#define NAMES_SHOWN 10

/* --- names --- */

/* Descriptors of index.json. */
struct found {
	const struct sp_json **items;
	size_t items_nr, items_alloc;
};

static void found_release(struct found *f)
{
	free(f->items);
}

static bool asked_for(const struct sp_json *desc, const char *ref)
{
	const char *digest = sp_json_str(desc, "digest"), *name = sp_desc_name(desc);
	const char *tag = sp_json_str(sp_json_get(desc, "annotations"),
				      "org.opencontainers.image.ref.name");
	const char *at = ref ? strchr(ref, '@') : NULL;

	if (!ref)
		return true;
	return (digest && strcmp(digest, at ? at + 1 : ref) == 0) ||
	       (name && sp_ref_same(name, ref)) || (tag && sp_ref_same(tag, ref));
}

static bool same_digest(const struct sp_json *a, const struct sp_json *b)
{
	return strcmp(sp_json_str(a, "digest"), sp_json_str(b, "digest")) == 0;
}

static bool same_name(const struct sp_json *a, const struct sp_json *b)
{
	const char *x = sp_desc_name(a), *y = sp_desc_name(b);

	return x && y ? strcmp(x, y) == 0 : x == y;
}

/* "a:1, b:2": what is in the index, for a user who has to choose. */
static char *list_names(const struct sp_json *list)
{
	struct sp_buf text = { 0 };
	size_t nr = 0;

	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i)) {
		const char *name = sp_desc_name(i) ? sp_desc_name(i) : sp_json_str(i, "digest");
		sp_autofree char *shown = sp_show(name, strlen(name));

		if (nr++ == NAMES_SHOWN) {
			sp_buf_addstr(&text, ", ...");
			break;
		}
		sp_buf_addf(&text, "%s%s", nr > 1 ? ", " : "", shown);
	}
	if (!nr)
		sp_buf_addstr(&text, "no image");
	return sp_buf_detach(&text);
}

static int no_such_name(const struct sp_json *list, const char *ref, struct sp_err *err)
{
	sp_autofree char *names = list_names(list);

	if (!ref)
		return sp_err_set(err, SP_EVERIFY, "its index.json names no image");
	return sp_err_set(err, SP_EFAIL, "has no image called %s; it has %s", ref, names);
}

static int which_one(const struct sp_json *list, struct sp_err *err)
{
	sp_autofree char *names = list_names(list);

	return sp_err_set(err, SP_EFAIL, "holds several images; say which one: %s", names);
}

/* All descriptors that ref can mean; one digest counts once.  Several different ones
 * are platforms of one image if they have one name. */
static int match(const struct sp_json *index, const char *ref, struct found *f,
		 struct sp_err *err)
{
	const struct sp_json *list = sp_json_get(index, "manifests");

	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i)) {
		bool known = sp_desc_is_attestation(i);

		for (size_t k = 0; k < f->items_nr && !known; k++)
			known = same_digest(f->items[k], i);
		if (known || !asked_for(i, ref))
			continue;
		if (f->items_nr && !same_name(f->items[0], i))
			return which_one(list, err);
		if (f->items_nr == SP_STORED_MANIFESTS_MAX)
			return sp_err_set(err, SP_EVERIFY, "names more than %d images",
					  SP_STORED_MANIFESTS_MAX);
		*SP_VEC_PUSH(f->items) = i;
	}
	return f->items_nr ? 0 : no_such_name(list, ref, err);
}

int sp_stored_find(struct sp_source *source, const char *ref, struct sp_arena *arena,
		   struct sp_desc *ret_top, const char **ret_name, struct sp_err *err)
{
	SP_CLEANUP(found_release) struct found f = { 0 };
	sp_autojson struct sp_json *index = NULL;

	if (sp_stored_index(source, &index, err))
		return -1;
	if (!index)
		return sp_err_set(err, SP_EVERIFY, "has no index.json");
	if (match(index, ref, &f, err))
		return -1;
	if (f.items_nr > 1)
		return which_one(sp_json_get(index, "manifests"), err);
	const char *name = sp_desc_name(f.items[0]);
	*ret_name = name ? sp_arena_strdup(arena, name) : NULL;
	return sp_desc_parse(f.items[0], arena, ret_top, err);
}

/* --- one platform --- */

/* image-spec descriptor.md: urls are where else the bytes may be; following them is
 * how credentials got lost (CVE-2020-15157). */
static int check_layer(const struct sp_json *value, const struct sp_desc *desc,
		       struct sp_err *err)
{
	enum sp_compression kind;

	if (sp_json_len(sp_json_get(value, "urls")) || strstr(desc->media_type, "foreign") ||
	    strstr(desc->media_type, "nondistributable"))
		return sp_err_set(err, SP_EVERIFY,
				  "layer %s: is kept elsewhere (a foreign layer), and what its "
				  "urls name is not fetched", desc->digest.str);
	if (sp_unpack_layer_type(desc->media_type, &kind))
		return 0;
	sp_autofree char *shown = sp_show(desc->media_type, strlen(desc->media_type));
	return sp_err_set(err, SP_EVERIFY, "layer %s: its media type %s is not one of a layer",
			  desc->digest.str, shown);
}

static int take_layers(struct sp_stored *s, struct sp_err *err)
{
	const struct sp_json *list = sp_json_get(s->manifest_doc, "layers");
	size_t nr = 0;

	if (sp_json_len(list) > SP_LAYERS_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "has %zu layers; engines stack no more than %d",
				  sp_json_len(list), SP_LAYERS_MAX);
	s->layers_nr = sp_json_len(list);
	s->layers = sp_arena_alloc(&s->arena, (s->layers_nr + 1) * sizeof(*s->layers));
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i), nr++)
		if (sp_desc_parse(i, &s->arena, &s->layers[nr].desc, err) ||
		    check_layer(i, &s->layers[nr].desc, err))
			return -1;
	return 0;
}

static const char *keep(struct sp_stored *s, const char *key)
{
	const char *text = sp_json_str(s->config_doc, key);

	return text && *text ? sp_arena_strdup(&s->arena, text) : NULL;
}

int sp_stored_take_config(struct sp_stored *s, struct sp_err *err)
{
	const struct sp_json *ids = sp_json_get(sp_json_get(s->config_doc, "rootfs"), "diff_ids");
	const struct sp_json *id = sp_json_first(ids);

	s->os = keep(s, "os");
	s->arch = keep(s, "architecture");
	s->variant = keep(s, "variant");
	if (!s->os || !s->arch)
		return sp_err_set(err, SP_EVERIFY, "its configuration names no platform");
	if (sp_json_len(ids) != s->layers_nr)
		return sp_err_set(err, SP_EVERIFY,
				  "its configuration has %zu diff_ids, but there are %zu layers",
				  sp_json_len(ids), s->layers_nr);
	for (size_t i = 0; id; i++, id = sp_json_next(id))
		if (!sp_digest_parse(sp_json_str(id, NULL), &s->layers[i].diff_id))
			return sp_err_set(err, SP_EVERIFY, "one of its diff_ids is no digest");
	return 0;
}

/* "linux/arm64/v8", malloc'ed. */
static char *platform_text(const struct sp_stored *s)
{
	return sp_strf("%s/%s%s%s", s->os, s->arch, s->variant ? "/" : "",
		       s->variant ? s->variant : "");
}

/* Who chooses by the index and who looks into the configuration must see the same. */
static int check_claim(const struct sp_stored *s, struct sp_err *err)
{
	if (!s->index_os || (strcmp(s->index_os, s->os) == 0 && strcmp(s->index_arch, s->arch) == 0))
		return 0;
	sp_autofree char *text = sp_strf("%s/%s", s->index_os, s->index_arch);
	sp_autofree char *claim = sp_show(text, strlen(text)), *is = platform_text(s);
	return sp_err_set(err, SP_EVERIFY,
			  "manifest %s: its index says that it is for %s, its configuration %s",
			  s->manifest.digest.str, claim, is);
}

/* The manifest was chosen and is parsed: the rest. */
static int take_manifest(struct sp_stored *s, struct sp_err *err)
{
	const struct sp_json *config = sp_json_get(s->manifest_doc, "config");

	if (sp_desc_parse(config, &s->arena, &s->config, err))
		return sp_err_wrap(err, "manifest %s", s->manifest.digest.str);
	if (!sp_mt_is_config(s->config.media_type)) {
		sp_autofree char *shown = sp_show(s->config.media_type,
						  strlen(s->config.media_type));
		return sp_err_set(err, SP_EVERIFY,
				  "manifest %s: is no image but an artifact (%s)",
				  s->manifest.digest.str, shown);
	}
	s->docker = strcmp(s->manifest.media_type, SP_MT_DOCKER_MANIFEST) == 0;
	if (take_layers(s, err))
		return sp_err_wrap(err, "manifest %s", s->manifest.digest.str);
	if (sp_stored_document(s->source, &s->config, SP_DOC_CONFIG, &s->config_text,
			       &s->config_doc, err))
		return -1;
	return sp_stored_take_config(s, err) ? -1 : check_claim(s, err);
}

static int check_platform(const struct sp_stored *s, const struct sp_stored_want *want,
			  struct sp_err *err)
{
	sp_autofree char *is = platform_text(s);

	if (!want || want->flexible ||
	    sp_stored_score(want, s->os, s->arch, s->variant))
		return 0;
	return sp_err_set(err, SP_EFAIL, "is for %s, and not for %s/%s%s%s", is, want->os,
			  want->arch, want->variant ? "/" : "",
			  want->variant ? want->variant : "");
}

static int open_layout(struct sp_stored *s, const struct sp_json *index, const char *ref,
		       const struct sp_stored_want *want, struct sp_err *err)
{
	SP_CLEANUP(found_release) struct found f = { 0 };

	if (match(index, ref, &f, err))
		return -1;
	const char *name = sp_desc_name(f.items[0]);
	s->name = name ? sp_arena_strdup(&s->arena, name) : NULL;
	if (sp_stored_choose(s, f.items, f.items_nr, want, err) || take_manifest(s, err))
		return -1;
	if (f.items_nr > 1)
		s->top = s->manifest;
	else if (sp_desc_parse(f.items[0], &s->arena, &s->top, err))
		return -1;
	return check_platform(s, want, err);
}

static int open_docker(struct sp_stored *s, const char *ref,
		       const struct sp_stored_want *want, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;
	sp_autobuf struct sp_buf text = { 0 };

	if (s->source->read_file(s->source, "manifest.json", DOCKER_MANIFEST_MAX, &text, err))
		return -1;
	if (!text.len)
		return sp_err_set(err, SP_EVERIFY,
				  "has neither an index.json nor a manifest.json");
	if (sp_json_parse(text.data, text.len, &doc, err))
		return sp_err_wrap(err, "manifest.json");
	return sp_stored_docker(s, doc, ref, err) ? -1 : check_platform(s, want, err);
}

static void stored_freep(struct sp_stored **stored)
{
	sp_stored_free(*stored);
}

int sp_stored_open(struct sp_source *source, const char *ref,
		   const struct sp_stored_want *want, struct sp_stored **ret,
		   struct sp_err *err)
{
	SP_CLEANUP(stored_freep) struct sp_stored *s = sp_calloc(1, sizeof(*s));
	sp_autojson struct sp_json *index = NULL;

	s->source = source;
	if (sp_stored_index(source, &index, err))
		return -1;
	if (index ? open_layout(s, index, ref, want, err) : open_docker(s, ref, want, err))
		return -1;
	*ret = sp_steal_ptr(&s);
	return 0;
}

void sp_stored_free(struct sp_stored *s)
{
	if (!s)
		return;
	sp_json_free(s->manifest_doc);
	sp_json_free(s->config_doc);
	sp_buf_release(&s->manifest_text);
	sp_buf_release(&s->config_text);
	sp_arena_release(&s->arena);
	free(s);
}

int sp_stored_open_layer(const struct sp_stored *s, size_t layer,
			 struct sp_blob_reader **ret, struct sp_err *err)
{
	const struct sp_stored_layer *l = &s->layers[layer];
	struct sp_blob_reader *reader;

	if (!l->path)
		return sp_checked_open(s->source, &l->desc, ret, err);
	if (s->source->open_path(s->source, l->path, &reader, err))
		return -1;
	*ret = sp_checked_new(reader, &l->desc);
	return 0;
}
