/*
 * Image references: the grammar and normalisation of distribution/reference, as a
 * table; and names made from file names.
 */
#include "image/ref.h"

#include "image/digest.h"
#include "test.h"

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16
#define SHA256 "sha256:" HEX64
#define SHA512 "sha512:" HEX64 HEX64
#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A128 A64 A64
#define A237 A128 A64 A16 A16 "aaaaaaaaaaaaa"

static const struct {
	const char *text, *full, *familiar;
} accepted[] = {
	/* names on Docker Hub */
	{ "app", "docker.io/library/app", "app" },
	{ "app:v1", "docker.io/library/app:v1", "app:v1" },
	{ "me/app", "docker.io/me/app", "me/app" },
	{ "me/app:v1", "docker.io/me/app:v1", "me/app:v1" },
	{ "a/b/c", "docker.io/a/b/c", "a/b/c" },
	{ "library/app", "docker.io/library/app", "app" },
	{ "library/a/b", "docker.io/library/a/b", "library/a/b" },
	{ "docker.io/app", "docker.io/library/app", "app" },
	{ "docker.io/me/app", "docker.io/me/app", "me/app" },
	{ "index.docker.io/app:v1", "docker.io/library/app:v1", "app:v1" },
	{ "index.docker.io/me/app", "docker.io/me/app", "me/app" },
	{ "docker.io/library/app", "docker.io/library/app", "app" },
	{ "docker.io/library", "docker.io/library/library", "library" },
	{ "localhost", "docker.io/library/localhost", "localhost" },
	{ "localhost:5000", "docker.io/library/localhost:5000", "localhost:5000" },
	{ "example.com", "docker.io/library/example.com", "example.com" },
	{ "example.com:80", "docker.io/library/example.com:80", "example.com:80" },
	{ "0", "docker.io/library/0", "0" },
	/* registries */
	{ "localhost/app", "localhost/app", "localhost/app" },
	{ "localhost:5000/app", "localhost:5000/app", "localhost:5000/app" },
	{ "localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1" },
	{ "ghcr.io/me/app:v1", "ghcr.io/me/app:v1", "ghcr.io/me/app:v1" },
	{ "ghcr.io/library/app", "ghcr.io/library/app", "ghcr.io/library/app" },
	{ "registry:5000/app", "registry:5000/app", "registry:5000/app" },
	{ "127.0.0.1/app", "127.0.0.1/app", "127.0.0.1/app" },
	{ "127.0.0.1:5000/app", "127.0.0.1:5000/app", "127.0.0.1:5000/app" },
	{ "[::1]/app", "[::1]/app", "[::1]/app" },
	{ "[::1]:5000/app:v1", "[::1]:5000/app:v1", "[::1]:5000/app:v1" },
	{ "[2001:DB8::1]:5000/a/b", "[2001:DB8::1]:5000/a/b", "[2001:DB8::1]:5000/a/b" },
	{ "Registry/app", "Registry/app", "Registry/app" },
	{ "REG.Example.COM/app", "REG.Example.COM/app", "REG.Example.COM/app" },
	{ "a-b.c-d/app", "a-b.c-d/app", "a-b.c-d/app" },
	{ "xn--n3h.com/app", "xn--n3h.com/app", "xn--n3h.com/app" },
	{ "a--b.c/app", "a--b.c/app", "a--b.c/app" },
	{ "docker.io:443/app", "docker.io:443/app", "docker.io:443/app" },
	{ "localhost.example/app", "localhost.example/app", "localhost.example/app" },
	{ "docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c" },
	{ "docker.io/localhost/c", "docker.io/localhost/c", "docker.io/localhost/c" },
	/* separators */
	{ "my-app", "docker.io/library/my-app", "my-app" },
	{ "my---app", "docker.io/library/my---app", "my---app" },
	{ "my_app", "docker.io/library/my_app", "my_app" },
	{ "my__app", "docker.io/library/my__app", "my__app" },
	{ "my.app", "docker.io/library/my.app", "my.app" },
	{ "a.b-c__d_e", "docker.io/library/a.b-c__d_e", "a.b-c__d_e" },
	{ "a_b/c__d/e-f", "docker.io/a_b/c__d/e-f", "a_b/c__d/e-f" },
	/* tags */
	{ "app:LATEST", "docker.io/library/app:LATEST", "app:LATEST" },
	{ "app:_", "docker.io/library/app:_", "app:_" },
	{ "app:1", "docker.io/library/app:1", "app:1" },
	{ "app:v1.2-rc_3..", "docker.io/library/app:v1.2-rc_3..", "app:v1.2-rc_3.." },
	{ "app:" A128, "docker.io/library/app:" A128, "app:" A128 },
	/* digests */
	{ "app@" SHA256, "docker.io/library/app@" SHA256, "app@" SHA256 },
	{ "app:v1@" SHA256, "docker.io/library/app:v1@" SHA256, "app:v1@" SHA256 },
	{ "a.b/c@" SHA512, "a.b/c@" SHA512, "a.b/c@" SHA512 },
	{ "h:1/c:t@" SHA256, "h:1/c:t@" SHA256, "h:1/c:t@" SHA256 },
	/* at the edge of what engines call an ID */
	{ "me/" HEX64, "docker.io/me/" HEX64, "me/" HEX64 },
	{ HEX64 ":v1", "docker.io/library/" HEX64 ":v1", "library/" HEX64 ":v1" },
	{ HEX64 "0", "docker.io/library/" HEX64 "0", HEX64 "0" },
	{ "docker.io/" HEX64, "docker.io/library/" HEX64, "library/" HEX64 },
	/* as long as a name may be */
	{ A237, "docker.io/library/" A237, A237 },
};

