/*
 * Whole jobs through the installed face: plan, inspect, pack; where programs and
 * files are found and go; the configuration; the files beside the image.
 */
#include <sys/stat.h>

#include "base/io.h"
#include "closure_files.h"
#include "image/json.h"
#include "scratchpack.h"

struct job {
	struct scratchpack *job;
	struct sp_json *report;
	struct sp_err err;
	int rc;
};

enum what { PLAN, INSPECT, PACK };

/* Run a job; options come in pairs of name and value, NULL ends them.  "@x" as a
 * value is x in the scratch directory. */
static struct job run(enum what what, const char *const *options)
{
	struct job j = { .job = scratchpack_new() };
	struct sp_err ignored = { 0 };

	for (; *options && !j.rc; options += 2) {
		const char *value = options[1];

		j.rc = scratchpack_set(j.job, options[0],
				       value[0] == '@' ? in_scratch(value + 1) : value, &j.err);
	}
	if (!j.rc)
		j.rc = what == PLAN ? scratchpack_plan(j.job, &j.err) :
		       what == INSPECT ? scratchpack_inspect(j.job, &j.err) :
					 scratchpack_pack(j.job, &j.err);
	const char *text = scratchpack_report(j.job);
	if (text && sp_json_parse(text, strlen(text), &j.report, &ignored))
		ok(false, "the report is JSON: %s", ignored.msg);
	return j;
}
#define RUN(what, ...) run(what, (const char *const[]){ __VA_ARGS__, NULL })

static void job_free(struct job *j)
{
	sp_json_free(j->report);
	scratchpack_free(j->job);
}

/* Does the plan of the first program have this path? */
static bool plans(const struct job *j, const char *path)
{
	const struct sp_json *programs = j->report ? sp_json_get(j->report, "programs") : NULL;
	const struct sp_json *first = programs ? sp_json_first(programs) : NULL;
	const struct sp_json *plan = first ? sp_json_get(first, "plan") : NULL;

	for (const struct sp_json *e = plan ? sp_json_first(plan) : NULL; e; e = sp_json_next(e))
		if (strcmp(sp_json_str(e, "path"), path) == 0)
			return true;
	return false;
}

static void refused(struct job j, enum sp_code code, const char *part, const char *what)
{
	is_int(j.rc ? (int)j.err.code : 0, code, "%s", what);
	if (!ok(strstr(j.err.msg, part) != NULL, "and why"))
		test_value("got: ", j.err.msg);
	job_free(&j);
}

static void locating(void)
{
	static const struct { const char *program, *at, *want; } rows[] = {
		{ "@bin/app", NULL, "/app" }, { "@bin/../bin/app", NULL, "/app" },
		{ "@link", NULL, "/link" }, { "@bin/app", "/x/y", "/x/y" },
		{ "@dirlink/../app", NULL, "/app" },
	};

	shell("mkdir -p bin/deep; exe bin/app -static -no-pie; ln -s bin/app link; ln -s bin/deep dirlink\n"
	      "mkdir -p sys/usr/bin sys/opt; cp bin/app sys/usr/bin/tool; echo x >sys/opt/data; echo x >file");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct job j = rows[i].at ? RUN(PLAN, "program", rows[i].program, "at", rows[i].at) :
					    RUN(PLAN, "program", rows[i].program);

		if (!ok(j.rc == 0 && plans(&j, rows[i].want), "%s goes to %s", rows[i].program, rows[i].want))
			test_value("got: ", j.err.msg);
		job_free(&j);
	}
	struct job j = RUN(PLAN, "program", "/usr/bin/tool", "sysroot", "@sys", "add", "/opt/data");
	ok(j.rc == 0 && plans(&j, "/usr/bin/tool") && plans(&j, "/opt/data"),
	   "an absolute path means the sysroot");
	job_free(&j);
	j = RUN(PLAN, "program", "@sys/usr/bin/tool", "sysroot", "@sys");
	ok(j.rc == 0 && plans(&j, "/usr/bin/tool"), "and a path below it is in it");
	job_free(&j);
	refused(RUN(PLAN, "program", "@none"), SP_EPROGRAM, "no such file", "a program that is not there");
	refused(RUN(PLAN, "output", "x"), SP_EUSAGE, "no program", "no program");
	refused(RUN(PLAN, "program", "@bin/app", "program", "@link"), SP_EUSAGE, "both for",
		"two of one platform");
	refused(RUN(PLAN, "program", "@bin/app", "platform", "linux/arm64"), SP_EUSAGE, "is a program for",
		"a platform that does not fit");
	refused(RUN(PLAN, "program", "@bin/app", "sysroot", "@none"), SP_EFAIL, "none", "no such sysroot");
}

