/*
 * Which of the files that a run used can belong into an image, by where they are and
 * by what the run did with them.  Whether one is a secret is decided by what it is
 * (rootfs/secrets.h), and later.
 */
#ifndef SP_TRACE_TRACE_FILTER_H
#define SP_TRACE_TRACE_FILTER_H

#include "trace/trace.h"

/* Clean absolute paths, or NULL. */
struct sp_trace_places {
	const char *home;	/* the user's home directory */
	const char *cwd;	/* where the command ran: kept, also below home or /tmp */
};

/*
 * Why a file stays out unless it is added by name, as in "is a temporary file", or NULL
 * if it may come in.  Looks at nothing but its arguments.
 */
const char *sp_trace_unwanted(const struct sp_trace_file *file,
			      const struct sp_trace_places *places);

#endif
