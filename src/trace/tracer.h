/*
 * The inside of a run: what the parts of the tracer share.
 */
#ifndef SP_TRACE_TRACER_H
#define SP_TRACE_TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/path.h"
#include "trace/calls.h"
#include "trace/records.h"
#include "trace/start.h"
#include "trace/trace.h"
#include "trace/tracee.h"

/* A name with all that may stand in front of it. */
#define SP_TRACE_NAME_MAX (2 * SP_PATH_MAX + 2)

struct sp_tracer {
	const struct sp_trace_options *options;
	struct sp_trace *trace;		/* what is returned */
	struct sp_records records;
	struct sp_tracees tracees;
	struct sp_start start;		/* the command */
	struct stat program;		/* options->program */
	pid_t alarm, linger;		/* processes that end when it is time; or 0 */
	bool views;			/* "/" of some process may be another than ours */
	bool rights;			/* some process may be allowed other things than we */
	bool kept;			/* the keeper is there, and tells when the run is over */
	bool command_ended;
	bool killing;			/* the run is over */
	int kick;			/* a byte written here ends the alarms */
	size_t processes_max;
	struct sp_err *err;
	int rc;
};

/* --- names.c --- */

/*
 * Where the name "text" leads from directory descriptor dir of a process, as it is
 * named.  Directories that were left by ".." are added to via.  false if that cannot
 * be found out, or there is no such name.
 */
bool sp_name_find(struct sp_tracer *tracer, pid_t tid, int dir, const char *text,
		  struct sp_buf *via, struct sp_name *ret);

/* A file that we have the name of, as seen by the process. */
bool sp_name_of_host(struct sp_tracer *tracer, pid_t tid, const char *host,
		     struct sp_name *ret);

/* --- claims.c --- */

/* Before a call, made in the way arch (AUDIT_ARCH_*): what will it have used?  true if
 * its end has to be looked at; what is certain is noted at once. */
bool sp_claims_make(struct sp_tracer *tracer, struct sp_tracee *t,
		    const struct sp_call *call, uint32_t arch, const uint64_t *args);

/* --- foresee.c --- */

enum sp_outlook { SP_OUTLOOK_NONE, SP_OUTLOOK_WORKS, SP_OUTLOOK_FAILS };

/* How a call with one claim will end, if we would see and may do the same. */
enum sp_outlook sp_foresee(const struct sp_tracer *tracer, const struct sp_call *call,
			   const uint64_t *args, const struct sp_claim *claim);

/* A process became this program: does it get rights by that? */
void sp_foresee_exec(struct sp_tracer *tracer, const char *exe);

/* --- notes.c --- */

/* What counts of the uses of a process: of one outside, only what it changes. */
unsigned sp_uses_counting(const struct sp_tracee *t, unsigned uses);

/* After a call that succeeded with this result. */
void sp_claims_keep(struct sp_tracer *tracer, struct sp_tracee *t, int64_t result);

/* Note what was claimed. */
void sp_claims_note(struct sp_tracer *tracer, struct sp_tracee *t);

/* After an exec: what it has used, and what the kernel has opened for it. */
void sp_claims_exec(struct sp_tracer *tracer, struct sp_tracee *t);

/* --- loop.c --- */

/* Wait for what the tracees do, until none is left. */
void sp_loop_run(struct sp_tracer *tracer);

/* The run has failed: kill all there are.  The first failure counts. */
void sp_loop_fail(struct sp_tracer *tracer, enum sp_code code, const char *fmt, ...)
	SP_PRINTF(3, 4);

#endif
