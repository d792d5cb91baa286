/*
 * scratchpack: the command table and the way from a command to an exit code.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

const struct cli_command cli_commands[] = {
	{ "pack", "[pack] PROGRAM...|-f FILE [DIR] -o DEST [OPTIONS] [-- ARG...]",
	  "make an image of the program and what it needs",
	  SP_ABOUT_IMAGE | SP_ABOUT_OUTPUT | SP_ABOUT_NETWORK, true, cli_pack,
	  "Finds out from the program's ELF file what it needs at run time, lays exactly that in one layer and writes an image with the entry point set. The program is not run, unless --trace asks for it. ARGs behind -- become Cmd. With --from IMAGE the program is one of that image, by default the one that it starts. Several programs for different platforms make one multi-platform image. With --file the image is that of a Dockerfile, without an engine.",
	  "./myapp -o myapp.tar" },
	{ "inspect", "PROGRAM|IMAGE", "say what a program is and needs, or what an image holds",
	  SP_ABOUT_IMAGE | SP_ABOUT_NETWORK, false, cli_inspect,
	  "Prints the facts of a program, its closure as a tree with the rule that found each library, and what an image of it would hold. An incomplete closure is reported in full, and the exit code is 3. Of an IMAGE it prints what verify finds, its configuration, and the same for the program that it starts.",
	  "inspect /usr/bin/git" },
	{ "why", "PROGRAM NAME", "say how something comes into the image",
	  SP_ABOUT_IMAGE | SP_ABOUT_NETWORK, false, cli_why,
	  "NAME is a path in the image, the last part of one, or a soname. Prints the chain of reasons from it to the program.",
	  "why /usr/bin/git libz.so.1" },
	{ "why-not", "PROGRAM NAME", "say where the loader looks for a library, and what it finds",
	  SP_ABOUT_IMAGE | SP_ABOUT_NETWORK, false, cli_why_not,
	  "Prints every place that is tried for the library NAME, in order, for each object that needs it, whether it is found or not.",
	  "why-not ./myapp libfoo.so.1" },
	{ "verify", "IMAGE", "check an image: digests, documents, layers, entry point",
	  SP_ABOUT_NETWORK, false, cli_verify,
	  "IMAGE is a layout folder, an OCI archive, a docker archive, or docker://NAME in a registry, whoever wrote it. Every digest, size and schema rule is checked, and that the layers hold no name twice and none that is unsafe. The exit code is 7 if anything is wrong.",
	  "verify myapp.tar" },
	{ "push", "IMAGE NAME...", "copy an image to a registry",
	  SP_ABOUT_NETWORK | SP_ABOUT_PLATFORM | SP_ABOUT_COMPRESS, false, cli_push,
	  "IMAGE is an archive, a layout folder, or any other source that copy takes; NAME is as ghcr.io/me/app:v1. What the registry has already is not sent. The tag moves last.",
	  "push myapp.tar ghcr.io/me/myapp:v1" },
	{ "pull", "NAME DEST...", "copy an image from a registry",
	  SP_ABOUT_NETWORK | SP_ABOUT_PLATFORM | SP_ABOUT_LOAD, false, cli_pull,
	  "DEST is what -o of pack takes: FILE.tar, DIR/, docker-daemon:NAME and others. --load takes the place of one.",
	  "pull ghcr.io/me/myapp:v1 myapp.tar" },
	{ "copy", "SOURCE DEST...", "copy an image from anywhere to anywhere",
	  SP_ABOUT_NETWORK | SP_ABOUT_PLATFORM | SP_ABOUT_COMPRESS | SP_ABOUT_LOAD, false, cli_copy,
	  "SOURCE is FILE.tar, DIR/, oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:NAME:TAG], docker-daemon:NAME or docker://NAME; DEST is what -o of pack takes, and --load takes the place of one. Every byte stays as it is, but for the layers of a docker archive without a manifest, which a registry gets compressed (--compress none leaves them plain). An index is copied whole, or one platform of it with --platform.",
	  "copy docker://ghcr.io/me/myapp:v1 docker://ghcr.io/me/myapp:stable" },
	{ "index", "NAME|DEST IMAGE...", "make one multi-platform image of several",
	  SP_ABOUT_NETWORK | SP_ABOUT_DEST | SP_ABOUT_PLATFORM | SP_ABOUT_COMPRESS, false, cli_index,
	  "Writes an index of the images, which may be files or in a registry, and the images with it. Each must be for another platform. With -o DEST all operands are images.",
	  "index ghcr.io/me/myapp:v1 amd64.tar arm64.tar" },
	{ "tags", "NAME", "list the tags of a repository", SP_ABOUT_NETWORK, false, cli_tags,
	  "NAME is as ghcr.io/me/app. One tag a line, in the order of the registry.",
	  "tags ghcr.io/me/myapp" },
	{ "referrers", "NAME", "list what refers to an image: signatures, SBOMs",
	  SP_ABOUT_NETWORK, false, cli_referrers,
	  "Prints digest and type of each. Asks the registry, or where that has no such list, the tag that takes its place.",
	  "referrers ghcr.io/me/myapp:v1" },
	{ "login", "REGISTRY", "keep a user name and password for a registry",
	  SP_ABOUT_LOGIN | SP_ABOUT_PASSWORD, false, cli_login,
	  "Tries the user name and the password, and keeps them where docker does: in the credential helper that its configuration names, else in the file, which only you can read.",
	  "login ghcr.io --username me --password-stdin <token" },
	{ "logout", "REGISTRY", "forget the user name and password for a registry",
	  SP_ABOUT_LOGIN, false, cli_logout,
	  "Removes what login or docker login keeps, from the helper and from the file.",
	  "logout ghcr.io" },
	{ "completion", "bash|zsh|fish", "print a completion script for a shell",
	  0, false, cli_completion, "make install puts them where the shells look. Otherwise: source <(scratchpack completion bash); scratchpack completion fish | source; scratchpack completion zsh >DIR/_scratchpack, with a DIR of fpath.", NULL },
	{ "help", "[COMMAND|needs|man]", "print help", 0, false, cli_help,
	  "Of a command, of what a program may need beyond its libraries (needs), or the source of the manual page (man).",
	  "help push" },
	{ "version", "", "print the version", 0, false, cli_version,
	  "With those of the compressors, on which the bytes of an image depend.", NULL },
};
const size_t cli_commands_nr = sizeof(cli_commands) / sizeof(*cli_commands);

/* The one thing a signal handler can reach. */
static struct scratchpack *running_job;
static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	caught = signal;
	if (running_job)
		scratchpack_cancel(running_job);
}

