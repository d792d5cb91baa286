/*
 * Where a closure begins: the program, its loader and what that says of itself, and
 * what is loaded before anything is needed.
 */
#include <string.h>

#include "base/vec.h"
#include "loader/search.h"

/* What the interpreter file says of itself decides which rules are followed. */
static int ask_interpreter(struct sp_closure *closure, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	const struct sp_object *interp = &closure->objects[1];

	if (sp_root_open(interp->root, interp->found.real, &file, err) ||
	    sp_loader_ask(interp->elf, &file, interp->path, &closure->arena,
			  &closure->loader, err))
		return sp_err_wrap(err, "%s: the program loader of %s",
				   sp_root_show(interp->root, interp->path),
				   closure->objects[0].path);
	return 0;
}

/* Without its loader a program fails with "no such file", which says nothing. */
static int missing_loader(struct sp_closure *closure, const char *path, struct sp_err *err)
{
	const struct sp_object *program = &closure->objects[0];
	const char *advice =
		program->elf->go.version && !program->elf->needed_nr ?
			"a Go program built as PIE needs its loader even if it needs no library: build it without -buildmode=pie" :
		strstr(path, "/ld-musl-") ?
			"it is a program for musl: install musl, or give a root that has it (--sysroot)" :
			"install the C library that it was built for, or give a root that has it (--sysroot)";

	return sp_err_diagnose(err, "missing-loader",
			       "%s: its program loader %s is not there; %s", program->path,
			       sp_root_show(closure->libs, path), advice);
}

static int push_interpreter(struct sp_closure *closure, struct sp_err *err)
{
	const struct sp_elf *program = closure->objects[0].elf;
	const char *path = program->interp;
	size_t index;

	if (path[0] != '/')
		return sp_err_diagnose(err, "relative-loader",
				  "%s: its program loader \"%s\" is a relative path; an image needs an absolute one (set it with patchelf --set-interpreter)",
				  closure->objects[0].path, path);
	path = sp_arena_strdup(&closure->arena, path);
	struct sp_found found;
	if (sp_root_resolve(closure->libs, path, &found, err))
		return -1;
	if (!found.real)
		return missing_loader(closure, path, err);
	struct sp_object interp = {
		.name = path, .path = path, .image_path = path, .root = closure->libs,
		.needed_by = 0, .rule = SP_RULE_INTERPRETER, .rule_of = SP_NO_OBJECT,
	};
	if (sp_closure_push_file(closure, &interp, &index, err))
		return sp_err_wrap(err, "the program loader of %s",
				   closure->objects[0].path);
	if (closure->objects[1].elf->bits != program->bits ||
	    closure->objects[1].elf->machine != program->machine)
		return sp_err_diagnose(err, "wrong-architecture",
				  "%s: the program loader of %s is for another machine; a root of the program's own architecture is needed (--sysroot)",
				  sp_root_show(closure->libs, path),
				  closure->objects[0].path);
	*SP_VEC_PUSH(closure->edges) = (struct sp_edge){
		.from = 0, .to = 1, .name = path, .rule = SP_RULE_INTERPRETER };
	if (ask_interpreter(closure, err))
		return -1;
	/* glibc's and musl's loaders look into it before anything else */
	if (!program->has_dynamic)
		return sp_err_diagnose(err, "loader-without-libraries",
				  "%s: names a program loader (%s) but has no dynamic section, without which that crashes; link it as a dynamic program, or as a static one without -Wl,--dynamic-linker",
				  closure->objects[0].path, path);
	return 0;
}

static void prepare_dirs(struct sp_closure *closure, const struct sp_start *start)
{
	bool musl = closure->loader.libc == SP_LIBC_MUSL;

	if (start->library_path)
		sp_search_expand(closure, SP_NO_OBJECT, start->library_path,
				 musl ? ":\n" : ":;",
				 musl ? SP_TOKENS_MUSL_NONE : SP_TOKENS_GLIBC,
				 &closure->library_path);
	for (size_t i = 0; i < closure->loader.dirs_nr; i++)
		*SP_VEC_PUSH(closure->builtin.dirs) = (struct sp_dir){
			.root = closure->libs,
			.path = closure->loader.dirs[i],
			.image_path = closure->loader.dirs[i],
		};
	if (!musl)
		closure->builtin.ready = true;
}

