/*
 * What a server wants to see before it answers: WWW-Authenticate (RFC 9110, 11.6.1),
 * as far as registries use it.
 */
#ifndef SP_TRANSPORT_CHALLENGE_H
#define SP_TRANSPORT_CHALLENGE_H

#include "base/mem.h"
#include "transport/http.h"

#define SP_CHALLENGES_MAX 32	/* in one answer; more are not looked at */

/* Strings live in the arena given to sp_challenge_read(). */
struct sp_challenge {
	bool basic, bearer;		/* what is offered */
	const char *realm, *service, *scope;	/* of Bearer; "" if not there */
};

/* From all such headers of an answer; the first challenge of a kind counts. */
void sp_challenge_read(const struct sp_http_response *response, struct sp_arena *arena,
		       struct sp_challenge *ret);

/* The same from one header's value. */
void sp_challenge_add(const char *value, struct sp_arena *arena, struct sp_challenge *ret);

#endif
