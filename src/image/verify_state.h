/*
 * What the verify_*.c files share: the state of one verification.
 *
 * Their functions return -1 only for what ends the whole verification: a source
 * that cannot be read, cancellation.  What is wrong with the image goes into the
 * report, and "ok" results say whether there is something to go on with.
 */
#ifndef SP_IMAGE_VERIFY_STATE_H
#define SP_IMAGE_VERIFY_STATE_H

#include "base/map.h"
#include "image/compress.h"
#include "image/document.h"
#include "image/image.h"
#include "image/json.h"
#include "image/layer_rules.h"
#include "image/ref.h"
#include "image/tree.h"
#include "image/verify.h"

#define SP_VERIFY_UNKNOWN UINT64_MAX	/* a size that nobody has claimed */

/* A blob that has been hashed, once for all who refer to it. */
struct sp_verify_blob {
	bool ok;
	uint64_t size;
};

/* A layer that has been read, once for all images that use it. */
struct sp_verify_stratum {
	bool ok;			/* bytes as claimed, a tar to its end */
	enum sp_compression kind;
	struct sp_digest digest, diff_id;
	uint64_t size, tar_size, entries_total;
	struct sp_tree_entry *entries;	/* of these the ones without fault */
	size_t entries_nr, entries_alloc;
};

/* A manifest or index that has been walked: the images it added to the report. */
struct sp_verify_visit {
	size_t first, nr;
};

struct sp_verify_state {
	struct sp_source *source;
	const struct sp_verify_options *options;
	struct sp_verify_report *report;
	const char *ref;
	struct sp_arena arena;		/* of entries and keys; not of the report */

	struct sp_map blobs_by_digest;
	struct sp_verify_blob *blobs;
	size_t blobs_nr, blobs_alloc;

	struct sp_map strata_by_key;
	struct sp_verify_stratum *strata;
	size_t strata_nr, strata_alloc;

	struct sp_map visits_by_digest;
	struct sp_verify_visit *visits;
	size_t visits_nr, visits_alloc;

	struct sp_rules_count count;	/* of all layers */
	uint64_t budget;		/* of all trees */
	uint64_t done;			/* bytes read, for progress */
	bool found;			/* something is called ref */
};

/* Where bytes are and what they should be. */
struct sp_verify_place {
	const struct sp_digest *digest;	/* NULL if nobody has claimed one */
	const char *path;		/* in a docker archive; NULL: by digest */
	uint64_t size;			/* bytes, or SP_VERIFY_UNKNOWN */
	const char *where;		/* for the report */
};

/* --- verify_report.c --- */
void sp_verify_problem(struct sp_verify_state *v, const char *id, const char *where,
		       const char *fmt, ...) SP_PRINTF(4, 5);
void sp_verify_note(struct sp_verify_state *v, const char *id, const char *where,
		    const char *fmt, ...) SP_PRINTF(4, 5);

/* err as a problem, if it is about the image (SP_EVERIFY): 0; else -1. */
SP_CHECKED int sp_verify_absorb(struct sp_verify_state *v, const char *id,
				const char *where, struct sp_err *err);

/* --- verify_blob.c --- */
SP_CHECKED int sp_verify_tick(struct sp_verify_state *v, const char *item, size_t bytes,
			      struct sp_err *err);

/* Open; *ret NULL after a problem. */
SP_CHECKED int sp_verify_open(struct sp_verify_state *v, const struct sp_verify_place *at,
			      struct sp_blob_reader **ret, struct sp_err *err);

/* Hash all of it and compare.  *ret_digest is of what is there. */
SP_CHECKED int sp_verify_hash(struct sp_verify_state *v, const struct sp_verify_place *at,
			      bool *ret_ok, struct sp_digest *ret_digest,
			      uint64_t *ret_size, struct sp_err *err);

/* Hash it unless that was done before.  Only for a place with a digest. */
SP_CHECKED int sp_verify_check_blob(struct sp_verify_state *v,
				    const struct sp_verify_place *at, bool *ret_ok,
				    struct sp_err *err);

