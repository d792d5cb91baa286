/*
 * The ways to compress a layer: their names, media types and versions.  The
 * work itself is in pool.c, gzip.c and zstd.c.
 */
#include "image/compress.h"

#include <string.h>

#include "image/image.h"

static const struct kind {
	const char *name, *media_type;
	enum sp_compression kind;
	int level, level_max;
} kinds[] = {
	{ "gzip", SP_MT_LAYER "+gzip", SP_COMPRESS_GZIP, 6, 12 },
	{ "zstd", SP_MT_LAYER "+zstd", SP_COMPRESS_ZSTD, 3, 19 },
	{ "none", SP_MT_LAYER, SP_COMPRESS_NONE, 0, 0 },
};
#define KINDS_NR (sizeof(kinds) / sizeof(*kinds))

/* A level as people write it, 1 to max: no sign, no leading zero; else 0. */
static int parse_level(const char *text, int max)
{
	size_t len = strspn(text, "0123456789");
	int level = 0;

	if (len < 1 || len > 2 || text[len] || text[0] == '0')
		return 0;
	for (size_t i = 0; i < len; i++)
		level = level * 10 + (text[i] - '0');
	return level <= max ? level : 0;
}

int sp_compress_parse(const char *text, struct sp_compress *ret, struct sp_err *err)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < KINDS_NR; i++) {
		const struct kind *k = &kinds[i];
		int level = k->level;

		if (strlen(k->name) != len || memcmp(k->name, text, len) != 0)
			continue;
		if (text[len] && !k->level_max)
			break;
		if (text[len] && !(level = parse_level(text + len + 1, k->level_max)))
			return sp_err_set(err, SP_EUSAGE,
					  "%s: no such level, expected %s:1 to %s:%d",
					  text, k->name, k->name, k->level_max);
		*ret = (struct sp_compress){ .kind = k->kind, .level = level };
		return 0;
	}
	return sp_err_set(err, SP_EUSAGE,
			  "%s: no such compression, expected gzip, gzip:LEVEL, zstd, zstd:LEVEL or none",
			  text);
}

const char *sp_compress_media_type(const struct sp_compress *how)
{
	for (size_t i = 0; i < KINDS_NR; i++)
		if (kinds[i].kind == how->kind)
			return kinds[i].media_type;
	return SP_MT_LAYER;
}

/* The Makefile asks pkg-config: the headers that know are for gzip.c and zstd.c
 * alone, and a string that was put together later would be a variable. */
#ifndef SP_COMPRESS_VERSIONS
#define SP_COMPRESS_VERSIONS "libdeflate zstd"
#endif

const char *sp_compress_versions(void)
{
	return SP_COMPRESS_VERSIONS;
}
