/*
 * Compressing a stream in blocks on a few threads, in order.
 *
 * The stream is cut into blocks of SP_BLOCK bytes, each compressed alone (a gzip
 * member, a zstd frame), so that the result depends on the bytes and the level
 * and on nothing else, the number of threads least of all.
 */
#ifndef SP_IMAGE_COMPRESS_H
#define SP_IMAGE_COMPRESS_H

#include <stddef.h>

#include "base/err.h"
#include "image/digest.h"

#define SP_BLOCK (1024 * 1024)

enum sp_compression { SP_COMPRESS_GZIP, SP_COMPRESS_ZSTD, SP_COMPRESS_NONE };

struct sp_compress {
	enum sp_compression kind;
	int level;		/* gzip 1-12, zstd 1-19 */
};

/* Parse "gzip", "gzip:9", "zstd", "zstd:19", "none"; defaults gzip:6, zstd:3. */
SP_CHECKED int sp_compress_parse(const char *text, struct sp_compress *ret,
				 struct sp_err *err);

/* The media type of a layer compressed so. */
const char *sp_compress_media_type(const struct sp_compress *how);

/*
 * One compressor, as gzip.c and zstd.c provide it: compress one whole block.
 * A context serves one thread.
 */
struct sp_compressor {
	void *(*new_context)(int level);	/* NULL: out of memory */
	size_t (*bound)(void *context, size_t len);
	/* bytes written to out, which has room for bound(); 0: out of memory */
	size_t (*block)(void *context, const void *in, size_t len, void *out, size_t room);
	void (*free_context)(void *context);	/* NULL allowed */
};
extern const struct sp_compressor sp_gzip, sp_zstd;

/*
 * The pool: bytes in, compressed bytes out in order, in bounded memory.
 *
 *	struct sp_pool *pool = sp_pool_new(&how, 0, hash, emit, ctx);
 *	size_t room;
 *
 *	while (there is more) {
 *		void *to = sp_pool_room(pool, &room);
 *		size_t len = ...put at most room bytes there...;
 *		if (sp_pool_commit(pool, len, err))
 *			...
 *	}
 *	sp_pool_finish(pool, err);
 *	sp_pool_free(pool);
 *
 * An input of no bytes gives one empty member or frame; SP_COMPRESS_NONE gives
 * the bytes as they are.
 */
struct sp_pool;

/*
 * threads counts the calling one; 0: one a CPU that we may run on, at most
 * SP_POOL_THREADS_MAX.  Where no threads can be had the caller does all the work.
 * hash, if not NULL, gets the plain bytes in order, on any of the threads; it is
 * whole after sp_pool_finish() and must outlive the pool.  emit gets the
 * compressed bytes in order, on the thread that calls the functions below.
 */
#define SP_POOL_THREADS_MAX 8
struct sp_pool *sp_pool_new(const struct sp_compress *how, unsigned threads,
			    struct sp_hash *hash,
			    int (*emit)(void *ctx, const void *data, size_t len,
					struct sp_err *),
			    void *ctx);
/* Where the next bytes of the stream go, and how many fit (never 0); then say
 * how many were put there.  sp_pool_commit() may wait for a block to be compressed.
 * After a failure only sp_pool_free() may follow. */
void *sp_pool_room(struct sp_pool *pool, size_t *ret_room);
SP_CHECKED int sp_pool_commit(struct sp_pool *pool, size_t len, struct sp_err *err);
SP_CHECKED int sp_pool_finish(struct sp_pool *pool, struct sp_err *err);
void sp_pool_free(struct sp_pool *pool);	/* at any time; NULL allowed */
void sp_pool_freep(struct sp_pool **pool);
#define sp_autopool __attribute__((cleanup(sp_pool_freep)))

/* What decides compressed bytes, as it was when this was built:
 * "libdeflate/1.14 zstd/1.5.4". */
const char *sp_compress_versions(void);

#endif
