/*
 * How a traced run goes on and ends: processes, signals, time, limits, and what is left.
 */
#include "trace/trace.h"

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include "traced.h"

/* --- helpers ---------------------------------------------------------------------- */

static void look_at(const char *name)
{
	close(open(name, O_RDONLY | O_CLOEXEC));
}

/* Stop, and be told to go on by the parent, twice.  The child waits until the parent has
 * seen that it goes on: the next stop would take that away. */
static void help_stops(const char *dir)
{
	int status, seen[2];
	char byte = 0;

	(void)dir;
	if (pipe(seen))
		_exit(4);
	pid_t pid = fork();
	if (pid == 0) {
		/* SIGTSTP does nothing in a process group that nobody looks after */
		setpgid(0, 0);
		raise(SIGSTOP);
		if (read(seen[0], &byte, 1) != 1)
			_exit(6);
		raise(SIGTSTP);
		look_at("/etc/hostname");
		_exit(read(seen[0], &byte, 1) == 1 ? 5 : 6);
	}
	for (int i = 0; i < 2; i++) {
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
			_exit(1);
		kill(pid, SIGCONT);
		if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status) ||
		    write(seen[1], &byte, 1) != 1)
			_exit(2);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 5)
		_exit(3);
}

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	caught += signal;
}

/* Signals arrive, also between and in the middle of calls. */
static void help_signals(const char *dir)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	char fifo[8192], byte;
	pid_t parent = getpid();

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTRAP, &action, NULL);
	raise(SIGUSR1);
	raise(SIGTRAP);
	if (caught != SIGUSR1 + SIGTRAP)
		_exit(1);
	/* an open that waits, is interrupted, and begins again */
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	if (mkfifo(fifo, 0600))
		_exit(2);
	if (fork() == 0) {
		usleep(50000);
		kill(parent, SIGUSR1);
		usleep(50000);
		if (write(open(fifo, O_WRONLY), "x", 1) != 1)
			_exit(1);
		_exit(0);
	}
	int fd = open(fifo, O_RDONLY);
	if (read(fd, &byte, 1) != 1 || byte != 'x' || caught != 2 * SIGUSR1 + SIGTRAP)
		_exit(3);
	wait(NULL);
}

static void help_crash(const char *dir)
{
	(void)dir;
	signal(SIGSEGV, SIG_DFL);
	kill(getpid(), SIGSEGV);
	pause();
}

/* A process that cuts all ties, and one below it. */
static void help_daemon(const char *dir)
{
	char name[8192];

	if (fork() > 0)
		return;
	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	snprintf(name, sizeof(name), "%s/daemon.%d", dir, fork() == 0);
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dprintf(fd, "%d", getpid());
	close(fd);
	look_at("/etc/hostname");
	for (;;)
		pause();
}

static int flagged(void *name)
{
	look_at(name);
	return 0;
}

/* Children in all ways there are, one of them with the wish not to be traced. */
static void help_children(const char *dir)
{
	static char stack[65536] __attribute__((aligned(16))), name[3][8192];

	for (int i = 0; i < 3; i++)
		snprintf(name[i], sizeof(name[i]), "%s/child%d", dir, i);
	/* the order of the last two arguments differs between machines: both are 0 */
	if (syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0) == 0) {
		look_at(name[0]);
		_exit(0);
	}
	if (clone(flagged, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD,
		  name[1]) < 0)
		_exit(1);
#ifdef SYS_clone3
	struct clone_args args = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };
	if (syscall(SYS_clone3, &args, sizeof(args)) == 0) {
		look_at(name[2]);
		_exit(0);
	}
#else
	look_at(name[2]);
#endif
	while (wait(NULL) > 0)
		;
}

