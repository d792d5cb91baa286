/*
 * Who names things, shared by the parts of need_named.c.
 */
#ifndef SP_ROOTFS_NEED_NAMED_H
#define SP_ROOTFS_NEED_NAMED_H

#include "rootfs/evidence.h"

struct sp_names;

struct namer {
	struct sp_needs *n;
	struct sp_closure *closure;
	size_t index;
	unsigned uses;			/* SP_USE_* */
	bool program;			/* the program, not a library */
	struct sp_reach reach;		/* how far away it is */
	const char *by;			/* its path in the image */
};

/* A path that who names: taken if it is there and its own, reported if it is shared.  how
 * says in what way ("names"); of a pattern only a directory counts. */
SP_CHECKED int sp_need_named_path(struct namer *who, const char *path, bool pattern,
				  const char *how, struct sp_err *err);

/* need_joined.c: what who names in parts, and programs of its family. */
SP_CHECKED int sp_need_joined(struct namer *who, const struct sp_names *names,
			      struct sp_err *err);

#endif
