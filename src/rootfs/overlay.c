/*
 * An overlay: entries by path, and a root below for what has none.
 */
#include "rootfs/overlay.h"

#include <string.h>

#include "base/path.h"
#include "base/vec.h"

struct sp_overlay {
	struct sp_arena arena;
	struct sp_root *lower;		/* may be NULL */
	struct sp_entry *entries;	/* one a path, in the order of their first putting */
	size_t entries_nr, entries_alloc;
	struct sp_map by_path;
};

struct sp_overlay *sp_overlay_new(struct sp_root *lower)
{
	struct sp_overlay *overlay = sp_calloc(1, sizeof(*overlay));

	overlay->lower = lower;
	return overlay;
}

void sp_overlay_free(struct sp_overlay *overlay)
{
	if (!overlay)
		return;
	sp_map_release(&overlay->by_path);
	free(overlay->entries);
	sp_arena_release(&overlay->arena);
	free(overlay);
}

static void store(struct sp_overlay *overlay, const struct sp_entry *entry)
{
	const char *path = sp_arena_strdup(&overlay->arena, entry->path);
	struct sp_entry copy = sp_entry_copy(entry, path, &overlay->arena);
	size_t at = sp_map_get(&overlay->by_path, path);

	if (at != SP_MAP_NONE) {
		overlay->entries[at] = copy;
		return;
	}
	sp_map_set(&overlay->by_path, path, overlay->entries_nr);
	*SP_VEC_PUSH(overlay->entries) = copy;
}

struct sp_overlay *sp_overlay_copy(const struct sp_overlay *from)
{
	struct sp_overlay *overlay = sp_overlay_new(from->lower);

	for (size_t i = 0; i < from->entries_nr; i++)
		store(overlay, &from->entries[i]);
	return overlay;
}

/* What is at a path whose parents are no links. */
static int look(struct sp_overlay *overlay, const char *path, struct sp_stat *ret,
		const char **ret_target, struct sp_err *err)
{
	size_t at = sp_map_get(&overlay->by_path, path);

	*ret = (struct sp_stat){ .type = SP_ABSENT };
	*ret_target = NULL;
	if (strcmp(path, "/") == 0) {
		*ret = (struct sp_stat){ .type = SP_DIR, .mode = 0755 };
		return 0;
	}
	if (at == SP_MAP_NONE)
		return overlay->lower ?
			       sp_root_lstat(overlay->lower, path, ret, ret_target, err) : 0;
	const struct sp_entry *e = &overlay->entries[at];
	*ret = (struct sp_stat){
		.type = e->type == SP_ENTRY_DIR ? SP_DIR :
			e->type == SP_ENTRY_SYMLINK ? SP_SYMLINK : SP_FILE,
		.mode = e->mode, .uid = e->uid, .gid = e->gid, .size = e->size,
	};
	*ret_target = e->target;
	return 0;
}

/* A walk: done is where it is, rest what is still to go. */
struct walk {
	const char *done, *rest;
	int links;
};

static void step(struct sp_overlay *overlay, struct walk *w, const char **ret_name)
{
	w->rest += strspn(w->rest, "/");
	size_t len = strcspn(w->rest, "/");

	*ret_name = sp_arena_strndup(&overlay->arena, w->rest, len);
	w->rest += len;
	w->rest += strspn(w->rest, "/");
}

static int follow_link(struct sp_overlay *overlay, struct walk *w, const char *path,
		       const char *target, struct sp_err *err)
{
	if (++w->links > SP_LINKS_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: the symbolic links on the way to it go round in a circle, or are more than %d",
				  path, SP_LINKS_MAX);
	w->rest = sp_path_join(&overlay->arena, target, w->rest);
	if (target[0] == '/')
		w->done = "/";
	return 0;
}

int sp_overlay_resolve(struct sp_overlay *overlay, const char *path, bool follow,
		       const char **ret_path, struct sp_stat *ret_st, struct sp_err *err)
{
	struct walk w = { .done = "/", .rest = path };
	const char *target, *name;
	struct sp_stat st = { .type = SP_DIR, .mode = 0755 };

	if (strlen(path) > SP_PATH_MAX)
		return sp_err_set(err, SP_EUSAGE, "%.60s...: this path is longer than %d bytes",
				  path, SP_PATH_MAX);
	for (;;) {
		step(overlay, &w, &name);
		if (!*name)
			break;
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			w.done = sp_path_dirname(&overlay->arena, w.done);
			continue;
		}
		const char *at = sp_path_join(&overlay->arena, w.done, name);
		if (look(overlay, at, &st, &target, err))
			return -1;
		if (st.type == SP_SYMLINK && (follow || *w.rest)) {
			if (follow_link(overlay, &w, path, target, err))
				return -1;
			continue;
		}
		if (*w.rest && st.type != SP_DIR && st.type != SP_ABSENT)
			return sp_err_set(err, SP_EUSAGE, "%s: %s is in the way, which is no directory",
					  path, at);
		w.done = at;
	}
	if (look(overlay, w.done, &st, &target, err))
		return -1;
	*ret_path = w.done;
	*ret_st = st;
	return 0;
}

