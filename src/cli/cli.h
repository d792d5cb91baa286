/*
 * The command: what its files share.  Everything it does it asks of the library
 * through scratchpack.h; here are words, options, colours and exit codes.
 */
#ifndef SP_CLI_CLI_H
#define SP_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/document.h"
#include "api/options.h"
#include "image/json.h"
#include "scratchpack.h"

enum cli_mode { CLI_AUTO, CLI_PLAIN, CLI_NONE, CLI_ALWAYS, CLI_NEVER };

/* What the command line said, besides what went into the job. */
struct cli {
	struct scratchpack *job;
	const struct cli_command *command;
	bool quiet, verbose, json, dry_run, help, version;
	enum cli_mode progress, color;
	bool password_stdin, has_password, has_username, has_output, has_load;	/* were given */
	bool has_creds, creds_stdin;	/* --creds with a password; with "-" */
	bool file_stdin;		/* --file - */
	bool named;			/* the command, not just meant */
	bool from;			/* --from or --file: the program need not be given */
	const char **operands;		/* borrowed from argv */
	size_t operands_nr, operands_alloc;
};

struct cli_command {
	const char *name, *synopsis, *summary;
	unsigned takes;			/* which options: bits of enum sp_about */
	bool takes_args;		/* "-- ARG..." */
	int (*run)(struct cli *, struct sp_err *);
	const char *about;		/* a paragraph for help and the manual */
	const char *example;		/* a line as one types it, or NULL */
};

extern const struct cli_command cli_commands[];
extern const size_t cli_commands_nr;

/* An option of the command line alone. */
struct cli_switch {
	const char *name;
	char letter;
	const char *arg, *help;
	int (*set)(struct cli *, const char *value, struct sp_err *);
	const char *only, *group;	/* the one command that takes it, under which heading;
					 * NULL: all do */
};
extern const struct cli_switch cli_switches[];
extern const size_t cli_switches_nr;

/* args.c: parse argv behind the command's name. */
SP_CHECKED int cli_parse(struct cli *cli, int argc, char **argv, struct sp_err *err);
bool cli_takes_option(const struct cli_command *command, const struct sp_option *option);
bool cli_takes_switch(const struct cli_command *command, const struct cli_switch *toggle);

/* secret.c: all of standard input without the newline at its end, which is to be one line
 * of at most CLI_SECRET_MAX bytes; what names it in messages. */
#define CLI_SECRET_MAX (64 * 1024)	/* some are tokens */
SP_CHECKED int cli_read_secret(const char *what, struct sp_buf *ret, struct sp_err *err);

/* secret.c: what --creds of the command line needs before a command runs: reading them, or
 * a word on who else can. */
SP_CHECKED int cli_take_creds(struct cli *cli, struct sp_err *err);

/* guess.c: what a mistyped word may have meant.  Set word and try names; best is the
 * nearest of them, or NULL. */
struct cli_guess {
	const char *word, *best;
	size_t away;			/* letters that differ */
};
void cli_guess_among(struct cli_guess *guess, const char *name);
const char *cli_guess_command(const char *word);
/* Where a shell would find the program; NULL where it would not.  To be freed. */
char *cli_guess_program(const char *word);

/* The commands, one file each. */
int cli_pack(struct cli *cli, struct sp_err *err);
int cli_inspect(struct cli *cli, struct sp_err *err);
int cli_why(struct cli *cli, struct sp_err *err);
int cli_why_not(struct cli *cli, struct sp_err *err);
int cli_verify(struct cli *cli, struct sp_err *err);
int cli_push(struct cli *cli, struct sp_err *err);
int cli_pull(struct cli *cli, struct sp_err *err);
int cli_copy(struct cli *cli, struct sp_err *err);
int cli_index(struct cli *cli, struct sp_err *err);
int cli_tags(struct cli *cli, struct sp_err *err);
int cli_referrers(struct cli *cli, struct sp_err *err);
int cli_login(struct cli *cli, struct sp_err *err);
int cli_logout(struct cli *cli, struct sp_err *err);
int cli_help(struct cli *cli, struct sp_err *err);
int cli_completion(struct cli *cli, struct sp_err *err);
int cli_version(struct cli *cli, struct sp_err *err);

/* help.c, manual.c.  Without a command: of all of them, and whole what pack takes too. */
void cli_print_help(FILE *out, const struct cli_command *command, bool whole);
void cli_print_manual(FILE *out);
/* The command's summary as a sentence, and what there is to say about it.  To be freed. */
char *cli_about(const struct cli_command *command);

/* talk.c: messages to stderr, safe for a terminal whatever names hold. */
void cli_talk_init(const struct cli *cli);
void cli_error(const char *text, const char *id);
void cli_note(const char *text);
void cli_say(const char *fmt, ...) SP_PRINTF(1, 2);	/* not with -q */
void cli_print_safe(FILE *out, const char *text);
bool cli_color_on(FILE *out, const struct cli *cli);

/* progress.c */
void cli_progress_init(const struct cli *cli);
void cli_progress(void *ctx, const struct sp_progress *p);
void cli_progress_done(void);

/* size.c: "12.3 MB"; text holds at least 16 bytes. */
const char *cli_size(char *text, size_t len, int64_t bytes);

/* tree.c, tables.c: reports as text. */
void cli_print_tree(FILE *out, const struct sp_json *program, bool color, bool all);
/* What --trace opened against what is in the image, file by file. */
void cli_print_trace(FILE *out, const struct sp_json *program);
/* ...of a program of which there is no closure */
void cli_print_glance(FILE *out, const struct sp_json *program);
void cli_print_facts(FILE *out, const struct sp_json *program);
void cli_print_plan(FILE *out, const struct sp_json *program, bool verbose);
void cli_print_verify(FILE *out, const struct sp_json *report, bool verbose);
void cli_print_notes(const struct sp_json *program);

/* Was all of stdout written?  SP_EOUTPUT. */
SP_CHECKED int cli_flush(struct sp_err *err);

/* results.c: a line on stdout for each destination of a report, or the report. */
SP_CHECKED int cli_print_results(struct cli *cli, const struct sp_json *report,
				 struct sp_err *err);

#endif
