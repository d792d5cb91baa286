/*
 * A plan and what lies below it: for plan_finish.c alone.
 */
#ifndef SP_ROOTFS_PLAN_LOWER_H
#define SP_ROOTFS_PLAN_LOWER_H

#include "rootfs/plan.h"

/* The text of the symbolic link that stands at path below the plan; *ret NULL if there
 * is none, or nothing lies below. */
SP_CHECKED int sp_plan_lower_link(const struct sp_plan *plan, const char *path,
				  const char **ret, struct sp_err *err);

/* Take out of the merged plan what is there already.  SP_EUSAGE names both things if one
 * is a directory and the other is none. */
SP_CHECKED int sp_plan_lower_settle(struct sp_plan *plan, struct sp_err *err);

/* A directory that is added to the plan as a parent of child: if there is one below, it
 * has that one's mode and owner.  SP_EUSAGE if what is there is no directory. */
SP_CHECKED int sp_plan_lower_parent(const struct sp_plan *plan, struct sp_entry *dir,
				    const char *child, struct sp_err *err);

#endif
