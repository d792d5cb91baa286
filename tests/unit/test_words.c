/*
 * Words of a Dockerfile: variables, quotes, escapes, JSON forms.
 */
#include "dockerfile/words.h"

#include "base/buf.h"
#include "test.h"

static const char *get(void *ctx, const char *name)
{
	static const char *const known[][2] = {
		{ "A", "1" }, { "empty", "" }, { "path", "/a b" }, { "q", "\"x\"" },
		{ "file", "a.tar.gz" }, { "dirs", "/usr/lib/x" }, { "odd", "a*b?c}d/e" },
		{ "wide", "\xc3\xa4x\xc3\xb6" },
	};

	(void)ctx;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i][0], name) == 0)
			return known[i][1];
	return NULL;
}

static const struct sp_expand plain = { .escape = '\\', .vars = { get, NULL } };

static const struct { const char *word, *want; } good[] = {
	{ "", "" }, { "a", "a" }, { "$A", "1" }, { "${A}", "1" }, { "x${A}y", "x1y" },
	{ "$Ab", "" }, { "$A-b", "1-b" }, { "$no", "" }, { "${no}", "" }, { "$", "$" },
	{ "$.", "$." }, { "$1a", "a" }, { "$$A", "A" },
	{ "'$A'", "$A" }, { "\"$A\"", "1" }, { "\"\\$A\"", "$A" }, { "\\$A", "$A" },
	{ "'a\\b'", "a\\b" }, { "\"a\\b\"", "a\\b" }, { "a\\b", "ab" }, { "a\\", "a" },
	{ "\"a\\\"b\"", "a\"b" }, { "\"a\\\\b\"", "a\\b" }, { "a\"b c\"d'e'", "ab cde" },
	{ "$path", "/a b" }, { "$q", "\"x\"" },
	{ "${no:-x}", "x" }, { "${no-x}", "x" }, { "${A:-x}", "1" }, { "${empty:-x}", "x" },
	{ "${empty-x}", "" }, { "${A:+x}", "x" }, { "${no:+x}", "" }, { "${empty:+x}", "" },
	{ "${empty+x}", "x" }, { "${no:-${A}}", "1" }, { "${no:-${no:-deep}}", "deep" },
	{ "${no:-a\\}b}", "a}b" }, { "${no:-'}'}", "}" }, { "${A:?x}", "1" }, { "${no:-}", "" },
	{ "${file#*.}", "tar.gz" }, { "${file##*.}", "gz" }, { "${file%.*}", "a.tar" },
	{ "${file%%.*}", "a" }, { "${file#b}", "a.tar.gz" }, { "${file%gz}", "a.tar." },
	{ "${file#?.}", "tar.gz" }, { "${file#}", "a.tar.gz" }, { "${file%%*}", "" },
	{ "${file#*}", "a.tar.gz" }, { "${no#x}", "" }, { "${file#${A}}", "a.tar.gz" },
	{ "${file%\".gz\"}", "a.tar" }, { "${file##$no*.}", "gz" },
	{ "${odd#a\\*}", "b?c}d/e" }, { "${odd#*\\?}", "c}d/e" }, { "${odd#*\\}}", "d/e" },
	{ "${dirs/\\//_}", "_usr/lib/x" }, { "${dirs//\\//_}", "_usr_lib_x" },
	{ "${file/a/b}", "b.tar.gz" }, { "${file//a/b}", "b.tbr.gz" },
	{ "${file/.*/x}", "ax" }, { "${file//./}", "atargz" }, { "${file/t*r/}", "a..gz" },
	{ "${file//?/-}", "--------" }, { "${file/none/x}", "a.tar.gz" }, { "${file//*/x}", "x" },
	{ "${empty//*/x}", "x" }, { "${file/z*a/x}", "a.tar.gz" }, { "${no/a/b}", "" },
	{ "${file/$A/${A}}", "a.tar.gz" }, { "${file/tar/$A}", "a.1.gz" },
	{ "${wide#?}", "x\xc3\xb6" }, { "${wide%?}", "\xc3\xa4x" },
	{ "${wide/\xc3\xb6/o}", "\xc3\xa4xo" }, { "${file/a*a/x}", "xr.gz" },
};

static const struct { const char *word, *why; } bad[] = {
	{ "'a", "single quote" }, { "\"a", "double quote" }, { "${", "name of a variable" },
	{ "${}", "name of a variable" }, { "${A", "closing brace" }, { "${A:-x", "closing brace" },
	{ "${A^x}", "not known" }, { "${A:x}", "not known" }, { "${no:?say it}", "say it" },
	{ "${no?}", "has to be set" }, { "${empty:?e}", "e" }, { "${A/x}", "second slash" },
	{ "${A/x/y", "closing brace" }, { "${A#x", "closing brace" }, { "${A#\\x}", "behind the backslash" },
	{ "${A/\\n/x}", "behind the backslash" },
};

