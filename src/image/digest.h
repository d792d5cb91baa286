/*
 * Digests (image-spec descriptor.md): "sha256:" and 64 lower-case hex digits.
 * The only place that parses one, and the only file that includes OpenSSL.
 */
#ifndef SP_IMAGE_DIGEST_H
#define SP_IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SP_DIGEST_STR 136	/* "sha512:" and 128 digits and NUL, rounded up */

struct sp_digest {
	char str[SP_DIGEST_STR];	/* "sha256:..." */
};

/* A digest from text: sha256 or sha512, exact length, lower-case hex.  Nothing
 * else builds a path or a URL from a digest.  False if it is not one. */
bool sp_digest_parse(const char *text, struct sp_digest *ret);

/* The part after the colon. */
const char *sp_digest_hex(const struct sp_digest *digest);
bool sp_digest_equal(const struct sp_digest *a, const struct sp_digest *b);

/* A running SHA-256 (or, to check what others wrote, SHA-512). */
struct sp_hash;
struct sp_hash *sp_hash_new(void);
struct sp_hash *sp_hash_new_like(const struct sp_digest *digest);
void sp_hash_add(struct sp_hash *hash, const void *data, size_t len);
void sp_hash_done(struct sp_hash *hash, struct sp_digest *ret);	/* once */
void sp_hash_free(struct sp_hash *hash);
void sp_hash_freep(struct sp_hash **hash);
#define sp_autohash __attribute__((cleanup(sp_hash_freep)))

/* SHA-256 of bytes in memory. */
void sp_digest_of(const void *data, size_t len, struct sp_digest *ret);

#endif
