/*
 * Lists of strings.
 */
#include "image/strings.h"

#include <stdint.h>
#include <string.h>

#include "base/vec.h"

void sp_strings_add(struct sp_strings *list, struct sp_arena *arena, const char *s)
{
	*SP_VEC_PUSH(list->items) = sp_arena_strdup(arena, s);
}

static size_t find(const struct sp_strings *list, const char *name, size_t len)
{
	for (size_t i = 0; i < list->items_nr; i++)
		if (strncmp(list->items[i], name, len) == 0 && list->items[i][len] == '=')
			return i;
	return SIZE_MAX;
}

void sp_pairs_set(struct sp_strings *list, struct sp_arena *arena, const char *pair)
{
	size_t at = find(list, pair, strcspn(pair, "="));

	if (at == SIZE_MAX)
		sp_strings_add(list, arena, pair);
	else
		list->items[at] = sp_arena_strdup(arena, pair);
}

void sp_strings_append(struct sp_strings *list, struct sp_arena *arena,
		       const struct sp_strings *more)
{
	for (size_t i = 0; i < more->items_nr; i++)
		sp_strings_add(list, arena, more->items[i]);
}

void sp_pairs_merge(struct sp_strings *list, struct sp_arena *arena,
		    const struct sp_strings *more)
{
	for (size_t i = 0; i < more->items_nr; i++)
		sp_pairs_set(list, arena, more->items[i]);
}

bool sp_strings_has(const struct sp_strings *list, const char *s)
{
	for (size_t i = 0; i < list->items_nr; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

const char *sp_pairs_get(const struct sp_strings *list, const char *name)
{
	size_t at = find(list, name, strlen(name));

	return at == SIZE_MAX ? NULL : list->items[at] + strlen(name) + 1;
}
