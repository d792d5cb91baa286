/*
 * An image: manifest and index documents (image-spec manifest.md, image-index.md)
 * and the documents that stand beside the blobs in a layout or an archive.
 * mediaType is always written, since registries exist that demand it.
 */
#include "image/image.h"

#include <assert.h>
#include <string.h>

#include "base/vec.h"
#include "image/config.h"
#include "image/document.h"
#include "image/json.h"
#include "image/schema.h"

struct sp_image *sp_image_new(void)
{
	return sp_calloc(1, sizeof(struct sp_image));
}

void sp_image_free(struct sp_image *image)
{
	if (!image)
		return;
	free(image->manifests);
	sp_arena_release(&image->arena);
	free(image);
}

/* --- parts of documents --- */

static void add_platform(struct sp_json *json, const struct sp_manifest *manifest)
{
	struct sp_json *platform = sp_json_add_object(json, "platform");

	sp_json_add_str(platform, "architecture", manifest->arch);
	sp_json_add_str(platform, "os", manifest->os);
	if (manifest->variant)
		sp_json_add_str(platform, "variant", manifest->variant);
}

static struct sp_json *new_document(const char *media_type)
{
	struct sp_json *doc = sp_json_object();

	sp_json_add_int(doc, "schemaVersion", 2);
	sp_json_add_str(doc, "mediaType", media_type);
	return doc;
}

static int add_annotations(struct sp_json *doc, const struct sp_strings *annotations,
			   struct sp_err *err)
{
	if (annotations->items_nr > SP_ANNOTATIONS_MAX)
		return sp_err_set(err, SP_EUSAGE, "%zu annotations; an image has %d at most",
				  annotations->items_nr, SP_ANNOTATIONS_MAX);
	return sp_config_add_map(doc, "annotations", annotations, "annotation", err);
}

/* Write a document as a blob. */
static int write_document(const struct sp_json *doc, const char *media_type,
			  struct sp_sink *sink, struct sp_desc *ret, struct sp_err *err)
{
	sp_autofree char *text = sp_json_text(doc, false);
	size_t len = strlen(text);
	struct sp_desc desc = { .media_type = media_type, .size = len };

	if (len > SP_DOCUMENT_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "the image's description (%s) has %zu bytes; registries and "
				  "engines read %d at most", media_type, len, SP_DOCUMENT_MAX);
	sp_digest_of(text, len, &desc.digest);
	if (sink->begin(sink, len, err) || sink->write(sink, text, len, err) ||
	    sink->end(sink, &desc, err))
		return -1;
	*ret = desc;
	return 0;
}

/* --- one platform --- */

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int check_limits(const struct sp_image *image, const struct sp_config *config,
			size_t layers_nr, struct sp_err *err)
{
	if (layers_nr == 0 || layers_nr > SP_LAYERS_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%zu layers; an image has at least one and, since engines "
				  "stack no more, %d at most", layers_nr, SP_LAYERS_MAX);
	if (image->manifests_nr == SP_PLATFORMS_MAX)
		return sp_err_set(err, SP_EUSAGE, "more than %d platforms in one image",
				  SP_PLATFORMS_MAX);
	for (size_t i = 0; i < image->manifests_nr; i++) {
		const struct sp_manifest *m = &image->manifests[i];

		/* of two with one platform nobody could reach the second */
		if (same(m->os, config->os) && same(m->arch, config->arch) &&
		    same(m->variant, config->variant))
			return sp_err_set(err, SP_EUSAGE,
					  "%s/%s%s%s is in the image twice; its platforms must "
					  "differ", m->os, m->arch, m->variant ? "/" : "",
					  m->variant ? m->variant : "");
	}
	return 0;
}

static int write_config(const struct sp_config *config, const struct sp_layer *layers,
			size_t layers_nr, struct sp_sink *sink, struct sp_desc *ret,
			struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;

	if (sp_config_json(config, layers, layers_nr, &doc, err))
		return -1;
	return write_document(doc, config->docker ? SP_MT_DOCKER_CONFIG : SP_MT_CONFIG, sink,
			      ret, err);
}

static int write_manifest(const struct sp_config *config, const struct sp_layer *layers,
			  size_t layers_nr, struct sp_manifest *m, struct sp_sink *sink,
			  struct sp_err *err)
{
	const char *type = config->docker ? SP_MT_DOCKER_MANIFEST : SP_MT_MANIFEST;
	sp_autojson struct sp_json *doc = new_document(type);

	sp_desc_add(sp_json_add_object(doc, "config"), &m->config);
	struct sp_json *list = sp_json_add_array(doc, "layers");
	for (size_t i = 0; i < layers_nr; i++)
		sp_desc_add(sp_json_push_object(list), &layers[i].desc);
	if (add_annotations(doc, &config->annotations, err))
		return -1;
	return write_document(doc, type, sink, &m->manifest, err);
}

static const char *keep(struct sp_image *image, const char *s)
{
	return s ? sp_arena_strdup(&image->arena, s) : NULL;
}

int sp_image_add(struct sp_image *image, const struct sp_config *config,
		 const struct sp_layer *layers, size_t layers_nr, struct sp_sink *sink,
		 struct sp_err *err)
{
	struct sp_manifest m = { .layers_nr = layers_nr };

	if (check_limits(image, config, layers_nr, err) ||
	    write_config(config, layers, layers_nr, sink, &m.config, err) ||
	    write_manifest(config, layers, layers_nr, &m, sink, err))
		return -1;
	m.os = keep(image, config->os);
	m.arch = keep(image, config->arch);
	m.variant = keep(image, config->variant);
	m.layers = sp_arena_memdup(&image->arena, layers, layers_nr * sizeof(*layers));
	for (size_t i = 0; i < layers_nr; i++)
		m.layers[i].desc.media_type = keep(image, layers[i].desc.media_type);
	*SP_VEC_PUSH(image->manifests) = m;
	return 0;
}

