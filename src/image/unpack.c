/*
 * Choosing a decoder by the first bytes of a blob, driving it, and the limits
 * on what comes out.  The decoders are inflate.c and zstd.c.
 */
#include "image/unpack.h"

#include <string.h>

#include "base/inflate.h"
#include "base/mem.h"
#include "image/unzstd.h"

#define IN_SIZE (64 * 1024)
#define MAGIC_LEN 4

struct sp_unpack {
	struct sp_blob_reader *reader;
	struct sp_unpack_limits limits;
	enum sp_compression kind;
	bool begun, eof, ended, full, finished;
	struct sp_inflate *inflate;
	struct sp_unzstd *unzstd;
	const char *problem;
	uint64_t in_total, out_total;	/* bytes used up, bytes that came out */
	const unsigned char *in;	/* what is left in buf */
	size_t in_len;
	unsigned char buf[IN_SIZE];
};

struct sp_unpack *sp_unpack_new(struct sp_blob_reader *reader,
				const struct sp_unpack_limits *limits)
{
	struct sp_unpack *u = sp_calloc(1, sizeof(*u));

	u->reader = reader;
	u->kind = SP_COMPRESS_NONE;
	u->limits = limits ? *limits :
			     (struct sp_unpack_limits){ SP_UNPACK_RATIO_MAX,
							SP_UNPACK_RATIO_FROM,
							SP_UNPACK_SIZE_MAX };
	return u;
}

/* RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2 (a skippable frame
 * may stand in front). */
static enum sp_compression kind_of(const unsigned char *p, size_t len)
{
	if (len >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return SP_COMPRESS_GZIP;
	if (len >= 4 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0)
		return SP_COMPRESS_ZSTD;
	if (len >= 4 && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0)
		return SP_COMPRESS_ZSTD;
	return SP_COMPRESS_NONE;
}

/* Read until buf holds at least want bytes or the blob ends; buf is empty. */
static int fill(struct sp_unpack *u, size_t want, struct sp_err *err)
{
	u->in = u->buf;
	u->in_len = 0;
	while (!u->eof && u->in_len < want) {
		size_t got = 0;

		if (u->reader->read(u->reader, u->buf + u->in_len,
				    IN_SIZE - u->in_len, &got, err))
			return -1;
		u->in_len += got;
		u->eof = got == 0;
	}
	return 0;
}

static int begin(struct sp_unpack *u, struct sp_err *err)
{
	if (fill(u, MAGIC_LEN, err))
		return -1;
	u->begun = true;
	u->kind = kind_of(u->in, u->in_len);
	if (u->kind == SP_COMPRESS_GZIP)
		u->inflate = sp_inflate_new();
	else if (u->kind == SP_COMPRESS_ZSTD)
		u->unzstd = sp_unzstd_new();
	return 0;
}

static int refuse(struct sp_unpack *u, const char *id, struct sp_err *err)
{
	u->problem = id;
	err->code = SP_EVERIFY;
	return -1;
}

static int decode(struct sp_unpack *u, void *buf, size_t len, size_t *ret_len,
		  struct sp_err *err)
{
	const void *in = u->in;
	size_t before = u->in_len;
	bool was_between = u->ended;
	int r;

