/*
 * scratchpack push, pull, copy and index: images that exist go somewhere.
 */
#include <string.h>

#include "cli/cli.h"

static int add_output(struct cli *cli, const char *text, struct sp_err *err)
{
	return scratchpack_set(cli->job, "output", text, err);
}

/* "docker://NAME", which the user may have written himself. */
static char *registry_name(const char *name)
{
	const char *rest;
	bool whole = sp_address_of(name, &rest) == SP_AT_REGISTRY;

	return sp_strf("%s%s", whole ? "" : SP_REGISTRY_PREFIX, name);
}

/* Print what came of it. */
static int finish(struct cli *cli, int rc, struct sp_err *err)
{
	cli_progress_done();
	if (rc || cli_print_results(cli, scratchpack_document(cli->job), err))
		return -1;
	const struct sp_json *results = sp_json_get(scratchpack_document(cli->job), "results");

	for (const struct sp_json *r = sp_json_first(results); r; r = sp_json_next(r))
		if (sp_json_str(r, "loaded_into"))
			cli_say("loaded into %s", sp_json_str(r, "loaded_into"));
	return 0;
}

static int copy(struct cli *cli, const char *source, struct sp_err *err)
{
	return finish(cli, scratchpack_copy(cli->job, source, err), err);
}

/* A source, and something to copy it to. */
static bool has_dest(const struct cli *cli)
{
	return cli->operands_nr > (cli->has_load ? 0 : 1);
}

int cli_push(struct cli *cli, struct sp_err *err)
{
	if (cli->operands_nr < 2)
		return sp_err_set(err, SP_EUSAGE, "push takes an image and a NAME in a registry");
	for (size_t i = 1; i < cli->operands_nr; i++) {
		sp_autofree char *dest = registry_name(cli->operands[i]);

		if (add_output(cli, dest, err))
			return -1;
	}
	return copy(cli, cli->operands[0], err);
}

int cli_pull(struct cli *cli, struct sp_err *err)
{
	if (!has_dest(cli))
		return sp_err_set(err, SP_EUSAGE,
				  "pull takes a NAME in a registry and a destination");
	sp_autofree char *source = registry_name(cli->operands[0]);

	for (size_t i = 1; i < cli->operands_nr; i++)
		if (add_output(cli, cli->operands[i], err))
			return -1;
	return copy(cli, source, err);
}

int cli_copy(struct cli *cli, struct sp_err *err)
{
	if (!has_dest(cli))
		return sp_err_set(err, SP_EUSAGE, "copy takes a source and destinations");
	for (size_t i = 1; i < cli->operands_nr; i++)
		if (add_output(cli, cli->operands[i], err))
			return -1;
	return copy(cli, cli->operands[0], err);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Is the first word of index a place, and no name in a registry? */
static bool is_place(const char *text)
{
	static const char *const paths[] = { "./", "../", "/" };
	const char *rest;

	if (sp_address_of(text, &rest) != SP_AT_PATH)
		return true;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (strncmp(text, paths[i], strlen(paths[i])) == 0)
			return true;
	return strcmp(text, "-") == 0 || ends_with(text, ".tar") || ends_with(text, "/");
}

int cli_index(struct cli *cli, struct sp_err *err)
{
	size_t first = cli->has_output ? 0 : 1;

	if (cli->operands_nr < first + 1)
		return sp_err_set(err, SP_EUSAGE,
				  "index takes a name or destination (or -o DEST) and images");
	if (first) {
		sp_autofree char *dest = is_place(cli->operands[0]) ?
						 sp_strdup(cli->operands[0]) :
						 registry_name(cli->operands[0]);

		if (add_output(cli, dest, err))
			return -1;
	}
	return finish(cli, scratchpack_index(cli->job, cli->operands + first,
					     (int)(cli->operands_nr - first), err), err);
}
