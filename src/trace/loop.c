/*
 * The loop: what tracees do is waited for, one thing at a time, until none is left.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace/tracer.h"

/* --- the end ---------------------------------------------------------------------- */

static void end_alarms(struct sp_tracer *tracer)
{
	if (write(tracer->kick, "", 1) != 1)
		kill(tracer->alarm ? tracer->alarm : tracer->linger, SIGKILL);
}

/* Kill all there are.  Who turns up later is killed when he does. */
static void end_run(struct sp_tracer *tracer)
{
	if (tracer->killing)
		return;
	tracer->killing = true;
	for (size_t i = 0; i < SP_TRACEE_BUCKETS; i++)
		for (struct sp_tracee *t = tracer->tracees.buckets[i]; t; t = t->next)
			if (!t->ended)	/* or its number may be that of another */
				kill(t->tid, SIGKILL);
	if (tracer->alarm || tracer->linger)
		end_alarms(tracer);
}

void sp_loop_fail(struct sp_tracer *tracer, enum sp_code code, const char *fmt, ...)
{
	va_list args;
	char msg[512];

	if (!tracer->rc) {
		va_start(args, fmt);
		vsnprintf(msg, sizeof(msg), fmt, args);
		va_end(args);
		tracer->rc = sp_err_set(tracer->err, code, "%s", msg);
	}
	end_run(tracer);
}

static void time_is_up(struct sp_tracer *tracer)
{
	int ms = tracer->options->timeout_ms;
	bool whole = ms % 1000 == 0;

	tracer->trace->timed_out = true;
	if (tracer->options->timeout_ends)
		end_run(tracer);
	else
		sp_loop_fail(tracer, SP_EFAIL,
		     "the command, or a process that it left behind, was still running after %d %s, and was killed",
		     whole ? ms / 1000 : ms, whole ? "s" : "ms");
}

static size_t count_processes(const struct sp_tracer *tracer)
{
	size_t nr = 0;

	for (size_t i = 0; i < SP_TRACEE_BUCKETS; i++)
		for (struct sp_tracee *t = tracer->tracees.buckets[i]; t; t = t->next) {
			pid_t process, parent;

			nr += !t->ended &&
			      sp_tracee_family(t->tid, &process, &parent) == 0 &&
			      process == t->tid;
		}
	return nr;
}

static void end_lingering(struct sp_tracer *tracer)
{
	tracer->trace->left = count_processes(tracer);
	end_run(tracer);
}

static void on_alarm(struct sp_tracer *tracer, pid_t pid, int status)
{
	bool time = WIFEXITED(status) && WEXITSTATUS(status) == SP_ALARM_TIME;
	bool lingered = pid == tracer->linger;

	*(lingered ? &tracer->linger : &tracer->alarm) = 0;
	if (tracer->killing)
		return;
	if (time && lingered)
		end_lingering(tracer);
	else if (time)
		time_is_up(tracer);
	else if (!lingered)
		sp_loop_fail(tracer, SP_ECANCELLED, "cancelled");
}

/* The command has ended.  What it left behind has a while. */
static void begin_lingering(struct sp_tracer *tracer)
{
	int ms = tracer->options->linger_ms;

	if (tracer->killing || tracer->linger || ms < 0)
		return;
	if (ms > 0)
		tracer->linger = sp_start_alarm(tracer->start.kick, ms);
	if (tracer->linger <= 0) {
		tracer->linger = 0;
		end_lingering(tracer);
	}
}

static void on_command_end(struct sp_tracer *tracer, int status)
{
	struct sp_trace *trace = tracer->trace;

	trace->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	trace->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	tracer->command_ended = true;
	if (tracer->tracees.nr > 0)
		begin_lingering(tracer);
}

/* --- processes come --------------------------------------------------------------- */

static void resume(const struct sp_tracee *t, int signal)
{
	/* it may be gone: then waiting tells */
	ptrace(t->in_call ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, NULL, (long)signal);
}

static void inherit(struct sp_tracer *tracer, struct sp_tracee *t,
		    const struct sp_tracee *from)
{
	const struct sp_trace *trace = tracer->trace;

	t->inside = from ? from->inside : !tracer->options->program || trace->program_ran;
	t->program = from ? from->program : NULL;
}

/* A parent has said that it has a child, which may have stopped, or ended, before. */
static void on_child(struct sp_tracer *tracer, const struct sp_tracee *parent, pid_t tid)
{
	struct sp_tracee *t = sp_tracee_tell(&tracer->tracees, tid);

	if (t)
		inherit(tracer, t, parent);
}

/* A child whose parent has not said anything yet, and will not if it was killed. */
static struct sp_tracee *adopt(struct sp_tracer *tracer, pid_t tid)
{
	const struct sp_tracee *from = NULL;
	pid_t process, parent;

	if (sp_tracee_family(tid, &process, &parent) == 0)
		from = sp_tracee_find(&tracer->tracees, process != tid ? process : parent);
	struct sp_tracee *t = sp_tracee_add(&tracer->tracees, tid);
	inherit(tracer, t, from);
	if (tracer->command_ended)
		begin_lingering(tracer);
	return t;
}

