/*
 * Parsing the command line, from the library's table of options and the short
 * one below.  Options and operands may come in any order; "--" ends options.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "cli/cli.h"

static int set_mode(enum cli_mode *mode, const char *option, const char *value,
		    const char *const *names, const enum cli_mode *modes, struct sp_err *err)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(value, names[i]) == 0) {
			*mode = modes[i];
			return 0;
		}
	return sp_err_set(err, SP_EUSAGE, "--%s %s: expected %s, %s or %s", option, value,
			  names[0], names[1], names[2]);
}

static int set_quiet(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->quiet = true;
	return 0;
}

static int set_verbose(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->verbose = true;
	return 0;
}

static int set_json(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->json = true;
	return 0;
}

static int set_dry_run(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->dry_run = true;
	return 0;
}

static int set_help(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->help = true;
	return 0;
}

static int set_version(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->version = true;
	return 0;
}

static int set_password_stdin(struct cli *cli, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	cli->password_stdin = true;
	return 0;
}

static int set_progress(struct cli *cli, const char *value, struct sp_err *err)
{
	static const char *const names[] = { "auto", "plain", "none" };
	static const enum cli_mode modes[] = { CLI_AUTO, CLI_PLAIN, CLI_NONE };

	return set_mode(&cli->progress, "progress", value, names, modes, err);
}

static int set_color(struct cli *cli, const char *value, struct sp_err *err)
{
	static const char *const names[] = { "auto", "always", "never" };
	static const enum cli_mode modes[] = { CLI_AUTO, CLI_ALWAYS, CLI_NEVER };

	return set_mode(&cli->color, "color", value, names, modes, err);
}

#define ALL NULL, NULL

const struct cli_switch cli_switches[] = {
	{ "dry-run", 'n', NULL, "print the plan and write nothing", set_dry_run, "pack",
	  "Output" },
	{ "password-stdin", 0, NULL, "read the password from standard input",
	  set_password_stdin, "login", "Registries" },
	{ "json", 0, NULL, "print the report as JSON", set_json, ALL },
	{ "quiet", 'q', NULL, "only the result and errors", set_quiet, ALL },
	{ "verbose", 'v', NULL, "say more", set_verbose, ALL },
	{ "progress", 0, "auto|plain|none", "how progress is shown", set_progress, ALL },
	{ "color", 0, "auto|always|never", "colours; NO_COLOR is heeded too", set_color, ALL },
	{ "help", 'h', NULL, "print help", set_help, ALL },
	{ "version", 0, NULL, "print the version", set_version, ALL },
};
const size_t cli_switches_nr = sizeof(cli_switches) / sizeof(*cli_switches);

bool cli_takes_option(const struct cli_command *command, const struct sp_option *option)
{
	return option->group && (command->takes & option->about);
}

bool cli_takes_switch(const struct cli_command *command, const struct cli_switch *toggle)
{
	return !toggle->only || strcmp(toggle->only, command->name) == 0;
}

static int unknown(const struct cli *cli, const char *word, struct sp_err *err)
{
	struct cli_guess guess = { .word = word };

	for (size_t i = 0; i < sp_option_table_nr; i++)
		if (cli_takes_option(cli->command, &sp_option_table[i]))
			cli_guess_among(&guess, sp_option_table[i].name);
	for (size_t i = 0; i < cli_switches_nr; i++)
		if (cli_takes_switch(cli->command, &cli_switches[i]))
			cli_guess_among(&guess, cli_switches[i].name);
	return sp_err_set(err, SP_EUSAGE, "%s has no option --%s%s%s%s", cli->command->name,
			  word, guess.best ? "; did you mean --" : "",
			  guess.best ? guess.best : "", guess.best ? "?" : "");
}

/* An option found by long name or letter: in one of the two tables. */
struct match {
	const struct sp_option *option;
	const struct cli_switch *toggle;
};

static bool find(const struct cli *cli, const char *name, size_t len, char letter,
		 struct match *ret)
{
	*ret = (struct match){ 0 };
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (cli_takes_option(cli->command, o) &&
		    (name ? strlen(o->name) == len && memcmp(o->name, name, len) == 0 :
			    o->letter && o->letter == letter)) {
			ret->option = o;
			return true;
		}
	}
	for (size_t i = 0; i < cli_switches_nr; i++) {
		const struct cli_switch *s = &cli_switches[i];

		if (cli_takes_switch(cli->command, s) &&
		    (name ? strlen(s->name) == len && memcmp(s->name, name, len) == 0 :
			    s->letter && s->letter == letter)) {
			ret->toggle = s;
			return true;
		}
	}
	return false;
}

static const char *arg_of(const struct match *m)
{
	return m->option ? m->option->arg : m->toggle->arg;
}

