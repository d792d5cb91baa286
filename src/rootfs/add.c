/*
 * --add: files and trees as they are, and the closure of every ELF file in them.
 */
#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "elf/kind.h"
#include "elf/platform.h"
#include "rootfs/needs.h"
#include "rootfs/rootfs.h"
#include "rootfs/script.h"
#include "rootfs/secrets.h"

#define DEPTH_MAX 256		/* directories below each other */

/* One --add while it is carried out. */
struct adding {
	struct sp_rootfs *rootfs;
	const struct sp_rootfs_options *options;
	const struct sp_add *add;
	struct sp_reason reason;	/* of all its entries */
	struct later *later;		/* where to put what may be met once all is there, or NULL */
};

/* Libraries whose own libraries are not there, or not yet: those of a tree may need each
 * other, by names under which a program has opened them before. */
struct later {
	struct waiting {
		const char *path, *image_path, *why;
		struct sp_stat st;
	} *waiting;
	size_t waiting_nr, waiting_alloc;
};

/* What is only found may lack something: it is left out then, and that is said. */
static bool is_found(const struct adding *a)
{
	return a->reason.kind == SP_BECAUSE_NEED || a->reason.kind == SP_BECAUSE_TRACED;
}

static void note_left_out(struct adding *a, const char *path, const char *why)
{
	sp_plan_note(a->rootfs->plan, "left-out", "%s cannot be loaded here and is left out: %s",
		     path, why);
}

static void closure_freep(struct sp_closure **closure)
{
	sp_closure_free(*closure);
}

/* Is this file, perhaps under another name, a program whose closure is known? */
static bool is_known_program(const struct adding *a, const struct sp_stat *st)
{
	for (size_t i = 0; st->dev && i <= a->rootfs->others_nr; i++) {
		const struct sp_closure *c = i ? a->rootfs->others[i - 1] : a->rootfs->closure;

		if (c->objects[0].found.st.dev == st->dev &&
		    c->objects[0].found.st.ino == st->ino &&
		    strcmp(c->objects[0].path, c->objects[0].image_path) == 0)
			return true;
	}
	return false;
}

/* A program of its own: it has a loader, so it gets a closure of its own.  *ret_out: it
 * cannot start. */
static int add_program(struct adding *a, const char *path, const char *image_path,
		       bool *ret_out, struct sp_err *err)
{
	SP_CLEANUP(closure_freep) struct sp_closure *closure = NULL;
	struct sp_start start = {
		.root = a->add->root, .path = path, .image_path = image_path,
		.libs = a->options->libs, .library_path = a->options->library_path,
		.preload = a->options->preload, .watch = sp_needs_watch(a->rootfs->needs),
	};

	int rc = sp_closure_build(&start, &closure, err);

	if (is_found(a)) {
		if (rc && err->code != SP_EPROGRAM)
			return -1;
		if (rc || sp_closure_check(closure, err)) {
			note_left_out(a, path, err->msg);
			*err = (struct sp_err){ 0 };
			*ret_out = true;
			return 0;
		}
	} else if (rc) {
		return -1;
	}
	*SP_VEC_PUSH(a->rootfs->others) = closure;
	return sp_gather_closure(a->rootfs, sp_steal_ptr(&closure), &a->reason, err);
}

static bool same_machine(const struct sp_elf *a, const struct sp_elf *b)
{
	return a->machine == b->machine && a->bits == b->bits &&
	       a->big_endian == b->big_endian;
}

/* The links on the way to a path that keeps its place in the image. */
static int add_way(struct adding *a, const struct sp_found *found, struct sp_err *err)
{
	for (size_t i = 0; i < found->links_nr; i++)
		if (sp_plan_add(a->rootfs->plan, &(struct sp_entry){
				.path = found->links[i].path, .type = SP_ENTRY_SYMLINK,
				.mode = 0777, .target = found->links[i].target,
				.reason = a->reason }, err))
			return -1;
	return 0;
}

