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
	size_t named;			/* objects whose names are done with */
	unsigned uses;			/* SP_USE_*, of the program itself */
	size_t entries, texts;		/* of the plan that are looked through; and as texts */
	size_t others_nr;		/* closures of programs that the user added */
	struct sp_reach *reach;		/* of the objects of the main closure */
	size_t reach_nr, reach_alloc;
	struct sp_map listed;		/* real path of a directory to lists */
	struct sp_listing {
		const char *const *names;
		size_t nr;
	} *lists;
	size_t lists_nr, lists_alloc;
	const char **kin;		/* real paths of programs of the program's own package */
	size_t kin_nr, kin_alloc;
	const char **taken;		/* paths that were named, and are in */
	size_t taken_nr, taken_alloc;
};

/* The objects of the main closure that came since the last call were brought by one that
 * is so far away from the program; NULL: by the program's start. */
void sp_needs_reached(struct sp_needs *needs, const struct sp_reach *from);

/* Is the file of this real path one that a need has brought? */
bool sp_needs_brought(const struct sp_needs *needs, const char *real);

#endif
