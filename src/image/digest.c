/*
 * SHA-256 and SHA-512, and digests as text.  The only file of the image layer
 * that knows OpenSSL.
 */
#include "image/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct algorithm {
	const char *prefix, *openssl;
	size_t digits;
} algorithms[] = {
	{ "sha256:", "SHA256", 64 },
	{ "sha512:", "SHA512", 128 },
};
#define ALGORITHMS_NR (sizeof(algorithms) / sizeof(*algorithms))

struct sp_hash {
	const struct algorithm *algorithm;
	OSSL_LIB_CTX *lib;
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

static const struct algorithm *algorithm_of(const char *text)
{
	for (size_t i = 0; i < ALGORITHMS_NR; i++)
		if (strncmp(text, algorithms[i].prefix, strlen(algorithms[i].prefix)) == 0)
			return &algorithms[i];
	return NULL;
}

bool sp_digest_parse(const char *text, struct sp_digest *ret)
{
	const struct algorithm *algorithm = algorithm_of(text);

	if (!algorithm)
		return false;
	size_t prefix = strlen(algorithm->prefix);
	/* image-spec descriptor.md: the hex of both algorithms is lower case */
	if (strspn(text + prefix, "0123456789abcdef") != algorithm->digits ||
	    text[prefix + algorithm->digits])
		return false;
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->str, text, prefix + algorithm->digits);
	return true;
}

const char *sp_digest_hex(const struct sp_digest *digest)
{
	const char *colon = strchr(digest->str, ':');

	return colon ? colon + 1 : "";
}

bool sp_digest_equal(const struct sp_digest *a, const struct sp_digest *b)
{
	return strcmp(a->str, b->str) == 0;
}

/* These calls fail when memory runs out, never by input. */
static void must(bool good)
{
	if (!good)
		sp_out_of_memory();
}

/*
 * A library context of our own: the default one would read openssl.cnf and
 * OPENSSL_CONF on first use, and may be set up without SHA-256.  The algorithm
 * is looked up once here, not with every EVP_sha256() (crypto(7), "fetching").
 */
static struct sp_hash *hash_new(const struct algorithm *algorithm)
{
	struct sp_hash *hash = sp_calloc(1, sizeof(*hash));

	hash->algorithm = algorithm;
	hash->lib = OSSL_LIB_CTX_new();
	must(hash->lib != NULL);
	hash->md = EVP_MD_fetch(hash->lib, algorithm->openssl, NULL);
	hash->ctx = EVP_MD_CTX_new();
	must(hash->md && hash->ctx && EVP_DigestInit_ex2(hash->ctx, hash->md, NULL));
	return hash;
}

struct sp_hash *sp_hash_new(void)
{
	return hash_new(&algorithms[0]);
}

struct sp_hash *sp_hash_new_like(const struct sp_digest *digest)
{
	const struct algorithm *algorithm = algorithm_of(digest->str);

	return hash_new(algorithm ? algorithm : &algorithms[0]);
}

void sp_hash_add(struct sp_hash *hash, const void *data, size_t len)
{
	must(EVP_DigestUpdate(hash->ctx, data, len));
}

void sp_hash_done(struct sp_hash *hash, struct sp_digest *ret)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	must(EVP_DigestFinal_ex(hash->ctx, bytes, &len));
	memset(ret, 0, sizeof(*ret));
	size_t at = strlen(hash->algorithm->prefix);
	memcpy(ret->str, hash->algorithm->prefix, at);
	for (unsigned i = 0; i < len; i++) {
		ret->str[at++] = hex[bytes[i] >> 4];
		ret->str[at++] = hex[bytes[i] & 15];
	}
}

void sp_hash_free(struct sp_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->ctx);
	EVP_MD_free(hash->md);
	OSSL_LIB_CTX_free(hash->lib);
	free(hash);
}

void sp_hash_freep(struct sp_hash **hash)
{
	sp_hash_free(*hash);
}

void sp_digest_of(const void *data, size_t len, struct sp_digest *ret)
{
	sp_autohash struct sp_hash *hash = sp_hash_new();

	sp_hash_add(hash, data, len);
	sp_hash_done(hash, ret);
}