/*
 * A script that a run executed: the kernel opened its interpreter, by the name in the first
 * line, and the trace saw only which file that was.  The links on the way must be there.
 */
static int add_interpreter(struct adding *a, struct sp_file *file, const struct sp_stat *st,
			   struct sp_err *err)
{
	struct sp_add interpreter = *a->add;
	struct sp_err refused = { 0 };
	struct sp_script script;
	struct sp_found found;

	if (a->reason.kind != SP_BECAUSE_TRACED || !(st->mode & 0111) || !sp_script_is(file))
		return 0;
	/* the kernel would refuse it as well: so it was only read */
	if (sp_script_read(file, &a->rootfs->plan->arena, &script, &refused))
		return 0;
	if (sp_root_resolve(a->add->root, script.interpreter, &found, err))
		return -1;
	if (!found.real || add_way(a, &found, err))
		return found.real ? -1 : 0;
	interpreter.source = interpreter.dest = found.real;
	interpreter.keeps_path = true;
	/* the kernel goes no further either */
	if (interpreter.scripts++ == SP_SCRIPTS_MAX)
		return 0;
	return sp_add_apply(a->rootfs, &interpreter, a->options, err);
}

static int add_library(struct adding *a, const char *path, const struct sp_stat *st,
		       const char *image_path, bool *ret_out, struct sp_err *err)
{
	struct sp_closure *main = a->rootfs->closure;
	const char *why;
	bool met;

	if (!is_found(a))
		return sp_closure_add(main, a->add->root, path, image_path, err);
	if (sp_closure_try_add(main, a->add->root, path, image_path, &met, &why, err))
		return -1;
	*ret_out = !met;
	if (met)
		return 0;
	if (a->later)
		*SP_VEC_PUSH(a->later->waiting) = (struct waiting){ path, image_path, why, *st };
	else
		note_left_out(a, path, why);
	return 0;
}

/* What an added file is decides what it brings along. */
static int add_closure(struct adding *a, const char *path, const struct sp_stat *st,
		       const char *image_path, const struct sp_elf *elf, bool *ret_out,
		       struct sp_err *err)
{
	struct sp_closure *main = a->rootfs->closure;

	if (elf->interp && sp_kind_of(elf) == SP_KIND_DYNAMIC)
		return is_found(a) && is_known_program(a, st) ?
			       0 : add_program(a, path, image_path, ret_out, err);
	/* one that needs nothing may still be what others need, by its soname */
	if (!elf->has_dynamic || (!elf->needed_nr && !(is_found(a) && elf->soname)))
		return 0;
	if (!same_machine(elf, main->objects[0].elf) || !main->objects[0].elf->interp) {
		sp_plan_note(a->rootfs->plan, "foreign-object",
			     "%s is a library that %s cannot load; it is added without what it needs",
			     image_path, a->rootfs->entry);
		return 0;
	}
	return add_library(a, path, st, image_path, ret_out, err);
}

/* A secret stays out, by its name or by what it begins with: what a user names is
 * refused, what was only found is left out. */
static int guard(struct adding *a, struct sp_file *file, const char *real, bool *ret_out,
		 struct sp_err *err)
{
	sp_autofree char *head = sp_malloc(SP_SECRET_HEAD);
	const char *why = sp_secret_name(real);
	size_t got;

	*ret_out = false;
	if (a->options->allow_secrets)
		return 0;
	if (!why) {
		if (sp_file_pread(file, head, SP_SECRET_HEAD, 0, &got, err))
			return sp_err_wrap(err, "%s", sp_root_show(a->add->root, real));
		why = sp_secret_content(head, got);
	}
	if (!why)
		return 0;
	if (a->reason.kind == SP_BECAUSE_ADDED)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: is %s, which belongs into no image; --exclude it, or say --allow-secrets",
				  sp_root_show(a->add->root, real), why);
	sp_plan_note(a->rootfs->plan, "secret", "%s is %s; it is left out (--add and --allow-secrets bring it in)",
		     sp_root_show(a->add->root, real), why);
	*ret_out = true;
	return 0;
}

