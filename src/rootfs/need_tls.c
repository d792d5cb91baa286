/*
 * Needs of programs that speak TLS: certificates where their library looks, and
 * OpenSSL's configuration and modules.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_rows.h"

/* Where libcrypto looks: its configuration and certificates, its modules. */
enum { OPENSSLDIR, MODULESDIR, ENGINESDIR, DIRS };

/* The values of lines as libcrypto has them: OPENSSLDIR: "/usr/lib/ssl".  NULL where
 * there is none. */
static int openssl_dirs(struct sp_needs *n, const char *ret[DIRS], struct sp_err *err)
{
	static const char *const marks[DIRS] = {
		"OPENSSLDIR: \"", "MODULESDIR: \"", "ENGINESDIR: \"",
	};

	if (sp_need_ask_all(n, "libcrypto.so", marks, DIRS, ret, err))
		return -1;
	for (size_t i = 0; i < DIRS; i++) {
		const char *open = ret[i] ? strchr(ret[i], '"') : NULL;
		const char *close = open ? strchr(open + 1, '"') : NULL;

		ret[i] = close ? sp_arena_strndup(sp_need_arena(n), open + 1,
						  (size_t)(close - open - 1)) : NULL;
	}
	return 0;
}

/* The paths in a variable of the image's environment; SSL_CERT_DIR is a list. */
static int from_env(struct sp_needs *n, const char *name, bool *any, struct sp_err *err)
{
	for (const char *p = sp_need_env(n, name); p && *p;) {
		size_t len = strcspn(p, ":");
		const char *path = sp_arena_strndup(sp_need_arena(n), p, len);
		bool found = false;

		if (path[0] == '/' && sp_need_path(n, path, &found, err))
			return -1;
		*any |= found;
		p += len + (p[len] == ':');
	}
	return 0;
}

/* OpenSSL: cert.pem and the hashed directory certs, below OPENSSLDIR. */
static int for_openssl(struct sp_needs *n, bool *any, struct sp_err *err)
{
	struct sp_arena *arena = sp_need_arena(n);
	const char *dirs[DIRS];
	bool file = false, certs = false;

	if (openssl_dirs(n, dirs, err))
		return -1;
	if (!dirs[OPENSSLDIR])
		return 0;
	if (sp_need_path(n, sp_path_join(arena, dirs[OPENSSLDIR], "cert.pem"), &file, err) ||
	    sp_need_path(n, sp_path_join(arena, dirs[OPENSSLDIR], "certs"), &certs, err))
		return -1;
	*any |= file || certs;
	return 0;
}

/* curl and GnuTLS have the path of one bundle compiled in. */
static int for_bundle_in(struct sp_needs *n, const char *library, bool *any,
			 struct sp_err *err)
{
	static const char *const marks[] = { "/ca-certificates.crt", "/ca-bundle.crt",
					     "/ca-bundle.pem", "/cert.pem",
					     "/tls-ca-bundle.pem" };
	const size_t nr = sizeof(marks) / sizeof(*marks);
	const char *paths[sizeof(marks) / sizeof(*marks)];
	bool found = false;

	if (sp_need_ask_all(n, library, marks, nr, paths, err))
		return -1;
	for (size_t i = 0; i < nr && !found; i++)
		if (paths[i] && paths[i][0] == '/' &&
		    sp_need_path(n, paths[i], &found, err))
			return -1;
	*any |= found;
	return 0;
}

/* Where Go looks (crypto/x509/root_linux.go), and others that try several. */
static int first_bundle(struct sp_needs *n, bool *any, struct sp_err *err)
{
	static const char *const paths[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths) && !*any; i++)
		if (sp_need_path(n, paths[i], any, err))
			return -1;
	return 0;
}

int sp_need_add_certificates(struct sp_needs *n, struct sp_err *err)
{
	bool any = false;

	if (from_env(n, "SSL_CERT_FILE", &any, err) || from_env(n, "SSL_CERT_DIR", &any, err) ||
	    from_env(n, "CURL_CA_BUNDLE", &any, err) || for_openssl(n, &any, err) ||
	    for_bundle_in(n, "libcurl", &any, err) || for_bundle_in(n, "libgnutls", &any, err) ||
	    for_bundle_in(n, "p11-kit-trust.so", &any, err) ||
	    first_bundle(n, &any, err))
		return -1;
	if (!any)
		sp_need_note(n, "no-certificates",
			     "no certificates of authorities were found: TLS servers will not be trusted; install ca-certificates, or --add a bundle");
	return 0;
}

int sp_need_add_openssl(struct sp_needs *n, struct sp_err *err)
{
	struct sp_arena *arena = sp_need_arena(n);
	const char *dirs[DIRS];
	bool any = false;

	if (from_env(n, "OPENSSL_CONF", &any, err) || from_env(n, "OPENSSL_MODULES", &any, err) ||
	    openssl_dirs(n, dirs, err))
		return -1;
	if (dirs[OPENSSLDIR] &&
	    sp_need_path(n, sp_path_join(arena, dirs[OPENSSLDIR], "openssl.cnf"), NULL, err))
		return -1;
	/* ELF files below a directory of modules bring what they need */
	for (size_t i = MODULESDIR; i < DIRS; i++)
		if (dirs[i] && sp_need_path(n, dirs[i], NULL, err))
			return -1;
	return 0;
}
