/*
 * A layer that exists as a plain tar, compressed: what docker save wrote, on its way to a
 * registry.
 */
#ifndef SP_IMAGE_REPACK_H
#define SP_IMAGE_REPACK_H

#include "image/layer.h"

/*
 * Read the tar to its end and write it to sink as options say: the bytes are those that
 * sp_layer_write() makes of the same tar.  total is its size, for progress.
 */
SP_CHECKED int sp_layer_repack(struct sp_blob_reader *tar, uint64_t total,
			       const struct sp_layer_options *options, struct sp_sink *sink,
			       struct sp_layer *ret, struct sp_err *err);

#endif
