/*
 * Reports as text: facts, plan, what verifying found.
 */
#include <string.h>

#include "cli/cli.h"

static int64_t number(const struct sp_json *value, const char *key)
{
	int64_t n;

	return sp_json_int(value, key, &n) ? n : 0;
}

static const char *entries(int64_t count)
{
	return count == 1 ? "entry" : "entries";
}

static void print_floor(FILE *out, const struct sp_json *floors, const char *key,
			const char *by_key, const char *label)
{
	const char *value = sp_json_str(floors, key), *by = sp_json_str(floors, by_key);

	if (!value)
		return;
	fprintf(out, "  %s %s", label, value);
	if (by) {
		fputs(" (", out);
		cli_print_safe(out, by);
		fputc(')', out);
	}
	fputc('\n', out);
}

static void print_needs(FILE *out, const struct sp_json *needs)
{
	if (sp_json_len(needs))
		fputs("needs\n", out);
	for (const struct sp_json *n = sp_json_first(needs); n; n = sp_json_next(n)) {
		const char *by = sp_json_str(n, "by");

		fprintf(out, "  %s, %s%s: ", sp_json_str(n, "need"), sp_json_str(n, "strength"),
			sp_json_bool(n, "included") ? "" : ", left out");
		if (by) {
			cli_print_safe(out, by);
			fputc(' ', out);
		}
		cli_print_safe(out, sp_json_str(n, "evidence"));
		fputc('\n', out);
	}
}

static void print_missing(FILE *out, const struct sp_json *missing)
{
	for (const struct sp_json *m = sp_json_first(missing); m; m = sp_json_next(m)) {
		const char *by = sp_json_str(m, "needed_by");

		fputs("missing ", out);
		cli_print_safe(out, sp_json_str(m, "name"));
		fputs(", needed by ", out);
		cli_print_safe(out, by ? by : "LD_PRELOAD");
		const struct sp_json *probes = sp_json_get(m, "probes");
		const char *why = sp_json_str(m, "why");
		if (why && strcmp(why, "not found") != 0) {
			fputs(": ", out);
			cli_print_safe(out, why);
		}
		fputs(sp_json_first(probes) ? "; tried\n" : "\n", out);
		for (const struct sp_json *p = sp_json_first(probes); p; p = sp_json_next(p)) {
			fputs("  ", out);
			cli_print_safe(out, sp_json_str(p, "path"));
			fprintf(out, " [%s] ", sp_json_str(p, "rule"));
			cli_print_safe(out, sp_json_str(p, "result"));
			fputc('\n', out);
		}
	}
}

/* What would go with each direct dependency: those that weigh something. */
static void print_causes(FILE *out, const struct sp_json *causes)
{
	const char *heading = "size by cause\n";
	char size[16];

	for (const struct sp_json *c = sp_json_first(causes); c; c = sp_json_next(c)) {
		int64_t bytes = number(c, "bytes");

		if (!bytes)
			continue;
		fprintf(out, "%s  %8s  ", heading, cli_size(size, sizeof(size), bytes));
		heading = "";
		cli_print_safe(out, sp_json_str(c, "name"));
		fprintf(out, " (%lld object%s)\n", (long long)number(c, "objects"),
			number(c, "objects") == 1 ? "" : "s");
	}
}

