/*
 * What a client is inside: for the client_*.c files alone.
 */
#ifndef SP_TRANSPORT_CLIENT_STATE_H
#define SP_TRANSPORT_CLIENT_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "transport/client.h"

#define WARNINGS_MAX 16		/* different ones that are shown */

struct sp_registry {
	const struct sp_transport_options *options;
	const struct sp_registry_options *settings;
	const char *domain, *path, *name;
	const char **mounts;		/* paths of this registry that may be mounted from */
	size_t mounts_nr, mounts_alloc;
	struct sp_arena arena;		/* used before there are threads, or under lock */
	struct sp_url base;		/* ".../v2/" */
	struct sp_conns *conns;
	struct sp_auth *auth;
	atomic_bool reached;		/* it answered once */
	pthread_mutex_t lock;		/* of all that follows, and of the arena */
	uint64_t waited_ms;		/* between tries, of all requests */
	const char *warnings[WARNINGS_MAX];
	size_t warnings_nr;
	pthread_mutex_t note_lock;	/* one note at a time */
};

/* client_retry.c: is this status one that may be another soon? */
bool sp_client_is_passing(long status);

/* client_retry.c: what the last request with this handle waited in vain is taken from
 * the time that may be spent waiting, so that a silent server is not waited for in
 * every try. */
void sp_client_count_lost(struct sp_registry *r, const struct sp_http *http);

/* Show each warning of the registry once. */
void sp_client_take_warnings(struct sp_registry *r, const struct sp_http_response *res);

#endif
