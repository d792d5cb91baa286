/*
 * Images in a docker archive, as docker save up to 24 and podman write it: a list of
 * configurations and layers by their paths.  There is no manifest, and no digest
 * stands anywhere but in the configuration; so every layer is hashed here once.
 */
#include <string.h>

#include "image/checked.h"
#include "image/image.h"
#include "image/ref.h"
#include "image/stored_state.h"
#include "image/unpack.h"

#define IMAGES_MAX 1024		/* entries of manifest.json */

static bool list_of_strings(const struct sp_json *list)
{
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i))
		if (!sp_json_is_str(i))
			return false;
	return sp_json_is_array(list);
}

static int check_form(const struct sp_json *doc, struct sp_err *err)
{
	if (!sp_json_is_array(doc) || !sp_json_len(doc) || sp_json_len(doc) > IMAGES_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "manifest.json: is no list of 1 to %d images", IMAGES_MAX);
	for (const struct sp_json *i = sp_json_first(doc); i; i = sp_json_next(i)) {
		const struct sp_json *tags = sp_json_get(i, "RepoTags");

		if (!sp_json_str(i, "Config") || !list_of_strings(sp_json_get(i, "Layers")) ||
		    (tags && !sp_json_is_null(tags) && !list_of_strings(tags)))
			return sp_err_set(err, SP_EVERIFY,
					  "manifest.json: expected Config, Layers and RepoTags");
	}
	return 0;
}

/* The tag of an entry that ref means, or its first; *ret_match false if none fits. */
static const char *tag_of(const struct sp_json *entry, const char *ref, bool *ret_match)
{
	const struct sp_json *tags = sp_json_get(entry, "RepoTags");

	*ret_match = !ref;
	for (const struct sp_json *i = sp_json_first(tags); i; i = sp_json_next(i)) {
		*ret_match = !ref || sp_ref_same(sp_json_str(i, NULL), ref);
		if (*ret_match)
			return sp_json_str(i, NULL);
	}
	return NULL;
}

static char *list_tags(const struct sp_json *doc)
{
	struct sp_buf text = { 0 };

	for (const struct sp_json *e = sp_json_first(doc); e && text.len < 500;
	     e = sp_json_next(e)) {
		const struct sp_json *tags = sp_json_get(e, "RepoTags");

		for (const struct sp_json *i = sp_json_first(tags); i; i = sp_json_next(i)) {
			const char *tag = sp_json_str(i, NULL);
			sp_autofree char *shown = sp_show(tag, strlen(tag));

			sp_buf_addf(&text, "%s%s", text.len ? ", " : "", shown);
		}
	}
	if (!text.len)
		sp_buf_addstr(&text, "images without a name");
	return sp_buf_detach(&text);
}

static int find_entry(struct sp_stored *s, const struct sp_json *doc, const char *ref,
		      const struct sp_json **ret, struct sp_err *err)
{
	sp_autofree char *tags = list_tags(doc);
	const struct sp_json *found = NULL;

	for (const struct sp_json *i = sp_json_first(doc); i; i = sp_json_next(i)) {
		bool fits;
		const char *tag = tag_of(i, ref, &fits);

		if (!fits)
			continue;
		if (found)
			return sp_err_set(err, SP_EFAIL,
					  "holds several images; say which one: %s", tags);
		found = i;
		s->name = tag ? sp_arena_strdup(&s->arena, tag) : NULL;
	}
	if (!found)
		return sp_err_set(err, SP_EFAIL, "has no image called %s; it has %s", ref, tags);
	*ret = found;
	return 0;
}

/* The digest in "blobs/sha256/HEX" or "HEX.json"; false if the path claims none. */
static bool claimed(const char *path, struct sp_digest *ret)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	sp_autofree char *text = sp_strf("sha256:%s", base);
	char *dot = strrchr(text, '.');

	if (dot && strcmp(dot, ".json") == 0)
		*dot = '\0';
	return sp_digest_parse(text, ret);
}

