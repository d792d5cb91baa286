/*
 * Which keys of JSON are one: what Go's decoder fills into one field.
 */
#include "image/json_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "image/json.h"

/* The next letter of a key as Go's encoding/json compares it: ASCII without case,
 * and the two letters beyond that fold into it (U+017F to s, U+212A to k). */
static char fold_next(const char **s)
{
	static const char long_s[] = "\xc5\xbf", kelvin[] = "\xe2\x84\xaa";

	if (strncmp(*s, long_s, strlen(long_s)) == 0) {
		*s += strlen(long_s);
		return 's';
	}
	if (strncmp(*s, kelvin, strlen(kelvin)) == 0) {
		*s += strlen(kelvin);
		return 'k';
	}
	char c = *(*s)++;
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool sp_json_same_field(const char *a, const char *b)
{
	while (*a && *b)
		if (fold_next(&a) != fold_next(&b))
			return false;
	return *a == *b;
}

static char *fold(struct sp_arena *arena, const char *key)
{
	char *folded = sp_arena_strdup(arena, key), *to = folded;

	while (*key)
		*to++ = fold_next(&key);
	*to = '\0';
	return folded;
}

const char *sp_json_keys_push(struct sp_json_keys *keys, const char *name, bool exact,
			      size_t at)
{
	const char *copy = sp_arena_strdup(&keys->arena, name);

	*SP_VEC_PUSH(keys->keys) = (struct sp_json_key){
		.name = copy,
		.folded = exact ? copy : fold(&keys->arena, copy),
		.at = at,
	};
	return copy;
}

static int by_folded(const void *a, const void *b)
{
	const struct sp_json_key *x = a, *y = b;
	int order = strcmp(x->folded, y->folded);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Sorted, and not hashed: the order says which of two is the second. */
int sp_json_keys_close(struct sp_json_keys *keys, size_t base, struct sp_err *err)
{
	size_t nr = keys->keys_nr - base;

	keys->keys_nr = base;
	if (nr < 2)
		return 0;
	struct sp_json_key *own = keys->keys + base;
	qsort(own, nr, sizeof(*own), by_folded);
	for (size_t i = 1; i < nr; i++) {
		if (strcmp(own[i - 1].folded, own[i].folded) != 0)
			continue;
		bool same = strcmp(own[i - 1].name, own[i].name) == 0;

		return sp_err_set(err, SP_EVERIFY, same ?
				  "byte %zu: the key \"%.100s\" is there twice" :
				  "byte %zu: the key \"%.100s\" is there twice, but for case",
				  own[i].at, own[i].name);
	}
	return 0;
}

void sp_json_keys_release(struct sp_json_keys *keys)
{
	sp_arena_release(&keys->arena);
	free(keys->keys);
}
