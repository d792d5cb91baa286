/*
 * An image that exists somewhere: one platform of it, found by name, its documents
 * read, checked and parsed.  Its layers are only named; contents.h looks into them.
 *
 *	struct sp_stored *stored;
 *	struct sp_stored_want want = { .os = "linux", .arch = "amd64" };
 *
 *	if (sp_stored_open(source, ref, &want, &stored, err))
 *		...
 *	... stored->config_doc, stored->layers ...
 *	sp_stored_free(stored);
 *
 * Everything is checked against the digest and the size that led to it before it is
 * used.  What verification only reports stops here: an image is used or refused.
 */
#ifndef SP_IMAGE_STORED_H
#define SP_IMAGE_STORED_H

#include <stdbool.h>

#include "base/mem.h"
#include "image/blob.h"
#include "image/document.h"
#include "image/json.h"

#define SP_STORED_DEPTH_MAX 8		/* indexes within indexes */
#define SP_STORED_MANIFESTS_MAX 1024	/* descriptors that are looked at */

struct sp_stored_layer {
	struct sp_desc desc;		/* of the blob as it is */
	struct sp_digest diff_id;	/* of its tar, as the configuration says */
	const char *path;		/* where it is in a docker archive; else NULL */
};

struct sp_stored {
	struct sp_arena arena;		/* of all strings */
	struct sp_source *source;	/* borrowed */
	const char *name;		/* as the source calls it, or NULL */
	struct sp_desc top;		/* what the name stands for: an index or the manifest */
	struct sp_desc manifest;	/* media_type NULL in a docker archive: there is none */
	struct sp_desc config;
	struct sp_buf manifest_text, config_text;
	struct sp_json *manifest_doc, *config_doc;	/* manifest_doc may be NULL as well */
	const char *os, *arch, *variant;	/* as the configuration says; variant may be NULL */
	const char *index_os, *index_arch;	/* as the index says, or NULL */
	bool docker;			/* Docker's media types, and not OCI's */
	struct sp_stored_layer *layers;	/* bottom first */
	size_t layers_nr;
};

/* Which platform.  variant NULL: what the architecture has by default.  With flexible,
 * an image of another platform is taken if it is the only one there. */
struct sp_stored_want {
	const char *os, *arch, *variant;
	bool flexible;
};

/*
 * What a name stands for in the source's index.json: its descriptor, whose strings
 * are in the arena, and the name it has there (NULL if none).  ref is a name in short
 * or full form, a tag alone, or a digest; NULL means the only image.  SP_EFAIL if there
 * is none or several, which are listed.  Not for docker archives.
 */
SP_CHECKED int sp_stored_find(struct sp_source *source, const char *ref,
			      struct sp_arena *arena, struct sp_desc *ret_top,
			      const char **ret_name, struct sp_err *err);

/* Read a document: its size, its digest, its schema, and that it is what its
 * descriptor says, before it is handed out.  Schema 1 manifests are refused. */
SP_CHECKED int sp_stored_document(struct sp_source *source, const struct sp_desc *desc,
				  enum sp_document kind, struct sp_buf *ret_text,
				  struct sp_json **ret, struct sp_err *err);

/*
 * Open one platform.  want NULL: the image must have a single one.  SP_EVERIFY if a
 * document breaks a rule, SP_ECHANGED if a digest is wrong, SP_EFAIL if the name or
 * the platform is not there.  Layers that are kept elsewhere ("foreign", urls) or are
 * of an unknown kind are refused.
 */
SP_CHECKED int sp_stored_open(struct sp_source *source, const char *ref,
			      const struct sp_stored_want *want, struct sp_stored **ret,
			      struct sp_err *err);
void sp_stored_free(struct sp_stored *stored);	/* NULL allowed */

/* The layer's blob, checked against its descriptor (see checked.h). */
SP_CHECKED int sp_stored_open_layer(const struct sp_stored *stored, size_t layer,
				    struct sp_blob_reader **ret, struct sp_err *err);

#endif