static const struct {
	const char *text, *why;
} refused[] = {
	{ "", "it is empty" },
	{ " ", "lower-case letters, digits" },
	{ ":v1", "a name is missing" },
	{ "@" SHA256, "a name is missing" },
	{ ":", "a name is missing" },
	{ "/", "an empty part" },
	{ "/app", "an empty part" },
	{ "app/", "an empty part" },
	{ "a//b", "an empty part" },
	{ "ghcr.io/", "a name is missing" },
	{ "docker.io/", "a name is missing" },
	{ "ghcr.io//app", "an empty part" },
	{ "ghcr.io/:v1", "a name is missing" },
	{ "App", "write \"app\"" },
	{ "myApp:V1", "write \"myapp:V1\"" },
	{ "me/App", "write \"me/app\"" },
	{ "ghcr.io/Me/App:V1", "write \"ghcr.io/me/app:V1\"" },
	{ "GHCR.io/Me/app@" SHA256, "write \"GHCR.io/me/app@" SHA256 "\"" },
	{ "Me/My_App", "write \"Me/my_app\"" },
	{ "-app", "begins with a letter or digit" },
	{ ".app", "begins with a letter or digit" },
	{ "_app", "begins with a letter or digit" },
	{ "me/-app", "begins with a letter or digit" },
	{ "app-", "ends with a letter or digit" },
	{ "app.", "ends with a letter or digit" },
	{ "app_/x", "ends with a letter or digit" },
	{ "a..b", "between letters and digits" },
	{ "a___b", "between letters and digits" },
	{ "a._b", "between letters and digits" },
	{ "a-_b", "between letters and digits" },
	{ "../app", "the registry must be a host name" },
	{ "me/../app", "begins with a letter or digit" },
	{ "my app", "lower-case letters, digits" },
	{ "app\n", "lower-case letters, digits" },
	{ "caf\xc3\xa9", "lower-case letters, digits" },
	{ "a%2fb", "lower-case letters, digits" },
	{ "a,b", "lower-case letters, digits" },
	{ "a\\b", "lower-case letters, digits" },
	{ "app:", "the tag after ':' is empty" },
	{ "app:@" SHA256, "the tag after ':' is empty" },
	{ "app:-v1", "a tag begins with" },
	{ "app:.v1", "a tag begins with" },
	{ "app:v1:v2", "a tag holds" },
	{ "app:v+1", "a tag holds" },
	{ "app:v 1", "a tag holds" },
	{ "me/app:v1/x", "a tag holds" },
	{ "app:" A128 "a", "longer than 128" },
	{ "app@", "comes sha256:" },
	{ "app@sha256:", "comes sha256:" },
	{ "app@sha256:abc", "comes sha256:" },
	{ "app@" SHA256 "0", "comes sha256:" },
	{ "app@sha256:0123456789ABCDEF" HEX16 HEX16 HEX16, "comes sha256:" },
	{ "app@md5:" HEX16 HEX16, "comes sha256:" },
	{ "app@sha512:" HEX64, "comes sha256:" },
	{ "app@" SHA256 "@" SHA256, "comes sha256:" },
	{ "app@sha256:../../../../etc/passwd", "holds no user name" },
	{ "user:secret@ghcr.io/me/app", "holds no user name" },
	{ "https://ghcr.io/me/app", "it has a scheme" },
	{ "docker://app", "it has a scheme" },
	{ HEX64, "an image's ID" },
	{ "a:b/c", "the port of the registry" },
	{ "localhost:/app", "the port of the registry" },
	{ "localhost:5000x/app", "the port of the registry" },
	{ "localhost:5000:1/app", "the port of the registry" },
	{ "-a.b/app", "the registry must be a host name" },
	{ "a-.b/app", "the registry must be a host name" },
	{ "a..b/app", "the registry must be a host name" },
	{ "a.b./app", "the registry must be a host name" },
	{ ".a/app", "the registry must be a host name" },
	{ ":80/app", "the registry must be a host name" },
	{ "a_b.c/app", "the registry must be a host name" },
	{ "b\xc3\xbc.de/app", "the registry must be a host name" },
	{ "::1/app", "the registry must be a host name" },
	{ "[::1/app", "an IPv6 address" },
	{ "[]:1/app", "an IPv6 address" },
	{ "[::g]/app", "an IPv6 address" },
	{ "[::1]x/app", "an IPv6 address" },
	{ "[fe80::1%eth0]/app", "an IPv6 address" },
	{ "[::1]:/app", "the port of the registry" },
	{ "[::1]", "lower-case letters, digits" },
	{ A237 "a", "longer than 255" },
	{ "ghcr.io/" A237 "aaaaaaaaaaa", "longer than 255" },
};

