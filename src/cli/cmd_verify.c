/*
 * scratchpack verify: is an image what it claims to be?
 */
#include "cli/cli.h"

int cli_verify(struct cli *cli, struct sp_err *err)
{
	if (cli->operands_nr != 1)
		return sp_err_set(err, SP_EUSAGE, "verify takes one IMAGE, not %zu",
				  cli->operands_nr);
	int rc = scratchpack_verify(cli->job, cli->operands[0], err);
	cli_progress_done();
	const struct sp_json *report = scratchpack_document(cli->job);
	if (!report)
		return -1;
	if (cli->json)
		printf("%s\n", scratchpack_report(cli->job));
	else
		cli_print_verify(stdout, report, cli->verbose);
	return rc ? rc : cli_flush(err);
}
