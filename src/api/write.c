/*
 * A proven build -> layers -> documents -> every destination at once.
 *
 * Each blob is made once and fed to all destinations.  All of them are prepared
 * (safe on disk, under temporary names) before the first is committed, so that a
 * run either writes everything or leaves everything as it was.
 */
#include <string.h>

#include "api/build.h"
#include "base/vec.h"
#include "transport/transport.h"

/* The destinations of a run, and the sink that feeds them all. */
struct dests {
	struct sp_dest **dests;
	size_t dests_nr, dests_alloc;
	struct sp_sink *tee;
};

static void dests_release(struct dests *d)
{
	sp_sink_tee_free(d->tee);
	while (d->dests_nr)
		sp_dest_free(d->dests[--d->dests_nr]);
	free(d->dests);
}

static int open_dests(struct sp_build *build, struct dests *d, struct sp_err *err)
{
	const struct sp_options *o = build->o;
	const struct sp_transport_options *options = sp_job_transport(build->job);

	for (size_t i = 0; i < o->outputs.items_nr; i++) {
		struct sp_dest *dest;

		for (size_t k = 0; k < i; k++)
			if (strcmp(o->outputs.items[i], o->outputs.items[k]) == 0)
				return sp_err_set(err, SP_EUSAGE,
						  "--output %s is given twice",
						  o->outputs.items[i]);
		if (sp_dest_open(o->outputs.items[i], options, &dest, err))
			return -1;
		*SP_VEC_PUSH(d->dests) = dest;
		/* a name that cannot be is said now, not after the work */
		const struct sp_ref *refs = build->refs;
		size_t refs_nr = build->refs_nr;

		if (sp_dest_names(dest, &build->arena, &refs, &refs_nr, err))
			return -1;
	}
	struct sp_sink **sinks = sp_arena_alloc(&build->arena,
						d->dests_nr * sizeof(struct sp_sink *));
	for (size_t i = 0; i < d->dests_nr; i++)
		sinks[i] = sp_dest_sink(d->dests[i]);
	d->tee = sp_sink_tee_new(sinks, d->dests_nr);
	return 0;
}

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
		       const struct part *part, const char *what, struct sp_sink *sink,
		       struct sp_err *err)
{
	struct sp_layer_options options = {
		.compress = build->o->compress, .mtime = build->o->created,
		.threads = build->o->threads, .cancelled = &build->job->cancelled,
		.progress = build->job->progress, .progress_ctx = build->job->progress_ctx,
	};

	sp_strings_add(&target->config.history, &build->arena,
		       sp_arena_strf(&build->arena, "scratchpack: %s%s", what,
				     target->image_path));
	return sp_layer_write(part->list, part->list_nr, &options, sink,
			      &target->layers[target->layers_nr++], err);
}

static int write_split(struct sp_build *build, struct sp_target *target,
		       struct sp_sink *sink, struct sp_err *err)
{
	const struct sp_plan *plan = target->rootfs->plan;

	for (int program = 0; program < 2; program++) {
		SP_CLEANUP(part_release) struct part part = { 0 };

		choose_part(build, plan, program, &part);
		/* a program that needs nothing has one layer, as without split */
		if (part.list_nr &&
		    write_layer(build, target, &part, program ? "" : "what is needed by ",
				sink, err))
			return -1;
	}
	return 0;
}

static int write_target(struct sp_build *build, struct sp_target *target,
			struct sp_image *image, struct sp_sink *sink, struct sp_err *err)
{
	const struct sp_plan *plan = target->rootfs->plan;
	SP_CLEANUP(part_release) struct part all = { 0 };
	int rc;

	if (build->o->split) {
		rc = write_split(build, target, sink, err);
	} else {
		for (size_t i = 0; i < plan->entries_nr; i++)
			*SP_VEC_PUSH(all.list) = &plan->entries[i];
		rc = write_layer(build, target, &all, "", sink, err);
	}
	if (rc)
		return -1;
	return sp_image_add(image, &target->config, target->layers, target->layers_nr, sink, err);
}

static int write_image(struct sp_build *build, struct sp_image *image,
		       struct sp_sink *sink, struct sp_err *err)
{
	for (size_t i = 0; i < build->targets_nr; i++)
		if (write_target(build, &build->targets[i], image, sink, err))
			return -1;
	return sp_image_finish(image, &build->o->index_annotations,
			       build->o->index_annotations.items_nr > 0, sink, err);
}

/* Those that cannot be taken back first, so that one of them that fails leaves
 * the files as they were. */
static int commit_all(struct dests *d, struct sp_err *err)
{
	for (int final = 1; final >= 0; final--)
		for (size_t i = 0; i < d->dests_nr; i++)
			if (sp_dest_is_final(d->dests[i]) == (bool)final &&
			    sp_dest_commit(d->dests[i], err))
				return -1;
	return 0;
}

static int commit(struct sp_build *build, struct dests *d, const struct sp_image *image,
		  struct sp_json *results, struct sp_err *err)
{
	const struct sp_ref **names = sp_arena_alloc(&build->arena,
						     d->dests_nr * sizeof(*names));

	for (size_t i = 0; i < d->dests_nr; i++) {
		const struct sp_ref *refs = build->refs;
		size_t refs_nr = build->refs_nr;

		if (sp_dest_names(d->dests[i], &build->arena, &refs, &refs_nr, err) ||
		    sp_dest_prepare(d->dests[i], image, refs, refs_nr, err))
			return -1;
		names[i] = refs;
	}
	if (build->job->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "interrupted");
	if (commit_all(d, err))
		return -1;
	for (size_t i = 0; i < d->dests_nr; i++) {
		struct sp_json *result = sp_json_push_object(results);

		sp_json_add_str(result, "name", sp_ref_name_familiar(names[i], &build->arena));
		sp_json_add_str(result, "tag", names[i]->tag);
		sp_json_add_str(result, "digest", image->root.digest.str);
		sp_json_add_int(result, "size", (int64_t)image->root.size);
		sp_json_add_str(result, "media_type", image->root.media_type);
		sp_json_add_str(result, "config", image->manifests[0].config.digest.str);
		const char *where = sp_dest_where(d->dests[i]);

		if (where)
			sp_json_add_str(result, "loaded_into", where);
		sp_json_add_str(result, "destination",
				where ? where : build->o->outputs.items[i]);
	}
	return 0;
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
	SP_CLEANUP(dests_release) struct dests d = { 0 };
	struct sp_image *image = sp_image_new();
	int rc = -1;

	if (open_dests(build, &d, err) ||
	    sp_side_files_check(build, err) ||
	    write_image(build, image, d.tee, err) ||
	    commit(build, &d, image, sp_json_add_array(report, "results"), err))
		goto out;
	report_layers(image, report);
	rc = sp_side_files_write(build, image, err);
out:
	sp_image_free(image);
	return rc;
}
