/*
 * The hash table from strings to indexes.
 */
#include "base/map.h"

#include "test.h"

int main(void)
{
	struct sp_map map = { 0 };
	static char keys[5000][8];
	bool found = true, lacks = true;

	ok(sp_map_get(&map, "x") == SP_MAP_NONE, "an empty table has nothing");
	sp_map_set(&map, "", 7);
	is_int((long long)sp_map_get(&map, ""), 7, "the empty key");
	for (size_t i = 0; i < 5000; i++) {
		snprintf(keys[i], sizeof(keys[i]), "%zu", i);
		sp_map_set(&map, keys[i], i);
	}
	for (size_t i = 0; i < 5000; i++) {
		char other[16];

		/* not the same pointer */
		snprintf(other, sizeof(other), "%zu", i);
		found &= sp_map_get(&map, other) == i;
		snprintf(other, sizeof(other), "x%zu", i);
		lacks &= sp_map_get(&map, other) == SP_MAP_NONE;
	}
	ok(found, "every key is found");
	ok(lacks, "and no other");
	is_int((long long)map.nr, 5001, "each counts once");
	sp_map_set(&map, "42", 1);
	is_int((long long)sp_map_get(&map, "42"), 1, "a value is replaced");
	is_int((long long)map.nr, 5001, "which adds none");
	sp_map_set(&map, "none", SP_MAP_NONE - 1);
	ok(sp_map_get(&map, "none") == SP_MAP_NONE - 1, "the largest index");
	sp_map_release(&map);
	ok(sp_map_get(&map, "42") == SP_MAP_NONE, "released, it is empty");
	sp_map_release(&map);
	return test_done();
}
