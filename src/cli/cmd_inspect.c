/*
 * scratchpack inspect: what a program is and needs, or what an image holds.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

/* A transport's prefix, a directory or a tar archive: an image, not a program. */
static bool is_image(const char *text)
{
	char head[512] = "";
	const char *rest;
	struct stat st;

	if (sp_address_of(text, &rest) != SP_AT_PATH)
		return true;
	if (stat(text, &st))
		return false;
	if (S_ISDIR(st.st_mode)) {
		sp_autofree char *layout = sp_strf("%s/oci-layout", text);

		return access(layout, F_OK) == 0;
	}
	if (!S_ISREG(st.st_mode))
		return false;
	sp_autoclose int fd = open(text, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) &&
	       memcmp(head + 257, "ustar", 5) == 0;
}

/* One line of the configuration: a string, a list, or the keys of a map. */
static void print_setting(const struct sp_json *config, const char *key, const char *label)
{
	const struct sp_json *value = sp_json_get(config, key);
	bool keyed = sp_json_is_object(value);

	if (!sp_json_len(value) && !(sp_json_str(value, NULL) && *sp_json_str(value, NULL)))
		return;
	printf("%s:", label);
	if (sp_json_str(value, NULL)) {
		putchar(' ');
		cli_print_safe(stdout, sp_json_str(value, NULL));
	}
	for (const struct sp_json *i = sp_json_first(value); i; i = sp_json_next(i)) {
		putchar(' ');
		if (keyed)
			cli_print_safe(stdout, sp_json_key(i));
		if (keyed && sp_json_str(i, NULL))
			putchar('=');
		if (sp_json_str(i, NULL))
			cli_print_safe(stdout, sp_json_str(i, NULL));
	}
	putchar('\n');
}

static void print_image(const struct cli *cli, const struct sp_json *report)
{
	static const struct { const char *key, *label; } settings[] = {
		{ "Entrypoint", "entry point" }, { "Cmd", "command" }, { "User", "user" },
		{ "WorkingDir", "working directory" }, { "Env", "environment" },
		{ "ExposedPorts", "ports" }, { "Volumes", "volumes" }, { "Labels", "labels" },
		{ "StopSignal", "stop signal" },
	};
	const struct sp_json *program = sp_json_get(report, "program");

	const struct sp_json *check = sp_json_get(sp_json_get(report, "config"), "Healthcheck");

	cli_print_verify(stdout, report, true);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		print_setting(sp_json_get(report, "config"), settings[i].key, settings[i].label);
	print_setting(check, "Test", "health check");
	if (sp_json_get(program, "objects")) {
		cli_print_tree(stdout, program, cli_color_on(stdout, cli), cli->verbose);
		cli_print_facts(stdout, program);
	} else if (sp_json_get(program, "error")) {
		fputs("the program that it starts is not shown: ", stdout);
		cli_print_safe(stdout, sp_json_str(sp_json_get(program, "error"), "message"));
		putchar('\n');
	}
}

static int inspect_image(struct cli *cli, const char *text, struct sp_err *err)
{
	int rc = scratchpack_inspect_image(cli->job, text, err);
	const struct sp_json *report = scratchpack_document(cli->job);

	if (!report)
		return -1;
	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	else
		print_image(cli, report);
	return rc ? rc : cli_flush(err);
}

static int inspect_program(struct cli *cli, const char *text, struct sp_err *err)
{
	if (text && scratchpack_set(cli->job, "program", text, err))
		return -1;
	scratchpack_set_brief(cli->job, !cli->json && !cli->verbose);
	int rc = scratchpack_inspect(cli->job, err);
	const struct sp_json *report = scratchpack_document(cli->job);
	if (!report)
		return -1;
	if (cli->json) {
		printf("%s\n", scratchpack_report(cli->job));
	} else if (!sp_json_get(report, "objects")) {
		cli_print_glance(stdout, report);
	} else {
		cli_print_tree(stdout, report, cli_color_on(stdout, cli), cli->verbose);
		cli_print_facts(stdout, report);
		if (cli->verbose) {
			cli_print_plan(stdout, report, true);
			cli_print_trace(stdout, report);
		}
	}
	/* both failures matter; the program's comes first */
	return rc ? rc : cli_flush(err);
}

int cli_inspect(struct cli *cli, struct sp_err *err)
{
	if (cli->from && !cli->operands_nr)
		return inspect_program(cli, NULL, err);
	if (cli->operands_nr != 1)
		return sp_err_set(err, SP_EUSAGE, "inspect takes one PROGRAM or IMAGE, not %zu",
				  cli->operands_nr);
	if (!cli->from && is_image(cli->operands[0]))
		return inspect_image(cli, cli->operands[0], err);
	return inspect_program(cli, cli->operands[0], err);
}
