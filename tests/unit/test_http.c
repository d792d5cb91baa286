/*
 * HTTP requests against a server of our own.
 */
#include "transport/http.h"

#include <signal.h>
#include <time.h>

#include "fake_server.h"

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Thing:  a b \r\n\r\nhello"

static char base[64];
static struct sp_http *http;
static struct sp_http_response res;
static struct sp_err err;

static int get(const char *path, size_t limit)
{
	char url[128];

	snprintf(url, sizeof(url), "%s%s", base, path);
	err = (struct sp_err){ 0 };
	return sp_http_do(http, &(struct sp_http_request){
		.method = "GET", .url = url, .limit = limit }, &res, &err);
}

static void test_get(struct fake_server *s)
{
	static const char *const headers[] = { "X-Ours: yes", "Accept: text/plain" };
	char url[128];

	snprintf(url, sizeof(url), "%s/a?b", base);
	fake_answer(s, "HTTP/1.1 100 Continue\r\nX-Thing: no\r\n\r\n" OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){
		.method = "GET", .url = url, .limit = 5, .headers = headers, .headers_nr = 2 },
		&res, &err) == 0, "a request");
	is_int(res.status, 200, "its status");
	is_str(sp_buf_str(&res.body), "hello", "its body, as long as it may be");
	ok(sp_http_header(&res, "x-thing") &&
	   strncmp(sp_http_header(&res, "x-thing"), "a b", 3) == 0, "a header in any case");
	ok(!sp_http_header(&res, "X-Th") && !sp_http_header(&res, "Location"),
	   "headers that are not there");
	ok(strncmp(fake_request(s, 0), "GET /a?b HTTP/1.1\r\n", 19) == 0 &&
	   strstr(fake_request(s, 0), "\r\nX-Ours: yes\r\n") &&
	   strstr(fake_request(s, 0), "\r\nAccept: text/plain\r\n"), "what was sent");
	ok(!strstr(fake_request(s, 0), "Expect:"), "no Expect");
}

static void test_status_and_limits(struct fake_server *s)
{
	fake_answer(s, OK_ANSWER);
	ok(get("/", 4) == -1 && err.code == SP_ENETWORK && strstr(err.msg, "longer"),
	   "a body that is too long");
	is_int(res.status, 200, "a failure leaves the old response");
	fake_answer(s, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
		       "Content-Length: 0\r\n\r\n");
	ok(get("/", 4) == 0 && res.status == 302, "a redirect is an answer and not followed");
	is_str(sp_http_header(&res, "location"), "http://127.0.0.1:1/", "its Location");
	fake_answer(s, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
	ok(get("/", 4) == 0 && res.status == 404, "an error status is an answer");
	fake_answer(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
	ok(get("/", 100) == -1 && err.code == SP_ENETWORK, "half an answer is none");
	fake_answer(s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
	ok(get("/", 100) == -1 && err.code == SP_ENETWORK, "nor are some of its chunks");
	fake_answer(s, "hello\r\n");
	ok(get("/", 100) == -1 && err.code == SP_ENETWORK, "other protocols are none");
}

static int give(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		struct sp_err *e)
{
	const char *fail = ctx;

	if (fail && offset >= 100)
		return sp_err_set(e, SP_ECHANGED, "%s", fail);
	if (len > 100)
		len = 100;
	memset(buf, 'a' + (int)(offset / 100), len);
	*ret_len = len;
	return 0;
}

static int take(void *ctx, const void *data, size_t len, struct sp_err *e)
{
	struct sp_buf *buf = ctx;

	if (!buf)
		return sp_err_set(e, SP_EOUTPUT, "no room");
	sp_buf_add(buf, data, len);
	return 0;
}

static void test_bodies(struct fake_server *s)
{
	size_t first = s->requests_nr;
	struct sp_buf got = { 0 };
	const char *body;

	fake_answer(s, OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){
		.method = "PUT", .url = base, .body = "abc", .body_len = 3, .limit = 9 },
		&res, &err) == 0, "a body from memory");
	ok(strncmp(fake_request(s, first), "PUT / ", 6) == 0 &&
	   strstr(fake_request(s, first), "\r\n\r\nabc"), "arrives");
	fake_answer(s, OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){
		.method = "POST", .url = base, .read = give, .body_len = 250,
		.write = take, .write_ctx = &got }, &res, &err) == 0, "a body from a function");
	body = strstr(fake_request(s, first + 1), "\r\n\r\n");
	ok(body && strlen(body) == 254 && body[4] == 'a' && body[104] == 'b' && body[253] == 'c',
	   "arrives");
	is_str(sp_buf_str(&got), "hello", "and the answer goes to a function");
	fake_answer(s, OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "POST", .url = base,
		.limit = 9 }, &res, &err) == 0 &&
	   strcasestr(fake_request(s, first + 2), "\r\nContent-Length: 0\r\n"), "an empty POST");
	fake_answer(s, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "HEAD", .url = base },
		&res, &err) == 0 && strncmp(fake_request(s, first + 3), "HEAD ", 5) == 0,
	   "HEAD does not wait for a body");
	fake_answer(s, OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "DELETE", .url = base,
		.limit = 9 }, &res, &err) == 0 &&
	   strncmp(fake_request(s, first + 4), "DELETE ", 7) == 0, "DELETE");
	fake_answer(s, OK_ANSWER);
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "GET", .url = base,
		.write = take }, &res, &err) == -1, "a function that fails");
	is_str(err.msg, "no room", "gives the message");
	is_int(err.code, SP_EOUTPUT, "and the code");
	fake_answer(s, OK_ANSWER);
	char reason[] = "it changed";
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "POST", .url = base,
		.read = give, .read_ctx = reason, .body_len = 250, .limit = 9 }, &res, &err)
	   == -1 && err.code == SP_ECHANGED, "and so with one that is read from");
	sp_buf_release(&got);
}

