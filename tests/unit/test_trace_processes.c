/*
 * The processes of a run: that each is followed to its end, and that the run ends, also
 * when processes come and go faster than the kernel tells their tracer.
 */
#include "trace/trace.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "traced.h"

/* Quick enough for every day; a machine that looks for a race sets more. */
#define ROUNDS 25

/* --- what helpers do ---------------------------------------------------------------- */

static void open_named(const char *dir, int n)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/crowd%d", dir, n);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
}

struct opener {
	const char *dir;
	int n;
};

static void *open_in_thread(void *arg)
{
	const struct opener *opener = arg;

	open_named(opener->dir, opener->n);
	return NULL;
}

static void *exec_in_thread(void *arg)
{
	const struct opener *opener = arg;
	char path[8192];

	open_named(opener->dir, opener->n);
	snprintf(path, sizeof(path), "%s/crowd%d", opener->dir, opener->n);
	execl("/bin/cat", "cat", path, NULL);
	_exit(1);
}

/* A child that has a child, and does not wait for it. */
static void orphan(const char *dir, int n)
{
	if (fork() == 0)
		open_named(dir, n);
	_exit(0);
}

static void daemon_like(const char *dir, int n)
{
	if (setsid() >= 0 && fork() == 0 && setsid() < 0 && fork() == 0)
		open_named(dir, n);
	open_named(dir, n);
	_exit(0);
}

static void threads(const char *dir, int n)
{
	struct opener opener = { dir, n };
	pthread_t all[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&all[i], NULL, open_in_thread, &opener))
			_exit(1);
	/* without them: all end where they are */
	_exit(0);
}

static void thread_exec(const char *dir, int n)
{
	struct opener opener = { dir, n };
	pthread_t other, thread;

	if (pthread_create(&other, NULL, open_in_thread, &opener) ||
	    pthread_create(&thread, NULL, exec_in_thread, &opener))
		_exit(1);
	/* a first thread that is dead when another executes */
	syscall(SYS_exit, 0);
}

/* Its parent is the parent of who made it. */
static void sibling(const char *dir, int n)
{
	if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0) == 0)
		open_named(dir, n);
	_exit(0);
}

static void killed(const char *dir, int n)
{
	pid_t pid = fork();

	if (pid == 0) {
		/* while it makes children */
		for (int i = 0; i < 8; i++)
			if (fork() == 0)
				_exit(0);
		pause();
	}
	open_named(dir, n);
	kill(pid, SIGKILL);
	_exit(0);
}

static void quick(const char *dir, int n)
{
	(void)dir;
	(void)n;
	if (vfork() == 0)
		_exit(0);
	_exit(0);
}

static void stopped(const char *dir, int n)
{
	pid_t pid = fork();

	if (pid == 0) {
		raise(SIGSTOP);
		open_named(dir, n);
		_exit(0);
	}
	/* again and again: it need not have stopped yet */
	while (kill(pid, SIGCONT) == 0 && waitpid(pid, NULL, WNOHANG) == 0)
		usleep(200);
	_exit(0);
}

static void (*const kinds[])(const char *dir, int n) = {
	orphan, daemon_like, threads, thread_exec, sibling, killed, quick, stopped,
};
#define KINDS ((int)(sizeof(kinds) / sizeof(*kinds)))

/* Forty children, none of which is waited for, that have children of their own. */
static int crowd(const char *dir)
{
	for (int i = 0; i < 5 * KINDS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			kinds[i % KINDS](dir, i);
		if (pid < 0)
			return 1;
	}
	return 0;
}

/* --- checks ------------------------------------------------------------------------- */

static void crowds(void)
{
	const char *wanted = getenv("TRACE_ROUNDS");
	int rounds = wanted ? atoi(wanted) : ROUNDS, bad = 0, lost = 0;
	char *command = strdup(fmt("exec %s crowd %s", self(), scratch_dir()));

	for (int i = 0; i < 5 * KINDS; i++)
		make_file(at(fmt("crowd%d", i)), "text\n");
	for (int i = 0; i < rounds && bad < 3; i++) {
		struct sp_trace_options options = traced_options(command);
		struct sp_trace *trace = NULL;
		struct sp_err err = { 0 };

		options.timeout_ms = 10000;
		if (sp_trace_run(&options, &trace, &err)) {
			note("run %d: %s", i, err.msg);
			bad++;
			continue;
		}
		bad += trace->exit_code != 0 || trace->left != 0;
		/* of these all must be seen: nobody ends them */
		for (int n = 0; n < 5 * KINDS; n++)
			if (kinds[n % KINDS] != threads && kinds[n % KINDS] != quick &&
			    strcmp(uses_of(trace, at(fmt("crowd%d", n))), "r") != 0) {
				note("run %d: kind %d was not seen", i, n % KINDS);
				lost++;
			}
		sp_trace_free(trace);
	}
	is_int(bad, 0, "%d crowds of short-lived processes end", rounds);
	is_int(lost, 0, "and what they opened is known");
	free(command);
}

/* Is there a process with this text among its arguments? */
static bool is_running(const char *text)
{
	return system(fmt("for f in /proc/[0-9]*/cmdline; do "
			  "[ $f = /proc/$$/cmdline ] || tr '\\0' ' ' <$f; echo; done 2>/dev/null | "
			  "grep -q '^sleep %s'", text)) == 0;
}

static long ms_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
}

/* The process that tells when the run is over is the parent of the command. */
static void keeper_killed(void)
{
	struct sp_trace *trace = traced(fmt("kill -9 $PPID; (sleep 0.1; cat %s/crowd2) & exit 4",
					    scratch_dir()));

	is_int(trace ? trace->exit_code : 0, 4, "without its parent the command goes on");
	is_str(uses_of(trace, at("crowd2")), "r", "and so does what it left");
	sp_trace_free(trace);
}

/* Processes that are hard to end. */
static void without_end(void)
{
	static const char *const commands[] = {
		"(setsid sleep 4711 &) ; sleep 4712",
		"trap '' TERM INT HUP; while :; do sleep 0.01; done",
		"while :; do (true &) & done",
	};
	struct sp_trace_options options = traced_options(NULL);

	options.timeout_ms = 300;
	options.timeout_ends = true;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct sp_trace *trace = NULL;
		struct sp_err err = { 0 };
		struct timespec begin;

		options.command = commands[i];
		clock_gettime(CLOCK_MONOTONIC, &begin);
		is_int(sp_trace_run(&options, &trace, &err), 0, "%s", commands[i]);
		ok(trace && trace->timed_out, "its time is up");
		ok(ms_since(&begin) < 5000, "and it is gone soon after");
		ok(!is_running("471[12]"), "with all that it left");
		sp_trace_free(trace);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "crowd") == 0)
		_exit(crowd(argv[2]));
	crowds();
	keeper_killed();
	without_end();
	return test_done();
}
