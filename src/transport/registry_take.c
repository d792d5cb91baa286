/*
 * A blob that another source has, on its way to a registry: read as it is sent, and
 * again from the start if it must be sent again.
 */
#include "transport/registry_dest.h"

#include "image/checked.h"

struct take {
	struct sp_source *source;
	const struct sp_desc *desc;
	struct sp_blob_reader *reader;
	uint64_t pos;
};

static void take_close(struct take *t)
{
	if (t->reader)
		t->reader->close(t->reader);
	t->reader = NULL;
}

/* Begin to read anew, and go to where the body is wanted from. */
static int take_seek(struct take *t, uint64_t offset, struct sp_err *err)
{
	take_close(t);
	t->pos = 0;
	if (sp_checked_open(t->source, t->desc, &t->reader, err))
		return -1;
	while (t->pos < offset) {
		char skip[16384];
		uint64_t left = offset - t->pos;
		size_t got, len = left < sizeof(skip) ? (size_t)left : sizeof(skip);

		if (t->reader->read(t->reader, skip, len, &got, err))
			return -1;
		if (!got)
			return sp_err_set(err, SP_ECHANGED, "blob %s: became shorter",
					  t->desc->digest.str);
		t->pos += got;
	}
	return 0;
}

/* The last bytes are given out only when the digest of all is right, so that wrong
 * ones never make a whole blob. */
static int take_body(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		     struct sp_err *err)
{
	struct take *t = ctx;
	size_t got;
	char more;

	if ((!t->reader || t->pos != offset) && take_seek(t, offset, err))
		return -1;
	if (t->reader->read(t->reader, buf, len, ret_len, err))
		return -1;
	t->pos += *ret_len;
	if (t->pos == t->desc->size)
		return t->reader->read(t->reader, &more, 1, &got, err);
	return 0;
}

int sp_registry_dest_take(struct sp_dest *dest, struct sp_source *source, const struct sp_desc *desc,
		     struct sp_err *err)
{
	struct sp_registry_dest *d = (struct sp_registry_dest *)dest;
	struct take t = { .source = source, .desc = desc };
	bool there;
	int rc;

	if (sp_registry_dest_there(d, desc, &there, err))
		return -1;
	if (there)
		return 0;
	/* an empty blob asks for nothing to be read */
	rc = desc->size ? 0 : take_seek(&t, 0, err);
	if (!rc)
		rc = sp_blob_put(d->r, desc, &(struct sp_body){ take_body, &t }, err);
	take_close(&t);
	if (!rc)
		sp_registry_dest_done(d, &desc->digest);
	return rc;
}
