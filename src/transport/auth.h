/*
 * Showing a registry who we are: Basic, or a Bearer token that a token server gives
 * for scopes (distribution's token and OAuth 2 protocols).
 */
#ifndef SP_TRANSPORT_AUTH_H
#define SP_TRANSPORT_AUTH_H

#include "transport/challenge.h"
#include "transport/conns.h"

#define SP_TOKEN_ANSWER_MAX (64 * 1024)	/* bytes */
#define SP_SCOPES_MAX 64
#define SP_SCOPE_LEN_MAX 1024

struct sp_auth;

/* Who wants in: a repository of a registry.  Credentials are looked for when a
 * challenge comes. */
struct sp_auth *sp_auth_new(const struct sp_transport_options *options,
			    struct sp_conns *conns, const char *domain, const char *path);
void sp_auth_free(struct sp_auth *auth);	/* NULL allowed */

/* Ask for this scope too, in tokens that are fetched from now on.  The first one
 * matters: some servers read no other. */
void sp_auth_add_scope(struct sp_auth *auth, const char *scope);

/*
 * The header to send, malloc'ed ("Authorization: ..."), or NULL for none; and its
 * generation, by which sp_auth_meet() knows whether it is still the newest.
 */
char *sp_auth_header(struct sp_auth *auth, unsigned *ret_generation);

/*
 * The registry (at origin) answered 401 to a request with that generation: get what
 * its challenge asks for.  0: there is a newer header to try; SP_EAUTH if there is
 * not.  May be called from several threads.
 */
SP_CHECKED int sp_auth_meet(struct sp_auth *auth, const struct sp_url *origin,
			    unsigned generation, const struct sp_http_response *response,
			    struct sp_err *err);

/* May a server at from send us to another one at to?  Not out of TLS, and not to an
 * address of this machine or its network from outside.  SP_ENETWORK says what. */
SP_CHECKED int sp_may_follow(const struct sp_url *from, const struct sp_url *to,
			     const char *what, struct sp_err *err);

/* Put "***" in the place of every secret that was sent, and leave out queries of
 * URLs.  For text that servers wrote. */
void sp_auth_redact(struct sp_auth *auth, char *text);

#endif
