/*
 * Writing gzip: one block in, one member out (RFC 1952).  The only file that
 * includes libdeflate.  Reading gzip is elsewhere.
 */
#include "image/compress.h"

#include <libdeflate.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define HEADER 10
#define TRAILER 8

struct gzip {
	struct libdeflate_compressor *deflate;
	unsigned char xfl;
};

static void *gzip_new(int level)
{
	struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(level);

	if (!deflate)
		return NULL;
	struct gzip *gzip = sp_calloc(1, sizeof(*gzip));
	gzip->deflate = deflate;
	/* RFC 1952, 2.3.1: 2 is the slowest, 4 the fastest algorithm */
	gzip->xfl = level >= 9 ? 2 : level <= 1 ? 4 : 0;
	return gzip;
}

static size_t gzip_bound(void *context, size_t len)
{
	struct gzip *gzip = context;

	return HEADER + libdeflate_deflate_compress_bound(gzip->deflate, len) + TRAILER;
}

static void put32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

/* Header and trailer are our own, so that no release of the library can change
 * them: no name, no time, operating system 255 (unknown). */
static size_t gzip_block(void *context, const void *in, size_t len, void *out,
			 size_t room)
{
	struct gzip *gzip = context;
	const unsigned char header[HEADER] = {
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, gzip->xfl, 255
	};
	unsigned char *to = out;
	size_t got;

	if (room < HEADER + TRAILER)
		return 0;
	memcpy(to, header, HEADER);
	got = libdeflate_deflate_compress(gzip->deflate, in, len, to + HEADER,
					  room - HEADER - TRAILER);
	if (!got)
		return 0;
	put32(to + HEADER + got, libdeflate_crc32(0, in, len));
	put32(to + HEADER + got + 4, (uint32_t)len);
	return HEADER + got + TRAILER;
}

static void gzip_free(void *context)
{
	struct gzip *gzip = context;

	if (!gzip)
		return;
	libdeflate_free_compressor(gzip->deflate);
	free(gzip);
}

const struct sp_compressor sp_gzip = {
	.new_context = gzip_new,
	.bound = gzip_bound,
	.block = gzip_block,
	.free_context = gzip_free,
};
