/*
 * Connections of one registry client: to the registry itself, to its token server,
 * to wherever it sends us.  Kept open and used again, also by several threads.  What
 * is the registry's alone (client certificate, certificates to trust, "any
 * certificate will do") goes to its own origin and to nobody else.
 */
#ifndef SP_TRANSPORT_CONNS_H
#define SP_TRANSPORT_CONNS_H

#include "transport/http.h"
#include "transport/registry.h"
#include "transport/transport.h"
#include "transport/url.h"

struct sp_conns;

/* What a registry at host (host[:port]) asks of TLS: the directories certs.d, and
 * the options.  SP_EUSAGE for files there that cannot be read or lack their pair. */
SP_CHECKED int sp_conns_new(const struct sp_transport_options *options, const char *host,
			    struct sp_conns **ret, struct sp_err *err);
void sp_conns_free(struct sp_conns *conns);	/* NULL allowed */

/* Which origin is the registry's own. */
void sp_conns_set_origin(struct sp_conns *conns, const struct sp_url *origin);

/* A handle for one request, or several, to the host of url; give it back. */
SP_CHECKED int sp_conns_take(struct sp_conns *conns, const struct sp_url *url,
			     struct sp_http **ret, struct sp_err *err);
void sp_conns_give(struct sp_conns *conns, const struct sp_url *url, struct sp_http *http);

/* Options without which a registry is spoken to: all unset. */
const struct sp_registry_options *sp_registry_options_of(const struct sp_transport_options *o);

/* Is host[:port] in a list of such? */
bool sp_host_listed(const char *const *list, size_t list_nr, const char *host);

/* proxy.c: the proxy that the environment of the options names for url; ret->url is
 * NULL for none.  The strings live in the arena, or as long as the options.  SP_EUSAGE
 * for what is no URL of a proxy; no message shows who we are to it. */
SP_CHECKED int sp_proxy_for(const struct sp_registry_options *options, const struct sp_url *url,
			    struct sp_arena *arena, struct sp_http_proxy *ret,
			    struct sp_err *err);

#endif
