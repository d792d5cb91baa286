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
	{ "/usr/share/dns/root.key", false }, { "/var/lib/unbound/root.key", false },
	{ "/app/root.key", true }, { "/usr/share/dns/x/root.key", true },
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
	{ "shadow", "root:$y$j9T$abc/def$xyz:19000:0:99999:7:::\ndaemon:*:1::\n", true },
	{ "shadow, further down", "daemon:*:1:\nme:$6$salt$hash:1:\n", true },
	{ "htpasswd", "me:$apr1$salt1234$hash\n", true },
	{ "locked accounts", "root:*:19000:0:99999:7:::\ndaemon:!:1::\n", false },
	{ "a path of variables", "dir:$HOME$DIR\nx:$1\n", false },
	{ "AWS", "[default]\naws_access_key_id = AKIA\n"
	  "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", true },
	{ "a program that reads them", "key = get('aws_secret_access_key')\n", false },
	{ "one that hands them on", "f(aws_secret_access_key=self.provider.aws_secret_access_key_of_me)\n", false },
	{ "an empty one", "aws_secret_access_key =\n", false },
	{ "age", "# created: x\nAGE-SECRET-KEY-1" B64 "QPZRY9X8GF\n", true },
	{ "docker", "{ \"auths\": { \"r.io\": { \"auth\": \"dXNlcjpwYXNz\" } } }", true },
	{ "docker without", "{ \"auths\": { \"r.io\": {} }, \"credsStore\": \"x\" }", false },
	{ "cluster, by key", "users:\n- user:\n    client-key-data: " B64 "\n", true },
	{ "cluster, by token", "kind: Config\nusers:\n- user: { token: " B64 " }\n", true },
	{ "a token elsewhere", "token: " B64 "\n", false },
	{ "netrc", "machine host login me password word\n", true },
	{ "netrc on lines", "machine host\n\tlogin me\n\tpassword word\n", true },
	{ "about machines", "machine host\nis fast\n", false },
	{ "git", "https://me:ghp_0123456789@github.com\n", true },
	{ "a short one", "http://u:p@h", true }, { "another scheme", "httpx://u:p@h\n", false },
	{ "an address", "https://github.com/x:y@z\n", false },
	{ "npm", "//npm.example.org/:_authToken=npm_0123456789ABCDEFghijkl\n", true },
	{ "npm with a variable", "//npm.example.org/:_authToken=${NPM_TOKEN}\n", false },
	{ "PGP, binary", "\x95\x01\x02\x04\x11\x11\x11\x11\x01" B64, true },
	{ "PGP, binary, new", "\xc5\x58\x04\x11\x11\x11\x11\x16" B64, true },
	{ "PGP, public", "\x99\x01\x02\x04\x11\x11\x11\x11\x01" B64, false },
	{ "no PGP", "\x95\x01\x02\x05\x11\x11\x11\x11\x01" B64, false },
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