	if (u->kind == SP_COMPRESS_GZIP)
		r = sp_inflate_run(u->inflate, &in, &u->in_len, buf, len, ret_len,
				   &u->ended, err);
	else
		r = sp_unzstd_run(u->unzstd, &in, &u->in_len, buf, len, ret_len,
				  &u->ended, err);
	if (r && err->code != SP_EVERIFY)
		return -1;
	if (r && was_between) {
		sp_err_wrap(err, "something else follows the compressed bytes");
		return refuse(u, "layer-trailing-data", err);
	}
	if (r)
		return refuse(u, "layer-corrupt", err);
	u->in_total += before - u->in_len;
	u->in = in;
	u->full = *ret_len == len;
	return 0;
}

static int copy(struct sp_unpack *u, void *buf, size_t len, size_t *ret_len)
{
	*ret_len = len < u->in_len ? len : u->in_len;
	memcpy(buf, u->in, *ret_len);
	u->in += *ret_len;
	u->in_len -= *ret_len;
	u->in_total += *ret_len;
	return 0;
}

static int check_limits(struct sp_unpack *u, struct sp_err *err)
{
	if (u->out_total > u->limits.size) {
		sp_err_set(err, SP_EVERIFY, "unpacks to more than %llu bytes",
			   (unsigned long long)u->limits.size);
		return refuse(u, "layer-bomb", err);
	}
	if (u->out_total > u->limits.ratio_from &&
	    u->out_total / u->limits.ratio > u->in_total) {
		sp_err_set(err, SP_EVERIFY,
			   "unpacks to more than %llu bytes and %llu times its size, as a decompression bomb does",
			   (unsigned long long)u->limits.ratio_from,
			   (unsigned long long)u->limits.ratio);
		return refuse(u, "layer-bomb", err);
	}
	return 0;
}

int sp_unpack_read(struct sp_unpack *u, void *buf, size_t len, size_t *ret_len,
		   struct sp_err *err)
{
	size_t got = 0;

	if (!u->begun && begin(u, err))
		return -1;
	while (!got && len && !u->finished) {
		if (!u->in_len && !u->eof && fill(u, 1, err))
			return -1;
		/* all is read, and the decoder holds nothing back */
		if (!u->in_len && u->eof && !u->full) {
			if (u->kind != SP_COMPRESS_NONE && !u->ended) {
				sp_err_set(err, SP_EVERIFY,
					   "the compressed bytes end in the middle");
				return refuse(u, "layer-truncated", err);
			}
			u->finished = true;
			break;
		}
		if (u->kind == SP_COMPRESS_NONE ? copy(u, buf, len, &got) :
						  decode(u, buf, len, &got, err))
			return -1;
	}
	u->out_total += got;
	if (check_limits(u, err))
		return -1;
	*ret_len = got;
	return 0;
}

const char *sp_unpack_problem(const struct sp_unpack *u)
{
	return u->problem;
}

enum sp_compression sp_unpack_kind(const struct sp_unpack *u)
{
	return u->kind;
}

uint64_t sp_unpack_size(const struct sp_unpack *u)
{
	return u->out_total;
}

void sp_unpack_free(struct sp_unpack *u)
{
	if (!u)
		return;
	sp_inflate_free(u->inflate);
	sp_unzstd_free(u->unzstd);
	free(u);
}

/* image-spec layer.md and media-types.md; Docker's twins; the spellings with
 * "nondistributable" and "foreign" are old, and read like the others. */
static const char *const layer_types[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.nondistributable.v1.tar",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.foreign.diff.tar",
};

bool sp_unpack_layer_type(const char *media_type, enum sp_compression *ret)
{
	for (size_t i = 0; i < sizeof(layer_types) / sizeof(*layer_types); i++) {
		size_t len = strlen(layer_types[i]);
		char sign = i < 2 ? '+' : '.';
		const char *rest = media_type + len;

		if (strncmp(media_type, layer_types[i], len) != 0)
			continue;
		if (!*rest)
			*ret = SP_COMPRESS_NONE;
		else if (*rest == sign && strcmp(rest + 1, "gzip") == 0)
			*ret = SP_COMPRESS_GZIP;
		else if (*rest == sign && strcmp(rest + 1, "zstd") == 0)
			*ret = SP_COMPRESS_ZSTD;
		else
			continue;
		return true;
	}
	return false;
}

int sp_unpack_check_type(enum sp_compression kind, const char *media_type,
			 struct sp_err *err)
{
	static const char *const names[] = {
		[SP_COMPRESS_GZIP] = "gzip",
		[SP_COMPRESS_ZSTD] = "zstd",
		[SP_COMPRESS_NONE] = "not compressed",
	};
	enum sp_compression want;

	if (!sp_unpack_layer_type(media_type, &want) || want == kind)
		return 0;
	return sp_err_set(err, SP_EVERIFY, "the media type says %s, the bytes are %s",
			  names[want], names[kind]);
}
