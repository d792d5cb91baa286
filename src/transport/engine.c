/*
 * A local engine (Docker, or podman's service) as a destination: the archive is
 * made in a file without a name and sent to POST /images/load when it is whole.
 */
#include "transport/dest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "image/json.h"
#include "transport/archive.h"
#include "transport/http.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"
#define LINE_MAX_BYTES (64 * 1024)	/* of one line of the answer */
#define ANSWER_MAX (1024 * 1024)	/* bytes of an error document */
/* An engine unpacks before it answers; that is silence, but no failure. */
#define STALL_SECONDS 600

struct engine {
	struct sp_dest dest;
	struct sp_transport_options options;
	struct sp_archive archive;
	struct sp_outfile out;
	struct sp_http *http;
	char *host;		/* as in DOCKER_HOST, for messages */
	char *socket, *base;	/* path or NULL; URL up to the path */
	struct sp_buf line;		/* of the answer, as it comes */
	char *refused;		/* the error that the engine reported, or NULL */
};

/* An archive in the clear goes to this machine only. */
static bool is_loopback(const char *host, size_t len)
{
	sp_autofree char *name = sp_strndup(host, len);
	struct in_addr v4;

	if (strcmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, name, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* Take DOCKER_HOST apart. */
static int parse_host(struct engine *e, struct sp_err *err)
{
	static const char unix_scheme[] = "unix://", tcp[] = "tcp://", http[] = "http://";
	const char *host = e->host, *rest = NULL;

	if (strncmp(host, unix_scheme, strlen(unix_scheme)) == 0 &&
	    host[strlen(unix_scheme)] == '/') {
		e->socket = sp_strdup(host + strlen(unix_scheme));
		/* the name is for the Host header alone */
		e->base = sp_strdup("http://localhost");
		return 0;
	}
	if (strncmp(host, tcp, strlen(tcp)) == 0)
		rest = host + strlen(tcp);
	else if (strncmp(host, http, strlen(http)) == 0)
		rest = host + strlen(http);
	size_t len = rest ? strcspn(rest, "/") : 0;
	const char *colon = len ? memrchr(rest, ':', len) : NULL;

	/* a port is digits, so that nothing else gets into the URL */
	if (!colon || colon[1 + strspn(colon + 1, "0123456789")] || !colon[1])
		return sp_err_set(err, SP_EUSAGE,
				  "DOCKER_HOST is %s; expected unix:///PATH or "
				  "tcp://127.0.0.1:PORT (else: scratchpack -o - | docker load)",
				  host);
	if (!is_loopback(rest, (size_t)(colon - rest)))
		return sp_err_set(err, SP_EUSAGE,
				  "DOCKER_HOST is %s, which is not this machine; use "
				  "scratchpack -o - | docker load", host);
	e->base = sp_strf("http://%s", rest);
	return 0;
}

/* Say what a connection that failed means to the user. */
static int explain(const struct engine *e, struct sp_err *err)
{
	int why = sp_http_errno(e->http);

	if (err->code != SP_ENETWORK)
		return -1;
	if (e->socket && access(e->socket, F_OK) && errno == ENOENT)
		why = ENOENT;
	else if (e->socket && why && access(e->socket, W_OK) && errno == EACCES)
		why = EACCES;
	if (why == EACCES || why == EPERM)
		return sp_err_set(err, SP_ENETWORK,
				  "%s: no permission to talk to the engine; join the group "
				  "docker or use sudo", e->host);
	if (why == ENOENT || why == ECONNREFUSED)
		return sp_err_set(err, SP_ENETWORK,
				  "%s: no engine answers there; start it, or set "
				  "DOCKER_HOST to where it listens", e->host);
	return sp_err_wrap(err, "%s: cannot talk to the engine", e->host);
}

/* What an error document of the engine says, or its start; malloc'ed. */
static char *error_text(const struct sp_buf *body)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *text = NULL;

	if (sp_json_parse(sp_buf_str(body), body->len, &doc, &ignored) == 0)
		text = sp_json_str(doc, "message");
	return sp_strf("%.1000s", text ? text : sp_buf_str(body));
}

/* One line of the answer to a load: progress, or why it failed. */
static void take_line(struct engine *e)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *text;

	if (!e->refused && e->line.len &&
	    sp_json_parse(e->line.data, e->line.len, &doc, &ignored) == 0) {
		text = sp_json_str(sp_json_get(doc, "errorDetail"), "message");
		text = text ? text : sp_json_str(doc, "error");
		/* of a status that is no success */
		text = text ? text : sp_json_str(doc, "message");
		if (text)
			e->refused = sp_strf("%.1000s", text);
	}
	sp_buf_reset(&e->line);
}

