/*
 * Digests: known answers, and texts that are no digest.
 */
#include "image/digest.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

#define ABC256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC512                                                           \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
#define EMPTY256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_known_answers(void)
{
	struct sp_digest digest;

	sp_digest_of("abc", 3, &digest);
	is_str(digest.str, "sha256:" ABC256, "SHA-256 of abc (FIPS 180-4)");
	sp_digest_of(NULL, 0, &digest);
	is_str(digest.str, "sha256:" EMPTY256, "SHA-256 of nothing");
	is_str(sp_digest_hex(&digest), EMPTY256, "the part after the colon");
}

static void test_running(void)
{
	struct sp_digest like, digest;
	struct sp_hash *hash = sp_hash_new();

	sp_hash_add(hash, "a", 1);
	sp_hash_add(hash, "", 0);
	sp_hash_add(hash, "bc", 2);
	sp_hash_done(hash, &digest);
	sp_hash_free(hash);
	is_str(digest.str, "sha256:" ABC256, "in pieces");

	ok(sp_digest_parse("sha512:" ABC512, &like), "a SHA-512 digest");
	hash = sp_hash_new_like(&like);
	sp_hash_add(hash, "abc", 3);
	sp_hash_done(hash, &digest);
	sp_hash_free(hash);
	ok(sp_digest_equal(&digest, &like), "SHA-512 of abc, as the digest asks");

	ok(sp_digest_parse("sha256:" ABC256, &like), "a SHA-256 digest");
	hash = sp_hash_new_like(&like);
	sp_hash_done(hash, &digest);
	sp_hash_freep(&hash);
	ok(!sp_digest_equal(&digest, &like), "other bytes, another digest");
	sp_hash_free(NULL);
}

static void test_parse(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "sha256:" ABC256, true },
		{ "sha512:" ABC512, true },
		{ "", false },
		{ "sha256", false },
		{ "sha256:", false },
		{ ABC256, false },
		{ "sha256:" ABC256 "0", false },
		{ "sha256:" ABC256 "\n", false },
		{ " sha256:" ABC256, false },
		{ "SHA256:" ABC256, false },
		{ "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		  false },
		{ "sha256:../../../../../../../../../../../../../../../../etc/passwd/x/yz",
		  false },
		{ "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
		  false },
		{ "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
		  false },
		{ "sha512:" ABC256, false },
		{ "sha256:" ABC512, false },
		{ "md5:900150983cd24fb0d6963f7d28e17f72", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_digest digest = { "untouched" };
		bool good = sp_digest_parse(cases[i].text, &digest);

		is_int(good, cases[i].good, "parse case %zu", i);
		is_str(digest.str, good ? cases[i].text : "untouched",
		       "what it leaves, case %zu", i);
	}
}

/* A set-up of OpenSSL that knows no algorithm must not matter to us. */
static void break_openssl(void)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/openssl.cnf", scratch_dir());
	FILE *file = fopen(path, "w");
	if (!file)
		abort();
	fputs("openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n",
	      file);
	fclose(file);
	setenv("OPENSSL_CONF", path, 1);
}

int main(void)
{
	break_openssl();
	test_known_answers();
	test_running();
	test_parse();
	return test_done();
}
