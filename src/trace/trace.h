/*
 * What a run uses: a command is run under ptrace, and every file that it and its
 * descendants opened, executed, listed, followed or found is recorded.
 *
 *	struct sp_trace_options options = {
 *		.command = "./myapp --selftest", .env = env, .fds = { 0, 1, 2 },
 *		.timeout_ms = 60000,
 *	};
 *	struct sp_trace *trace;
 *
 *	if (sp_trace_run(&options, &trace, err) == 0)
 *		... trace->files ...
 *	sp_trace_free(trace);
 *
 * A seccomp filter stops processes at calls that take names of files; all others run
 * at full speed.  No privileges are needed.  Without them programs that are set-user-
 * ID or have capabilities run as ordinary ones, as under any tracer.
 *
 * What stays unseen: files reached by io_uring, which is therefore refused to the
 * command as if the kernel did not have it, calls that a filter of the program's own
 * answers first, and a file that is only looked at by a name from a descriptor in the
 * way that is for descriptors (AT_EMPTY_PATH).  A program that traces others finds that it may not.
 *
 * The command runs in the caller's session and process group.  The work is done by a
 * thread that waits for its own children alone: those of the caller are left alone,
 * and so are its signal handlers, but SIGCHLD waits until the run is over.  What belongs into an image is decided elsewhere.
 */
#ifndef SP_TRACE_TRACE_H
#define SP_TRACE_TRACE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_TRACE_FILES_MAX 200000	/* files recorded */
#define SP_TRACE_PROCESSES_MAX 10000	/* processes and threads at the same time */

/* How a file was used: a set of these. */
enum sp_use {
	SP_USED_READ = 1 << 0,		/* opened for reading, or mapped by the kernel */
	SP_USED_WRITE = 1 << 1,		/* opened for writing */
	SP_USED_EXEC = 1 << 2,		/* executed: program, script or its interpreter */
	SP_USED_LIST = 1 << 3,		/* a directory whose names were read */
	SP_USED_STAT = 1 << 4,		/* found: stat, access, chdir, ... */
	SP_USED_LINK = 1 << 5,		/* a symbolic link whose text was read */
	SP_USED_WRITTEN = 1 << 6	/* the run made, changed, moved or removed it */
};

/*
 * One file.  The path is absolute, as the process named it: links are not followed,
 * except where "x/.." leads through one.  A relative name counts from where the
 * process was, whose path has no links.
 */
struct sp_trace_file {
	const char *path;
	const char *root;	/* NULL, or the directory that was "/" to the process */
	const char *program;	/* executable of the process that used it first */
	unsigned uses;		/* enum sp_use */
};

struct sp_trace_options {
	const char *command;		/* for "sh -c" */
	const char *shell;		/* NULL: /bin/sh */
	const char *cwd;		/* where it runs; NULL: here */
	char *const *env;		/* its environment; NULL: an empty one */
	int fds[3];			/* its standard input, output and error output */
	/* NULL: all processes count.  A path: only those that have executed this file,
	 * and what they started.  What others wrote is known all the same. */
	const char *program;
	int timeout_ms;			/* 0: as long as it takes */
	bool timeout_ends;		/* time is up: no error, but the end of the run */
	/* How long descendants may go on after the command, before they are killed;
	 * less than 0: as long as the timeout lets them. */
	int linger_ms;
	size_t files_max, processes_max;	/* 0: the limits above */
	const volatile sig_atomic_t *cancelled;	/* may be NULL */
};

struct sp_trace {
	struct sp_trace_file *files;	/* in the order of first use */
	size_t files_nr, files_alloc;
	int exit_code;			/* of the command, -1 if a signal ended it */
	int signal;			/* that ended it, or 0 */
	bool timed_out;
	bool program_ran;		/* options.program was executed */
	bool other_mounts;		/* a process had mounts of its own: paths may lie */
	const char **programs;		/* all that were executed, each once */
	size_t programs_nr;
	size_t left;			/* processes that outlived the command, and were killed */
	size_t lost;			/* uses whose name could not be read */
	struct sp_arena arena;
};

/*
 * Run the command to its end; when this returns, no process of it is left.  A command
 * that fails or is killed is no error here.  SP_EFAIL if tracing is not permitted or
 * possible, the shell cannot be run, time is up, or a limit is reached; SP_ECANCELLED.
 */
SP_CHECKED int sp_trace_run(const struct sp_trace_options *options,
			    struct sp_trace **ret, struct sp_err *err);

/* Release a trace.  NULL is allowed. */
void sp_trace_free(struct sp_trace *trace);

#endif
