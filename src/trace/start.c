/*
 * Starting the processes of a run.  The only file of the library that ends processes:
 * the children that it has made, when they cannot go on.
 */
#include "trace/start.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/calls.h"

#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | \
		 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | \
		 PTRACE_O_EXITKILL)

#define FDS_MAX 1024

/* What the child was doing when it could not go on. */
enum step { STEP_FDS, STEP_CWD, STEP_FILTER, STEP_EXEC };
struct failure { enum step step; int error; };

struct child {
	const struct sp_trace_options *options;
	const struct sp_start *start;
	struct sock_fprog filter;
	int go;			/* read from: a byte when it is traced */
	int failure, born;	/* written to: what went wrong; the number of the command */
};

static const char *shell_of(const struct sp_trace_options *options)
{
	return options->shell ? options->shell : "/bin/sh";
}

/* Descriptors 0 to 2 may stand for each other: copy them out of the way first. */
static int set_fds(const int fds[3])
{
	int copies[3];

	for (int i = 0; i < 3; i++) {
		copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (copies[i] < 0)
			return -1;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(copies[i], i) < 0)
			return -1;
	return 0;
}

static int set_filter(const struct sock_fprog *filter)
{
	/* without the flag, old kernels slow the process down for the sake of Spectre */
	static const unsigned flags[] = { SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0 };

	for (int i = 0; i < 4; i++) {
		/* whoever may set a filter as it is keeps set-user-ID programs working */
		if (i == 2 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			return -1;
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i % 2], filter) == 0)
			return 0;
	}
	return -1;
}

/* Nothing here may allocate or lock: other threads are gone in the middle of things. */
static enum step become(const struct child *child)
{
	const struct sp_trace_options *o = child->options;
	char *const none[] = { NULL };
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)o->command, NULL };

	if (set_fds(o->fds))
		return STEP_FDS;
	if (o->cwd && chdir(o->cwd))
		return STEP_CWD;
	/* we are expected to ignore it, which a command would inherit */
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &child->start->signals, NULL);
	if (set_filter(&child->filter))
		return STEP_FILTER;
	execve(shell_of(o), argv, o->env ? o->env : none);
	return STEP_EXEC;
}

static _Noreturn void run_child(const struct child *child)
{
	char byte;

	if (read(child->go, &byte, 1) == 1) {
		struct failure failure = { become(child), errno };

		if (write(child->failure, &failure, sizeof(failure)) < 0)
			_exit(126);
	}
	_exit(127);
}

/* Close all descriptors from the first on: what a helper holds, others may wait for the
 * end of. */
static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0u, 0))
		for (int fd = (int)first; fd < FDS_MAX; fd++)	/* Linux before 5.9 */
			close(fd);
}

static _Noreturn void run_keeper(const struct child *child)
{
	pid_t pid = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) ? -1 : fork();

	if (pid == 0)
		run_child(child);
	if (write(child->born, &pid, sizeof(pid)) != (ssize_t)sizeof(pid))
		_exit(1);
	close_from(0);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	_exit(0);
}

static int set_ptrace_err(struct sp_err *err)
{
	if (errno != EPERM && errno != EACCES && errno != ENOSYS)
		return sp_err_sys(err, SP_EFAIL, "the command cannot be traced");
	return sp_err_sys(err, SP_EFAIL,
			  "ptrace is not permitted here; a container needs --cap-add SYS_PTRACE or a seccomp profile that allows it, /proc/sys/kernel/yama/ptrace_scope has to be 0 or 1 (2 for root), and nothing else may be tracing this process");
}

/* Attach to the child, which waits, and let it go. */
static int attach(struct sp_start *start, int go, struct sp_err *err)
{
	if (ptrace(PTRACE_SEIZE, start->pid, NULL, OPTIONS))
		return set_ptrace_err(err);
	if (write(go, "", 1) != 1)
		return sp_err_sys(err, SP_EFAIL, "the command cannot be started");
	return 0;
}

struct pipe {
	int in, out;
};

static void close_pipe(struct pipe *pipe)
{
	sp_close_fd(&pipe->in);
	sp_close_fd(&pipe->out);
}
#define AUTOPIPE SP_CLEANUP(close_pipe) struct pipe

