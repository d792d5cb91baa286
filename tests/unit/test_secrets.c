/*
 * The guard against secrets: names, and what files begin with.  The keys here are none:
 * rows of letters.
 */
#include "rootfs/secrets.h"

#include "test.h"

static const struct { const char *path; bool secret; } names[] = {
	{ "/etc/shadow", true }, { "/etc/shadow-", true }, { "/etc/gshadow", true },
	{ "/srv/root/etc/shadow", true }, { "/usr/share/shadow.txt", false },
	{ "/etc/sudoers", true }, { "/etc/sudoers.d/ci", true }, { "/etc/sudo.conf", false },
	{ "/etc/security/opasswd", true }, { "/etc/passwd", false },
	{ "/etc/ssh/ssh_host_ed25519_key", true },
	{ "/etc/ssh/ssh_host_ed25519_key.pub", false },
	{ "/etc/ssh/sshd_config", false },
	{ "/root/.ssh/id_rsa", true }, { "/root/.ssh/id_rsa.pub", false },
	{ "/home/me/.ssh/id_ed25519_work", true }, { "/home/me/.ssh/known_hosts", false },
	{ "/app/server.key", true }, { "/app/server.crt", false }, { "/app/keyboard", false },
	{ "/app/key", false }, { "/app/a.key/b", false }, { "/app/.key", true },
	{ "/etc/ssl/private/x.pem", true }, { "/etc/ssl/certs/x.pem", false },
	{ "/home/me/.gnupg/private-keys-v1.d/AA.key", true },
	{ "/home/me/.gnupg/pubring.kbx", false },
	{ "/app/store.p12", true }, { "/app/store.pfx", true }, { "/app/passwords.kdbx", true },
	{ "/etc/krb5.keytab", true }, { "/usr/share/kb-layouts/linux.keytab", false },
	{ "/home/me/.netrc", true }, { "/home/me/.git-credentials", true },
	{ "/home/me/.aws/credentials", true }, { "/home/me/.pgpass", true },
	{ "/usr/lib/python3/google/auth/credentials.py", false },
	{ "/usr/lib/node/credentials/index.js", false },
	{ "/app/credentials.json", true },
	{ "/home/me/.docker/config.json", true }, { "/app/config.json", false },
	{ "/run/user/0/containers/auth.json", true },
	{ "/home/me/.kube/config", true }, { "/app/kubeconfig", true },
	{ "/etc/kubernetes/admin.conf", true }, { "/app/dev.kubeconfig", true },
	{ "/var/run/secrets/kubernetes.io/serviceaccount/token", true },
	{ "/run/secrets/db", true }, { "/app/secrets/x", false }, { "/", false },
};

#define B64 "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA"

static const struct { const char *what, *text; bool secret; } contents[] = {
	{ "PKCS #8", "-----BEGIN PRIVATE KEY-----\n" B64 "\n", true },
	{ "encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n" B64 "\n", true },
	{ "RSA, with Windows line ends", "-----BEGIN RSA PRIVATE KEY-----\r\n" B64 "\r\n", true },
	{ "with headers", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
	  "DEK-Info: AES-128-CBC,D54228DB5838E32589695E83\n\n" B64 "\n", true },
	{ "OpenSSH", "-----BEGIN OPENSSH PRIVATE KEY-----\n" B64 "\n", true },
	{ "PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n" B64 "\n", true },
	{ "SSH2", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"x\"\n" B64 "\n", true },
	{ "behind a certificate", "-----BEGIN CERTIFICATE-----\n" B64 "\n-----END CERTIFICATE-----\n"
	  "-----BEGIN PRIVATE KEY-----\n" B64 "\n", true },
	{ "in JSON", "{ \"private_key\": \"-----BEGIN PRIVATE KEY-----\\n" B64 "\\n\" }", true },
	{ "in YAML", "key: |\n  -----BEGIN PRIVATE KEY-----\n  " B64 "\n", true },
	{ "PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\n", true },
	{ "minisign", "untrusted comment: minisign encrypted secret key\nRWR\n", true },
	{ "a certificate", "-----BEGIN CERTIFICATE-----\n" B64 "\n", false },
	{ "a public key", "-----BEGIN PUBLIC KEY-----\n" B64 "\n", false },
	{ "a public PGP key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" B64 "\n", false },
	{ "a program that knows the header", "x = \"-----BEGIN PRIVATE KEY-----\"\ny = 1\n", false },
	{ "a library that does", "-----BEGIN RSA PRIVATE KEY-----", false },
	{ "one that prints it", "\"-----BEGIN PRIVATE KEY-----\\n\" + encode(data)", false },
	{ "text about keys", "A file begins with -----BEGIN PRIVATE KEY-----\nand has data.\n", false },
	{ "dashes", "------------------------------------------BEGIN ", false },
	{ "the end only", "-----END PRIVATE KEY-----\n" B64, false },
	{ "an endless line", "-----BEGIN " B64 B64 B64 " PRIVATE KEY-----\n" B64, false },
	{ "nothing", "", false },
};

int main(void)
{
	char head[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *why = sp_secret_name(names[i].path);

		ok((why != NULL) == names[i].secret, "%s: %s", names[i].path, why ? why : "no");
	}
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		const char *text = contents[i].text;
		size_t len = strlen(text);
		char *exact = malloc(len ? len : 1);	/* so that a byte too much is seen */

		memcpy(exact, text, len);
		ok((sp_secret_content(exact, len) != NULL) == contents[i].secret, "%s",
		   contents[i].what);
		/* cut anywhere, it is read no further */
		for (size_t n = 0; n < len; n++) {
			char *part = malloc(n ? n : 1);

			memcpy(part, text, n);
			sp_secret_content(part, n);
			free(part);
		}
		free(exact);
	}
	memset(head, '-', sizeof(head));
	ok(!sp_secret_content(head, sizeof(head)), "nothing but dashes");
	memset(head, 0, sizeof(head));
	memcpy(head + 2000, "-----BEGIN PRIVATE KEY-----\n" B64, 28 + 44);
	ok(sp_secret_content(head, sizeof(head)) != NULL, "in the middle of other bytes");
	return test_done();
}
