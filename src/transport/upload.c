/*
 * Upload sessions (distribution-spec, "Pushing a blob in chunks").
 */
#include "transport/upload.h"

#include <stdio.h>
#include <string.h>

#define CHUNK_TRIES 4	/* of one chunk, within a session */
#define RANGE_TRIES 2	/* of one that is said to be out of place */

bool sp_upload_may_restart(const struct sp_http_response *res)
{
	return res->status == 404 || res->status == 408 || res->status == 429 ||
	       res->status >= 500 || sp_registry_has_code(res, "BLOB_UPLOAD_UNKNOWN") ||
	       sp_registry_has_code(res, "BLOB_UPLOAD_INVALID");
}

static uint64_t chunk_size(const struct sp_registry *r, const struct sp_http_response *res)
{
	const char *min = sp_http_header(res, "OCI-Chunk-Min-Length");
	uint64_t size = sp_registry_settings(r)->chunk_size;
	unsigned long long least = min ? strtoull(min, NULL, 10) : 0;

	size = size ? size : SP_CHUNK_BYTES;
	return least > size ? least : size;
}

int sp_upload_begin(struct sp_registry *r, struct sp_upload *up, struct sp_err *err)
{
	struct sp_http_response res = { 0 };
	struct sp_url from;
	int rc = 0;

	*up = (struct sp_upload){ .registry = r };
	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "POST", .path = "blobs/uploads/" }, &res, &up->arena, &from,
			err))
		return -1;
	if (res.status != 202 && res.status != 201)
		rc = sp_registry_refused(r, res.status == 404 ?
					 "cannot push to it (some registries want the repository "
					 "to be made first)" : "cannot push to it", &res, err);
	else if (sp_registry_location(r, &from, &res, &up->arena, &up->location, err))
		rc = sp_err_wrap(err, "%s: cannot begin an upload", sp_registry_name(r));
	up->chunk = chunk_size(r, &res);
	sp_http_response_release(&res);
	return rc;
}

/* Each answer says where the next request goes. */
static int move_on(struct sp_upload *up, const struct sp_http_response *res,
		   struct sp_err *err)
{
	struct sp_url next;

	if (!sp_http_header(res, "Location"))
		return 0;
	if (sp_registry_location(up->registry, &up->location, res, &up->arena, &next, err))
		return -1;
	up->location = next;
	return 0;
}

/* "0-1023": how many bytes the registry has; -1 if it does not say. */
static int64_t range_end(const struct sp_http_response *res)
{
	const char *range = sp_http_header(res, "Range");
	unsigned long long first, last;

	if (range && strncmp(range, "bytes=", 6) == 0)
		range += 6;
	if (!range || sscanf(range, "%llu-%llu", &first, &last) != 2 || first != 0 ||
	    last >= INT64_MAX)
		return -1;
	/* nothing and one byte look the same: "0-0" */
	return last ? (int64_t)last + 1 : 0;
}

/* Ask the registry how much it has of the upload; -1 if it does not say. */
static int64_t ask_offset(struct sp_upload *up)
{
	struct sp_http_response res = { 0 };
	struct sp_err ignored = { 0 };
	int64_t offset = -1;

	if (sp_registry_do(up->registry, &(struct sp_registry_request){
			.method = "GET", .url = &up->location }, &res, &up->arena, NULL,
			&ignored) == 0 && res.status / 100 == 2) {
		offset = range_end(&res);
		if (move_on(up, &res, &ignored))
			offset = -1;
	}
	sp_http_response_release(&res);
	return offset;
}

/* One PATCH.  *ret_tries: if it is in doubt whether it arrived, how often it may be
 * sent; else 0. */
static int send_chunk(struct sp_upload *up, const struct sp_body *body, uint64_t len,
		      unsigned *ret_tries, struct sp_err *err)
{
	struct sp_registry *r = up->registry;
	const char *headers[] = {
		"Content-Type: application/octet-stream",
		sp_arena_strf(&up->arena, "Content-Range: %llu-%llu",
			      (unsigned long long)up->offset,
			      (unsigned long long)(up->offset + len - 1)),
	};
	struct sp_http_response res = { 0 };
	int rc = 0;

	*ret_tries = 0;
	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "PATCH", .url = &up->location, .headers = headers,
			.headers_nr = 2, .read = body->read, .read_ctx = body->ctx,
			.body_len = len, .once = true }, &res, &up->arena, NULL, err)) {
		*ret_tries = err->code == SP_ENETWORK ? CHUNK_TRIES : 0;
		return -1;
	}
	if (res.status == 202 || res.status == 201 || res.status == 204) {
		if (move_on(up, &res, err) == 0)
			up->offset += len;
		else
			rc = -1;
	} else {
		if (res.status == 408 || res.status == 429 || res.status >= 500)
			*ret_tries = CHUNK_TRIES;
		else if (res.status == 416)
			*ret_tries = RANGE_TRIES;
		rc = sp_registry_refused(r, "cannot push a chunk of a blob", &res, err);
	}
	sp_http_response_release(&res);
	return rc;
}

int sp_upload_chunk(struct sp_upload *up, const struct sp_body *body, uint64_t len,
		    struct sp_err *err)
{
	for (unsigned n = 1;; n++) {
		struct sp_err why = { 0 };
		int64_t there = -1;
		unsigned tries;

		if (send_chunk(up, body, len, &tries, &why) == 0)
			return 0;
		if (n < tries && sp_registry_wait(up->registry, n, NULL, &why) == 0)
			there = ask_offset(up);
		if (there >= 0 && (uint64_t)there == up->offset + len) {
			up->offset += len;
			return 0;
		}
		/* part of a chunk, or nothing known: who called must begin anew */
		if (there < 0 || (uint64_t)there != up->offset) {
			*err = why;
			return -1;
		}
	}
}

struct sp_url sp_upload_url(struct sp_upload *up, const struct sp_desc *desc)
{
	struct sp_url url = up->location;

	url.path = sp_arena_strf(&up->arena, "%s%cdigest=%s", url.path,
				 strchr(url.path, '?') ? '&' : '?', desc->digest.str);
	return url;
}

int sp_upload_finish(struct sp_upload *up, const struct sp_desc *desc, struct sp_err *err)
{
	struct sp_registry *r = up->registry;
	struct sp_url url = sp_upload_url(up, desc);
	struct sp_http_response res = { 0 };
	struct sp_err why = { 0 };
	bool there = false;
	int rc = sp_registry_do(r, &(struct sp_registry_request){
		.method = "PUT", .url = &url }, &res, &up->arena, NULL, &why);

	if (!rc && res.status / 100 != 2)
		rc = sp_registry_refused(r, sp_arena_strf(&up->arena, "cannot push blob %s",
							  desc->digest.str), &res, &why);
	/* the first answer may have been lost, and the session be gone since */
	if (rc && why.code == SP_ENETWORK && sp_blob_has(r, desc, &there, err) == 0 && there)
		rc = 0;
	if (rc)
		*err = why;
	else
		up->location.host = NULL;
	sp_http_response_release(&res);
	return rc;
}

void sp_upload_release(struct sp_upload *up)
{
	struct sp_http_response res = { 0 };
	struct sp_err ignored = { 0 };

	/* out of politeness: registries clean up by themselves after a while */
	if (up->location.host &&
	    sp_registry_do(up->registry, &(struct sp_registry_request){
			.method = "DELETE", .url = &up->location, .once = true },
			&res, &up->arena, NULL, &ignored) == 0)
		sp_http_response_release(&res);
	sp_arena_release(&up->arena);
	*up = (struct sp_upload){ 0 };
}
