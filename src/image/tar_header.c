/*
 * Tar headers: fields, check sum, and the dialects of names.
 */
#include "image/tar_header.h"

#include <string.h>

#include "image/tar.h"

/* POSIX ustar header; GNU tar's and star's differ after the device numbers. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8];
	char type;
	char link[100], magic[8], uname[32], gname[32], major[8], minor[8];
	char prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == SP_TAR_BLOCK, "a header is one block");

/* where GNU tar's old sparse format keeps what we need */
#define SPARSE_PARTS 386
#define SPARSE_PARTS_NR 4
#define SPARSE_EXTENDED 482
#define SPARSE_REALSIZE 483
/* and in a block behind the header */
#define SPARSE_MORE_NR 21
#define SPARSE_MORE 504

/* A number field; one that is blank is 0, as all readers have it. */
static bool field(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
	size_t i = 0;

	while (i < len && (s[i] == ' ' || s[i] == '\0'))
		i++;
	*ret = 0;
	return i == len || (sp_tar_number(s, len, ret) && *ret <= max);
}
#define FIELD(s, max, ret) field(s, sizeof(s), max, ret)

/* Before 1970 in GNU tar's base 256: two's complement, filled up with ones. */
static int64_t time_field(const char *s)
{
	uint64_t n = 0;

	if ((unsigned char)s[0] == 0xff) {
		for (size_t i = 4; i < 12; i++)
			n = n << 8 | (unsigned char)s[i];
		return (int64_t)n;
	}
	return field(s, 12, INT64_MAX, &n) ? (int64_t)n : 0;
}

/* POSIX sums unsigned bytes; some old programs summed signed ones. */
static bool sum_holds(const struct header *h)
{
	const char *p = (const char *)h;
	int64_t plain = 0, with_sign = 0;
	uint64_t want;

	for (size_t i = 0; i < sizeof(*h); i++) {
		bool inside = p + i >= h->sum && p + i < h->sum + sizeof(h->sum);

		plain += inside ? ' ' : (unsigned char)p[i];
		with_sign += inside ? ' ' : (signed char)p[i];
	}
	return sp_tar_number(h->sum, sizeof(h->sum), &want) &&
	       ((int64_t)want == plain || (int64_t)want == with_sign);
}

/* The name in the header, with its prefix if the format has one. */
static void header_names(const struct header *h, struct sp_tar_names *ret)
{
	size_t max = sizeof(h->prefix), prefix = 0, len = strnlen(h->name, sizeof(h->name));

	if (memcmp(h->pad + 8, "tar\0", 4) == 0)
		max = 131;	/* star: two times stand behind a shorter prefix */
	if (memcmp(h->magic, "ustar\0", 6) == 0)
		prefix = strnlen(h->prefix, max);
	memcpy(ret->name, h->prefix, prefix);
	if (prefix)
		ret->name[prefix++] = '/';
	memcpy(ret->name + prefix, h->name, len);
	ret->name[prefix + len] = '\0';
	len = strnlen(h->link, sizeof(h->link));
	memcpy(ret->link, h->link, len);
	ret->link[len] = '\0';
}

const char *sp_tar_header_parse(const char *block, struct sp_tar_names *names,
				struct sp_tar_item *ret)
{
	uint64_t mode, uid, gid;
	struct header h;

	memcpy(&h, block, sizeof(h));
	if (!sum_holds(&h))
		return "no tar header (its check sum does not hold)";
	if (!FIELD(h.size, INT64_MAX, &ret->size))
		return "header with a bad size";
	if (!FIELD(h.mode, UINT64_MAX, &mode) || !FIELD(h.uid, UINT32_MAX, &uid) ||
	    !FIELD(h.gid, UINT32_MAX, &gid))
		return "header with a bad mode or owner";
	ret->mode = (unsigned)(mode & 07777);
	ret->uid = (uint32_t)uid;
	ret->gid = (uint32_t)gid;
	ret->mtime = time_field(h.mtime);
	ret->type = h.type;
	header_names(&h, names);
	ret->name = names->name;
	ret->link = names->link;
	return NULL;
}

bool sp_tar_header_sparse(const char *block, struct sp_tar_parts *parts, uint64_t *ret_size,
			  bool *ret_extended)
{
	*ret_extended = block[SPARSE_EXTENDED];
	return field(block + SPARSE_REALSIZE, 12, INT64_MAX, ret_size) &&
	       sp_tar_parts_fields(parts, block + SPARSE_PARTS, SPARSE_PARTS_NR);
}

bool sp_tar_header_more(const char *block, struct sp_tar_parts *parts, bool *ret_extended)
{
	*ret_extended = block[SPARSE_MORE];
	return sp_tar_parts_fields(parts, block, SPARSE_MORE_NR);
}
