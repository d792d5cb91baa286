/*
 * Matching a name with a pattern, iteratively: without "**" the one place to go back
 * to is the last '*', with it all places are followed at once, so the cost is at most
 * the product of the lengths.
 */
#include "dockerfile/glob.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"

bool sp_glob_has_magic(const char *path)
{
	for (; *path; path++) {
		if (strchr("*?[", *path))
			return true;
		if (*path == '\\' && path[1])
			path++;
	}
	return false;
}

/* One character of a set, perhaps behind a backslash; NULL if there is none. */
static const char *set_char(const char *p, unsigned char *ret)
{
	if (*p == '\\')
		p++;
	else if (*p == '-' || *p == ']')
		return NULL;
	*ret = (unsigned char)*p;
	return *p ? p + 1 : NULL;
}

/* The set at p against c; what follows the set, or NULL if it is not well formed. */
static const char *match_set(const char *p, char c, bool *ret)
{
	bool negate = *++p == '^', hit = false;
	size_t ranges = 0;

	p += negate;
	for (; *p != ']' || !ranges; ranges++) {
		unsigned char low, high;

		p = set_char(p, &low);
		if (!p)
			return NULL;
		high = low;
		if (*p == '-' && !(p = set_char(p + 1, &high)))
			return NULL;
		hit |= low <= (unsigned char)c && (unsigned char)c <= high;
	}
	*ret = hit != negate && c != '/';
	return p + 1;
}

bool sp_glob_valid(const char *pattern)
{
	bool ignored;

	while (pattern && *pattern) {
		if (*pattern == '[')
			pattern = match_set(pattern, 'x', &ignored);
		else if (*pattern == '\\' && !*++pattern)
			return false;
		else
			pattern++;
	}
	return pattern;
}

/* One character of name against one item of the pattern; what follows the item,
 * or NULL. */
static const char *match_one(const char *pattern, char c)
{
	bool hit;

	switch (*pattern) {
	case '\0':
		return NULL;
	case '?':
		return c != '/' ? pattern + 1 : NULL;
	case '[': {
		const char *after = match_set(pattern, c, &hit);

		return after && hit ? after : NULL;
	}
	case '\\':
		pattern++;
	}
	return *pattern && *pattern == c ? pattern + 1 : NULL;
}

bool sp_glob_match(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
			continue;
		}
		if (!*pattern && !*name)
			return true;
		const char *next = *name ? match_one(pattern, *name) : NULL;

		if (next) {
			pattern = next;
			name++;
		} else if (star && *from && *from != '/') {
			pattern = star;
			name = ++from;
		} else {
			return false;
		}
	}
}

/* at[i]: the pattern so far can end in front of the i-th byte of name. */
static void stars(bool *at, const char *name, size_t len, bool whole)
{
	bool seen = false;

	for (size_t i = 0; i <= len; i++) {
		bool now = at[i];

		at[i] = now || (seen && (!whole || name[i - 1] == '/'));
		seen |= now;
	}
}

bool sp_glob_match_deep(const char *pattern, const char *name)
{
	size_t len = strlen(name);
	sp_autofree bool *at = sp_calloc(len + 1, sizeof(*at));

	at[0] = true;
	while (*pattern) {
		if (pattern[0] == '*' && pattern[1] == '*') {
			pattern += strspn(pattern, "*");
			stars(at, name, len, *pattern == '/');
			pattern += *pattern == '/';
			continue;
		}
		if (*pattern == '*') {
			for (size_t i = 1; i <= len; i++)
				at[i] |= at[i - 1] && name[i - 1] != '/';
			pattern++;
			continue;
		}
		bool ignored;
		const char *after = *pattern == '[' ? match_set(pattern, 'x', &ignored) :
				    pattern + 1 + (*pattern == '\\' && pattern[1]);

		for (size_t i = len; i > 0; i--)
			at[i] = at[i - 1] && match_one(pattern, name[i - 1]);
		at[0] = false;
		if (!after)
			return false;
		pattern = after;
	}
	return at[len];
}
