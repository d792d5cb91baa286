/*
 * Putting a plan in order, in these steps:
 *
 *  1. entries below a symbolic link of the plan, or of what lies below it, move to where
 *     that leads, since a layer with a file below a link is read differently by
 *     different engines;
 *  2. what is excluded goes;
 *  3. entries of one path become one, or are a conflict;
 *  4. what is there below already goes (plan_lower.c);
 *  5. parent directories are added;
 *  6. files of one inode become hard links.
 */
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/plan_lower.h"

/* Both lists below are rebuilt after links have moved, at most this often. */
#define ROUNDS_MAX 8

struct links {
	struct sp_map by_path;		/* to entries */
	struct sp_map straight;		/* directories on the way to which there is none */
};

static void links_release(struct links *links)
{
	sp_map_release(&links->by_path);
	sp_map_release(&links->straight);
}

static void map_links(struct sp_plan *plan, struct links *links)
{
	links_release(links);
	for (size_t i = 0; i < plan->entries_nr; i++)
		if (plan->entries[i].type == SP_ENTRY_SYMLINK)
			sp_map_set(&links->by_path, plan->entries[i].path, i);
}

/* Begin with the directory of path, if it is known that no link leads away from it.
 * Returns what is left to walk. */
static const char *begin(const struct links *links, const char *path, struct sp_buf *done)
{
	size_t len = (size_t)(sp_path_basename(path) - path);

	if (!len)
		return path;
	sp_buf_add(done, path, len - 1);
	if (sp_map_get(&links->straight, done->data) != SP_MAP_NONE)
		return path + len - 1;
	sp_buf_reset(done);
	return path;
}

static void keep_straight(struct sp_plan *plan, struct links *links, const char *path)
{
	sp_map_set(&links->straight, sp_path_dirname(&plan->arena, path), 0);
}

/* Put target and what is left of the path in place of what has been walked. */
static const char *substitute(struct sp_arena *arena, const struct sp_buf *done,
			      const char *target, const char *rest)
{
	char *base = target[0] == '/' ?
			     sp_arena_strdup(arena, target) :
			     sp_path_join(arena, sp_path_dirname(arena, done->data), target);

	return sp_path_clean(arena, sp_path_join(arena, base, rest));
}

/* The text of the link at path, in the plan or below it; *ret NULL if there is none. */
static int link_at(struct sp_plan *plan, const struct links *links, const char *path,
		   const char **ret, struct sp_err *err)
{
	size_t link = sp_map_get(&links->by_path, path);

	if (link == SP_MAP_NONE)
		return sp_plan_lower_link(plan, path, ret, err);
	*ret = plan->entries[link].target;
	return 0;
}

/*
 * Where path really is once the links of the plan are followed; with whole, also
 * one at the very end.  ".." in a target is taken out by its text: the targets'
 * own parents are resolved on the next turn.
 */
static int resolve(struct sp_plan *plan, struct links *links, const char *path,
		   bool whole, const char **ret, struct sp_err *err)
{
	const char *at = path;

	for (int followed = 0; followed <= SP_LINKS_MAX; followed++) {
		sp_autobuf struct sp_buf done = { 0 };
		const char *next = NULL;

		const char *start = begin(links, at, &done);
		for (const char *p = start; *p && !next;) {
			p += strspn(p, "/");
			size_t len = strcspn(p, "/");

			sp_buf_addch(&done, '/');
			sp_buf_add(&done, p, len);
			p += len;
			const char *target;
			if (!whole && !*p)
				break;
			if (link_at(plan, links, done.data, &target, err))
				return -1;
			if (target)
				next = substitute(&plan->arena, &done, target, p);
		}
		if (!next) {
			if (start == at)
				keep_straight(plan, links, at);
			*ret = at;
			return 0;
		}
		at = next;
	}
	return sp_err_set(err, SP_EUSAGE,
			  "%s: the symbolic links on the way to it go round in a circle",
			  path);
}