/* A body that is read piece by piece, left alone, or cut off. */
static void test_pieces(struct fake_server *s)
{
	static const char many[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nWarning: a\r\n"
				   "X: y\r\nwarning: b\r\n\r\nhello";
	struct sp_http_request request = { .method = "GET", .url = base };
	char buf[4] = "";
	size_t len = 9;

	err = (struct sp_err){ 0 };
	fake_answer(s, many);
	ok(sp_http_start(http, &request, &res, &err) == 0 && res.status == 200,
	   "the answer begins");
	ok(sp_http_read(http, buf, 3, &len, &err) == 0 && len == 3 && !memcmp(buf, "hel", 3),
	   "some of its body");
	ok(sp_http_read(http, buf, 3, &len, &err) == 0 && len == 2 && !memcmp(buf, "lo", 2),
	   "the rest");
	ok(sp_http_read(http, buf, 3, &len, &err) == 0 && len == 0, "the end");
	const char *first = sp_http_header(&res, "Warning");
	const char *second = sp_http_header_next(&res, "Warning", first);
	is_str(first, "a", "a header that is there twice");
	is_str(second, "b", "and its second value");
	ok(!sp_http_header_next(&res, "Warning", second), "there is no third");
	fake_answer(s, many);
	ok(sp_http_start(http, &request, &res, &err) == 0, "one that nobody reads");
	sp_http_stop(http);
	sp_http_stop(http);
	fake_answer(s, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
	ok(sp_http_start(http, &request, &res, &err) == 0 && res.status == 404,
	   "one without a body");
	fake_answer(s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel");
	ok(sp_http_start(http, &request, &res, &err) == 0 &&
	   sp_http_read(http, buf, 3, &len, &err) == 0 && len == 3 &&
	   sp_http_read(http, buf, 3, &len, &err) == -1 && err.code == SP_ENETWORK &&
	   sp_http_failure(http) == SP_HTTP_BROKEN, "one that breaks off");
	sp_http_stop(http);
	request.url = "http://127.0.0.1:1/?secret";
	ok(sp_http_start(http, &request, &res, &err) == -1 &&
	   sp_http_failure(http) == SP_HTTP_NO_CONNECTION && !strstr(err.msg, "secret"),
	   "one that cannot begin; the query is not shown");
}

static void test_refused(void)
{
	err = (struct sp_err){ 0 };
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "GET",
		.url = "file:///etc/passwd", .limit = 99999 }, &res, &err) == -1 &&
	   err.code == SP_ENETWORK, "no other scheme is spoken");
	is_int(sp_http_errno(http), 0, "that is no failed connection");
	ok(sp_http_do(http, &(struct sp_http_request){ .method = "GET",
		.url = "http://127.0.0.1:1/", .limit = 9 }, &res, &err) == -1 &&
	   err.code == SP_ENETWORK, "nobody listens");
	is_int(sp_http_errno(http), ECONNREFUSED, "and the reason is known");
}

/* The environment decides nothing. */
static void test_environment(struct fake_server *s)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	fake_answer(s, OK_ANSWER);
	ok(get("/", 9) == 0, "a proxy in the environment is not used");
}

static void test_waiting(struct fake_server *s)
{
	static volatile sig_atomic_t cancelled;
	struct sp_http_options options = { .stall_seconds = 1, .cancelled = &cancelled };
	struct sp_http *other = NULL;
	time_t start = time(NULL);

	err = (struct sp_err){ 0 };
	ok(sp_http_new(&options, &other, &err) == 0, "a second client");
	fake_answer(s, NULL);
	ok(sp_http_do(other, &(struct sp_http_request){ .method = "GET", .url = base,
		.limit = 9 }, &res, &err) == -1 && err.code == SP_ENETWORK,
	   "a server that is silent");
	ok(time(NULL) - start < 10, "is left soon");
	cancelled = 1;
	fake_answer(s, NULL);
	ok(sp_http_do(other, &(struct sp_http_request){ .method = "GET", .url = base,
		.limit = 9 }, &res, &err) == -1, "cancelled");
	is_int(err.code, SP_ECANCELLED, "is told apart");
	sp_http_free(other);
}

int main(void)
{
	struct sp_http_options options = { .user_agent = "test/1" };
	struct fake_server server;

	signal(SIGPIPE, SIG_IGN);
	fake_start(&server, NULL);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", server.port);
	if (!ok(sp_http_new(&options, &http, &err) == 0, "libcurl is loaded")) {
		note("%s", err.msg);
		fake_stop(&server);
		return test_done();
	}
	test_get(&server);
	test_status_and_limits(&server);
	test_bodies(&server);
	fake_stop(&server);
	fake_start(&server, NULL);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", server.port);
	test_pieces(&server);
	fake_stop(&server);
	fake_start(&server, NULL);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", server.port);
	test_refused();
	test_environment(&server);
	test_waiting(&server);
	fake_stop(&server);
	sp_http_response_release(&res);
	sp_http_free(http);
	sp_http_free(NULL);
	return test_done();
}
