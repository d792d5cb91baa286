/*
 * The bytes of a layer as a tar stream: a blob that may be plain, gzip or zstd.
 *
 * The first bytes decide, as they do in every engine; what the media type claims
 * is compared afterwards.  A compressed bomb ends the stream with an error.
 *
 *	struct sp_unpack *u = sp_unpack_new(reader, NULL);
 *
 *	do {
 *		if (sp_unpack_read(u, buf, sizeof(buf), &len, err))
 *			... sp_unpack_problem(u) classes the failure ...
 *	} while (len);
 *	if (sp_unpack_check_type(sp_unpack_kind(u), media_type, err))
 *		...
 *	sp_unpack_free(u);
 */
#ifndef SP_IMAGE_UNPACK_H
#define SP_IMAGE_UNPACK_H

#include <stdint.h>

#include "image/blob.h"
#include "image/compress.h"

/* gzip can give 1032 bytes for one and zstd 32 500, on zeros.  A layer with a disk of
 * zeros in it may (that is no crime); a large one of real files is nowhere near. */
#define SP_UNPACK_RATIO_MAX 200
#define SP_UNPACK_RATIO_FROM (UINT64_C(512) << 20)	/* bytes before the ratio counts */
#define SP_UNPACK_SIZE_MAX (UINT64_C(64) << 30)	/* bytes of one layer */

struct sp_unpack_limits {
	uint64_t ratio, ratio_from, size;
};

struct sp_unpack;

/* limits NULL: the ones above.  The reader is borrowed and is not closed. */
struct sp_unpack *sp_unpack_new(struct sp_blob_reader *reader,
				const struct sp_unpack_limits *limits);

/*
 * Up to len bytes; *ret_len 0 at the end, and only there.  SP_EVERIFY if the
 * stream is damaged, cut off, followed by other bytes or over a limit; what the
 * reader says if that fails.
 */
SP_CHECKED int sp_unpack_read(struct sp_unpack *u, void *buf, size_t len,
			      size_t *ret_len, struct sp_err *err);

/* After a failure with SP_EVERIFY: "layer-corrupt", "layer-truncated",
 * "layer-trailing-data", "layer-bomb"; NULL when the reader itself failed. */
const char *sp_unpack_problem(const struct sp_unpack *u);

/* What the first bytes said; known after the first read. */
enum sp_compression sp_unpack_kind(const struct sp_unpack *u);
uint64_t sp_unpack_size(const struct sp_unpack *u);	/* bytes that came out */
void sp_unpack_free(struct sp_unpack *u);		/* NULL allowed */

/* Is this the media type of a tar layer?  *ret is how it says it is compressed. */
bool sp_unpack_layer_type(const char *media_type, enum sp_compression *ret);

/* SP_EVERIFY if a layer type promises another compression than kind. */
SP_CHECKED int sp_unpack_check_type(enum sp_compression kind, const char *media_type,
				    struct sp_err *err);

#endif
