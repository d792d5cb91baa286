/*
 * The client's beginning and end: how a registry is spoken to, and who we are there.
 */
#include "base/vec.h"
#include "transport/client_state.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define HUB "docker.io"
#define HUB_API "registry-1.docker.io"
#define PING_MAX (64 * 1024)	/* bytes */
#define PROBE_MS 500		/* to be answered on this machine */

const char *sp_registry_name(const struct sp_registry *r)
{
	return r->name;
}

const char *sp_registry_domain(const struct sp_registry *r)
{
	return r->domain;
}

const struct sp_registry_options *sp_registry_settings(const struct sp_registry *r)
{
	return r->settings;
}

const struct sp_transport_options *sp_registry_transport(const struct sp_registry *r)
{
	return r->options;
}

const char *const *sp_registry_mounts(const struct sp_registry *r, size_t *ret_nr)
{
	*ret_nr = r->mounts_nr;
	return r->mounts;
}

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
	if (rc)
		sp_client_count_lost(r, http);
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
		if (!sp_client_is_passing(res->status))
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
	if (failure == SP_HTTP_NO_AUTHORITIES)
		return sp_err_set(err, SP_ENETWORK,
				  "%s; there are no certificates of authorities on this machine: "
				  "install ca-certificates, or give those to trust with --ca-file",
				  err->msg);
	if (failure == SP_HTTP_NO_TLS && !clear)
		return sp_err_set(err, SP_ENETWORK,
				  "%s; if it speaks http in the clear, say --plain-http %s",
				  err->msg, r->domain);
	return -1;
}

/*
 * Does a server of this machine speak http alone?  What is no request and no TLS either
 * is answered in the clear then.  Whatever else comes, or nothing, means no: https is
 * tried as for every other host.  It saves reading the system's certificates, which
 * takes longer than all requests of a small push.
 */
static bool speaks_http_alone(const struct sp_url *url)
{
	static const char probe[] = "\x16\x03\x01\r\n\r\n", clear[] = "HTTP/1.";
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)strtoul(url->port, NULL, 10)) };
	const struct timeval patience = { .tv_usec = PROBE_MS * 1000 };
	sp_autoclose int fd = -1;
	char answer[sizeof(clear) - 1];

	if (inet_pton(AF_INET, strcmp(url->host, "localhost") == 0 ? "127.0.0.1" : url->host,
		      &to.sin_addr) != 1)
		return false;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    send(fd, probe, sizeof(probe) - 1, MSG_NOSIGNAL) != sizeof(probe) - 1)
		return false;
	return recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer) &&
	       memcmp(answer, clear, sizeof(answer)) == 0;
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
	clear = clear || (sp_host_is_loopback(https.host) && speaks_http_alone(&https));
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

static bool has_mount(const struct sp_registry *r, const char *path)
{
	for (size_t i = 0; i < r->mounts_nr; i++)
		if (strcmp(r->mounts[i], path) == 0)
			return true;
	return false;
}

/* What may be mounted from here: other repositories of this registry. */
static void add_mounts(struct sp_registry *r)
{
	const struct sp_registry_options *s = r->settings;
	size_t len = strlen(r->domain);

	for (size_t i = 0; i < s->mount_from_nr; i++) {
		const char *name = s->mount_from[i];

		if (strncmp(name, r->domain, len) == 0 && name[len] == '/' &&
		    strcmp(name + len + 1, r->path) != 0 && !has_mount(r, name + len + 1))
			*SP_VEC_PUSH(r->mounts) = sp_arena_strdup(&r->arena, name + len + 1);
	}
}

static void add_scopes(struct sp_registry *r, bool push)
{
	/* a login asks for nothing but to be let in */
	if (!*r->path)
		return;
	sp_auth_add_scope(r->auth, sp_arena_strf(&r->arena, "repository:%s:%s", r->path,
						 push ? "pull,push" : "pull"));
	for (size_t i = 0; push && i < r->mounts_nr; i++)
		sp_auth_add_scope(r->auth, sp_arena_strf(&r->arena, "repository:%s:pull",
							 r->mounts[i]));
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
	sp_client_take_warnings(r, &res);
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
	add_mounts(r);
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
	free(r->mounts);
	sp_arena_release(&r->arena);
	pthread_mutex_destroy(&r->note_lock);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
