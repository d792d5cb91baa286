/*
 * The engine as a destination, against a server that behaves like one or not.
 * Real engines are in tests/engines.
 */
#include <fcntl.h>
#include <signal.h>

#include "fake_server.h"
#include "tiny_image.h"

#define PONG "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
#define LOADED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"          \
	       "1f\r\n{\"status\":\"Loading layer\"}\r\nbad\r\n"                    \
	       "22\r\n json\n{\"stream\":\"Loaded image: x\"}\r\n0\r\n\r\n"
#define REFUSED(text, len)                                                      \
	"HTTP/1.1 200 OK\r\nContent-Length: " #len "\r\n\r\n" text

static const char *host;
static struct sp_err err;

static int load(const struct tiny *t, const char *docker_host)
{
	struct sp_transport_options options = tiny_options();

	options.docker_host = docker_host;
	err = (struct sp_err){ 0 };
	return tiny_write(t, "docker-daemon:myapp:v3", "tiny", "v1", &options, &err);
}

static void said(const char *what)
{
	if (!ok(strstr(err.msg, what) != NULL, "the message says: %s", what))
		note("%s", err.msg);
}

static void test_load(const struct tiny *t, struct fake_server *s)
{
	struct sp_transport_options options = tiny_options();
	const char *post, *body;

	fake_answer(s, PONG);
	fake_answer(s, LOADED);
	if (!ok(load(t, host) == 0, "an image is loaded"))
		note("%s", err.msg);
	ok(strncmp(fake_request(s, 0), "GET /_ping HTTP/1.1\r\n", 21) == 0,
	   "the engine is asked first whether it is there");
	post = fake_request(s, 1);
	ok(strncmp(post, "POST /images/load?quiet=0 HTTP/1.1\r\n", 36) == 0, "then it gets it");
	ok(strstr(post, "\r\nContent-Type: application/x-tar\r\n") != NULL, "as a tar archive");
	body = strstr(post, "\r\n\r\n");
	put_file("sent.tar", body ? body + 4 : "", body ? fake_length(post) : 0);
	ok(tiny_write(t, "want.tar", "myapp", "v3", &options, &err) == 0 &&
	   shell("cmp sent.tar want.tar") == 0, "the same one that a file would hold");
}

static const struct {
	const char *what, *answer, *says;
} refusals[] = {
	{ "an error in the stream",
	  REFUSED("{\"stream\":\"x\"}\r\n{\"errorDetail\":{\"message\":\"no space\"},"
		  "\"error\":\"no\"}\r\n", 67), "refused the image: no space" },
	{ "an error without detail", REFUSED("{\"error\":\"bad tar\"}", 19),
	  "refused the image: bad tar" },
	{ "a status with a message",
	  "HTTP/1.1 500 Oops\r\nContent-Length: 22\r\n\r\n{\"message\":\"it broke\"}",
	  "refused the image: it broke" },
	{ "a status without one", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
	  "status 503" },
	{ "half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}",
	  "cannot talk to the engine" },
};

static void test_refusals(const struct tiny *t, struct fake_server *s)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		fake_answer(s, PONG);
		fake_answer(s, refusals[i].answer);
		ok(load(t, host) == -1, "%s is a failure", refusals[i].what);
		is_int(err.code, SP_ENETWORK, "of the engine");
		said(refusals[i].says);
		said(host);
	}
}