static int move_below_links(struct sp_plan *plan, struct sp_err *err)
{
	SP_CLEANUP(links_release) struct links links = { 0 };
	bool moved = true;

	for (int round = 0; moved && round < ROUNDS_MAX; round++) {
		map_links(plan, &links);
		moved = false;
		if (!links.by_path.nr && !plan->lower)
			return 0;
		for (size_t i = 0; i < plan->entries_nr; i++) {
			struct sp_entry *e = &plan->entries[i];
			const char *path;

			if (resolve(plan, &links, e->path, e->type == SP_ENTRY_DIR,
				    &path, err))
				return -1;
			moved |= strcmp(path, e->path) != 0;
			e->path = path;
			if (e->reason.by &&
			    resolve(plan, &links, e->reason.by, true, &e->reason.by, err))
				return -1;
		}
	}
	return 0;
}

static void apply_excludes(struct sp_plan *plan)
{
	for (size_t x = 0; x < plan->excludes_nr; x++) {
		size_t kept = 0, before = plan->entries_nr;

		for (size_t i = 0; i < before; i++)
			if (!sp_path_match(plan->excludes[x], plan->entries[i].path))
				plan->entries[kept++] = plan->entries[i];
		plan->entries_nr = kept;
		if (kept == before)
			sp_plan_note(plan, "exclude-unmatched",
				     "--exclude %s matches nothing in the image",
				     plan->excludes[x]);
	}
}

/* Sort by path; of one path the stronger reason first, then the earlier request. */
static int by_path(const void *a, const void *b)
{
	const struct sp_entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	if (x->reason.kind != y->reason.kind)
		return x->reason.kind < y->reason.kind ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static bool same_thing(const struct sp_entry *a, const struct sp_entry *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == SP_ENTRY_DIR)
		return true;
	if (a->type == SP_ENTRY_SYMLINK)
		return strcmp(a->target, b->target) == 0;
	if (!a->root || !b->root)
		return !a->root && !b->root && a->size == b->size &&
		       memcmp(a->content, b->content, a->size) == 0;
	return (a->root == b->root && strcmp(a->source, b->source) == 0) ||
	       (a->source_st.dev && a->source_st.dev == b->source_st.dev &&
		a->source_st.ino == b->source_st.ino);
}

static const char *origin_of(struct sp_plan *plan, const struct sp_entry *e)
{
	if (e->type == SP_ENTRY_FILE && e->root)
		return sp_root_show(e->root, e->source);
	if (e->type == SP_ENTRY_SYMLINK)
		return sp_arena_strf(&plan->arena, "a link to %s", e->target);
	return e->type == SP_ENTRY_DIR ? "a directory" : "a file made by scratchpack";
}

static int conflict(struct sp_plan *plan, const struct sp_entry *a,
		    const struct sp_entry *b, struct sp_err *err)
{
	return sp_err_set(err, SP_EUSAGE,
			  "%s: two things claim this path in the image: %s (%s) and %s (%s); give one another place or --exclude it",
			  a->path, origin_of(plan, a), sp_reason_str(&a->reason, &plan->arena),
			  origin_of(plan, b), sp_reason_str(&b->reason, &plan->arena));
}

/* What the user added stands above what an option made up, and what a run used of this
 * machine's below all. */
static bool yields(const struct sp_entry *weak, const struct sp_entry *strong)
{
	if (weak->reason.kind == SP_BECAUSE_TRACED && weak->type == SP_ENTRY_FILE)
		return strong->type == SP_ENTRY_FILE;
	return weak->reason.kind == SP_BECAUSE_CONFIG &&
	       strong->reason.kind == SP_BECAUSE_ADDED && weak->type == strong->type;
}

static int merge(struct sp_plan *plan, struct sp_err *err)
{
	size_t kept = 0;

	if (plan->entries_nr)
		qsort(plan->entries, plan->entries_nr, sizeof(*plan->entries), by_path);
	for (size_t i = 0; i < plan->entries_nr; i++) {
		struct sp_entry *e = &plan->entries[i];
		struct sp_entry *last = kept ? &plan->entries[kept - 1] : NULL;

		if (!last || strcmp(last->path, e->path) != 0)
			plan->entries[kept++] = *e;
		else if (e->reason.kind == SP_BECAUSE_CONFIG && yields(last, e))
			*last = *e;
		else if (!same_thing(last, e) && !yields(e, last))
			return conflict(plan, last, e, err);
		/* the last --add of a directory decides its mode, as with COPY */
		else if (e->type == SP_ENTRY_DIR && e->reason.kind == SP_BECAUSE_ADDED)
			last->mode = e->mode;
	}
	plan->entries_nr = kept;
	return 0;
}

