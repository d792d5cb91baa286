/*
 * Completion scripts for bash, zsh and fish, made from the tables.  Each offers to a
 * command the options that it takes, and to an option the values that it takes.
 */
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"

/* An option of either table. */
struct item {
	const char *name, *arg, *help;
	char letter;
	bool repeats;
	const struct sp_option *option;
	const struct cli_switch *toggle;
};

/* The options that help shows, in order of the tables; false behind the last. */
static bool next_item(size_t *i, struct item *ret)
{
	while (*i < sp_option_table_nr) {
		const struct sp_option *o = &sp_option_table[(*i)++];

		*ret = (struct item){ o->name, o->arg, o->help, o->letter, o->repeats, o, NULL };
		if (o->group)
			return true;
	}
	if (*i >= sp_option_table_nr + cli_switches_nr)
		return false;
	const struct cli_switch *s = &cli_switches[(*i)++ - sp_option_table_nr];

	*ret = (struct item){ s->name, s->arg, s->help, s->letter, false, NULL, s };
	return true;
}

static bool takes(const struct cli_command *command, const struct item *item)
{
	return item->option ? cli_takes_option(command, item->option) :
			      cli_takes_switch(command, item->toggle);
}

static const char *needs(struct sp_buf *words)
{
	const char *name, *help;

	for (size_t i = 0; sp_options_need(i, &name, &help); i++)
		sp_buf_addf(words, "%s%s", i ? " " : "", name);
	return sp_buf_str(words);
}

static const char *commands(struct sp_buf *words)
{
	for (size_t i = 0; i < cli_commands_nr; i++)
		sp_buf_addf(words, "%s%s", i ? " " : "", cli_commands[i].name);
	return sp_buf_str(words);
}

/* What the value of an option is. */
enum value { VALUE_NONE, VALUE_WORDS, VALUE_FILE, VALUE_DIR, VALUE_OTHER };

/* Is it one of a few words?  Adds them. */
static bool is_words(const struct item *item, struct sp_buf *words)
{
	if (strcmp(item->arg, "NEED") == 0) {
		needs(words);
		if (strcmp(item->name, "without") == 0)
			sp_buf_addstr(words, " all");
		return true;
	}
	if (item->arg[strspn(item->arg, "abcdefghijklmnopqrstuvwxyz0123456789|")] == '\0')
		for (const char *p = item->arg; *p; p++)	/* "one|split" */
			sp_buf_addch(words, *p == '|' ? ' ' : *p);
	return words->len > 0;
}

static enum value value_of(const struct item *item, struct sp_buf *words)
{
	static const char *const files[] = { "FILE", "DEST", "SRC[:DST]", "IMAGE", "COMMAND" };

	if (!item->arg)
		return VALUE_NONE;
	if (strcmp(item->arg, "DIR") == 0)
		return VALUE_DIR;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(item->arg, files[i]) == 0)
			return VALUE_FILE;
	return is_words(item, words) ? VALUE_WORDS : VALUE_OTHER;
}

/* --- bash --------------------------------------------------------------------------- */

static void bash_values(FILE *out)
{
	struct item item;

	for (size_t i = 0; next_item(&i, &item);) {
		sp_autobuf struct sp_buf words = { 0 };
		enum value value = value_of(&item, &words);

		if (value == VALUE_NONE)
			continue;
		fprintf(out, "\t--%s", item.name);
		if (item.letter)
			fprintf(out, "|-%c", item.letter);
		fputs(") ", out);
		if (value == VALUE_WORDS)
			fprintf(out, "words='%s' ", sp_buf_str(&words));
		else if (value != VALUE_OTHER)
			fprintf(out, "paths=%s ", value == VALUE_DIR ? "-d" : "-f");
		fputs(";;\n", out);
	}
}

