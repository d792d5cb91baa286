/*
 * Tokens: from the server that a Bearer challenge names, with what we know of who we are.
 * That server may be anybody, so it gets no more than it must.
 */
#include "transport/auth_state.h"

#include <string.h>

#include "image/json.h"

#define CLIENT_ID "scratchpack"
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"

/* No control character, so that it cannot become a second header. */
bool sp_auth_is_token(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

static int take_token(struct sp_auth *a, const struct sp_http_response *res, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err why = { 0 };
	const char *token = NULL;

	if (sp_json_parse(sp_buf_str(&res->body), res->body.len, &doc, &why) == 0) {
		token = sp_json_str(doc, "token");
		token = token && *token ? token : sp_json_str(doc, "access_token");
	}
	if (!token || !*token || !sp_auth_is_token(token))
		return sp_err_set(err, SP_EAUTH,
				  "%s: the token server's answer holds no token", a->domain);
	sp_auth_wipe(a->token);
	a->token = sp_strdup(token);
	sp_auth_set_header(a, sp_strf("Authorization: Bearer %s", token));
	return 0;
}

/* The scopes as parameters of a query, or as one of a form. */
static void add_scopes(struct sp_auth *a, struct sp_buf *buf, bool form)
{
	if (form && a->scopes_nr)
		sp_buf_addstr(buf, "&scope=");
	for (size_t i = 0; i < a->scopes_nr; i++)
		sp_buf_addf(buf, "%s%s", form ? (i ? "%20" : "") : "&scope=",
			    sp_url_escape(a->scopes[i], &a->arena));
}

static void explain_request(struct sp_auth *a, const struct sp_url *realm, const char *as)
{
	sp_autobuf struct sp_buf buf = { 0 };

	sp_buf_addf(&buf, "%s: token from %s as %s, for", a->domain,
		    sp_url_authority(realm, &a->arena), as);
	for (size_t i = 0; i < a->scopes_nr; i++)
		sp_buf_addf(&buf, " %s", a->scopes[i]);
	sp_auth_explain(a, sp_buf_str(&buf));
}

/* The token protocol of distribution: GET with Basic, or as anybody. */
static int get_token(struct sp_auth *a, struct sp_http *http, const struct sp_url *realm,
		     struct sp_http_response *res, struct sp_err *err)
{
	const struct sp_credentials *c = &a->credentials;
	sp_autobuf struct sp_buf url = { 0 };
	char *header = c->kind == SP_CREDENTIALS_PASSWORD ? sp_auth_basic(c) : NULL;
	const char *headers[] = { header };

	sp_buf_addstr(&url, sp_url_text(realm, &a->arena));
	sp_buf_addf(&url, "%sservice=%s", strchr(sp_buf_str(&url), '?') ? "&" : "?",
		    sp_url_escape(a->challenge.service, &a->arena));
	if (header)
		sp_buf_addf(&url, "&account=%s", sp_url_escape(c->user, &a->arena));
	add_scopes(a, &url, false);
	explain_request(a, realm, header ? c->user : "anybody");
	int rc = sp_http_do(http, &(struct sp_http_request){
		.method = "GET", .url = sp_buf_str(&url), .headers = headers,
		.headers_nr = header ? 1 : 0, .limit = SP_TOKEN_ANSWER_MAX }, res, err);
	sp_auth_wipe(header);
	return rc;
}

/* OAuth 2: POST with the identity token. */
static int post_token(struct sp_auth *a, struct sp_http *http, const struct sp_url *realm,
		      struct sp_http_response *res, struct sp_err *err)
{
	static const char *const headers[] = { FORM_TYPE };
	sp_autobuf struct sp_buf form = { 0 };

	sp_buf_addf(&form, "grant_type=refresh_token&service=%s&client_id=" CLIENT_ID,
		    sp_url_escape(a->challenge.service, &a->arena));
	add_scopes(a, &form, true);
	sp_buf_addf(&form, "&refresh_token=%s", sp_url_escape(a->credentials.secret, &a->arena));
	explain_request(a, realm, "the holder of an identity token");
	int rc = sp_http_do(http, &(struct sp_http_request){
		.method = "POST", .url = sp_url_text(realm, &a->arena), .headers = headers,
		.headers_nr = 1, .body = form.data, .body_len = form.len,
		.limit = SP_TOKEN_ANSWER_MAX }, res, err);
	explicit_bzero(form.data, form.len);
	return rc;
}

/* What the token server said besides its status, if that is a document. */
static const char *answer_text(struct sp_auth *a, const struct sp_http_response *res)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *text = NULL;

	if (sp_json_parse(sp_buf_str(&res->body), res->body.len, &doc, &ignored) == 0) {
		const struct sp_json *first = sp_json_first(sp_json_get(doc, "errors"));

		text = sp_json_str(doc, "details");
		text = text ? text : sp_json_str(doc, "error_description");
		text = text ? text : sp_json_str(first, "message");
		text = text ? text : sp_json_str(doc, "error");
	}
	return sp_arena_strf(&a->arena, "%s%.300s", text ? ": " : "", text ? text : "");
}

