/*
 * Paths as byte strings: cleaning, cutting, limits, globs.
 */
#include "base/path.h"

#include "test.h"

static void cleaning(struct sp_arena *arena)
{
	static const struct { const char *path, *want; } rows[] = {
		{ "", "/" }, { "/", "/" }, { "a", "/a" }, { "/a", "/a" }, { "/a/", "/a" },
		{ "//a//b//", "/a/b" }, { "./a", "/a" }, { "/a/./b", "/a/b" },
		{ "/a/../b", "/b" }, { "/a/b/..", "/a" }, { "/..", "/" },
		{ "/../../a", "/a" }, { "..", "/" }, { ".", "/" }, { "/a/b/../../..", "/" },
		{ "/...", "/..." }, { "/.a", "/.a" }, { "/a..", "/a.." }, { "/..a", "/..a" },
		{ "/a\nb/\xff", "/a\nb/\xff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_str(sp_path_clean(arena, rows[i].path), rows[i].want, "clean %s",
		       strchr(rows[i].path, '\n') ? "of odd bytes" : rows[i].path);
}

static void cutting(struct sp_arena *arena)
{
	is_str(sp_path_join(arena, "/a", "b"), "/a/b", "join");
	is_str(sp_path_join(arena, "/a/", "/b"), "/a/b", "with slashes on both sides");
	is_str(sp_path_join(arena, "/", "b"), "/b", "with the root");
	is_str(sp_path_join(arena, "//", "b"), "/b", "with a double one");
	is_str(sp_path_join(arena, "/a", ""), "/a/", "with nothing");
	is_str(sp_path_join(arena, "", "b"), "/b", "nothing with something");
	is_str(sp_path_dirname(arena, "/a/b"), "/a", "dirname");
	is_str(sp_path_dirname(arena, "/a"), "/", "of a name in the root");
	is_str(sp_path_dirname(arena, "/"), "/", "of the root");
	is_str(sp_path_dirname(arena, "a"), "/", "of a bare name");
	is_str(sp_path_basename("/a/b"), "b", "basename");
	is_str(sp_path_basename("b"), "b", "of a bare name");
	is_str(sp_path_basename("/"), "", "of the root");
	ok(sp_path_within("/a", "/a"), "a directory is within itself");
	ok(sp_path_within("/a/b", "/a"), "a child is");
	ok(!sp_path_within("/ab", "/a"), "a longer name is not");
	ok(!sp_path_within("/", "/a"), "a parent is not");
	ok(sp_path_within("/a", "/"), "all is within the root");
}

static void problems(struct sp_arena *arena)
{
	char *name = sp_arena_alloc(arena, 300);
	char *path = sp_arena_alloc(arena, 5000);

	memset(name, 'n', 256);
	name[0] = '/';
	is_str(sp_path_problem(name), NULL, "a component of 255 bytes");
	name[256] = 'n';
	ok(sp_path_problem(name) != NULL, "one of 256 is too long");
	for (size_t i = 0; i < 4096; i++)
		path[i] = i % 2 ? 'p' : '/';
	is_str(sp_path_problem(path), NULL, "a path of 4096 bytes");
	path[4096] = '/';
	ok(sp_path_problem(path) != NULL, "one of 4097 is too long");
	ok(sp_path_problem("/a/.wh.b") != NULL, "a deletion mark");
	ok(sp_path_problem("/.wh..wh..opq") != NULL, "the opaque one");
	ok(sp_path_problem("/.wh.d/x") != NULL, "in the middle");
	is_str(sp_path_problem("/a.wh.b"), NULL, "not one inside of a name");
	is_str(sp_path_problem("/.whx"), NULL, "nor a name that is like one");
}

static void globs(void)
{
	static const struct { const char *glob, *path; bool want; } rows[] = {
		/* without a slash: any component, and what is below */
		{ "libc.so.6", "/usr/lib/libc.so.6", true },
		{ "c.so.6", "/usr/lib/libc.so.6", false },
		{ "*.so*", "/usr/lib/libc.so.6", true },
		{ "lib", "/usr/lib/libc.so.6", true },
		{ "li", "/usr/lib/libc.so.6", false },
		{ "*", "/a", true },
		{ "a?c", "/abc", true },
		{ "a?c", "/ac", false },
		{ "a?c", "/a/c", false },
		{ "doc/", "/usr/share/doc/x", true },
		{ "doc/", "/usr/share/doc", true },
		{ "doc/", "/usr/share/docs/x", false },
		/* with one: the whole path */
		{ "/usr/lib", "/usr/lib/libc.so.6", true },
		{ "/usr/lib/", "/usr/lib/libc.so.6", true },
		{ "/usr/lib", "/usr/lib64/x", false },
		{ "/lib", "/usr/lib", false },
		{ "usr/lib", "/usr/lib/x", true },
		{ "lib/x", "/usr/lib/x", false },
		{ "/usr/*", "/usr/lib/x", true },
		{ "/usr/*/x", "/usr/lib/x", true },
		{ "/usr/*/x", "/usr/lib/y/x", false },
		{ "/*/x", "/a/b/x", false },
		{ "/*", "/", true },
		/* "**" between slashes: whole components */
		{ "/usr/**/x", "/usr/x", true },
		{ "/usr/**/x", "/usr/a/x", true },
		{ "/usr/**/x", "/usr/a/b/x", true },
		{ "/usr/**/x", "/usr/a/b/x/y", true },
		{ "/usr/**/c.so", "/usr/lib/libc.so", false },
		{ "/usr/**/lib*.so", "/usr/lib/a/libc.so", true },
		{ "**/x", "/x", true },
		{ "**/x", "/a/b/x", true },
		{ "**/x", "/a/b/yx", false },
		{ "/**/x", "/a/b/x", true },
		{ "/a/**/b/**/c", "/a/b/c", true },
		{ "/a/**/b/**/c", "/a/1/b/2/3/c", true },
		{ "/a/**/b/**/c", "/a/1/2/3/c", false },
		{ "/a/**/b*d/c", "/a/bxx/bxd/c", true },
		/* "**" elsewhere: anything */
		{ "/usr/**", "/usr/a/b", true },
		{ "/usr/**", "/usr", false },
		{ "/usr/lib**x", "/usr/lib/a/x", true },
		{ "/a**/c", "/ab/x/c", true },
		{ "**", "/anything/at/all", true },
		{ "/**", "/a", true },
		/* sets */
		{ "[abc]", "/b", true }, { "[abc]", "/d", false },
		{ "[a-c]x", "/bx", true }, { "[!a-c]", "/b", false }, { "[^a-c]", "/d", true },
		{ "[]]", "/]", true }, { "[!]]", "/]", false }, { "[!]]", "/a", true },
		{ "[a-]", "/-", true }, { "[-a]", "/-", true },
		{ "/a[!x]b", "/a/b", false },
		{ "/a[/]b", "/a/b", false },
		{ "[abc", "/[abc", true }, { "[abc", "/a", false },
		{ "[\xe0-\xff]", "/\xe9", true },
		/* going back */
		{ "*aab", "/aaaaab", true },
		{ "*a*b*c", "/xaxbxbxc", true },
		{ "*a*b*c", "/xaxbxbx", false },
		{ "/*a/*b", "/xa/xxb", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ok(sp_path_match(rows[i].glob, rows[i].path) == rows[i].want,
		   "%s %s %s", rows[i].glob, rows[i].want ? "matches" : "does not match",
		   rows[i].path);
}

/* A glob made to be slow is not. */
static void slow_glob(void)
{
	char glob[513] = "", path[4001] = "/";

	for (size_t i = 0; i + 2 < sizeof(glob); i += 2)
		memcpy(glob + i, "*a", 3);
	memset(path + 1, 'a', sizeof(path) - 2);
	path[sizeof(path) - 2] = 'b';
	ok(!sp_path_match(glob, path), "many stars end soon");
	for (size_t i = 0; i + 4 < sizeof(glob); i += 4)
		memcpy(glob + i, "**/a", 5);
	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "/a", 3);
	ok(!sp_path_match("/**/a/**/b/**/a/**/b", path), "and so do double ones");
	ok(sp_path_match(glob, path), "also when they match");
}

int main(void)
{
	struct sp_arena arena = { 0 };

	cleaning(&arena);
	cutting(&arena);
	problems(&arena);
	globs();
	slow_glob();
	sp_arena_release(&arena);
	return test_done();
}
