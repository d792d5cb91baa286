/*
 * --trace: run a command, and add what the program and its descendants used.
 * --trace-tree: a directory that was used in part is added whole.
 */
#include <limits.h>
#include <string.h>

#include "api/build.h"
#include "base/path.h"
#include "base/vec.h"
#include "trace/trace.h"
#include "trace/trace_filter.h"

#define PROGRAMS_SHOWN 3	/* names in a message */

void sp_usage_release(struct sp_usage *usage)
{
	free(usage->files);
	free(usage->notes);
	sp_map_release(&usage->by_path);
	sp_map_release(&usage->written);
}

/* --- one run ---------------------------------------------------------------------- */

static int ended_badly(const char *command, const struct sp_trace *trace, struct sp_err *err)
{
	if (trace->signal)
		return sp_err_set(err, SP_EFAIL,
				  "--trace %s: the command was ended by signal %d; an image of what it used until then would pretend to be whole",
				  command, trace->signal);
	if (trace->exit_code == 127 || trace->exit_code == 126)
		return sp_err_set(err, SP_EFAIL,
				  "--trace %s: the shell could not run it (exit code %d): is it there, spelled so, in PATH, and executable?",
				  command, trace->exit_code);
	if (trace->exit_code)
		return sp_err_set(err, SP_EFAIL,
				  "--trace %s: the command failed with exit code %d; give one that succeeds (add \"|| true\" if that is what it does)",
				  command, trace->exit_code);
	return 0;
}

/* The run was of something else, often a program of the same name. */
static int never_ran(struct sp_build *build, const char *command,
		     const struct sp_trace *trace, struct sp_err *err)
{
	const char *ran = "";
	size_t nr = trace->programs_nr;

	for (size_t i = 0; i < nr && i < PROGRAMS_SHOWN; i++)
		ran = sp_arena_strf(&build->arena, "%s%s%s", ran, i ? ", " : "",
				    trace->programs[i]);
	return sp_err_set(err, SP_EFAIL,
			  "--trace %s: the command never ran %s, but %s%s; give one that does",
			  command, build->targets[0].path, ran,
			  nr > PROGRAMS_SHOWN ? " and others" : "");
}

static void keep_note(struct sp_build *build, const char *id, const char *text)
{
	*SP_VEC_PUSH(build->usage.notes) = (struct sp_note){ id, text };
}

/* What makes a trace less certain than it looks. */
static void note_doubts(struct sp_build *build, const char *command,
			const struct sp_trace *trace)
{
	struct sp_arena *arena = &build->arena;

	if (trace->left)
		keep_note(build, "trace-left", sp_arena_strf(arena,
		     "--trace %s: %zu process%s went on after the command had ended, and %s killed; wait for them in the command if they matter",
		     command, trace->left, trace->left == 1 ? "" : "es",
		     trace->left == 1 ? "was" : "were"));
	if (trace->lost)
		keep_note(build, "trace-uncertain", sp_arena_strf(arena,
		     "--trace %s: the names of %zu files could not be read from the process",
		     command, trace->lost));
	if (trace->other_mounts)
		keep_note(build, "trace-uncertain", sp_arena_strf(arena,
		     "--trace %s: a process had mounts of its own, where other files may have had the names that were seen",
		     command));
}

static void merge(struct sp_build *build, const struct sp_trace_file *file,
		  const char *command)
{
	struct sp_usage *usage = &build->usage;
	size_t i = sp_map_get(&usage->by_path, file->path);

	if (i == SP_MAP_NONE) {
		struct sp_used *used = SP_VEC_PUSH(usage->files);

		*used = (struct sp_used){
			.path = sp_arena_strdup(&build->arena, file->path), .command = command,
		};
		i = usage->files_nr - 1;
		sp_map_set(&usage->by_path, used->path, i);
	}
	usage->files[i].uses |= file->uses;
}

