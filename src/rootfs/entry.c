/*
 * The program that was given -> the closure that starts it.
 *
 * A compiled program is its own closure.  For a script it is that of the compiled
 * interpreter which the kernel comes to in the end; the scripts on the way stand
 * in the plan, and where one is started through env, the program that env would
 * find comes along.
 */
#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "elf/kind.h"
#include "rootfs/needs.h"
#include "rootfs/rootfs.h"
#include "rootfs/script.h"

/* A program on its way to a closure: where it is, where it goes. */
struct candidate {
	struct sp_root *root;
	const char *path, *image_path;
};

/* The kernel opens the loader as it opens a program (open_exec() in fs/exec.c). */
static int check_loader(const struct sp_closure *closure, struct sp_err *err)
{
	const struct sp_object *loader = closure->objects_nr > 1 ? &closure->objects[1] : NULL;

	if (!loader || loader->rule != SP_RULE_INTERPRETER || (loader->found.st.mode & 0111))
		return 0;
	return sp_err_diagnose(err, "not-executable",
			       "%s: its program loader %s is not executable (mode %04o), so the kernel would not start it; run chmod +x on that",
			       closure->objects[0].path,
			       sp_root_show(loader->root, loader->path),
			       loader->found.st.mode);
}

static int build(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		 const struct candidate *c, struct sp_closure **ret, struct sp_err *err)
{
	struct sp_start start = {
		.root = c->root, .path = c->path, .image_path = c->image_path,
		.libs = o->libs, .library_path = o->library_path, .preload = o->preload,
		.keep_probes = o->keep_probes, .watch = sp_needs_watch(rootfs->needs),
	};

	if (sp_closure_build(&start, ret, err) || check_loader(*ret, err))
		return -1;
	/* owned by the caller, also when this fails */
	return o->cpu ? sp_closure_add_variants(*ret, o->cpu, err) : 0;
}

/* Open what stands there, if it can be started at all. */
static int open_program(const struct candidate *c, struct sp_file *ret, struct sp_err *err)
{
	const char *shown = sp_root_show(c->root, c->path);
	struct sp_found found;

	if (sp_root_resolve(c->root, c->path, &found, err))
		return -1;
	if (!found.real)
		return sp_err_diagnose(err, "missing-file", "%s: no such file%s", shown,
				  found.links_nr ? ", or a link that leads nowhere" : "");
	if (found.st.type != SP_FILE)
		return sp_err_diagnose(err, "not-a-file", "%s: is %s, expected a program", shown,
				  found.st.type == SP_DIR ? "a directory" :
							    "a device, FIFO or socket");
	if (sp_root_open(c->root, found.real, ret, err)) {
		err->code = SP_EPROGRAM;
		return sp_err_name(err, "unreadable-file");
	}
	return 0;
}

static int check_mode(const struct sp_file *file, const char *shown, struct sp_err *err)
{
	if (file->st.mode & 0111)
		return 0;
	return sp_err_diagnose(err, "not-executable",
			       "%s: is not executable (mode %04o), so no engine could start it; run chmod +x on it",
			       shown, file->st.mode);
}

static int check_elf(struct sp_file *file, const char *shown, struct sp_err *err)
{
	sp_autoelf struct sp_elf *elf = NULL;
	char head[512];		/* a tar archive says so in its middle */
	size_t got;

	if (!sp_elf_is(file)) {
		if (sp_file_pread(file, head, sizeof(head), 0, &got, err))
			return sp_err_wrap(err, "%s", shown);
		const char *what = sp_kind_of_bytes(head, got);

		return sp_err_diagnose(err, "not-a-program",
				  "%s: is %s, expected a compiled program for Linux (ELF) or a script%s",
				  shown, what, strcmp(what, "a tar archive") == 0 ?
				  "; out of an image it is taken by --from" : "");
	}
	if (sp_elf_read(file, &elf, err) || sp_kind_check_entry(elf, err))
		return sp_err_wrap(err, "%s", shown);
	return check_mode(file, shown, err);
}

/* One script of the chain, whose first is number first: into the plan, and on to
 * its interpreter. */
static int add_script(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		      size_t first, struct sp_file *file, struct candidate *c,
		      struct sp_err *err)
{
	struct sp_arena *arena = &rootfs->plan->arena;
	struct sp_reason reason = { SP_BECAUSE_PROGRAM, NULL, NULL };
	struct sp_script script;
	size_t nr = rootfs->scripts_nr;

