/*
 * An image: configuration, manifest and index documents, and the descriptors
 * that hold them together.  A transport needs this and nothing more.
 *
 *	struct sp_image *image = sp_image_new();
 *
 *	for each platform:
 *		sp_layer_write(..., sink, &layer, err);
 *		sp_image_add(image, &config, &layer, 1, sink, err);
 *	sp_image_finish(image, NULL, false, sink, err);	// index, if several platforms
 *	...image->root is what a registry or an index.json points to...
 *	sp_image_free(image);
 */
#ifndef SP_IMAGE_IMAGE_H
#define SP_IMAGE_IMAGE_H

#include "base/mem.h"
#include "image/blob.h"
#include "image/layer.h"
#include "image/ref.h"
#include "image/strings.h"

#define SP_MT_INDEX "application/vnd.oci.image.index.v1+json"
#define SP_MT_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define SP_MT_CONFIG "application/vnd.oci.image.config.v1+json"
#define SP_MT_LAYER "application/vnd.oci.image.layer.v1.tar"

/* What engines give a container that has no PATH, and look a bare command up in; BuildKit
 * and Docker alike. */
#define SP_DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define SP_LAYERS_MAX 125	/* what classic engines stack */
#define SP_PLATFORMS_MAX 64
#define SP_ANNOTATIONS_MAX 1024
#define SP_DOCUMENT_MAX (4 * 1024 * 1024)	/* bytes of one JSON document */

struct sp_healthcheck {
	bool set;
	struct sp_strings test;		/* "NONE", or "CMD" and words */
	int64_t interval_ns, timeout_ns, start_period_ns, start_interval_ns;	/* 0 unset */
	int retries;
};

struct sp_json;

/* One line of an image's history: a layer, or with empty something that made none. */
struct sp_history {
	const char *created_by, *comment;	/* comment may be NULL */
	bool empty;
};

/* What one platform's configuration says.  All strings are borrowed. */
struct sp_config {
	const char *os, *arch, *variant;	/* variant may be NULL */
	int64_t created;			/* seconds since 1970 */
	const char *author;			/* NULL if unset */
	const char *user, *workdir, *stop_signal;	/* NULL if unset */
	struct sp_strings env;			/* NAME=VALUE, unique names */
	struct sp_strings entrypoint, cmd;
	struct sp_strings labels;		/* KEY=VALUE, unique keys */
	struct sp_strings ports;		/* "80/tcp" */
	struct sp_strings volumes;		/* "/data" */
	struct sp_strings shell, onbuild;	/* Docker's; only Dockerfiles set them */
	struct sp_healthcheck healthcheck;
	struct sp_history *history;		/* one a layer of ours, and empty ones */
	size_t history_nr, history_alloc;
	struct sp_strings annotations;		/* of the manifest, KEY=VALUE */
	/* the configuration of the image below: its history, and what it has that is not
	 * named here, stay as they are; NULL if there is none (inherit.h does the rest) */
	const struct sp_json *base;
	bool docker;				/* Docker's media types, as the base has */
};

/* One platform of an image. */
struct sp_manifest {
	const char *os, *arch, *variant;
	struct sp_desc manifest, config;
	struct sp_layer *layers;
	size_t layers_nr;
};

struct sp_image {
	struct sp_arena arena;
	struct sp_manifest *manifests;
	size_t manifests_nr, manifests_alloc;
	struct sp_desc root;		/* the manifest, or the index of several */
};

struct sp_image *sp_image_new(void);
void sp_image_free(struct sp_image *image);

/* Make config and manifest for one platform and write both to sink.  Layers of a base
 * image, whose blobs exist, come first, as they are.  SP_EUSAGE for strings that are no
 * UTF-8 or documents over the limits. */
SP_CHECKED int sp_image_add(struct sp_image *image, const struct sp_config *config,
			    const struct sp_layer *layers, size_t layers_nr,
			    struct sp_sink *sink, struct sp_err *err);

/*
 * Close the image.  index_annotations may be NULL.  With several platforms, or when force_index says so (an
 * annotation for the index was asked for), an index is made and written to sink.
 */
SP_CHECKED int sp_image_finish(struct sp_image *image,
			       const struct sp_strings *index_annotations,
			       bool force_index, struct sp_sink *sink,
			       struct sp_err *err);

/*
 * The documents that stand beside the blobs, as malloc'ed text.
 * index.json: one descriptor a name, each with io.containerd.image.name and
 * org.opencontainers.image.ref.name; one without names when refs_nr is 0.
 * host_os/host_arch choose the manifest that the docker archive shows (the
 * first one if there is none such).
 */
char *sp_image_layout_index(const struct sp_image *image, const struct sp_ref *refs,
			    size_t refs_nr);
char *sp_image_docker_manifest(const struct sp_image *image,
			       const struct sp_ref *refs, size_t refs_nr,
			       const char *host_os, const char *host_arch);
#define SP_OCI_LAYOUT_TEXT "{\"imageLayoutVersion\":\"1.0.0\"}"

#endif