/* --- stops ------------------------------------------------------------------------ */

static bool call_of(struct sp_tracer *tracer, struct sp_tracee *t, unsigned op,
		    struct __ptrace_syscall_info *ret)
{
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof(*ret), ret) > 0)
		return ret->op == op;
	if (errno != ESRCH)
		sp_loop_fail(tracer, SP_EFAIL, "tracing needs Linux 5.3 or newer");
	return false;
}

static void on_call(struct sp_tracer *tracer, struct sp_tracee *t)
{
	struct __ptrace_syscall_info info;

	if (!call_of(tracer, t, PTRACE_SYSCALL_INFO_SECCOMP, &info))
		return;
	const struct sp_call *call =
		sp_call_find(info.arch, info.seccomp.nr, info.seccomp.ret_data);
	uint64_t args[6];
	for (size_t i = 0; i < 6; i++)
		args[i] = info.seccomp.args[i];
	t->in_call = call && sp_claims_make(tracer, t, call, info.arch, args);
}

static void on_call_end(struct sp_tracer *tracer, struct sp_tracee *t)
{
	struct __ptrace_syscall_info info;

	t->in_call = false;
	if (call_of(tracer, t, PTRACE_SYSCALL_INFO_EXIT, &info) && !info.exit.is_error)
		sp_claims_keep(tracer, t, info.exit.rval);
}

/* A thread that executes becomes the process, with the number of its first thread. */
static void on_exec(struct sp_tracer *tracer, struct sp_tracee *t, pid_t former)
{
	struct sp_tracee *from = sp_tracee_find(&tracer->tracees, former);

	if (from && from != t) {
		struct sp_claims claims = t->claims;

		t->claims = from->claims;
		from->claims = claims;
		inherit(tracer, t, from);
		sp_tracee_end(&tracer->tracees, former);
	}
	t->in_call = false;
	sp_claims_exec(tracer, t);
}

static void on_event(struct sp_tracer *tracer, struct sp_tracee *t, int event)
{
	unsigned long message = 0;

	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		on_call(tracer, t);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &message) == 0)
			on_child(tracer, t, (pid_t)message);
		break;
	case PTRACE_EVENT_EXEC:
		if (ptrace(PTRACE_GETEVENTMSG, t->tid, NULL, &message) == 0)
			on_exec(tracer, t, (pid_t)message);
		break;
	default:		/* PTRACE_EVENT_STOP of a new process */
		break;
	}
	resume(t, 0);
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN ||
	       signal == SIGTTOU;
}

static void on_stop(struct sp_tracer *tracer, pid_t tid, int status)
{
	struct sp_tracee *t = sp_tracee_find(&tracer->tracees, tid);
	int signal = WSTOPSIG(status), event = status >> 16;

	if (!t)
		t = adopt(tracer, tid);
	if (event == PTRACE_EVENT_STOP && is_stop_signal(signal)) {
		/* stopped as a whole, until SIGCONT */
		ptrace(PTRACE_LISTEN, tid, NULL, NULL);
	} else if (event) {
		on_event(tracer, t, event);
	} else if (signal == (SIGTRAP | 0x80)) {
		on_call_end(tracer, t);
		resume(t, 0);
	} else {
		resume(t, signal);
	}
}

/*
 * The keeper ends when it has no child any more, and a tracee is its child, or a
 * descendant's, until we have seen its end: the run is over.  Unless somebody has killed
 * the keeper; then what we know of tracees has to do.
 */
static void on_keeper_end(struct sp_tracer *tracer, int status)
{
	tracer->kept = false;
	if (WIFEXITED(status))
		end_run(tracer);
}

static void on_status(struct sp_tracer *tracer, pid_t pid, int status)
{
	if (pid == tracer->alarm || pid == tracer->linger) {
		on_alarm(tracer, pid, status);
	} else if (pid == tracer->start.keeper) {
		on_keeper_end(tracer, status);
	} else if (WIFSTOPPED(status)) {
		if (tracer->killing)
			kill(pid, SIGKILL);
		else
			on_stop(tracer, pid, status);
	} else {
		sp_tracee_end(&tracer->tracees, pid);
		if (pid == tracer->start.pid)
			on_command_end(tracer, status);
	}
}

static void check_limits(struct sp_tracer *tracer)
{
	if (tracer->records.full)
		sp_loop_fail(tracer, SP_EFAIL, "the command uses more than %zu files, which is the limit",
		     tracer->records.max);
	if (tracer->tracees.nr > tracer->processes_max)
		sp_loop_fail(tracer, SP_EFAIL,
		     "the command has more than %zu processes and threads at the same time, which is the limit",
		     tracer->processes_max);
}

void sp_loop_run(struct sp_tracer *tracer)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL | __WNOTHREAD);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;		/* ECHILD: nobody is left */
		on_status(tracer, pid, status);
		check_limits(tracer);
		if (!tracer->kept && tracer->tracees.nr == 0)
			end_run(tracer);
	}
}
