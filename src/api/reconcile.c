/*
 * After --trace: what the runs used against what is in the image.  What came in by a
 * trace alone says where the analysis sees less than the program; what was included but
 * never opened may be more than it needs; what it opened but does not get may be missed.
 */
#include <stdlib.h>
#include <string.h>

#include "api/build.h"
#include "base/path.h"
#include "base/vec.h"
#include "trace/trace.h"

#define EXAMPLES 3		/* paths in a note */
#define OPENED (SP_USED_READ | SP_USED_WRITE | SP_USED_EXEC)

/* Paths, in order, and why. */
struct list {
	const struct sp_used **used;	/* of the last list only */
	const char **paths;
	size_t used_nr, used_alloc, paths_nr, paths_alloc;
	uint64_t bytes;
};

struct lists {
	struct list traced;		/* in the image because of a trace alone */
	struct list idle;		/* in the image, but never opened */
	struct list left_out;		/* opened, but not in the image */
};

static void release(struct lists *lists)
{
	struct list *const all[] = { &lists->traced, &lists->idle, &lists->left_out };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		free(all[i]->used);
		free(all[i]->paths);
	}
}

static bool is_file(const struct sp_entry *e)
{
	return e->type == SP_ENTRY_FILE || e->type == SP_ENTRY_HARDLINK;
}

static void put(struct list *list, const struct sp_entry *e)
{
	*SP_VEC_PUSH(list->paths) = e->path;
	list->bytes += e->size;
}

/* Nobody expects these in an image. */
static bool of_machine(const char *path)
{
	return sp_path_is_kernels(path) || sp_path_within(path, "/run") ||
	       sp_path_within(path, "/var/run") || sp_path_within(path, "/etc/ld.so.cache");
}

static int by_path(const void *a, const void *b)
{
	const struct sp_used *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static void find_left_out(const struct sp_usage *usage, const struct sp_plan *plan,
			  struct list *list)
{
	for (size_t i = 0; i < usage->files_nr; i++) {
		const struct sp_used *used = &usage->files[i];

		if (used->unwanted && used->is_file && used->uses & OPENED &&
		    !(used->uses & SP_USED_WRITTEN) && !of_machine(used->path) &&
		    !sp_plan_find(plan, used->path) && !sp_plan_find(plan, used->real))
			*SP_VEC_PUSH(list->used) = used;
	}
	if (list->used_nr)
		qsort(list->used, list->used_nr, sizeof(*list->used), by_path);
	for (size_t i = 0; i < list->used_nr; i++)
		*SP_VEC_PUSH(list->paths) = list->used[i]->path;
}

/* Programs and libraries are opened by their real names, whichever name was given. */
static void compare(const struct sp_usage *usage, const struct sp_plan *plan,
		    struct lists *lists)
{
	struct sp_map opened = { 0 };

	for (size_t i = 0; i < usage->files_nr; i++)
		if (usage->files[i].uses & OPENED && usage->files[i].real)
			sp_map_set(&opened, usage->files[i].real, i);
	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];
		const char *name = e->root ? e->source : e->path;

		if (!is_file(e))
			continue;
		if (e->reason.kind == SP_BECAUSE_TRACED)
			put(&lists->traced, e);
		else if (sp_map_get(&opened, name) == SP_MAP_NONE)
			put(&lists->idle, e);
	}
	sp_map_release(&opened);
	find_left_out(usage, plan, &lists->left_out);
}

/* "A, B, C and 4 more" */
static const char *examples(struct sp_arena *arena, const struct list *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->paths_nr && i < EXAMPLES; i++)
		text = sp_arena_strf(arena, "%s%s%s", text, i ? ", " : "", list->paths[i]);
	return list->paths_nr <= EXAMPLES ? text :
	       sp_arena_strf(arena, "%s and %zu more", text, list->paths_nr - EXAMPLES);
}

static const char *files(struct sp_arena *arena, size_t nr)
{
	return sp_arena_strf(arena, "%zu file%s", nr, nr == 1 ? "" : "s");
}

void sp_reconcile_notes(struct sp_build *build, struct sp_plan *plan)
{
	struct sp_arena *arena = &build->arena;
	struct lists lists = { 0 };

	if (!build->o->traces.items_nr)
		return;
	for (size_t i = 0; i < build->usage.notes_nr; i++)
		sp_plan_note(plan, build->usage.notes[i].id, "%s", build->usage.notes[i].text);
	compare(&build->usage, plan, &lists);
	if (lists.traced.paths_nr)
		sp_plan_note(plan, "trace-only", "%s came in by --trace alone: %s",
			     files(arena, lists.traced.paths_nr), examples(arena, &lists.traced));
	if (lists.idle.paths_nr)
		sp_plan_note(plan, "trace-idle",
			     "%s in the image (%llu kB) opened in no --trace: %s",
			     files(arena, lists.idle.paths_nr),
			     (unsigned long long)((lists.idle.bytes + 999) / 1000),
			     examples(arena, &lists.idle));
	if (lists.left_out.paths_nr)
		sp_plan_note(plan, "trace-left-out",
			     "%s that the run opened stay%s out, which --add brings in: %s",
			     files(arena, lists.left_out.paths_nr),
			     lists.left_out.paths_nr == 1 ? "s" : "", examples(arena, &lists.left_out));
	release(&lists);
}

static void report_list(struct sp_json *object, const char *key, const struct list *list)
{
	struct sp_json *paths = sp_json_add_array(object, key);

	for (size_t i = 0; i < list->paths_nr; i++)
		sp_json_push_str(paths, list->paths[i]);
}

void sp_reconcile_report(struct sp_build *build, const struct sp_plan *plan,
			 struct sp_json *report)
{
	struct lists lists = { 0 };

	if (!build->o->traces.items_nr)
		return;
	struct sp_json *trace = sp_json_add_object(report, "trace");
	struct sp_json *commands = sp_json_add_array(trace, "commands");
	for (size_t i = 0; i < build->o->traces.items_nr; i++)
		sp_json_push_str(commands, build->o->traces.items[i]);
	compare(&build->usage, plan, &lists);
	report_list(trace, "by_trace_alone", &lists.traced);
	report_list(trace, "never_opened", &lists.idle);
	struct sp_json *out = sp_json_add_array(trace, "left_out");
	for (size_t i = 0; i < lists.left_out.used_nr; i++) {
		struct sp_json *item = sp_json_push_object(out);

		sp_json_add_str(item, "path", lists.left_out.used[i]->path);
		sp_json_add_str(item, "why", lists.left_out.used[i]->unwanted);
	}
	release(&lists);
}