/* Many children at once, each of which has one. */
static void help_many(const char *dir)
{
	for (int i = 0; i < 40; i++)
		if (fork() == 0) {
			char name[8192];

			snprintf(name, sizeof(name), "%s/many%d", dir, i);
			pid_t pid = fork();
			if (pid == 0) {
				look_at(name);
				_exit(0);
			}
			waitpid(pid, NULL, 0);
			_exit(0);
		}
	while (wait(NULL) > 0)
		;
}

/* A filter of its own: what it forbids is not there, the rest works. */
static void help_filter(const char *dir)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_faccessat, 0, 1),
		/* data that is none of ours */
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 0xfff0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };
	char name[8192], other[8192];

	snprintf(name, sizeof(name), "%s/filtered", dir);
	snprintf(other, sizeof(other), "%s/allowed", dir);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(77);
	if (syscall(SYS_openat, AT_FDCWD, name, O_RDONLY) >= 0 || errno != EACCES)
		_exit(2);
	if (syscall(SYS_faccessat, AT_FDCWD, other, R_OK))
		_exit(3);
}

/* It may not trace, and finds out. */
static void help_tracer(const char *dir)
{
	(void)dir;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		_exit(1);
	look_at("/etc/hostname");
}

static void help_uring(const char *dir)
{
	char params[256] = { 0 };

	(void)dir;
	/* what it would open could not be seen */
	if (syscall(425, 1, params) != -1 || errno != ENOSYS)
		_exit(1);
}

/* The signals that are blocked or ignored. */
static void help_state(const char *dir)
{
	sigset_t set;

	(void)dir;
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int i = 1; i < 32; i++)
		if (sigismember(&set, i))
			_exit(1);
	if (signal(SIGPIPE, SIG_DFL) == SIG_IGN)
		_exit(2);
	/* descriptors of the tracer: none but what was there */
	for (int fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			_exit(fd);
}

static const struct { const char *name; void (*fn)(const char *dir); } helpers[] = {
	{ "stops", help_stops }, { "signals", help_signals }, { "crash", help_crash },
	{ "daemon", help_daemon }, { "children", help_children }, { "many", help_many },
	{ "filter", help_filter }, { "tracer", help_tracer }, { "uring", help_uring },
	{ "state", help_state },
};

static int help(const char *name, const char *dir)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
		if (strcmp(helpers[i].name, name) == 0) {
			helpers[i].fn(dir);
			return 0;
		}
	return 99;
}

/* --- checks ----------------------------------------------------------------------- */

static const char *helper(const char *name)
{
	return fmt("exec %s helper %s %s", self(), name, scratch_dir());
}

static struct sp_trace *helped(const char *name)
{
	struct sp_trace *trace = traced(helper(name));

	is_int(trace ? trace->exit_code : -1, 0, "%s: all is as without a tracer", name);
	return trace;
}

