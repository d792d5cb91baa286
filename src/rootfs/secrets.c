/*
 * The guard against packing secrets.
 */
#include "rootfs/secrets.h"

#include <stdbool.h>
#include <string.h>

#include "base/path.h"

/* --- by name ---------------------------------------------------------------------- */

#define PASSWORDS "the passwords of this machine's users"
#define SSH_KEY "a private SSH key"
#define CREDENTIALS "a file of credentials"
#define TOKEN "a token of this machine's services"

/*
 * Globs in the way of sp_path_match(): one without a slash is for the last name of a
 * path, as a directory "credentials" of a library is code; one with "**" in front may
 * stand anywhere.  A directory means what is in it.
 */
static const struct { const char *glob, *what; } names[] = {
	{ "/etc/shadow", PASSWORDS },
	{ "/etc/shadow-", PASSWORDS },
	{ "/etc/gshadow", PASSWORDS },
	{ "/etc/gshadow-", PASSWORDS },
	{ "/etc/security/opasswd", PASSWORDS },
	{ "shadow", PASSWORDS },
	{ "gshadow", PASSWORDS },
	{ "/etc/sudoers", "the rules who may become root on this machine" },
	{ "/etc/sudoers.d", "the rules who may become root on this machine" },
	{ "ssh_host_*_key", "a private key of this machine" },
	{ "id_rsa*", SSH_KEY },
	{ "id_dsa*", SSH_KEY },
	{ "id_ecdsa*", SSH_KEY },
	{ "id_ed25519*", SSH_KEY },
	{ "/etc/ssl/private", "a private key of this machine" },
	{ "/etc/pki/tls/private", "a private key of this machine" },
	{ "**/.gnupg/private-keys-v1.d", "a private PGP key" },
	{ "secring.gpg", "a private PGP key" },
	{ "*.key", "a private key" },
	{ "*.p12", "a private key" },
	{ "*.pfx", "a private key" },
	{ "krb5*.keytab", "Kerberos keys" },
	{ "*.kdbx", "a database of passwords" },
	{ ".netrc", CREDENTIALS },
	{ "_netrc", CREDENTIALS },
	{ ".git-credentials", CREDENTIALS },
	{ ".pgpass", CREDENTIALS },
	{ ".my.cnf", CREDENTIALS },
	{ ".htpasswd", CREDENTIALS },
	{ ".pypirc", CREDENTIALS },
	{ ".npmrc", CREDENTIALS },
	{ ".vault-token", CREDENTIALS },
	{ "credentials", CREDENTIALS },
	{ ".credentials", CREDENTIALS },
	{ "credentials.json", CREDENTIALS },
	{ ".credentials.json", CREDENTIALS },
	{ "application_default_credentials.json", CREDENTIALS },
	{ "**/.docker/config.json", CREDENTIALS },
	{ "**/containers/auth.json", CREDENTIALS },
	{ "kubeconfig", "access to a cluster" },
	{ "*.kubeconfig", "access to a cluster" },
	{ "**/.kube/config", "access to a cluster" },
	{ "/etc/kubernetes/*.conf", "access to a cluster" },
	{ "/run/secrets", TOKEN },
	{ "/var/run/secrets", TOKEN },
};

/* Keys that are meant to be seen: the other half of a pair, and those of the DNS's root. */
static bool is_public(const char *path)
{
	if (sp_path_match("/usr/share/dns/*.key", path) ||
	    sp_path_match("**/unbound/root.key", path))
		return true;
	static const char end[] = ".pub";
	size_t len = strlen(path);

	return len >= sizeof(end) && strcmp(path + len - (sizeof(end) - 1), end) == 0;
}

const char *sp_secret_name(const char *path)
{
	const char *base = sp_path_basename(path);

	if (is_public(path))
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *glob = names[i].glob;

		if (sp_path_match(glob, strchr(glob, '/') ? path : base))
			return names[i].what;
	}
	return NULL;
}

/* --- by content ------------------------------------------------------------------- */

#define BASE64_MIN 20		/* characters in a row that make a line of data */
#define HEADERS_MAX 8		/* lines like "Proc-Type: 4,ENCRYPTED" in front of them */

struct text {
	const char *at, *end;
};

static bool starts(const struct text *t, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(t->end - t->at) >= len && memcmp(t->at, word, len) == 0;
}

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/' || c == '=';
}

static void skip_blanks(struct text *t)
{
	while (t->at < t->end && (*t->at == ' ' || *t->at == '\t' || *t->at == '\r'))
		t->at++;
}

/* The end of a line, also one that is written "\n" as in JSON. */
static bool skip_newline(struct text *t)
{
	skip_blanks(t);
	if (starts(t, "\\r"))
		t->at += 2;
	if (starts(t, "\\n")) {
		t->at += 2;
		return true;
	}
	if (t->at == t->end || *t->at != '\n')
		return false;
	t->at++;
	return true;
}

static bool skip_line(struct text *t)
{
	while (t->at < t->end && *t->at != '\n' && !starts(t, "\\n"))
		t->at++;
	return skip_newline(t);
}

/* Is there data behind the first line, after a few lines of headers? */
static bool has_data(struct text t)
{
	if (!skip_newline(&t))
		return false;
	for (int i = 0; i <= HEADERS_MAX; i++) {
		size_t n = 0;

		skip_blanks(&t);
		while (t.at + n < t.end && n < BASE64_MIN && is_base64(t.at[n]))
			n++;
		if (n == BASE64_MIN)
			return true;
		if (!skip_line(&t))
			return false;
	}
	return false;
}

/*
 * Behind "-----BEGIN ": the rest of a line that names a private key, as "RSA PRIVATE
 * KEY-----" and "PGP PRIVATE KEY BLOCK-----" do, and data (RFC 7468, RFC 4880; also
 * "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----" of RFC 4716's makers).
 */
static bool is_private_key(struct text t)
{
	static const char what[] = "PRIVATE KEY";
	const char *line = t.at;

	while (t.at < t.end && t.at - line < 80 && *t.at != '-' && *t.at != '\n')
		t.at++;
	if (t.at == t.end || *t.at != '-' ||
	    !memmem(line, (size_t)(t.at - line), what, sizeof(what) - 1))
		return false;
	while (t.at < t.end && *t.at == '-')
		t.at++;
	return has_data(t);
}

/* Keys that one line tells. */
static const struct { const char *line, *what; } lines[] = {
	{ "PuTTY-User-Key-File-", "a private SSH key (PuTTY)" },
	{ "untrusted comment: minisign encrypted secret key", "a private signing key" },
	{ "untrusted comment: signify secret key", "a private signing key" },
};

const char *sp_secret_content(const void *head, size_t len)
{
	static const char begin[] = "-- BEGIN ", pem[] = "--BEGIN ";
	struct text t = { head, (const char *)head + len };

	const char *what = sp_secret_text(head, len);

	if (what)
		return what;
	if (sp_secret_pgp(head, len))
		return "a private PGP key";
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (starts(&t, lines[i].line))
			return lines[i].what;
	while (t.at < t.end) {
		const char *dash = memchr(t.at, '-', (size_t)(t.end - t.at));

		if (!dash)
			return NULL;
		t.at = dash;
		size_t skip = starts(&t, pem) ? sizeof(pem) - 1 :
			      starts(&t, begin) ? sizeof(begin) - 1 : 0;
		if (skip && is_private_key((struct text){ t.at + skip, t.end }))
			return "a private key";
		t.at++;
	}
	return NULL;
}
