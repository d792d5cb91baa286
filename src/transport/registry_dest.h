/*
 * What a destination in a registry is inside: for the registry_*.c files
 * alone.
 */
#ifndef SP_TRANSPORT_REGISTRY_DEST_H
#define SP_TRANSPORT_REGISTRY_DEST_H

#include <pthread.h>

#include "base/io.h"
#include "base/map.h"
#include "transport/blobs.h"
#include "transport/dest.h"

/* A manifest or index that waits for prepare. */
struct sp_kept_document {
	struct sp_desc desc;
	struct sp_buf text;
};

/* A layer of the image that stands under the name now. */
struct sp_known_layer {
	struct sp_digest diff_id;
	struct sp_desc desc;
};

struct sp_registry_dest {
	struct sp_dest dest;
	struct sp_sink sink;
	struct sp_registry *r;
	struct sp_arena arena;
	const char *reference;		/* the tag, or NULL */
	pthread_mutex_t lock;		/* of done, and of the arena */
	struct sp_map done;		/* digests of blobs that are there */

	struct sp_registry_dest *leader;	/* another repository that gets all first */

	struct sp_digest absent;	/* the last blob that was asked for in vain */

	/* the blob that is written now */
	bool small;			/* kept in memory whatever its size */
	bool lost;			/* what was sent of it is gone */
	uint64_t chunk, sent;		/* bytes */
	struct sp_buf filling, sending;
	struct sp_upload upload;
	struct sp_outfile file;		/* instead, with spool */
	pthread_t thread;		/* sends */
	bool thread_runs;
	int send_rc;
	struct sp_err send_err;

	bool again;			/* the last blob did not arrive */
	bool spool;			/* blobs by way of a file from now on */
	struct sp_kept_document *documents;
	size_t documents_nr, documents_alloc;
	const struct sp_kept_document *root;
	const struct sp_ref *refs;	/* borrowed from prepare on */
	size_t refs_nr;

	bool looked;			/* for what is known */
	struct sp_known_layer *known;
	size_t known_nr, known_alloc;
};

/* registry_there.c: is the blob there, or can it be mounted?  From any thread, as the next one. */
SP_CHECKED int sp_registry_dest_there(struct sp_registry_dest *d, const struct sp_desc *desc,
				      bool *ret, struct sp_err *err);
bool sp_registry_dest_is_done(struct sp_registry_dest *d, const struct sp_digest *digest);
/* It is there from now on. */
void sp_registry_dest_done(struct sp_registry_dest *d, const struct sp_digest *digest);

/* registry_there.c: sp_dest_ops.follow. */
bool sp_registry_dest_follow(struct sp_dest *dest, struct sp_dest *leader);

/* registry_commit.c: sp_dest_ops.prepare and .commit. */
SP_CHECKED int sp_registry_dest_prepare(struct sp_dest *dest, const struct sp_image *image,
					const struct sp_ref *refs, size_t refs_nr,
					struct sp_err *err);
SP_CHECKED int sp_registry_dest_commit(struct sp_dest *dest, struct sp_err *err);

/* registry_subject.c: write a manifest or index by its digest; and what refers to another
 * one into the list of that, where the registry does not do so. */
SP_CHECKED int sp_registry_dest_put(struct sp_registry *r, const struct sp_kept_document *doc,
				    struct sp_err *err);

/* registry_take.c: sp_dest_ops.take. */
SP_CHECKED int sp_registry_dest_take(struct sp_dest *dest, struct sp_source *source,
				     const struct sp_desc *desc, struct sp_err *err);

/* registry_known.c: sp_dest_ops.knows; diff_id NULL asks whether anything is known. */
bool sp_registry_dest_knows(const struct sp_dest *dest, const struct sp_digest *diff_id,
			    struct sp_desc *ret);

#endif