static void test_no_engine(const struct tiny *t, struct fake_server *s)
{
	sp_autofree char *missing = sp_strf("unix://%s", in_scratch("missing.sock"));
	sp_autofree char *dead = sp_strf("unix://%s", in_scratch("dead.sock"));
	sp_autofree char *file = sp_strf("unix://%s", in_scratch("file.sock"));
	struct fake_server gone;
	int before = entries_in(".");

	fake_answer(s, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
	ok(load(t, host) == -1 && err.code == SP_ENETWORK, "a server that is no engine");
	said("is no engine");
	ok(load(t, missing) == -1 && err.code == SP_ENETWORK, "no socket");
	said("no engine answers there; start it, or set DOCKER_HOST");
	said(missing);
	fake_start(&gone, in_scratch("dead.sock"));
	fake_stop(&gone);
	ok(load(t, dead) == -1 && err.code == SP_ENETWORK, "nobody listens");
	said("no engine answers there");
	put_file("file.sock", "", 0);
	ok(load(t, file) == -1 && err.code == SP_ENETWORK, "a file is no socket");
	said(file);
	unlink("dead.sock");
	unlink("file.sock");
	is_int(entries_in("."), before, "nothing is left behind");
}

/* A socket that we may not use; root may use all, so that it has to step down. */
static void test_no_permission(const struct tiny *t)
{
	sp_autofree char *closed = sp_strf("unix://%s", in_scratch("closed.sock"));
	struct fake_server s;
	int status;

	fake_start(&s, in_scratch("closed.sock"));
	chmod("closed.sock", 0);
	chmod(scratch_dir(), 0755);
	pid_t pid = fork();
	if (pid == 0) {
		if (getuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(77);
		_exit(load(t, closed) == -1 && err.code == SP_ENETWORK &&
		      strstr(err.msg, "join the group docker or use sudo") ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip("cannot become another user");
	else
		is_int(status, 0, "a socket without permission says what to do");
	fake_stop(&s);
}

static void test_hosts(const struct tiny *t)
{
	static const char *const bad[] = {
		"ssh://me@host", "tcp://192.0.2.1:2375", "tcp://127.0.0.1", "unix://relative",
		"tcp://127.0.0.1:23x", "http://127.0.0.1.evil.example:80", "fd://", "/run/x.sock",
		"tcp://localhost@evil.example:80",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(load(t, bad[i]) == -1, "DOCKER_HOST=%s is refused", bad[i]);
		is_int(err.code, SP_EUSAGE, "with advice");
		said("docker load");
	}
}

static void test_tcp(const struct tiny *t)
{
	struct fake_server s;
	sp_autofree char *url = NULL;

	fake_start(&s, NULL);
	fake_answer(&s, PONG);
	fake_answer(&s, LOADED);
	url = sp_strf("tcp://127.0.0.1:%d", s.port);
	ok(load(t, url) == 0, "an engine on a port of this machine");
	fake_stop(&s);
}

static void test_cancel(const struct tiny *t, struct fake_server *s)
{
	static volatile sig_atomic_t cancelled;
	struct sp_transport_options options = tiny_options();
	struct sp_dest *dest = NULL;

	options.docker_host = host;
	options.cancelled = &cancelled;
	fake_answer(s, PONG);
	fake_answer(s, NULL);
	err = (struct sp_err){ 0 };
	ok(sp_dest_open("docker-daemon:x", &options, &dest, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	   sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0, "ready to load");
	cancelled = 1;
	ok(sp_dest_commit(dest, &err) == -1, "a load can be cancelled");
	is_int(err.code, SP_ECANCELLED, "and says so");
	sp_dest_free(dest);
}

/* An image asked for: which one, and what comes of it. */
static void test_source(struct fake_server *s)
{
	static const struct {
		const char *name, *asks, *answer, *says;
	} rows[] = {
		{ "app", "GET /images/app:latest/get ", "HTTP/1.1 404 Not Found\r\nContent-Length: 14"
		  "\r\n\r\n{\"message\":\"\"}", "has no image called app:latest" },
		{ "ghcr.io/me/app:v1", "GET /images/ghcr.io/me/app:v1/get ",
		  "HTTP/1.1 500 Oops\r\nContent-Length: 18\r\n\r\n{\"message\":\"ouch\"}", "status 500: ouch" },
		{ "0123456789ab", "GET /images/0123456789ab/get ",
		  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope", "docker-daemon:0123456789ab: " },
		{ "app:v2", "GET /images/app:v2/get ", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		  "is empty" },
	};
	struct sp_transport_options options = tiny_options();
	int before = entries_in(".");

	options.docker_host = host;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sp_autofree char *text = sp_strf("docker-daemon:%s", rows[i].name);
		struct sp_source *source;
		char *ref;

		fake_answer(s, PONG);
		fake_answer(s, rows[i].answer);
		err = (struct sp_err){ 0 };
		ok(sp_source_open(text, &options, &source, &ref, &err) == -1, "%s", text);
		said(rows[i].says);
		const char *last = sp_buf_str(&s->requests[s->requests_nr - 1]);
		ok(strncmp(last, rows[i].asks, strlen(rows[i].asks)) == 0, "asks %s", rows[i].asks);
	}
	is_int(entries_in("."), before, "nothing is left behind");
}

int main(void)
{
	struct fake_server server;
	struct tiny t;

	signal(SIGPIPE, SIG_IGN);
	if (chdir(scratch_dir()))
		abort();
	tiny_init(&t, "some text in a file of the layer");
	fake_start(&server, in_scratch("engine.sock"));
	host = sp_strf("unix://%s", in_scratch("engine.sock"));
	test_load(&t, &server);
	test_refusals(&t, &server);
	test_no_engine(&t, &server);
	test_cancel(&t, &server);
	fake_stop(&server);
	fake_start(&server, in_scratch("engine.sock"));
	test_source(&server);
	fake_stop(&server);
	test_no_permission(&t);
	test_hosts(&t);
	test_tcp(&t);
	tiny_release(&t);
	return test_done();
}
