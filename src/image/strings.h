/*
 * Lists of strings, and of NAME=VALUE pairs: what image configurations are made of.
 */
#ifndef SP_IMAGE_STRINGS_H
#define SP_IMAGE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

/* In the order in which they came; free() the items, their strings are elsewhere. */
struct sp_strings {
	const char **items;
	size_t items_nr, items_alloc;
};

/* Append a copy of a string; set NAME=VALUE, replacing one of the same name. */
void sp_strings_add(struct sp_strings *list, struct sp_arena *arena, const char *s);
void sp_pairs_set(struct sp_strings *list, struct sp_arena *arena, const char *pair);

/* Append copies of all that is in more; the same of pairs, set one by one. */
void sp_strings_append(struct sp_strings *list, struct sp_arena *arena,
		       const struct sp_strings *more);
void sp_pairs_merge(struct sp_strings *list, struct sp_arena *arena,
		    const struct sp_strings *more);

bool sp_strings_has(const struct sp_strings *list, const char *s);

/* The value of NAME in a list of NAME=VALUE, or NULL. */
const char *sp_pairs_get(const struct sp_strings *list, const char *name);

#endif
