/*
 * The closed-world proof: the same closure, built once more with the planned
 * image as its only root.  What the loader will map there must be, object for
 * object, what was analysed; then the image starts wherever its platform fits.
 */
#include <string.h>

#include "rootfs/plan_root.h"
#include "rootfs/rootfs.h"

static const struct sp_entry *source_entry(const struct sp_plan *plan, const char *real)
{
	const struct sp_entry *e = sp_plan_find(plan, real);

	return e && e->type == SP_ENTRY_HARDLINK ? sp_plan_find(plan, e->target) : e;
}

static bool same_file(const struct sp_entry *e, const struct sp_object *o)
{
	if (!e || !e->root)
		return false;
	if (e->root == o->root && strcmp(e->source, o->found.real) == 0)
		return true;
	return e->source_st.dev && e->source_st.dev == o->found.st.dev &&
	       e->source_st.ino == o->found.st.ino;
}

/* What makes two files one, as text; of what lies below the plan the path there. */
static const char *identity(struct sp_arena *arena, const struct sp_root *root,
			    const char *path, const struct sp_stat *st)
{
	if (st->lower)
		return sp_arena_strf(arena, "below%s", path);
	return sp_root_identity(root, path, st, arena);
}

/* One file of what lies below the plan. */
static bool both_below(const struct sp_found *a, const struct sp_found *b)
{
	return a->st.lower && b->st.lower && strcmp(a->real, b->real) == 0;
}

/* The files that the replay came to. */
struct replayed {
	struct sp_arena arena;
	struct sp_map files;
};

static void replayed_release(struct replayed *r)
{
	sp_map_release(&r->files);
	sp_arena_release(&r->arena);
}

/* Is each object that was analysed among those of the replay? */
static int compare(struct sp_rootfs *rootfs, const struct sp_closure *closure,
		   const struct sp_closure *replay, struct sp_err *err)
{
	SP_CLEANUP(replayed_release) struct replayed replayed = { 0 };

	for (size_t i = 0; i < replay->objects_nr; i++) {
		const struct sp_found *found = &replay->objects[i].found;
		const struct sp_entry *e = source_entry(rootfs->plan, found->real);

		if (e && e->root)
			sp_map_set(&replayed.files, identity(&replayed.arena, e->root,
							     e->source, &e->source_st), i);
		else if (!e && found->st.lower)
			sp_map_set(&replayed.files, identity(&replayed.arena, NULL, found->real,
							     &found->st), i);
	}
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		const char *file = identity(&replayed.arena, o->root, o->found.real,
					    &o->found.st);

		if (sp_map_get(&replayed.files, file) == SP_MAP_NONE)
			return sp_err_diagnose(err, "not-closed",
					  "%s: in the image its loader would not load it as %s, but something else or nothing; see --exclude, --add and --at",
					  sp_root_show(o->root, o->path), o->image_path);
	}
	if (replay->objects_nr != closure->objects_nr)
		return sp_err_diagnose(err, "not-closed",
				  "%s: in the image its loader would load %zu objects, not the %zu that were analysed",
				  rootfs->entry, replay->objects_nr, closure->objects_nr);
	return 0;
}

/* What was analysed, by the path of its file. */
struct analysed {
	const struct sp_plan *plan;
	const struct sp_closure *closure;
	struct sp_map by_real;
};

/* Facts of a planned file: it is the one that was read, and whoever writes the image
 * checks that it still is, so there is nothing new to read. */
static struct sp_elf *facts_of(void *ctx, const struct sp_found *found)
{
	const struct analysed *a = ctx;
	const struct sp_entry *e = source_entry(a->plan, found->real);
	const char *real = e && e->root ? e->source : found->real;
	size_t i = sp_map_get(&a->by_real, real);

	if (i == SP_MAP_NONE)
		return NULL;
	const struct sp_object *o = &a->closure->objects[i];
	return (e && same_file(e, o)) || (!e && both_below(found, &o->found)) ? o->elf : NULL;
}

/* Libraries that were added or are opened by name are loaded at run time, variants
 * on some CPUs: replay them as well, in the order in which they came. */
static int replay_opened(const struct sp_closure *closure, const struct sp_object *o,
			 struct sp_closure *replay, struct sp_err *err)
{
	const struct sp_object *by = &closure->objects[o->needed_by];
	size_t from = 0;
	bool found;

	for (size_t i = 0; i < replay->objects_nr; i++)
		if (strcmp(replay->objects[i].image_path, by->image_path) == 0)
			from = i;
	return sp_closure_open(replay, from, o->name, &found, err);
}

static int replay_added(const struct sp_closure *closure, struct sp_closure *replay,
			struct sp_root *root, struct sp_err *err)
{
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];

		if (o->rule == SP_RULE_ADDED || o->rule == SP_RULE_VARIANT) {
			if (sp_closure_add(replay, root, o->image_path, o->image_path, err))
				return -1;
		} else if (o->opened && replay_opened(closure, o, replay, err)) {
			return -1;
		}
	}
	return 0;
}

/* What is missing may be so because the base image brings an older C library, which
 * counts, since it is there. */
static int explain(const struct sp_rootfs *rootfs, const struct sp_closure *closure,
		   struct sp_err *err)
{
	const struct sp_object *loader = closure->objects_nr > 1 ? &closure->objects[1] : NULL;

	if (rootfs->plan->lower && closure->problems_nr && !closure->missing_nr && loader &&
	    loader->found.st.lower && closure->loader.libc == SP_LIBC_GLIBC &&
	    closure->loader.version)
		return sp_err_diagnose(err, err->id,
				       "%s; the base image brings its own C library, glibc %s: take a newer base, or a program built for an older system",
				       err->msg, closure->loader.version);
	return -1;
}

static void analysed_release(struct analysed *a)
{
	sp_map_release(&a->by_real);
}

static int prove_one(struct sp_rootfs *rootfs, struct sp_closure *closure,
		     struct sp_root *root, struct sp_err *err)
{
	const char *entry = closure->objects[0].image_path;
	SP_CLEANUP(analysed_release) struct analysed analysed = {
		.plan = rootfs->plan, .closure = closure };
	struct sp_closure *replay = NULL;
	struct sp_start start = {
		.root = root, .path = entry, .image_path = entry, .libs = root,
		.library_path = rootfs->library_path, .preload = rootfs->preload,
		.known = { facts_of, &analysed },
	};
	int rc = -1;

	if ((rootfs->bind_now && sp_closure_check_symbols(closure, err)) ||
	    (sp_closure_check(closure, err) && explain(rootfs, closure, err)))
		return sp_err_wrap(err, "%s", sp_root_show(closure->objects[0].root,
							   closure->objects[0].path));
	for (size_t i = 0; i < closure->objects_nr; i++)
		sp_map_set(&analysed.by_real, closure->objects[i].found.real, i);
	if (sp_closure_build(&start, &replay, err) ||
	    replay_added(closure, replay, root, err) || sp_closure_check(replay, err))
		sp_err_wrap(err, "the image would not start");
	else
		rc = compare(rootfs, closure, replay, err);
	sp_closure_free(replay);
	return rc;
}

int sp_rootfs_prove(struct sp_rootfs *rootfs, struct sp_err *err)
{
	struct sp_root *root = sp_plan_root_new(rootfs->plan, rootfs->plan->lower);
	int rc = sp_accounts_check(rootfs, root, err);

	if (!rc)
		rc = prove_one(rootfs, rootfs->closure, root, err);
	for (size_t i = 0; !rc && i < rootfs->others_nr; i++)
		rc = prove_one(rootfs, rootfs->others[i], root, err);
	sp_root_free(root);
	return rc;
}
