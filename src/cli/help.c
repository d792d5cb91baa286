/*
 * Help, made from the tables of commands and options; no line over 80 columns.
 */
#include <string.h>

#include "cli/cli.h"

#define INDENT 26
#define WIDTH 79

/* Print text in lines that begin at a column; col is where the cursor stands. */
static void wrap(FILE *out, const char *text, int col, int indent)
{
	if (indent && col > indent - 2)
		fprintf(out, "\n%*s", indent, "");
	else
		fprintf(out, "%*s", indent - col, "");
	col = indent;
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (col > indent && col + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			col = indent;
		}
		col += fprintf(out, "%s%.*s", col > indent ? " " : "", len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, char letter, const char *name, const char *arg,
			 const char *help)
{
	char head[64];

	if (letter)
		snprintf(head, sizeof(head), "  -%c, --%s", letter, name);
	else
		snprintf(head, sizeof(head), "      --%s", name);
	int col = fprintf(out, "%s%s%s", head, arg ? " " : "", arg ? arg : "");
	wrap(out, help, col, INDENT);
}

/* The switches under a heading; NULL: those that all commands take. */
static void print_switches(FILE *out, const struct cli_command *command, const char *group)
{
	for (size_t i = 0; i < cli_switches_nr; i++) {
		const struct cli_switch *s = &cli_switches[i];
		bool here = s->group ? group && strcmp(s->group, group) == 0 : !group;

		if (here && cli_takes_switch(command, s))
			print_option(out, s->letter, s->name, s->arg, s->help);
	}
}

static void print_options(FILE *out, const struct cli_command *command)
{
	const char *group = NULL;

	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (!cli_takes_option(command, o))
			continue;
		if (!group || strcmp(group, o->group) != 0) {
			if (group)
				print_switches(out, command, group);
			fprintf(out, "\n%s:\n", o->group);
		}
		group = o->group;
		print_option(out, o->letter, o->name, o->arg, o->help);
	}
	if (group)
		print_switches(out, command, group);
	fputs("\nCommon to all:\n", out);
	print_switches(out, command, NULL);
}

static void print_overview(FILE *out)
{
	fputs("scratchpack: a container image from a compiled program, and nothing else\n\n"
	      "  scratchpack ./myapp -o myapp.tar     an archive for every engine\n"
	      "  docker load -i myapp.tar && docker run --rm myapp\n\n"
	      "Commands:\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		const struct cli_command *c = &cli_commands[i];
		int col = fprintf(out, "  %s", c->name);

		wrap(out, c->summary, col, 14);
	}
	fputs("\nWithout a command: pack.\n", out);
}

static void print_exit_codes(FILE *out)
{
	fputs("\nExit codes: 0 done, 1 error, 2 usage, 3 the program cannot be packed,\n"
	      "4 input changed or a digest does not match, 5 network, registry or engine,\n"
	      "6 authentication, 7 verification failed, 8 output could not be written,\n"
	      "128+n signal n.\n", out);
}

char *cli_about(const struct cli_command *command)
{
	char *text = sp_strf("%s. %s", command->summary, command->about);

	/* small in the list of commands, where it begins no sentence */
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] += 'A' - 'a';
	return text;
}

static void print_usage(FILE *out, const struct cli_command *command)
{
	/* the synopsis of the default command holds its name already */
	bool named = command != &cli_commands[0];

	fprintf(out, "Usage: scratchpack%s%s%s%s\n", named ? " " : "",
		named ? command->name : "", *command->synopsis ? " " : "", command->synopsis);
}

void cli_print_help(FILE *out, const struct cli_command *command, bool whole)
{
	if (command) {
		print_usage(out, command);
		if (command->example)
			fprintf(out, "\n  scratchpack %s\n", command->example);
		fputc('\n', out);
		sp_autofree char *about = cli_about(command);

		wrap(out, about, 0, 0);
	} else {
		print_overview(out);
		command = &cli_commands[0];
		fputc('\n', out);
		print_usage(out, command);
	}
	if (!whole) {
		fputs("\nscratchpack help lists the options, scratchpack help COMMAND those of a command.\n",
		      out);
		return;
	}
	print_options(out, command);
	print_exit_codes(out);
}

static void print_needs(FILE *out)
{
	const char *name, *help;

	fputs("Needs: what a program may want beyond its libraries. Evidence in the program\n"
	      "decides; --with and --without take these names.\n\n", out);
	for (size_t i = 0; sp_options_need(i, &name, &help); i++)
		wrap(out, help, fprintf(out, "  %s", name), 20);
}

int cli_help(struct cli *cli, struct sp_err *err)
{
	const struct cli_command *about = NULL;

	if (cli->operands_nr > 1)
		return sp_err_set(err, SP_EUSAGE, "help takes one command at most");
	if (cli->operands_nr && strcmp(cli->operands[0], "man") == 0) {
		cli_print_manual(stdout);
		return cli_flush(err);
	}
	if (cli->operands_nr && strcmp(cli->operands[0], "needs") == 0) {
		print_needs(stdout);
		return cli_flush(err);
	}
	for (size_t i = 0; cli->operands_nr && i < cli_commands_nr; i++)
		if (strcmp(cli->operands[0], cli_commands[i].name) == 0)
			about = &cli_commands[i];
	if (cli->operands_nr && !about) {
		const char *best = cli_guess_command(cli->operands[0]);

		return sp_err_set(err, SP_EUSAGE, "there is no command %s%s%s%s", cli->operands[0],
				  best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
	}
	cli_print_help(stdout, about, true);
	return cli_flush(err);
}

int cli_version(struct cli *cli, struct sp_err *err)
{
	if (cli->operands_nr && !cli->version)
		return sp_err_set(err, SP_EUSAGE, "version takes no operand");
	printf("scratchpack %s (%s)\n", scratchpack_version(), scratchpack_compressors());
	return cli_flush(err);
}