	if (nr - first == SP_SCRIPTS_MAX)
		return sp_err_diagnose(err, "script-loop",
				  "%s: more than %d scripts that interpret each other; the kernel refuses them",
				  rootfs->scripts[first].path, SP_SCRIPTS_MAX);
	if (sp_script_read(file, arena, &script, err))
		return sp_err_wrap(err, "%s", sp_root_show(c->root, c->path));
	if (check_mode(file, sp_root_show(c->root, c->path), err))
		return -1;
	if (nr)
		reason = (struct sp_reason){ SP_BECAUSE_INTERPRETER, rootfs->scripts[nr - 1].path,
					     rootfs->scripts[nr - 1].interpreter };
	if (sp_gather_file(rootfs->plan, c->root, c->path, c->image_path, &reason, err))
		return -1;
	*SP_VEC_PUSH(rootfs->scripts) = (struct sp_script_use){
		.path = c->image_path, .interpreter = script.interpreter,
		.argument = script.argument,
	};
	*c = (struct candidate){ o->libs, script.interpreter, script.interpreter };
	return 0;
}

/* Follow scripts until a compiled program is reached. */
static int follow_scripts(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
			  struct candidate *c, struct sp_err *err)
{
	size_t first = rootfs->scripts_nr;

	for (;;) {
		sp_autofile struct sp_file file = SP_FILE_INIT;
		size_t nr = rootfs->scripts_nr;

		if (open_program(c, &file, err)) {
			if (nr > first)
				sp_err_wrap(err, "the interpreter of %s",
					    rootfs->scripts[nr - 1].path);
			return -1;
		}
		if (!sp_script_is(&file))
			return check_elf(&file, sp_root_show(c->root, c->path), err);
		if (add_script(rootfs, o, first, &file, c, err))
			return -1;
	}
}

/* The program that env is told to run by the last script. */
static int env_program(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		       const char **ret, struct sp_err *err)
{
	struct sp_arena *arena = &rootfs->plan->arena;
	const struct sp_script_use *script = &rootfs->scripts[rootfs->scripts_nr - 1];
	const char *word = sp_script_env_word(script->argument, arena);

	if (!word)
		return sp_err_diagnose(err, "script-without-program",
				  "%s: \"%s\" names no program for env to run (the kernel hands on all of it as one word; env -S splits it)",
				  script->path, script->argument ? script->argument : "");
	*ret = word;
	if (word[0] == '/')
		return 0;
	if (strchr(word, '/'))
		return sp_err_diagnose(err, "script-without-program",
				  "%s: env would run %s, a relative path, which depends on the current directory; write an absolute one",
				  script->path, word);
	if (sp_root_which(o->libs, o->path, NULL, word, arena, ret, err))
		return -1;
	if (*ret)
		return 0;
	return sp_err_diagnose(err, "script-without-program",
			  "%s: env would look for \"%s\" in PATH (%s), and it is in none of its directories%s",
			  script->path, word, o->path ? o->path : "",
			  strpbrk(word, " \t") ?
				  " (the kernel hands on all of it as one word; env -S splits it)" : "");
}

/* "#!/usr/bin/env X": what env runs is needed as much as env, and may again be a
 * script for env. */
static int add_env_program(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
			   struct candidate *c, struct sp_err *err)
{
	const struct sp_script_use *script = &rootfs->scripts[rootfs->scripts_nr - 1];
	struct sp_reason reason = { SP_BECAUSE_INTERPRETER, script->path, script->argument };
	size_t nr = rootfs->scripts_nr;
	const char *path = NULL;

	if (env_program(rootfs, o, &path, err))
		return -1;
	*c = (struct candidate){ o->libs, path, path };
	if (follow_scripts(rootfs, o, c, err))
		return -1;
	if (rootfs->scripts_nr > nr) {
		script = &rootfs->scripts[rootfs->scripts_nr - 1];
		reason = (struct sp_reason){ SP_BECAUSE_INTERPRETER, script->path,
					     script->interpreter };
	}
	struct sp_closure **slot = SP_VEC_PUSH(rootfs->others);
	return build(rootfs, o, c, slot, err) || sp_gather_closure(rootfs, *slot, &reason, err) ? -1 : 0;
}

static bool is_env(const struct candidate *c)
{
	return strcmp(sp_path_basename(c->path), "env") == 0;
}

int sp_entry_build(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		   struct sp_err *err)
{
	struct candidate c = { o->root, o->program, o->image_path };

	if (follow_scripts(rootfs, o, &c, err))
		return -1;
	if (build(rootfs, o, &c, &rootfs->closure, err))
		return -1;
	if (!rootfs->scripts_nr)
		return 0;
	sp_plan_note(rootfs->plan, "script",
		     "%s is a script: its interpreter and that one's libraries are in the image; modules and programs that it uses are not, --add them",
		     rootfs->scripts[0].path);
	for (size_t times = 0, nr = 0; is_env(&c) && nr < rootfs->scripts_nr; times++) {
		if (times == SP_SCRIPTS_MAX)
			return sp_err_diagnose(err, "script-loop",
					  "%s: env starts script after script, more than %d times",
					  rootfs->scripts[0].path, SP_SCRIPTS_MAX);
		nr = rootfs->scripts_nr;
		if (add_env_program(rootfs, o, &c, err))
			return -1;
	}
	return 0;
}
