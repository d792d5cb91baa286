/*
 * Credentials: which a user has for a registry, and where they stand.
 */
#ifndef SP_TRANSPORT_CREDENTIALS_H
#define SP_TRANSPORT_CREDENTIALS_H

#include "base/mem.h"
#include "transport/helper.h"

#define SP_AUTH_FILE_MAX (4 * 1024 * 1024)	/* bytes */

/* Strings live in the arena given to sp_credentials_find(). */
struct sp_credentials {
	enum {
		SP_CREDENTIALS_NONE,
		SP_CREDENTIALS_PASSWORD,	/* user and secret */
		SP_CREDENTIALS_IDENTITY,	/* secret: a token to get tokens with */
		SP_CREDENTIALS_TOKEN		/* secret: a token to send as it is */
	} kind;
	const char *user, *secret;
	const char *where;		/* for people: file, key, helper; never NULL */
};

/*
 * Look for the credentials of a repository: those of the options, then file after
 * file: --authfile or REGISTRY_AUTH_FILE alone if there is one, else
 * DOCKER_CONFIG/config.json, XDG_RUNTIME_DIR/containers/auth.json,
 * XDG_CONFIG_HOME/containers/auth.json, HOME/.docker/config.json (left out if
 * DOCKER_CONFIG is set).  In a file: the helper of the host, the store, the entries,
 * each from the most specific key to the host.  Kind NONE if there are none.
 * SP_EAUTH for a file that cannot be understood and a helper that fails.
 */
SP_CHECKED int sp_credentials_find(const struct sp_registry_options *options,
				   const char *domain, const char *path,
				   const volatile sig_atomic_t *cancelled,
				   struct sp_arena *arena, struct sp_credentials *ret,
				   struct sp_err *err);

/* Does "[HOST=]USER:PASSWORD" name no host? */
bool sp_credentials_is_for_all(const char *creds);

/*
 * The names under which a registry stands in files and helpers, from "domain/path"
 * to the host, then older forms; NULL ends them.  The first one without path is
 * what login writes.  path may be NULL.
 */
const char *const *sp_credentials_keys(const char *domain, const char *path,
				       struct sp_arena *arena);

/* The same for helpers, which know hosts alone. */
const char *sp_credentials_server(const char *domain);

/*
 * Where login and logout write: the authfile of the options, REGISTRY_AUTH_FILE,
 * DOCKER_CONFIG/config.json, or HOME/.docker/config.json.  NULL if none is known.
 */
const char *sp_credentials_file(const struct sp_registry_options *options,
				struct sp_arena *arena);

/*
 * Keep user and password for a registry, or forget them: through the helper or
 * store that the file names, else in the file itself, which is replaced by one that
 * only its owner can read and keeps what else is in it.  *ret_where says for people
 * where that was.  *ret_found: was there anything to forget?
 */
SP_CHECKED int sp_credentials_store(const struct sp_registry_options *options,
				    const char *domain, const char *user, const char *secret,
				    const volatile sig_atomic_t *cancelled,
				    struct sp_arena *arena, const char **ret_where,
				    struct sp_err *err);
SP_CHECKED int sp_credentials_erase(const struct sp_registry_options *options,
				    const char *domain,
				    const volatile sig_atomic_t *cancelled,
				    struct sp_arena *arena, const char **ret_where,
				    bool *ret_found, struct sp_err *err);

#endif
