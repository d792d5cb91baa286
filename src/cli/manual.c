/*
 * The manual page, made from the same tables as help: `scratchpack help man`.
 */
#include <string.h>

#include "cli/cli.h"

/* roff reads a backslash, a leading dot or quote, and a dash as more than text. */
static void roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
}

static void option(FILE *out, char letter, const char *name, const char *arg,
		   const char *help)
{
	fputs(".TP\n\\fB", out);
	if (letter)
		fprintf(out, "\\-%c\\fR, \\fB", letter);
	fputs("\\-\\-", out);
	roff(out, name);
	fputs("\\fR", out);
	if (arg) {
		fputs(" \\fI", out);
		roff(out, arg);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	roff(out, help);
	fputs(".\n", out);
}

static void commands(FILE *out)
{
	fputs(".SH COMMANDS\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		const struct cli_command *c = &cli_commands[i];

		fprintf(out, ".TP\n\\fBscratchpack %s\\fR ", i ? c->name : "");
		roff(out, c->synopsis);
		fputc('\n', out);
		roff(out, c->about ? c->about : c->summary);
		fputs(c->about ? "\n" : ".\n", out);
	}
}

static void options(FILE *out)
{
	const char *group = NULL;

	fputs(".SH OPTIONS\n", out);
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (!o->group)
			continue;
		if (!group || strcmp(group, o->group) != 0)
			fprintf(out, ".SS %s\n", o->group);
		group = o->group;
		option(out, o->letter, o->name, o->arg, o->help);
	}
	fputs(".SS Common to all commands\n", out);
	for (size_t i = 0; i < cli_switches_nr; i++)
		option(out, cli_switches[i].letter, cli_switches[i].name, cli_switches[i].arg,
		       cli_switches[i].help);
}

static void needs(FILE *out)
{
	const char *name, *help;

	fputs(".SH NEEDS\nWhat a program may want beyond its libraries, as evidence in it says.\n",
	      out);
	for (size_t i = 0; sp_options_need(i, &name, &help); i++) {
		fputs(".TP\n", out);
		roff(out, name);
		fputc('\n', out);
		roff(out, help);
		fputs(".\n", out);
	}
}

/* The four ways that are more than a program and a file, as the README has them. */
static void ways(FILE *out)
{
	fputs(".SH FROM A DOCKERFILE\n"
	      "Without an engine, as docker build would make it; RUN needs a container and is refused\n"
	      "in a stage that is needed.  With \\-\\-closure what the entry point needs comes along.\n"
	      ".PP\n.EX\nscratchpack \\-f Dockerfile \\-o app.tar\n"
	      "scratchpack \\-f Dockerfile . \\-o app.tar \\-\\-closure\n.EE\n"
	      ".SH SHRINK AN IMAGE\n"
	      "The source is an image instead of this machine: what it starts, or a program in it, and\n"
	      "what that needs.  User, environment and the rest of the configuration stay.\n"
	      ".PP\n.EX\nscratchpack \\-\\-from big.tar \\-o slim.tar\n"
	      "scratchpack \\-\\-from builder/ /src/app \\-\\-at /app \\-o app.tar\n.EE\n"
	      ".SH PUSH FROM CI WITHOUT DOCKER\n"
	      "The layer goes up while it is compressed, the tag last.  Credentials are those of docker\n"
	      "login and podman login; login writes them too, \\-\\-explain\\-auth says which answered.\n"
	      ".PP\n.EX\nscratchpack ./server \\-o docker://ghcr.io/me/server:v1\n"
	      "scratchpack push server.tar ghcr.io/me/server:v1\n.EE\n"
	      ".SH SEVERAL ARCHITECTURES ON SEVERAL MACHINES\n"
	      "Each machine pushes its own image, and the last one puts them together.\n"
	      ".PP\n.EX\nscratchpack ./server \\-o docker://ghcr.io/me/server:v1\\-amd64\n"
	      "scratchpack ./server \\-o docker://ghcr.io/me/server:v1\\-arm64\n"
	      "scratchpack index ghcr.io/me/server:v1 docker://ghcr.io/me/server:v1\\-amd64 "
	      "docker://ghcr.io/me/server:v1\\-arm64\n.EE\n", out);
}

void cli_print_manual(FILE *out)
{
	fprintf(out, ".TH SCRATCHPACK 1 \"\" \"scratchpack %s\"\n", scratchpack_version());
	fputs(".SH NAME\nscratchpack \\- a container image from a compiled program\n"
	      ".SH SYNOPSIS\n.B scratchpack\n\\fIPROGRAM\\fR \\fB\\-o\\fR \\fIDEST\\fR "
	      "[\\fIOPTIONS\\fR] [\\fB\\-\\-\\fR \\fIARG\\fR...]\n"
	      ".SH DESCRIPTION\n"
	      "Turns a program into a container image that holds the program and what it needs at\n"
	      "run time, and nothing else, as FROM scratch, COPY and ENTRYPOINT would. No daemon, no\n"
	      "Dockerfile, no root and no network are needed, and the program is never run, unless\n"
	      "\\-\\-trace asks for it. Images also come from a Dockerfile, from other images, and go\n"
	      "to and come from registries.\n", out);
	commands(out);
	options(out);
	needs(out);
	ways(out);
	fputs(".SH ENVIRONMENT\n"
	      ".TP\nSOURCE_DATE_EPOCH\nTime stamp of image and files, in seconds since 1970.\n"
	      ".TP\nDOCKER_HOST\nWhere docker\\-daemon: finds the engine.\n"
	      ".TP\nTMPDIR\nWhere temporary files go that no output directory can take.\n"
	      ".TP\nREGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, HOME\n"
	      "Where credentials for registries are: the file that the first names alone; else, in this\n"
	      "order, config.json in the second, containers/auth.json in the third and fourth, and\n"
	      "\\&.docker/config.json in the last.\n"
	      ".TP\nHTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY\nProxies for registries.\n"
	      ".TP\nSSL_CERT_FILE\nCertificates to trust, as with \\-\\-ca\\-file.\n"
	      ".TP\nNO_COLOR\nIf set, no colours.\n"
	      ".SH EXIT STATUS\n"
	      "0 done; 1 error; 2 usage; 3 the program cannot be packed; 4 input changed or a digest\n"
	      "does not match; 5 network, registry or engine; 6 authentication; 7 verification failed; 8 output\n"
	      "could not be written; 128+n ended by signal n.\n"
	      ".SH EXAMPLES\n.EX\n"
	      "scratchpack ./myapp \\-o myapp.tar\n"
	      "docker load \\-i myapp.tar && docker run \\-\\-rm myapp\n"
	      "scratchpack ./myapp\\-amd64 ./myapp\\-arm64 \\-\\-at /myapp \\-t myapp:v1 \\-o myapp.tar\n"
	      "scratchpack ./myapp \\-o docker://ghcr.io/me/myapp:v1\n"
	      "scratchpack push myapp.tar ghcr.io/me/myapp:v1\n"
	      "scratchpack index ghcr.io/me/myapp:v1 amd64.tar arm64.tar\n"
	      "scratchpack inspect /usr/bin/git\n"
	      "scratchpack verify myapp.tar\n.EE\n", out);
}
