/*
 * Reading wrappers: the small part of the shell's grammar (POSIX, Shell Command
 * Language) that decides nothing at run time.
 */
#include "api/wrapper.h"

#include <string.h>

#include "base/buf.h"
#include "base/vec.h"

void sp_wrapper_release(struct sp_wrapper *w)
{
	free(w->words.items);
	free(w->env);
	*w = (struct sp_wrapper){ 0 };
}

/* NAME= at the beginning of a word: the length of NAME, else 0. */
static size_t assignment(const char *word)
{
	size_t len = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	return len && (word[0] < '0' || word[0] > '9') && word[len] == '=' ? len : 0;
}

/* One command on its way to words. */
struct line {
	const char *p;
	struct sp_arena *arena;
	const struct sp_words *args;
	struct sp_words words;
	const char *why;	/* what only a shell can do, or NULL */
};

static void push(struct line *l, const char *text, bool from_cmd)
{
	if (l->words.items_nr == SP_WORDS_MAX)
		l->why = "has too many words";
	else
		*SP_VEC_PUSH(l->words.items) = (struct sp_word){ text, from_cmd };
}

/* "$@" alone, with quotes or without: all arguments. */
static bool all_arguments(struct line *l)
{
	static const char *const forms[] = { "\"$@\"", "\"${@}\"", "$@", "${@}" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t len = strlen(forms[i]);

		if (strncmp(l->p, forms[i], len) != 0 || (l->p[len] && !strchr(" \t\n;", l->p[len])))
			continue;
		l->p += len;
		for (size_t k = 0; k < l->args->items_nr; k++)
			push(l, l->args->items[k].text, l->args->items[k].from_cmd);
		return true;
	}
	return false;
}

/* What is between quotes, into buf. */
static void quoted(struct line *l, char quote, struct sp_buf *buf)
{
	for (l->p++; *l->p && *l->p != quote; l->p++) {
		if (quote == '"' && (*l->p == '$' || *l->p == '`')) {
			l->why = "has variables or substitutions";
			return;
		}
		/* POSIX 2.2.3: in double quotes it only quotes these */
		if (quote == '"' && *l->p == '\\' && l->p[1] && strchr("$`\"\\\n", l->p[1]))
			l->p++;
		sp_buf_addch(buf, *l->p);
	}
	if (*l->p)
		l->p++;
	else
		l->why = "has a quote without an end";
}

static void word(struct line *l)
{
	sp_autobuf struct sp_buf buf = { 0 };

	if (all_arguments(l))
		return;
	if (*l->p == '~' || *l->p == '{' || *l->p == '}' || *l->p == '!') {
		l->why = "has a word that a shell expands";
		return;
	}
	while (*l->p && !strchr(" \t\n;", *l->p) && !l->why) {
		if (*l->p == '\'' || *l->p == '"') {
			quoted(l, *l->p, &buf);
		} else if (*l->p == '$' || *l->p == '`') {
			l->why = "has variables or substitutions";
		} else if (strchr("|&<>()*?[", *l->p)) {
			l->why = "has pipes, redirections, conditions or patterns";
		} else {
			if (*l->p == '\\' && l->p[1])
				l->p++;
			sp_buf_addch(&buf, *l->p++);
		}
	}
	if (!l->why)
		push(l, sp_arena_strdup(l->arena, sp_buf_str(&buf)), false);
}

/* Read one command and what ends it; no words for a line with none. */
static void command(struct line *l)
{
	l->words.items_nr = 0;
	for (;;) {
		while (*l->p == ' ' || *l->p == '\t' || (*l->p == '\\' && l->p[1] == '\n'))
			l->p += *l->p == '\\' ? 2 : 1;
		if (*l->p == '#')
			l->p += strcspn(l->p, "\n");
		if (!*l->p || *l->p == '\n' || *l->p == ';') {
			l->p += *l->p != '\0';
			return;
		}
		word(l);
		if (l->why)
			return;
	}
}

static void set_variable(struct sp_wrapper *w, struct sp_arena *arena, const char *pair)
{
	*SP_VEC_PUSH(w->env) = sp_arena_strdup(arena, pair);
}

