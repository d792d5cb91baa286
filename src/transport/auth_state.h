/*
 * What authentication is inside: for the auth*.c files alone.  All but the lock is
 * guarded by it.
 */
#ifndef SP_TRANSPORT_AUTH_STATE_H
#define SP_TRANSPORT_AUTH_STATE_H

#include <pthread.h>

#include "transport/auth.h"
#include "transport/credentials.h"

struct sp_auth {
	const struct sp_transport_options *options;
	const struct sp_registry_options *registry;
	struct sp_conns *conns;
	const char *domain, *path;
	struct sp_arena arena;
	pthread_mutex_t lock;
	char *header;			/* or NULL */
	unsigned generation;		/* counts headers */
	struct sp_credentials credentials;
	bool looked;			/* for credentials */
	struct sp_challenge challenge;	/* the last Bearer one: some answers lack it */
	const char **scopes;
	size_t scopes_nr, scopes_alloc;
	char *token;			/* to be kept out of messages */
};

/* A line for --explain-auth. */
void sp_auth_explain(struct sp_auth *auth, const char *text);

/* What requests carry from now on; takes the header over. */
void sp_auth_set_header(struct sp_auth *auth, char *header);

/* "Authorization: Basic ..." of a user and a password; malloc'ed, to be wiped. */
char *sp_auth_basic(const struct sp_credentials *credentials);
void sp_auth_wipe(char *text);	/* and free it; NULL allowed */

/* auth_token.c: can it be sent as a token? */
bool sp_auth_is_token(const char *text);

/* auth_token.c: a token for all scopes from the server that the last challenge names. */
SP_CHECKED int sp_auth_fetch_token(struct sp_auth *auth, const struct sp_url *origin,
				   struct sp_err *err);

#endif
