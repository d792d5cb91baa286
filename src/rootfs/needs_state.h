/*
 * The state of deciding about needs, shared by needs.c and need_files.c.
 */
#ifndef SP_ROOTFS_NEEDS_STATE_H
#define SP_ROOTFS_NEEDS_STATE_H

#include "rootfs/needs.h"

struct sp_evidence;

struct sp_needs {
	struct sp_arena arena;
	struct sp_rootfs *rootfs;
	const struct sp_rootfs_options *options;
	struct sp_evidence *evidence;
	struct sp_need_state *states;	/* one a row of the table */
	struct sp_need_state *adding;	/* the one whose add() runs */
	const char *detail;		/* the reason of what it adds */
};

#endif
