/*
 * scratchpack why and why-not: how something comes into the image, and every
 * place where the loader would look for a library.
 */
#include <string.h>

#include "base/path.h"
#include "cli/cli.h"

static bool named(const char *have, const char *want)
{
	return have && (strcmp(have, want) == 0 || strcmp(sp_path_basename(have), want) == 0);
}

static const struct sp_json *entry_at(const struct sp_json *plan, const char *path)
{
	for (const struct sp_json *e = sp_json_first(plan); e; e = sp_json_next(e))
		if (strcmp(sp_json_str(e, "path"), path) == 0)
			return e;
	return NULL;
}

/* The entry that a name stands for: a path, the last part of one, a soname or a
 * name by which some object asks for it. */
static const struct sp_json *find_entry(const struct sp_json *report, const char *name)
{
	const struct sp_json *plan = sp_json_get(report, "plan");
	const struct sp_json *objects = sp_json_get(report, "objects");
	const struct sp_json *found = entry_at(plan, name);

	for (const struct sp_json *o = sp_json_first(objects); o && !found; o = sp_json_next(o))
		if (named(sp_json_str(o, "name"), name) || named(sp_json_str(o, "soname"), name) ||
		    named(sp_json_str(o, "path"), name))
			found = entry_at(plan, sp_json_str(o, "real_path"));
	for (const struct sp_json *e = sp_json_first(plan); e && !found; e = sp_json_next(e))
		if (named(sp_json_str(e, "path"), name))
			found = e;
	return found;
}

/* The chain of reasons, one line each, from the entry to the program. */
static void print_chain(const struct sp_json *report, const struct sp_json *entry)
{
	const struct sp_json *plan = sp_json_get(report, "plan");
	size_t left = sp_json_len(plan) + 1;	/* a chain has no circle; be sure */

	cli_print_safe(stdout, sp_json_str(entry, "path"));
	fputc('\n', stdout);
	while (entry && left--) {
		const struct sp_json *reason = sp_json_get(entry, "reason");
		const char *by = sp_json_str(reason, "by");

		fputs("  ", stdout);
		cli_print_safe(stdout, sp_json_str(reason, "text"));
		fputc('\n', stdout);
		entry = by ? entry_at(plan, by) : NULL;
	}
}

/* What is asked for, and of which program: with --from that need not be said. */
static const char *name_of(const struct cli *cli)
{
	return cli->operands[cli->operands_nr - 1];
}

static const char *program_of(const struct cli *cli)
{
	return cli->operands_nr == 2 ? cli->operands[0] : "the program";
}

/* Analyse; an incomplete closure can be explained as well as a whole one. */
static int inspect(struct cli *cli, const struct sp_json **ret, struct sp_err *err)
{
	struct sp_err why = { 0 };

	if (cli->operands_nr != 2 && !(cli->from && cli->operands_nr == 1))
		return sp_err_set(err, SP_EUSAGE, "%s takes a PROGRAM and a NAME",
				  cli->command->name);
	if (cli->operands_nr == 2 && scratchpack_set(cli->job, "program", cli->operands[0], err))
		return -1;
	int rc = scratchpack_inspect(cli->job, &why);
	*ret = scratchpack_document(cli->job);
	if (rc && !*ret) {
		*err = why;
		return -1;
	}
	return 0;
}

int cli_why(struct cli *cli, struct sp_err *err)
{
	const struct sp_json *report;

	if (inspect(cli, &report, err))
		return -1;
	const struct sp_json *entry = find_entry(report, name_of(cli));
	if (!entry)
		return sp_err_set(err, SP_EFAIL,
				  "nothing called %s is in an image of %s; see scratchpack inspect, and why-not for libraries that are missing",
				  name_of(cli), program_of(cli));
	print_chain(report, entry);
	return cli_flush(err);
}

static void print_probes(const struct sp_json *item)
{
	const struct sp_json *probes = sp_json_get(item, "probes");

	for (const struct sp_json *p = sp_json_first(probes); p; p = sp_json_next(p)) {
		fputs("  ", stdout);
		cli_print_safe(stdout, sp_json_str(p, "path"));
		fprintf(stdout, " [%s] ", sp_json_str(p, "rule"));
		cli_print_safe(stdout, sp_json_str(p, "result"));
		fputc('\n', stdout);
	}
}

static void print_search(const char *name, const char *by, const char *outcome)
{
	cli_print_safe(stdout, name);
	fputs(", needed by ", stdout);
	cli_print_safe(stdout, by ? by : "LD_PRELOAD");
	fputs(": ", stdout);
	cli_print_safe(stdout, outcome);
	fputc('\n', stdout);
}

static const char *path_of(const struct sp_json *closure, int64_t index)
{
	const struct sp_json *o = sp_json_first(sp_json_get(closure, "objects"));

	while (o && index-- > 0)
		o = sp_json_next(o);
	return o ? sp_json_str(o, "path") : NULL;
}

/* Every search for that name in one closure; how many there were. */
static size_t explain(const struct sp_json *closure, const char *name)
{
	size_t found = 0;
	int64_t from;

	for (const struct sp_json *m = sp_json_first(sp_json_get(closure, "missing")); m;
	     m = sp_json_next(m)) {
		if (!named(sp_json_str(m, "name"), name))
			continue;
		print_search(sp_json_str(m, "name"), sp_json_str(m, "needed_by"),
			     sp_json_str(m, "why"));
		print_probes(m);
		found++;
	}
	for (const struct sp_json *e = sp_json_first(sp_json_get(closure, "edges")); e;
	     e = sp_json_next(e)) {
		if (!named(sp_json_str(e, "name"), name) || !sp_json_int(e, "from", &from))
			continue;
		print_search(sp_json_str(e, "name"), path_of(closure, from),
			     sp_json_str(e, "rule"));
		print_probes(e);
		found++;
	}
	return found;
}

int cli_why_not(struct cli *cli, struct sp_err *err)
{
	const struct sp_json *report;

	if (inspect(cli, &report, err))
		return -1;
	size_t found = explain(report, name_of(cli));
	const struct sp_json *others = sp_json_get(report, "others");
	for (const struct sp_json *o = sp_json_first(others); o; o = sp_json_next(o))
		found += explain(o, name_of(cli));
	if (!found)
		return sp_err_set(err, SP_EFAIL,
				  "neither %s nor a library that it loads asks for %s",
				  program_of(cli), name_of(cli));
	return cli_flush(err);
}
