/*
 * A layer: the plan's entries as a tar stream through hashes and the pool to a
 * sink, in one pass.  What an entry looks like in the archive is in tar.c, how it
 * is compressed in pool.c.
 */
#include "image/layer.h"

#include <string.h>

#include "image/tar.h"

/* One layer being written. */
struct writer {
	const struct sp_layer_options *options;
	struct sp_pool *pool;
	struct sp_buf header;
	uint64_t tar_size;

	/* what comes out of the pool; packed is NULL when that is the tar itself */
	struct sp_sink *sink;
	struct sp_hash *packed;
	uint64_t size;

	struct sp_progress progress;
	uint64_t reported;
};

static void writer_release(struct writer *w)
{
	sp_pool_free(w->pool);
	sp_hash_free(w->packed);
	sp_buf_release(&w->header);
}

static int to_sink(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	struct writer *w = ctx;

	if (w->packed)
		sp_hash_add(w->packed, data, len);
	w->size += len;
	return w->sink->write(w->sink, data, len, err);
}

static void report(struct writer *w)
{
	w->reported = w->progress.done;
	if (w->options->progress)
		w->options->progress(w->options->progress_ctx, &w->progress);
}

/* len bytes were put where sp_pool_room() said. */
static int commit(struct writer *w, size_t len, struct sp_err *err)
{
	if (w->options->cancelled && *w->options->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	w->tar_size += len;
	return sp_pool_commit(w->pool, len, err);
}

/* As commit(), for bytes of a file, which count as progress. */
static int commit_data(struct writer *w, size_t len, struct sp_err *err)
{
	if (commit(w, len, err))
		return -1;
	w->progress.done += len;
	if (w->progress.done - w->reported >= SP_BLOCK)
		report(w);
	return 0;
}

/* Append bytes; those of a header count as no progress. */
static int put(struct writer *w, const void *data, size_t len,
	       int (*how)(struct writer *, size_t, struct sp_err *), struct sp_err *err)
{
	const char *from = data;

	while (len > 0) {
		size_t room;
		void *to = sp_pool_room(w->pool, &room);
		size_t part = len < room ? len : room;

		memcpy(to, from, part);
		if (how(w, part, err))
			return -1;
		from += part;
		len -= part;
	}
	return 0;
}

static void entry_header(const struct sp_entry *entry, int64_t mtime,
			 struct sp_buf *ret)
{
	static const char types[] = {
		[SP_ENTRY_DIR] = '5', [SP_ENTRY_FILE] = '0',
		[SP_ENTRY_SYMLINK] = '2', [SP_ENTRY_HARDLINK] = '1',
	};
	bool file = entry->type == SP_ENTRY_FILE;
	struct sp_tar_entry tar = {
		.name = entry->path + 1,	/* all names are relative */
		.type = types[entry->type],
		.mode = entry->mode,
		.uid = entry->uid,
		.gid = entry->gid,
		.size = file ? entry->size : 0,
		.mtime = mtime,
		.caps = file ? entry->caps : NULL,
		.caps_len = file && entry->caps ? entry->caps_len : 0,
	};

	if (entry->type == SP_ENTRY_SYMLINK)
		tar.link = entry->target;
	else if (entry->type == SP_ENTRY_HARDLINK)
		tar.link = entry->target + 1;
	sp_buf_reset(ret);
	sp_tar_header(ret, &tar);
}

/* The root of the image is the engine's: podman would apply our mode to it. */
static bool is_root(const struct sp_entry *entry)
{
	return strcmp(entry->path, "/") == 0;
}

static uint64_t data_size(const struct sp_entry *entry)
{
	return entry->type == SP_ENTRY_FILE ? entry->size : 0;
}

/* Say which source a failure is about. */
static int blame(const struct sp_entry *entry, struct sp_err *err)
{
	return sp_err_wrap(err, "%s", sp_root_show(entry->root, entry->source));
}

/* The file's bytes, straight into the pool's blocks.  They were measured when
 * the plan was made: anything else now would be an image of two moments. */
static int copy_source(struct writer *w, const struct sp_entry *entry,
		       struct sp_file *file, struct sp_err *err)
{
	uint64_t at = 0;

	while (at < entry->size) {
		size_t room, got = 0;
		void *to = sp_pool_room(w->pool, &room);
		size_t want = entry->size - at < room ? (size_t)(entry->size - at) : room;

		if (sp_file_pread(file, to, want, at, &got, err))
			return blame(entry, err);
		if (got < want) {
			sp_err_set(err, SP_ECHANGED,
				   "became shorter while it was being packed; run again when nothing writes to it");
			return blame(entry, err);
		}
		if (commit_data(w, got, err))
			return -1;
		at += got;
	}
	return 0;
}

static int put_source(struct writer *w, const struct sp_entry *entry,
		      struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;

	if (sp_root_open(entry->root, entry->source, &file, err))
		return sp_err_set(err, SP_ECHANGED,
				  "%s; it could be opened when the image was planned", err->msg);
	if (sp_file_unchanged(&file, &entry->source_st, err))
		return blame(entry, err);
	if (copy_source(w, entry, &file, err))
		return -1;
	if (sp_file_unchanged(&file, &entry->source_st, err))
		return blame(entry, err);
	return 0;
}

static int put_entry(struct writer *w, const struct sp_entry *entry,
		     struct sp_err *err)
{
	static const char zeros[SP_TAR_BLOCK];

	w->progress.item = entry->path;
	entry_header(entry, w->options->mtime, &w->header);
	if (put(w, w->header.data, w->header.len, commit, err))
		return -1;
	if (data_size(entry) == 0)
		return 0;
	if (entry->root ? put_source(w, entry, err) :
			  put(w, entry->content, entry->size, commit_data, err))
		return -1;
	return put(w, zeros, sp_tar_padding(entry->size), commit, err);
}

static int put_end(struct writer *w, struct sp_err *err)
{
	sp_buf_reset(&w->header);
	sp_tar_end(&w->header);
	if (put(w, w->header.data, w->header.len, commit, err) ||
	    sp_pool_finish(w->pool, err))
		return -1;
	w->progress.item = NULL;
	report(w);
	return 0;
}

/* The size that the tar will have, in bytes. */
static uint64_t tar_size(const struct sp_entry *const *entries, size_t nr, int64_t mtime)
{
	sp_autobuf struct sp_buf header = { 0 };
	uint64_t size = 2 * SP_TAR_BLOCK;

	for (size_t i = 0; i < nr; i++) {
		if (is_root(entries[i]))
			continue;
		entry_header(entries[i], mtime, &header);
		size += header.len + data_size(entries[i]);
		size += sp_tar_padding(data_size(entries[i]));
	}
	return size;
}

static void finish_desc(struct writer *w, struct sp_hash *plain, struct sp_layer *ret)
{
	ret->tar_size = w->tar_size;
	ret->desc.media_type = sp_compress_media_type(&w->options->compress);
	ret->desc.size = w->size;
	sp_hash_done(plain, &ret->diff_id);
	if (w->packed)
		sp_hash_done(w->packed, &ret->desc.digest);
	else
		ret->desc.digest = ret->diff_id;
}

int sp_layer_write(const struct sp_entry *const *entries, size_t nr,
		   const struct sp_layer_options *options, struct sp_sink *sink,
		   struct sp_layer *ret, struct sp_err *err)
{
	sp_autohash struct sp_hash *plain = sp_hash_new();
	SP_CLEANUP(writer_release) struct writer w = {
		.options = options,
		.sink = sink,
		.progress = { .phase = "layer" },
	};
	bool packs = options->compress.kind != SP_COMPRESS_NONE;
	struct sp_layer layer = { 0 };

	if (packs)
		w.packed = sp_hash_new();
	for (size_t i = 0; i < nr; i++)
		w.progress.total += data_size(entries[i]);
	if (sink->begin(sink, packs ? 0 : tar_size(entries, nr, options->mtime), err))
		return -1;
	w.pool = sp_pool_new(&options->compress, options->threads, plain, to_sink, &w);
	for (size_t i = 0; i < nr; i++)
		if (!is_root(entries[i]) && put_entry(&w, entries[i], err))
			return -1;
	if (put_end(&w, err))
		return -1;
	finish_desc(&w, plain, &layer);
	if (sink->end(sink, &layer.desc, err))
		return -1;
	*ret = layer;
	return 0;
}
