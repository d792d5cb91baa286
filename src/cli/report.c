/*
 * What the commands share in printing a report.
 */
#include <errno.h>

#include "cli/cli.h"

int cli_flush(struct sp_err *err)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	if (errno != EPIPE)
		return sp_err_sys(err, SP_EOUTPUT, "cannot write to stdout");
	/* "| head": who reads has seen enough, and knows it */
	err->code = SP_EOUTPUT;
	return -1;
}

void cli_print_notes(const struct sp_json *program)
{
	const struct sp_json *notes = sp_json_get(program, "notes");

	for (const struct sp_json *n = sp_json_first(notes); n; n = sp_json_next(n))
		cli_note(sp_json_str(n, "text"));
}

static void print_paths(FILE *out, const struct sp_json *list, const char *what)
{
	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i)) {
		const char *why = sp_json_str(i, "why");

		fprintf(out, "%s: ", what);
		cli_print_safe(out, sp_json_str(i, why ? "path" : NULL));
		fprintf(out, "%s%s\n", why ? ", which " : "", why ? why : "");
	}
}

void cli_print_trace(FILE *out, const struct sp_json *program)
{
	const struct sp_json *trace = sp_json_get(program, "trace");

	print_paths(out, sp_json_get(trace, "by_trace_alone"), "by --trace alone");
	print_paths(out, sp_json_get(trace, "left_out"), "opened, but left out");
	print_paths(out, sp_json_get(trace, "never_opened"), "never opened");
}
