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
	static const char *const prefixes[] = { "oci:", "oci-archive:", "docker-archive:" };
	char head[512] = "";
	struct stat st;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
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

static int inspect_image(struct cli *cli, const char *text, struct sp_err *err)
{
	int rc = scratchpack_verify(cli->job, text, err);
	const struct sp_json *report = scratchpack_document(cli->job);

	if (!report)
		return -1;
	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	else
		cli_print_verify(stdout, report, true);
	return rc ? rc : cli_flush(err);
}

static int inspect_program(struct cli *cli, const char *text, struct sp_err *err)
{
	if (scratchpack_set(cli->job, "program", text, err))
		return -1;
	scratchpack_set_brief(cli->job, !cli->json && !cli->verbose);
	int rc = scratchpack_inspect(cli->job, err);
	const struct sp_json *report = scratchpack_document(cli->job);
	if (!report)
		return -1;
	if (cli->json) {
		printf("%s\n", scratchpack_report(cli->job));
	} else {
		cli_print_tree(stdout, report, cli_color_on(stdout, cli), cli->verbose);
		cli_print_facts(stdout, report);
		if (cli->verbose)
			cli_print_plan(stdout, report, true);
	}
	/* both failures matter; the program's comes first */
	return rc ? rc : cli_flush(err);
}

int cli_inspect(struct cli *cli, struct sp_err *err)
{
	if (cli->operands_nr != 1)
		return sp_err_set(err, SP_EUSAGE, "inspect takes one PROGRAM or IMAGE, not %zu",
				  cli->operands_nr);
	if (is_image(cli->operands[0]))
		return inspect_image(cli, cli->operands[0], err);
	return inspect_program(cli, cli->operands[0], err);
}
