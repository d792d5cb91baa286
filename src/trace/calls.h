/*
 * The system calls that take names of files: what each does with them, its number on
 * each machine, and the seccomp filter that stops a process at them.
 */
#ifndef SP_TRACE_CALLS_H
#define SP_TRACE_CALLS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call does, as far as it matters here. */
enum sp_call_kind {
	SP_CALL_FIND,		/* looks at a file */
	SP_CALL_STAT,		/* the same, and no more: flags in "more", or none */
	SP_CALL_LSTAT,		/* a link is not followed */
	SP_CALL_ACCESS,		/* asks for the rights in "more" */
	SP_CALL_LINK,		/* reads a symbolic link */
	SP_CALL_OPEN,		/* opens; its flags are in argument "more" */
	SP_CALL_CREAT,		/* creates or empties, and opens */
	SP_CALL_OPEN_HOW,	/* opens; argument "more" points to a struct open_how */
	SP_CALL_OPEN_HANDLE,	/* opens without a name */
	SP_CALL_EXEC,
	SP_CALL_LIST,		/* reads names from the open directory "dir" */
	SP_CALL_WRITE,		/* makes, changes or removes a file */
	SP_CALL_MOVE,		/* both names are changed */
	SP_CALL_JOIN,		/* a second name for a file */
	SP_CALL_ROOT,		/* "/" becomes something else */
	SP_CALL_SPACE,		/* mounts may become others than ours */
	SP_CALL_RIGHTS,		/* what it may do becomes another thing than what we may */
	SP_CALL_CLONE,		/* a new process; stops only for unusual flags */
	SP_CALL_CLONE3,		/* a new process; the flags are in memory */
	SP_CALL_REFUSE		/* answered with ENOSYS, without a stop */
};

/* Columns of numbers.  Generic is the table of all newer machines, aarch64 first. */
enum sp_abi { SP_ABI_X86_64, SP_ABI_I386, SP_ABI_ARM, SP_ABI_GENERIC, SP_ABI_NR };

struct sp_call {
	const char *name;
	enum sp_call_kind kind;
	int8_t dir, path;	/* arguments: directory descriptor and name, or -1 */
	int8_t dir2, path2;	/* of the second name, or -1 */
	int8_t more;
	int16_t nr[SP_ABI_NR];	/* -1: this machine does not have it */
};

extern const struct sp_call sp_calls[];
extern const size_t sp_calls_nr;

/*
 * The call with this number of the way arch (AUDIT_ARCH_*) to call the kernel, or NULL.
 * hint is its index in sp_calls, if that is what the data of a stop is.
 */
const struct sp_call *sp_call_find(uint32_t arch, uint64_t nr, size_t hint);

#define SP_CALLS_FILTER_MAX 1024	/* instructions sp_calls_filter() makes at most */

/*
 * Make the filter for this machine, into code.  A stop carries the index of the call
 * in sp_calls as its data.  Returns the number of instructions, 0 if this machine is
 * not known.
 */
size_t sp_calls_filter(struct sock_filter code[SP_CALLS_FILTER_MAX]);

#endif