static void adding(void)
{
	sp_autofree char *plain = sp_strf("%s/file", scratch_dir());
	sp_autofree char *to = sp_strf("%s/file:/etc/f", scratch_dir());
	sp_autofree char *into = sp_strf("%s/file:/etc/", scratch_dir());
	sp_autofree char *odd = sp_strf("%s/file:/a/.wh.x", scratch_dir());
	sp_autofree char *relative = sp_strf("%s/file:x", scratch_dir());
	struct job j = RUN(PLAN, "program", "@bin/app", "add", to);

	ok(j.rc == 0 && plans(&j, "/etc/f"), "SRC:/DST");
	job_free(&j);
	j = RUN(PLAN, "program", "@bin/app", "add", into);
	ok(j.rc == 0 && plans(&j, "/etc/file"), "SRC:/DIR/");
	job_free(&j);
	j = RUN(PLAN, "program", "@bin/app", "add", plain);
	ok(j.rc == 0 && plans(&j, plain), "an absolute SRC keeps its path");
	job_free(&j);
	refused(RUN(PLAN, "program", "@bin/app", "add", odd), SP_EUSAGE, ".wh.", "a reserved name");
	refused(RUN(PLAN, "program", "@bin/app", "add", relative), SP_EUSAGE, "absolute",
		"a relative destination");
}

static void configuration(void)
{
	struct job j = RUN(PLAN, "program", "@bin/app", "entrypoint", "/app", "healthcheck", "/app x",
			   "health-interval", "5s");
	is_int(j.rc, 0, "an entry point and a health check that are there");
	job_free(&j);
	refused(RUN(PLAN, "program", "@bin/app", "entrypoint", "app"), SP_EUSAGE, "absolute",
		"a relative entry point");
	refused(RUN(PLAN, "program", "@bin/app", "entrypoint", "/none"), SP_EUSAGE,
		"--entrypoint /none: no such file in the image", "one that is not there");
	refused(RUN(PLAN, "program", "@bin/app", "workdir", "/w", "entrypoint", "/w"), SP_EUSAGE,
		"is not a file", "one that is a directory");
	refused(RUN(PLAN, "program", "@bin/app", "healthcheck", "true"), SP_EUSAGE, "absolute",
		"a health check that would need PATH");
	refused(RUN(PLAN, "program", "@bin/app", "health-interval", "5s"), SP_EUSAGE, "--healthcheck",
		"an interval of nothing");
}

