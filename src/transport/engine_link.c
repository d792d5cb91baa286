/*
 * Talking to a local engine: where it listens, and what it means when it does not.
 */
#include "transport/engine_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "image/json.h"

#define DEFAULT_SOCKET "/var/run/docker.sock"
#define ANSWER_MAX (1024 * 1024)	/* bytes of an error document */
/* An engine unpacks before it answers; that is silence, but no failure. */
#define STALL_SECONDS 600

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
static int parse_host(struct sp_engine_link *e, struct sp_err *err)
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

int sp_engine_explain(const struct sp_engine_link *e, struct sp_err *err)
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

char *sp_engine_error_text(const struct sp_buf *body)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err ignored = { 0 };
	const char *text = NULL;

	if (sp_json_parse(sp_buf_str(body), body->len, &doc, &ignored) == 0)
		text = sp_json_str(doc, "message");
	return sp_strf("%.1000s", text ? text : sp_buf_str(body));
}

/* See whether an engine is there before the work begins. */
static int ping(struct sp_engine_link *e, struct sp_err *err)
{
	sp_autofree char *url = sp_strf("%s/_ping", e->base);
	struct sp_http_response response = { 0 };
	sp_autofree char *text = NULL;
	long status;

	if (sp_http_do(e->http, &(struct sp_http_request){
			.method = "GET", .url = url, .limit = ANSWER_MAX }, &response, err))
		return sp_engine_explain(e, err);
	status = response.status;
	text = sp_engine_error_text(&response.body);
	sp_http_response_release(&response);
	if (status != 200)
		return sp_err_set(err, SP_ENETWORK,
				  "%s: is no engine: it answers status %ld: %s", e->host,
				  status, text);
	return 0;
}

int sp_engine_connect(const struct sp_transport_options *options, struct sp_engine_link *ret,
		      struct sp_err *err)
{
	const char *host = options->docker_host;

	*ret = (struct sp_engine_link){
		.host = sp_strdup(host && *host ? host : "unix://" DEFAULT_SOCKET) };
	if (parse_host(ret, err) ||
	    sp_http_new(&(struct sp_http_options){
			.unix_socket = ret->socket, .stall_seconds = STALL_SECONDS,
			.cancelled = options->cancelled }, &ret->http, err))
		return -1;
	return ping(ret, err);
}

void sp_engine_disconnect(struct sp_engine_link *e)
{
	sp_http_free(e->http);
	free(e->host);
	free(e->socket);
	free(e->base);
	*e = (struct sp_engine_link){ 0 };
}
