/*
 * The hash table from strings to indexes.
 */
#include "base/map.h"

#include <time.h>

#include "base/mem.h"
#include "test.h"

#define PAIRS 15
#define HOSTILE (1u << PAIRS)
#define LEN 4			/* bytes of a part */

/* What follows when text is added to a state of FNV-1a; its low 16 bits depend on the
 * low 16 bits of the state alone. */
static uint32_t fnv(uint32_t state, const char *text)
{
	for (; *text; text++)
		state = (state ^ (unsigned char)*text) * 16777619u;
	return state & 0xffff;
}

/* Two texts with one outcome, as any attacker finds them. */
static uint32_t find_pair(uint32_t state, char pair[2][LEN + 1])
{
	static char seen[0x10000][LEN + 1];

	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0;; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%04x", i & 0xffff);
		uint32_t after = fnv(state, text);
		if (seen[after][0]) {
			memcpy(pair[0], seen[after], LEN + 1);
			memcpy(pair[1], text, LEN + 1);
			return after;
		}
		memcpy(seen[after], text, LEN + 1);
	}
}

/* Each of 15 places takes one of two texts: 32,768 names with the same low bits under
 * a hash that everybody knows.  With NULL, names of the same length that are not. */
static char *make_names(char pairs[PAIRS][2][LEN + 1])
{
	char *names = sp_malloc((size_t)HOSTILE * (PAIRS * LEN + 1));

	for (unsigned i = 0; i < HOSTILE; i++) {
		char *name = names + (size_t)i * (PAIRS * LEN + 1);

		for (unsigned k = 0; k < PAIRS; k++)
			if (pairs)
				memcpy(name + k * LEN, pairs[k][i >> k & 1], LEN);
			else
				snprintf(name + k * LEN, LEN + 1, "%04x", (i * 2654435761u) >> k & 0xffff);
		name[PAIRS * LEN] = '\0';
	}
	return names;
}

/* Seconds of CPU that it takes to set them all, the best of three. */
static double time_of(const char *names)
{
	double best = 1e9;

	for (int turn = 0; turn < 3; turn++) {
		struct sp_map map = { 0 };
		clock_t start = clock();

		for (size_t i = 0; i < HOSTILE; i++)
			sp_map_set(&map, names + i * (PAIRS * LEN + 1), i);
		double took = (double)(clock() - start) / CLOCKS_PER_SEC;
		best = took < best ? took : best;
		sp_map_release(&map);
	}
	return best;
}

/* Names that were chosen to meet in one place cost what others cost. */
static void hostile(void)
{
	char pairs[PAIRS][2][LEN + 1];
	uint32_t state = 2166136261u;

	for (unsigned k = 0; k < PAIRS; k++)
		state = find_pair(state, pairs[k]);
	sp_autofree char *bad = make_names(pairs), *good = make_names(NULL);
	is_int(fnv(2166136261u, bad), fnv(2166136261u, bad + 12345 * (PAIRS * LEN + 1)),
	       "two of the names meet");
	double slow = time_of(bad), plain = time_of(good);
	ok(slow < 10 * plain + 0.01, "names that meet under a known hash: %.1f ms, others %.1f ms",
	   slow * 1000, plain * 1000);
}

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
	sp_map_set(&map, "42", 4998);
	sp_map_cut(&map, 4000);
	is_int((long long)map.nr, 4000, "cut: values from 4000 on are gone, also that of a replaced key");
	ok(sp_map_get(&map, "4000") == SP_MAP_NONE && sp_map_get(&map, "42") == SP_MAP_NONE &&
		   sp_map_get(&map, "3999") == 3999 && sp_map_get(&map, "") == 7,
	   "and the others are there");
	sp_map_release(&map);
	sp_map_cut(&map, 0);
	ok(sp_map_get(&map, "42") == SP_MAP_NONE, "released, it is empty");
	sp_map_release(&map);
	hostile();
	return test_done();
}
