/*
 * Two file systems as one: what lies below, and where the rest comes from.
 *
 * A program that goes on top of a base image finds there what the base has, and
 * behind that what would be packed.  So its libraries are looked for in both, in this
 * order, and everything found below is marked (struct sp_stat, lower): it need not
 * be packed.
 */
#ifndef SP_BASE_ROOT_OVER_H
#define SP_BASE_ROOT_OVER_H

#include "base/root.h"

/*
 * A root that shows what is in lower, and of what is not there, what is in rest.  A
 * directory of both has the names of both.  The links of lower are followed first, so
 * that a file of rest appears where it would come to stand above lower.  Both roots
 * are borrowed.
 */
struct sp_root *sp_root_over_new(struct sp_root *lower, struct sp_root *rest);

#endif
