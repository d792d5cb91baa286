/*
 * PAX records: "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
 */
#include "image/tar_pax.h"

#include <string.h>

#include "base/vec.h"

#define XATTR "SCHILY.xattr."
#define SPARSE "GNU.sparse."

static bool is_key(const char *key, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(key, name, len) == 0;
}

/* A decimal number that fills all of s, up to max. */
static bool number(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' ||
		    __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s[i] - '0'), &n) || n > max)
			return false;
	}
	*ret = n;
	return true;
}

/* Seconds, possibly negative, with a fraction that is of no interest. */
static bool seconds(const char *s, size_t len, int64_t *ret)
{
	const char *dot = memchr(s, '.', len);
	bool minus = len > 0 && s[0] == '-';
	size_t whole = dot ? (size_t)(dot - s) : len;
	uint64_t n;

	if (!number(s + minus, whole - minus, INT64_MAX, &n))
		return false;
	*ret = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool set_number(const char *s, size_t len, uint64_t max, bool *has, uint64_t *ret)
{
	*has = len > 0;
	return !len || number(s, len, max, ret);
}

static bool set_id(const char *s, size_t len, bool *has, uint32_t *ret)
{
	uint64_t n = 0;

	if (!set_number(s, len, UINT32_MAX, has, &n))
		return false;
	*ret = (uint32_t)n;
	return true;
}

static void set_string(const char *s, size_t len, const char **ret, size_t *ret_len)
{
	*ret = len ? s : NULL;
	*ret_len = len;
}

static void add_xattr(struct sp_tar_pax *pax, const char *name, const char *value,
		      size_t len)
{
	*SP_VEC_PUSH(pax->xattrs) = (struct sp_tar_xattr){
		.name = name, .value = value, .len = len,
	};
}

/* The keys of GNU tar for sparse files, behind "GNU.sparse.". */
static bool sparse_record(struct sp_tar_pax *pax, const char *key, size_t key_len,
			  const char *value, size_t len)
{
	uint64_t n;

	pax->sparse = true;
	if (is_key(key, key_len, "name") && (pax->sparse_name = len > 0))
		set_string(value, len, &pax->path, &pax->path_len);
	else if (is_key(key, key_len, "realsize") || is_key(key, key_len, "size"))
		return set_number(value, len, INT64_MAX, &pax->has_real_size, &pax->real_size);
	else if (is_key(key, key_len, "major"))
		pax->sparse_major = len == 1 ? *value : '?';
	else if (is_key(key, key_len, "minor"))
		pax->sparse_minor = len == 1 ? *value : '?';
	else if (is_key(key, key_len, "map"))
		return sp_tar_parts_text(&pax->parts, value, len);
	else if (is_key(key, key_len, "offset") || is_key(key, key_len, "numbytes"))
		return pax->parts.half == (key[0] == 'n') &&
		       number(value, len, INT64_MAX, &n) && sp_tar_parts_add(&pax->parts, n);
	return true;
}

/* One record.  An empty value takes back what was set before. */
static bool record(struct sp_tar_pax *pax, const char *key, size_t key_len,
		   const char *value, size_t len)
{
	if (is_key(key, key_len, "path") && pax->sparse_name)
		return true;
	if (is_key(key, key_len, "path"))
		set_string(value, len, &pax->path, &pax->path_len);
	else if (is_key(key, key_len, "linkpath"))
		set_string(value, len, &pax->link, &pax->link_len);
	else if (is_key(key, key_len, "size"))
		return set_number(value, len, INT64_MAX, &pax->has_size, &pax->size);
	else if (is_key(key, key_len, "uid"))
		return set_id(value, len, &pax->has_uid, &pax->uid);
	else if (is_key(key, key_len, "gid"))
		return set_id(value, len, &pax->has_gid, &pax->gid);
	else if (is_key(key, key_len, "mtime"))
		return (pax->has_mtime = len > 0, !len || seconds(value, len, &pax->mtime));
	else if (strncmp(key, XATTR, strlen(XATTR)) == 0 && key_len > strlen(XATTR))
		add_xattr(pax, key + strlen(XATTR), value, len);
	else if (strncmp(key, SPARSE, strlen(SPARSE)) == 0)
		return sparse_record(pax, key + strlen(SPARSE), key_len - strlen(SPARSE), value,
				     len);
	return true;
}

/* Split the record at p, of at most left bytes; 0 if it is malformed. */
static size_t split(char *p, size_t left, char **ret_key, char **ret_equals)
{
	char *space = memchr(p, ' ', left < 20 ? left : 20);
	uint64_t len;

	if (!space || !number(p, (size_t)(space - p), left, &len))
		return 0;
	char *key = space + 1, *end = p + len;
	if (end <= key || end[-1] != '\n')
		return 0;
	char *equals = memchr(key, '=', (size_t)(end - key));
	if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key)))
		return 0;
	*ret_key = key;
	*ret_equals = equals;
	return (size_t)len;
}

int sp_tar_pax_parse(struct sp_tar_pax *pax, struct sp_err *err)
{
	if (!pax->raw.len)
		return 0;
	char *p = pax->raw.data, *end = p + pax->raw.len;

	while (p < end) {
		char *key, *equals;
		size_t len = split(p, (size_t)(end - p), &key, &equals);

		if (!len)
			return sp_err_set(err, SP_EVERIFY, "malformed PAX record");
		char *value = equals + 1, *stop = p + len - 1;
		*equals = *stop = '\0';
		if (!record(pax, key, (size_t)(equals - key), value,
			    (size_t)(stop - value)))
			return sp_err_set(err, SP_EVERIFY,
					  "PAX record with a bad number: %s=%.40s", key,
					  value);
		p += len;
	}
	return 0;
}

void sp_tar_pax_reset(struct sp_tar_pax *pax)
{
	struct sp_tar_pax empty = {
		.raw = pax->raw, .xattrs = pax->xattrs, .xattrs_alloc = pax->xattrs_alloc,
		.parts = pax->parts,
	};

	sp_buf_reset(&empty.raw);
	sp_tar_parts_reset(&empty.parts);
	*pax = empty;
}

void sp_tar_pax_release(struct sp_tar_pax *pax)
{
	sp_buf_release(&pax->raw);
	free(pax->xattrs);
	sp_tar_parts_release(&pax->parts);
	*pax = (struct sp_tar_pax){ 0 };
}
