/*
 * The client: one request with all that it may take until there is an answer.
 */
#include "transport/client.h"

#include <string.h>

#include "transport/client_state.h"

#define AUTHS_MAX 2		/* challenges that one request may meet */

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

bool sp_registry_is_own(const struct sp_registry *r, const struct sp_url *url)
{
	return sp_url_same_origin(&r->base, url);
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

	if (x->http)
		sp_client_count_lost(x->r, x->http);
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
	if (sp_client_is_passing(status) && !x->request->once) {
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
		sp_client_take_warnings(x->r, x->res);
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
