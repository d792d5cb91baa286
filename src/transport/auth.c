/*
 * Authentication.  One lock guards all of it, and is held while a token is fetched:
 * other threads that need it as well wait for the same one.
 */
#include "transport/auth.h"

#include <pthread.h>
#include <string.h>

#include "base/vec.h"
#include "image/json.h"
#include "transport/base64.h"
#include "transport/credentials.h"

#define CLIENT_ID "scratchpack"
#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded"

struct sp_auth {
	const struct sp_transport_options *options;
	const struct sp_registry_options *registry;
	struct sp_conns *conns;
	const char *domain, *path;
	struct sp_arena arena;
	pthread_mutex_t lock;
	char *header;			/* or NULL */
	unsigned generation;		/* counts headers */
	struct sp_credentials credentials;
	bool looked;			/* for credentials */
	struct sp_challenge challenge;	/* the last Bearer one: some answers lack it */
	const char **scopes;
	size_t scopes_nr, scopes_alloc;
	char *token;			/* to be kept out of messages */
};

struct sp_auth *sp_auth_new(const struct sp_transport_options *options,
			    struct sp_conns *conns, const char *domain, const char *path)
{
	struct sp_auth *a = sp_calloc(1, sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	a->options = options;
	a->registry = sp_registry_options_of(options);
	a->conns = conns;
	a->domain = sp_arena_strdup(&a->arena, domain);
	a->path = path ? sp_arena_strdup(&a->arena, path) : NULL;
	return a;
}

/* Secrets do not stay in memory that others get. */
static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void sp_auth_free(struct sp_auth *a)
{
	if (!a)
		return;
	wipe(a->header);
	wipe(a->token);
	if (a->credentials.secret)
		explicit_bzero((char *)a->credentials.secret, strlen(a->credentials.secret));
	free(a->scopes);
	sp_arena_release(&a->arena);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static void explain(struct sp_auth *a, const char *text)
{
	if (a->registry->explain && a->registry->note)
		a->registry->note(a->registry->note_ctx,
				  sp_arena_strf(&a->arena, "auth: %s", text));
}

/* Is everything that scope asks for asked for already? */
static bool has_scope(const struct sp_auth *a, const char *scope)
{
	for (size_t i = 0; i < a->scopes_nr; i++)
		if (strcmp(a->scopes[i], scope) == 0)
			return true;
	return false;
}

static void add_scope(struct sp_auth *a, const char *scope, size_t len)
{
	const char *copy = sp_arena_strndup(&a->arena, scope, len);

	if (len && len <= SP_SCOPE_LEN_MAX && a->scopes_nr < SP_SCOPES_MAX &&
	    !has_scope(a, copy))
		*SP_VEC_PUSH(a->scopes) = copy;
}

void sp_auth_add_scope(struct sp_auth *a, const char *scope)
{
	pthread_mutex_lock(&a->lock);
	add_scope(a, scope, strlen(scope));
	pthread_mutex_unlock(&a->lock);
}

char *sp_auth_header(struct sp_auth *a, unsigned *ret_generation)
{
	char *header;

	pthread_mutex_lock(&a->lock);
	header = a->header ? sp_strdup(a->header) : NULL;
	*ret_generation = a->generation;
	pthread_mutex_unlock(&a->lock);
	return header;
}

int sp_may_follow(const struct sp_url *from, const struct sp_url *to, const char *what,
		  struct sp_err *err)
{
	if (from->tls && !to->tls)
		return sp_err_set(err, SP_ENETWORK,
				  "%s leads from https to http, at %s; that is refused", what,
				  to->host);
	if (strcmp(from->host, to->host) != 0 && sp_host_is_private(to->host) &&
	    !sp_host_is_private(from->host))
		return sp_err_set(err, SP_ENETWORK,
				  "%s leads to %s, an address inside this machine or its "
				  "network; that is refused", what, to->host);
	return 0;
}

static void set_header(struct sp_auth *a, char *header)
{
	wipe(a->header);
	a->header = header;
	a->generation++;
}

/* "user:secret" in base64, behind a prefix; malloc'ed. */
static char *basic(const struct sp_credentials *c)
{
	sp_autofree char *plain = sp_strf("%s:%s", c->user ? c->user : "", c->secret);
	sp_autobuf struct sp_buf buf = { 0 };

	sp_buf_addstr(&buf, "Authorization: Basic ");
	sp_base64_add(&buf, plain, strlen(plain));
	explicit_bzero(plain, strlen(plain));
	return sp_buf_detach(&buf);
}

/* No control character, so that it cannot become a second header. */
static bool is_token(const char *text)
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
	if (!token || !*token || !is_token(token))
		return sp_err_set(err, SP_EAUTH,
				  "%s: the token server's answer holds no token", a->domain);
	wipe(a->token);
	a->token = sp_strdup(token);
	set_header(a, sp_strf("Authorization: Bearer %s", token));
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
	explain(a, sp_buf_str(&buf));
}

/* The token protocol of distribution: GET with Basic, or as anybody. */
static int get_token(struct sp_auth *a, struct sp_http *http, const struct sp_url *realm,
		     struct sp_http_response *res, struct sp_err *err)
{
	const struct sp_credentials *c = &a->credentials;
	sp_autobuf struct sp_buf url = { 0 };
	char *header = c->kind == SP_CREDENTIALS_PASSWORD ? basic(c) : NULL;
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
	wipe(header);
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

static int fetch_token(struct sp_auth *a, const struct sp_url *origin, struct sp_err *err)
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

static int refused(struct sp_auth *a, struct sp_err *err)
{
	if (a->credentials.kind == SP_CREDENTIALS_NONE)
		return sp_err_set(err, SP_EAUTH,
				  "%s wants credentials, and there are none; say "
				  "scratchpack login %s", a->domain, a->domain);
	return sp_err_set(err, SP_EAUTH, "%s: the credentials (%s) were refused", a->domain,
			  a->credentials.where);
}

static int meet(struct sp_auth *a, const struct sp_url *origin,
		const struct sp_http_response *response, struct sp_err *err)
{
	struct sp_challenge now;
	bool first = !a->generation;

	sp_challenge_read(response, &a->arena, &now);
	if (now.bearer && *now.realm)
		a->challenge = now;
	/* one that names nothing (some do): the last one holds */
	bool bearer = *a->challenge.realm && (now.bearer || !now.basic);

	for (const char *p = now.scope; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		add_scope(a, p, len);
		p += len;
	}
	if (!bearer && !now.basic)
		return sp_err_set(err, SP_EAUTH,
				  "%s: answers 401 and asks for neither Basic nor a Bearer token",
				  a->domain);
	if (!a->looked && sp_credentials_find(a->registry, a->domain, a->path,
					      a->options ? a->options->cancelled : NULL,
					      &a->arena, &a->credentials, err))
		return -1;
	a->looked = true;
	if (a->credentials.kind == SP_CREDENTIALS_TOKEN) {
		if (!first || !is_token(a->credentials.secret))
			return refused(a, err);
		set_header(a, sp_strf("Authorization: Bearer %s", a->credentials.secret));
		return 0;
	}
	if (bearer)
		return fetch_token(a, origin, err);
	if (!first || a->credentials.kind != SP_CREDENTIALS_PASSWORD)
		return refused(a, err);
	set_header(a, basic(&a->credentials));
	return 0;
}

int sp_auth_meet(struct sp_auth *a, const struct sp_url *origin, unsigned generation,
		 const struct sp_http_response *response, struct sp_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&a->lock);
	if (!a->challenge.realm)
		a->challenge.realm = a->challenge.service = "";
	if (generation == a->generation)
		rc = meet(a, origin, response, err);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

static void hide(char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	char *at = text;

	/* what is short would turn up everywhere */
	while (len >= 4 && (at = strstr(at, secret))) {
		memmove(at + 3, at + len, strlen(at + len) + 1);
		memcpy(at, "***", 3);
		at += 3;
	}
}

void sp_auth_redact(struct sp_auth *a, char *text)
{
	char *at = text;

	pthread_mutex_lock(&a->lock);
	hide(text, a->credentials.secret);
	hide(text, a->token);
	if (a->header)
		hide(text, strrchr(a->header, ' ') + 1);
	pthread_mutex_unlock(&a->lock);
	while ((at = strstr(at, "://"))) {
		at += strcspn(at, "? \"'<>\n");
		if (*at == '?')
			memmove(at, at + strcspn(at, " \"'<>\n"),
				strlen(at + strcspn(at, " \"'<>\n")) + 1);
	}
}
