/*
 * A line -> an instruction: its flags and its arguments.  What an instruction takes is a
 * row in a table; the words themselves are cut by words.c.
 */
#include "dockerfile/instruction.h"

#include <string.h>
#include <strings.h>

#include "base/vec.h"

/* How what follows a keyword is cut. */
enum form { LIST, COMMAND, TEXT, PAIRS, NAMES, WORDS, HEALTH, STAGE };

struct row {
	const char *keyword;
	enum form form;
	size_t least;		/* arguments */
	const char *flags;	/* between commas; NULL: any */
	const char *expected;
};

static const struct row rows[] = {
	[SP_DO_ADD] = { "ADD", LIST, 2,
		",chown,chmod,link,keep-git-dir,checksum,exclude,unpack,",
		"ADD SOURCE... DESTINATION" },
	[SP_DO_ARG] = { "ARG", NAMES, 1, ",", "ARG NAME or ARG NAME=VALUE" },
	[SP_DO_CMD] = { "CMD", COMMAND, 0, ",", "CMD [\"PROGRAM\", \"ARGUMENT\"]" },
	[SP_DO_COPY] = { "COPY", LIST, 2, ",from,chown,chmod,link,parents,exclude,",
		"COPY SOURCE... DESTINATION" },
	[SP_DO_ENTRYPOINT] = { "ENTRYPOINT", COMMAND, 0, ",", "ENTRYPOINT [\"PROGRAM\"]" },
	[SP_DO_ENV] = { "ENV", PAIRS, 1, ",", "ENV NAME=VALUE" },
	[SP_DO_EXPOSE] = { "EXPOSE", WORDS, 1, ",", "EXPOSE PORT" },
	[SP_DO_FROM] = { "FROM", STAGE, 1, ",platform,", "FROM IMAGE or FROM IMAGE AS NAME" },
	[SP_DO_HEALTHCHECK] = { "HEALTHCHECK", HEALTH, 1,
		",interval,timeout,start-period,start-interval,retries,",
		"HEALTHCHECK CMD COMMAND or HEALTHCHECK NONE" },
	[SP_DO_LABEL] = { "LABEL", PAIRS, 1, ",", "LABEL KEY=VALUE" },
	[SP_DO_MAINTAINER] = { "MAINTAINER", TEXT, 1, ",", "MAINTAINER NAME" },
	[SP_DO_ONBUILD] = { "ONBUILD", TEXT, 1, ",", "ONBUILD INSTRUCTION" },
	[SP_DO_RUN] = { "RUN", COMMAND, 0, NULL, "RUN COMMAND" },
	[SP_DO_SHELL] = { "SHELL", COMMAND, 1, ",", "SHELL [\"PROGRAM\", \"-c\"]" },
	[SP_DO_STOPSIGNAL] = { "STOPSIGNAL", TEXT, 1, ",", "STOPSIGNAL SIGNAL" },
	[SP_DO_USER] = { "USER", TEXT, 1, ",", "USER NAME or USER NUMBER:NUMBER" },
	[SP_DO_VOLUME] = { "VOLUME", LIST, 1, ",", "VOLUME PATH" },
	[SP_DO_WORKDIR] = { "WORKDIR", TEXT, 1, ",", "WORKDIR PATH" },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

/* One instruction being cut. */
struct parser {
	const struct sp_dockerfile *file;
	struct sp_arena *arena;
	char escape;
	struct sp_words words;
	struct sp_err *err;
};

const char *sp_instruction_flag(const struct sp_instruction *in, const char *name)
{
	for (size_t i = 0; i < in->flags_nr; i++)
		if (strcmp(in->flags[i].name, name) == 0)
			return in->flags[i].value ? in->flags[i].value : "";
	return NULL;
}

static int fail(const struct parser *p, const struct sp_instruction *in, const char *what)
{
	return sp_dockerfile_fail(p->file, in, p->err, "%s", what);
}

static const struct row *row_of(const struct sp_instruction *in)
{
	return &rows[in->kind];
}

static int too_few(const struct parser *p, const struct sp_instruction *in)
{
	return sp_err_set(p->err, SP_EUSAGE, "%s:%u: %s lacks arguments; expected %s",
			  p->file->name, in->line, in->keyword, row_of(in)->expected);
}

/* --- flags --- */

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int add_flag(struct parser *p, struct sp_instruction *in, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	struct sp_flag flag = {
		.name = sp_arena_strndup(p->arena, word, len),
		.value = equals ? equals + 1 : NULL,
	};
	const char *known = row_of(in)->flags;
	const char *key = sp_arena_strf(p->arena, ",%s,", flag.name);

	if (known && !strstr(known, key))
		return sp_dockerfile_fail(p->file, in, p->err, "--%s: %s has no such flag",
					  flag.name, in->keyword);
	if (known && strcmp(flag.name, "exclude") != 0 && sp_instruction_flag(in, flag.name))
		return sp_dockerfile_fail(p->file, in, p->err, "--%s is given twice", flag.name);
	struct sp_flag *flags = sp_arena_alloc(p->arena, (in->flags_nr + 1) * sizeof(*flags));
	if (in->flags_nr)
		memcpy(flags, in->flags, in->flags_nr * sizeof(*flags));
	flags[in->flags_nr++] = flag;
	in->flags = flags;
	return 0;
}

#define FLAGS_MAX 100	/* of one instruction */

/* Words that begin with "--" in front of everything else; "--" alone ends them. */
static int cut_flags(struct parser *p, struct sp_instruction *in)
{
	const char *rest = in->rest;

	for (size_t nr = 0; strncmp(rest, "--", 2) == 0; nr++) {
		size_t len = 0;
		const char *word;
		char quote = 0;

		for (; rest[len] && (quote || !space(rest[len])); len++)
			if (quote ? rest[len] == quote : rest[len] == '"' || rest[len] == '\'')
				quote = quote ? 0 : rest[len];
		word = sp_arena_strndup(p->arena, rest, len);
		for (rest += len; space(*rest); )
			rest++;
		if (strcmp(word, "--") == 0)
			break;
		if (nr == FLAGS_MAX)
			return fail(p, in, "has too many flags");
		if (sp_words_unquote(word, '\\', p->arena, &word, p->err))
			return sp_err_wrap(p->err, "%s:%u: %s", p->file->name, in->line,
					   in->keyword);
		if (add_flag(p, in, word + 2))
			return -1;
	}
	in->rest = rest;
	return 0;
}

/* --- forms --- */

static void add_word(struct parser *p, const char *word)
{
	*SP_VEC_PUSH(p->words.items) = word;
}

static int json_or(struct parser *p, struct sp_instruction *in, const char *rest)
{
	if (sp_words_json(rest, p->arena, &p->words, &in->json, p->err))
		return sp_err_wrap(p->err, "%s:%u: %s", p->file->name, in->line, in->keyword);
	return 0;
}

/* NAME=VALUE ..., or NAME and all the rest as its value. */
static int cut_pairs(struct parser *p, struct sp_instruction *in)
{
	SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };
	const char *rest = in->rest;

	sp_words_split(rest, p->escape, p->arena, &words);
	if (words.items_nr && !strchr(words.items[0], '=')) {
		size_t len = strcspn(rest, " \t\v\f\r");
		const char *value = rest + len + strspn(rest + len, " \t\v\f\r");

		if (!*value)
			return too_few(p, in);
		add_word(p, sp_arena_strndup(p->arena, rest, len));
		add_word(p, value);
		return 0;
	}
	for (size_t i = 0; i < words.items_nr; i++) {
		const char *equals = strchr(words.items[i], '=');

		if (!equals)
			return sp_dockerfile_fail(p->file, in, p->err,
						  "%s: expected NAME=VALUE; put quotes around a value with spaces",
						  words.items[i]);
		if (equals == words.items[i])
			return sp_dockerfile_fail(p->file, in, p->err,
						  "%s: expected a name in front of the =",
						  words.items[i]);
		add_word(p, sp_arena_strndup(p->arena, words.items[i],
					     (size_t)(equals - words.items[i])));
		add_word(p, equals + 1);
	}
	return 0;
}

