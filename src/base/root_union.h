/*
 * Two roots as one: what the upper one has stands before what the lower one has, and
 * directories hold the names of both.
 */
#ifndef SP_BASE_ROOT_UNION_H
#define SP_BASE_ROOT_UNION_H

#include "base/root.h"

/* Both are borrowed and must outlive the union; free that with sp_root_free(). */
struct sp_root *sp_root_union_new(struct sp_root *upper, struct sp_root *lower);

#endif
