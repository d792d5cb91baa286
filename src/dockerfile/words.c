/*
 * Words: quotes, escapes and variables, by the rules that docker build has for
 * them.  JSON forms are in words_json.c.
 */
#include "dockerfile/words.h"

#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "dockerfile/words_pattern.h"

void sp_words_release(struct sp_words *words)
{
	free(words->items);
	*words = (struct sp_words){ 0 };
}

/* --- splitting --- */

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

void sp_words_split_blank(const char *text, struct sp_arena *arena, struct sp_words *ret)
{
	while (*text) {
		size_t len = 0;

		while (space(*text))
			text++;
		while (text[len] && !space(text[len]))
			len++;
		if (len)
			*SP_VEC_PUSH(ret->items) = sp_arena_strndup(arena, text, len);
		text += len;
	}
}

/* The length of the word at p: up to white space outside of quotes.  Inside single
 * quotes the escape character is an ordinary one. */
static size_t word_len(const char *p, char escape)
{
	size_t len = 0;
	char quote = 0;

	for (; p[len] && (quote || !space(p[len])); len++) {
		if (p[len] == escape && quote != '\'' && p[len + 1])
			len++;
		else if (quote && p[len] == quote)
			quote = 0;
		else if (!quote && (p[len] == '\'' || p[len] == '"'))
			quote = p[len];
	}
	return len;
}

void sp_words_split(const char *text, char escape, struct sp_arena *arena,
		    struct sp_words *ret)
{
	while (*text) {
		while (space(*text))
			text++;
		size_t len = word_len(text, escape);

		if (len)
			*SP_VEC_PUSH(ret->items) = sp_arena_strndup(arena, text, len);
		text += len;
	}
}

/* --- expanding --- */

struct expander {
	const struct sp_expand *how;
	const char *p;		/* what is still to be read */
	size_t made;		/* bytes that came out, also of what was dropped */
	int depth;
	bool raw;		/* escapes stay: they are for a pattern */
	struct sp_err *err;
};

static int run(struct expander *x, char stop, struct sp_buf *out);

static int put(struct expander *x, struct sp_buf *out, const char *s, size_t len)
{
	if (len > SP_WORD_MAX - x->made)
		return sp_err_set(x->err, SP_EUSAGE,
				  "a word becomes longer than %d bytes when its variables are replaced",
				  SP_WORD_MAX);
	x->made += len;
	sp_buf_add(out, s, len);
	return 0;
}

static int single_quotes(struct expander *x, struct sp_buf *out)
{
	const char *end = strchr(++x->p, '\'');

	if (!end)
		return sp_err_set(x->err, SP_EUSAGE, "a single quote without its counterpart");
	const char *from = x->p;
	x->p = end + 1;
	return put(x, out, from, (size_t)(end - from));
}

static bool name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A name, a number, or one of the shell's special characters; they are never set. */
static size_t name_len(const char *p)
{
	size_t len = 0;

	if (name_start(*p))
		while (name_start(p[len]) || digit(p[len]))
			len++;
	else if (digit(*p))
		while (digit(p[len]))
			len++;
	else if (*p && strchr("@*#?-$!", *p))
		len = 1;
	return len;
}

static const char *value_of(const struct expander *x, const char *name)
{
	return x->how->vars.get ? x->how->vars.get(x->how->vars.ctx, name) : NULL;
}

static int refuse_unset(struct expander *x, const char *name, const char *word)
{
	return sp_err_set(x->err, SP_EUSAGE, "${%s:?}: %s", name,
			  *word ? word : "this variable has to be set; see --build-arg");
}

/* A word in which escapes stay where they are. */
static int run_raw(struct expander *x, char stop, struct sp_buf *out)
{
	bool before = x->raw;

	x->raw = true;
	int rc = run(x, stop, out);
	x->raw = before;
	return rc;
}

/* ${NAME#pattern}, ${NAME%pattern} and their doubled forms; x->p is on the sign. */
static int trim(struct expander *x, const char *name, struct sp_buf *out)
{
	sp_autobuf struct sp_buf pattern = { 0 }, left = { 0 };
	const char *value = value_of(x, name);
	char sign = *x->p++;
	bool longest = *x->p == sign;

	x->p += longest;
	if (run_raw(x, '}', &pattern) ||
	    sp_words_trim(value ? value : "", sp_buf_str(&pattern), sign == '%', longest, &left,
			  x->err))
		return -1;
	return put(x, out, sp_buf_str(&left), left.len);
}

/* ${NAME/pattern/text} and ${NAME//pattern/text}; x->p is on the first slash. */
static int replace(struct expander *x, const char *name, struct sp_buf *out)
{
	sp_autobuf struct sp_buf pattern = { 0 }, text = { 0 }, made = { 0 };
	const char *value = value_of(x, name);
	bool all = *++x->p == '/';

	x->p += all;
	if (run_raw(x, '/', &pattern) || run_raw(x, '}', &text))
		return -1;
	/* a character each, and one more, can become the text */
	if (value && text.len && strlen(value) + 1 > SP_WORD_MAX / text.len)
		return sp_err_set(x->err, SP_EUSAGE,
				  "${%s/...}: the text to put in makes it longer than %d bytes",
				  name, SP_WORD_MAX);
	if (sp_words_replace(value ? value : "", sp_buf_str(&pattern), sp_buf_str(&text), all,
			     &made, x->err))
		return -1;
	return put(x, out, sp_buf_str(&made), made.len);
}

