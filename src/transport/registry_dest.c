/*
 * A registry as a destination.
 *
 * Small blobs wait in memory until their end says what they are.  A large one goes up
 * in chunks while it is made: one chunk fills while a thread sends the one before.  If
 * that fails, what was sent is gone, and the blob is asked for again (sp_dest_again());
 * then it is put aside in a file without a name and sent in one piece, which can be
 * repeated.  Manifests go up when the image is whole, and the tag last.
 *
 * Of two repositories of one registry the second follows the first: its blobs are
 * mounted when the first has them, and sent only if that is refused.
 */
#include "transport/registry_dest.h"

#include <string.h>

#include "base/vec.h"
#include "image/document.h"

static struct sp_registry_dest *of_sink(struct sp_sink *sink)
{
	return (struct sp_registry_dest *)((char *)sink -
					   offsetof(struct sp_registry_dest, sink));
}

static bool is_document(const char *media_type)
{
	return sp_mt_is_index(media_type) || sp_mt_is_manifest(media_type);
}

/* Of a layer that goes up while it is made. */
static void progress(struct sp_registry_dest *d)
{
	const struct sp_transport_options *o = sp_registry_transport(d->r);

	if (o && o->progress)
		o->progress(o->progress_ctx, &(struct sp_progress){
			.phase = "push", .item = sp_registry_name(d->r), .done = d->sent });
}

/* --- blobs in memory or in a file, as bodies --- */

static int memory_body(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		       struct sp_err *err)
{
	const struct sp_buf *text = ctx;
	size_t left = text->len - (size_t)offset;

	(void)err;
	*ret_len = len < left ? len : left;
	memcpy(buf, text->data + offset, *ret_len);
	return 0;
}

static int file_body(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		     struct sp_err *err)
{
	return sp_outfile_read(ctx, offset, buf, len, ret_len, err);
}

/* --- a blob that goes up in chunks --- */

static void *send_thread(void *ctx)
{
	struct sp_registry_dest *d = ctx;

	d->send_rc = sp_upload_chunk(&d->upload,
				     &(struct sp_body){ memory_body, &d->sending },
				     d->sending.len, &d->send_err);
	return NULL;
}

/* Wait for the chunk that is under way. */
static int join(struct sp_registry_dest *d)
{
	if (d->thread_runs)
		pthread_join(d->thread, NULL);
	d->thread_runs = false;
	return d->send_rc;
}

/* What cannot become better is a failure; else the blob is wanted again. */
static int give_up(struct sp_registry_dest *d, const struct sp_err *why, struct sp_err *err)
{
	if (why->code != SP_ENETWORK || d->spool) {
		*err = *why;
		return -1;
	}
	d->lost = true;
	sp_buf_reset(&d->filling);
	sp_upload_release(&d->upload);
	return 0;
}

/* Send what has filled up. */
static int flush(struct sp_registry_dest *d, struct sp_err *err)
{
	struct sp_buf swap;

	if (join(d))
		return give_up(d, &d->send_err, err);
	if (!d->upload.location.host) {
		struct sp_err why = { 0 };

		if (sp_upload_begin(d->r, &d->upload, &why))
			return give_up(d, &why, err);
		d->chunk = d->upload.chunk;
		/* more than we keep in memory: by way of a file */
		if (d->chunk > SP_CHUNK_MAX)
			return give_up(d, &(struct sp_err){ .code = SP_ENETWORK }, err);
		if (d->filling.len < d->chunk)
			return 0;
	}
	d->sent += d->filling.len;
	progress(d);
	swap = d->sending;
	d->sending = d->filling;
	d->filling = swap;
	sp_buf_reset(&d->filling);
	d->send_err = (struct sp_err){ 0 };
	d->send_rc = 0;
	d->thread_runs = pthread_create(&d->thread, NULL, send_thread, d) == 0;
	if (!d->thread_runs)
		send_thread(d);
	return 0;
}

/* Forget the blob under way. */
static void drop(struct sp_registry_dest *d)
{
	join(d);
	d->send_rc = 0;
	sp_upload_release(&d->upload);
	sp_buf_reset(&d->filling);
	sp_buf_reset(&d->sending);
	sp_outfile_abort(&d->file);
	d->lost = false;
	d->sent = 0;
}

static int dest_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct sp_registry_dest *d = of_sink(sink);
	const struct sp_transport_options *o = sp_registry_transport(d->r);

	drop(d);
	d->small = hint && hint <= SP_DOCUMENT_MAX;
	d->chunk = sp_registry_settings(d->r)->chunk_size;
	if (!d->chunk || d->chunk > SP_CHUNK_MAX)
		d->chunk = SP_CHUNK_BYTES;
	if (d->small || !d->spool)
		return 0;
	return sp_outfile_open_unnamed(&d->file, o && o->temp_dir ? o->temp_dir : "/tmp", err);
}

static int dest_write(struct sp_sink *sink, const void *data, size_t len, struct sp_err *err)
{
	struct sp_registry_dest *d = of_sink(sink);
	const char *p = data;

	if (d->lost)
		return 0;
	if (d->file.fd >= 0)
		return sp_outfile_write(&d->file, data, len, err);
	if (d->small) {
		if (d->filling.len + len > SP_DOCUMENT_MAX)
			return sp_err_set(err, SP_EUSAGE, "a document is larger than %d bytes",
					  SP_DOCUMENT_MAX);
		sp_buf_add(&d->filling, data, len);
		return 0;
	}
	/* what is too large to be kept is taken over from the leader at its end */
	if (d->leader && d->filling.len + len >= d->chunk) {
		sp_buf_reset(&d->filling);
		d->lost = true;
	}
	while (len && !d->lost) {
		size_t room = d->chunk - d->filling.len, n = len < room ? len : room;

		sp_buf_add(&d->filling, p, n);
		p += n;
		len -= n;
		if (d->filling.len >= d->chunk && flush(d, err))
			return -1;
	}
	return 0;
}

