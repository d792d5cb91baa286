/*
 * .dockerignore, and the patterns of COPY.
 */
#include "dockerfile/ignore.h"

#include "base/mem.h"
#include "dockerfile/glob.h"
#include "test.h"

static const struct { const char *pattern, *name; bool plain, deep; } globs[] = {
	{ "a", "a", true, true }, { "a", "b", false, false }, { "*", "ab", true, true },
	{ "*", "a/b", false, false }, { "*.c", "x.c", true, true }, { "a*b*c", "axbxbc", true, true },
	{ "?", "a", true, true }, { "?", "/", false, false }, { "[a-c]x", "bx", true, true },
	{ "[^a]", "b", true, true }, { "[^a]", "a", false, false }, { "[^a]", "/", false, false },
	{ "\\*", "*", true, true }, { "\\*", "a", false, false }, { "[\\]]", "]", true, true },
	{ "[a", "a", false, false }, { "a\\", "a", false, false }, { "*/b", "a/b", true, true },
	{ "", "", true, true }, { "", "a", false, false }, { "*", "", true, true },
	{ "**", "a/b/c", false, true }, { "**/x", "x", false, true }, { "**/x", "a/b/x", false, true },
	{ "**/x", "ax", false, false }, { "a/**/b", "a/b", false, true },
	{ "a/**/b", "a/x/y/b", false, true }, { "a**b", "a/x/b", false, true },
	{ "a/**", "a/x/y", false, true }, { "a/**", "b", false, false },
	{ "**/*.go", "a/b.go", true, true }, { "***/x", "a/x", true, true },
	{ "[a", "[a", false, false },
};

static void test_globs(void)
{
	for (size_t i = 0; i < sizeof(globs) / sizeof(*globs); i++) {
		is_int(sp_glob_match(globs[i].pattern, globs[i].name), globs[i].plain,
		       "%s and %s", globs[i].pattern, globs[i].name);
		is_int(sp_glob_match_deep(globs[i].pattern, globs[i].name), globs[i].deep,
		       "the same with **");
	}
	ok(sp_glob_valid("a[b-c]*\\[") && !sp_glob_valid("[a") && !sp_glob_valid("[]") &&
	   !sp_glob_valid("a\\") && !sp_glob_valid("[a-]"), "patterns that are well formed");
	ok(sp_glob_has_magic("a*") && sp_glob_has_magic("[") && !sp_glob_has_magic("a\\*b"),
	   "names that are patterns");
}

/* What stands before the bar is left out, what stands behind it is not. */
static const struct { const char *text, *out, *in; } files[] = {
	{ "*.md\n# c\n\n  b  \r\n", "a.md b b/c", "x/a.md c" },
	{ "*.md\n!README.md", "a.md", "README.md" },
	{ "!README.md\n*.md", "README.md", "x" },
	{ "/docs/\n!docs/keep", "docs docs/a docs/keeper", "docs/keep docs/keep/x" },
	{ "**/*.o\n", "a.o x/y/a.o", "a.c" }, { "a/../b\n", "b", "a" },
	{ "*\n!a\n", "b c/d", "a a/b" }, { ".\n/\n", "", "a b/c" },
	{ "\xef\xbb\xbf" "x", "x", "y" }, { "*/temp*", "a/temp a/temp1/b", "temp a/b/temp" },
	{ "**\n!a/b", "x a a/c", "a/b a/b/c" },
};

static void each(const struct sp_ignore *ignore, const char *list, bool want)
{
	sp_autofree char *copy = sp_strdup(list);
	char *rest = copy;

	for (char *word; (word = strsep(&rest, " "));)
		if (*word)
			is_int(sp_ignore_match(ignore, word), want, "%s is %s", word,
			       want ? "out" : "in");
}

static void test_files(void)
{
	struct sp_ignore *ignore;
	struct sp_err err = { 0 };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		ok(sp_ignore_read("f", files[i].text, strlen(files[i].text), &ignore, &err) == 0,
		   "file %zu", i);
		each(ignore, files[i].out, true);
		each(ignore, files[i].in, false);
		is_int(sp_ignore_has_exceptions(ignore), strchr(files[i].text, '!') != NULL,
		       "exceptions");
		sp_ignore_free(ignore);
	}
	ok(!sp_ignore_match(NULL, "a") && !sp_ignore_has_exceptions(NULL), "no file");
	sp_ignore_free(NULL);
}

static void test_bad(void)
{
	struct sp_ignore *ignore;
	struct sp_err err = { 0 };

	ok(sp_ignore_read("f", "a\n[x\n", 5, &ignore, &err) == -1, "a set that is not closed");
	ok(strncmp(err.msg, "f:2: [x: expected", 17) == 0, "says where: %s", err.msg);
	ok(sp_ignore_read("f", "!", 1, &ignore, &err) == -1, "an exception of nothing: %s", err.msg);
	ok(sp_ignore_read("f", "a\0b", 3, &ignore, &err) == -1, "no text: %s", err.msg);
	sp_autofree char *many = sp_malloc(2 * (SP_IGNORE_PATTERNS_MAX + 1));
	for (int i = 0; i <= SP_IGNORE_PATTERNS_MAX; i++)
		memcpy(many + 2 * i, "x\n", 2);
	ok(sp_ignore_read("f", many, 2 * (SP_IGNORE_PATTERNS_MAX + 1), &ignore, &err) == -1,
	   "too many: %s", err.msg);
}

int main(void)
{
	test_globs();
	test_files();
	test_bad();
	return test_done();
}
