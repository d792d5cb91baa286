/*
 * Walking an image.
 */
#include "transport/graph.h"

#include <string.h>

#include "base/vec.h"
#include "image/document.h"
#include "image/schema.h"

static int walk(struct sp_graph *g, const struct sp_json *value, unsigned depth,
		struct sp_err *err);

/* Was this digest met before?  Then it is not walked again, so that no index can
 * make us walk in circles. */
static bool seen(struct sp_graph *g, const struct sp_digest *digest)
{
	if (sp_map_get(&g->seen, digest->str) != SP_MAP_NONE)
		return true;
	sp_map_set(&g->seen, sp_arena_strdup(&g->arena, digest->str), 0);
	return false;
}

static int add_document(struct sp_graph *g, const struct sp_desc *desc, struct sp_buf *text,
			struct sp_err *err)
{
	struct sp_graph_document *doc;

	g->text_size += text->len;
	if (g->documents_nr >= SP_GRAPH_DOCUMENTS_MAX || g->text_size > SP_GRAPH_TEXT_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "has more documents than %d, or more than %d bytes of them",
				  SP_GRAPH_DOCUMENTS_MAX, SP_GRAPH_TEXT_MAX);
	doc = SP_VEC_PUSH(g->documents);
	doc->desc = *desc;
	doc->text = *text;
	*text = (struct sp_buf){ 0 };
	return 0;
}

/* A descriptor of a blob.  What is kept elsewhere is not fetched from there
 * (CVE-2020-15157). */
static int add_blob(struct sp_graph *g, const struct sp_json *value, struct sp_desc *ret,
		    struct sp_err *err)
{
	if (sp_desc_parse(value, &g->arena, ret, err))
		return -1;
	if (sp_json_len(sp_json_get(value, "urls")))
		return sp_err_set(err, SP_EVERIFY,
				  "blob %s: is kept elsewhere, and what its urls name is not "
				  "fetched", ret->digest.str);
	if (seen(g, &ret->digest))
		return 0;
	if (g->blobs_nr >= SP_GRAPH_BLOBS_MAX)
		return sp_err_set(err, SP_EVERIFY, "names more than %d blobs", SP_GRAPH_BLOBS_MAX);
	*SP_VEC_PUSH(g->blobs) = *ret;
	return 0;
}

static const char *keep(struct sp_graph *g, const struct sp_json *doc, const char *key)
{
	const char *text = sp_json_str(doc, key);

	return text && *text ? sp_arena_strdup(&g->image->arena, text) : NULL;
}

/* The configuration says which platform it is, and what the layers' tars are. */
static int take_config(struct sp_graph *g, struct sp_manifest *m, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;

	if (sp_stored_document(g->origin, &m->config, SP_DOC_CONFIG, &text, &doc, err))
		return -1;
	m->os = keep(g, doc, "os");
	m->arch = keep(g, doc, "architecture");
	m->variant = keep(g, doc, "variant");
	const struct sp_json *id = sp_json_first(sp_json_get(sp_json_get(doc, "rootfs"),
							     "diff_ids"));
	for (size_t i = 0; id && i < m->layers_nr; i++, id = sp_json_next(id))
		if (!sp_json_str(id, NULL) ||
		    !sp_digest_parse(sp_json_str(id, NULL), &m->layers[i].diff_id))
			return sp_err_set(err, SP_EVERIFY, "one of its diff_ids is no digest");
	return seen(g, &m->config.digest) ? 0 : add_document(g, &m->config, &text, err);
}

