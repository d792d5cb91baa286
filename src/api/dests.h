/*
 * The destinations of a job, written together: all are prepared before the first is
 * committed, so that a run either writes everything or leaves everything as it was.
 */
#ifndef SP_API_DESTS_H
#define SP_API_DESTS_H

#include "api/build.h"
#include "transport/transport.h"

struct sp_dests {
	struct scratchpack *job;
	struct sp_arena *arena;		/* borrowed */
	struct sp_dest **dests;
	size_t dests_nr, dests_alloc;
	struct sp_sink *tee;		/* feeds them all */
};

/* Open every "output" of the job.  refs are the names of the image, for destinations
 * that carry none; one that cannot be is said now. */
SP_CHECKED int sp_dests_open(struct sp_dests *dests, struct scratchpack *job,
			     struct sp_arena *arena, const struct sp_ref *refs, size_t refs_nr,
			     struct sp_err *err);

/*
 * layers.c: make a layer and write it to all of them, but not to those that have it,
 * and again to those that lost it on the way.
 */
SP_CHECKED int sp_dests_write_layer(struct sp_dests *dests,
				    const struct sp_entry *const *entries, size_t entries_nr,
				    const struct sp_layer_options *options,
				    struct sp_layer *ret, struct sp_err *err);

/* The same for a layer that exists as a plain tar, which is compressed. */
SP_CHECKED int sp_dests_repack_layer(struct sp_dests *dests, struct sp_source *source,
				     const struct sp_desc *tar,
				     const struct sp_layer_options *options,
				     struct sp_layer *ret, struct sp_err *err);

/* Prepare all, commit all, and put what was written in the list results. */
SP_CHECKED int sp_dests_commit(struct sp_dests *dests, const struct sp_image *image,
			       const struct sp_ref *refs, size_t refs_nr,
			       struct sp_json *results, struct sp_err *err);
void sp_dests_release(struct sp_dests *dests);

/*
 * Take note of an image or destination that the user names.  A registry's repository
 * that is a source may be mounted from.  SP_EUSAGE if credentials were given without
 * a host, or a client certificate, and a second registry would get them as well.
 */
SP_CHECKED int sp_job_name(struct scratchpack *job, const char *text, bool source,
			   struct sp_err *err);

#endif