static int cut_names(struct parser *p, struct sp_instruction *in)
{
	SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

	sp_words_split(in->rest, p->escape, p->arena, &words);
	for (size_t i = 0; i < words.items_nr; i++) {
		const char *equals = strchr(words.items[i], '=');

		if (equals == words.items[i])
			return sp_dockerfile_fail(p->file, in, p->err,
						  "%s: expected a name in front of the =",
						  words.items[i]);
		add_word(p, equals ? sp_arena_strndup(p->arena, words.items[i],
						      (size_t)(equals - words.items[i])) :
				     words.items[i]);
		add_word(p, equals ? equals + 1 : NULL);
	}
	return 0;
}

static int cut_health(struct parser *p, struct sp_instruction *in)
{
	size_t len = strcspn(in->rest, " \t\v\f\r");
	const char *command = in->rest + len + strspn(in->rest + len, " \t\v\f\r");

	if (len == 4 && strncasecmp(in->rest, "NONE", 4) == 0) {
		if (*command || in->flags_nr)
			return fail(p, in, "NONE takes nothing else");
		add_word(p, "NONE");
		return 0;
	}
	if (len != 3 || strncasecmp(in->rest, "CMD", 3) != 0)
		return sp_dockerfile_fail(p->file, in, p->err, "%.*s: expected CMD or NONE",
					  (int)len, in->rest);
	if (!*command)
		return too_few(p, in);
	if (json_or(p, in, command))
		return -1;
	if (!in->json)
		add_word(p, command);
	else if (!p->words.items_nr)
		return too_few(p, in);
	return 0;
}

