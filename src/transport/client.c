/*
 * The client: how a registry is spoken to, and one request with all that it may take
 * until there is an answer.
 */
#include "transport/client.h"

#include <pthread.h>
#include <string.h>

#include "image/json.h"
#include "transport/client_state.h"

#define HUB "docker.io"
#define HUB_API "registry-1.docker.io"
#define PING_MAX (64 * 1024)	/* bytes */
#define AUTHS_MAX 2		/* challenges that one request may meet */

const char *sp_registry_name(const struct sp_registry *r)
{
	return r->name;
}

const char *sp_registry_domain(const struct sp_registry *r)
{
	return r->domain;
}

const char *sp_registry_path(const struct sp_registry *r)
{
	return r->path;
}

const struct sp_registry_options *sp_registry_settings(const struct sp_registry *r)
{
	return r->settings;
}

const struct sp_transport_options *sp_registry_transport(const struct sp_registry *r)
{
	return r->options;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/* What a server says about a time when it is well again, or about itself. */
static bool is_passing(long status)
{
	return status == 408 || status == 429 || status == 499 || status == 500 ||
	       status == 502 || status == 503 || status == 504 || status == 522;
}

bool sp_registry_may_retry(const struct sp_http *http)
{
	return sp_http_failure(http) == SP_HTTP_BROKEN;
}

/* One request on its way. */
struct exchange {
	struct sp_registry *r;
	const struct sp_registry_request *request;
	bool stream;
	struct sp_http_response *res;
	struct sp_arena arena;
	struct sp_url url;		/* where it goes now */
	struct sp_http *http;		/* set after a send that worked */
	unsigned generation;		/* of the authorization that was sent */
	unsigned tries, auths, redirects;
};

static void give_back(struct exchange *x)
{
	if (x->http)
		sp_conns_give(x->r->conns, &x->url, x->http);
	x->http = NULL;
}

/* Go to where the request was meant for. */
static void aim(struct exchange *x)
{
	const struct sp_registry_request *q = x->request;

	x->redirects = 0;
	if (q->url) {
		x->url = *q->url;
		return;
	}
	x->url = x->r->base;
	x->url.path = sp_arena_strf(&x->arena, "/v2/%s/%s", x->r->path, q->path);
}

static int send_request(struct exchange *x, struct sp_err *err)
{
	const struct sp_registry_request *q = x->request;
	bool own = sp_url_same_origin(&x->url, &x->r->base);
	sp_autofree char *header = own ? sp_auth_header(x->r->auth, &x->generation) : NULL;
	const char **headers = sp_arena_alloc(&x->arena,
					      (q->headers_nr + 1) * sizeof(*headers));
	struct sp_http_request http = {
		.method = q->method, .url = sp_url_text(&x->url, &x->arena),
		.headers = headers, .body = q->body, .body_len = q->body_len,
		.read = q->read, .read_ctx = q->read_ctx, .cut_errors = true,
		.limit = q->limit > SP_ERROR_BODY_MAX ? q->limit : SP_ERROR_BODY_MAX,
	};

	for (; http.headers_nr < q->headers_nr; http.headers_nr++)
		headers[http.headers_nr] = q->headers[http.headers_nr];
	if (header)
		headers[http.headers_nr++] = header;
	if (sp_conns_take(x->r->conns, &x->url, &x->http, err))
		return -1;
	int rc = x->stream ? sp_http_start(x->http, &http, x->res, err) :
			     sp_http_do(x->http, &http, x->res, err);

	if (header)
		explicit_bzero(header, strlen(header));
	return rc;
}

/* After a request without an answer: 1 if it is to be sent again. */
static int try_again(struct exchange *x, struct sp_err *err)
{
	enum sp_http_failure failure = x->http ? sp_http_failure(x->http) : SP_HTTP_OWN;
	bool again = failure == SP_HTTP_BROKEN ||
		     /* one that answered before may be about to come back */
		     (failure == SP_HTTP_NO_CONNECTION && x->r->reached);

	give_back(x);
	if (x->request->once || !again)
		return -1;
	if (sp_registry_wait(x->r, ++x->tries, NULL, err))
		return -1;
	*err = (struct sp_err){ 0 };
	aim(x);
	return 1;
}

static int follow(struct exchange *x, struct sp_err *err)
{
	struct sp_url to;

	if (++x->redirects > SP_REDIRECTS_MAX) {
		give_back(x);
		return sp_err_set(err, SP_ENETWORK, "%s: redirects more than %d times",
				  x->r->name, SP_REDIRECTS_MAX);
	}
	int rc = sp_registry_location(x->r, &x->url, x->res, &x->arena, &to, err);

	give_back(x);
	x->url = to;
	return rc ? rc : 1;
}

/* What an answer asks for: 1 to send again, 0 if it is the answer. */
static int react(struct exchange *x, struct sp_err *err)
{
	long status = x->res->status;
	const char *method = x->request->method;
	bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (status == 401 && sp_url_same_origin(&x->url, &x->r->base) &&
	    x->auths++ < AUTHS_MAX) {
		give_back(x);
		return sp_auth_meet(x->r->auth, &x->r->base, x->generation, x->res, err) ? -1 : 1;
	}
	if (is_redirect(status) && sp_http_header(x->res, "Location") &&
	    (reads || status == 307 || status == 308))
		return follow(x, err);
	if (is_passing(status) && !x->request->once) {
		struct sp_err unused = { 0 };

		if (sp_registry_wait(x->r, x->tries + 1, x->res, &unused)) {
			if (unused.code != SP_ECANCELLED)
				return 0;
			give_back(x);
			*err = unused;
			return -1;
		}
		x->tries++;
		give_back(x);
		aim(x);
		return 1;
	}
	return 0;
}

/* Show each warning of the registry once. */
static void take_warnings(struct sp_registry *r, const struct sp_http_response *res)
{
	const char *value = sp_http_header(res, "Warning");

	for (int n = 0; value && n < WARNINGS_MAX; n++) {
		const char *text = strchr(value, '"');
		sp_autofree char *line = NULL;

		text = text ? text + 1 : value;
		line = sp_strf("%s: %.*s", r->domain, (int)strcspn(text, "\""), text);
		sp_auth_redact(r->auth, line);
		pthread_mutex_lock(&r->lock);
		bool seen = r->warnings_nr >= WARNINGS_MAX;
		for (size_t i = 0; !seen && i < r->warnings_nr; i++)
			seen = strcmp(r->warnings[i], line) == 0;
		if (!seen)
			r->warnings[r->warnings_nr++] = sp_arena_strdup(&r->arena, line);
		pthread_mutex_unlock(&r->lock);
		if (!seen)
			sp_registry_note(r, line);
		value = sp_http_header_next(res, "Warning", value);
	}
}

static int exchange(struct exchange *x, struct sp_err *err)
{
	int rc = 1;

	aim(x);
	while (rc > 0) {
		if (send_request(x, err)) {
			rc = try_again(x, err);
			continue;
		}
		x->r->reached = true;
		rc = react(x, err);
	}
	if (rc == 0)
		take_warnings(x->r, x->res);
	return rc;
}

int sp_registry_do(struct sp_registry *r, const struct sp_registry_request *request,
		   struct sp_http_response *ret, struct sp_arena *arena,
		   struct sp_url *ret_url, struct sp_err *err)
{
	struct sp_http_response res = { 0 };
	struct exchange x = { .r = r, .request = request, .res = &res };
	int rc = exchange(&x, err);

	give_back(&x);
	if (rc) {
		sp_http_response_release(&res);
		sp_arena_release(&x.arena);
		return sp_err_wrap(err, "%s", r->name);
	}
	if (ret_url) {
		*ret_url = x.url;
		ret_url->host = sp_arena_strdup(arena, x.url.host);
		ret_url->port = sp_arena_strdup(arena, x.url.port);
		ret_url->path = sp_arena_strdup(arena, x.url.path);
	}
	sp_http_response_release(ret);
	*ret = res;
	sp_arena_release(&x.arena);
	return 0;
}

/* The body of an answer that is none of the expected, as far as it is of interest. */
static void read_error(struct sp_http *http, struct sp_http_response *res)
{
	struct sp_err ignored = { 0 };
	size_t len = 1;

	while (len && res->body.len < SP_ERROR_BODY_MAX) {
		char buf[4096];

		if (sp_http_read(http, buf, sizeof(buf), &len, &ignored))
			break;
		sp_buf_add(&res->body, buf, len);
	}
}

int sp_registry_start(struct sp_registry *r, const struct sp_registry_request *request,
		      struct sp_http_response *ret, struct sp_stream **ret_stream,
		      struct sp_err *err)
{
	struct sp_http_response res = { 0 };
	struct exchange x = { .r = r, .request = request, .res = &res, .stream = true };
	int rc = exchange(&x, err);

	*ret_stream = NULL;
	if (rc) {
		give_back(&x);
		sp_http_response_release(&res);
		sp_arena_release(&x.arena);
		return sp_err_wrap(err, "%s", r->name);
	}
	if (res.status / 100 == 2) {
		*ret_stream = sp_calloc(1, sizeof(**ret_stream));
		**ret_stream = (struct sp_stream){ x.http, x.url, x.arena };
	} else {
		read_error(x.http, &res);
		give_back(&x);
		sp_arena_release(&x.arena);
	}
	sp_http_response_release(ret);
	*ret = res;
	return 0;
}

void sp_registry_done(struct sp_registry *r, struct sp_stream *stream)
{
	if (!stream)
		return;
	sp_conns_give(r->conns, &stream->url, stream->http);
	sp_arena_release(&stream->arena);
	free(stream);
}

/* --- the beginning --- */

/* One GET of /v2/, to see whether there is a registry behind base. */
static int ping(struct sp_registry *r, const struct sp_url *base, struct sp_http_response *res,
		enum sp_http_failure *ret_failure, struct sp_err *err)
{
	struct sp_http *http;

	*ret_failure = SP_HTTP_OWN;
	sp_conns_set_origin(r->conns, base);
	if (sp_conns_take(r->conns, base, &http, err))
		return -1;
	int rc = sp_http_do(http, &(struct sp_http_request){
		.method = "GET", .url = sp_url_text(base, &r->arena), .limit = PING_MAX,
		.cut_errors = true }, res, err);

	*ret_failure = sp_http_failure(http);
	sp_conns_give(r->conns, base, http);
	return rc;
}

/* Try once; and again as long as that may help. */
static int reach(struct sp_registry *r, const struct sp_url *base, struct sp_http_response *res,
		 enum sp_http_failure *ret_failure, struct sp_err *err)
{
	for (unsigned n = 1;; n++) {
		struct sp_err why = { 0 };

		if (ping(r, base, res, ret_failure, &why)) {
			if (*ret_failure != SP_HTTP_BROKEN || sp_registry_wait(r, n, NULL, &why)) {
				*err = why;
				return -1;
			}
			continue;
		}
		if (!is_passing(res->status))
			return 0;
		if (sp_registry_wait(r, n, res, &why)) {
			if (why.code == SP_ECANCELLED)
				*err = why;
			else
				sp_registry_refused(r, "cannot reach it", res, err);
			return -1;
		}
	}
}

static int explain_unreached(struct sp_registry *r, enum sp_http_failure failure, bool clear,
			     struct sp_err *err)
{
	if (failure == SP_HTTP_UNTRUSTED)
		return sp_err_set(err, SP_ENETWORK,
				  "%s; give the certificate of its authority with --ca-file, "
				  "or trust anybody there with --tls-verify=false", err->msg);
	if (failure == SP_HTTP_NO_TLS && !clear)
		return sp_err_set(err, SP_ENETWORK,
				  "%s; if it speaks http in the clear, say --plain-http %s",
				  err->msg, r->domain);
	return -1;
}

/*
 * https; http only where the user says so, or for this machine, where https is tried
 * first all the same.
 */
static int connect_to(struct sp_registry *r, struct sp_http_response *res, struct sp_err *err)
{
	const char *host = strcmp(r->domain, HUB) == 0 ? HUB_API : r->domain;
	bool clear = sp_host_listed(r->settings->plain_http, r->settings->plain_http_nr, r->domain);
	bool insecure = r->settings->insecure_all ||
			sp_host_listed(r->settings->insecure, r->settings->insecure_nr, r->domain);
	enum sp_http_failure failure;
	struct sp_url https, http;

	if (sp_url_parse(sp_arena_strf(&r->arena, "https://%s/v2/", host), &r->arena, &https, err) ||
	    sp_url_parse(sp_arena_strf(&r->arena, "http://%s/v2/", host), &r->arena, &http, err))
		return sp_err_wrap(err, "%s", r->domain);
	r->base = clear ? http : https;
	if (reach(r, &r->base, res, &failure, err) == 0)
		return 0;
	bool may = !clear && (insecure || sp_host_is_loopback(https.host)) &&
		   (failure == SP_HTTP_NO_TLS || failure == SP_HTTP_BROKEN ||
		    (failure == SP_HTTP_NO_CONNECTION && !strchr(r->domain, ':')));
	struct sp_err first = *err;

	if (!may)
		return explain_unreached(r, failure, clear, err);
	r->base = http;
	if (reach(r, &r->base, res, &failure, err)) {
		/* what is wrong with https is what there is to repair */
		if (failure == SP_HTTP_NO_CONNECTION || failure == SP_HTTP_BROKEN)
			*err = first;
		return -1;
	}
	return 0;
}

static void add_scopes(struct sp_registry *r, bool push)
{
	const struct sp_registry_options *s = r->settings;
	size_t len = strlen(r->domain);

	/* a login asks for nothing but to be let in */
	if (!*r->path)
		return;
	sp_auth_add_scope(r->auth, sp_arena_strf(&r->arena, "repository:%s:%s", r->path,
						 push ? "pull,push" : "pull"));
	for (size_t i = 0; push && i < s->mount_from_nr; i++) {
		const char *name = s->mount_from[i];

		if (strncmp(name, r->domain, len) == 0 && name[len] == '/' &&
		    strcmp(name + len + 1, r->path) != 0)
			sp_auth_add_scope(r->auth, sp_arena_strf(&r->arena, "repository:%s:pull",
								 name + len + 1));
	}
}

static int start(struct sp_registry *r, bool push, struct sp_err *err)
{
	struct sp_http_response res = { 0 };
	int rc = -1;

	if (sp_conns_new(r->options, r->domain, &r->conns, err))
		return -1;
	r->auth = sp_auth_new(r->options, r->conns, r->domain, *r->path ? r->path : NULL);
	add_scopes(r, push);
	if (connect_to(r, &res, err))
		goto out;
	r->reached = true;
	take_warnings(r, &res);
	if (res.status == 401)
		rc = sp_auth_meet(r->auth, &r->base, 0, &res, err);
	else if (res.status == 200)
		rc = 0;
	else if (res.status == 404)
		rc = sp_err_set(err, SP_ENETWORK, "%s: is no registry: it has no /v2/", r->domain);
	else
		rc = sp_registry_refused(r, "cannot begin", &res, err);
out:
	sp_http_response_release(&res);
	return rc;
}

int sp_registry_new(const struct sp_transport_options *options, const struct sp_ref *ref,
		    bool push, struct sp_registry **ret, struct sp_err *err)
{
	struct sp_registry *r = sp_calloc(1, sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	pthread_mutex_init(&r->note_lock, NULL);
	r->options = options;
	r->settings = sp_registry_options_of(options);
	r->domain = sp_arena_strdup(&r->arena, ref->domain);
	r->path = sp_arena_strdup(&r->arena, ref->path);
	r->name = *r->path ? sp_arena_strf(&r->arena, "%s/%s", r->domain, r->path) : r->domain;
	if (start(r, push, err)) {
		sp_registry_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

int sp_registry_check(struct sp_registry *r, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_http_response res = { 0 };
	int rc = sp_registry_do(r, &(struct sp_registry_request){
		.method = "GET", .url = &r->base }, &res, &arena, NULL, err);

	if (!rc && res.status != 200)
		rc = sp_registry_refused(r, "cannot log in", &res, err);
	sp_http_response_release(&res);
	return rc;
}

void sp_registry_free(struct sp_registry *r)
{
	if (!r)
		return;
	sp_auth_free(r->auth);
	sp_conns_free(r->conns);
	sp_arena_release(&r->arena);
	pthread_mutex_destroy(&r->note_lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