void cli_print_facts(FILE *out, const struct sp_json *program)
{
	const struct sp_json *floors = sp_json_get(program, "floors");
	const struct sp_json *h = sp_json_get(program, "hardening");
	const struct sp_json *problems = sp_json_get(program, "problems");
	const struct sp_json *notes = sp_json_get(program, "notes");
	char size[16];

	print_missing(out, sp_json_get(program, "missing"));
	for (const struct sp_json *p = sp_json_first(problems); p; p = sp_json_next(p)) {
		fputs("problem ", out);
		cli_print_safe(out, sp_json_str(p, NULL));
		fputc('\n', out);
	}
	print_needs(out, sp_json_get(program, "needs"));
	if (sp_json_str(floors, "glibc") || sp_json_str(floors, "kernel") ||
	    sp_json_str(floors, "isa"))
		fputs("floors\n", out);
	print_floor(out, floors, "glibc", "glibc_by", "glibc");
	print_floor(out, floors, "kernel", "kernel_by", "kernel");
	print_floor(out, floors, "isa", "isa_by", "CPU");
	print_causes(out, sp_json_get(program, "causes"));
	fprintf(out, "hardening\n  %s, %s RELRO%s%s\n",
		sp_json_bool(h, "pie") ? "PIE" : "no PIE", sp_json_str(h, "relro"),
		sp_json_bool(h, "executable_stack") ? ", executable stack" : "",
		sp_json_bool(h, "text_relocations") ? ", text relocations" : "");
	fprintf(out, "image\n  %lld %s, %s\n", (long long)number(program, "entries"),
		entries(number(program, "entries")),
		cli_size(size, sizeof(size), number(program, "size")));
	for (const struct sp_json *n = sp_json_first(notes); n; n = sp_json_next(n)) {
		fputs("note ", out);
		cli_print_safe(out, sp_json_str(n, "text"));
		fputc('\n', out);
	}
}

static void print_entry(FILE *out, const struct sp_json *e, bool verbose)
{
	const char *type = sp_json_str(e, "type"), *target = sp_json_str(e, "target");
	const char *source = sp_json_str(e, "source");
	char size[16] = "";

	if (strcmp(type, "file") == 0)
		cli_size(size, sizeof(size), number(e, "size"));
	fprintf(out, "%-9s %s %8s  ", type, sp_json_str(e, "mode"), size);
	cli_print_safe(out, sp_json_str(e, "path"));
	if (target) {
		fputs(" -> ", out);
		cli_print_safe(out, target);
	}
	fputs("  (", out);
	cli_print_safe(out, sp_json_str(sp_json_get(e, "reason"), "text"));
	if (verbose && source) {
		fputs("; from ", out);
		cli_print_safe(out, source);
	}
	fputs(")\n", out);
}

void cli_print_plan(FILE *out, const struct sp_json *program, bool verbose)
{
	const struct sp_json *plan = sp_json_get(program, "plan");

	for (const struct sp_json *e = sp_json_first(plan); e; e = sp_json_next(e))
		print_entry(out, e, verbose);
}

static void print_findings(FILE *out, const struct sp_json *list, const char *label)
{
	for (const struct sp_json *f = sp_json_first(list); f; f = sp_json_next(f)) {
		const char *where = sp_json_str(f, "where");

		fprintf(out, "%s %s: ", label, sp_json_str(f, "id"));
		if (where) {
			cli_print_safe(out, where);
			fputs(": ", out);
		}
		cli_print_safe(out, sp_json_str(f, "what"));
		fputc('\n', out);
	}
}

static const char *or_dash(const char *s)
{
	return s ? s : "-";
}

static void print_layers(FILE *out, const struct sp_json *layers)
{
	char small[16], plain[16];

	for (const struct sp_json *l = sp_json_first(layers); l; l = sp_json_next(l))
		fprintf(out, "  layer %s %s, %s unpacked, %lld %s\n",
			or_dash(sp_json_str(l, "digest")),
			cli_size(small, sizeof(small), number(l, "size")),
			cli_size(plain, sizeof(plain), number(l, "tar_size")),
			(long long)number(l, "entries"), entries(number(l, "entries")));
}

void cli_print_verify(FILE *out, const struct sp_json *report, bool verbose)
{
	const struct sp_json *images = sp_json_get(report, "images");

	for (const struct sp_json *i = sp_json_first(images); i; i = sp_json_next(i)) {
		const char *digest = sp_json_str(i, "digest");

		cli_print_safe(out, or_dash(sp_json_str(i, "name")));
		fprintf(out, " %s %s\n", or_dash(sp_json_str(i, "platform")),
			digest ? digest : or_dash(sp_json_str(i, "config")));
		if (verbose)
			print_layers(out, sp_json_get(i, "layers"));
	}
	print_findings(out, sp_json_get(report, "problems"), "problem");
	if (verbose)
		print_findings(out, sp_json_get(report, "notes"), "note");
	if (sp_json_bool(report, "ok"))
		fputs("ok\n", out);
}
