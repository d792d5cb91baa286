/*
 * The installed face: a job, its options, its operations, its report.
 */

#include "api/build.h"
#include "api/document.h"
#include "api/report_verify.h"
#include "api/witness.h"
#include "transport/transport.h"

struct scratchpack *scratchpack_new(void)
{
	struct scratchpack *job = sp_calloc(1, sizeof(*job));

	sp_options_init(&job->options);
	return job;
}

void scratchpack_free(struct scratchpack *job)
{
	if (!job)
		return;
	sp_options_release(&job->options);
	sp_job_report(job, NULL);
	free(job->mount_from.items);
	free(job);
}

int scratchpack_set(struct scratchpack *job, const char *name, const char *value,
		    struct sp_err *err)
{
	return sp_options_set(&job->options, name, value, err);
}

void scratchpack_on_progress(struct scratchpack *job,
			     void (*fn)(void *ctx, const struct sp_progress *), void *ctx)
{
	job->progress = fn;
	job->progress_ctx = ctx;
}

void scratchpack_on_note(struct scratchpack *job, void (*fn)(void *ctx, const char *text),
			 void *ctx)
{
	job->note = fn;
	job->note_ctx = ctx;
}

void scratchpack_cancel(struct scratchpack *job)
{
	job->cancelled = 1;
}

const char *scratchpack_report(struct scratchpack *job)
{
	if (job->document && !job->report)
		job->report = sp_json_text(job->document, true);
	return job->report;
}

const struct sp_json *scratchpack_document(const struct scratchpack *job)
{
	return job->document;
}

void scratchpack_set_brief(struct scratchpack *job, bool brief)
{
	job->brief = brief;
}

const char *scratchpack_version(void)
{
	return SCRATCHPACK_VERSION;
}

const char *scratchpack_compressors(void)
{
	return sp_compress_versions();
}

void sp_job_report(struct scratchpack *job, struct sp_json *report)
{
	free(job->report);
	sp_json_free(job->document);
	job->report = NULL;
	job->document = report;
}

void sp_job_progress(struct scratchpack *job, const char *phase, const char *item,
		     uint64_t done, uint64_t total)
{
	if (job->progress)
		job->progress(job->progress_ctx,
			      &(struct sp_progress){ phase, item, done, total });
}

/* A report that stands although the operation failed says why. */
static void report_error(struct sp_json *report, const struct sp_err *err)
{
	struct sp_json *error = sp_json_add_object(report, "error");

	sp_json_add_str(error, "id", err->id);
	sp_json_add_str(error, "message", err->msg);
	sp_json_add_int(error, "exit_code", err->code);
}

int scratchpack_plan(struct scratchpack *job, struct sp_err *err)
{
	SP_CLEANUP(sp_build_release) struct sp_build build = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();

	sp_job_report(job, NULL);
	if (sp_build_open(&build, job, false, err))
		return -1;
	int rc = sp_build_prove(&build, err);
	sp_report_build(&build, report);
	if (rc)
		report_error(report, err);
	sp_job_report(job, sp_steal_ptr(&report));
	return rc;
}

int scratchpack_pack(struct scratchpack *job, struct sp_err *err)
{
	SP_CLEANUP(sp_build_release) struct sp_build build = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();

	sp_job_report(job, NULL);
	if (!job->options.outputs.items_nr)
		return sp_err_set(err, SP_EUSAGE,
				  "no output was given; add -o FILE.tar for an archive, or -n to see what would be packed");
	if (sp_build_open(&build, job, false, err) || sp_build_prove(&build, err))
		return -1;
	if (sp_build_write(&build, report, err))
		return -1;
	sp_report_summary(&build, report);
	sp_job_report(job, sp_steal_ptr(&report));
	return 0;
}

int scratchpack_inspect(struct scratchpack *job, struct sp_err *err)
{
	SP_CLEANUP(sp_build_release) struct sp_build build = { 0 };
	sp_autojson struct sp_json *report = sp_json_object();

	sp_job_report(job, NULL);
	if (sp_build_open(&build, job, true, err)) {
		if (err->code == SP_EPROGRAM && sp_glance(&build, report)) {
			report_error(report, err);
			sp_job_report(job, sp_steal_ptr(&report));
		}
		return -1;
	}
	if (build.targets_nr != 1)
		return sp_err_set(err, SP_EUSAGE, "one program can be inspected at a time");
	if (!build.targets[0].rootfs->closure)
		return sp_err_set(err, SP_EUSAGE, "%s: its image has no entry point that could be inspected; see pack -n for what it holds",
				  job->options.file);
	int rc = sp_build_prove(&build, err);
	sp_report_program(&build, &build.targets[0], report);
	if (rc)
		report_error(report, err);
	sp_job_report(job, sp_steal_ptr(&report));
	return rc;
}

static void copy_config(const struct sp_build *build, struct sp_json *report)
{
	const struct sp_json *config = build->from.stored ?
		sp_json_get(build->from.stored->config_doc, "config") : NULL;

	if (config)
		sp_json_add(report, "config", sp_json_copy(config));
}

/* What the image starts, as if it were packed from there. */
static int inspect_entry(struct scratchpack *job, const char *image, struct sp_json *report,
			 struct sp_err *err)
{
	SP_CLEANUP(sp_build_release) struct sp_build build = { 0 };
	const char *from = job->options.from;
	struct sp_json *program = sp_json_add_object(report, "program");

	job->options.from = image;
	int rc = sp_build_open(&build, job, true, err);
	copy_config(&build, report);
	if (!rc) {
		rc = sp_build_prove(&build, err);
		sp_report_program(&build, &build.targets[0], program);
	}
	job->options.from = from;
	if (rc)
		report_error(program, err);
	return rc;
}

int scratchpack_inspect_image(struct scratchpack *job, const char *image, struct sp_err *err)
{
	struct sp_err why = { 0 };
	int rc = scratchpack_verify(job, image, err);

	if (rc || !job->document)
		return -1;
	struct sp_json *report = sp_steal_ptr(&job->document);
	/* an image of data alone has nothing to start, and is good all the same */
	rc = inspect_entry(job, image, report, &why);
	sp_job_report(job, report);
	if (!rc || why.code != SP_ECANCELLED)
		return 0;
	*err = why;
	return -1;
}

int scratchpack_verify(struct scratchpack *job, const char *image, struct sp_err *err)
{
	struct sp_verify_witness eyes;
	struct sp_verify_options options = {
		.witness = &eyes, .cancelled = &job->cancelled, .progress = job->progress,
		.progress_ctx = job->progress_ctx,
	};
	struct sp_verify_report found = { 0 };
	sp_autofree char *ref = NULL;
	struct sp_source *source;

	sp_job_report(job, NULL);
	if (sp_source_open(image, sp_job_transport(job), &source, &ref, err))
		return -1;
	struct sp_witness *witness = sp_witness_new(&eyes);
	int rc = sp_verify(source, ref, &options, &found, err);
	sp_witness_free(witness);
	if (rc)
		sp_err_wrap(err, "%s", image);
	sp_autojson struct sp_json *report = sp_json_object();
	sp_report_verify(&found, image, report);
	sp_job_report(job, sp_steal_ptr(&report));
	sp_verify_report_release(&found);
	source->close(source);
	return rc;
}
