/*
 * A layer: plan entries -> tar -> diff id -> compressed blocks -> digest -> sink,
 * in one pass and in memory that does not depend on the input.
 */
#ifndef SP_IMAGE_LAYER_H
#define SP_IMAGE_LAYER_H

#include <signal.h>
#include <stdint.h>

#include "image/blob.h"
#include "image/compress.h"
#include "rootfs/plan.h"

struct sp_layer {
	struct sp_desc desc;		/* of the compressed layer */
	struct sp_digest diff_id;	/* of the tar */
	uint64_t tar_size;		/* bytes */
};

struct sp_layer_options {
	struct sp_compress compress;
	int64_t mtime;			/* seconds since 1970, for every entry */
	unsigned threads;		/* 0: one a CPU */
	const volatile sig_atomic_t *cancelled;	/* may be NULL */
	void (*progress)(void *ctx, const struct sp_progress *);	/* may be NULL */
	void *progress_ctx;
};

/*
 * Write the entries, which must be in the order of sp_plan_finish() and hold
 * every parent directory, as one layer blob to sink.  SP_ECHANGED if a source
 * file is not what it was when the plan was made; SP_ECANCELLED.
 */
SP_CHECKED int sp_layer_write(const struct sp_entry *const *entries, size_t nr,
			      const struct sp_layer_options *options,
			      struct sp_sink *sink, struct sp_layer *ret,
			      struct sp_err *err);

#endif