static void handle_signals(struct scratchpack *job)
{
	/* without SA_RESTART: a wait for a reader or a lock must end */
	struct sigaction stop = { .sa_handler = on_signal };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };

	running_job = job;
	for (size_t i = 0; i < sizeof(stopping) / sizeof(*stopping); i++) {
		struct sigaction old;

		/* nohup: who ignores a signal goes on ignoring it */
		if (sigaction(stopping[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(stopping[i], &stop, NULL);
	}
	/* both are errors of write(2), to be reported as such */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

/* A first word that is a command's name, else pack. */
static const struct cli_command *find_command(int *argc, char ***argv, bool *ret_named)
{
	const char *word = *argc > 1 ? (*argv)[1] : "";

	for (size_t i = 0; i < cli_commands_nr; i++)
		if (strcmp(word, cli_commands[i].name) == 0) {
			(*argc)--;
			(*argv)++;
			*ret_named = true;
			return &cli_commands[i];
		}
	return &cli_commands[0];
}

/* What the environment decides; options on the command line come later and win. */
static int set_from_environment(struct cli *cli, struct sp_err *err)
{
	static const struct { const char *variable, *option; } from[] = {
		{ "SOURCE_DATE_EPOCH", "created" },
		{ "DOCKER_HOST", "docker-host" },
		{ "TMPDIR", "temp-dir" },
	};

	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++) {
		const char *value = getenv(from[i].variable);

		if (value && *value &&
		    scratchpack_set(cli->job, from[i].option, value, err))
			return sp_err_wrap(err, "%s in the environment", from[i].variable);
	}
	return 0;
}

/* A traced command runs in the environment that we have. */
static int pass_environment(struct cli *cli, struct sp_err *err)
{
	for (char **variable = environ; *variable; variable++)
		if (scratchpack_set(cli->job, "host-env", *variable, err))
			return -1;
	return 0;
}

static void show_note(void *ctx, const char *text)
{
	(void)ctx;
	cli_note(text);
}

/* A first word that is no file, where pack has nothing to do: meant as a command. */
static bool is_no_command(const struct cli *cli, const char *word)
{
	return !cli->named && !cli->has_output && !cli->has_load && !cli->dry_run && word &&
	       word[0] != '-' && !strchr(word, '/') && access(word, F_OK);
}

static int refuse_command(const char *word, struct sp_err *err)
{
	const char *best = cli_guess_command(word);

	return sp_err_set(err, SP_EUSAGE, "%s is neither a command nor a file%s%s%s", word,
			  best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

static int parse(struct cli *cli, int argc, char **argv, struct sp_err *err)
{
	int rc = set_from_environment(cli, err) || pass_environment(cli, err) ? -1 : 0;

	if (rc)
		return rc;
	rc = cli_parse(cli, argc, argv, err);
	/* before what pack would say of options that are not its own */
	return is_no_command(cli, argv[1]) ? refuse_command(argv[1], err) : rc;
}

static int run(struct cli *cli, int argc, char **argv, struct sp_err *err)
{
	int rc = parse(cli, argc, argv, err);

	cli_talk_init(cli);
	if (rc)
		return -1;
	cli_progress_init(cli);
	if (cli->version)
		return cli_version(cli, err);
	if (cli->help || (argc < 2 && cli->command == &cli_commands[0])) {
		cli_print_help(cli->help ? stdout : stderr, cli->named ? cli->command : NULL,
			       cli->help);
		if (cli->help)
			return cli_flush(err);
		err->code = SP_EUSAGE;
		return -1;
	}
	scratchpack_on_progress(cli->job, cli_progress, NULL);
	scratchpack_on_note(cli->job, show_note, NULL);
	return cli_take_creds(cli, err) ? -1 : cli->command->run(cli, err);
}

static void advise_help(const struct cli *cli)
{
	bool about = cli->named && cli->command->run != cli_help;

	fprintf(stderr, "Try 'scratchpack help%s%s' for the options.\n", about ? " " : "",
		about ? cli->command->name : "");
}

/* "docker build ." */
static void advise_directory(const struct cli *cli)
{
	const char *dir = cli->operands_nr ? cli->operands[0] : "";
	sp_autofree char *file = sp_strf("%s/Dockerfile", dir);

	if (access(file, F_OK) == 0)
		fprintf(stderr, "The image of its Dockerfile is made by -f %s.\n", file);
}

/* Programs are paths; and what follows one may have been meant for it. */
static void advise_missing(const struct cli *cli)
{
	sp_autofree char *path = NULL;

	/* of other commands the first alone is a program */
	size_t nr = cli->from ? 0 : cli->command->takes_args ? cli->operands_nr : 1;

	for (size_t i = 0; i < nr && i < cli->operands_nr; i++) {
		if (access(cli->operands[i], F_OK) == 0)
			continue;
		path = cli_guess_program(cli->operands[i]);
		if (path)
			fprintf(stderr, "A program is given by its path: did you mean %s?\n", path);
		else if (i > 0)
			fputs("Arguments of the program stand behind --.\n", stderr);
		return;
	}
}

int main(int argc, char **argv)
{
	struct sp_err err = { 0 };
	struct cli cli = { .job = scratchpack_new() };

	handle_signals(cli.job);
	cli.command = find_command(&argc, &argv, &cli.named);
	int rc = run(&cli, argc, argv, &err);
	cli_progress_done();
	if (rc && !caught && err.msg[0])
		cli_error(err.msg, err.id);
	if (rc && err.code == SP_EUSAGE && err.msg[0])
		advise_help(&cli);
	if (rc && strcmp(err.id, "missing-file") == 0)
		advise_missing(&cli);
	if (rc && strcmp(err.id, "not-a-file") == 0)
		advise_directory(&cli);
	running_job = NULL;
	scratchpack_free(cli.job);
	free(cli.operands);
	if (rc && caught)
		return 128 + caught;
	return rc ? (err.code ? (int)err.code : SP_EFAIL) : 0;
}
