/*
 * Reading and writing documents of a registry.
 */
#include "transport/manifests.h"

#include <string.h>
#include <strings.h>

#include "image/document.h"
#include "image/image.h"

static const char *path_of(struct sp_arena *arena, const char *reference)
{
	return sp_arena_strf(arena, "manifests/%s", reference);
}

/* The media type in a Content-Type header, without parameters. */
static const char *content_type(const struct sp_http_response *res, struct sp_arena *arena)
{
	const char *value = sp_http_header(res, "Content-Type");

	return value ? sp_arena_strndup(arena, value, strcspn(value, "; \t")) : "";
}

static bool is_known(const char *type)
{
	return sp_mt_is_index(type) || sp_mt_is_manifest(type);
}

/* What servers say that do not know what they serve. */
static bool says_nothing(const char *type)
{
	return !*type || strcasecmp(type, "application/json") == 0 ||
	       strcasecmp(type, "application/octet-stream") == 0 ||
	       strcasecmp(type, "text/plain") == 0;
}

/*
 * The type of a document, from all who have a say.  CVE-2021-41190: one document that
 * two readers take for two things.
 */
static int find_type(const struct sp_buf *text, const char *header, struct sp_arena *arena,
		     const char **ret, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;
	const char *own;

	if (strstr(header, "distribution.manifest.v1"))
		return sp_err_set(err, SP_EVERIFY,
				  "is a manifest of schema 1, which is not read; have the image "
				  "pushed again by Docker 1.10 or later");
	if (sp_json_parse(sp_buf_str(text), text->len, &doc, err))
		return sp_err_wrap(err, "is no manifest");
	bool index = sp_json_get(doc, "manifests");
	bool manifest = sp_json_get(doc, "layers") || sp_json_get(doc, "config");

	if (index && manifest)
		return sp_err_set(err, SP_EVERIFY, "is a manifest and an index in one");
	if (!index && !manifest)
		return sp_err_set(err, SP_EVERIFY, "is neither a manifest nor an index");
	own = sp_json_str(doc, "mediaType");
	const char *type = is_known(header) ? header : own;

	if (!is_known(header) && !says_nothing(header))
		return sp_err_set(err, SP_EVERIFY,
				  "comes with the Content-Type %.100s, which no manifest has",
				  header);
	if (!type)
		type = index ? SP_MT_INDEX : SP_MT_MANIFEST;
	if (own && strcmp(own, type) != 0)
		return sp_err_set(err, SP_EVERIFY,
				  "says that it is %.100s, and the registry that it is %.100s", own,
				  type);
	if (!is_known(type) || sp_mt_is_index(type) != index)
		return sp_err_set(err, SP_EVERIFY, "is %s, but comes as %.100s",
				  index ? "an index" : "a manifest", type);
	*ret = sp_arena_strdup(arena, type);
	return 0;
}

/* The digest of text in the algorithm of like. */
static void digest_like(const struct sp_buf *text, const struct sp_digest *like,
			struct sp_digest *ret)
{
	struct sp_hash *hash = sp_hash_new_like(like);

	sp_hash_add(hash, sp_buf_str(text), text->len);
	sp_hash_done(hash, ret);
	sp_hash_free(hash);
}

/* Every digest that somebody gave must be that of the bytes. */
static int check_digest(const struct sp_http_response *res, const char *reference,
			struct sp_digest *ret, struct sp_err *err)
{
	const char *said = sp_http_header(res, "Docker-Content-Digest");
	struct sp_digest want, is;

	sp_digest_of(sp_buf_str(&res->body), res->body.len, ret);
	if (sp_digest_parse(reference, &want)) {
		digest_like(&res->body, &want, ret);
		if (!sp_digest_equal(&want, ret))
			return sp_err_set(err, SP_ECHANGED,
					  "the bytes that came have the digest %s", ret->str);
	}
	if (!said)
		return 0;
	if (!sp_digest_parse(said, &want))
		return sp_err_set(err, SP_ECHANGED,
				  "the registry gives a Docker-Content-Digest that is no digest");
	digest_like(&res->body, &want, &is);
	if (!sp_digest_equal(&want, &is))
		return sp_err_set(err, SP_ECHANGED,
				  "the registry calls it %s, but the bytes that came have the "
				  "digest %s", want.str, is.str);
	return 0;
}