/* Read a document of at most SP_DOCUMENT_MAX bytes that is what its digest says;
 * *ret_ok false after a problem.  *ret_digest is of what is there. */
SP_CHECKED int sp_verify_read(struct sp_verify_state *v, const struct sp_verify_place *at,
			      struct sp_buf *ret, struct sp_digest *ret_digest,
			      bool *ret_ok, struct sp_err *err);

/* --- verify_docs.c --- */
/*
 * Read, parse and check a document against its schema and against the media type
 * of the descriptor (NULL: nobody says).  *ret is NULL if there is nothing to go
 * on with; a document that breaks a rule of its schema is still given out.
 */
SP_CHECKED int sp_verify_load(struct sp_verify_state *v, const struct sp_verify_place *at,
			      enum sp_document kind, const char *media_type,
			      struct sp_json **ret, struct sp_digest *ret_digest,
			      struct sp_err *err);

/* The same for one beside the blobs.  *ret NULL also if it is not there. */
SP_CHECKED int sp_verify_load_file(struct sp_verify_state *v, const char *name,
				   size_t limit, struct sp_json **ret, struct sp_err *err);

/* Check an index.json or oci-layout that was loaded; false if there is nothing to
 * go on with. */
bool sp_verify_check_index(struct sp_verify_state *v, const struct sp_json *doc);
void sp_verify_check_layout(struct sp_verify_state *v, const struct sp_json *doc);

/* A descriptor; false if it is none, which was reported with its document.  The
 * media type is borrowed from it. */
bool sp_verify_desc(struct sp_verify_state *v, const struct sp_json *value,
		    struct sp_desc *ret);

/* --- verify_index.c --- */
/* Walk an index and all it refers to; ref decides at the top. */
SP_CHECKED int sp_verify_walk(struct sp_verify_state *v, const struct sp_json *index,
			      struct sp_err *err);

/* --- verify_manifest.c --- */
/* Check a manifest and what it refers to.  desc is its descriptor in the index. */
SP_CHECKED int sp_verify_manifest(struct sp_verify_state *v, const struct sp_json *desc,
				  const char *name, struct sp_err *err);

/* A new image in the report; NULL, with a problem, if there are too many. */
struct sp_verify_image *sp_verify_add_image(struct sp_verify_state *v);

/* --- verify_docker.c --- */
/* Check a docker archive by its manifest.json; hybrid: index.json was checked
 * before and must agree. */
SP_CHECKED int sp_verify_docker(struct sp_verify_state *v, const struct sp_json *doc,
				bool hybrid, struct sp_err *err);

/* --- verify_layer.c --- */
/* Check a layer's blob and what is in it.  *ret is its number in strata. */
SP_CHECKED int sp_verify_layer(struct sp_verify_state *v, const struct sp_verify_place *at,
			       size_t *ret, struct sp_err *err);

/* --- verify_names.c --- */
struct sp_tar_item;

/*
 * What an entry of a layer means.  *ret is filled and true returned unless it
 * breaks a rule or means nothing, which is then in the report.
 */
bool sp_verify_entry(struct sp_verify_state *v, const char *where,
		     const struct sp_tar_item *item, struct sp_tree_entry *ret);

/* Report paths that stand in a layer twice. */
void sp_verify_duplicates(struct sp_verify_state *v, const char *where,
			  const struct sp_verify_stratum *layer);

/* --- verify_image.c --- */
/* An image taken apart: its configuration and its layers, bottom first. */
struct sp_verify_parts {
	const char *where, *config_where;
	const struct sp_json *config;
	const size_t *layers;		/* numbers in strata */
	size_t layers_nr;
	struct sp_verify_image *image;	/* platform and layers are filled in */
	const char *const *media_types;	/* of the layers, or NULL */
};
SP_CHECKED int sp_verify_parts(struct sp_verify_state *v,
			       const struct sp_verify_parts *parts, struct sp_err *err);

/* --- verify_run.c --- */
/* Can what the configuration says be started in this tree? */
SP_CHECKED int sp_verify_run(struct sp_verify_state *v, const char *where,
			     const struct sp_json *config, const char *platform,
			     struct sp_tree *tree, struct sp_err *err);

#endif
