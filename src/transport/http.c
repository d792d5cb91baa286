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

#define FUNCTIONS(X)                                                            \
	X(global_init) X(global_cleanup) X(easy_init) X(easy_cleanup)           \
	X(easy_reset) X(easy_setopt) X(easy_getinfo) X(easy_perform)            \
	X(easy_strerror) X(slist_append) X(slist_free_all)

/* The functions of libcurl that are used, filled in once. */
struct curl_api {
#define X(name) __typeof__(&curl_##name) name;
	FUNCTIONS(X)
#undef X
};

struct sp_http {
	struct sp_http_options options;
	struct curl_api api;
	CURL *easy;
	int os_errno;
};

/* One request under way. */
struct transfer {
	struct sp_http *http;
	const struct sp_http_request *request;
	struct sp_http_response *response;
	uint64_t sent;		/* bytes of the body: where the next one is */
	struct sp_err *err;
	bool failed;		/* a callback has set err */
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
	if (!http->easy) {
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
	if (http->easy)
		http->api.easy_cleanup(http->easy);
	http->api.global_cleanup();
	free(http);
}

static int fail(struct transfer *t, const char *what)
{
	t->failed = true;
	return sp_err_set(t->err, SP_ENETWORK, "%s: %s", t->request->url, what);
}

static size_t on_read(char *buf, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	const struct sp_http_request *r = t->request;
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

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request->body_len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static size_t on_body(char *data, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	const struct sp_http_request *r = t->request;
	size_t len = size * nr;

	if (r->write) {
		if (r->write(r->write_ctx, data, len, t->err)) {
			t->failed = true;
			return 0;
		}
		return len;
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
	struct sp_buf *headers = &t->response->headers;
	size_t len = size * nr, used = len;

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

static int on_progress(void *ctx, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
		       curl_off_t ul)
{
	const struct transfer *t = ctx;
	const volatile sig_atomic_t *cancelled = t->http->options.cancelled;

	(void)dl_total, (void)dl, (void)ul_total, (void)ul;
	return cancelled && *cancelled;
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
	SET(s, CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(s, CURLOPT_LOW_SPEED_TIME, (long)stall);
	SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (o->unix_socket)
		SET(s, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket);
	if (o->ca_file)
		SET(s, CURLOPT_CAINFO, o->ca_file);
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
	SET(s, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(s, CURLOPT_XFERINFODATA, t);
	SET(s, CURLOPT_NOPROGRESS, 0L);
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

static int perform(struct sp_http *http, struct transfer *t, struct sp_err *err)
{
	const struct curl_api *api = &http->api;
	char detail[CURL_ERROR_SIZE] = "";
	struct setter s = { api, http->easy, CURLE_OK };
	struct curl_slist *list = header_list(api, t->request);
	CURLcode rc;
	long os_errno = 0;

	if (!list)
		return sp_err_set(err, SP_EFAIL, "libcurl is out of memory");
	api->easy_reset(http->easy);
	SET(&s, CURLOPT_ERRORBUFFER, detail);
	SET(&s, CURLOPT_URL, t->request->url);
	SET(&s, CURLOPT_HTTPHEADER, list);
	set_connection(&s, &http->options);
	set_body(&s, t->request);
	set_callbacks(&s, t);
	rc = s.rc ? s.rc : api->easy_perform(http->easy);
	api->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &os_errno);
	api->easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &t->response->status);
	/* the buffer and the list go away now */
	api->easy_reset(http->easy);
	api->slist_free_all(list);
	http->os_errno = rc == CURLE_COULDNT_CONNECT ? (int)os_errno : 0;
	if (rc == CURLE_OK || t->failed)
		return rc == CURLE_OK ? 0 : -1;
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	return sp_err_set(err, SP_ENETWORK, "%s: %s", t->request->url,
			  *detail ? detail : api->easy_strerror(rc));
}

int sp_http_do(struct sp_http *http, const struct sp_http_request *request,
	       struct sp_http_response *ret, struct sp_err *err)
{
	struct sp_http_response response = { 0 };
	struct transfer t = { .http = http, .request = request, .response = &response,
			      .err = err };

	if (perform(http, &t, err)) {
		sp_http_response_release(&response);
		return -1;
	}
	sp_http_response_release(ret);
	*ret = response;
	return 0;
}

int sp_http_errno(const struct sp_http *http)
{
	return http->os_errno;
}

const char *sp_http_header(const struct sp_http_response *response, const char *name)
{
	const char *p = response->headers.data, *end = p + response->headers.len;
	size_t len = strlen(name);

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
