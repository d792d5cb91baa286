/*
 * A hash table from strings to indexes: open addressing, linear probing, at
 * most half full.  Keys are taken out only by making the table anew.
 */
#include "base/map.h"

#include <string.h>

#include "base/mem.h"
#include "base/siphash.h"

/* Where a name comes to lie is seen by nobody: no table is ever walked. */
static uint32_t hash_of(const struct sp_map *map, const char *key)
{
	return (uint32_t)sp_siphash(map->secret, key, strlen(key));
}

static struct sp_map_slot *slot_of(const struct sp_map *map, const char *key,
				   uint32_t hash)
{
	size_t i = hash & (map->alloc - 1);

	while (map->slots[i].key && (map->slots[i].hash != hash ||
				     strcmp(map->slots[i].key, key) != 0))
		i = (i + 1) & (map->alloc - 1);
	return &map->slots[i];
}

size_t sp_map_get(const struct sp_map *map, const char *key)
{
	if (!map->alloc)
		return SP_MAP_NONE;
	const struct sp_map_slot *slot = slot_of(map, key, hash_of(map, key));

	return slot->key ? slot->value : SP_MAP_NONE;
}

static void grow(struct sp_map *map)
{
	struct sp_map old = *map;

	if (!old.alloc)
		sp_siphash_key(map->secret);
	map->alloc = old.alloc ? old.alloc * 2 : 16;
	map->slots = sp_calloc(map->alloc, sizeof(*map->slots));
	for (size_t i = 0; i < old.alloc; i++)
		if (old.slots[i].key)
			*slot_of(map, old.slots[i].key, old.slots[i].hash) =
				old.slots[i];
	free(old.slots);
}

void sp_map_set(struct sp_map *map, const char *key, size_t value)
{
	if (map->nr * 2 >= map->alloc)
		grow(map);
	uint32_t hash = hash_of(map, key);
	struct sp_map_slot *slot = slot_of(map, key, hash);

	if (!slot->key)
		map->nr++;
	*slot = (struct sp_map_slot){ .key = key, .value = value, .hash = hash };
}

void sp_map_cut(struct sp_map *map, size_t from)
{
	struct sp_map old = *map;

	if (!old.alloc)
		return;
	map->nr = 0;
	map->slots = sp_calloc(map->alloc, sizeof(*map->slots));
	for (size_t i = 0; i < old.alloc; i++) {
		if (!old.slots[i].key || old.slots[i].value >= from)
			continue;
		*slot_of(map, old.slots[i].key, old.slots[i].hash) = old.slots[i];
		map->nr++;
	}
	free(old.slots);
}

void sp_map_release(struct sp_map *map)
{
	free(map->slots);
	*map = (struct sp_map){ 0 };
}