static int walk_manifest(struct sp_graph *g, const struct sp_desc *desc, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_manifest m = { .manifest = *desc };
	size_t nr = 0;

	if (sp_stored_document(g->origin, desc, SP_DOC_MANIFEST, &text, &doc, err))
		return -1;
	const struct sp_json *config = sp_json_get(doc, "config");
	const struct sp_json *layers = sp_json_get(doc, "layers");

	if (sp_desc_parse(config, &g->arena, &m.config, err))
		return sp_err_wrap(err, "manifest %s", desc->digest.str);
	bool image = sp_mt_is_config(m.config.media_type);

	m.layers_nr = sp_json_len(layers);
	m.layers = sp_arena_alloc(&g->arena, (m.layers_nr + 1) * sizeof(*m.layers));
	for (const struct sp_json *i = sp_json_first(layers); i; i = sp_json_next(i))
		if (add_blob(g, i, &m.layers[nr++].desc, err))
			return sp_err_wrap(err, "manifest %s", desc->digest.str);
	if (image ? take_config(g, &m, err) : add_blob(g, config, &m.config, err))
		return sp_err_wrap(err, "manifest %s", desc->digest.str);
	if (image)
		*SP_VEC_PUSH(g->image->manifests) = m;
	return add_document(g, desc, &text, err);
}

static int walk_index(struct sp_graph *g, const struct sp_desc *desc, unsigned depth,
		      struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	sp_autojson struct sp_json *doc = NULL;

	if (depth > SP_STORED_DEPTH_MAX)
		return sp_err_set(err, SP_EVERIFY, "has indexes nested more than %d deep",
				  SP_STORED_DEPTH_MAX);
	if (sp_stored_document(g->origin, desc, SP_DOC_INDEX, &text, &doc, err))
		return -1;
	const struct sp_json *i = sp_json_first(sp_json_get(doc, "manifests"));

	for (; i; i = sp_json_next(i))
		if (walk(g, i, depth + 1, err))
			return -1;
	return add_document(g, desc, &text, err);
}

static int walk_desc(struct sp_graph *g, const struct sp_desc *desc, unsigned depth,
		     struct sp_err *err)
{
	return sp_mt_is_index(desc->media_type) ? walk_index(g, desc, depth, err) :
						  walk_manifest(g, desc, err);
}

static int walk(struct sp_graph *g, const struct sp_json *value, unsigned depth,
		struct sp_err *err)
{
	struct sp_desc desc;

	if (sp_desc_parse(value, &g->arena, &desc, err))
		return -1;
	/* an index may list anything; what is no manifest is a blob */
	if (!sp_mt_is_index(desc.media_type) && !sp_mt_is_manifest(desc.media_type))
		return add_blob(g, value, &desc, err);
	return seen(g, &desc.digest) ? 0 : walk_desc(g, &desc, depth, err);
}

/* --- docker archives, which have neither manifests nor digests of layers --- */

static struct sp_graph *of_source(struct sp_source *source)
{
	return (struct sp_graph *)((char *)source - offsetof(struct sp_graph, source));
}

static int open_blob(struct sp_source *source, const struct sp_digest *digest,
		     struct sp_blob_reader **ret, struct sp_err *err)
{
	struct sp_graph *g = of_source(source);

	for (size_t i = 0; g->stored && i < g->stored->layers_nr; i++)
		if (sp_digest_equal(&g->stored->layers[i].desc.digest, digest) &&
		    g->stored->layers[i].path)
			return g->origin->open_path(g->origin, g->stored->layers[i].path, ret, err);
	return g->origin->open_blob(g->origin, digest, ret, err);
}

/* The manifest that the archive lacks. */
static void make_manifest(struct sp_manifest *m, struct sp_buf *ret)
{
	sp_autojson struct sp_json *doc = sp_json_object();
	struct sp_json *list;

	sp_json_add_int(doc, "schemaVersion", 2);
	sp_json_add_str(doc, "mediaType", SP_MT_MANIFEST);
	sp_desc_add(sp_json_add_object(doc, "config"), &m->config);
	list = sp_json_add_array(doc, "layers");
	for (size_t i = 0; i < m->layers_nr; i++)
		sp_desc_add(sp_json_push_object(list), &m->layers[i].desc);
	sp_autofree char *text = sp_json_text(doc, false);
	sp_buf_addstr(ret, text);
	m->manifest.media_type = SP_MT_MANIFEST;
	m->manifest.size = ret->len;
	sp_digest_of(ret->data, ret->len, &m->manifest.digest);
}