/* What comes with a file that may be an ELF file. */
static int add_needs(struct adding *a, struct sp_file *file, const char *real,
		     const struct sp_stat *st, const char *image_path, bool *ret_out,
		     struct sp_err *err)
{
	sp_autoelf struct sp_elf *elf = NULL;
	struct sp_err why = { 0 };

	if (!sp_elf_is(file))
		return add_interpreter(a, file, st, err);
	if (sp_elf_read(file, &elf, &why)) {
		sp_plan_note(a->rootfs->plan, "damaged-object",
			     "%s begins as an ELF file but is none (%s); it is added as data",
			     image_path, why.msg);
		return 0;
	}
	if (sp_kind_of(elf) == SP_KIND_FOREIGN)
		return 0;
	return add_closure(a, real, st, image_path, elf, ret_out, err);
}

static int add_file(struct adding *a, const char *real, const struct sp_stat *st,
		    const char *image_path, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	bool out = false;

	if (sp_root_open(a->add->root, real, &file, err)) {
		if (!is_found(a))
			return -1;
		note_left_out(a, real, err->msg);
		*err = (struct sp_err){ 0 };
		return 0;
	}
	if (guard(a, &file, real, &out, err))
		return -1;
	if (!out && add_needs(a, &file, real, st, image_path, &out, err))
		return -1;
	return out ? 0 :
		     sp_gather_entry(a->rootfs->plan, a->add->root, &file, real, st, image_path,
				     &a->reason, err);
}

static int add_tree(struct adding *a, const char *dir, const char *image_dir, int depth,
		    struct sp_err *err);

/* "--add . -o ./x.tar": the archive of the last run is no part of the next. */
static bool is_own(struct adding *a, const char *path)
{
	if (a->add->root != a->options->root)
		return false;
	for (size_t i = 0; i < a->options->own_nr; i++)
		if (strcmp(a->options->own[i], path) == 0) {
			sp_plan_note(a->rootfs->plan, "own-output",
				     "%s is written by this run; it is left out of what is added",
				     path);
			return true;
		}
	return false;
}

/* What a link in a tree leads to, with the links on the way: a file, or a tree
 * that does not hold the link. */
static int add_target(struct adding *a, const char *path, struct sp_err *err)
{
	struct sp_add target = *a->add;
	struct sp_found found;

	if (sp_root_resolve(a->add->root, path, &found, err))
		return -1;
	if (!found.real || found.st.type == SP_OTHER ||
	    sp_path_within(path, found.real) || sp_path_within(found.real, a->add->source))
		return 0;
	target.source = target.dest = path;
	target.keeps_path = true;
	return sp_add_apply(a->rootfs, &target, a->options, err);
}

static int add_any(struct adding *a, const char *path, const struct sp_stat *st,
		   const char *target, const char *image_path, int depth,
		   struct sp_err *err)
{
	struct sp_entry entry = {
		.path = image_path, .mode = st->mode,
		.reason = a->reason,
	};

	switch (st->type) {
	case SP_FILE:
		return add_file(a, path, st, image_path, err);
	case SP_DIR:
		entry.type = SP_ENTRY_DIR;
		if (sp_plan_add(a->rootfs->plan, &entry, err))
			return -1;
		return a->add->shallow ? 0 : add_tree(a, path, image_path, depth + 1, err);
	case SP_SYMLINK:
		entry.type = SP_ENTRY_SYMLINK;
		entry.mode = 0777;
		entry.target = target;
		if (sp_plan_add(a->rootfs->plan, &entry, err))
			return -1;
		return a->add->follow_links ? add_target(a, path, err) : 0;
	default:
		sp_plan_note(a->rootfs->plan, "special-file",
			     "%s is a device, FIFO or socket; it is left out",
			     sp_root_show(a->add->root, path));
		return 0;
	}
}

