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
#include <unistd.h>

#include "transport/http_message.h"

#define CONNECT_SECONDS 10
#define STALL_SECONDS 60
#define PROXY_AUTH 407
#define POLL_MS 200			/* how soon a cancelled request ends */
#define BUFFER_BYTES (256L * 1024)	/* of libcurl, in each direction */

#define FUNCTIONS(X)                                                            \
	X(global_init) X(global_cleanup) X(easy_init) X(easy_cleanup)           \
	X(easy_reset) X(easy_setopt) X(easy_getinfo) X(easy_pause)              \
	X(easy_strerror) X(slist_append) X(slist_free_all)                      \
	X(multi_init) X(multi_cleanup) X(multi_add_handle) X(multi_perform)     \
	X(multi_remove_handle) X(multi_poll) X(multi_info_read)                 \
	X(version_info)

/* The functions of libcurl that are used, filled in once. */
struct curl_api {
#define X(name) __typeof__(&curl_##name) name;
	FUNCTIONS(X)
#undef X
};

/* One request under way. */
struct transfer {
	struct sp_http *http;
	struct sp_http_message m;
	bool done;
	CURLcode rc;		/* when done */
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
	unsigned lost_seconds;
	enum sp_http_failure failure;
	bool bare;		/* the system has no file of authorities */
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
	api->name = (__typeof__(api->name))dlsym(lib, "curl_" #name);           \
	if (!api->name)                                                         \
		return sp_err_set(err, SP_EFAIL, "libcurl has no curl_" #name);
	FUNCTIONS(X)
#undef X
	return 0;
}

/* libcurl goes nowhere by TLS where its file of authorities is missing, not even to find out
 * whether TLS is spoken there. */
static bool is_bare(const struct curl_api *api)
{
	const curl_version_info_data *about = api->version_info(CURLVERSION_NOW);

	return about->age >= CURLVERSION_SEVENTH && about->cainfo && access(about->cainfo, R_OK);
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
	http->bare = !options->ca_pem && is_bare(&api);
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

static size_t on_read(char *buf, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;
	size_t len;

	return sp_http_message_give(&t->m, buf, size * nr, &len) ? CURL_READFUNC_ABORT : len;
}

/* Called when the body must be sent again, over a new connection. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct transfer *t = ctx;

	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->m.request.body_len)
		return CURL_SEEKFUNC_FAIL;
	t->m.sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static long status_of(struct sp_http *http)
{
	long status = 0;

	http->api.easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t on_body(char *data, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;

	switch (sp_http_message_take(&t->m, data, size * nr, status_of(t->http) >= 400)) {
	case SP_HTTP_TAKEN:
		return size * nr;
	case SP_HTTP_PAUSE:
		return CURL_WRITEFUNC_PAUSE;
	case SP_HTTP_STOP:
		break;
	}
	return 0;
}

static size_t on_header(char *data, size_t size, size_t nr, void *ctx)
{
	struct transfer *t = ctx;

	return sp_http_message_header(&t->m, data, size * nr) ? 0 : size * nr;
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

static void set_proxy(struct setter *s, const struct sp_http_options *o)
{
	/* an empty string, or libcurl asks the environment */
	SET(s, CURLOPT_PROXY, o->proxy.url ? o->proxy.url : "");
	if (!o->proxy.url)
		return;
	/* what is for the registry is not for the proxy */
	SET(s, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	SET(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (o->proxy.user) {
		SET(s, CURLOPT_PROXYUSERNAME, o->proxy.user);
		SET(s, CURLOPT_PROXYPASSWORD, o->proxy.password);
	}
}

/* Certificates to trust, of the other side and of a proxy with TLS. */
static void set_trust(struct setter *s, const struct sp_http_options *o)
{
	struct curl_blob blob = { (void *)o->ca_pem, strlen(o->ca_pem), CURL_BLOB_COPY };

	/* takes the place of the system's file, not of its directory */
	SET(s, CURLOPT_CAINFO_BLOB, &blob);
	if (o->proxy.url)
		SET(s, CURLOPT_PROXY_CAINFO_BLOB, &blob);
}

/* Nobody is trusted, which is told apart from a file that cannot be read. */
static void set_no_trust(struct setter *s, const struct sp_http_options *o)
{
	SET(s, CURLOPT_CAINFO, (char *)NULL);
	if (o->proxy.url)
		SET(s, CURLOPT_PROXY_CAINFO, (char *)NULL);
}

static void set_connection(struct setter *s, const struct sp_http_options *o, bool bare)
{
	unsigned connect = o->connect_seconds ? o->connect_seconds : CONNECT_SECONDS;
	unsigned stall = o->stall_seconds ? o->stall_seconds : STALL_SECONDS;

	/* who is silent in a handshake is silent, too */
	if (connect > stall)
		connect = stall;
	SET(s, CURLOPT_NOSIGNAL, 1L);
	SET(s, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
	SET(s, CURLOPT_FOLLOWLOCATION, 0L);
	SET(s, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
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
	if (o->ca_pem)
		set_trust(s, o);
	else if (bare)
		set_no_trust(s, o);
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

	t->headers = header_list(api, &t->m.request);
	if (!t->headers)
		return sp_err_set(err, SP_EFAIL, "libcurl is out of memory");
	api->easy_reset(http->easy);
	SET(&s, CURLOPT_ERRORBUFFER, t->detail);
	SET(&s, CURLOPT_URL, t->m.request.url);
	SET(&s, CURLOPT_HTTPHEADER, t->headers);
	set_connection(&s, &http->options, http->bare);
	set_proxy(&s, &http->options);
	set_body(&s, &t->m.request);
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

	t->m.err = err;
	if (cancelled && *cancelled) {
		t->m.failed = true;
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	}
	if (api->multi_perform(http->multi, &running)) {
		t->m.failed = true;
		return sp_err_set(err, SP_EFAIL, "libcurl cannot go on");
	}
	for (CURLMsg *m; (m = api->multi_info_read(http->multi, &left));)
		if (m->msg == CURLMSG_DONE) {
			t->done = true;
			t->rc = t->m.cut ? CURLE_OK : m->data.result;
		}
	if (!t->done && !t->m.paused && !(t->m.piecemeal && sp_http_message_unread(&t->m)))
		api->multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
	return 0;
}

static enum sp_http_failure failure_of(const struct transfer *t)
{
	if (t->m.failed)
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
		return t->http->bare ? SP_HTTP_NO_AUTHORITIES : SP_HTTP_UNTRUSTED;
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return SP_HTTP_UNTRUSTED;
	default:
		return SP_HTTP_BROKEN;
	}
}

/* The status with which the proxy, and not what is behind it, turned us away; or 0. */
static long turned_away(struct sp_http *http, const struct transfer *t)
{
	long tunnel = 0, status = status_of(http);

	if (!http->options.proxy.url || t->m.failed)
		return 0;
	http->api.easy_getinfo(http->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (tunnel)
		return tunnel / 100 == 2 ? 0 : tunnel;
	return status == PROXY_AUTH ? status : 0;
}

static int explain_proxy(struct sp_http *http, struct transfer *t, long status)
{
	const struct sp_http_proxy *proxy = &http->options.proxy;
	sp_autofree char *what = NULL;

	if (status == PROXY_AUTH)
		what = sp_strf("%s %s", proxy->name, proxy->user ?
			       "does not take the user and password that are in it" :
			       "wants a user and a password; put them in front of its name: "
			       "http://USER:PASSWORD@HOST:PORT");
	else
		what = sp_strf("%s does not lead there: it answers %ld", proxy->name, status);
	sp_http_message_explain(&t->m, what);
	if (status == PROXY_AUTH)
		t->m.err->code = SP_EAUTH;
	/* what it cannot do now it may do later */
	http->failure = status >= 500 ? SP_HTTP_BROKEN : SP_HTTP_OWN;
	return -1;
}

/* What became of a transfer that is over. */
static int outcome(struct sp_http *http, struct transfer *t, struct sp_err *err)
{
	const char *proxy = http->options.proxy.name;
	long status = turned_away(http, t);
	sp_autofree char *what = NULL;

	t->m.err = err;
	if (status)
		return explain_proxy(http, t, status);
	http->failure = failure_of(t);
	if (http->failure == SP_HTTP_OK || t->m.failed)
		return t->m.failed ? -1 : 0;
	what = sp_strf("%s%s%s", proxy ? proxy : "", proxy ? ": " : "",
		       *t->detail ? t->detail : http->api.easy_strerror(t->rc));
	return sp_http_message_explain(&t->m, what);
}

/* How much of the time of a request that timed out was spent waiting. */
static unsigned stall_seconds(const struct sp_http_options *o, double seconds)
{
	unsigned stall = o->stall_seconds ? o->stall_seconds : STALL_SECONDS;

	return seconds < stall ? (unsigned)seconds : stall;
}

/* Forget the transfer; what it wrote to its response stays. */
static void end(struct sp_http *http, struct transfer *t)
{
	const struct curl_api *api = &http->api;
	double seconds = 0;
	long os_errno = 0;

	api->easy_getinfo(http->easy, CURLINFO_OS_ERRNO, &os_errno);
	http->os_errno = t->done && t->rc == CURLE_COULDNT_CONNECT ? (int)os_errno : 0;
	api->easy_getinfo(http->easy, CURLINFO_TOTAL_TIME, &seconds);
	http->lost_seconds = t->done && t->rc == CURLE_OPERATION_TIMEDOUT ?
				     stall_seconds(&http->options, seconds) : 0;
	api->multi_remove_handle(http->multi, http->easy);
	/* the error buffer and the list go away now */
	api->easy_reset(http->easy);
	api->slist_free_all(t->headers);
	sp_buf_release(&t->m.pending);
}

static void take_status(struct sp_http *http, struct sp_http_response *response)
{
	response->status = status_of(http);
}

int sp_http_do(struct sp_http *http, const struct sp_http_request *request,
	       struct sp_http_response *ret, struct sp_err *err)
{
	struct sp_http_response response = { 0 };
	struct transfer t = { .http = http, .m = { .request = *request, .response = &response,
						   .err = err } };
	int rc = begin(http, &t, err);

	if (rc)
		t.m.failed = true;
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
	*t = (struct transfer){ .http = http, .m = { .request = *request, .piecemeal = true,
						     .response = &response } };
	t->m.request.url = sp_strdup(request->url);
	http->now = t;
	int rc = begin(http, t, err);

	if (rc)
		t->m.failed = true;
	while (!rc && !t->done && !t->m.body_begun)
		rc = step(http, t, err);
	take_status(http, &response);
	if (rc || turned_away(http, t) || (t->done && !t->m.body_begun && t->rc)) {
		outcome(http, t, err);
		sp_http_response_release(&response);
		sp_http_stop(http);
		return -1;
	}
	/* trailers of a body are of no interest */
	t->m.response = NULL;
	sp_http_response_release(ret);
	*ret = response;
	return 0;
}

int sp_http_read(struct sp_http *http, void *buf, size_t len, size_t *ret_len,
		 struct sp_err *err)
{
	struct transfer *t = http->now;

	while (!sp_http_message_unread(&t->m)) {
		if (t->done) {
			*ret_len = 0;
			return outcome(http, t, err);
		}
		if (t->m.paused) {
			t->m.paused = false;
			http->api.easy_pause(http->easy, CURLPAUSE_CONT);
		}
		if (step(http, t, err)) {
			outcome(http, t, err);
			return -1;
		}
	}
	*ret_len = sp_http_message_read(&t->m, buf, len);
	return 0;
}

void sp_http_stop(struct sp_http *http)
{
	struct transfer *t = http->now;

	if (!t)
		return;
	end(http, t);
	free((char *)t->m.request.url);
	free(t);
	http->now = NULL;
}

enum sp_http_failure sp_http_failure(const struct sp_http *http)
{
	return http->failure;
}

unsigned sp_http_lost_seconds(const struct sp_http *http)
{
	return http->lost_seconds;
}

int sp_http_errno(const struct sp_http *http)
{
	return http->os_errno;
}
