/*
 * ld.so.cache: any bytes parse or are refused; what parsed can be searched and
 * written again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "loader/cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_cache *cache, *again;

	if (!sp_cache_parse(data, size, &cache))
		return 0;
	for (size_t i = 0; i < cache->entries_nr && i < 64; i++) {
		const char *name = cache->entries[i].name;
		size_t at = sp_cache_find(cache, name);

		/* in a cache out of order a name may be hidden, never another given */
		if (at != SP_CACHE_NONE && sp_cache_compare(cache->entries[at].name, name) != 0)
			abort();
	}
	sp_cache_find(cache, "");
	sp_cache_find(cache, "libc.so.6");
	if (cache->entries_nr < 4096) {
		sp_cache_make(cache->entries, cache->entries_nr, size % 2, &bytes);
		if (!sp_cache_parse(bytes.data, bytes.len, &again) ||
		    again->entries_nr != cache->entries_nr)
			abort();
		sp_cache_free(again);
	}
	sp_cache_free(cache);
	return 0;
}
