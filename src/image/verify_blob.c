/*
 * Reading blobs without trust: never more than one byte over the size that was
 * claimed, and nothing is handed on before its digest is known to be right
 * (image-spec descriptor.md).
 */
#include "base/vec.h"
#include "image/checked.h"
#include "image/verify_state.h"

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

/* A reader of bytes that claim a size: it gives no more than one byte over that, and
 * says how far it is. */
struct claimed {
	struct sp_blob_reader reader, *inner;
	struct sp_verify_state *v;
	const struct sp_verify_place *at;
	uint64_t done;
};

static int claimed_read(struct sp_blob_reader *reader, void *buf, size_t room,
			size_t *ret_len, struct sp_err *err)
{
	struct claimed *c = (struct claimed *)reader;
	uint64_t claim = c->at->size;

	if (claim < SP_VERIFY_UNKNOWN && room > claim + 1 - c->done)
		room = (size_t)(claim + 1 - c->done);
	*ret_len = 0;
	if (room && c->inner->read(c->inner, buf, room, ret_len, err))
		return -1;
	c->done += *ret_len;
	return sp_verify_tick(c->v, c->at->where, *ret_len, err);
}

/* Hash a blob to its end, and keep its bytes if there is where to. */
static int hash_all(struct sp_verify_state *v, const struct sp_verify_place *at,
		    struct sp_blob_reader *reader, struct sp_buf *keep,
		    struct sp_digest *ret_digest, uint64_t *ret_size, struct sp_err *err)
{
	struct claimed claimed = { .reader = { .read = claimed_read }, .inner = reader,
				   .v = v, .at = at };
	struct sp_desc desc;

	if (sp_checked_hash(&claimed.reader, at->digest, keep, &desc, err))
		return -1;
	*ret_digest = desc.digest;
	*ret_size = desc.size;
	return 0;
}

int sp_verify_hash(struct sp_verify_state *v, const struct sp_verify_place *at,
		   bool *ret_ok, struct sp_digest *ret_digest, uint64_t *ret_size,
		   struct sp_err *err)
{
	sp_autoreader struct sp_blob_reader *reader = NULL;

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
	sp_autoreader struct sp_blob_reader *reader = NULL;
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
