/*
 * Sending blobs of which the digest is known.
 */
#include "transport/blobs.h"

#include <string.h>

#include "transport/upload.h"

int sp_blob_has(struct sp_registry *r, const struct sp_desc *desc, bool *ret,
		struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_http_response res = { 0 };
	const char *length;
	struct sp_url at;
	int rc = 0;

	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "HEAD",
			.path = sp_arena_strf(&arena, "blobs/%s", desc->digest.str) },
			&res, &arena, &at, err))
		return -1;
	/* of another size it is not the same blob, whatever it is called there */
	length = sp_http_header(&res, "Content-Length");
	*ret = res.status == 200 && (!length || strtoull(length, NULL, 10) == desc->size);
	/* a store that we were sent to may let GET in alone; that tells nothing */
	if ((res.status == 401 || res.status == 403) && sp_registry_is_own(r, &at))
		rc = sp_registry_refused(r, sp_arena_strf(&arena, "cannot ask for blob %s",
							  desc->digest.str), &res, err);
	sp_http_response_release(&res);
	return rc;
}

/* Take it over from the repository called path on the same registry.  One that does
 * not do that has it not, which is no failure. */
static int mount(struct sp_registry *r, const struct sp_desc *desc, const char *path, bool *ret,
		 struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_http_response res = { 0 };
	struct sp_upload up = { .registry = r };
	struct sp_url from;

	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "POST", .once = true,
			.path = sp_arena_strf(&arena, "blobs/uploads/?mount=%s&from=%s",
					      desc->digest.str, sp_url_escape(path, &arena)) },
			&res, &arena, &from, err)) {
		/* what it would have saved is not worth a failure */
		if (err->code == SP_ECANCELLED || err->code == SP_EAUTH)
			return -1;
		*err = (struct sp_err){ 0 };
		*ret = false;
		return 0;
	}
	*ret = res.status == 201;
	/* it began an upload instead, of which nothing will come */
	if (res.status == 202) {
		struct sp_err ignored = { 0 };

		if (sp_registry_location(r, &from, &res, &up.arena, &up.location, &ignored) == 0)
			sp_upload_release(&up);
	}
	sp_http_response_release(&res);
	return 0;
}

int sp_blob_there(struct sp_registry *r, const struct sp_desc *desc, bool *ret,
		  struct sp_err *err)
{
	const char *const *mounts;
	size_t nr;

	if (sp_blob_has(r, desc, ret, err))
		return -1;
	mounts = sp_registry_mounts(r, &nr);
	for (size_t i = 0; !*ret && i < nr; i++)
		if (mount(r, desc, mounts[i], ret, err))
			return -1;
	return 0;
}

/* The body in one PUT.  *ret_limit: the registry wants it in smaller pieces. */
static int put_whole(struct sp_upload *up, const struct sp_desc *desc,
		     const struct sp_body *body, bool *ret_limit, bool *ret_again,
		     struct sp_err *err)
{
	static const char *const headers[] = { "Content-Type: application/octet-stream" };
	struct sp_registry *r = up->registry;
	struct sp_http_response res = { 0 };
	struct sp_url url = sp_upload_url(up, desc);
	int rc = 0;

	*ret_limit = *ret_again = false;
	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "PUT", .url = &url, .headers = headers, .headers_nr = 1,
			.read = body->read, .read_ctx = body->ctx, .body_len = desc->size,
			.once = true }, &res, &up->arena, NULL, err)) {
		/* what the body's own reader says is not the network's fault */
		*ret_again = err->code == SP_ENETWORK;
		return -1;
	}
	if (res.status / 100 == 2) {
		up->location.host = NULL;
	} else {
		*ret_limit = res.status == 413 || res.status == 416;
		*ret_again = sp_upload_may_restart(&res);
		rc = sp_registry_refused(r, sp_arena_strf(&up->arena, "cannot push blob %s",
							  desc->digest.str), &res, err);
	}
	sp_http_response_release(&res);
	return rc;
}

/* A part of a body, as a body. */
struct part {
	const struct sp_body *body;
	uint64_t begin;
};

static int part_read(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		     struct sp_err *err)
{
	const struct part *p = ctx;

	return p->body->read(p->body->ctx, buf, len, p->begin + offset, ret_len, err);
}

static int put_chunks(struct sp_upload *up, const struct sp_desc *desc,
		      const struct sp_body *body, struct sp_err *err)
{
	while (up->offset < desc->size) {
		struct part part = { body, up->offset };
		uint64_t left = desc->size - up->offset;

		if (sp_upload_chunk(up, &(struct sp_body){ part_read, &part },
				    left < up->chunk ? left : up->chunk, err))
			return -1;
	}
	return sp_upload_finish(up, desc, err);
}

/* One session from its beginning to its end. */
static int put_once(struct sp_registry *r, const struct sp_desc *desc,
		    const struct sp_body *body, bool *chunked, bool *ret_again,
		    struct sp_err *err)
{
	SP_CLEANUP(sp_upload_release) struct sp_upload up = { 0 };
	bool limit = false;
	int rc;

	*ret_again = false;
	if (sp_upload_begin(r, &up, err))
		return -1;
	if (*chunked) {
		rc = put_chunks(&up, desc, body, err);
		*ret_again = rc && err->code == SP_ENETWORK;
		return rc;
	}
	rc = put_whole(&up, desc, body, &limit, ret_again, err);
	if (rc && limit) {
		*chunked = true;
		*ret_again = true;
	}
	return rc;
}

int sp_blob_put(struct sp_registry *r, const struct sp_desc *desc, const struct sp_body *body,
		struct sp_err *err)
{
	bool chunked = sp_registry_settings(r)->chunk_size, there = false;

	for (unsigned n = 1;; n++) {
		struct sp_err why = { 0 };
		bool again, was = chunked;

		if (put_once(r, desc, body, &chunked, &again, &why) == 0)
			return 0;
		/* the answer alone may have been lost */
		if (again && was == chunked && sp_registry_wait(r, n, NULL, &why))
			again = false;
		if (again && sp_blob_has(r, desc, &there, &why) == 0 && there)
			return 0;
		if (!again) {
			*err = why;
			return -1;
		}
	}
}
