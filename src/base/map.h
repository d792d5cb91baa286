/*
 * A hash table from byte strings to indexes.
 *
 * The hash has a secret of the process, so that no input can be made that is slow.
 * Keys are not copied: they must outlive the table, as strings in the arena of
 * the struct that holds it do.  Values are indexes into an array of the caller.
 * Initialise with { 0 }.
 */
#ifndef SP_BASE_MAP_H
#define SP_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define SP_MAP_NONE SIZE_MAX

struct sp_map_slot {
	const char *key;
	size_t value;
	uint32_t hash;
};

struct sp_map {
	struct sp_map_slot *slots;
	size_t nr, alloc;
	uint64_t secret[2];	/* of this process */
};

/* The value for key, or SP_MAP_NONE. */
size_t sp_map_get(const struct sp_map *map, const char *key);

/* Set key to value, replacing what was there. */
void sp_map_set(struct sp_map *map, const char *key, size_t value);
/* Take out every key whose value is from or greater: what refers to the end of an array
 * that is cut off. */
void sp_map_cut(struct sp_map *map, size_t from);
void sp_map_release(struct sp_map *map);

#endif