/* Hash what is at path, and keep it if it is a document. */
static int read_path(struct sp_stored *s, const char *path, struct sp_buf *keep,
		     struct sp_desc *ret, struct sp_err *err)
{
	sp_autoreader struct sp_blob_reader *reader = NULL;
	sp_autofree char *shown = sp_show(path, strlen(path));
	struct sp_digest said;

	if (s->source->open_path(s->source, path, &reader, err))
		return -1;
	if (sp_checked_hash(reader, NULL, keep, ret, err))
		return sp_err_wrap(err, "%s", shown);
	if (claimed(path, &said) && !sp_digest_equal(&said, &ret->digest))
		return sp_err_set(err, SP_ECHANGED, "%s: its digest is %s", shown,
				  ret->digest.str);
	return 0;
}

static int read_config(struct sp_stored *s, const struct sp_json *entry, struct sp_err *err)
{
	s->config.media_type = SP_MT_CONFIG;
	if (read_path(s, sp_json_str(entry, "Config"), &s->config_text, &s->config, err))
		return -1;
	if (sp_stored_parse(&s->config_text, SP_DOC_CONFIG, NULL, &s->config_doc, err))
		return sp_err_wrap(err, "configuration %s", s->config.digest.str);
	s->top = s->config;
	return 0;
}

/* What the first bytes of a layer say it is. */
static int layer_type(struct sp_stored *s, const char *path, const char **ret,
		      struct sp_err *err)
{
	sp_autoreader struct sp_blob_reader *reader = NULL;
	char byte;
	size_t got;

	if (s->source->open_path(s->source, path, &reader, err))
		return -1;
	struct sp_unpack *u = sp_unpack_new(reader, NULL);
	int rc = sp_unpack_read(u, &byte, 1, &got, err);
	*ret = sp_unpack_kind(u) == SP_COMPRESS_GZIP ? SP_MT_LAYER "+gzip" :
	       sp_unpack_kind(u) == SP_COMPRESS_ZSTD ? SP_MT_LAYER "+zstd" : SP_MT_LAYER;
	sp_unpack_free(u);
	return rc;
}

static int read_layers(struct sp_stored *s, const struct sp_json *entry, struct sp_err *err)
{
	const struct sp_json *list = sp_json_get(entry, "Layers"), *i = sp_json_first(list);

	s->layers_nr = sp_json_len(list);
	if (s->layers_nr > SP_LAYERS_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "has %zu layers; engines stack no more than %d", s->layers_nr,
				  SP_LAYERS_MAX);
	s->layers = sp_arena_alloc(&s->arena, (s->layers_nr + 1) * sizeof(*s->layers));
	memset(s->layers, 0, (s->layers_nr + 1) * sizeof(*s->layers));
	if (sp_stored_take_config(s, err))
		return -1;
	for (size_t nr = 0; i; i = sp_json_next(i), nr++) {
		struct sp_stored_layer *layer = &s->layers[nr];

		layer->path = sp_arena_strdup(&s->arena, sp_json_str(i, NULL));
		if (read_path(s, layer->path, NULL, &layer->desc, err) ||
		    layer_type(s, layer->path, &layer->desc.media_type, err))
			return -1;
		/* of one that is not compressed this is the whole proof */
		if (strcmp(layer->desc.media_type, SP_MT_LAYER) == 0 &&
		    !sp_digest_equal(&layer->desc.digest, &layer->diff_id))
			return sp_err_set(err, SP_ECHANGED,
					  "layer %zu: its digest is %s; the configuration says %s",
					  nr, layer->desc.digest.str, layer->diff_id.str);
	}
	return 0;
}

int sp_stored_docker(struct sp_stored *s, const struct sp_json *doc, const char *ref,
		     struct sp_err *err)
{
	const struct sp_json *entry = NULL;

	if (check_form(doc, err) || find_entry(s, doc, ref, &entry, err) ||
	    read_config(s, entry, err))
		return -1;
	return read_layers(s, entry, err);
}