/* A name by which later stages can call this one. */
static bool is_stage_name(const char *s)
{
	if (!((*s | 32) >= 'a' && (*s | 32) <= 'z'))
		return false;
	return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
}

static int cut_stage(struct parser *p, struct sp_instruction *in)
{
	SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };

	sp_words_split_blank(in->rest, p->arena, &words);
	if (!words.items_nr)
		return 0;
	if (words.items_nr != 1 && (words.items_nr != 3 || strcasecmp(words.items[1], "AS") != 0))
		return sp_dockerfile_fail(p->file, in, p->err, "%s: expected %s", in->rest,
					  row_of(in)->expected);
	add_word(p, words.items[0]);
	if (words.items_nr == 1)
		return 0;
	if (!is_stage_name(words.items[2]))
		return sp_dockerfile_fail(p->file, in, p->err,
					  "AS %s: expected the name of a stage: a letter, then letters, digits, dots, dashes and underscores",
					  words.items[2]);
	add_word(p, words.items[2]);
	return 0;
}

static int cut_args(struct parser *p, struct sp_instruction *in)
{
	switch (row_of(in)->form) {
	case LIST:
		if (json_or(p, in, in->rest))
			return -1;
		if (!in->json)
			sp_words_split_blank(in->rest, p->arena, &p->words);
		return 0;
	case COMMAND:
		if (json_or(p, in, in->rest))
			return -1;
		if (!in->json && *in->rest)
			add_word(p, in->rest);
		return 0;
	case TEXT:
		if (*in->rest)
			add_word(p, in->rest);
		return 0;
	case WORDS:
		sp_words_split_blank(in->rest, p->arena, &p->words);
		return 0;
	case PAIRS:
		return cut_pairs(p, in);
	case NAMES:
		return cut_names(p, in);
	case HEALTH:
		return cut_health(p, in);
	case STAGE:
		return cut_stage(p, in);
	}
	return 0;
}

/* --- together --- */

static int check(const struct parser *p, const struct sp_instruction *in)
{
	if (in->kind == SP_DO_SHELL && !in->json)
		return fail(p, in, "takes the JSON form alone, as SHELL [\"/bin/sh\", \"-c\"]");
	if (p->words.items_nr < row_of(in)->least)
		return too_few(p, in);
	return 0;
}

int sp_instruction_read(struct sp_dockerfile *file, const struct sp_line *line,
			struct sp_instruction *ret, struct sp_err *err)
{
	struct parser p = { .file = file, .arena = &file->lines.arena,
			    .escape = file->lines.escape, .err = err };
	struct sp_instruction in = {
		.line = line->number, .keyword = line->keyword, .rest = line->rest,
		.heredocs = line->heredocs, .heredocs_nr = line->heredocs_nr,
	};
	size_t kind = 0;

	while (kind < ROWS && strcmp(rows[kind].keyword, line->keyword) != 0)
		kind++;
	if (kind == ROWS)
		return sp_err_set(err, SP_EUSAGE,
				  "%s:%u: %s: is no instruction of a Dockerfile; expected FROM, COPY, ENTRYPOINT or another one",
				  file->name, line->number, line->keyword);
	in.kind = (enum sp_instruction_kind)kind;
	int rc = cut_flags(&p, &in) || cut_args(&p, &in) || check(&p, &in) ? -1 : 0;
	in.args_nr = p.words.items_nr;
	if (!rc && in.args_nr)
		in.args = sp_arena_memdup(p.arena, p.words.items, in.args_nr * sizeof(*in.args));
	sp_words_release(&p.words);
	*ret = in;
	return rc;
}
