/*
 * The merged file system of an image as a root, for those who look into "/" as
 * well.  Of files it has what a witness kept.
 */
#ifndef SP_IMAGE_TREE_ROOT_H
#define SP_IMAGE_TREE_ROOT_H

#include "base/root.h"
#include "image/tree.h"

/*
 * A root over a tree, which must outlive it.  open_kept opens what was kept of a
 * file (never NULL), ret->st being filled in: 0, or a negative errno.  A file of which
 * nothing was kept cannot be opened (EACCES).  label stands for the root in messages.
 */
struct sp_root *sp_tree_root_new(struct sp_tree *tree,
				 int (*open_kept)(const void *kept, struct sp_file *ret),
				 const char *label);

#endif
