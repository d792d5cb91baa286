/*
 * Registries: what the caller knows of them beforehand.  How they are spoken to
 * is in the registry_*.c files; docs/registry.md says which rule is where.
 */
#ifndef SP_TRANSPORT_REGISTRY_H
#define SP_TRANSPORT_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The library reads no environment: env is what the caller found in his, and is
 * looked up for HOME, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG,
 * REGISTRY_AUTH_FILE, PATH (of credential helpers, which run in this environment),
 * SSL_CERT_FILE, and HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in either case.
 * All is borrowed; NULL and 0 mean unset.
 */
struct sp_registry_options {
	const char *const *env;		/* NAME=VALUE */
	size_t env_nr;
	const char *const *creds;	/* "[HOST=]USER:PASSWORD" for registries named */
	size_t creds_nr;
	const char *authfile;		/* then no other file is looked at */
	const char *ca_file;		/* PEM, trusted besides the system's */
	const char *cert_dir;		/* ca.crt, client.cert, client.key for them */
	const char *const *insecure;	/* HOST[:PORT] whose certificate may be anyone's */
	size_t insecure_nr;
	const char *const *plain_http;	/* HOST[:PORT] to be spoken to in the clear */
	size_t plain_http_nr;
	bool insecure_all;		/* whatever the user names: --tls-verify=false */
	const char *const *mount_from;	/* full names of repositories whose blobs may be
					 * taken over (of a base image, say) */
	size_t mount_from_nr;
	unsigned tries;			/* of a request; 0: 5 */
	unsigned retry_seconds;		/* waits in total; 0: 300 */
	unsigned stall_seconds;		/* how long a server may be silent; 0: 120 */
	unsigned jobs;			/* blobs at a time; 0: 4 */
	uint64_t chunk_size;		/* bytes of a chunk; 0: as the registry takes */
	/* What a user may want to read: warnings of the registry, and with explain
	 * where credentials came from (never what they are).  Called from one
	 * thread at a time.  NULL allowed. */
	void (*note)(void *ctx, const char *text);
	void *note_ctx;
	bool explain;
};

#endif
