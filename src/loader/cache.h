/*
 * ld.so.cache: which file a library name stands for, as ldconfig wrote it down.
 *
 * The loader reads this file and never ld.so.conf, so the cache is the truth.
 * Formats: sysdeps/generic/dl-cache.h of glibc.
 */
#ifndef SP_LOADER_CACHE_H
#define SP_LOADER_CACHE_H

#include "base/buf.h"
#include "base/root.h"
#include "elf/elf.h"

#define SP_CACHE_PATH "/etc/ld.so.cache"
#define SP_CACHE_SIZE_MAX (16 * 1024 * 1024)	/* bytes; real ones have 0.02 to 1 MB */
#define SP_CACHE_NONE SIZE_MAX

struct sp_cache_entry {
	const char *name, *path;
	int32_t flags;			/* type and ABI of the library */
	const char *hwcaps;		/* glibc-hwcaps subdirectory, NULL: baseline */
};

struct sp_cache {
	struct sp_arena arena;
	struct sp_cache_entry *entries;
	size_t entries_nr, entries_alloc;
};

/*
 * The cache of a root, or NULL in *ret if it has none.  One that cannot be
 * understood is what the loader makes of it: no cache.  damaged then says so.
 */
SP_CHECKED int sp_cache_read(struct sp_root *root, struct sp_cache **ret,
			     bool *ret_damaged, struct sp_err *err);

/* The same from bytes; false if they are no cache.  (For tests and fuzzing.) */
bool sp_cache_parse(const void *data, size_t len, struct sp_cache **ret);
void sp_cache_free(struct sp_cache *cache);

/*
 * The first of the entries whose name compares equal to name, found by halves as
 * the loader does it, so that a cache out of order hides from us what it hides
 * from the loader.  SP_CACHE_NONE if there is none.
 */
size_t sp_cache_find(const struct sp_cache *cache, const char *name);

/* The flags that cache entries must have for objects like this one; 0 if the
 * machine has no cache flags known here (then the name alone decides). */
int32_t sp_cache_flags(const struct sp_elf *elf);

/* Other flags that will do if there is no entry with those; 0 for none. */
int32_t sp_cache_flags_also(const struct sp_elf *elf);

/*
 * Make a cache in the new format with these entries (baseline only).  Sorts
 * them.  A consumer is glibc 2.2 or later of the byte order given.
 */
void sp_cache_make(struct sp_cache_entry *entries, size_t nr, bool big_endian,
		   struct sp_buf *ret);

/* Put the entries of rest behind those of cache that have the same name; their strings
 * are copied. */
void sp_cache_join(struct sp_cache *cache, const struct sp_cache *rest);

/* The order in which ldconfig sorts names: numbers in them by value. */
int sp_cache_compare(const char *a, const char *b);

#endif