static void test_accepted(void)
{
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
		struct sp_ref ref = { 0 }, again = { 0 };
		struct sp_err err = { 0 };

		if (!ok(!sp_ref_parse(accepted[i].text, &arena, &ref, &err), "%s",
			accepted[i].text)) {
			note("%s", err.msg);
			continue;
		}
		is_str(sp_ref_full(&ref, &arena), accepted[i].full, "in full");
		const char *familiar = sp_ref_familiar(&ref, &arena);
		is_str(familiar, accepted[i].familiar, "as people write it");
		ok(!sp_ref_parse(familiar, &arena, &again, &err) &&
		   strcmp(sp_ref_full(&again, &arena), accepted[i].full) == 0,
		   "which means the same");
	}
}

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
		struct sp_ref ref = { 0 };
		struct sp_err err = { 0 };

		if (!ok(sp_ref_parse(refused[i].text, &arena, &ref, &err) == -1 &&
			err.code == SP_EUSAGE && strstr(err.msg, refused[i].why) && !ref.path,
			"refused %zu: %s", i, refused[i].why))
			note("%s: %s", refused[i].text, err.msg);
	}
}

static void test_parts(void)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_ref ref;
	struct sp_err err = { 0 };

	ok(!sp_ref_parse("localhost:5000/me/app:v1@" SHA256, &arena, &ref, &err), "parses");
	is_str(ref.domain, "localhost:5000", "domain");
	is_str(ref.path, "me/app", "path");
	is_str(ref.tag, "v1", "tag");
	is_str(ref.digest, SHA256, "digest");
	is_str(sp_ref_name_full(&ref, &arena), "localhost:5000/me/app", "the name");
	ok(!sp_ref_parse("app", &arena, &ref, &err) && !ref.tag && !ref.digest,
	   "no tag is made up");
	is_str(sp_ref_name_full(&ref, &arena), "docker.io/library/app", "the full name");
	is_str(sp_ref_name_familiar(&ref, &arena), "app", "the familiar name");
	ok(sp_ref_parse("user:hunter2@ghcr.io/app", &arena, &ref, &err) == -1 &&
	   !strstr(err.msg, "hunter2"), "a password is not shown: %s", err.msg);
	ok(sp_ref_parse("a b", &arena, &ref, &err) == -1 && strstr(err.msg, "\"a b\"") &&
	   strstr(err.msg, "as in "), "the text and a right one are shown: %s", err.msg);
}

static void test_name_from(void)
{
	static const struct {
		const char *file, *name;
	} rows[] = {
		{ "app", "app" }, { "MyApp", "myapp" }, { "my_app-1.2", "my_app-1.2" },
		{ "a__b", "a__b" }, { "a--b", "a--b" }, { "a---b", "a-b" }, { "a..b", "a-b" },
		{ "a b", "a-b" }, { "g++", "g" }, { ".hidden", "hidden" }, { "-x-", "x" },
		{ "__init__", "init" }, { "a.-_b", "a-b" }, { "caf\xc3\xa9s", "caf-s" },
		{ "\xff\xfe", "image" }, { "", "image" }, { "...", "image" },
		{ "a@b:c/d", "a-b-c-d" }, { HEX64, "image-" HEX64 },
		{ A237, A128 }, { A64 A16 A16 A16 "aaaaaaaaaaaaaa.b", A64 A16 A16 A16
		  "aaaaaaaaaaaaaa.b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
		struct sp_ref ref;
		struct sp_err err = { 0 };
		const char *name = sp_ref_name_from(rows[i].file, &arena);

		is_str(name, rows[i].name, "file name %zu", i);
		ok(!sp_ref_parse(name, &arena, &ref, &err), "is a reference %s", err.msg);
	}
}

int main(void)
{
	test_accepted();
	test_refused();
	test_parts();
	test_name_from();
	return test_done();
}