/* --- the end of a blob --- */

static int dest_has(struct sp_sink *sink, const struct sp_desc *desc, bool *ret,
		    struct sp_err *err)
{
	struct sp_registry_dest *d = of_sink(sink);

	*ret = false;
	/* what it does not have it gets first */
	if (d->leader && !sp_registry_dest_is_done(d->leader, &desc->digest))
		return 0;
	if (sp_registry_dest_there(d, desc, ret, err))
		return -1;
	/* so that it is not asked for again when it has been written */
	if (!*ret)
		d->absent = desc->digest;
	return 0;
}

static int keep_document(struct sp_registry_dest *d, const struct sp_desc *desc)
{
	struct sp_kept_document *doc = SP_VEC_PUSH(d->documents);

	*doc = (struct sp_kept_document){ .desc = *desc };
	doc->desc.media_type = sp_arena_strdup(&d->arena, desc->media_type);
	doc->text = d->filling;
	d->filling = (struct sp_buf){ 0 };
	sp_registry_dest_done(d, &desc->digest);
	return 0;
}

/* The end of a blob of which chunks went up before. */
static int end_upload(struct sp_registry_dest *d, const struct sp_desc *desc,
		      struct sp_err *err)
{
	if (d->filling.len && flush(d, err))
		return -1;
	if (!d->lost && join(d) && give_up(d, &d->send_err, err))
		return -1;
	if (!d->lost && sp_upload_finish(&d->upload, desc, &d->send_err) &&
	    give_up(d, &d->send_err, err))
		return -1;
	return 0;
}

/* The end of one that is here as a whole. */
static int end_whole(struct sp_registry_dest *d, const struct sp_desc *desc,
		     struct sp_err *err)
{
	bool there = false;
	struct sp_body body = { memory_body, &d->filling };

	if (d->file.fd >= 0)
		body = (struct sp_body){ file_body, &d->file };
	if (!sp_digest_equal(&d->absent, &desc->digest) && sp_registry_dest_there(d, desc, &there, err))
		return -1;
	if (there)
		return 0;
	return sp_blob_put(d->r, desc, &body, err);
}

static int dest_end(struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	struct sp_registry_dest *d = of_sink(sink);
	/* not the upload itself, which the thread may be at work on */
	bool chunked = d->sent || d->lost;
	bool there = sp_registry_dest_is_done(d, &desc->digest);

	if (is_document(desc->media_type))
		return keep_document(d, desc);
	if (!there && d->leader && d->lost && sp_registry_dest_there(d, desc, &there, err))
		return -1;
	if (there) {
		d->again = false;
		drop(d);
		return 0;
	}
	if (chunked ? end_upload(d, desc, err) : end_whole(d, desc, err))
		return -1;
	if (d->lost) {
		d->again = d->spool = true;
	} else {
		sp_registry_dest_done(d, &desc->digest);
		d->again = false;
	}
	drop(d);
	return 0;
}

/* --- the destination --- */

static bool dest_again(const struct sp_dest *dest)
{
	return ((const struct sp_registry_dest *)dest)->again;
}

static void dest_free(struct sp_dest *dest)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;

	if (d->r)
		drop(d);
	for (size_t i = 0; i < d->documents_nr; i++)
		sp_buf_release(&d->documents[i].text);
	free(d->documents);
	free(d->known);
	sp_buf_release(&d->filling);
	sp_buf_release(&d->sending);
	sp_map_release(&d->done);
	sp_registry_free(d->r);
	sp_arena_release(&d->arena);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static const struct sp_dest_ops registry_ops = {
	.prepare = sp_registry_dest_prepare, .commit = sp_registry_dest_commit,
	.free = dest_free,
	.knows = sp_registry_dest_knows, .take = sp_registry_dest_take, .again = dest_again,
	.follow = sp_registry_dest_follow,
};

/* where is the image's name, which transport.c keeps for sp_dest_names(). */
int sp_registry_dest_open(const char *where, unsigned form,
			  const struct sp_transport_options *options, struct sp_dest **ret,
			  struct sp_err *err)
{
	struct sp_registry_dest *d = sp_calloc(1, sizeof(*d));
	struct sp_ref ref;

	(void)form;
	pthread_mutex_init(&d->lock, NULL);
	d->file = (struct sp_outfile)SP_OUTFILE_INIT;
	d->dest.ops = &registry_ops;
	d->dest.final = true;
	d->dest.sink = &d->sink;
	d->sink = (struct sp_sink){ .begin = dest_begin, .write = dest_write, .end = dest_end,
				    .has = dest_has };
	if (sp_ref_parse(where, &d->arena, &ref, err))
		goto fail;
	d->reference = ref.digest ? NULL : ref.tag ? ref.tag : SP_REF_DEFAULT_TAG;
	if (sp_registry_new(options, &ref, true, &d->r, err))
		goto fail;
	*ret = &d->dest;
	return 0;
fail:
	dest_free(&d->dest);
	return -1;
}
