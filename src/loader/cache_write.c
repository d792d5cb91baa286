/*
 * ld.so.cache: writing one for the image, in the new format that glibc reads
 * since 2.2 and ldconfig makes alone since 2.32.
 */
#include "loader/cache.h"

#include <string.h>

#include "base/vec.h"

#define HEADER 48
#define ENTRY 24

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* glibc counts in an int, which wraps: large numbers are not in order, but they
 * are where the loader looks for them. */
static uint32_t number(const char **p)
{
	uint32_t n = 0;

	while (digit(**p))
		n = n * 10 + (uint32_t)(*(*p)++ - '0');
	return n;
}

/* glibc: _dl_cache_libcmp() in elf/dl-cache.c.  The loader searches by halves
 * with this order, so a cache in any other order hides libraries from it. */
int sp_cache_compare(const char *a, const char *b)
{
	while (*a) {
		if (digit(*a)) {
			if (!digit(*b))
				return 1;
			uint32_t x = number(&a), y = number(&b);

			if (x != y)
				return (int32_t)(x - y) < 0 ? -1 : 1;
		} else if (digit(*b)) {
			return -1;
		} else if (*a != *b) {
			return *a < *b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return *b ? -1 : 0;
}

/* Highest first, as ldconfig writes them; equal names keep to path order so that
 * the bytes do not depend on the order they came in. */
static int descending(const void *a, const void *b)
{
	const struct sp_cache_entry *x = a, *y = b;
	int by_name = sp_cache_compare(y->name, x->name);

	return by_name ? by_name : strcmp(y->path, x->path);
}

/* Two sorted lists become one; what is equal comes from the first one first. */
void sp_cache_join(struct sp_cache *cache, const struct sp_cache *rest)
{
	size_t nr = cache->entries_nr, i = 0, k = 0;
	struct sp_cache joined = { .arena = cache->arena };

	while (i < nr || k < rest->entries_nr) {
		bool first = k == rest->entries_nr ||
			     (i < nr && sp_cache_compare(cache->entries[i].name,
							 rest->entries[k].name) >= 0);
		struct sp_cache_entry e = first ? cache->entries[i++] : rest->entries[k++];

		if (!first) {
			e.name = sp_arena_strdup(&joined.arena, e.name);
			e.path = sp_arena_strdup(&joined.arena, e.path);
			e.hwcaps = e.hwcaps ? sp_arena_strdup(&joined.arena, e.hwcaps) : NULL;
		}
		*SP_VEC_PUSH(joined.entries) = e;
	}
	free(cache->entries);
	*cache = joined;
}

static void put32(struct sp_buf *buf, uint32_t n, bool big_endian)
{
	for (int i = 0; i < 4; i++)
		sp_buf_addch(buf, (char)(n >> 8 * (big_endian ? 3 - i : i)));
}

void sp_cache_make(struct sp_cache_entry *entries, size_t nr, bool big_endian,
		   struct sp_buf *ret)
{
	sp_autobuf struct sp_buf strings = { 0 };
	uint32_t base = (uint32_t)(HEADER + nr * ENTRY);

	if (nr)
		qsort(entries, nr, sizeof(*entries), descending);
	for (size_t i = 0; i < nr; i++) {
		sp_buf_add(&strings, entries[i].path, strlen(entries[i].path) + 1);
		sp_buf_add(&strings, entries[i].name, strlen(entries[i].name) + 1);
	}
	sp_buf_addstr(ret, "glibc-ld.so.cache1.1");
	put32(ret, (uint32_t)nr, big_endian);
	put32(ret, (uint32_t)strings.len, big_endian);
	sp_buf_addch(ret, big_endian ? 3 : 2);
	while (ret->len < HEADER)
		sp_buf_addch(ret, '\0');
	uint32_t at = base;
	for (size_t i = 0; i < nr; i++) {
		uint32_t path = at, name = at + (uint32_t)strlen(entries[i].path) + 1;

		put32(ret, (uint32_t)entries[i].flags, big_endian);
		put32(ret, name, big_endian);
		put32(ret, path, big_endian);
		put32(ret, 0, big_endian);	/* osversion: no floor */
		put32(ret, 0, big_endian);	/* hwcap: baseline */
		put32(ret, 0, big_endian);
		at = name + (uint32_t)strlen(entries[i].name) + 1;
	}
	if (strings.len)
		sp_buf_add(ret, strings.data, strings.len);
}