static void bash_options(FILE *out)
{
	struct item item;

	fputs("\t\t*:-*) case ${COMP_WORDS[1]} in\n", out);
	for (size_t k = cli_commands_nr; k-- > 0;) {
		fprintf(out, "\t\t%s) words='", k ? cli_commands[k].name : "*");
		for (size_t i = 0; next_item(&i, &item);)
			if (takes(&cli_commands[k], &item))
				fprintf(out, " --%s", item.name);
		fputs("' ;;\n", out);
	}
	fputs("\t\tesac ;;\n", out);
}

static void bash(FILE *out)
{
	sp_autobuf struct sp_buf names = { 0 };

	commands(&names);
	fputs("# bash completion for scratchpack\n"
	      "_scratchpack() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words='' paths=''\n"
	      "\t# --option=value comes as three words\n"
	      "\tif [ \"$cur\" = = ]; then\n"
	      "\t\tcur=\n"
	      "\telif [ \"$prev\" = = ]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tfi\n"
	      "\tcase $prev in\n", out);
	bash_values(out);
	fputs("\t*)\n"
	      "\t\tcase $COMP_CWORD:${COMP_WORDS[1]}:$cur in\n", out);
	bash_options(out);
	fprintf(out, "\t\t1:*) words='%s' paths=-f ;;\n"
		     "\t\t2:completion:*) words='bash zsh fish' ;;\n"
		     "\t\t2:help:*) words='%s needs man' ;;\n"
		     "\t\t*) paths=-f ;;\n"
		     "\t\tesac\n"
		     "\tesac\n", sp_buf_str(&names), sp_buf_str(&names));
	fputs("\tCOMPREPLY=()\n"
	      "\t[ -z \"$words\" ] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\tif [ -n \"$paths\" ]; then\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n"
	      "\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen $paths -- \"$cur\")\n"
	      "\tfi\n"
	      "}\n"
	      "complete -F _scratchpack scratchpack\n", out);
}

/* --- zsh ---------------------------------------------------------------------------- */

/* Inside single quotes of a shell, and of zsh's own syntax within them. */
static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			fputc('\\', out);
		if (*text == '\'')
			fputs("'\\'", out);
		fputc(*text, out);
	}
}

static void zsh_value(FILE *out, const struct item *item)
{
	sp_autobuf struct sp_buf words = { 0 };

	if (!item->arg)
		return;
	enum value value = value_of(item, &words);
	fputc(':', out);
	zsh_text(out, item->arg);
	if (value == VALUE_WORDS)
		fprintf(out, ":(%s)", sp_buf_str(&words));
	else
		fputs(value == VALUE_FILE ? ":_files" : value == VALUE_DIR ? ":_files -/" : ": ",
		      out);
}

/* The name in one spelling: "*--name=[help]:arg:files", or "(-n --name)-n[help]". */
static void zsh_spelling(FILE *out, const struct item *item, bool letter)
{
	fputs(" '", out);
	if (item->repeats)
		fputc('*', out);
	else if (item->letter)
		fprintf(out, "(-%c --%s)", item->letter, item->name);
	if (letter)
		fprintf(out, "-%c%s[", item->letter, item->arg ? "+" : "");
	else
		fprintf(out, "--%s%s[", item->name, item->arg ? "=" : "");
	zsh_text(out, item->help);
	fputc(']', out);
	zsh_value(out, item);
	fputc('\'', out);
}

/* Which commands take it: those that do, or where pack does, those that do not. */
static void zsh_condition(FILE *out, const struct item *item)
{
	bool pack = takes(&cli_commands[0], item);
	size_t listed = 0;

	for (size_t k = 0; k < cli_commands_nr; k++)
		if (takes(&cli_commands[k], item) != pack)
			fprintf(out, "%s%s", listed++ ? "|" : pack ? "[[ $command != (" :
								      "[[ $command == (",
				cli_commands[k].name);
	if (listed)
		fputs(") ]] && ", out);
}

