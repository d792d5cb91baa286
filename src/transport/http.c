/*
 * HTTP with libcurl, which only this file knows.
 *
 * libcurl is loaded when the first request is made and not when the program
 * starts: it brings some thirty other libraries, and linking with it would more
 * than double the start of every run (1.4 ms to 3.4 ms, measured on Debian 12),
 * also of those that never see a network.
 */
#include "transport/http.h"

/* the checks are macros that need the functions by their names */
#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION	/* CURLOPT_PROTOCOLS: the one 7.81 knows */
#include <curl/curl.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define CONNECT_SECONDS 10
#define STALL_SECONDS 60
#define POLL_MS 200			/* how soon a cancelled request ends */
#define BUFFER_BYTES (256L * 1024)	/* of libcurl, in each direction */
#define PENDING_MAX (512 * 1024)	/* bytes of a body that nobody has read yet */

#define FUNCTIONS(X)                                                            \
	X(global_init) X(global_cleanup) X(easy_init) X(easy_cleanup)           \
	X(easy_reset) X(easy_setopt) X(easy_getinfo) X(easy_pause)              \
	X(easy_strerror) X(slist_append) X(slist_free_all)                      \
	X(multi_init) X(multi_cleanup) X(multi_add_handle) X(multi_perform)     \
	X(multi_remove_handle) X(multi_poll) X(multi_info_read)

/* The functions of libcurl that are used, filled in once. */
struct curl_api {
#define X(name) __typeof__(&curl_##name) name;
	FUNCTIONS(X)
#undef X
};

/* One request under way. */
struct transfer {
	struct sp_http *http;
	struct sp_http_request request;
	struct sp_http_response *response;
	struct sp_err *err;	/* of whoever waits for it now */
	uint64_t sent;		/* bytes of the body: where the next one is */
	bool failed;		/* a callback has set err */
	bool piecemeal;		/* the body is kept in pending until it is read */
	bool body_begun, paused, done;
	bool cut;		/* the rest of the body was not wanted */
	CURLcode rc;		/* when done */
	struct sp_buf pending;
	size_t pending_read;	/* bytes of pending that were read */
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
};

struct sp_http {
	struct sp_http_options options;
	struct curl_api api;
	CURL *easy;
	CURLM *multi;
	struct transfer *now;	/* the request that was started, or NULL */
	int os_errno;
	enum sp_http_failure failure;
};

