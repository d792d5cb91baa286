/*
 * --trace: run a command, and add what the program and its descendants used.
 */
#include <string.h>

#include "api/build.h"
#include "base/path.h"
#include "base/vec.h"
#include "trace/trace.h"
#include "trace/trace_filter.h"

static int ended_badly(const char *command, const struct sp_trace *trace, struct sp_err *err)
{
	if (trace->signal)
		return sp_err_set(err, SP_EFAIL,
				  "--trace %s: the command was ended by signal %d; an image of what it used until then would pretend to be whole",
				  command, trace->signal);
	if (trace->exit_code)
		return sp_err_set(err, SP_EFAIL,
				  "--trace %s: the command failed with exit code %d; give one that succeeds (add \"|| true\" if that is what it does)",
				  command, trace->exit_code);
	return 0;
}

/* Directories come as they are, without what is in them. */
static void add(struct sp_build *build, const struct sp_trace_file *file,
		const char *command)
{
	*SP_VEC_PUSH(build->adds) = (struct sp_add){
		.root = build->host, .dest = sp_arena_strdup(&build->arena, file->path),
		.source = sp_arena_strdup(&build->arena, file->path),
		.keeps_path = true, .shallow = true, .may_lack = true,
		.because = { SP_BECAUSE_TRACED, NULL,
			     sp_arena_strdup(&build->arena, command) },
	};
}

static void take(struct sp_build *build, const struct sp_trace *trace, const char *command)
{
	struct sp_trace_places places = {
		.home = sp_pairs_get(&build->o->host_env, "HOME"),
		.cwd = sp_pairs_get(&build->o->host_env, "PWD"),
	};

	for (size_t i = 0; i < trace->files_nr; i++) {
		const struct sp_trace_file *file = &trace->files[i];

		if (!file->root && !sp_trace_unwanted(file, &places) &&
		    strcmp(file->path, build->targets[0].path) != 0)
			add(build, file, command);
	}
}

static int trace_one(struct sp_build *build, const char *command, char *const *env,
		     struct sp_err *err)
{
	struct sp_trace_options options = {
		.command = command, .env = env, .fds = { 0, 2, 2 },
		.program = build->targets[0].path,
		.timeout_ms = (int)(build->o->trace_timeout_ns / 1000000),
		.linger_ms = 1000, .cancelled = &build->job->cancelled,
	};
	struct sp_trace *trace;

	sp_job_progress(build->job, "trace", command, 0, 0);
	if (sp_trace_run(&options, &trace, err))
		return sp_err_wrap(err, "--trace %s", command);
	int rc = ended_badly(command, trace, err);
	if (!rc && !trace->program_ran)
		rc = sp_err_set(err, SP_EFAIL,
				"--trace %s: the command never ran %s; give one that does",
				command, build->targets[0].path);
	if (!rc)
		take(build, trace, command);
	sp_trace_free(trace);
	return rc;
}

int sp_traces_run(struct sp_build *build, struct sp_err *err)
{
	const struct sp_options *o = build->o;

	if (!o->traces.items_nr)
		return 0;
	if (build->targets_nr > 1 || build->libs != build->host)
		return sp_err_set(err, SP_EUSAGE,
				  "--trace runs one program of this machine: it cannot be used with several programs or with --sysroot");
	/* the array has a NULL behind it, as execve(2) wants it */
	char **env = sp_arena_alloc(&build->arena,
				    (o->host_env.items_nr + 1) * sizeof(*env));
	for (size_t i = 0; i < o->host_env.items_nr; i++)
		env[i] = (char *)o->host_env.items[i];
	for (size_t i = 0; i < o->traces.items_nr; i++)
		if (trace_one(build, o->traces.items[i], env, err))
			return -1;
	return 0;
}