int sp_overlay_mkdirs(struct sp_overlay *overlay, const char *path,
		      const struct sp_owner *owner, const struct sp_reason *reason,
		      const char **ret_path, struct sp_err *err)
{
	const char *real, *target;
	struct sp_stat st;

	if (sp_overlay_resolve(overlay, path, true, &real, &st, err))
		return -1;
	if (st.type != SP_DIR && st.type != SP_ABSENT)
		return sp_err_set(err, SP_EUSAGE, "%s: is there already, and is no directory", real);
	const char *problem = sp_path_problem(real);
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "%s: this path %s", real, problem);
	/* the path has no links any more: what lacks is a tail of it */
	for (size_t len = 1; ; len++) {
		if (real[len] != '/' && real[len] != '\0')
			continue;
		const char *dir = sp_arena_strndup(&overlay->arena, real, len);

		if (look(overlay, dir, &st, &target, err))
			return -1;
		if (st.type == SP_ABSENT)
			store(overlay, &(struct sp_entry){
				.path = dir, .type = SP_ENTRY_DIR, .mode = 0755,
				.uid = owner->uid, .gid = owner->gid, .reason = *reason });
		if (!real[len])
			break;
	}
	if (ret_path)
		*ret_path = real;
	return 0;
}

int sp_overlay_put(struct sp_overlay *overlay, const struct sp_entry *entry,
		   struct sp_err *err)
{
	const char *problem = sp_path_problem(entry->path), *target;
	bool dir = entry->type == SP_ENTRY_DIR;
	struct sp_stat st;

	if (problem)
		return sp_err_set(err, SP_EUSAGE, "%s: this path %s", entry->path, problem);
	if (look(overlay, entry->path, &st, &target, err))
		return -1;
	if (st.type != SP_ABSENT && (st.type == SP_DIR) != dir)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: is %s already, and %s cannot take its place; choose another destination",
				  entry->path, sp_type_name(st.type), dir ? "a directory" : "a file");
	if (overlay->entries_nr == SP_PLAN_ENTRIES_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: more than %d files and directories in one image",
				  entry->path, SP_PLAN_ENTRIES_MAX);
	store(overlay, entry);
	return 0;
}

int sp_overlay_read(struct sp_overlay *overlay, const char *path, size_t limit,
		    char **ret, size_t *ret_len, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_root *root = overlay->lower;
	const char *real;
	struct sp_stat st;

	*ret = NULL;
	if (sp_overlay_resolve(overlay, path, true, &real, &st, err))
		return -1;
	if (st.type != SP_FILE || st.size > limit)
		return 0;
	size_t at = sp_map_get(&overlay->by_path, real);
	const struct sp_entry *e = at == SP_MAP_NONE ? NULL : &overlay->entries[at];
	sp_autofree char *text = sp_calloc(1, st.size + 1);

	if (e && !e->root) {
		if (e->size)
			memcpy(text, e->content, e->size);
		*ret_len = e->size;
	} else if (sp_root_open(e ? e->root : root, e ? e->source : real, &file, err) ||
		   sp_file_pread(&file, text, st.size, 0, ret_len, err)) {
		return -1;
	}
	*ret = sp_steal_ptr(&text);
	return 0;
}

/* Directories of the lower root above an entry: a layer holds them as well, and what
 * it says of their mode and owner is what counts. */
static int add_parents(const struct sp_overlay *overlay, const char *path,
		       struct sp_plan *plan, struct sp_map *known, struct sp_err *err)
{
	struct sp_arena *arena = &plan->arena;
	const char *target;
	struct sp_stat st;

	for (const char *dir = sp_path_dirname(arena, path); strcmp(dir, "/") != 0;
	     dir = sp_path_dirname(arena, dir)) {
		if (sp_map_get(&overlay->by_path, dir) != SP_MAP_NONE ||
		    sp_map_get(known, dir) != SP_MAP_NONE)
			continue;
		sp_map_set(known, dir, 0);
		if (sp_root_lstat(overlay->lower, dir, &st, &target, err) ||
		    sp_plan_add(plan, &(struct sp_entry){
				.path = dir, .type = SP_ENTRY_DIR, .mode = st.mode,
				.uid = st.uid, .gid = st.gid,
				.reason = { SP_BECAUSE_PARENT, path, NULL } }, err))
			return -1;
	}
	return 0;
}

static void plan_freep(struct sp_plan **plan)
{
	sp_plan_free(*plan);
}

int sp_overlay_plan(const struct sp_overlay *overlay, struct sp_plan **ret,
		    struct sp_err *err)
{
	SP_CLEANUP(plan_freep) struct sp_plan *plan = sp_plan_new();
	SP_CLEANUP(sp_map_release) struct sp_map known = { 0 };

	for (size_t i = 0; i < overlay->entries_nr; i++)
		if (sp_plan_add(plan, &overlay->entries[i], err) ||
		    (overlay->lower &&
		     add_parents(overlay, overlay->entries[i].path, plan, &known, err)))
			return -1;
	*ret = sp_steal_ptr(&plan);
	return 0;
}
