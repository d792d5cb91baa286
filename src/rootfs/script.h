/*
 * Scripts: the first line of a file as the kernel reads it.
 *
 * Source: execve(2) and fs/binfmt_script.c of Linux: the first 256 bytes count,
 * the interpreter ends at white space, all that follows is one argument, cut off
 * where the 256 bytes end, and an interpreter may be a script itself, five times
 * in all.
 */
#ifndef SP_ROOTFS_SCRIPT_H
#define SP_ROOTFS_SCRIPT_H

#include "base/root.h"

#define SP_SCRIPT_LINE_MAX 256	/* bytes behind which the kernel looks no further */
#define SP_SCRIPTS_MAX 5	/* scripts on the way to a compiled interpreter */

struct sp_script {
	const char *interpreter;	/* absolute path */
	const char *argument;		/* NULL if there is none */
};

/* Does the file begin with "#!"? */
bool sp_script_is(struct sp_file *file);

/* Read the first line.  SP_EPROGRAM says what the kernel would refuse. */
SP_CHECKED int sp_script_read(struct sp_file *file, struct sp_arena *arena,
			      struct sp_script *ret, struct sp_err *err);

/*
 * The program that "env" runs when it gets this argument: all of it, since the
 * kernel splits nothing, or behind -S the first word that is no option and no
 * NAME=VALUE.  NULL if there is none.
 */
const char *sp_script_env_word(const char *argument, struct sp_arena *arena);

#endif