static int on_answer(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	struct engine *e = ctx;
	const char *p = data, *end = p + len;

	(void)err;
	for (; p < end; p++) {
		if (*p == '\n')
			take_line(e);
		else if (e->line.len < LINE_MAX_BYTES)
			sp_buf_addch(&e->line, *p);
	}
	return 0;
}

static int on_body(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		   struct sp_err *err)
{
	struct engine *e = ctx;
	ssize_t n;

	do
		n = pread(e->out.fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot read it back", e->out.path);
	*ret_len = (size_t)n;
	if (e->options.progress)
		e->options.progress(e->options.progress_ctx, &(struct sp_progress){
			.phase = "load", .item = e->host, .done = offset + (uint64_t)n,
			.total = e->out.size });
	return 0;
}

/* See whether an engine is there before the work begins. */
static int ping(struct engine *e, struct sp_err *err)
{
	sp_autofree char *url = sp_strf("%s/_ping", e->base);
	struct sp_http_response response = { 0 };
	sp_autofree char *text = NULL;
	long status;

	if (sp_http_do(e->http, &(struct sp_http_request){
			.method = "GET", .url = url, .limit = ANSWER_MAX }, &response, err))
		return explain(e, err);
	status = response.status;
	text = error_text(&response.body);
	sp_http_response_release(&response);
	if (status != 200)
		return sp_err_set(err, SP_ENETWORK,
				  "%s: is no engine: it answers status %ld: %s", e->host,
				  status, text);
	return 0;
}

static int engine_prepare(struct sp_dest *dest, const struct sp_image *image,
			  const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	struct engine *e = (struct engine *)dest;

	return sp_archive_finish(&e->archive, image, refs, refs_nr, err);
}

static int engine_commit(struct sp_dest *dest, struct sp_err *err)
{
	static const char *const headers[] = { "Content-Type: application/x-tar" };
	struct engine *e = (struct engine *)dest;
	sp_autofree char *url = sp_strf("%s/images/load?quiet=0", e->base);
	struct sp_http_response response = { 0 };
	long status;

	/* not quiet: lines of progress show that the engine is alive */
	if (sp_http_do(e->http, &(struct sp_http_request){
			.method = "POST", .url = url,
			.headers = headers, .headers_nr = 1,
			.read = on_body, .read_ctx = e, .body_len = e->out.size,
			.write = on_answer, .write_ctx = e }, &response, err))
		return explain(e, err);
	status = response.status;
	sp_http_response_release(&response);
	take_line(e);
	if (e->refused)
		return sp_err_set(err, SP_ENETWORK, "%s: the engine refused the image: %s",
				  e->host, e->refused);
	if (status != 200)
		return sp_err_set(err, SP_ENETWORK,
				  "%s: the engine refused the image: status %ld", e->host,
				  status);
	return 0;
}

static void engine_free(struct sp_dest *dest)
{
	struct engine *e = (struct engine *)dest;

	sp_http_free(e->http);
	sp_outfile_abort(&e->out);
	sp_archive_release(&e->archive);
	sp_buf_release(&e->line);
	free(e->host);
	free(e->socket);
	free(e->base);
	free(e->refused);
	free(e);
}

static const struct sp_dest_ops engine_ops = {
	.prepare = engine_prepare, .commit = engine_commit, .free = engine_free,
};

static int start(struct engine *e, struct sp_err *err)
{
	const char *dir = e->options.temp_dir ? e->options.temp_dir : "/tmp";

	if (parse_host(e, err) ||
	    sp_http_new(&(struct sp_http_options){
			.unix_socket = e->socket, .stall_seconds = STALL_SECONDS,
			.cancelled = e->options.cancelled }, &e->http, err) ||
	    ping(e, err))
		return -1;
	return sp_outfile_open_unnamed(&e->out, dir, err);
}

/* where is the image's name, which sp_dest_ref() gives to the caller. */
int sp_engine_open(const char *where, unsigned form,
		   const struct sp_transport_options *options, struct sp_dest **ret,
		   struct sp_err *err)
{
	struct engine *e = sp_calloc(1, sizeof(*e));
	const char *host = options->docker_host;

	(void)where;
	e->dest.ops = &engine_ops;
	e->dest.final = true;
	e->dest.sink = &e->archive.sink;
	e->options = *options;
	e->out = (struct sp_outfile)SP_OUTFILE_INIT;
	e->host = sp_strdup(host && *host ? host : "unix://" DEFAULT_SOCKET);
	sp_archive_init(&e->archive, &e->out, form, &e->options);
	if (start(e, err)) {
		engine_free(&e->dest);
		return -1;
	}
	*ret = &e->dest;
	return 0;
}
