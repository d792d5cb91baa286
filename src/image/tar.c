/*
 * One archive entry as bytes: a ustar header, and in front of it a PAX record
 * set for what ustar cannot say.  Reading an archive is elsewhere.
 *
 * The rules are those of POSIX (pax, "ustar Interchange Format" and "pax Header
 * Block"); where they leave a choice it is made once, here, so that the same
 * entry is always the same bytes.
 */
#include "image/tar.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ID_MAX 07777777u		/* what 7 octal digits hold */
#define NUMBER_MAX 077777777777ull	/* 11 octal digits: 8 GiB - 1 */

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type, link[100], magic[6], version[2], uname[32], gname[32];
	char major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == SP_TAR_BLOCK, "a header is one block");

/* Digits of value in base 8, and a NUL: the field is filled. */
static void put_octal(char *field, size_t len, uint64_t value)
{
	field[--len] = '\0';
	while (len > 0) {
		field[--len] = (char)('0' + (value & 7));
		value >>= 3;
	}
}

/* The sum of all bytes, its own field counted as spaces; six digits, NUL, space. */
static void put_checksum(struct header *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	put_octal(h->checksum, 7, sum);
}

static void put_padding(struct sp_buf *buf, uint64_t size)
{
	size_t len = sp_tar_padding(size);

	memset(sp_buf_reserve(buf, len), 0, len);
	buf->len += len;
}

/* Append a header with the numbers that fit; the others stay 0, as their PAX
 * records replace them. */
static void put_header(struct sp_buf *buf, struct header *h,
		       const struct sp_tar_entry *entry)
{
	bool timely = entry->mtime >= 0 && (uint64_t)entry->mtime <= NUMBER_MAX;

	put_octal(h->mode, sizeof(h->mode), entry->mode & 07777);
	put_octal(h->uid, sizeof(h->uid), entry->uid <= ID_MAX ? entry->uid : 0);
	put_octal(h->gid, sizeof(h->gid), entry->gid <= ID_MAX ? entry->gid : 0);
	put_octal(h->size, sizeof(h->size), entry->size <= NUMBER_MAX ? entry->size : 0);
	put_octal(h->mtime, sizeof(h->mtime), timely ? (uint64_t)entry->mtime : 0);
	put_octal(h->major, sizeof(h->major), 0);
	put_octal(h->minor, sizeof(h->minor), 0);
	h->type = entry->type;
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	put_checksum(h);
	sp_buf_add(buf, h, sizeof(*h));
}

/* Fill in a name that fits, as one or in two parts at a slash; false if not. */
static bool put_name(struct header *h, const char *name, size_t len)
{
	if (len <= sizeof(h->name)) {
		memcpy(h->name, name, len);
		return true;
	}
	/* the longest prefix that leaves a name; the last byte of a directory is
	 * a slash with nothing behind it */
	size_t at = len - 1 < sizeof(h->prefix) + 1 ? len - 1 : sizeof(h->prefix) + 1;
	while (at > 0 && name[at - 1] != '/')
		at--;
	if (at < 2 || len - at > sizeof(h->name))
		return false;
	memcpy(h->prefix, name, at - 1);
	memcpy(h->name, name + at, len - at);
	return true;
}

static size_t digits(size_t n)
{
	size_t nr = 1;

	while (n >= 10) {
		n /= 10;
		nr++;
	}
	return nr;
}

/* "LEN KEY=VALUE\n", where LEN is the length of all of it, LEN included. */
static void pax_record(struct sp_buf *pax, const char *key, const void *value,
		       size_t value_len)
{
	size_t rest = strlen(key) + value_len + 3;	/* " ", "=", "\n" */
	size_t len = rest + digits(rest);

	/* its own digits may make it longer by one */
	len = rest + digits(len);
	sp_buf_addf(pax, "%zu %s=", len, key);
	sp_buf_add(pax, value, value_len);
	sp_buf_addch(pax, '\n');
}

static void pax_number(struct sp_buf *pax, const char *key, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%lld", (long long)value);

	pax_record(pax, key, text, (size_t)len);
}

/* The record set and the header that announces it.  A "g" header would speak for
 * all entries that follow, so there is never one. */
static void put_pax(struct sp_buf *buf, const struct sp_buf *pax, int64_t mtime)
{
	static const char name[] = "PaxHeaders/entry";
	struct header h = { 0 };

	memcpy(h.name, name, sizeof(name));
	put_header(buf, &h, &(struct sp_tar_entry){
		.type = 'x',
		.mode = 0644,
		.size = pax->len,
		.mtime = mtime,
	});
	sp_buf_add(buf, pax->data, pax->len);
	put_padding(buf, pax->len);
}

void sp_tar_header(struct sp_buf *buf, const struct sp_tar_entry *entry)
{
	sp_autobuf struct sp_buf name = { 0 }, pax = { 0 };
	struct header h = { 0 };
	size_t link_len = entry->link ? strlen(entry->link) : 0;

	sp_buf_addstr(&name, entry->name);
	if (entry->type == '5')
		sp_buf_addch(&name, '/');

	/* records are sorted by their keys' bytes */
	if (entry->caps_len)
		pax_record(&pax, "SCHILY.xattr.security.capability", entry->caps,
			   entry->caps_len);
	if (entry->gid > ID_MAX)
		pax_number(&pax, "gid", entry->gid);
	if (link_len > sizeof(h.link))
		pax_record(&pax, "linkpath", entry->link, link_len);
	if (entry->mtime < 0 || (uint64_t)entry->mtime > NUMBER_MAX)
		pax_number(&pax, "mtime", entry->mtime);
	if (!put_name(&h, sp_buf_str(&name), name.len)) {
		pax_record(&pax, "path", name.data, name.len);
		memcpy(h.name, name.data, sizeof(h.name));
	}
	if (entry->size > NUMBER_MAX)
		pax_number(&pax, "size", (int64_t)entry->size);
	if (entry->uid > ID_MAX)
		pax_number(&pax, "uid", entry->uid);

	if (link_len)
		memcpy(h.link, entry->link,
		       link_len < sizeof(h.link) ? link_len : sizeof(h.link));
	if (pax.len)
		put_pax(buf, &pax, entry->mtime);
	put_header(buf, &h, entry);
}

size_t sp_tar_padding(uint64_t size)
{
	return (size_t)(-size % SP_TAR_BLOCK);
}

void sp_tar_end(struct sp_buf *buf)
{
	memset(sp_buf_reserve(buf, 2 * SP_TAR_BLOCK), 0, 2 * SP_TAR_BLOCK);
	buf->len += 2 * SP_TAR_BLOCK;
}

/* GNU: the high bit of the first byte is set and the rest is a big-endian number,
 * negative if the next bit is set too; that one is refused here. */
static bool base256(const unsigned char *field, size_t len, uint64_t *ret)
{
	uint64_t value = field[0] & 0x3f;

	if (field[0] & 0x40)
		return false;
	for (size_t i = 1; i < len; i++) {
		if (value >> 56)
			return false;
		value = value << 8 | field[i];
	}
	*ret = value;
	return true;
}

bool sp_tar_number(const char *field, size_t len, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	if (len > 0 && (field[0] & 0x80))
		return base256((const unsigned char *)field, len, ret);
	while (i < len && field[i] == ' ')
		i++;
	for (; i < len && field[i] >= '0' && field[i] <= '7'; i++) {
		if (value >> 61)
			return false;
		value = value << 3 | (uint64_t)(field[i] - '0');
	}
	/* a field that is all blank is 0 to every reader */
	if (i < len && field[i] != ' ' && field[i] != '\0')
		return false;
	*ret = value;
	return true;
}
