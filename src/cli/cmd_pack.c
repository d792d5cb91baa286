/*
 * scratchpack pack: programs in, an image out, one line on stdout a destination.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "cli/cli.h"

static int set_programs(struct cli *cli, struct sp_err *err)
{
	for (size_t i = 0; i < cli->operands_nr; i++)
		if (scratchpack_set(cli->job, "program", cli->operands[i], err))
			return -1;
	return 0;
}

static int dry_run(struct cli *cli, struct sp_err *err)
{
	if (scratchpack_plan(cli->job, err))
		return -1;
	if (cli->json) {
		printf("%s\n", scratchpack_report(cli->job));
		return cli_flush(err);
	}
	const struct sp_json *programs =
		sp_json_get(scratchpack_document(cli->job), "programs");
	for (const struct sp_json *p = sp_json_first(programs); p; p = sp_json_next(p)) {
		cli_print_plan(stdout, p, cli->verbose);
		if (cli->verbose)
			cli_print_trace(stdout, p);
		cli_print_notes(p);
	}
	return cli_flush(err);
}

/* How many regular files, and what they weigh. */
static void summary(const struct sp_json *report)
{
	const struct sp_json *programs = sp_json_get(report, "programs");
	const struct sp_json *layers = sp_json_get(report, "layers");
	int64_t size = 0, packed = 0, n;
	size_t files = 0;
	char plain[16], small[16];

	for (const struct sp_json *p = sp_json_first(programs); p; p = sp_json_next(p)) {
		size += sp_json_int(p, "size", &n) ? n : 0;
		files += sp_json_int(p, "files", &n) ? (size_t)n : 0;
	}
	for (const struct sp_json *l = sp_json_first(layers); l; l = sp_json_next(l))
		packed += sp_json_int(l, "size", &n) ? n : 0;
	cli_say("%zu file%s, %s; %s in %zu layer%s", files, files == 1 ? "" : "s",
		cli_size(plain, sizeof(plain), size), cli_size(small, sizeof(small), packed),
		sp_json_len(layers), sp_json_len(layers) == 1 ? "" : "s");
}

/* Did it become an archive?  Of a directory of that name a layout was made. */
static bool is_archive(const char *where)
{
	size_t len = strlen(where);
	struct stat st;

	return len > 4 && strcmp(where + len - 4, ".tar") == 0 && stat(where, &st) == 0 &&
	       S_ISREG(st.st_mode);
}

/* A word as a shell wants it; one without anything special as it is. */
static void add_word(struct sp_buf *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,@%=";

	if (word[strspn(word, plain)] == '\0') {
		sp_buf_addstr(line, word);
		return;
	}
	sp_buf_addch(line, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			sp_buf_addstr(line, "'\\'");
		sp_buf_addch(line, *word);
	}
	sp_buf_addch(line, '\'');
}

static bool has_zstd(const struct sp_json *report)
{
	const struct sp_json *layer = sp_json_first(sp_json_get(report, "layers"));

	for (; layer; layer = sp_json_next(layer))
		if (strstr(sp_json_str(layer, "media_type"), "+zstd"))
			return true;
	return false;
}

static void advise_load(const struct sp_json *report, const struct sp_json *result,
			const char *where)
{
	sp_autobuf struct sp_buf line = { 0 };

	add_word(&line, where);
	cli_say("try: docker load -i %s && docker run --rm %s:%s%s", sp_buf_str(&line),
		sp_json_str(result, "name"), sp_json_str(result, "tag"),
		has_zstd(report) ? " (zstd needs docker 23.0 or later)" : "");
}

/* What one would do next with a file or in an engine. */
static void advise(const struct sp_json *report, const struct sp_json *result)
{
	const char *where = sp_json_str(result, "destination");
	const char *engine = sp_json_str(result, "loaded_into");

	if (engine && (strncmp(engine, "docker", 6) == 0 || strncmp(engine, "podman", 6) == 0))
		cli_say("loaded into %s; try: %.6s run --rm %s:%s", engine, engine,
			sp_json_str(result, "name"), sp_json_str(result, "tag"));
	else if (engine)
		cli_say("loaded into %s", engine);
	else if (is_archive(where))
		advise_load(report, result, where);
}

int cli_pack(struct cli *cli, struct sp_err *err)
{
	if (set_programs(cli, err))
		return -1;
	if (cli->dry_run)
		return dry_run(cli, err);
	if (scratchpack_pack(cli->job, err))
		return -1;
	cli_progress_done();
	const struct sp_json *report = scratchpack_document(cli->job);
	const struct sp_json *programs = sp_json_get(report, "programs");
	for (const struct sp_json *p = sp_json_first(programs); p; p = sp_json_next(p)) {
		if (cli->verbose && !cli->quiet)
			cli_print_trace(stderr, p);
		cli_print_notes(p);
	}
	summary(report);
	if (cli_print_results(cli, report, err))
		return -1;
	const struct sp_json *results = sp_json_get(report, "results");
	for (const struct sp_json *r = sp_json_first(results); r; r = sp_json_next(r))
		advise(report, r);
	return 0;
}
