/*
 * Completion scripts for bash, zsh and fish, made from the tables.
 */
#include <string.h>

#include "cli/cli.h"

static void words(FILE *out, const struct cli_command *command)
{
	for (size_t i = 0; i < sp_option_table_nr; i++)
		if (cli_takes_option(command, &sp_option_table[i]))
			fprintf(out, " --%s", sp_option_table[i].name);
	for (size_t i = 0; i < cli_switches_nr; i++)
		fprintf(out, " --%s", cli_switches[i].name);
}

static void needs(FILE *out)
{
	const char *name, *help;

	for (size_t i = 0; sp_options_need(i, &name, &help); i++)
		fprintf(out, "%s%s", i ? " " : "", name);
}

static void bash(FILE *out)
{
	fputs("# bash completion for scratchpack\n"
	      "_scratchpack() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words\n"
	      "\tcase $prev in\n"
	      "\t--compress) words='gzip zstd none' ;;\n"
	      "\t--layers) words='one split' ;;\n"
	      "\t--progress) words='auto plain none' ;;\n"
	      "\t--color) words='auto always never' ;;\n"
	      "\tcompletion) words='bash zsh fish' ;;\n"
	      "\t--with|--without) words='", out);
	needs(out);
	fputs("' ;;\n\tesac\n"
	      "\tif [ -z \"$words\" ]; then\n"
	      "\t\tcase ${COMP_WORDS[1]} in\n", out);
	for (size_t i = 1; i < cli_commands_nr; i++) {
		fprintf(out, "\t\t%s) words='", cli_commands[i].name);
		words(out, &cli_commands[i]);
		fputs("' ;;\n", out);
	}
	fputs("\t\t*) words='", out);
	words(out, &cli_commands[0]);
	fputs("' ;;\n\t\tesac\n"
	      "\t\tif [ \"$COMP_CWORD\" -eq 1 ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
	      "\t\t\twords='", out);
	for (size_t i = 0; i < cli_commands_nr; i++)
		fprintf(out, " %s", cli_commands[i].name);
	fputs("'\n\t\telif [ \"${cur#-}\" = \"$cur\" ]; then\n\t\t\twords=\n\t\tfi\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\"; compgen -f -- \"$cur\")\n"
	      "}\n"
	      "complete -o filenames -F _scratchpack scratchpack\n", out);
}

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

static void zsh_option(FILE *out, const char *name, const char *arg, const char *help,
		       bool repeats)
{
	fprintf(out, "\t'%s--%s%s[", repeats ? "*" : "", name, arg ? "=" : "");
	zsh_text(out, help);
	fputc(']', out);
	if (arg) {
		fputc(':', out);
		zsh_text(out, arg);
		if (strcmp(arg, "NEED") == 0) {
			fputs(":(", out);
			needs(out);
			fputc(')', out);
		} else {
			fputs(":_files", out);
		}
	}
	fputs("' \\\n", out);
}

static void zsh(FILE *out)
{
	fputs("#compdef scratchpack\n_arguments -s \\\n", out);
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (o->group)
			zsh_option(out, o->name, o->arg, o->help, o->repeats);
	}
	for (size_t i = 0; i < cli_switches_nr; i++)
		zsh_option(out, cli_switches[i].name, cli_switches[i].arg, cli_switches[i].help,
			   false);
	fputs("\t'1:command or program:{ _values command", out);
	for (size_t i = 0; i < cli_commands_nr; i++)
		fprintf(out, " %s", cli_commands[i].name);
	fputs("; _files }' \\\n\t'*:file:_files'\n", out);
}

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

static void fish_option(FILE *out, char letter, const char *name, const char *arg,
			const char *help)
{
	fputs("complete -c scratchpack", out);
	if (letter)
		fprintf(out, " -s %c", letter);
	fprintf(out, " -l %s%s", name, arg ? " -r" : "");
	if (arg && strcmp(arg, "NEED") == 0) {
		fputs(" -f -a '", out);
		needs(out);
		fputc('\'', out);
	}
	fputs(" -d ", out);
	fish_text(out, help);
	fputc('\n', out);
}

static void fish(FILE *out)
{
	fputs("# fish completion for scratchpack\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		fprintf(out, "complete -c scratchpack -n __fish_use_subcommand -a %s -d ",
			cli_commands[i].name);
		fish_text(out, cli_commands[i].summary);
		fputc('\n', out);
	}
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (o->group)
			fish_option(out, o->letter, o->name, o->arg, o->help);
	}
	for (size_t i = 0; i < cli_switches_nr; i++)
		fish_option(out, cli_switches[i].letter, cli_switches[i].name,
			    cli_switches[i].arg, cli_switches[i].help);
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