static int trace_one(struct sp_build *build, const char *command, char *const *env,
		     struct sp_err *err)
{
	const int64_t ms = build->o->trace_timeout_ns / 1000000;
	struct sp_trace_options options = {
		.command = command, .env = env, .fds = { 0, 2, 2 },
		.program = build->targets[0].path,
		.timeout_ms = ms < INT_MAX ? (int)ms : INT_MAX,
		.linger_ms = 1000, .cancelled = &build->job->cancelled,
	};
	struct sp_trace *trace;

	sp_job_progress(build->job, "trace", command, 0, 0);
	if (sp_trace_run(&options, &trace, err))
		return sp_err_wrap(err, "--trace %s", command);
	int rc = ended_badly(command, trace, err);
	if (!rc && !trace->program_ran)
		rc = never_ran(build, command, trace, err);
	for (size_t i = 0; !rc && i < trace->files_nr; i++)
		if (!trace->files[i].root)	/* what is below another "/" is not ours */
			merge(build, &trace->files[i], command);
	if (!rc)
		note_doubts(build, command, trace);
	sp_trace_free(trace);
	return rc;
}

/* --- all of them ------------------------------------------------------------------ */

/* The directory of a variable, and where that is; both NULL if it is not set. */
static int find_place(struct sp_build *build, const char *variable, const char **ret,
		      const char **ret_real, struct sp_err *err)
{
	const char *value = sp_pairs_get(&build->o->host_env, variable);
	struct sp_found found;

	*ret = *ret_real = NULL;
	if (!value || value[0] != '/')
		return 0;
	*ret = sp_path_clean(&build->arena, value);
	if (sp_root_resolve(build->host, *ret, &found, err))
		return -1;
	*ret_real = found.real ? found.real : *ret;
	return 0;
}

/* By its name and by where it is: neither may be a place that stays out.  A relative
 * name has the real directory in front, whatever PWD says of it. */
static const char *why_unwanted(const struct sp_used *used,
				const struct sp_trace_places *named,
				const struct sp_trace_places *real)
{
	struct sp_trace_file file = { .path = used->path, .uses = used->uses };
	struct sp_trace_places mixed = { .home = named->home, .cwd = real->cwd };
	const char *why = sp_trace_unwanted(&file, named);

	if (why)
		why = sp_trace_unwanted(&file, &mixed);
	if (why || !used->real)
		return why;
	file.path = used->real;
	return sp_trace_unwanted(&file, real);
}

/* Where each file is, and whether it comes in. */
static int judge(struct sp_build *build, struct sp_err *err)
{
	struct sp_trace_places named, real;

	if (find_place(build, "HOME", &named.home, &real.home, err) ||
	    find_place(build, "PWD", &named.cwd, &real.cwd, err))
		return -1;
	for (size_t i = 0; i < build->usage.files_nr; i++) {
		struct sp_used *used = &build->usage.files[i];
		struct sp_found found;

		/* numbers of processes and descriptors are gone, and may be others' now */
		if (!sp_path_within(used->path, "/proc")) {
			if (sp_root_resolve(build->host, used->path, &found, err))
				return -1;
			used->real = found.real;
			used->is_file = found.real && found.st.type == SP_FILE;
		}
		used->unwanted = why_unwanted(used, &named, &real);
		if (used->real && used->uses & SP_USED_WRITTEN)
			sp_map_set(&build->usage.written, used->real, 1);
	}
	return 0;
}

/* Directories come as they are, without what is in them. */
static void add_used(struct sp_build *build)
{
	for (size_t i = 0; i < build->usage.files_nr; i++) {
		const struct sp_used *used = &build->usage.files[i];

		if (!used->unwanted && used->real &&
		    strcmp(used->path, build->targets[0].path) != 0)
			*SP_VEC_PUSH(build->adds) = (struct sp_add){
				.root = build->host, .dest = used->path, .source = used->path,
				.keeps_path = true, .shallow = true, .may_lack = true,
				.because = { SP_BECAUSE_TRACED, NULL, used->command },
			};
	}
}

