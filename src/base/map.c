/*
 * A hash table from strings to indexes: open addressing, linear probing, at
 * most half full.  Keys are taken out only by making the table anew.
 */
#include "base/map.h"

#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/mem.h"

static inline uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1], v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* Up to eight bytes as a number. */
static uint64_t word_of(const char *at, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, at, len < sizeof(word) ? len : sizeof(word));
	return word;
}

/* The secret of this process: 16 bytes that the kernel gives to each one, and that no
 * input knows. */
static void set_secret(struct sp_map *map)
{
	const void *random = (const void *)getauxval(AT_RANDOM);

	if (random)
		memcpy(map->secret, random, sizeof(map->secret));
}

/*
 * SipHash-1-3 (Aumasson and Bernstein, 2012): whoever writes the names must not be able
 * to have them all meet in one place.  Where a name comes to lie is seen by nobody: no
 * table is ever walked.
 */
static uint32_t hash_of(const struct sp_map *map, const char *key)
{
	size_t len = strlen(key);
	const char *at = key, *end = key + len;
	const uint64_t *k = map->secret;
	uint64_t v[4] = {
		k[0] ^ UINT64_C(0x736f6d6570736575), k[1] ^ UINT64_C(0x646f72616e646f6d),
		k[0] ^ UINT64_C(0x6c7967656e657261), k[1] ^ UINT64_C(0x7465646279746573),
	};
	for (bool last = false; !last; at += 8) {
		last = end - at < 8;
		uint64_t word = word_of(at, (size_t)(end - at));

		word |= last ? (uint64_t)len << 56 : 0;
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
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
		set_secret(map);
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
