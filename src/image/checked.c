/*
 * A reader that counts and hashes what passes through it.
 */
#include "image/checked.h"

#include "base/mem.h"
#include "image/image.h"

#define CHUNK (64 * 1024)

struct checked {
	struct sp_blob_reader reader;
	struct sp_blob_reader *inner;
	struct sp_desc desc;
	struct sp_hash *hash;
	uint64_t size;
	bool ended;
};

/* The end has come: is it the right one? */
static int compare(struct checked *c, struct sp_err *err)
{
	struct sp_digest digest;

	sp_hash_done(c->hash, &digest);
	c->ended = true;
	if (!sp_digest_equal(&digest, &c->desc.digest))
		return sp_err_set(err, SP_ECHANGED, "blob %s: its digest is %s%s",
				  c->desc.digest.str, digest.str,
				  c->size < c->desc.size ? ", and it is too short" : "");
	if (c->size != c->desc.size)
		return sp_err_set(err, SP_ECHANGED,
				  "blob %s: has %llu bytes and not the %llu it should have",
				  c->desc.digest.str, (unsigned long long)c->size,
				  (unsigned long long)c->desc.size);
	return 0;
}

static int checked_read(struct sp_blob_reader *reader, void *buf, size_t len,
			size_t *ret_len, struct sp_err *err)
{
	struct checked *c = (struct checked *)reader;
	uint64_t left = c->desc.size + 1 - c->size;

	*ret_len = 0;
	if (c->ended || !len)
		return 0;
	if (c->inner->read(c->inner, buf, len < left ? len : (size_t)left, ret_len, err))
		return -1;
	c->size += *ret_len;
	if (c->size > c->desc.size)
		return sp_err_set(err, SP_ECHANGED,
				  "blob %s: is larger than the %llu bytes it should have",
				  c->desc.digest.str, (unsigned long long)c->desc.size);
	sp_hash_add(c->hash, buf, *ret_len);
	return *ret_len ? 0 : compare(c, err);
}

static void checked_close(struct sp_blob_reader *reader)
{
	struct checked *c = (struct checked *)reader;

	c->inner->close(c->inner);
	sp_hash_free(c->hash);
	free(c);
}

struct sp_blob_reader *sp_checked_new(struct sp_blob_reader *reader,
				      const struct sp_desc *desc)
{
	struct checked *c = sp_calloc(1, sizeof(*c));

	c->reader = (struct sp_blob_reader){ .read = checked_read, .close = checked_close };
	c->inner = reader;
	c->desc = *desc;
	c->hash = sp_hash_new_like(&desc->digest);
	return &c->reader;
}

int sp_checked_open(struct sp_source *source, const struct sp_desc *desc,
		    struct sp_blob_reader **ret, struct sp_err *err)
{
	struct sp_blob_reader *reader;

	if (source->open_blob(source, &desc->digest, &reader, err))
		return -1;
	*ret = sp_checked_new(reader, desc);
	return 0;
}

static int read_all(struct sp_blob_reader *reader, struct sp_buf *ret, struct sp_err *err)
{
	size_t got;

	do {
		if (reader->read(reader, sp_buf_reserve(ret, CHUNK), CHUNK, &got, err))
			return -1;
		ret->len += got;
		ret->data[ret->len] = '\0';
	} while (got);
	return 0;
}

int sp_checked_read(struct sp_source *source, const struct sp_desc *desc,
		    struct sp_buf *ret, struct sp_err *err)
{
	sp_autoreader struct sp_blob_reader *reader = NULL;
	sp_autobuf struct sp_buf buf = { 0 };

	if (desc->size > SP_DOCUMENT_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "blob %s: claims %llu bytes; the limit for a document is %d",
				  desc->digest.str, (unsigned long long)desc->size,
				  SP_DOCUMENT_MAX);
	if (sp_checked_open(source, desc, &reader, err) || read_all(reader, &buf, err))
		return -1;
	sp_buf_reset(ret);
	sp_buf_add(ret, buf.data, buf.len);
	return 0;
}

int sp_checked_hash(struct sp_blob_reader *reader, const struct sp_digest *like,
		    struct sp_buf *keep, struct sp_desc *ret, struct sp_err *err)
{
	sp_autohash struct sp_hash *hash = like ? sp_hash_new_like(like) : sp_hash_new();
	sp_autofree char *buf = sp_malloc(CHUNK);
	size_t got;

	ret->size = 0;
	do {
		if (reader->read(reader, buf, CHUNK, &got, err))
			return -1;
		sp_hash_add(hash, buf, got);
		ret->size += got;
		if (keep && ret->size > SP_DOCUMENT_MAX)
			return sp_err_set(err, SP_EVERIFY,
					  "is larger than %d bytes, the limit for a document",
					  SP_DOCUMENT_MAX);
		if (keep)
			sp_buf_add(keep, buf, got);
	} while (got);
	sp_hash_done(hash, &ret->digest);
	return 0;
}
