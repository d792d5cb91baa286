/*
 * The planned image as a root: what is not built yet can be looked into already,
 * by the same code that looks into "/".  This is what the proof stands on.
 */
#ifndef SP_ROOTFS_PLAN_ROOT_H
#define SP_ROOTFS_PLAN_ROOT_H

#include "base/root.h"
#include "rootfs/plan.h"

/*
 * A root over a finished plan, which must outlive it, and over what lies below it:
 * lower, borrowed, may be NULL.  What is found there is marked so (struct sp_stat).
 * Free with sp_root_free().  Two names of one hard link have one inode number, as on a
 * disk.
 */
struct sp_root *sp_plan_root_new(const struct sp_plan *plan, struct sp_root *lower);

#endif
