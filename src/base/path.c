/*
 * Paths as byte strings: join, clean, compare, match.
 */
#include "base/path.h"

#include <string.h>

/* Bytes in front of the slashes at the end; none of "/". */
static size_t len_without_slash(const char *path)
{
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	return len;
}

char *sp_path_join(struct sp_arena *arena, const char *base, const char *rest)
{
	size_t len = len_without_slash(base);

	rest += strspn(rest, "/");
	size_t rest_size = strlen(rest) + 1;
	char *joined = sp_arena_alloc(arena, len + 1 + rest_size);
	memcpy(joined, base, len);
	joined[len] = '/';
	memcpy(joined + len + 1, rest, rest_size);
	return joined;
}

char *sp_path_clean(struct sp_arena *arena, const char *path)
{
	char *out = sp_arena_alloc(arena, strlen(path) + 2);
	size_t len = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
		path += *path == '/';
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

char *sp_path_dirname(struct sp_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return sp_arena_strdup(arena, "/");
	return sp_arena_strndup(arena, path, (size_t)(slash - path));
}

const char *sp_path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool sp_path_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	if (len == 1 && dir[0] == '/')
		return path[0] == '/';
	return strncmp(path, dir, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

bool sp_path_is_kernels(const char *path)
{
	return sp_path_within(path, "/proc") || sp_path_within(path, "/sys") ||
	       sp_path_within(path, "/dev");
}

const char *sp_path_problem(const char *path)
{
	if (strlen(path) > SP_PATH_MAX)
		return "is longer than 4096 bytes";
	for (const char *part = path; *part;) {
		part += strspn(part, "/");
		size_t len = strcspn(part, "/");

		if (len > SP_NAME_LIMIT)
			return "has a component longer than 255 bytes";
		/* image-spec layer.md: such a name in a layer means a deletion */
		if (len >= 4 && memcmp(part, ".wh.", 4) == 0)
			return "has a component that begins with .wh., which layers reserve for deletions";
		part += len;
	}
	return NULL;
}

/* One "[...]" set at *glob against c; moves *glob behind it.  An unclosed '['
 * is an ordinary character. */
static bool match_set(const char **glob, char c)
{
	const char *g = *glob + 1;
	bool negate = *g == '!' || *g == '^', hit = false;

	g += negate;
	const char *first = g;
	while (*g && (*g != ']' || g == first)) {
		unsigned char lo = (unsigned char)*g, hi = lo;

		if (g[1] == '-' && g[2] && g[2] != ']') {
			hi = (unsigned char)g[2];
			g += 2;
		}
		hit |= lo <= (unsigned char)c && (unsigned char)c <= hi;
		g++;
	}
	if (!*g) {
		*glob += 1;
		return c == '[';
	}
	*glob = g + 1;
	return hit != negate && c != '/';
}

/* One character of text against one item of glob ('?', a set, itself); 0 or the
 * length of the item. */
static size_t match_one(const char *glob, char c)
{
	const char *next = glob;

	if (!*glob || !c)
		return 0;
	if (*glob == '[')
		return match_set(&next, c) ? (size_t)(next - glob) : 0;
	return *glob == c || (*glob == '?' && c != '/');
}

/* A place to go back to: what follows a '*' or "**", and where it was tried last. */
struct retry {
	const char *glob, *text;
	bool whole;		/* "**" between slashes: whole components are skipped */
};

/* Let "**" take more: a character, or all up to the next component. */
static bool take_more(struct retry *deep)
{
	if (!deep->glob || !*deep->text)
		return false;
	deep->text++;
	while (deep->whole && *deep->text && deep->text[-1] != '/')
		deep->text++;
	return !deep->whole || deep->text[-1] == '/';
}

/*
 * Match all of text, or a leading part of it that ends at a slash.  Iterative
 * with one point to go back to for '*' and one for "**", so the cost is at most
 * the product of the lengths.
 */
static bool match_all(const char *all, const char *text)
{
	struct retry star = { 0 }, deep = { 0 };

	for (const char *glob = all;;) {
		bool ends = !*glob || (glob[0] == '/' && !glob[1]);

		if (ends && (!*text || *text == '/'))
			return true;
		if (glob[0] == '*' && glob[1] == '*') {
			bool whole = (glob == all || glob[-1] == '/') && glob[2] == '/';

			glob += whole ? 3 : 2;
			deep = (struct retry){ glob, text, whole };
			star.glob = NULL;
			continue;
		}
		if (*glob == '*') {
			star = (struct retry){ ++glob, text, false };
			continue;
		}
		size_t len = match_one(glob, *text);
		if (len) {
			glob += len;
			text++;
		} else if (star.glob && *star.text && *star.text != '/') {
			glob = star.glob;
			text = ++star.text;
		} else if (take_more(&deep)) {
			glob = deep.glob;
			text = deep.text;
			star.glob = NULL;
		} else {
			return false;
		}
	}
}

bool sp_path_match(const char *glob, const char *path)
{
	if (glob[0] == '/')
		return match_all(glob, path);
	const char *slash = strchr(glob, '/');
	if (slash && slash[1])
		return match_all(glob, path + 1);
	/* no slash: any component may match, and with it all that is below */
	for (const char *part = path; *part;) {
		part += strspn(part, "/");
		if (*part && match_all(glob, part))
			return true;
		part += strcspn(part, "/");
	}
	return false;
}