/* What follows the name between braces; x->p stands on the modifier. */
static int modifier(struct expander *x, const char *name, struct sp_buf *out)
{
	if (*x->p == '#' || *x->p == '%')
		return trim(x, name, out);
	if (*x->p == '/')
		return replace(x, name, out);

	sp_autobuf struct sp_buf word = { 0 };
	const char *value = value_of(x, name);
	bool null_counts = *x->p == ':';
	char what = x->p[null_counts];

	if (!what || !strchr("-+?", what))
		return sp_err_set(x->err, SP_EUSAGE,
				  "${%s%.*s...}: this form of a variable is not known; expected ${%s}, or one with :- :+ :? # %% or /",
				  name, null_counts + 1, x->p, name);
	x->p += null_counts + 1;
	if (run(x, '}', &word))
		return -1;
	bool set = value && (!null_counts || *value);
	if (what == '?' && !set)
		return refuse_unset(x, name, sp_buf_str(&word));
	if (what == '+')
		return set ? put(x, out, sp_buf_str(&word), word.len) : 0;
	if (set)
		return put(x, out, value, strlen(value));
	return put(x, out, sp_buf_str(&word), word.len);
}

static int braces(struct expander *x, struct sp_buf *out)
{
	size_t len = name_len(++x->p);
	sp_autofree char *name = sp_strndup(x->p, len);

	if (!len)
		return sp_err_set(x->err, SP_EUSAGE, "\"${\" without the name of a variable");
	x->p += len;
	if (!*x->p)
		return sp_err_set(x->err, SP_EUSAGE, "${%s: the closing brace is missing", name);
	if (*x->p != '}')
		return modifier(x, name, out);
	const char *value = value_of(x, name);
	x->p++;
	return value ? put(x, out, value, strlen(value)) : 0;
}

static int dollar(struct expander *x, struct sp_buf *out)
{
	if (*++x->p == '{')
		return braces(x, out);
	size_t len = name_len(x->p);
	if (!len)
		return put(x, out, "$", 1);
	sp_autofree char *name = sp_strndup(x->p, len);
	const char *value = value_of(x, name);
	x->p += len;
	return value ? put(x, out, value, strlen(value)) : 0;
}

/* Inside double quotes an escape counts in front of a quote, a dollar and itself. */
static int double_quotes(struct expander *x, struct sp_buf *out)
{
	char escape = x->how->escape;

	for (x->p++; *x->p != '"'; ) {
		if (!*x->p)
			return sp_err_set(x->err, SP_EUSAGE,
					  "a double quote without its counterpart");
		if (*x->p == '$' && x->how->vars.get) {
			if (dollar(x, out))
				return -1;
			continue;
		}
		if (*x->p == escape && (x->p[1] == '"' || x->p[1] == '$' || x->p[1] == escape)) {
			if (x->raw && put(x, out, x->p, 1))
				return -1;
			x->p++;
		}
		if (put(x, out, x->p++, 1))
			return -1;
	}
	x->p++;
	return 0;
}

static int one(struct expander *x, struct sp_buf *out)
{
	char c = *x->p;

	if (c == '$' && x->how->vars.get)
		return dollar(x, out);
	if (c == '\'' && !x->how->keep_quotes)
		return single_quotes(x, out);
	if (c == '"' && !x->how->keep_quotes)
		return double_quotes(x, out);
	if (c == x->how->escape) {
		if (x->raw && put(x, out, x->p, 1))
			return -1;
		if (!*++x->p)
			return 0;	/* one at the end of a word stands for nothing */
	}
	return put(x, out, x->p++, 1);
}

/* Up to stop, which is passed, or to the end if stop is 0. */
static int run(struct expander *x, char stop, struct sp_buf *out)
{
	if (++x->depth > SP_WORD_DEPTH_MAX)
		return sp_err_set(x->err, SP_EUSAGE, "more than %d variables inside each other",
				  SP_WORD_DEPTH_MAX);
	while (*x->p && *x->p != stop)
		if (one(x, out))
			return -1;
	if (stop && !*x->p)
		return sp_err_set(x->err, SP_EUSAGE, stop == '/' ?
				  "the second slash of ${NAME/pattern/text} is missing" :
				  "the closing brace of a variable is missing");
	x->p += stop != 0;
	x->depth--;
	return 0;
}

int sp_words_expand(const char *word, const struct sp_expand *how, struct sp_arena *arena,
		    const char **ret, struct sp_err *err)
{
	struct expander x = { .how = how, .p = word, .err = err };
	sp_autobuf struct sp_buf out = { 0 };

	if (run(&x, 0, &out))
		return -1;
	*ret = sp_arena_strdup(arena, sp_buf_str(&out));
	return 0;
}

int sp_words_unquote(const char *word, char escape, struct sp_arena *arena,
		     const char **ret, struct sp_err *err)
{
	struct sp_expand how = { .escape = escape };

	return sp_words_expand(word, &how, arena, ret, err);
}