static void test_expand(struct sp_arena *arena)
{
	struct sp_err err = { 0 };
	const char *got;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		got = NULL;
		ok(sp_words_expand(good[i].word, &plain, arena, &got, &err) == 0, "%s expands",
		   good[i].word);
		is_str(got, good[i].want, "to what it says");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = (struct sp_err){ 0 };
		ok(sp_words_expand(bad[i].word, &plain, arena, &got, &err) == -1 &&
		   err.code == SP_EUSAGE, "%s is refused", bad[i].word);
		ok(strstr(err.msg, bad[i].why), "saying why: %s", err.msg);
	}
}

static void test_forms(struct sp_arena *arena)
{
	struct sp_expand how = plain;
	struct sp_err err = { 0 };
	const char *got = NULL;

	how.escape = '`';
	ok(sp_words_expand("`$A\\$A", &how, arena, &got, &err) == 0, "another escape character");
	is_str(got, "$A\\1", "and the backslash is an ordinary one then");
	how = plain;
	how.keep_quotes = true;
	ok(sp_words_expand("it's \"$A\" \\$A", &how, arena, &got, &err) == 0, "a here-document");
	is_str(got, "it's \"1\" $A", "keeps its quotes");
	ok(sp_words_unquote("'a'\"b\"\\c$A", '\\', arena, &got, &err) == 0, "quotes are taken off");
	is_str(got, "abc$A", "and variables stay");
}

/* Doubling thirty times would be a gigabyte. */
static void test_limits(struct sp_arena *arena)
{
	sp_autobuf struct sp_buf word = { 0 };
	struct sp_err err = { 0 };
	const char *got;

	for (int i = 0; i < SP_WORD_DEPTH_MAX + 1; i++)
		sp_buf_addstr(&word, "${no:-");
	ok(sp_words_expand(word.data, &plain, arena, &got, &err) == -1 &&
	   strstr(err.msg, "inside each other"), "too deep: %s", err.msg);
	sp_buf_reset(&word);
	for (int i = 0; i < SP_WORD_MAX / 4 + 1; i++)
		sp_buf_addstr(&word, "$path");
	ok(sp_words_expand(word.data, &plain, arena, &got, &err) == -1 &&
	   strstr(err.msg, "longer than"), "too long: %s", err.msg);
}

static void is_words(const struct sp_words *words, const char *want, const char *text)
{
	sp_autobuf struct sp_buf got = { 0 };

	for (size_t i = 0; i < words->items_nr; i++)
		sp_buf_addf(&got, "<%s>", words->items[i]);
	is_str(sp_buf_str(&got), want, "%s", text);
}

static void test_split(struct sp_arena *arena)
{
	SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

	sp_words_split(" a \"b c\" d\\ e 'f\\' g=\"h 'i\" ", '\\', arena, &words);
	is_words(&words, "<a><\"b c\"><d\\ e><'f\\'><g=\"h 'i\">", "quotes hold words together");
	sp_words_release(&words);
	sp_words_split_blank("a \"b c\"\t d", arena, &words);
	is_words(&words, "<a><\"b><c\"><d>", "and not where nobody asks for it");
}

static const struct { const char *text, *want; } arrays[] = {
	{ "[]", "" }, { "[\"a\"]", "<a>" }, { " [ \"a\" , \"b c\" ] ", "<a><b c>" },
	{ "[\"\\u00e9\\ud83d\\ude00\\n\\/\"]", "<\xc3\xa9\xf0\x9f\x98\x80\n/>" },
	{ "[\"\\ud800x\"]", "<\xef\xbf\xbdx>" }, { "[\"\\u20ac\"]", "<\xe2\x82\xac>" },
};
static const char *const other_forms[] = {
	"a", "['a']", "[\"a\"", "[\"a\",]", "[\"a\" \"b\"]", "[ -f x ]", "[\"a\"] b", "[",
	"[\"\\x\"]", "[\"\\u12\"]", "[\"a\nb\"]", "[\"\\u0000\"]",
};
static const char *const wrong[] = { "[1]", "[\"a\", true]", "[[\"a\"]]", "[{}]", "[null]" };

static void test_json(struct sp_arena *arena)
{
	struct sp_err err = { 0 };
	bool json;

	for (size_t i = 0; i < sizeof(arrays) / sizeof(*arrays); i++) {
		SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

		ok(sp_words_json(arrays[i].text, arena, &words, &json, &err) == 0 && json,
		   "%s is an array", arrays[i].text);
		is_words(&words, arrays[i].want, "of these strings");
	}
	for (size_t i = 0; i < sizeof(other_forms) / sizeof(*other_forms); i++) {
		SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

		ok(sp_words_json(other_forms[i], arena, &words, &json, &err) == 0 && !json &&
		   !words.items_nr, "number %zu is none", i);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

		ok(sp_words_json(wrong[i], arena, &words, &json, &err) == -1,
		   "%s holds other things than strings", wrong[i]);
	}
}

int main(void)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };

	test_expand(&arena);
	test_forms(&arena);
	test_limits(&arena);
	test_split(&arena);
	test_json(&arena);
	return test_done();
}
