/*
 * Byte strings in other bytes: what memmem() says, for words and for random bytes.
 */
#include "base/find.h"

#include "test.h"

static void words(void)
{
	static const char text[] = "a token: x\nclient-key-data: y token";
	static const struct { const char *what; long at; } rows[] = {
		{ "token", 2 }, { "client-key-data", 11 }, { "\n", 10 }, { "a", 0 },
		{ "token!", -1 }, { " token", 1 }, { "y token", 28 },
		{ "a token: x\nclient-key-data: y token", 0 },
		{ "a token: x\nclient-key-data: y token and more", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_needle needle = sp_needle_of(rows[i].what);
		const char *at = sp_needle_find(&needle, text, text + strlen(text));

		is_int(at ? at - text : -1, rows[i].at, "\"%s\"", rows[i].what);
	}
}

static void as_memmem(void)
{
	static const char letters[] = "ab-Q\xff";
	size_t wrong = 0, found = 0;
	char text[64], what[8] = "";

	srand(7);
	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)rand() % sizeof(text), n = 1 + (size_t)rand() % 4;

		for (size_t i = 0; i < len; i++)
			text[i] = letters[(size_t)rand() % sizeof(letters)];
		for (size_t i = 0; i < n; i++)
			what[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		what[n] = '\0';
		struct sp_needle needle = sp_needle_of(what);
		const char *at = sp_needle_find(&needle, text, text + len);

		wrong += at != memmem(text, len, what, n);
		found += at != NULL;
	}
	is_int((long long)wrong, 0, "as memmem() has it, in 20,000 random texts");
	ok(found > 1000 && found < 19000, "of which some hold what was looked for");
}

int main(void)
{
	words();
	as_memmem();
	return test_done();
}