static int open_pipe(struct pipe *pipe, int flags)
{
	int fds[2];

	if (pipe2(fds, flags | O_CLOEXEC))
		return -1;
	*pipe = (struct pipe){ fds[0], fds[1] };
	return 0;
}

static int start_keeper(struct sp_start *start, struct child *child, struct pipe *go,
			struct sp_err *err)
{
	AUTOPIPE failure = { -1, -1 }, born = { -1, -1 };

	if (open_pipe(go, 0) || open_pipe(&failure, O_NONBLOCK) || open_pipe(&born, 0))
		return sp_err_sys(err, SP_EFAIL, "the command cannot be started");
	child->go = go->in;
	child->failure = failure.out;
	child->born = born.out;
	start->keeper = fork();
	if (start->keeper == 0) {
		/* or the command would wait for itself if we go away */
		close(go->out);
		run_keeper(child);
	}
	if (start->keeper < 0)
		return sp_err_sys(err, SP_EFAIL, "the command cannot be started");
	sp_close_fd(&born.out);
	if (read(born.in, &start->pid, sizeof(start->pid)) != (ssize_t)sizeof(start->pid) ||
	    start->pid < 0)
		return sp_err_set(err, SP_EFAIL, "the command cannot be started");
	start->failure = sp_steal_fd(&failure.in);
	return 0;
}

int sp_start_command(struct sp_start *start, const struct sp_trace_options *options,
		     struct sp_err *err)
{
	struct sock_filter code[SP_CALLS_FILTER_MAX];
	struct child child = { .options = options, .start = start };
	AUTOPIPE go = { -1, -1 };

	child.filter = (struct sock_fprog){ (unsigned short)sp_calls_filter(code), code };
	if (!child.filter.len)
		return sp_err_set(err, SP_EFAIL,
				  "tracing is not possible on this kind of machine");
	if (start_keeper(start, &child, &go, err))
		return -1;
	return attach(start, go.out, err);
}

int sp_start_check(struct sp_start *start, const struct sp_trace_options *options,
		   struct sp_err *err)
{
	sp_autoclose int fd = sp_steal_fd(&start->failure);
	struct failure failure;

	if (fd < 0 || read(fd, &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		return 0;
	errno = failure.error;
	switch (failure.step) {
	case STEP_FDS:
		return sp_err_sys(err, SP_EFAIL, "the command cannot have its standard streams");
	case STEP_CWD:
		return sp_err_sys(err, SP_EFAIL, "%s: cannot run the command there",
				  options->cwd);
	case STEP_FILTER:
		return sp_err_sys(err, SP_EFAIL,
				  "tracing needs seccomp filters, which are not permitted here");
	case STEP_EXEC:
		break;
	}
	return sp_err_sys(err, SP_EFAIL, "%s: cannot run it, and the command needs it",
			  shell_of(options));
}

pid_t sp_start_alarm(int kick, int ms)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (dup2(kick, 0) < 0)
		_exit(SP_ALARM_KICK);
	close_from(1);
	struct pollfd fd = { .fd = 0, .events = POLLIN };
	_exit(poll(&fd, 1, ms) == 0 ? SP_ALARM_TIME : SP_ALARM_KICK);
}

int sp_start_set_arg(pid_t tid, uint32_t arch, uint64_t value)
{
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
	union { struct user_regs_struct all; uint32_t narrow[17]; } regs;
	struct iovec part = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, NT_PRSTATUS, &part))
		return -errno;
#if defined(__x86_64__)
	/* a 32-bit process is stopped with part of this only: its own registers */
	if (part.iov_len < sizeof(regs))
		regs.narrow[0] = (uint32_t)value;
	else if (arch == AUDIT_ARCH_I386)
		regs.all.rbx = value;
	else
		regs.all.rdi = value;
#elif defined(__i386__)
	regs.all.ebx = (long)value;
#else
	regs.all.regs[0] = value;
#endif
	(void)arch;
	return ptrace(PTRACE_SETREGSET, tid, NT_PRSTATUS, &part) ? -errno : 0;
#else
	(void)tid;
	(void)arch;
	(void)value;
	return -ENOSYS;
#endif
}