/* The image's cache will hold what the base's has, and of what is packed above it, what
 * the cache over there says (rootfs/loader_files.c). */
static int join_rest(struct sp_closure *closure, struct sp_err *err)
{
	struct sp_root *rest = sp_root_rest(closure->libs);
	struct sp_cache *more = NULL;
	struct sp_stat st;
	const char *target;
	bool damaged;

	if (!rest || sp_root_lstat(closure->libs, SP_CACHE_PATH, &st, &target, err))
		return rest ? -1 : 0;
	if (!st.lower)
		return 0;
	if (sp_cache_read(rest, &more, &damaged, err))
		return -1;
	if (more && closure->cache)
		sp_cache_join(closure->cache, more);
	else if (more)
		closure->cache = sp_steal_ptr(&more);
	sp_cache_free(more);
	return 0;
}

static int read_cache(struct sp_closure *closure, struct sp_err *err)
{
	bool damaged;

	if (closure->loader.libc != SP_LIBC_GLIBC)
		return 0;
	if (sp_cache_read(closure->libs, &closure->cache, &damaged, err))
		return -1;
	if (damaged)
		sp_search_remark(closure, "damaged-cache",
				 "%s is damaged; the loader takes no notice of it, nor does this",
				 sp_root_show(closure->libs, SP_CACHE_PATH));
	return join_rest(closure, err);
}

/* LD_PRELOAD: names between spaces and colons, before all that is needed; musl takes
 * all white space (isspace()). */
static int preload(struct sp_closure *closure, const char *list, struct sp_err *err)
{
	const char *separators = closure->loader.libc == SP_LIBC_MUSL ? " \t\n\v\f\r:" : " :";

	while (list && *list) {
		size_t len = strcspn(list, separators);

		if (len) {
			sp_autofree char *name = sp_strndup(list, len);

			if (sp_closure_need(closure, SP_NO_OBJECT, name, false, err))
				return -1;
		}
		list += len + (list[len] != '\0');
	}
	return 0;
}

/* Libraries asked of a program without a loader can never be loaded. */
static int static_program(struct sp_closure *closure, struct sp_err *err)
{
	const struct sp_elf *elf = closure->objects[0].elf;

	if (elf->needed_nr && !elf->interp)
		return sp_err_diagnose(err, "libraries-without-loader",
				  "%s: needs libraries (%s) but names no program loader; link it as an executable",
				  closure->objects[0].path, elf->needed[0]);
	return 0;
}

static void closure_freep(struct sp_closure **closure)
{
	sp_closure_free(*closure);
}

int sp_closure_build(const struct sp_start *start, struct sp_closure **ret,
		     struct sp_err *err)
{
	SP_CLEANUP(closure_freep) struct sp_closure *closure =
		sp_calloc(1, sizeof(*closure));
	size_t index;

	closure->libs = start->libs;
	closure->keep_probes = start->keep_probes;
	closure->known = start->known;
	closure->watch = start->watch;
	struct sp_object program = {
		.path = sp_arena_strdup(&closure->arena, start->path),
		.image_path = sp_arena_strdup(&closure->arena, start->image_path),
		.root = start->root, .needed_by = SP_NO_OBJECT,
		.rule = SP_RULE_PROGRAM, .rule_of = SP_NO_OBJECT,
	};
	program.name = program.path;
	if (sp_closure_push_file(closure, &program, &index, err))
		return -1;
	if (!closure->objects[0].elf->interp) {
		if (static_program(closure, err))
			return -1;
	} else {
		if (push_interpreter(closure, err) || read_cache(closure, err))
			return -1;
		prepare_dirs(closure, start);
		if (preload(closure, start->preload, err) || sp_closure_work(closure, 0, err))
			return -1;
	}
	*ret = sp_steal_ptr(&closure);
	return 0;
}
