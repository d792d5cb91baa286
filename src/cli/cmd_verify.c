/*
 * scratchpack verify: is an image what it claims to be?
 */
#include "cli/cli.h"

int cli_verify(struct cli *cli, struct sp_err *err)
{
	sp_autojson struct sp_json *report = NULL;
	struct sp_err ignored = { 0 };

	if (cli->operands_nr != 1)
		return sp_err_set(err, SP_EUSAGE, "verify takes one IMAGE, not %zu",
				  cli->operands_nr);
	int rc = scratchpack_verify(cli->job, cli->operands[0], err);
	cli_progress_done();
	if (!scratchpack_report(cli->job))
		return -1;
	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	else if (cli_report(cli, &report, &ignored) == 0)
		cli_print_verify(stdout, report, cli->verbose);
	return rc ? rc : cli_flush(err);
}
