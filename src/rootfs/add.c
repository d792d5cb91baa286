/*
 * --add: files and trees as they are, and the closure of every ELF file in them.
 */
#include <string.h>

#include "base/path.h"
#include "elf/kind.h"
#include "rootfs/adding.h"
#include "rootfs/needs.h"
#include "rootfs/places.h"
#include "rootfs/rootfs.h"
#include "rootfs/script.h"
#include "rootfs/secrets.h"

#define DEPTH_MAX 256		/* directories below each other */

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

/* Code for a compiler at run time, where nothing has that compiler, is of no use. */
static int is_idle_bitcode(struct adding *a, struct sp_file *file, const char *real,
			   bool *ret, struct sp_err *err)
{
	static const unsigned char magic[] = { 'B', 'C', 0xc0, 0xde };
	unsigned char head[sizeof(magic)];
	size_t got;

	*ret = false;
	if (a->reason.kind != SP_BECAUSE_NEED)
		return 0;
	if (sp_file_pread(file, head, sizeof(head), 0, &got, err))
		return sp_err_wrap(err, "%s", sp_root_show(a->add->root, real));
	if (got < sizeof(magic) || memcmp(head, magic, sizeof(magic)) != 0)
		return 0;
	*ret = !sp_need_has_library(a->rootfs->needs, "libLLVM");
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
	return sp_adding_closure(a, real, st, image_path, elf, ret_out, err);
}

static int add_file(struct adding *a, const char *real, const struct sp_stat *st,
		    const char *image_path, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	bool out = false;

	if (sp_root_open(a->add->root, real, &file, err)) {
		if (!sp_adding_is_found(a))
			return -1;
		sp_adding_note_left_out(a, real, err->msg);
		*err = (struct sp_err){ 0 };
		return 0;
	}
	if (guard(a, &file, real, &out, err) ||
	    (!out && is_idle_bitcode(a, &file, real, &out, err)))
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

/* Is a link in a tree of plugins the offer of another package, which keeps its library in
 * a directory of its own?  Those who want that package have it in their own tree. */
static int is_offer(struct adding *a, const char *path, bool *ret, struct sp_err *err)
{
	struct sp_found found;

	*ret = false;
	if (a->reason.kind != SP_BECAUSE_NEED || !sp_place_is_library(sp_path_basename(path)))
		return 0;
	if (sp_root_resolve(a->add->root, path, &found, err))
		return -1;
	unsigned len = found.real ? sp_place_package(found.real) : 0;
	*ret = len && found.real[len] == '/' && strncmp(path, found.real, len + 1) != 0;
	if (*ret)
		sp_plan_note(a->rootfs->plan, "offer",
			     "%s leads to %s, of another package, and is left out; --add it, or --trace a run, if the program needs it",
			     path, found.real);
	return 0;
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

static int add_link(struct adding *a, const char *path, const char *target,
		    const char *image_path, struct sp_err *err)
{
	bool offer;

	if (is_offer(a, path, &offer, err))
		return -1;
	if (offer)
		return 0;
	if (sp_plan_add(a->rootfs->plan, &(struct sp_entry){
			.path = image_path, .type = SP_ENTRY_SYMLINK, .mode = 0777,
			.target = target, .reason = a->reason }, err))
		return -1;
	return a->add->follow_links ? add_target(a, path, err) : 0;
}

/* Nobody asked for this file: then what only some of this machine's users may read is none
 * of the program's own. */
static bool is_private(struct adding *a, const char *path, const struct sp_stat *st)
{
	if (!a->add->public || (st->type != SP_FILE && st->type != SP_DIR) ||
	    sp_place_is_public(st))
		return false;
	if (a->private_nr++ == 0)
		a->private = path;
	return true;
}

static void note_private(struct adding *a)
{
	const char *path = sp_root_show(a->add->root, a->private);

	if (a->private_nr == 1)
		sp_plan_note(a->rootfs->plan, "private",
			     "%s may not be read by everybody, so it is left out; --add it, or --trace a run, if the program needs it",
			     path);
	else
		sp_plan_note(a->rootfs->plan, "private",
			     "%s and %zu more in %s may not be read by everybody, so they are left out; --add them, or --trace a run, if the program needs them",
			     path, a->private_nr - 1, sp_root_show(a->add->root, a->add->source));
}

static int add_any(struct adding *a, const char *path, const struct sp_stat *st,
		   const char *target, const char *image_path, int depth,
		   struct sp_err *err)
{
	struct sp_entry entry = {
		.path = image_path, .mode = st->mode,
		.reason = a->reason,
	};

	if (is_private(a, path, st))
		return 0;
	switch (st->type) {
	case SP_FILE:
		return add_file(a, path, st, image_path, err);
	case SP_DIR:
		entry.type = SP_ENTRY_DIR;
		if (sp_plan_add(a->rootfs->plan, &entry, err))
			return -1;
		return a->add->shallow ? 0 : add_tree(a, path, image_path, depth + 1, err);
	case SP_SYMLINK:
		return add_link(a, path, target, image_path, err);
	default:
		sp_plan_note(a->rootfs->plan, "special-file",
			     "%s is a device, FIFO or socket; it is left out",
			     sp_root_show(a->add->root, path));
		return 0;
	}
}

/* Nothing but headers, and not where a compiler has its own: those who extend the program
 * compile with them. */
static bool is_for_builders(const struct adding *a, const char *dir, const char *const *names,
			    size_t nr)
{
	if (a->reason.kind != SP_BECAUSE_NEED || strncmp(sp_path_basename(dir), "include", 7) == 0)
		return false;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(names[i]);

		if (len < 3 || strcmp(names[i] + len - 2, ".h") != 0)
			return false;
	}
	return true;
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
	if (is_for_builders(a, dir, names, names_nr))
		return 0;
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
	    sp_adding_waiting(&a, &later, err))
		return sp_err_wrap(err, "--add %s", sp_root_show(add->root, add->source));
	if (a.private_nr)
		note_private(&a);
	return 0;
}
