/*
 * zstd: one block in, one frame out (RFC 8878), and a stream of frames back to
 * bytes.  The only file that includes libzstd.
 */
#include "image/compress.h"
#include "image/unzstd.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"

/* A frame says its size and has no checksum: digests stand for that here. */
static void *zstd_new(int level)
{
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	if (!ctx)
		return NULL;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_compressionLevel, level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_contentSizeFlag, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 0))) {
		ZSTD_freeCCtx(ctx);
		return NULL;
	}
	return ctx;
}

static size_t zstd_bound(void *context, size_t len)
{
	(void)context;
	return ZSTD_compressBound(len);
}

static size_t zstd_block(void *context, const void *in, size_t len, void *out,
			 size_t room)
{
	size_t got = ZSTD_compress2(context, out, room, in, len);

	return ZSTD_isError(got) ? 0 : got;
}

static void zstd_free(void *context)
{
	ZSTD_freeCCtx(context);
}

const struct sp_compressor sp_zstd = {
	.new_context = zstd_new,
	.bound = zstd_bound,
	.block = zstd_block,
	.free_context = zstd_free,
};

struct sp_unzstd {
	ZSTD_DCtx *ctx;		/* NULL: there was no memory for it */
	bool frame_end;
};

struct sp_unzstd *sp_unzstd_new(void)
{
	struct sp_unzstd *z = sp_calloc(1, sizeof(*z));

	z->ctx = ZSTD_createDCtx();
	if (z->ctx && ZSTD_isError(ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax,
							  SP_UNZSTD_WINDOW_LOG_MAX))) {
		ZSTD_freeDCtx(z->ctx);
		z->ctx = NULL;
	}
	return z;
}

static int unzstd_failed(size_t result, struct sp_err *err)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_memory_allocation:
		return sp_err_set(err, SP_EFAIL, "not enough memory to decompress zstd");
	case ZSTD_error_frameParameter_windowTooLarge:
		return sp_err_set(err, SP_EVERIFY,
				  "this zstd frame needs a window of more than %d MiB, which is the limit here",
				  1 << (SP_UNZSTD_WINDOW_LOG_MAX - 20));
	default:
		return sp_err_set(err, SP_EVERIFY, "not a sound zstd stream: %s",
				  ZSTD_getErrorName(result));
	}
}

int sp_unzstd_run(struct sp_unzstd *z, const void **in, size_t *in_len, void *out,
		  size_t room, size_t *ret_len, bool *ret_frame_end, struct sp_err *err)
{
	ZSTD_inBuffer from = { *in, *in_len, 0 };
	ZSTD_outBuffer to = { out, room, 0 };

	if (!z->ctx)
		return sp_err_set(err, SP_EFAIL, "not enough memory to decompress zstd");
	/* once more without input, for what the decoder may hold back; but at the
	 * end of a frame that would begin the next one */
	while (to.pos < to.size && (from.pos < from.size || !z->frame_end)) {
		size_t before = from.pos + to.pos;
		size_t result = ZSTD_decompressStream(z->ctx, &to, &from);

		if (ZSTD_isError(result))
			return unzstd_failed(result, err);
		z->frame_end = result == 0;
		if (from.pos + to.pos == before)
			break;
	}
	*in = (const char *)*in + from.pos;
	*in_len -= from.pos;
	*ret_len = to.pos;
	*ret_frame_end = z->frame_end;
	return 0;
}

void sp_unzstd_free(struct sp_unzstd *z)
{
	if (!z)
		return;
	ZSTD_freeDCtx(z->ctx);
	free(z);
}
