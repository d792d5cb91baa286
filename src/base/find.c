/*
 * Looking for byte strings by their least usual byte.
 */
#include "base/find.h"

#include <string.h>

/* Letters are the most usual; what else is in words and paths follows. */
struct sp_needle sp_needle_of(const char *text)
{
	static const char usual[] = "/._- 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";
	struct sp_needle needle = { text, strlen(text), 0 };
	const char *best = NULL;

	for (size_t i = 0; i < needle.len; i++) {
		const char *at = strchr(usual, text[i]);

		if (i && (!best || (at && at >= best)))
			continue;
		best = at;
		needle.rare = i;
	}
	return needle;
}

const char *sp_needle_find(const struct sp_needle *needle, const char *at, const char *end)
{
	while ((size_t)(end - at) >= needle->len) {
		const char *rare = memchr(at + needle->rare, needle->text[needle->rare],
					  (size_t)(end - at) - needle->len + 1);

		if (!rare)
			return NULL;
		at = rare - needle->rare;
		if (memcmp(at, needle->text, needle->len) == 0)
			return at;
		at++;
	}
	return NULL;
}