/* One platform: its manifest, its configuration, its layers. */
static int take_stored(struct sp_graph *g, struct sp_err *err)
{
	struct sp_stored *s = g->stored;
	sp_autobuf struct sp_buf config = { 0 }, manifest = { 0 };
	struct sp_manifest m = { .os = s->os, .arch = s->arch, .variant = s->variant,
				 .manifest = s->manifest, .config = s->config,
				 .layers_nr = s->layers_nr };

	m.layers = sp_arena_alloc(&g->arena, (s->layers_nr + 1) * sizeof(*m.layers));
	for (size_t i = 0; i < s->layers_nr; i++) {
		m.layers[i] = (struct sp_layer){ .desc = s->layers[i].desc,
						 .diff_id = s->layers[i].diff_id };
		if (!seen(g, &s->layers[i].desc.digest))
			*SP_VEC_PUSH(g->blobs) = s->layers[i].desc;
	}
	sp_buf_add(&config, sp_buf_str(&s->config_text), s->config_text.len);
	if (s->manifest.media_type) {
		sp_buf_add(&manifest, sp_buf_str(&s->manifest_text), s->manifest_text.len);
	} else {
		make_manifest(&m, &manifest);
	}
	*SP_VEC_PUSH(g->image->manifests) = m;
	g->image->root = m.manifest;
	g->name = s->name;
	return add_document(g, &m.config, &config, err) ||
	       add_document(g, &m.manifest, &manifest, err) ? -1 : 0;
}

bool sp_graph_is_made(const struct sp_graph *g)
{
	return g->stored && !g->stored->manifest.media_type;
}

/* Is the blob one of the layers still? */
static bool is_layer(const struct sp_manifest *m, const struct sp_desc *blob)
{
	for (size_t i = 0; i < m->layers_nr; i++)
		if (sp_digest_equal(&m->layers[i].desc.digest, &blob->digest))
			return true;
	return false;
}

int sp_graph_set_layers(struct sp_graph *g, const struct sp_layer *layers, struct sp_err *err)
{
	struct sp_manifest *m = &g->image->manifests[0];
	struct sp_graph_document *last = &g->documents[--g->documents_nr];
	sp_autobuf struct sp_buf text = { 0 };
	size_t n = 0;

	memcpy(m->layers, layers, m->layers_nr * sizeof(*layers));
	for (size_t i = 0; i < g->blobs_nr; i++)
		if (is_layer(m, &g->blobs[i]))
			g->blobs[n++] = g->blobs[i];
	g->blobs_nr = n;
	g->text_size -= last->text.len;
	sp_buf_release(&last->text);
	make_manifest(m, &text);
	g->image->root = m->manifest;
	return add_document(g, &m->manifest, &text, err);
}

static int read_graph(struct sp_graph *g, const char *ref, const struct sp_stored_want *want,
		      struct sp_err *err)
{
	sp_autobuf struct sp_buf index = { 0 };

	if (g->origin->read_file(g->origin, "index.json", SP_DOCUMENT_MAX, &index, err))
		return -1;
	if (want || !index.len)
		return sp_stored_open(g->origin, ref, want, &g->stored, err) ||
		       take_stored(g, err) ? -1 : 0;
	if (sp_stored_find(g->origin, ref, &g->arena, &g->image->root, &g->name, err))
		return -1;
	seen(g, &g->image->root.digest);
	return walk_desc(g, &g->image->root, 0, err);
}

int sp_graph_read(struct sp_source *source, const char *ref, const struct sp_stored_want *want,
		  struct sp_graph *ret, struct sp_err *err)
{
	*ret = (struct sp_graph){ .source = { .open_blob = open_blob }, .origin = source,
				  .image = sp_image_new() };
	if (read_graph(ret, ref, want, err) == 0)
		return 0;
	sp_graph_release(ret);
	return -1;
}

void sp_graph_release(struct sp_graph *g)
{
	for (size_t i = 0; i < g->documents_nr; i++)
		sp_buf_release(&g->documents[i].text);
	free(g->documents);
	free(g->blobs);
	sp_map_release(&g->seen);
	if (g->image)
		sp_image_free(g->image);
	sp_stored_free(g->stored);
	sp_arena_release(&g->arena);
	*g = (struct sp_graph){ 0 };
}