static int load(struct curl_api *api, struct sp_err *err)
{
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	void *lib = NULL;

	/* never unloaded: the TLS library below it leaves handlers behind */
	for (size_t i = 0; !lib && i < sizeof(names) / sizeof(*names); i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!lib)
		return sp_err_set(err, SP_EFAIL,
				  "talking to a registry or an engine needs libcurl, and "
				  "libcurl.so.4 cannot be loaded; install libcurl4");
#define X(name)                                                                 \
	*(void **)&api->name = dlsym(lib, "curl_" #name);                       \
	if (!api->name)                                                         \
		return sp_err_set(err, SP_EFAIL, "libcurl has no curl_" #name);
	FUNCTIONS(X)
#undef X
	return 0;
}

int sp_http_new(const struct sp_http_options *options, struct sp_http **ret,
		struct sp_err *err)
{
	struct curl_api api;
	struct sp_http *http;

	if (load(&api, err))
		return -1;
	if (api.global_init(CURL_GLOBAL_DEFAULT))
		return sp_err_set(err, SP_EFAIL, "libcurl cannot be initialised");
	http = sp_calloc(1, sizeof(*http));
	http->options = *options;
	http->api = api;
	http->easy = api.easy_init();
	http->multi = api.multi_init();
	if (!http->easy || !http->multi) {
		sp_http_free(http);
		return sp_err_set(err, SP_EFAIL, "libcurl cannot be initialised");
	}
	*ret = http;
	return 0;
}

void sp_http_free(struct sp_http *http)
{
	if (!http)
		return;
	sp_http_stop(http);
	if (http->easy)
		http->api.easy_cleanup(http->easy);
	if (http->multi)
		http->api.multi_cleanup(http->multi);
	http->api.global_cleanup();
	free(http);
}

/* What of a URL may be shown: a query can be as good as a password. */
static int url_len(const char *url)
{
	return (int)strcspn(url, "?#");
}

static int fail(struct transfer *t, const char *what)
{
	t->failed = true;
	return sp_err_set(t->err, SP_ENETWORK, "%.*s: %s", url_len(t->request.url),
			  t->request.url, what);
}

static size_t on_read(char *buf, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	const struct sp_http_request *r = &t->request;
	uint64_t left = r->body_len - t->sent;
	size_t len = size * nr < left ? size * nr : (size_t)left;

	if (r->read) {
		if (len && r->read(r->read_ctx, buf, len, t->sent, &len, t->err)) {
			t->failed = true;
			return CURL_READFUNC_ABORT;
		}
	} else if (len) {
		memcpy(buf, (const char *)r->body + t->sent, len);
	}
	t->sent += len;
	return len;
}

/* Called when the body must be sent again, over a new connection. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct transfer *t = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request.body_len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static bool is_error(const struct transfer *t)
{
	long status = 0;

	t->http->api.easy_getinfo(t->http->easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 400;
}

static size_t on_body(char *data, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	const struct sp_http_request *r = &t->request;
	size_t len = size * nr;

	t->body_begun = true;
	if (t->piecemeal) {
		if (t->pending.len - t->pending_read >= PENDING_MAX) {
			t->paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
		sp_buf_add(&t->pending, data, len);
		return len;
	}
	if (r->write) {
		if (r->write(r->write_ctx, data, len, t->err)) {
			t->failed = true;
			return 0;
		}
		return len;
	}
	if (len > r->limit - t->response->body.len && r->cut_errors && is_error(t)) {
		sp_buf_add(&t->response->body, data, r->limit - t->response->body.len);
		t->cut = true;
		return 0;
	}
	if (len > r->limit - t->response->body.len) {
		fail(t, "the answer is longer than it may be");
		return 0;
	}
	sp_buf_add(&t->response->body, data, len);
	return len;
}

static size_t on_header(char *data, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	struct sp_buf *headers;
	size_t len = size * nr, used = len;

	if (!t->response)
		return len;
	headers = &t->response->headers;

	/* a status line: what came before was a "100 Continue" or the like */
	if (len >= 5 && strncasecmp(data, "HTTP/", 5) == 0)
		sp_buf_reset(headers);
	while (used > 0 && (data[used - 1] == '\r' || data[used - 1] == '\n'))
		used--;
	if (used > SP_HTTP_HEADERS_MAX - headers->len) {
		fail(t, "the headers of the answer are too long");
		return 0;
	}
	if (used && !memchr(data, '\0', used)) {
		sp_buf_add(headers, data, used);
		sp_buf_addch(headers, '\0');
	}
	return len;
}

/* Collects the result of setopt calls: one that an old libcurl does not know
 * must not be passed over in silence. */
struct setter {
	const struct curl_api *api;
	CURL *easy;
	CURLcode rc;
};
#define SET(s, option, value)                                                   \
	((s)->rc = (s)->rc ? (s)->rc                                            \
			   : (s)->api->easy_setopt((s)->easy, (option), (value)))

static void set_connection(struct setter *s, const struct sp_http_options *o)
{
	unsigned connect = o->connect_seconds ? o->connect_seconds : CONNECT_SECONDS;
	unsigned stall = o->stall_seconds ? o->stall_seconds : STALL_SECONDS;

	SET(s, CURLOPT_NOSIGNAL, 1L);
	SET(s, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	SET(s, CURLOPT_FOLLOWLOCATION, 0L);
	SET(s, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* an empty string, or libcurl asks the environment */
	SET(s, CURLOPT_PROXY, o->proxy ? o->proxy : "");
	SET(s, CURLOPT_CONNECTTIMEOUT, (long)connect);
	SET(s, CURLOPT_LOW_SPEED_LIMIT, o->stall_bytes ? (long)o->stall_bytes : 1L);
	SET(s, CURLOPT_LOW_SPEED_TIME, (long)stall);
	SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* for speed alone; after a request that broke off they may be in use */
	s->api->easy_setopt(s->easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
	s->api->easy_setopt(s->easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES);
	if (o->unix_socket)
		SET(s, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
	if (o->ca_pem) {
		struct curl_blob blob = { (void *)o->ca_pem, strlen(o->ca_pem),
					  CURL_BLOB_COPY };

		/* takes the place of the system's file, not of its directory */
		SET(s, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (o->client_cert) {
		SET(s, CURLOPT_SSLCERT, o->client_cert);
		SET(s, CURLOPT_SSLKEY, o->client_key ? o->client_key : o->client_cert);
	}
	if (o->insecure) {
		SET(s, CURLOPT_SSL_VERIFYPEER, 0L);
		SET(s, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (o->user_agent)
		SET(s, CURLOPT_USERAGENT, o->user_agent);
}

static void set_body(struct setter *s, const struct sp_http_request *r)
{
	bool sends = r->read || r->body_len || strcmp(r->method, "POST") == 0 ||
		     strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;

	if (strcmp(r->method, "HEAD") == 0)
		SET(s, CURLOPT_NOBODY, 1L);
	if (sends) {
		SET(s, CURLOPT_UPLOAD, 1L);
		SET(s, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body_len);
	}
	SET(s, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_callbacks(struct setter *s, struct transfer *t)
{
	SET(s, CURLOPT_READFUNCTION, on_read);
	SET(s, CURLOPT_READDATA, t);
	SET(s, CURLOPT_SEEKFUNCTION, on_seek);
	SET(s, CURLOPT_SEEKDATA, t);
	SET(s, CURLOPT_WRITEFUNCTION, on_body);
	SET(s, CURLOPT_WRITEDATA, t);
	SET(s, CURLOPT_HEADERFUNCTION, on_header);
	SET(s, CURLOPT_HEADERDATA, t);
}

/* The caller's headers; and no "Expect", which costs a second with servers that
 * do not know it. */
static struct curl_slist *header_list(const struct curl_api *api,
				      const struct sp_http_request *r)
{
	struct curl_slist *list = api->slist_append(NULL, "Expect:");

	for (size_t i = 0; list && i < r->headers_nr; i++) {
		struct curl_slist *longer = api->slist_append(list, r->headers[i]);

		if (!longer)
			api->slist_free_all(list);
		list = longer;
	}
	return list;
}

static int begin(struct sp_http *http, struct transfer *t, struct sp_err *err)
{
	const struct curl_api *api = &http->api;
	struct setter s = { api, http->easy, CURLE_OK };

	t->headers = header_list(api, &t->request);
	if (!t->headers)
		return sp_err_set(err, SP_EFAIL, "libcurl is out of memory");
	api->easy_reset(http->easy);
	SET(&s, CURLOPT_ERRORBUFFER, t->detail);
	SET(&s, CURLOPT_URL, t->request.url);
	SET(&s, CURLOPT_HTTPHEADER, t->headers);
	set_connection(&s, &http->options);
	set_body(&s, &t->request);
	set_callbacks(&s, t);
	if (s.rc || api->multi_add_handle(http->multi, http->easy))
		return sp_err_set(err, SP_EFAIL, "libcurl: %s",
				  s.rc ? api->easy_strerror(s.rc) : "cannot begin");
	return 0;
}

/* Let the transfer go on for a moment. */
static int step(struct sp_http *http, struct transfer *t, struct sp_err *err)
{
	const volatile sig_atomic_t *cancelled = http->options.cancelled;
	const struct curl_api *api = &http->api;
	int running, left;

	t->err = err;
	if (cancelled && *cancelled) {
		t->failed = true;
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	}
	if (api->multi_perform(http->multi, &running)) {
		t->failed = true;
		return sp_err_set(err, SP_EFAIL, "libcurl cannot go on");
	}
	for (CURLMsg *m; (m = api->multi_info_read(http->multi, &left));)
		if (m->msg == CURLMSG_DONE) {
			t->done = true;
			t->rc = t->cut ? CURLE_OK : m->data.result;
		}
	if (!t->done && !t->paused && !(t->piecemeal && t->pending.len > t->pending_read))
		api->multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
	return 0;
}

static enum sp_http_failure failure_of(const struct transfer *t)
{
	if (t->failed)
		return SP_HTTP_OWN;
	switch (t->rc) {
	case CURLE_OK:
		return SP_HTTP_OK;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return SP_HTTP_NO_CONNECTION;
	case CURLE_SSL_CONNECT_ERROR:
		return SP_HTTP_NO_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return SP_HTTP_UNTRUSTED;
	default:
		return SP_HTTP_BROKEN;
	}
}

/* What became of a transfer that is over. */
static int outcome(struct sp_http *http, struct transfer *t, struct sp_err *err)
{
	http->failure = failure_of(t);
	if (http->failure == SP_HTTP_OK || t->failed)
		return t->failed ? -1 : 0;
	return sp_err_set(err, SP_ENETWORK, "%.*s: %s", url_len(t->request.url),
			  t->request.url,
			  *t->detail ? t->detail : http->api.easy_strerror(t->rc));
}

/* Forget the transfer; what it wrote to its response stays. */
static void end(struct sp_http *http, struct transfer *t)
{
	const struct curl_api *api = &http->api;
	long os_errno = 0;

	api->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &os_errno);
	http->os_errno = t->done && t->rc == CURLE_COULDNT_CONNECT ? (int)os_errno : 0;
	api->multi_remove_handle(http->multi, http->easy);
	/* the error buffer and the list go away now */
	api->easy_reset(http->easy);
	api->slist_free_all(t->headers);
	sp_buf_release(&t->pending);
}

static void take_status(struct sp_http *http, struct sp_http_response *response)
{
	http->api.easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &response->status);
}

int sp_http_do(struct sp_http *http, const struct sp_http_request *request,
	       struct sp_http_response *ret, struct sp_err *err)
{
	struct sp_http_response response = { 0 };
	struct transfer t = { .http = http, .request = *request, .response = &response,
			      .err = err };
	int rc = begin(http, &t, err);

	if (rc)
		t.failed = true;
	while (!rc && !t.done)
		rc = step(http, &t, err);
	rc = outcome(http, &t, err);
	take_status(http, &response);
	end(http, &t);
	if (rc) {
		sp_http_response_release(&response);
		return -1;
	}
	sp_http_response_release(ret);
	*ret = response;
	return 0;
}

int sp_http_start(struct sp_http *http, const struct sp_http_request *request,
		  struct sp_http_response *ret, struct sp_err *err)
{
	struct transfer *t = sp_calloc(1, sizeof(*t));
	struct sp_http_response response = { 0 };

	sp_http_stop(http);
	*t = (struct transfer){ .http = http, .request = *request, .response = &response,
				.piecemeal = true };
	t->request.url = sp_strdup(request->url);
	http->now = t;
	int rc = begin(http, t, err);

	if (rc)
		t->failed = true;
	while (!rc && !t->done && !t->body_begun)
		rc = step(http, t, err);
	take_status(http, &response);
	if (rc || (t->done && !t->body_begun && outcome(http, t, err))) {
		outcome(http, t, err);
		sp_http_response_release(&response);
		sp_http_stop(http);
		return -1;
	}
	/* trailers of a body are of no interest */
	t->response = NULL;
	sp_http_response_release(ret);
	*ret = response;
	return 0;
}

int sp_http_read(struct sp_http *http, void *buf, size_t len, size_t *ret_len,
		 struct sp_err *err)
{
	struct transfer *t = http->now;
	size_t there;

	while (t->pending.len == t->pending_read) {
		sp_buf_reset(&t->pending);
		t->pending_read = 0;
		if (t->done) {
			*ret_len = 0;
			return outcome(http, t, err);
		}
		if (t->paused) {
			t->paused = false;
			http->api.easy_pause(http->easy, CURLPAUSE_CONT);
		}
		if (step(http, t, err)) {
			outcome(http, t, err);
			return -1;
		}
	}
	there = t->pending.len - t->pending_read;
	len = len < there ? len : there;
	memcpy(buf, t->pending.data + t->pending_read, len);
	t->pending_read += len;
	*ret_len = len;
	return 0;
}

void sp_http_stop(struct sp_http *http)
{
	struct transfer *t = http->now;

	if (!t)
		return;
	end(http, t);
	free((char *)t->request.url);
	free(t);
	http->now = NULL;
}

enum sp_http_failure sp_http_failure(const struct sp_http *http)
{
	return http->failure;
}

int sp_http_errno(const struct sp_http *http)
{
	return http->os_errno;
}

const char *sp_http_header(const struct sp_http_response *response, const char *name)
{
	return sp_http_header_next(response, name, NULL);
}

const char *sp_http_header_next(const struct sp_http_response *response, const char *name,
				const char *value)
{
	const char *p = response->headers.data, *end = p + response->headers.len;
	size_t len = strlen(name);

	if (value)
		p = value + strlen(value) + 1;
	for (; p && p < end; p += strlen(p) + 1)
		if (strncasecmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1 + strspn(p + len + 1, " \t");
	return NULL;
}

void sp_http_response_release(struct sp_http_response *response)
{
	sp_buf_release(&response->headers);
	sp_buf_release(&response->body);
	response->status = 0;
}
