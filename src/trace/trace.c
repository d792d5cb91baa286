/*
 * The run: a thread that starts the command and follows it to its end.
 */
#include "trace/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "trace/tracer.h"

#define TICK_MS 50		/* how soon a cancelled run is noticed */

struct run {
	struct sp_tracer tracer;
	int done;		/* a byte is written here in the end */
};

static void trace_command(struct sp_tracer *tracer)
{
	const struct sp_trace_options *o = tracer->options;

	tracer->rc = sp_start_command(&tracer->start, o, tracer->err);
	if (tracer->rc) {
		sp_loop_run(tracer);
		return;
	}
	struct sp_tracee *t = sp_tracee_tell(&tracer->tracees, tracer->start.pid);
	tracer->kept = true;
	t->inside = !o->program;
	if (o->timeout_ms > 0 || o->cancelled) {
		int ms = o->timeout_ms > 0 ? o->timeout_ms : -1;

		tracer->alarm = sp_start_alarm(tracer->start.kick, ms);
		if (tracer->alarm < 0) {
			tracer->alarm = 0;
			sp_loop_fail(tracer, SP_EFAIL, "no process can be started to watch the time");
		}
	}
	sp_loop_run(tracer);
	if (!tracer->rc)
		tracer->rc = sp_start_check(&tracer->start, o, tracer->err);
}

static void *trace_thread(void *arg)
{
	struct run *run = arg;

	trace_command(&run->tracer);
	/* a thread that is joined needs no more than this to be noticed */
	while (write(run->done, "", 1) < 0 && errno == EINTR)
		;
	return NULL;
}

/* Wait for the thread, and tell it when the caller does not want any more. */
static void attend(struct sp_tracer *tracer, int done)
{
	const volatile sig_atomic_t *cancelled = tracer->options->cancelled;
	struct pollfd fd = { .fd = done, .events = POLLIN };
	bool told = false;

	while (poll(&fd, 1, cancelled && !told ? TICK_MS : -1) <= 0)
		if (cancelled && *cancelled && !told)
			told = write(tracer->kick, "", 1) == 1;
}

static int run_thread(struct sp_tracer *tracer, struct sp_err *err)
{
	struct run run = { .tracer = *tracer };
	pthread_t thread;
	sigset_t all;
	int kick[2], done[2];

	if (pipe2(kick, O_CLOEXEC))
		return sp_err_sys(err, SP_EFAIL, "the command cannot be traced");
	sp_autoclose int kick_in = kick[0], kick_out = kick[1];
	if (pipe2(done, O_CLOEXEC))
		return sp_err_sys(err, SP_EFAIL, "the command cannot be traced");
	sp_autoclose int done_in = done[0], done_out = done[1];
	run.tracer.start.kick = kick_in;
	run.tracer.kick = kick_out;
	run.done = done_out;
	/* signals are for the threads of the caller */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &run.tracer.start.signals);
	int failed = pthread_create(&thread, NULL, trace_thread, &run);
	/* each stop of a tracee is a SIGCHLD, which would wake this thread for nothing */
	sigset_t waiting = run.tracer.start.signals;
	sigaddset(&waiting, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &waiting, NULL);
	if (!failed) {
		attend(&run.tracer, done_in);
		pthread_join(thread, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &run.tracer.start.signals, NULL);
	if (failed) {
		errno = failed;
		return sp_err_sys(err, SP_EFAIL, "the command cannot be traced");
	}
	*tracer = run.tracer;
	return tracer->rc;
}

int sp_trace_run(const struct sp_trace_options *options, struct sp_trace **ret,
		 struct sp_err *err)
{
	struct sp_trace *trace = sp_calloc(1, sizeof(*trace));
	struct sp_tracer tracer = {
		.options = options, .trace = trace, .err = err, .start.failure = -1,
		.records.max = options->files_max ? options->files_max : SP_TRACE_FILES_MAX,
		.processes_max = options->processes_max ? options->processes_max :
							  SP_TRACE_PROCESSES_MAX,
	};
	int rc;

	trace->exit_code = -1;
	if (access("/proc/self/exe", F_OK))
		rc = sp_err_sys(err, SP_EFAIL, "tracing needs /proc, which is not mounted here");
	else if (options->program && stat(options->program, &tracer.program))
		rc = sp_err_sys(err, SP_EFAIL, "%s: cannot be waited for", options->program);
	else
		rc = run_thread(&tracer, err);
	if (!rc)
		sp_records_finish(&tracer.records, trace);
	sp_close_fd(&tracer.start.failure);
	sp_tracees_release(&tracer.tracees);
	sp_records_release(&tracer.records);
	if (rc) {
		sp_trace_free(trace);
		return rc;
	}
	*ret = trace;
	return 0;
}

void sp_trace_free(struct sp_trace *trace)
{
	if (!trace)
		return;
	free(trace->files);
	free(trace->programs);
	sp_arena_release(&trace->arena);
	free(trace);
}
