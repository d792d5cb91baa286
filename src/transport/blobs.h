/*
 * Blobs into a registry: see whether it is there, have it mounted from another
 * repository, send it whole, or in chunks while it is being made.
 */
#ifndef SP_TRANSPORT_BLOBS_H
#define SP_TRANSPORT_BLOBS_H

#include "image/blob.h"
#include "transport/client.h"

#define SP_CHUNK_BYTES (4 * 1024 * 1024)	/* what every registry takes */
#define SP_CHUNK_MAX (16 * 1024 * 1024)		/* the largest that we make */

/* The bytes of a blob, which can be had again from any offset; see http.h.  May be
 * called from offset 0 several times, else goes on where it was. */
struct sp_body {
	int (*read)(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		    struct sp_err *);
	void *ctx;
};

/* HEAD.  A registry that cannot tell has it not. */
SP_CHECKED int sp_blob_has(struct sp_registry *registry, const struct sp_desc *desc,
			   bool *ret, struct sp_err *err);

/* HEAD, and the mounts that the options allow. */
SP_CHECKED int sp_blob_there(struct sp_registry *registry, const struct sp_desc *desc,
			     bool *ret, struct sp_err *err);

/* Send it: in one piece, or in chunks if the registry has a limit; again, from the
 * start, if a session is lost. */
SP_CHECKED int sp_blob_put(struct sp_registry *registry, const struct sp_desc *desc,
			   const struct sp_body *body, struct sp_err *err);

/*
 * An upload whose digest is known at its end alone.
 *
 *	sp_upload_begin(registry, &up, err);
 *	sp_upload_chunk(&up, &body, len, err); ...	// body from offset 0 each time
 *	sp_upload_finish(&up, &desc, err);
 *	sp_upload_release(&up);
 */
struct sp_upload {
	struct sp_registry *registry;
	struct sp_arena arena;
	struct sp_url location;		/* of the session; host NULL: there is none */
	uint64_t offset;		/* bytes that the registry has */
	uint64_t chunk;			/* how large chunks should be */
};

SP_CHECKED int sp_upload_begin(struct sp_registry *registry, struct sp_upload *up,
			       struct sp_err *err);
SP_CHECKED int sp_upload_chunk(struct sp_upload *up, const struct sp_body *body, uint64_t len,
			       struct sp_err *err);
SP_CHECKED int sp_upload_finish(struct sp_upload *up, const struct sp_desc *desc,
				struct sp_err *err);
void sp_upload_release(struct sp_upload *up);	/* ends the session if it is open */

#endif