/* What commands have to know of options that the library takes. */
static void note_given(struct cli *cli, const char *name, const char *value)
{
	bool from_stdin = value && strcmp(value, "-") == 0;

	if (strcmp(name, "creds") == 0)
		*(from_stdin ? &cli->creds_stdin : &cli->has_creds) = true;
	cli->file_stdin |= strcmp(name, "file") == 0 && from_stdin;
	cli->has_output |= strcmp(name, "output") == 0;
	cli->has_load |= strcmp(name, "load") == 0 || strcmp(name, "engine") == 0;
	cli->has_username |= strcmp(name, "username") == 0;
	cli->has_password |= strcmp(name, "password") == 0;
	cli->from |= strcmp(name, "from") == 0 || strcmp(name, "file") == 0;
}

/* Set an option of the library that takes a value. */
static int set_value(struct cli *cli, const char *name, const char *value, struct sp_err *err)
{
	sp_autofree char *pair = NULL;
	char now[24];

	/* the library has no clock */
	if (strcmp(name, "created") == 0 && strcmp(value, "now") == 0) {
		snprintf(now, sizeof(now), "%lld", (long long)time(NULL));
		value = now;
	}
	/* to be read when all options are known */
	if (strcmp(name, "creds") == 0 && strcmp(value, "-") == 0)
		return 0;
	/* nor an environment: --build-arg NAME means the value that NAME has there */
	if (strcmp(name, "build-arg") == 0 && !strchr(value, '=') && getenv(value)) {
		pair = sp_strf("%s=%s", value, getenv(value));
		value = pair;
	}
	return scratchpack_set(cli->job, name, value, err);
}

static int apply(struct cli *cli, const struct match *m, const char *value, struct sp_err *err)
{
	if (m->toggle)
		return m->toggle->set(cli, value, err);
	note_given(cli, m->option->name, value);
	return value ? set_value(cli, m->option->name, value, err) :
		       scratchpack_set(cli->job, m->option->name, NULL, err);
}

/* Where the parser stands in argv. */
struct at {
	int argc, i;
	char **argv;
};

static int next_value(struct at *at, const char *shown, const struct match *m,
		      const char **ret, struct sp_err *err)
{
	if (at->i + 1 >= at->argc)
		return sp_err_set(err, SP_EUSAGE, "%s needs a value: %s", shown, arg_of(m));
	*ret = at->argv[++at->i];
	return 0;
}

static int parse_long(struct cli *cli, struct at *at, struct sp_err *err)
{
	const char *word = at->argv[at->i] + 2, *value = NULL;
	size_t len = strcspn(word, "=");
	struct match m;

	if (!find(cli, word, len, 0, &m)) {
		sp_autofree char *name = sp_strndup(word, len);

		return unknown(cli, name, err);
	}
	if (word[len] == '=')
		value = word + len + 1;
	if (value && !arg_of(&m))
		return sp_err_set(err, SP_EUSAGE, "--%.*s takes no value", (int)len, word);
	if (!value && arg_of(&m) && next_value(at, at->argv[at->i], &m, &value, err))
		return -1;
	return apply(cli, &m, value, err);
}

/* "-x", "-xVALUE", and several switches in one word. */
static int parse_short(struct cli *cli, struct at *at, struct sp_err *err)
{
	for (const char *p = at->argv[at->i] + 1; *p; p++) {
		const char *value = NULL;
		struct match m;

		if (!find(cli, NULL, 0, *p, &m))
			return sp_err_set(err, SP_EUSAGE, "%s has no option -%c",
					  cli->command->name, *p);
		if (arg_of(&m)) {
			char shown[3] = { '-', *p, '\0' };

			value = p + 1;
			if (!*value && next_value(at, shown, &m, &value, err))
				return -1;
			return apply(cli, &m, value, err);
		}
		if (apply(cli, &m, NULL, err))
			return -1;
	}
	return 0;
}

static int parse_rest(struct cli *cli, struct at *at, struct sp_err *err)
{
	bool goes_nowhere = cli->command->takes_args && !cli->has_output && !cli->has_load &&
			    !cli->dry_run && !cli->help;

	while (++at->i < at->argc) {
		if (goes_nowhere && (strcmp(at->argv[at->i], "-o") == 0 ||
				     strcmp(at->argv[at->i], "--output") == 0))
			return sp_err_set(err, SP_EUSAGE,
					  "no output was given: %s behind -- is an argument for the program; write it in front",
					  at->argv[at->i]);
		if (!cli->command->takes_args)
			*SP_VEC_PUSH(cli->operands) = at->argv[at->i];
		else if (scratchpack_set(cli->job, "arg", at->argv[at->i], err))
			return -1;
	}
	return 0;
}

int cli_parse(struct cli *cli, int argc, char **argv, struct sp_err *err)
{
	struct at at = { .argc = argc, .argv = argv };

	for (at.i = 1; at.i < argc; at.i++) {
		const char *word = argv[at.i];
		int rc = 0;

		if (strcmp(word, "--") == 0)
			return parse_rest(cli, &at, err);
		if (strncmp(word, "--", 2) == 0)
			rc = parse_long(cli, &at, err);
		else if (word[0] == '-' && word[1])
			rc = parse_short(cli, &at, err);
		else
			*SP_VEC_PUSH(cli->operands) = word;
		if (rc)
			return -1;
	}
	return 0;
}
