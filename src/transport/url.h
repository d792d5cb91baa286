/*
 * http and https URLs that a registry gives us: taken apart, resolved, compared.
 * What is refused here never reaches a request.
 */
#ifndef SP_TRANSPORT_URL_H
#define SP_TRANSPORT_URL_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_URL_MAX 8192		/* bytes; a signed one can be long */

/* Strings live in the arena given to sp_url_parse(). */
struct sp_url {
	bool tls;		/* https */
	const char *host;	/* lower case; IPv6 in brackets */
	const char *port;	/* digits, also where it is the usual one */
	const char *path;	/* with the query, without a fragment; begins with "/" */
};

/* SP_ENETWORK for what is no absolute http or https URL, is too long, or carries a
 * user or a control character.  The text is not in the message. */
SP_CHECKED int sp_url_parse(const char *text, struct sp_arena *arena, struct sp_url *ret,
			    struct sp_err *err);

/* The same for a reference (a Location header) relative to base. */
SP_CHECKED int sp_url_resolve(const struct sp_url *base, const char *text,
			      struct sp_arena *arena, struct sp_url *ret,
			      struct sp_err *err);

/* "https://host[:port]/path" */
char *sp_url_text(const struct sp_url *url, struct sp_arena *arena);
/* "host[:port]" */
char *sp_url_authority(const struct sp_url *url, struct sp_arena *arena);

/* The same scheme, host and port? */
bool sp_url_same_origin(const struct sp_url *a, const struct sp_url *b);

/* Is this host this machine?  A name or an address, as it stands in a URL. */
bool sp_host_is_loopback(const char *host);

/* Is it an address, not a name, that no public server has: loopback, private,
 * link-local, unspecified?  "localhost" is one too. */
bool sp_host_is_private(const char *host);

/* text as a query value: everything but letters, digits and -._~/:, becomes %XX. */
char *sp_url_escape(const char *text, struct sp_arena *arena);

#endif