static unsigned parent_mode(const char *path)
{
	bool open_to_all = strcmp(path, "/tmp") == 0 || strcmp(path, "/var/tmp") == 0;

	return open_to_all ? 01777 : 0755;
}

/* Add the directories above entry i that nobody has asked for. */
static int add_parents(struct sp_plan *plan, size_t i, struct sp_err *err)
{
	const char *child = plan->entries[i].path;

	for (;;) {
		const char *path = sp_path_dirname(&plan->arena, child);

		if (strcmp(path, "/") == 0)
			return 0;
		size_t at = sp_map_get(&plan->by_path, path);
		if (at != SP_MAP_NONE) {
			if (plan->entries[at].type == SP_ENTRY_DIR)
				return 0;
			return sp_err_set(err, SP_EUSAGE,
					  "%s: cannot stand below %s, which is %s (%s)",
					  plan->entries[i].path, path,
					  origin_of(plan, &plan->entries[at]),
					  sp_reason_str(&plan->entries[at].reason, &plan->arena));
		}
		sp_map_set(&plan->by_path, path, plan->entries_nr);
		struct sp_entry *dir = SP_VEC_PUSH(plan->entries);
		*dir = (struct sp_entry){
			.path = path, .type = SP_ENTRY_DIR, .mode = parent_mode(path),
			.reason = { SP_BECAUSE_PARENT, plan->entries[i].path, NULL },
		};
		if (sp_plan_lower_parent(plan, dir, plan->entries[i].path, err))
			return -1;
		child = path;
	}
}

static void map_paths(struct sp_plan *plan)
{
	sp_map_release(&plan->by_path);
	for (size_t i = 0; i < plan->entries_nr; i++)
		sp_map_set(&plan->by_path, plan->entries[i].path, i);
}

/* Files that are one file on disk are one in the layer: the first in the order
 * of paths is the file, the others links to it (layer.md: target comes first).  A library
 * with one name has several paths where directories are mounted twice, and its loader
 * knows it by its inode; another file that is wanted twice is two. */
static void link_files(struct sp_plan *plan)
{
	SP_CLEANUP(sp_map_release) struct sp_map seen = { 0 };

	for (size_t i = 0; i < plan->entries_nr; i++) {
		struct sp_entry *e = &plan->entries[i];

		if (e->type != SP_ENTRY_FILE || !e->root || !e->source_st.dev ||
		    (e->source_st.nlink < 2 && e->reason.kind != SP_BECAUSE_NEEDED))
			continue;
		const char *key = sp_arena_strf(&plan->arena, "%llx:%llx:%x:%x:%x:%x",
						(unsigned long long)e->source_st.dev,
						(unsigned long long)e->source_st.ino,
						e->mode, e->uid, e->gid, e->group);
		size_t first = sp_map_get(&seen, key);
		if (first == SP_MAP_NONE) {
			sp_map_set(&seen, key, i);
			continue;
		}
		e->type = SP_ENTRY_HARDLINK;
		e->target = plan->entries[first].path;
		e->size = 0;
	}
}

/* The root directory itself is never an entry: engines disagree about it. */
static void drop_root(struct sp_plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->entries_nr; i++)
		if (strcmp(plan->entries[i].path, "/") != 0)
			plan->entries[kept++] = plan->entries[i];
	plan->entries_nr = kept;
}

int sp_plan_finish(struct sp_plan *plan, struct sp_err *err)
{
	if (move_below_links(plan, err))
		return -1;
	drop_root(plan);
	apply_excludes(plan);
	if (merge(plan, err) || sp_plan_lower_settle(plan, err))
		return -1;
	map_paths(plan);
	for (size_t i = 0, nr = plan->entries_nr; i < nr; i++)
		if (add_parents(plan, i, err))
			return -1;
	if (plan->entries_nr)
		qsort(plan->entries, plan->entries_nr, sizeof(*plan->entries), by_path);
	map_paths(plan);
	link_files(plan);
	return 0;
}
