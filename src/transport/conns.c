/*
 * Connections, and what TLS needs for them.
 */
#include "transport/conns.h"

#include <dirent.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "base/vec.h"
#include "transport/helper.h"

#define CA_MAX (4 * 1024 * 1024)	/* bytes of certificates to trust */
#define CERT_FILES_MAX 256		/* in a directory of certs.d */
#define STALL_SECONDS 120		/* some store a large blob before they answer */
#define STALL_BYTES 64			/* a second: less is as good as nothing */
#define USER_AGENT "scratchpack/" SCRATCHPACK_VERSION

struct conn {
	struct sp_http *http;
	bool tls;
	char *host, *port;
};

struct sp_conns {
	const struct sp_transport_options *options;
	const struct sp_registry_options *registry;
	struct sp_arena arena;
	struct sp_buf ca;		/* of the options: to trust everywhere */
	struct sp_buf own_ca;		/* the same and those of this registry */
	const char *client_cert, *client_key;
	bool insecure;
	struct sp_url origin;		/* host NULL until it is set */
	pthread_mutex_t lock;
	struct conn *idle;
	size_t idle_nr, idle_alloc;
};

static const struct sp_registry_options nothing;

const struct sp_registry_options *sp_registry_options_of(const struct sp_transport_options *o)
{
	return o && o->registry ? o->registry : &nothing;
}

bool sp_host_listed(const char *const *list, size_t list_nr, const char *host)
{
	for (size_t i = 0; i < list_nr; i++)
		if (strcasecmp(list[i], host) == 0)
			return true;
	return false;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static int add_ca(struct sp_buf *ca, const char *path, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };

	if (sp_read_file(path, CA_MAX, &text, err)) {
		err->code = SP_EUSAGE;
		return -1;
	}
	if (ca->len + text.len > CA_MAX || memchr(sp_buf_str(&text), '\0', text.len) ||
	    !strstr(sp_buf_str(&text), "-----BEGIN"))
		return sp_err_set(err, SP_EUSAGE, "%s: holds no certificates in PEM form", path);
	sp_buf_add(ca, text.data, text.len);
	sp_buf_addch(ca, '\n');
	return 0;
}