/* --- all platforms --- */

/* Docker's list knows Docker's manifests alone. */
static const char *index_type(const struct sp_image *image)
{
	for (size_t i = 0; i < image->manifests_nr; i++)
		if (!sp_mt_is_manifest(image->manifests[i].manifest.media_type) ||
		    strcmp(image->manifests[i].manifest.media_type, SP_MT_MANIFEST) == 0)
			return SP_MT_INDEX;
	return SP_MT_DOCKER_LIST;
}

int sp_image_finish(struct sp_image *image, const struct sp_strings *index_annotations,
		    bool force_index, struct sp_sink *sink, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;

	assert(image->manifests_nr);
	if (image->manifests_nr == 1 && !force_index) {
		image->root = image->manifests[0].manifest;
		return 0;
	}
	const char *type = index_type(image);
	doc = new_document(type);
	struct sp_json *list = sp_json_add_array(doc, "manifests");
	for (size_t i = 0; i < image->manifests_nr; i++) {
		struct sp_json *entry = sp_json_push_object(list);

		sp_desc_add(entry, &image->manifests[i].manifest);
		add_platform(entry, &image->manifests[i]);
	}
	if (index_annotations && add_annotations(doc, index_annotations, err))
		return -1;
	return write_document(doc, type, sink, &image->root, err);
}

/* --- documents beside the blobs --- */

/* The name with its tag, "docker.io/library/myapp:latest": what containerd and
 * podman call the image.  A short one would become localhost/... in podman. */
static char *tagged_name(const struct sp_ref *ref)
{
	return sp_strf("%s/%s:%s", ref->domain, ref->path, ref->tag ? ref->tag : SP_REF_DEFAULT_TAG);
}

static bool is_repeated(const struct sp_ref *refs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same(refs[i].domain, refs[at].domain) &&
		    same(refs[i].path, refs[at].path) && same(refs[i].tag, refs[at].tag))
			return true;
	return false;
}

/* The descriptor of the whole image.  An index says itself which platforms it
 * has; in a descriptor of one manifest it is said for it. */
static struct sp_json *push_root(struct sp_json *list, const struct sp_image *image)
{
	struct sp_json *entry = sp_json_push_object(list);

	sp_desc_add(entry, &image->root);
	if (!sp_mt_is_index(image->root.media_type) && image->manifests_nr)
		add_platform(entry, &image->manifests[0]);
	return entry;
}

char *sp_image_layout_index(const struct sp_image *image, const struct sp_ref *refs,
			    size_t refs_nr)
{
	sp_autojson struct sp_json *doc = new_document(SP_MT_INDEX);
	struct sp_json *list = sp_json_add_array(doc, "manifests");

	if (!refs_nr)
		push_root(list, image);
	for (size_t i = 0; i < refs_nr; i++) {
		if (is_repeated(refs, i))
			continue;
		sp_autofree char *name = tagged_name(&refs[i]);
		struct sp_json *names =
			sp_json_add_object(push_root(list, image), "annotations");

		/* containerd, Docker 25 and later, and podman take the first;
		 * skopeo and umoci find the tag alone by the second */
		sp_json_add_str(names, "io.containerd.image.name", name);
		sp_json_add_str(names, "org.opencontainers.image.ref.name",
				refs[i].tag ? refs[i].tag : SP_REF_DEFAULT_TAG);
	}
	return sp_json_text(doc, false);
}

/* A docker archive shows one platform: that of the host, if it is there. */
static const struct sp_manifest *choose(const struct sp_image *image, const char *os,
					const char *arch)
{
	for (size_t i = 0; i < image->manifests_nr; i++)
		if (same(image->manifests[i].os, os) && same(image->manifests[i].arch, arch))
			return &image->manifests[i];
	return image->manifests;
}

/* "blobs/sha256/0123..." */
static char *blob_path(const struct sp_digest *digest)
{
	const char *hex = sp_digest_hex(digest);

	return sp_strf("blobs/%.*s/%s", (int)(hex - digest->str - 1), digest->str, hex);
}

char *sp_image_docker_manifest(const struct sp_image *image, const struct sp_ref *refs,
			       size_t refs_nr, const char *host_os, const char *host_arch)
{
	sp_autojson struct sp_json *doc = sp_json_array();
	const struct sp_manifest *manifest = choose(image, host_os, host_arch);

	/* an index that was copied may list none */
	if (!image->manifests_nr)
		return sp_json_text(doc, false);
	struct sp_json *entry = sp_json_push_object(doc);
	sp_autofree char *config = blob_path(&manifest->config.digest);

	sp_json_add_str(entry, "Config", config);
	if (!refs_nr)
		sp_json_add_null(entry, "RepoTags");	/* as docker save writes it */
	struct sp_json *tags = refs_nr ? sp_json_add_array(entry, "RepoTags") : NULL;
	for (size_t i = 0; i < refs_nr; i++) {
		sp_autofree char *name = tagged_name(&refs[i]);

		if (!is_repeated(refs, i))
			sp_json_push_str(tags, name);
	}
	struct sp_json *list = sp_json_add_array(entry, "Layers");
	for (size_t i = 0; i < manifest->layers_nr; i++) {
		sp_autofree char *path = blob_path(&manifest->layers[i].desc.digest);

		sp_json_push_str(list, path);
	}
	return sp_json_text(doc, false);
}