static void is_gone(const char *name)
{
	char text[32] = "";
	int fd = open(at(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	close(fd);
	/* nor one that has ended, for which nobody has waited */
	ok(n > 0 && pid > 1 && kill(pid, 0) == -1 && errno == ESRCH,
	   "%s: no process is left", name);
	unlink(at(name));
}

static void ends(const char *command, int code, int signal, const char *what)
{
	struct sp_trace *trace = traced(command);

	is_int(trace ? trace->exit_code : -2, code, "%s: exit code", what);
	is_int(trace ? trace->signal : -2, signal, "%s: signal", what);
	sp_trace_free(trace);
}

static void endings(void)
{
	ends("true", 0, 0, "done");
	ends("exit 42", 42, 0, "failed");
	ends("nothing_of_this_name 2>/dev/null", 127, 0, "not found");
	ends("kill -TERM $$", -1, SIGTERM, "killed");
	ends(helper("crash"), -1, SIGSEGV, "crashed");
	ends("exec 2>/dev/null; (kill -9 $(sh -c 'echo $PPID')); exit 3", 3, 0, "a child is killed");
}

static void processes(void)
{
	make_file(at("child0"), "");
	make_file(at("child1"), "");
	make_file(at("child2"), "");
	struct sp_trace *trace = helped("children");
	is_str(uses_of(trace, at("child0")), "r", "a child that would not be traced");
	is_str(uses_of(trace, at("child1")), "r", "one that shares memory");
	is_str(uses_of(trace, at("child2")), "r", "and one by clone3");
	sp_trace_free(trace);

	for (int i = 0; i < 40; i++)
		make_file(at(fmt("many%d", i)), "");
	trace = helped("many");
	int nr = 0;
	for (int i = 0; i < 40; i++)
		nr += strcmp(uses_of(trace, at(fmt("many%d", i))), "r") == 0;
	is_int(nr, 40, "grandchildren are followed");
	sp_trace_free(trace);

	trace = helped("stops");
	is_str(uses_of(trace, "/etc/hostname"), "r", "after it was stopped");
	sp_trace_free(trace);
	trace = helped("signals");
	ok(strchr(uses_of(trace, at("fifo")), 'r') != NULL, "an open that was interrupted");
	sp_trace_free(trace);
	sp_trace_free(helped("state"));
	sp_trace_free(helped("uring"));
}

static void others_like_us(void)
{
	make_file(at("filtered"), "");
	make_file(at("allowed"), "");
	struct sp_trace *trace = helped("filter");
	is_str(uses_of(trace, at("filtered")), "", "what its own filter forbids");
	is_str(uses_of(trace, at("allowed")), "s", "what that filter would stop at");
	sp_trace_free(trace);
	sp_trace_free(helped("tracer"));
	if (access("/usr/bin/strace", X_OK)) {
		skip("no strace");
		return;
	}
	trace = traced("strace -o /dev/null cat /etc/hostname 2>/dev/null; cat /etc/passwd");
	is_int(trace ? trace->exit_code : -1, 0, "strace under the tracer fails, but no more");
	is_str(uses_of(trace, "/etc/passwd"), "r", "and the run goes on");
	sp_trace_free(trace);
}

static void left_behind(void)
{
	struct sp_trace_options options = traced_options(helper("daemon"));
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	options.linger_ms = 300;
	is_int(sp_trace_run(&options, &trace, &err), 0, "daemons that stay");
	is_int(trace ? trace->exit_code : -1, 0, "do not change how the command ends");
	is_int(trace ? (long long)trace->left : -1, 2, "they are counted");
	is_str(uses_of(trace, "/etc/hostname"), "r", "and what they use counts");
	is_gone("daemon.0");
	is_gone("daemon.1");
	sp_trace_free(trace);
	trace = NULL;

	options.command = "sleep 100 &";
	options.linger_ms = 0;
	is_int(sp_trace_run(&options, &trace, &err), 0, "without a while for them");
	is_int(trace ? (long long)trace->left : -1, 1, "they are killed at once");
	sp_trace_free(trace);
	trace = NULL;

	options.command = helper("daemon");
	options.linger_ms = -1;
	options.timeout_ms = 500;
	is_int(sp_trace_run(&options, &trace, &err), -1, "with time without end for them");
	is_int(err.code, SP_EFAIL, "the timeout ends them");
	ok(strstr(err.msg, "500 ms") != NULL, "and is said");
	is_gone("daemon.0");
	is_gone("daemon.1");
}

static void time_is_up(void)
{
	struct sp_trace_options options = traced_options("cat /etc/hostname; sleep 100; true");
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	options.timeout_ms = 1000;
	is_int(sp_trace_run(&options, &trace, &err), -1, "a command that hangs");
	is_int(err.code, SP_EFAIL, "is a failure");
	ok(strstr(err.msg, "still running after 1 s") != NULL, "that is said");
	ok(trace == NULL, "and gives nothing");
	options.timeout_ms = 300;
	options.timeout_ends = true;
	is_int(sp_trace_run(&options, &trace, &err), 0, "or the time is the end");
	ok(trace && trace->timed_out, "then it is noted");
	is_int(trace ? trace->signal : 0, SIGKILL, "with how the command ended");
	is_str(uses_of(trace, "/etc/hostname"), "r", "and what was used until then");
	sp_trace_free(trace);
	trace = NULL;
	/* one that is stopped, and would never go on */
	options.command = "kill -STOP $$";
	is_int(sp_trace_run(&options, &trace, &err), 0, "a command that stops");
	is_int(trace ? trace->signal : 0, SIGKILL, "is killed too");
	sp_trace_free(trace);
}

static volatile sig_atomic_t cancelled;

static void *cancel(void *unused)
{
	usleep(200000);
	cancelled = 1;
	return unused;
}

static void cancelling(void)
{
	struct sp_trace_options options = traced_options("sleep 100");
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };
	pthread_t thread;

	options.cancelled = &cancelled;
	pthread_create(&thread, NULL, cancel, NULL);
	is_int(sp_trace_run(&options, &trace, &err), -1, "cancelled");
	is_int(err.code, SP_ECANCELLED, "is said by its code");
	pthread_join(thread, NULL);
	cancelled = 0;
	options.command = "true";
	is_int(sp_trace_run(&options, &trace, &err), 0, "not cancelled");
	sp_trace_free(trace);
}

static void limits(void)
{
	struct sp_trace_options options =
		traced_options("for i in 1 2 3 4 5 6 7 8 9; do sleep 50 & done; wait");
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	options.processes_max = 6;
	is_int(sp_trace_run(&options, &trace, &err), -1, "too many processes");
	ok(err.code == SP_EFAIL && strstr(err.msg, "more than 6 processes"), "is said");
	options.command = "cat /etc/hostname; ls -l /usr/bin";
	options.files_max = 20;
	is_int(sp_trace_run(&options, &trace, &err), -1, "too many files");
	ok(err.code == SP_EFAIL && strstr(err.msg, "more than 20 files"), "is said");
}

static void fails(struct sp_trace_options options, const char *part, const char *what)
{
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	is_int(sp_trace_run(&options, &trace, &err), -1, "%s", what);
	is_int(err.code, SP_EFAIL, "%s: a plain failure", what);
	if (!ok(strstr(err.msg, part) != NULL, "%s: is said", what))
		test_value("got: ", err.msg);
}

/* Without ptrace, as in some containers. */
static int without_ptrace(int nr, int error, const char *part)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };
	struct sp_trace_options options = traced_options("true");
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return 77;
	if (sp_trace_run(&options, &trace, &err) == 0)
		return part ? 1 : 0;
	if (!part || err.code != SP_EFAIL || !strstr(err.msg, part)) {
		note("got: %s", err.msg);
		return 2;
	}
	return wait(NULL) == -1 ? 0 : 3;
}