static int refuse_token(struct sp_auth *a, const struct sp_url *realm,
			const struct sp_http_response *res, struct sp_err *err)
{
	const char *host = sp_url_authority(realm, &a->arena);

	/* a token server that is overloaded is no wrong password */
	if (res->status == 429 || res->status >= 500)
		return sp_err_set(err, SP_ENETWORK, "the token server %s answers %ld%s", host,
				  res->status, answer_text(a, res));
	if (a->credentials.kind == SP_CREDENTIALS_NONE)
		return sp_err_set(err, SP_EAUTH,
				  "%s wants credentials, and there are none: the token server "
				  "%s answers %ld%s; scratchpack login %s", a->domain, host,
				  res->status, answer_text(a, res), a->domain);
	return sp_err_set(err, SP_EAUTH,
			  "%s: the credentials (%s) were refused: the token server %s answers "
			  "%ld%s", a->domain, a->credentials.where, host, res->status,
			  answer_text(a, res));
}

/* A password in the clear goes to this machine, to the host that the user speaks to in
 * the clear, or to one that he named. */
static int check_realm(const struct sp_auth *a, const struct sp_url *origin,
		       const struct sp_url *realm, struct sp_err *err)
{
	const struct sp_registry_options *r = a->registry;

	if (sp_may_follow(origin, realm, "the way to its token server", err))
		return -1;
	if (realm->tls || sp_host_is_loopback(realm->host) ||
	    strcmp(realm->host, origin->host) == 0 ||
	    (r && sp_host_listed(r->plain_http, r->plain_http_nr, realm->host)))
		return 0;
	return sp_err_set(err, SP_ENETWORK,
			  "its token server is %s in the clear; that is refused, unless "
			  "--plain-http names it", realm->host);
}

int sp_auth_fetch_token(struct sp_auth *a, const struct sp_url *origin, struct sp_err *err)
{
	bool identity = a->credentials.kind == SP_CREDENTIALS_IDENTITY;
	struct sp_http_response res = { 0 };
	struct sp_http *http = NULL;
	struct sp_url realm;

	if (sp_url_parse(a->challenge.realm, &a->arena, &realm, err))
		return sp_err_wrap(err, "%s: the token server that it names", a->domain);
	if (check_realm(a, origin, &realm, err))
		return sp_err_wrap(err, "%s", a->domain);
	if (sp_conns_take(a->conns, &realm, &http, err))
		return -1;
	int rc = identity ? post_token(a, http, &realm, &res, err) :
			    get_token(a, http, &realm, &res, err);
	/* a server without OAuth 2: what can be had as anybody */
	if (!rc && identity && (res.status == 404 || res.status == 405))
		rc = get_token(a, http, &realm, &res, err);
	if (!rc)
		rc = res.status == 200 ? take_token(a, &res, err) :
					 refuse_token(a, &realm, &res, err);
	else
		sp_err_wrap(err, "%s: its token server", a->domain);
	sp_conns_give(a->conns, &realm, http);
	if (res.body.data)
		explicit_bzero(res.body.data, res.body.len);
	sp_http_response_release(&res);
	return rc;
}
