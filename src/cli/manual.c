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

		fprintf(out, ".TP\n\\fBscratchpack %s\\fR%s", i ? c->name : "",
			i && *c->synopsis ? " " : "");
		roff(out, c->synopsis);
		fputc('\n', out);
		sp_autofree char *about = cli_about(c);

		roff(out, about);
		fputc('\n', out);
	}
}

/* The switches under a heading; NULL: those that all commands take. */
static void switches(FILE *out, const char *group)
{
	for (size_t i = 0; i < cli_switches_nr; i++) {
		const struct cli_switch *s = &cli_switches[i];

		if (s->group ? group && strcmp(s->group, group) == 0 : !group)
			option(out, s->letter, s->name, s->arg, s->help);
	}
}

static void options(FILE *out)
{
	const char *group = NULL;

	fputs(".SH OPTIONS\nscratchpack help COMMAND has those of one command.\n", out);
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *o = &sp_option_table[i];

		if (!o->group)
			continue;
		if (!group || strcmp(group, o->group) != 0) {
			if (group)
				switches(out, group);
			fprintf(out, ".SS %s\n", o->group);
		}
		group = o->group;
		option(out, o->letter, o->name, o->arg, o->help);
	}
	switches(out, group);
	fputs(".SS Common to all commands\n", out);
	switches(out, NULL);
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

static void exit_codes(FILE *out)
{
	static const char *const codes[] = {
		"done", "error", "usage", "the program cannot be packed",
		"input changed, or a digest does not match", "network, registry or engine",
		"authentication", "verification failed", "output could not be written",
	};

	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		fprintf(out, ".TP 8\n%zu\n%s\n", i, codes[i]);
	fputs(".TP 8\n128+n\nended by signal n\n", out);
}

static void examples(FILE *out)
{
	fputs(".SH EXAMPLES\n.EX\n", out);
	for (size_t i = 0; i < cli_commands_nr; i++) {
		if (!cli_commands[i].example)
			continue;
		fputs("scratchpack ", out);
		roff(out, cli_commands[i].example);
		fputc('\n', out);
		if (i == 0)
			fputs("docker load \\-i myapp.tar && docker run \\-\\-rm myapp\n"
			      "scratchpack ./myapp\\-amd64 ./myapp\\-arm64 \\-\\-at /myapp "
			      "\\-t myapp:v1 \\-o myapp.tar\n", out);
	}
	fputs(".EE\n", out);
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
	      ".TP\nDOCKER_HOST, DOCKER_CONTEXT\nWhere docker\\-daemon: and \\-\\-load find the engine.\n"
	      ".TP\nCONTAINER_HOST, CONTAINERD_ADDRESS, CONTAINERD_NAMESPACE, KIND_CLUSTER_NAME, "
	      "KIND_EXPERIMENTAL_PROVIDER\nThe same for podman, containerd and kind.\n"
	      ".TP\nTMPDIR\nWhere temporary files go that no output directory can take.\n"
	      ".TP\nREGISTRY_AUTH_FILE, DOCKER_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, HOME\n"
	      "Where credentials for registries are: the file that the first names alone; else, in this\n"
	      "order, config.json in the second, containers/auth.json in the third and fourth, and\n"
	      "\\&.docker/config.json in the last.\n"
	      ".TP\nHTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY\nProxies for registries.\n"
	      ".TP\nSSL_CERT_FILE\nCertificates to trust, as with \\-\\-ca\\-file.\n"
	      ".TP\nNO_COLOR\nIf set, no colours.\n", out);
	exit_codes(out);
	examples(out);
	fputs(".SH SEE ALSO\ndocker\\-load(1), podman\\-load(1), skopeo(1), ldd(1), ld.so(8)\n", out);
}