static void inspecting(void)
{
	shell("so liba.so liba.so; exe needs liba.so -Wl,--enable-new-dtags,-rpath,$PWD; rm liba.so");
	struct job j = RUN(INSPECT, "program", "@needs");
	const char *text = scratchpack_report(j.job);

	ok(j.rc == -1 && j.err.code == SP_EPROGRAM, "a closure that is not whole fails");
	ok(text && strstr(text, "liba.so") && sp_json_get(j.report, "missing"), "and is reported in full");
	static const char *const keys[] = { "program", "objects", "missing", "needs", "plan", "floors",
					    "notes" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		ok(j.report && sp_json_get(j.report, keys[i]) != NULL, "the report has %s", keys[i]);
	job_free(&j);
}

static const char *text_of(const char *name)
{
	static struct sp_buf buf;
	struct sp_err err = { 0 };

	sp_buf_release(&buf);
	return name && sp_read_file(in_scratch(name), 1 << 20, &buf, &err) == 0 ? sp_buf_str(&buf) : NULL;
}

static void packing(void)
{
	shell("mkdir out 'in put'; cp bin/app 'in put/a pp$x'");
	struct job j = RUN(PACK, "program", "@in put/a pp$x", "at", "/app", "output", "@out/i.tar",
			   "tag", "name:1", "digest-file", "@out/digest", "metadata-file", "@out/meta",
			   "depfile", "@out/dep");
	const char *digest;

	if (!is_int(j.rc, 0, "an image with three files beside it"))
		test_value("got: ", j.err.msg);
	digest = text_of("out/digest");
	ok(digest && strncmp(digest, "sha256:", 7) == 0, "the digest");
	sp_autofree char *kept = sp_strdup(digest ? digest : "");
	kept[strcspn(kept, "\n")] = '\0';
	ok(*kept && scratchpack_report(j.job) && strstr(scratchpack_report(j.job), kept),
	   "which the report has too");
	const char *meta = text_of("out/meta");
	ok(meta && strstr(meta, kept) && strstr(meta, "name:1"), "the description");
	const char *dep = text_of("out/dep");
	ok(dep && strstr(dep, "out/i.tar:") && strstr(dep, "in\\ put/a\\ pp$$x"),
	   "the rule for make, with its odd names written as make reads them");
	job_free(&j);

	refused(RUN(PACK, "program", "@bin/app"), SP_EUSAGE, "no output", "no output");
	refused(RUN(PACK, "program", "@bin/app", "output", "@out/a.tar", "output", "@out/a.tar"), SP_EUSAGE,
		"twice", "one output twice");
	refused(RUN(PACK, "program", "@bin/app", "output", "@none/a.tar"), SP_EOUTPUT, "none",
		"no such directory");
	refused(RUN(PACK, "program", "@bin/app", "output", "@out/b.tar", "digest-file", "@none/d"),
		SP_EOUTPUT, "none/d", "a side file that cannot be written");
}

static void seen(void *ctx, const struct sp_progress *progress)
{
	*(int *)ctx += progress->phase != NULL;
}

static void the_face(void)
{
	struct scratchpack *job = scratchpack_new();
	struct sp_err err = { 0 };
	int calls = 0;

	is_str(scratchpack_report(job), NULL, "no report before the first operation");
	is_str(scratchpack_version(), SCRATCHPACK_VERSION, "the version");
	ok(strstr(scratchpack_compressors(), "zstd") != NULL, "the compressors");
	scratchpack_on_progress(job, seen, &calls);
	ok(scratchpack_set(job, "program", in_scratch("bin/app"), &err) == 0 &&
	   scratchpack_set(job, "output", in_scratch("out/c.tar"), &err) == 0, "options");
	scratchpack_cancel(job);
	ok(scratchpack_pack(job, &err) == -1 && err.code == SP_ECANCELLED, "a cancelled job ends");
	ok(access(in_scratch("out/c.tar"), F_OK) == -1, "and leaves nothing");
	ok(calls > 0, "progress was told");
	scratchpack_free(job);
	scratchpack_free(NULL);
	struct scratchpack *other = scratchpack_new();
	ok(scratchpack_verify(other, in_scratch("out/i.tar"), &err) == 0, "what was packed verifies");
	ok(scratchpack_verify(other, in_scratch("file"), &err) == -1, "a text does not");
	scratchpack_free(other);
}

int main(void)
{
#ifdef __x86_64__
	locating();
	adding();
	configuration();
	inspecting();
	packing();
	the_face();
	text_of(NULL);
	in_scratch(NULL);
#else
	skip("the fixtures are for x86-64");
#endif
	return test_done();
}