static int add_tree(struct adding *a, const char *dir, const char *image_dir, int depth,
		    struct sp_err *err)
{
	struct sp_arena *arena = &a->rootfs->plan->arena;
	const char *const *names;
	size_t names_nr;

	if (depth > DEPTH_MAX)
		return sp_err_set(err, SP_EUSAGE, "%s: more than %d directories deep",
				  sp_root_show(a->add->root, dir), DEPTH_MAX);
	if (sp_root_list(a->add->root, dir, &names, &names_nr, err))
		return -1;
	for (size_t i = 0; i < names_nr; i++) {
		const char *path = sp_path_join(arena, dir, names[i]);
		const char *image_path = sp_path_join(arena, image_dir, names[i]);
		const char *target;
		struct sp_stat st;

		if (sp_root_lstat(a->add->root, path, &st, &target, err))
			return -1;
		if (a->add->skip && sp_map_get(a->add->skip, path) != SP_MAP_NONE)
			continue;
		/* gone since the directory was listed: as if it had never been */
		if (st.type != SP_ABSENT && !is_own(a, path) &&
		    add_any(a, path, &st, target, image_path, depth, err))
			return -1;
	}
	return 0;
}

/* Try once more what waits, as long as that helps any of it. */
static int add_waiting(struct adding *a, struct later *later, struct sp_err *err)
{
	size_t before = SIZE_MAX;

	a->later = NULL;
	while (later->waiting_nr < before) {
		before = later->waiting_nr;
		later->waiting_nr = 0;
		for (size_t i = 0; i < before; i++) {
			struct waiting w = later->waiting[i];
			bool met;

			if (sp_closure_try_add(a->rootfs->closure, a->add->root, w.path,
					       w.image_path, &met, &w.why, err) ||
			    (met && sp_gather_entry(a->rootfs->plan, a->add->root, NULL, w.path,
						    &w.st, w.image_path, &a->reason, err)))
				return -1;
			if (!met)
				later->waiting[later->waiting_nr++] = w;
		}
	}
	for (size_t i = 0; i < later->waiting_nr; i++)
		note_left_out(a, later->waiting[i].path, later->waiting[i].why);
	return 0;
}

static void later_release(struct later *later)
{
	free(later->waiting);
}

int sp_add_apply(struct sp_rootfs *rootfs, const struct sp_add *add,
		 const struct sp_rootfs_options *options, struct sp_err *err)
{
	SP_CLEANUP(later_release) struct later later = { 0 };
	struct adding a = {
		.rootfs = rootfs, .options = options, .add = add, .reason = add->because,
		.later = &later,
	};
	struct sp_found found;

	if (!add->because.kind)
		a.reason = (struct sp_reason){
			SP_BECAUSE_ADDED, NULL,
			sp_arena_strf(&rootfs->plan->arena, "--add %s", add->source) };
	if (sp_root_resolve(add->root, add->source, &found, err))
		return -1;
	if (!found.real && add->may_lack)
		return 0;
	if (!found.real)
		return sp_err_set(err, SP_EFAIL, "--add %s: no such file or directory",
				  sp_root_show(add->root, add->source));
	if (add->keeps_path && add_way(&a, &found, err))
		return -1;
	const char *dest = add->keeps_path ? found.real : add->dest;
	if (found.st.type == SP_OTHER)
		return sp_err_set(err, SP_EUSAGE,
				  "--add %s: is a device, FIFO or socket; only files, directories and links can be added",
				  sp_root_show(add->root, add->source));
	if (add_any(&a, found.real, &found.st, NULL, dest, 0, err) ||
	    add_waiting(&a, &later, err))
		return sp_err_wrap(err, "--add %s", sp_root_show(add->root, add->source));
	return 0;
}
