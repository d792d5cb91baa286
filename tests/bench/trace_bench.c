/*
 * What a trace adds to the run time of a command: the command by /bin/sh, and the same
 * under the tracer, in turn; the best of each counts.
 *
 *	trace_bench COMMAND ROUNDS
 *
 * Prints three lines: seconds without, seconds with, and files recorded.  Reading what
 * the run was, and packing, are not part of it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "trace/trace.h"

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run_plain(const char *command, int null)
{
	double begin = now();
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (dup2(null, 0) >= 0 && dup2(null, 1) >= 0)
			execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return -1;
	return now() - begin;
}

static double run_traced(const char *command, int null, size_t *ret_files)
{
	struct sp_trace_options options = {
		.command = command, .env = environ, .fds = { null, null, 2 },
		.timeout_ms = 60000, .linger_ms = 1000,
	};
	struct sp_trace *trace;
	struct sp_err err = { 0 };
	double begin = now(), end;

	if (sp_trace_run(&options, &trace, &err)) {
		fprintf(stderr, "trace_bench: %s\n", err.msg);
		return -1;
	}
	end = now();
	*ret_files = trace->files_nr;
	bool failed = trace->exit_code != 0;
	sp_trace_free(trace);
	return failed ? -1 : end - begin;
}

int main(int argc, char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	double plain = 0, traced = 0;
	size_t files = 0;

	if (argc != 3 || null < 0) {
		fprintf(stderr, "usage: trace_bench COMMAND ROUNDS\n");
		return 2;
	}
	for (int i = 0; i <= atoi(argv[2]); i++) {
		double a = run_plain(argv[1], null), b = run_traced(argv[1], null, &files);

		if (a < 0 || b < 0)
			return 1;
		/* the first round warms the page cache */
		plain = i < 2 || a < plain ? a : plain;
		traced = i < 2 || b < traced ? b : traced;
	}
	printf("%.6f\n%.6f\n%zu\n", plain, traced, files);
	return 0;
}
