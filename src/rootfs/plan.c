/*
 * The plan: adding to it, looking into it, and the words for its reasons.  How
 * it is put in order is plan_finish.c's business.
 */
#include "rootfs/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/vec.h"

struct sp_plan *sp_plan_new(void)
{
	return sp_calloc(1, sizeof(struct sp_plan));
}

void sp_plan_free(struct sp_plan *plan)
{
	if (!plan)
		return;
	sp_map_release(&plan->by_path);
	free(plan->entries);
	free(plan->notes);
	free(plan->excludes);
	sp_arena_release(&plan->arena);
	free(plan);
}

static const char *keep(struct sp_arena *arena, const char *s)
{
	return s ? sp_arena_strdup(arena, s) : NULL;
}

struct sp_entry sp_entry_copy(const struct sp_entry *entry, const char *path,
			      struct sp_arena *arena)
{
	struct sp_entry copy = *entry;

	copy.path = path;
	copy.source = keep(arena, entry->source);
	copy.target = keep(arena, entry->target);
	copy.reason.by = keep(arena, entry->reason.by);
	copy.reason.detail = keep(arena, entry->reason.detail);
	if (entry->content)
		copy.content = sp_arena_memdup(arena, entry->content, entry->size);
	if (entry->caps)
		copy.caps = sp_arena_memdup(arena, entry->caps, entry->caps_len);
	return copy;
}

int sp_plan_add(struct sp_plan *plan, const struct sp_entry *entry, struct sp_err *err)
{
	const char *path = sp_path_clean(&plan->arena, entry->path);
	const char *problem = sp_path_problem(path);

	if (problem)
		return sp_err_set(err, SP_EUSAGE, "%s: this path %s", path, problem);
	if (plan->entries_nr == SP_PLAN_ENTRIES_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: more than %d files and directories in one image",
				  path, SP_PLAN_ENTRIES_MAX);
	struct sp_entry copy = sp_entry_copy(entry, path, &plan->arena);
	copy.order = plan->entries_nr;
	*SP_VEC_PUSH(plan->entries) = copy;
	return 0;
}

void sp_plan_exclude(struct sp_plan *plan, const char *glob)
{
	*SP_VEC_PUSH(plan->excludes) = keep(&plan->arena, glob);
}

const struct sp_entry *sp_plan_find(const struct sp_plan *plan, const char *path)
{
	size_t at = sp_map_get(&plan->by_path, path);

	return at == SP_MAP_NONE ? NULL : &plan->entries[at];
}

uint64_t sp_plan_size(const struct sp_plan *plan)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < plan->entries_nr; i++)
		sum += plan->entries[i].size;
	return sum;
}

void sp_plan_note(struct sp_plan *plan, const char *id, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < plan->notes_nr; i++)
		if (strcmp(plan->notes[i].id, id) == 0 &&
		    strcmp(plan->notes[i].text, text) == 0)
			return;
	*SP_VEC_PUSH(plan->notes) = (struct sp_note){
		keep(&plan->arena, id), keep(&plan->arena, text) };
}

const char *sp_reason_kind_name(enum sp_reason_kind kind)
{
	static const char *const names[] = {
		[SP_BECAUSE_PROGRAM] = "program",
		[SP_BECAUSE_INTERPRETER] = "interpreter",
		[SP_BECAUSE_NEEDED] = "needed",
		[SP_BECAUSE_LINK] = "link",
		[SP_BECAUSE_PARENT] = "parent",
		[SP_BECAUSE_LOADER] = "loader",
		[SP_BECAUSE_ADDED] = "added",
		[SP_BECAUSE_NEED] = "need",
		[SP_BECAUSE_TRACED] = "traced",
		[SP_BECAUSE_CONFIG] = "config",
	};

	return names[kind];
}

const char *sp_reason_str(const struct sp_reason *reason, struct sp_arena *arena)
{
	const char *by = reason->by ? reason->by : "";
	const char *detail = reason->detail ? reason->detail : "";

	switch (reason->kind) {
	case SP_BECAUSE_PROGRAM:
		return "the program";
	case SP_BECAUSE_INTERPRETER:
		return sp_arena_strf(arena, "starts %s (%s)", by, detail);
	case SP_BECAUSE_NEEDED:
		return sp_arena_strf(arena, "needed by %s (%s)", by, detail);
	case SP_BECAUSE_LINK:
		return sp_arena_strf(arena, "link on the way to %s", by);
	case SP_BECAUSE_PARENT:
		return sp_arena_strf(arena, "directory of %s", by);
	case SP_BECAUSE_LOADER:
		return sp_arena_strf(arena, "read by the loader (%s)", detail);
	case SP_BECAUSE_NEED:
		return sp_arena_strf(arena, "needed for %s", detail);
	case SP_BECAUSE_TRACED:
		return sp_arena_strf(arena, "traced: %s", detail);
	case SP_BECAUSE_ADDED:
	case SP_BECAUSE_CONFIG:
		return sp_arena_strf(arena, "asked for by %s", detail);
	}
	return "";
}

const char *sp_entry_type_name(enum sp_entry_type type)
{
	static const char *const names[] = {
		[SP_ENTRY_DIR] = "directory",
		[SP_ENTRY_FILE] = "file",
		[SP_ENTRY_SYMLINK] = "symlink",
		[SP_ENTRY_HARDLINK] = "hardlink",
	};

	return names[type];
}
