/*
 * Opening an image as input.
 */
#include "api/opened.h"

#include <string.h>

#include "api/build.h"
#include "api/dests.h"
#include "transport/transport.h"

void sp_opened_release(struct sp_opened *image)
{
	sp_contents_free(image->contents);
	sp_stored_free(image->stored);
	if (image->source)
		image->source->close(image->source);
	free(image->ref);
	*image = (struct sp_opened){ 0 };
}

int sp_opened_open(struct scratchpack *job, const char *text,
		   const struct sp_stored_want *want, struct sp_opened *ret,
		   struct sp_err *err)
{
	sp_autofree char *label = sp_strf("%s:", text);
	struct sp_contents_options options = {
		.temp_dir = job->options.temp_dir, .label = label,
		.cancelled = &job->cancelled, .progress = job->progress,
		.progress_ctx = job->progress_ctx,
	};

	ret->text = text;
	if (sp_job_name(job, text, true, err) ||
	    sp_source_open(text, sp_job_transport(job), &ret->source, &ret->ref, err))
		return -1;
	if (sp_stored_open(ret->source, ret->ref, want, &ret->stored, err) ||
	    sp_contents_open(ret->stored, &options, &ret->contents, err))
		return sp_err_wrap(err, "%s", text);
	ret->root = sp_contents_root(ret->contents);
	return 0;
}

/* A tag alone ("v1", as a layout has it) names no image. */
const char *sp_opened_name(const struct sp_opened *image, struct sp_arena *arena)
{
	const char *name = image->stored->name, *rest;
	enum sp_address address = sp_address_of(image->text, &rest);
	struct sp_err ignored = { 0 };
	struct sp_ref ref;

	if (address == SP_AT_REGISTRY || address == SP_AT_ENGINE)
		name = rest;
	if (!name || !strpbrk(name, ":/@") || sp_ref_parse(name, arena, &ref, &ignored))
		return NULL;
	sp_ref_complete(&ref);
	return sp_ref_full(&ref, arena);
}
