/*
 * A file system in the making: what instructions have put over what lies below, step
 * by step, the later over the earlier.  In the end it is a plan.
 *
 *	struct sp_overlay *overlay = sp_overlay_new(base);	// or NULL: nothing below
 *
 *	sp_overlay_mkdirs(overlay, "/srv/data", &owner, &reason, err);
 *	sp_overlay_put(overlay, &(struct sp_entry){ .path = "/srv/data/a", ... }, err);
 *	sp_overlay_plan(overlay, &plan, err);
 *	sp_overlay_free(overlay);
 *
 * Unlike a plan it has an answer at any time to "what is at this path now?", and two
 * things at one path are no conflict.
 */
#ifndef SP_ROOTFS_OVERLAY_H
#define SP_ROOTFS_OVERLAY_H

#include "rootfs/plan.h"

struct sp_overlay;

struct sp_owner {
	uint32_t uid, gid;
};

/* lower is borrowed and must outlive the overlay; NULL: an empty file system. */
struct sp_overlay *sp_overlay_new(struct sp_root *lower);

/* Another one with the same things in it, to go on from. */
struct sp_overlay *sp_overlay_copy(const struct sp_overlay *overlay);
void sp_overlay_free(struct sp_overlay *overlay);	/* NULL allowed */

/*
 * Where path leads once links are followed, at the very end only with follow; what is
 * not there keeps its text.  *ret_path lives as long as the overlay; ret_st says
 * what is there, SP_ABSENT for nothing.  SP_EUSAGE if something on the way is no
 * directory, or links go round in a circle.
 */
SP_CHECKED int sp_overlay_resolve(struct sp_overlay *overlay, const char *path,
				  bool follow, const char **ret_path,
				  struct sp_stat *ret_st, struct sp_err *err);

/* Make path a directory, with all that lack above it (mode 0755).  Links are
 * followed.  *ret_path, if not NULL, is where it is. */
SP_CHECKED int sp_overlay_mkdirs(struct sp_overlay *overlay, const char *path,
				 const struct sp_owner *owner,
				 const struct sp_reason *reason, const char **ret_path,
				 struct sp_err *err);

/*
 * Put an entry at its path, whose parents are there and no links.  A file or link
 * takes the place of a file or link; a directory gives its mode and owner to one that
 * is there.  SP_EUSAGE for a directory in the place of something else or the other
 * way round, and for a path that no image can hold.  What the entry points to is
 * copied, except root.
 */
SP_CHECKED int sp_overlay_put(struct sp_overlay *overlay, const struct sp_entry *entry,
			      struct sp_err *err);

/* Up to limit bytes of the file at path (links followed), malloc'ed and with a NUL
 * after them; *ret is NULL if there is none, or a larger one. */
SP_CHECKED int sp_overlay_read(struct sp_overlay *overlay, const char *path, size_t limit,
			       char **ret, size_t *ret_len, struct sp_err *err);

/* All that was put, as a plan that is not finished yet; free it with sp_plan_free(). */
SP_CHECKED int sp_overlay_plan(const struct sp_overlay *overlay, struct sp_plan **ret,
			       struct sp_err *err);

#endif
