/*
 * The processes and threads that are traced, and what can be read from one that is
 * stopped.
 */
#ifndef SP_TRACE_TRACEE_H
#define SP_TRACE_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "trace/records.h"

/* A file that a call will have used if it succeeds. */
struct sp_claim {
	struct sp_name name;
	unsigned uses;
	bool plain;		/* the name did not end in "/", "." or ".." */
	bool watch;		/* it may be changed from now on: compare it at the end */
	struct sp_before before;
};

/* What there is to note when the call of a tracee has succeeded. */
struct sp_claims {
	struct sp_claim all[2];
	size_t nr;
	struct sp_buf via;	/* directories left by "..", each with its NUL */
	unsigned opens;		/* not 0: the result is a descriptor, opened for these uses */
	bool execs, new_root;
};

struct sp_tracee {
	struct sp_tracee *next;
	pid_t tid;
	bool inside;		/* its uses count */
	bool told;		/* whoever made it has said so, or cannot any more */
	bool ended;		/* before it was told of: see sp_tracee_end() */
	bool in_call;		/* stops again when the call ends */
	const char *program;	/* its executable, in the arena of the records; or NULL */
	struct sp_claims claims;
};

#define SP_TRACEE_BUCKETS 1024

struct sp_tracees {
	struct sp_tracee *buckets[SP_TRACEE_BUCKETS];
	size_t nr;		/* that have not ended */
};

/* The tracee that has this number and has not ended, or NULL. */
struct sp_tracee *sp_tracee_find(const struct sp_tracees *all, pid_t tid);

/* The one with this number, which begins if there is none. */
struct sp_tracee *sp_tracee_add(struct sp_tracees *all, pid_t tid);

/*
 * A maker says that it made this one: returns it if it is new, NULL if it is known, or
 * has come and gone.  The kernel promises no order: a process may end before the one
 * that made it is seen to have made it.
 */
struct sp_tracee *sp_tracee_tell(struct sp_tracees *all, pid_t tid);

/* It has ended.  One that was not told of yet is kept in mind until then. */
void sp_tracee_end(struct sp_tracees *all, pid_t tid);
void sp_tracees_release(struct sp_tracees *all);

/* Forget what a call would have used. */
void sp_claims_reset(struct sp_claims *claims);

/* Copy len bytes of the process's memory; 0 or a negative errno. */
int sp_tracee_read(pid_t tid, uint64_t at, void *buf, size_t len);

/* Write them.  0 or a negative errno. */
int sp_tracee_write(pid_t tid, uint64_t at, const void *data, size_t len);

/* Copy a string of at most size - 1 bytes; 0 or a negative errno. */
int sp_tracee_string(pid_t tid, uint64_t at, char *buf, size_t size);

/* The text of the link /proc/TID/WHAT, if it is an absolute path of something that
 * still has that name.  0 or a negative errno. */
int sp_tracee_link(pid_t tid, const char *what, char *buf, size_t size);
int sp_tracee_fd(pid_t tid, int fd, char *buf, size_t size);

/* The process that tid is a thread of, and the parent of that; 0 or a negative errno. */
int sp_tracee_family(pid_t tid, pid_t *ret_process, pid_t *ret_parent);

#endif