static int add_file(struct sp_conns *c, const char *dir, const char *name, struct sp_err *err)
{
	const char *path = sp_arena_strf(&c->arena, "%s/%s", dir, name);

	if (ends_with(name, ".crt"))
		return add_ca(&c->own_ca, path, err);
	if (!ends_with(name, ".cert") || c->client_cert)
		return 0;
	c->client_cert = path;
	c->client_key = sp_arena_strf(&c->arena, "%s/%.*s.key", dir,
				      (int)(strlen(name) - strlen(".cert")), name);
	if (access(path, R_OK) || access(c->client_key, R_OK))
		return sp_err_sys(err, SP_EUSAGE,
				  "%s: a client certificate NAME.cert and its key NAME.key "
				  "must be there and readable", path);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A directory of certs.d; *ret_there false if there is none. */
static int add_dir(struct sp_conns *c, const char *dir, bool *ret_there, struct sp_err *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, NULL, by_name), rc = 0;

	*ret_there = n >= 0;
	for (int i = 0; i < n; i++) {
		if (!rc && i < CERT_FILES_MAX)
			rc = add_file(c, dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

/* The first directory that is there counts, as for podman and skopeo. */
static int find_certs(struct sp_conns *c, const char *host, struct sp_err *err)
{
	const char *config = sp_registry_env(c->registry, "XDG_CONFIG_HOME");
	const char *home = sp_registry_env(c->registry, "HOME");
	const char *given = c->registry->cert_dir;
	const char *dirs[] = {
		config ? sp_arena_strf(&c->arena, "%s/containers/certs.d/%s", config, host) :
		home ? sp_arena_strf(&c->arena, "%s/.config/containers/certs.d/%s", home, host) :
		       NULL,
		sp_arena_strf(&c->arena, "/etc/containers/certs.d/%s", host),
		sp_arena_strf(&c->arena, "/etc/docker/certs.d/%s", host),
	};
	bool there = false;

	if (given) {
		if (add_dir(c, given, &there, err))
			return -1;
		return there ? 0 : sp_err_sys(err, SP_EUSAGE, "--cert-dir %s: cannot list it",
					      given);
	}
	for (size_t i = 0; !there && i < sizeof(dirs) / sizeof(*dirs); i++)
		if (dirs[i] && add_dir(c, dirs[i], &there, err))
			return -1;
	return 0;
}

int sp_conns_new(const struct sp_transport_options *options, const char *host,
		 struct sp_conns **ret, struct sp_err *err)
{
	struct sp_conns *c = sp_calloc(1, sizeof(*c));

	pthread_mutex_init(&c->lock, NULL);
	c->options = options;
	c->registry = sp_registry_options_of(options);
	c->insecure = c->registry->insecure_all ||
		      sp_host_listed(c->registry->insecure, c->registry->insecure_nr, host);
	/* what other programs trust by this variable we do too */
	bool given = c->registry->ca_file;
	const char *ca_file = given ? c->registry->ca_file :
				      sp_registry_env(c->registry, "SSL_CERT_FILE");

	if (ca_file && add_ca(&c->ca, ca_file, err)) {
		sp_conns_free(c);
		return sp_err_wrap(err, "%s", given ? "--ca-file" :
						      "SSL_CERT_FILE in the environment");
	}
	sp_buf_add(&c->own_ca, sp_buf_str(&c->ca), c->ca.len);
	if (find_certs(c, host, err)) {
		sp_conns_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void sp_conns_free(struct sp_conns *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->idle_nr; i++) {
		sp_http_free(c->idle[i].http);
		free(c->idle[i].host);
		free(c->idle[i].port);
	}
	free(c->idle);
	sp_buf_release(&c->ca);
	sp_buf_release(&c->own_ca);
	sp_arena_release(&c->arena);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void sp_conns_set_origin(struct sp_conns *c, const struct sp_url *origin)
{
	c->origin = *origin;
	c->origin.host = sp_arena_strdup(&c->arena, origin->host);
	c->origin.port = sp_arena_strdup(&c->arena, origin->port);
}

static int make(struct sp_conns *c, const struct sp_url *url, struct sp_http **ret,
		struct sp_err *err)
{
	bool own = c->origin.host && sp_url_same_origin(&c->origin, url);
	const struct sp_buf *ca = own ? &c->own_ca : &c->ca;
	struct sp_http_options options = {
		.ca_pem = ca->len ? ca->data : NULL,
		.client_cert = own ? c->client_cert : NULL,
		.client_key = own ? c->client_key : NULL,
		.insecure = own && c->insecure,
		.user_agent = USER_AGENT,
		.stall_seconds = c->registry->stall_seconds ? c->registry->stall_seconds :
							      STALL_SECONDS,
		.stall_bytes = STALL_BYTES,
		.cancelled = c->options ? c->options->cancelled : NULL,
	};

	if (sp_proxy_for(c->registry, url, &c->arena, &options.proxy, err))
		return -1;
	return sp_http_new(&options, ret, err);
}

int sp_conns_take(struct sp_conns *c, const struct sp_url *url, struct sp_http **ret,
		  struct sp_err *err)
{
	struct sp_http *http = NULL;

	pthread_mutex_lock(&c->lock);
	for (size_t i = c->idle_nr; !http && i-- > 0;) {
		struct conn *conn = &c->idle[i];

		if (conn->tls != url->tls || strcmp(conn->host, url->host) != 0 ||
		    strcmp(conn->port, url->port) != 0)
			continue;
		http = conn->http;
		free(conn->host);
		free(conn->port);
		*conn = c->idle[--c->idle_nr];
	}
	/* making one loads the library, which is no work for two threads at once */
	int rc = http ? 0 : make(c, url, &http, err);

	pthread_mutex_unlock(&c->lock);
	if (!rc)
		*ret = http;
	return rc;
}

void sp_conns_give(struct sp_conns *c, const struct sp_url *url, struct sp_http *http)
{
	sp_http_stop(http);
	pthread_mutex_lock(&c->lock);
	*SP_VEC_PUSH(c->idle) = (struct conn){ .http = http, .tls = url->tls,
					       .host = sp_strdup(url->host),
					       .port = sp_strdup(url->port) };
	pthread_mutex_unlock(&c->lock);
}
