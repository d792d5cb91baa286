/*
 * What was written where: the result of commands that write images.
 */
#include <string.h>

#include "cli/cli.h"

/* NAME@DIGEST; a copy of an image without a name has its digest alone. */
static void print_result(FILE *out, const struct sp_json *result)
{
	const char *name = sp_json_str(result, "name");

	fprintf(out, "%s%s%s\n", name ? name : "", name ? "@" : "",
		sp_json_str(result, "digest"));
}

int cli_print_results(struct cli *cli, const struct sp_json *report, struct sp_err *err)
{
	const struct sp_json *results = sp_json_get(report, "results");
	bool to_stdout = false;

	for (const struct sp_json *r = sp_json_first(results); r; r = sp_json_next(r))
		to_stdout |= strcmp(sp_json_str(r, "destination"), "-") == 0;
	/* the archive has stdout: what is said of it goes elsewhere */
	FILE *out = to_stdout ? stderr : stdout;

	if (cli->json)
		fprintf(out, "%s\n", scratchpack_report(cli->job));
	for (const struct sp_json *r = sp_json_first(results); r && !cli->json;
	     r = sp_json_next(r))
		if (!to_stdout || !cli->quiet)
			print_result(out, r);
	return cli_flush(err);
}