/* Is all of this command settings that we can take over?  Then they are. */
static bool takes_over(struct line *l, struct sp_wrapper *w)
{
	const struct sp_words *c = &l->words;
	bool is_export = strcmp(c->items[0].text, "export") == 0;
	size_t i = is_export;

	if (strcmp(c->items[0].text, "set") == 0 || strcmp(c->items[0].text, ":") == 0)
		return true;
	if (strcmp(c->items[0].text, "cd") == 0 && c->items_nr == 2 && c->items[1].text[0] == '/') {
		w->workdir = c->items[1].text;
		return true;
	}
	for (; i < c->items_nr; i++) {
		if (!assignment(c->items[i].text))
			return false;
		set_variable(w, l->arena, c->items[i].text);
	}
	return true;
}

/* The command that is started: without settings in front, and without exec. */
static void take_command(struct line *l, struct sp_wrapper *w)
{
	size_t i = 0;

	while (i < l->words.items_nr && assignment(l->words.items[i].text))
		set_variable(w, l->arena, l->words.items[i++].text);
	if (i < l->words.items_nr && strcmp(l->words.items[i].text, "exec") == 0)
		i++;
	for (; i < l->words.items_nr; i++)
		*SP_VEC_PUSH(w->words.items) = l->words.items[i];
}

static bool starts(const struct line *l, bool script)
{
	size_t i = 0;

	while (i < l->words.items_nr && assignment(l->words.items[i].text))
		i++;
	if (i == l->words.items_nr)
		return false;
	/* of a script the last word is its exec; "-c" has one command */
	return strcmp(l->words.items[i].text, "exec") == 0 || !script;
}

/* Words that begin what has more than one line (POSIX 2.4, Reserved Words). */
static bool reserved(const char *text)
{
	static const char *const words[] = { "if", "then", "else", "elif", "fi", "do", "done",
					     "case", "esac", "while", "until", "for", "function" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

void sp_wrapper_shell(const char *text, bool script, const struct sp_words *args,
		      struct sp_arena *arena, struct sp_wrapper *ret, const char **ret_why)
{
	struct line l = { .p = text, .arena = arena, .args = args };

	*ret_why = NULL;
	while (*l.p && !l.why) {
		const char *begin = l.p + strspn(l.p, " \t\n");

		command(&l);
		if (l.why || !l.words.items_nr) {
			/* what failed is shown by the line that it stands in */
			if (l.why)
				l.why = sp_arena_strf(arena, "\"%.*s\" %s", (int)strcspn(begin, "\n"),
						      begin, l.why);
			continue;
		}
		const char *first = l.words.items[0].text;
		bool more = l.p[strspn(l.p, " \t\n;")] != '\0';
		if (ret->words.items_nr)
			l.why = "something follows what it starts";
		else if (reserved(first))
			l.why = sp_arena_strf(arena, "\"%.*s\" decides something",
					      (int)strcspn(begin, "\n"), begin);
		else if (starts(&l, script) && !(more && !script))
			take_command(&l, ret);
		else if (!takes_over(&l, ret))
			l.why = sp_arena_strf(arena, "\"%.*s\" does something else",
					      (int)strcspn(begin, "\n"), begin);
	}
	if (!l.why && !ret->words.items_nr)
		l.why = "it does not end in exec";
	free(l.words.items);
	*ret_why = l.why;
}

void sp_wrapper_env(const struct sp_words *args, struct sp_arena *arena,
		    struct sp_wrapper *ret, const char **ret_why)
{
	size_t i = 0;

	*ret_why = NULL;
	for (; i < args->items_nr && strchr(args->items[i].text, '='); i++)
		set_variable(ret, arena, args->items[i].text);
	if (i < args->items_nr && strcmp(args->items[i].text, "--") == 0)
		i++;
	if (i == args->items_nr)
		*ret_why = "env is told to start nothing";
	else if (args->items[i].text[0] == '-')
		*ret_why = sp_arena_strf(arena, "env has the option %s", args->items[i].text);
	else
		for (; i < args->items_nr; i++)
			*SP_VEC_PUSH(ret->words.items) = args->items[i];
}
