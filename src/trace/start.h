/*
 * Starting the processes of a run: the command, stopped at the right calls, and alarms.
 */
#ifndef SP_TRACE_START_H
#define SP_TRACE_START_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "trace/trace.h"

struct sp_start {
	pid_t pid;		/* the command */
	pid_t keeper;		/* its parent, which ends after all its descendants */
	int kick;		/* for alarms: ends them when something can be read */
	int failure;		/* where the child says why it could not start */
	sigset_t signals;	/* blocked in the caller, and so in the command */
};

/*
 * Begin the command as a tracee, which goes on until its first stop.
 *
 * It is the child of a process of its own, the keeper: orphans of the run become
 * children of that, and it waits for them.  Process 1 does not do so everywhere.
 */
SP_CHECKED int sp_start_command(struct sp_start *start,
				const struct sp_trace_options *options,
				struct sp_err *err);

/* After the child has ended: could it start the command?  Closes start->failure. */
SP_CHECKED int sp_start_check(struct sp_start *start,
			      const struct sp_trace_options *options,
			      struct sp_err *err);

/*
 * Start a process that ends after ms milliseconds (less than 0: never) or as soon as
 * something can be read from the descriptor kick.  A tracer that waits for processes
 * wakes up for one more, and needs neither a clock nor a signal.
 */
pid_t sp_start_alarm(int kick, int ms);

/* What the exit code of an alarm says. */
enum sp_alarm { SP_ALARM_TIME = 1, SP_ALARM_KICK = 2 };

/* Replace the first argument of the call at which a tracee is stopped; arch is how it
 * was called (AUDIT_ARCH_*).  0 or a negative errno. */
int sp_start_set_arg(pid_t tid, uint32_t arch, uint64_t value);

#endif
