/*
 * Tar in, compressed blocks out, in one pass.
 */
#include "image/repack.h"

struct repack {
	struct sp_sink *sink;
	struct sp_hash *packed;
	uint64_t size;
};

static int to_sink(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	struct repack *r = ctx;

	sp_hash_add(r->packed, data, len);
	r->size += len;
	return r->sink->write(r->sink, data, len, err);
}

/* All of the tar into the pool. */
static int feed(struct sp_blob_reader *tar, struct sp_pool *pool, uint64_t total,
		const struct sp_layer_options *options, uint64_t *ret_size, struct sp_err *err)
{
	struct sp_progress progress = { .phase = "layer", .total = total };
	size_t room, len = 1;

	while (len) {
		void *to = sp_pool_room(pool, &room);

		if (options->cancelled && *options->cancelled)
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		if (tar->read(tar, to, room, &len, err) || sp_pool_commit(pool, len, err))
			return -1;
		progress.done += len;
		if (options->progress)
			options->progress(options->progress_ctx, &progress);
	}
	*ret_size = progress.done;
	return sp_pool_finish(pool, err);
}

int sp_layer_repack(struct sp_blob_reader *tar, uint64_t total,
		    const struct sp_layer_options *options, struct sp_sink *sink,
		    struct sp_layer *ret, struct sp_err *err)
{
	sp_autohash struct sp_hash *plain = sp_hash_new(), *packed = sp_hash_new();
	struct repack r = { .sink = sink, .packed = packed };
	struct sp_layer layer = { .desc.media_type = sp_compress_media_type(&options->compress) };

	if (sink->begin(sink, 0, err))
		return -1;
	sp_autopool struct sp_pool *pool = sp_pool_new(&options->compress, options->threads,
						       plain, to_sink, &r);

	if (feed(tar, pool, total, options, &layer.tar_size, err))
		return -1;
	layer.desc.size = r.size;
	sp_hash_done(plain, &layer.diff_id);
	sp_hash_done(packed, &layer.desc.digest);
	if (sink->end(sink, &layer.desc, err))
		return -1;
	*ret = layer;
	return 0;
}