static int find_tree(struct sp_build *build, const char *text, const char **ret,
		     struct sp_err *err)
{
	struct sp_found found;
	struct sp_root *root;
	const char *path;

	if (sp_locate(build, text, &root, &path, err) ||
	    sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR)
		return sp_err_set(err, SP_EFAIL, "--trace-tree %s: %s", text,
				  found.real ? "is no directory" : "no such directory");
	if (strcmp(found.real, "/") == 0 || sp_path_is_kernels(found.real))
		return sp_err_set(err, SP_EUSAGE,
				  "--trace-tree %s: is no part of a program; name the directory of a library",
				  text);
	*ret = path;
	return 0;
}

/* Did a run use anything in the directory?  To look for the directory itself is not that. */
static const struct sp_used *find_use(const struct sp_usage *usage, const char *dir,
				      const char *real)
{
	for (size_t i = 0; i < usage->files_nr; i++) {
		const struct sp_used *used = &usage->files[i];

		if ((sp_path_within(used->path, dir) && strcmp(used->path, dir) != 0) ||
		    (used->real && sp_path_within(used->real, real) &&
		     strcmp(used->real, real) != 0))
			return used;
	}
	return NULL;
}

static int add_tree(struct sp_build *build, const char *text, struct sp_err *err)
{
	struct sp_found found;
	const char *dir;

	if (find_tree(build, text, &dir, err) ||
	    sp_root_resolve(build->host, dir, &found, err))
		return -1;
	if (!find_use(&build->usage, dir, found.real)) {
		keep_note(build, "trace-tree-unused",
		     sp_arena_strf(&build->arena, "--trace-tree %s: no --trace used anything in it, so it stays out; --add brings it in",
				   text));
		return 0;
	}
	*SP_VEC_PUSH(build->adds) = (struct sp_add){
		.root = build->host, .dest = dir, .source = dir, .keeps_path = true,
		.skip = &build->usage.written,
		.because = { SP_BECAUSE_TRACED, NULL,
			     sp_arena_strf(&build->arena, "--trace-tree %s", text) },
	};
	return 0;
}

static int check_options(struct sp_build *build, struct sp_err *err)
{
	const struct sp_options *o = build->o;
	const char *ignored;

	if (!o->traces.items_nr)
		return sp_err_set(err, SP_EUSAGE, "--trace-tree says what a --trace takes along: give one");
	if (build->targets_nr > 1 || build->libs != build->host)
		return sp_err_set(err, SP_EUSAGE,
				  "--trace runs one program of this machine: it cannot be used with several programs or with --sysroot");
	/* before anything runs, for what may take minutes */
	for (size_t i = 0; i < o->trace_trees.items_nr; i++)
		if (find_tree(build, o->trace_trees.items[i], &ignored, err))
			return -1;
	return 0;
}

int sp_traces_run(struct sp_build *build, struct sp_err *err)
{
	const struct sp_options *o = build->o;

	if (!o->traces.items_nr && !o->trace_trees.items_nr)
		return 0;
	if (check_options(build, err))
		return -1;
	/* the array has a NULL behind it, as execve(2) wants it */
	char **env = sp_arena_alloc(&build->arena,
				    (o->host_env.items_nr + 1) * sizeof(*env));
	for (size_t i = 0; i < o->host_env.items_nr; i++)
		env[i] = (char *)o->host_env.items[i];
	for (size_t i = 0; i < o->traces.items_nr; i++)
		if (trace_one(build, o->traces.items[i], env, err))
			return -1;
	if (judge(build, err))
		return -1;
	add_used(build);
	for (size_t i = 0; i < o->trace_trees.items_nr; i++)
		if (add_tree(build, o->trace_trees.items[i], err))
			return -1;
	return 0;
}