static int take(struct sp_registry *r, const struct sp_http_response *res,
		const char *reference, struct sp_arena *arena, struct sp_desc *ret,
		struct sp_err *err)
{
	struct sp_desc desc = { .size = res->body.len };

	if (check_digest(res, reference, &desc.digest, err) ||
	    find_type(&res->body, content_type(res, arena), arena, &desc.media_type, err))
		return sp_err_wrap(err, "%s: %s", sp_registry_name(r), reference);
	*ret = desc;
	return 0;
}

int sp_manifest_get(struct sp_registry *r, const char *reference, struct sp_arena *arena,
		    struct sp_buf *ret_text, struct sp_desc *ret, bool *ret_found,
		    struct sp_err *err)
{
	static const char *const headers[] = { SP_ACCEPT_MANIFESTS };
	struct sp_http_response res = { 0 };
	int rc = sp_registry_do(r, &(struct sp_registry_request){
		.method = "GET", .path = path_of(arena, reference), .headers = headers,
		.headers_nr = 1, .limit = SP_DOCUMENT_MAX }, &res, arena, NULL, err);

	*ret_found = false;
	if (!rc && res.status != 404)
		rc = res.status == 200 ?
			     take(r, &res, reference, arena, ret, err) :
			     sp_registry_refused(r, sp_arena_strf(arena, "cannot read %s", reference),
						 &res, err);
	if (!rc && res.status == 200) {
		*ret_found = true;
		sp_buf_reset(ret_text);
		sp_buf_add(ret_text, sp_buf_str(&res.body), res.body.len);
	}
	sp_http_response_release(&res);
	return rc;
}

int sp_manifest_has(struct sp_registry *r, const char *reference, const struct sp_desc *desc,
		    bool *ret, struct sp_err *err)
{
	static const char *const headers[] = { SP_ACCEPT_MANIFESTS };
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_http_response res = { 0 };
	const char *said;

	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "HEAD", .path = path_of(&arena, reference), .headers = headers,
			.headers_nr = 1 }, &res, &arena, NULL, err))
		return -1;
	said = sp_http_header(&res, "Docker-Content-Digest");
	/* without that header a tag tells nothing; writing again does no harm */
	*ret = res.status == 200 && said && strcmp(said, desc->digest.str) == 0;
	sp_http_response_release(&res);
	return 0;
}

int sp_manifest_put(struct sp_registry *r, const char *reference, const struct sp_desc *desc,
		    const struct sp_buf *text, const char *subject, bool *ret_noted,
		    struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const char *headers[] = { sp_arena_strf(&arena, "Content-Type: %s", desc->media_type) };
	struct sp_http_response res = { 0 };
	const char *said;
	int rc = 0;

	if (sp_registry_do(r, &(struct sp_registry_request){
			.method = "PUT", .path = path_of(&arena, reference), .headers = headers,
			.headers_nr = 1, .body = sp_buf_str(text), .body_len = text->len },
			&res, &arena, NULL, err))
		return -1;
	said = sp_http_header(&res, "Docker-Content-Digest");
	if (res.status / 100 != 2)
		rc = sp_registry_refused(r, sp_arena_strf(&arena, "cannot write the manifest %s",
							  reference), &res, err);
	else if (said && strncmp(said, desc->digest.str, strcspn(desc->digest.str, ":") + 1) == 0 &&
		 strcmp(said, desc->digest.str) != 0)
		rc = sp_err_set(err, SP_ECHANGED,
				"%s: the registry stored %.140s, but %s was sent", sp_registry_name(r),
				said, desc->digest.str);
	const char *noted = sp_http_header(&res, "OCI-Subject");
	if (ret_noted)
		*ret_noted = subject && noted && strcmp(noted, subject) == 0;
	sp_http_response_release(&res);
	return rc;
}
