/*
 * Reading blobs without trust: never more than one byte over the size that was
 * claimed, and nothing is handed on before its digest is known to be right
 * (image-spec descriptor.md).
 */
#include <string.h>

#include "base/vec.h"
#include "image/verify_state.h"

#define CHUNK (128 * 1024)

int sp_verify_tick(struct sp_verify_state *v, const char *item, size_t bytes,
		   struct sp_err *err)
{
	const struct sp_verify_options *o = v->options;

	v->done += bytes;
	if (o->cancelled && *o->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	if (o->progress) {
		struct sp_progress p = { .phase = "verify", .item = item, .done = v->done };

		o->progress(o->progress_ctx, &p);
	}
	return 0;
}

int sp_verify_open(struct sp_verify_state *v, const struct sp_verify_place *at,
		   struct sp_blob_reader **ret, struct sp_err *err)
{
	struct sp_source *s = v->source;
	int r = at->path ? s->open_path(s, at->path, ret, err) :
			   s->open_blob(s, at->digest, ret, err);

	if (!r)
		return 0;
	*ret = NULL;
	return sp_verify_absorb(v, "blob-missing", at->where, err);
}

static void close_reader(struct sp_blob_reader **reader)
{
	if (*reader)
		(*reader)->close(*reader);
}

/* Compare what was read with what was claimed; the digest comes first. */
static bool compare(struct sp_verify_state *v, const struct sp_verify_place *at,
		    const struct sp_digest *digest, uint64_t size)
{
	bool sized = at->size != SP_VERIFY_UNKNOWN;

	if (sized && size > at->size) {
		sp_verify_problem(v, "blob-size", at->where,
				  "is larger than the %llu bytes it should have",
				  (unsigned long long)at->size);
		return false;
	}
	if (at->digest && !sp_digest_equal(at->digest, digest)) {
		sp_verify_problem(v, "blob-digest", at->where,
				  "its digest is %s and not %s%s", digest->str,
				  at->digest->str,
				  sized && size < at->size ? ", and it is too short" : "");
		return false;
	}
	if (sized && size < at->size) {
		sp_verify_problem(v, "blob-size", at->where,
				  "has %llu bytes and not the %llu it should have",
				  (unsigned long long)size, (unsigned long long)at->size);
		return false;
	}
	return true;
}

/* Read up to room bytes, no more than one over what is left of the claim. */
static int read_some(struct sp_verify_state *v, const struct sp_verify_place *at,
		     struct sp_blob_reader *reader, void *buf, size_t room,
		     uint64_t done, size_t *ret_len, struct sp_err *err)
{
	if (at->size < SP_VERIFY_UNKNOWN && room > at->size + 1 - done)
		room = (size_t)(at->size + 1 - done);
	*ret_len = 0;
	if (room && reader->read(reader, buf, room, ret_len, err))
		return -1;
	return sp_verify_tick(v, at->where, *ret_len, err);
}

/* Hash a blob to its end; to keep it as well, give keep and keep's limit. */
static int hash_all(struct sp_verify_state *v, const struct sp_verify_place *at,
		    struct sp_blob_reader *reader, struct sp_buf *keep,
		    struct sp_digest *ret_digest, uint64_t *ret_size, struct sp_err *err)
{
	struct sp_hash *hash sp_autohash = at->digest ? sp_hash_new_like(at->digest) :
							sp_hash_new();
	sp_autofree char *buf = sp_malloc(CHUNK);
	uint64_t size = 0;
	size_t got;

	do {
		if (read_some(v, at, reader, buf, CHUNK, size, &got, err))
			return -1;
		sp_hash_add(hash, buf, got);
		size += got;
		if (keep && size > SP_DOCUMENT_MAX)
			return sp_err_set(err, SP_EVERIFY,
					  "is larger than %d bytes, the limit for a document",
					  SP_DOCUMENT_MAX);
		if (keep)
			sp_buf_add(keep, buf, got);
	} while (got);
	sp_hash_done(hash, ret_digest);
	*ret_size = size;
	return 0;
}

int sp_verify_hash(struct sp_verify_state *v, const struct sp_verify_place *at,
		   bool *ret_ok, struct sp_digest *ret_digest, uint64_t *ret_size,
		   struct sp_err *err)
{
	SP_CLEANUP(close_reader) struct sp_blob_reader *reader = NULL;

	*ret_ok = false;
	if (sp_verify_open(v, at, &reader, err))
		return -1;
	if (!reader)
		return 0;
	if (hash_all(v, at, reader, NULL, ret_digest, ret_size, err))
		return sp_verify_absorb(v, "blob-unreadable", at->where, err);
	*ret_ok = compare(v, at, ret_digest, *ret_size);
	return 0;
}

/* A blob that was hashed before: what is left to compare is this size. */
static bool known_blob(struct sp_verify_state *v, const struct sp_verify_place *at,
		       const struct sp_verify_blob *blob)
{
	if (!blob->ok || at->size == SP_VERIFY_UNKNOWN || at->size == blob->size)
		return blob->ok;
	sp_verify_problem(v, "blob-size", at->where,
			  "has %llu bytes and not the %llu it should have",
			  (unsigned long long)blob->size, (unsigned long long)at->size);
	return false;
}

int sp_verify_check_blob(struct sp_verify_state *v, const struct sp_verify_place *at,
			 bool *ret_ok, struct sp_err *err)
{
	size_t i = sp_map_get(&v->blobs_by_digest, at->digest->str);
	struct sp_digest digest;
	uint64_t size = 0;

	if (i != SP_MAP_NONE) {
		*ret_ok = known_blob(v, at, &v->blobs[i]);
		return 0;
	}
	if (sp_verify_hash(v, at, ret_ok, &digest, &size, err))
		return -1;
	sp_map_set(&v->blobs_by_digest, sp_arena_strdup(&v->arena, at->digest->str),
		   v->blobs_nr);
	*SP_VEC_PUSH(v->blobs) = (struct sp_verify_blob){ *ret_ok, size };
	return 0;
}

int sp_verify_read(struct sp_verify_state *v, const struct sp_verify_place *at,
		   struct sp_buf *ret, struct sp_digest *ret_digest, bool *ret_ok,
		   struct sp_err *err)
{
	SP_CLEANUP(close_reader) struct sp_blob_reader *reader = NULL;
	uint64_t size;

	*ret_ok = false;
	if (at->size != SP_VERIFY_UNKNOWN && at->size > SP_DOCUMENT_MAX) {
		sp_verify_problem(v, "document-size", at->where,
				  "claims %llu bytes; the limit for a document is %d",
				  (unsigned long long)at->size, SP_DOCUMENT_MAX);
		return 0;
	}
	if (sp_verify_open(v, at, &reader, err))
		return -1;
	if (!reader)
		return 0;
	if (hash_all(v, at, reader, ret, ret_digest, &size, err))
		return sp_verify_absorb(v, "blob-unreadable", at->where, err);
	*ret_ok = compare(v, at, ret_digest, size);
	return 0;
}
