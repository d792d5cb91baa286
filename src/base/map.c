/*
 * A hash table from strings to indexes: open addressing, linear probing, at
 * most half full.  Nothing is ever deleted from one.
 */
#include "base/map.h"

#include <string.h>

#include "base/mem.h"

/* FNV-1a.  Keys of an attacker can collide; the limits on objects, entries and
 * names bound what that costs. */
static uint32_t hash_of(const char *key)
{
	uint32_t h = 2166136261u;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h;
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
	const struct sp_map_slot *slot = slot_of(map, key, hash_of(key));

	return slot->key ? slot->value : SP_MAP_NONE;
}

static void grow(struct sp_map *map)
{
	struct sp_map old = *map;

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
	uint32_t hash = hash_of(key);
	struct sp_map_slot *slot = slot_of(map, key, hash);

	if (!slot->key)
		map->nr++;
	*slot = (struct sp_map_slot){ .key = key, .value = value, .hash = hash };
}

void sp_map_release(struct sp_map *map)
{
	free(map->slots);
	*map = (struct sp_map){ 0 };
}