static void zsh(FILE *out)
{
	sp_autobuf struct sp_buf names = { 0 };
	struct item item;

	fputs("#compdef scratchpack\n"
	      "_scratchpack_first() {\n"
	      "\tlocal -a commands=(\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		fprintf(out, "\t\t'%s:", cli_commands[i].name);
		zsh_text(out, cli_commands[i].summary);
		fputs("'\n", out);
	}
	fputs("\t)\n"
	      "\t_describe -t commands command commands\n"
	      "\t_files\n"
	      "}\n"
	      "_scratchpack() {\n"
	      "\tlocal command=$words[2]\n"
	      "\tlocal -a specs\n", out);
	for (size_t i = 0; next_item(&i, &item);) {
		fputc('\t', out);
		zsh_condition(out, &item);
		fputs("specs+=(", out);
		if (item.letter)
			zsh_spelling(out, &item, true);
		zsh_spelling(out, &item, false);
		fputs(" )\n", out);
	}
	fprintf(out, "\tcase $command in\n"
		     "\tcompletion) specs+=('2:shell:(bash zsh fish)') ;;\n"
		     "\thelp) specs+=('2:command:(%s needs man)') ;;\n"
		     "\t*) specs+=('*:file:_files') ;;\n"
		     "\tesac\n"
		     "\t_arguments -s -S $specs '1: :_scratchpack_first'\n"
		     "}\n", commands(&names));
	/* found in fpath, or read by source */
	fputs("if [ \"$funcstack[1]\" = _scratchpack ]; then\n"
	      "\t_scratchpack \"$@\"\n"
	      "else\n"
	      "\tcompdef _scratchpack scratchpack\n"
	      "fi\n", out);
}

/* --- fish --------------------------------------------------------------------------- */

static void fish_text(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void fish_condition(FILE *out, const struct item *item)
{
	bool pack = takes(&cli_commands[0], item);
	size_t listed = 0;

	for (size_t k = 0; k < cli_commands_nr; k++)
		if (takes(&cli_commands[k], item) != pack)
			fprintf(out, "%s %s", listed++ ? "" : pack ? " -n 'not __scratchpack_is" :
								      " -n '__scratchpack_is",
				cli_commands[k].name);
	if (listed)
		fputc('\'', out);
}

static void fish_option(FILE *out, const struct item *item)
{
	sp_autobuf struct sp_buf words = { 0 };
	enum value value = value_of(item, &words);

	fputs("complete -c scratchpack", out);
	fish_condition(out, item);
	if (item->letter)
		fprintf(out, " -s %c", item->letter);
	fprintf(out, " -l %s", item->name);
	if (value == VALUE_WORDS)
		fprintf(out, " -x -a '%s'", sp_buf_str(&words));
	else if (value != VALUE_NONE)
		fputs(value == VALUE_FILE ? " -r -F" :
		      value == VALUE_DIR  ? " -x -a '(__fish_complete_directories)'" : " -x", out);
	fputs(" -d ", out);
	fish_text(out, item->help);
	fputc('\n', out);
}

static void fish(FILE *out)
{
	sp_autobuf struct sp_buf names = { 0 };
	struct item item;

	fputs("# fish completion for scratchpack\n"
	      "function __scratchpack_is\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tcontains -- \"$words[2]\" $argv\n"
	      "end\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		fprintf(out, "complete -c scratchpack -n '__scratchpack_is \"\"' -a %s -d ",
			cli_commands[i].name);
		fish_text(out, cli_commands[i].summary);
		fputc('\n', out);
	}
	fprintf(out, "complete -c scratchpack -n '__scratchpack_is completion' -f -a 'bash zsh fish'\n"
		     "complete -c scratchpack -n '__scratchpack_is help' -f -a '%s needs man'\n",
		commands(&names));
	for (size_t i = 0; next_item(&i, &item);)
		fish_option(out, &item);
}

int cli_completion(struct cli *cli, struct sp_err *err)
{
	const char *shell = cli->operands_nr == 1 ? cli->operands[0] : "";

	if (strcmp(shell, "bash") == 0)
		bash(stdout);
	else if (strcmp(shell, "zsh") == 0)
		zsh(stdout);
	else if (strcmp(shell, "fish") == 0)
		fish(stdout);
	else
		return sp_err_set(err, SP_EUSAGE, "completion takes bash, zsh or fish");
	return cli_flush(err);
}