static void forbidden(int nr, int error, const char *part, const char *what)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(without_ptrace(nr, error, part));
	waitpid(pid, &status, 0);
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0, "%s", what);
}

static void errors(void)
{
	struct sp_trace_options options = traced_options("true");

	options.shell = "/nothing/sh";
	fails(options, "/nothing/sh: cannot run it", "no shell");
	options = traced_options("true");
	options.cwd = "/nothing";
	fails(options, "/nothing: cannot run", "no such directory");
	options = traced_options("true");
	options.fds[1] = 999;
	fails(options, "standard streams", "no output");
	forbidden(SYS_ptrace, EPERM, "ptrace is not permitted here", "ptrace forbidden");
	forbidden(SYS_ptrace, ENOSYS, "ptrace is not permitted here", "ptrace not there");
	forbidden(SYS_seccomp, EPERM, "seccomp filters", "filters forbidden");
	forbidden(SYS_process_vm_readv, EPERM, NULL, "memory is read in another way");
#ifdef SYS_close_range
	forbidden(SYS_close_range, ENOSYS, NULL, "an old kernel");
#endif
}

/* What the command gets: environment, directory, streams. */
static void given(void)
{
	struct sp_trace_options options =
		traced_options("test \"$A\" = b && test \"$(pwd -P)\" = \"$B\" && read line && "
			       "echo \"$line\" && echo error >&2");
	char *where = realpath(scratch_dir(), NULL);
	char *env[] = { (char *)"A=b", (char *)fmt("B=%s", where),
			(char *)"PATH=/usr/bin:/bin", NULL };
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };
	int in[2], out[2];
	char text[64] = "";

	options.env = env;
	options.cwd = where;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || write(in[1], "hello\n", 6) != 6)
		return;
	options.fds[0] = in[0];
	options.fds[1] = options.fds[2] = out[1];
	is_int(sp_trace_run(&options, &trace, &err), 0, "with all that can be given");
	is_int(trace ? trace->exit_code : -1, 0, "environment and directory");
	ok(read(out[0], text, sizeof(text) - 1) > 0, "something is written");
	is_str(text, "hello\nerror\n", "to where it shall go");
	sp_trace_free(trace);
	trace = NULL;
	/* no environment; and streams that stand in each other's place */
	options = traced_options("test -z \"$HOME$A\" && exec echo x >&2");
	options.env = NULL;
	options.fds[2] = out[1];
	int old1 = dup(1);
	dup2(out[1], 1);
	options.fds[0] = options.fds[1];
	options.fds[2] = 1;
	options.fds[1] = 2;
	int rc = sp_trace_run(&options, &trace, &err);
	dup2(old1, 1);
	is_int(rc, 0, "crossed");
	memset(text, 0, sizeof(text));
	ok(trace && trace->exit_code == 0 && read(out[0], text, sizeof(text) - 1) > 0 &&
	   strstr(text, "x\n"), "streams");
	sp_trace_free(trace);
	for (int i = 0; i < 2; i++) {
		close(in[i]);
		close(out[i]);
	}
	close(old1);
	free(where);
}

