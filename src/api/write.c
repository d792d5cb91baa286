/*
 * A proven build -> layers -> documents -> every destination at once.
 *
 * Each blob is made once and fed to all destinations.
 */
#include <string.h>

#include "api/build.h"
#include "api/dests.h"
#include "base/path.h"
#include "base/vec.h"

/* Which layer an entry belongs to when they are split: what the user builds
 * changes often and comes last. */
static bool of_program(const struct sp_entry *e)
{
	return e->reason.kind == SP_BECAUSE_PROGRAM || e->reason.kind == SP_BECAUSE_ADDED ||
	       e->reason.kind == SP_BECAUSE_CONFIG;
}

struct part {
	const struct sp_entry **list;
	size_t list_nr, list_alloc;
};

static void part_release(struct part *p)
{
	free(p->list);
}

static bool has_below(const struct sp_plan *plan, size_t dir, bool program)
{
	const char *path = plan->entries[dir].path;
	size_t len = strlen(path);

	for (size_t i = dir + 1; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];

		if (strncmp(e->path, path, len) != 0)
			break;
		if (e->path[len] == '/' && e->type != SP_ENTRY_DIR && of_program(e) == program)
			return true;
	}
	return false;
}

/* A hard link whose file is in the other layer becomes a file again. */
static const struct sp_entry *unlinked(struct sp_build *build, const struct sp_plan *plan,
				       const struct sp_entry *e)
{
	const struct sp_entry *first =
		e->type == SP_ENTRY_HARDLINK ? sp_plan_find(plan, e->target) : NULL;

	if (!first || of_program(first) == of_program(e))
		return e;
	struct sp_entry *copy = sp_arena_memdup(&build->arena, first, sizeof(*first));
	copy->path = e->path;
	return copy;
}

static void choose_part(struct sp_build *build, const struct sp_plan *plan, bool program,
			struct part *part)
{
	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];
		bool parent = e->type == SP_ENTRY_DIR && has_below(plan, i, program);
		/* directories asked for, with nothing in them, are the program's */
		bool own = e->type == SP_ENTRY_DIR && e->reason.kind == SP_BECAUSE_PARENT ?
				   false : of_program(e) == program;

		if (parent || own)
			*SP_VEC_PUSH(part->list) = unlinked(build, plan, e);
	}
}

/* what: for the history, in front of the program's path. */
static int write_layer(struct sp_build *build, struct sp_target *target,
		       const struct part *part, const char *what, struct sp_dests *dests,
		       struct sp_err *err)
{
	struct sp_layer_options options = {
		.compress = build->o->compress, .mtime = build->o->created,
		.threads = build->o->threads, .cancelled = &build->job->cancelled,
		.progress = build->job->progress, .progress_ctx = build->job->progress_ctx,
	};

	/* without its directory: where a Dockerfile lies makes no other image */
	const char *by = build->o->file ? sp_path_basename(build->o->file) : target->image_path;
	*SP_VEC_PUSH(target->config.history) = (struct sp_history){
		.created_by = sp_arena_strf(&build->arena, "scratchpack: %s%s", what,
					    strcmp(by, "-") == 0 ? "Dockerfile" : by) };
	return sp_dests_write_layer(dests, part->list, part->list_nr, &options,
				    SP_VEC_PUSH(target->layers), err);
}

static int write_split(struct sp_build *build, struct sp_target *target,
		       struct sp_dests *dests, struct sp_err *err)
{
	const struct sp_plan *plan = target->rootfs->plan;

	for (int program = 0; program < 2; program++) {
		SP_CLEANUP(part_release) struct part part = { 0 };

		choose_part(build, plan, program, &part);
		/* a program that needs nothing has one layer, as without split */
		if (part.list_nr &&
		    write_layer(build, target, &part, program ? "" : "what is needed by ",
				dests, err))
			return -1;
	}
	return 0;
}

/* When the base has all there is to bring, the history still tells what was changed. */
static void note_settings(struct sp_build *build, struct sp_target *target)
{
	if (!target->config.history_nr)
		*SP_VEC_PUSH(target->config.history) = (struct sp_history){
			.created_by = sp_arena_strf(&build->arena, "scratchpack: %s",
						    target->image_path),
			.empty = true };
}

static int write_target(struct sp_build *build, struct sp_target *target,
			struct sp_image *image, struct sp_dests *dests, struct sp_err *err)
{
	const struct sp_plan *plan = target->rootfs->plan;
	SP_CLEANUP(part_release) struct part all = { 0 };
	int rc = 0;

	if (sp_target_base_layers(build, target, dests->tee, err))
		return -1;

	if (build->o->split) {
		rc = write_split(build, target, dests, err);
	} else if (plan->entries_nr || !target->layers_nr) {
		for (size_t i = 0; i < plan->entries_nr; i++)
			*SP_VEC_PUSH(all.list) = &plan->entries[i];
		/* a Dockerfile may add nothing */
		rc = all.list_nr ? write_layer(build, target, &all, "", dests, err) : 0;
	}
	if (rc)
		return -1;
	note_settings(build, target);
	sp_target_base_types(target);
	return sp_image_add(image, &target->config, target->layers, target->layers_nr, dests->tee,
			    err);
}

static int write_image(struct sp_build *build, struct sp_image *image,
		       struct sp_dests *dests, struct sp_err *err)
{
	for (size_t i = 0; i < build->targets_nr; i++)
		if (write_target(build, &build->targets[i], image, dests, err))
			return -1;
	return sp_image_finish(image, &build->o->index_annotations,
			       build->o->index_annotations.items_nr > 0, dests->tee, err);
}

static void report_layers(const struct sp_image *image, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "layers");

	for (size_t i = 0; i < image->manifests_nr; i++)
		for (size_t k = 0; k < image->manifests[i].layers_nr; k++) {
			const struct sp_layer *layer = &image->manifests[i].layers[k];
			struct sp_json *item = sp_json_push_object(list);

			sp_json_add_str(item, "digest", layer->desc.digest.str);
			sp_json_add_str(item, "diff_id", layer->diff_id.str);
			sp_json_add_str(item, "media_type", layer->desc.media_type);
			sp_json_add_int(item, "size", (int64_t)layer->desc.size);
			sp_json_add_int(item, "tar_size", (int64_t)layer->tar_size);
		}
}

int sp_build_write(struct sp_build *build, struct sp_json *report, struct sp_err *err)
{
	SP_CLEANUP(sp_dests_release) struct sp_dests d = { 0 };
	struct sp_image *image = sp_image_new();
	int rc = -1;

	if (sp_dests_open(&d, build->job, &build->arena, build->refs, build->refs_nr, err) ||
	    sp_side_files_check(build, err) ||
	    write_image(build, image, &d, err) ||
	    sp_dests_commit(&d, image, build->refs, build->refs_nr,
			    sp_json_add_array(report, "results"), err))
		goto out;
	report_layers(image, report);
	rc = sp_side_files_write(build, image, err);
out:
	sp_image_free(image);
	return rc;
}