/* Children of the caller are none of the tracer's business, nor are its signals. */
static void leaves_us_alone(void)
{
	int status = 0;
	pid_t pid = fork();
	sigset_t before, after;

	if (pid == 0)
		_exit(17);
	usleep(100000);
	int next = dup(0);
	close(next);
	sigprocmask(SIG_SETMASK, NULL, &before);
	sp_trace_free(traced("true & wait"));
	sigprocmask(SIG_SETMASK, NULL, &after);
	is_int(waitpid(pid, &status, 0), pid, "a child of ours is still there");
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 17, "with its exit code");
	int differ = 0, now = dup(0);
	close(now);
	is_int(now, next, "no descriptor is left");
	for (int i = 1; i < 65; i++)
		differ += sigismember(&before, i) != sigismember(&after, i);
	is_int(differ, 0, "our signals are as they were");
	is_int(waitpid(-1, &status, __WALL), -1, "no other child is left");
}

/* When the tracer is killed, nobody stays. */
static void tracer_dies(void)
{
	unlink(at("daemon.0"));
	unlink(at("daemon.1"));
	pid_t pid = fork();

	if (pid == 0) {
		sp_trace_free(traced(helper("daemon")));
		_exit(0);
	}
	for (int i = 0; i < 100 && (access(at("daemon.0"), F_OK) || access(at("daemon.1"), F_OK));
	     i++)
		usleep(50000);
	usleep(100000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	usleep(200000);
	is_gone("daemon.0");
	is_gone("daemon.1");
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "helper") == 0)
		_exit(help(argv[2], argv[3]));
	/* what somebody has left open would go to the command as well */
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	signal(SIGPIPE, SIG_IGN);
	endings();
	processes();
	others_like_us();
	left_behind();
	time_is_up();
	cancelling();
	limits();
	errors();
	given();
	leaves_us_alone();
	tracer_dies();
	return test_done();
}
