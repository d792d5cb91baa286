/*
 * Where something stands in a root that lies behind another one, when that one has
 * links in its top directory where this one has directories.
 *
 * Above a base with a merged /usr ("/lib" -> "usr/lib") the file /lib/x of a tree that
 * is not merged comes to stand at /usr/lib/x.  Who looks there in both has to look for
 * /lib/x in the tree.
 */
#ifndef SP_BASE_ROOT_ALIAS_H
#define SP_BASE_ROOT_ALIAS_H

#include "base/root.h"

struct sp_root_alias {
	const char *path, *real;	/* "/lib" behind is "/usr/lib" in front */
};

struct sp_root_aliases {
	struct sp_arena arena;
	struct sp_root *behind;
	struct sp_root_alias *items;
	size_t items_nr, items_alloc;
};

/* Compare the top directories of the two, which are borrowed. */
void sp_root_aliases_init(struct sp_root_aliases *aliases, struct sp_root *front,
			  struct sp_root *behind);
void sp_root_aliases_release(struct sp_root_aliases *aliases);

/*
 * What stands behind at path, which is resolved in front: there, or else at another
 * name of it.  *ret_path is where; it lives as long as the aliases.  *ret_target, as
 * that of sp_root_lstat(), leads on from path: a relative one with ".." in it becomes
 * absolute if it stands elsewhere.
 */
SP_CHECKED int sp_root_alias_lstat(struct sp_root_aliases *aliases, const char *path,
				   struct sp_stat *ret, const char **ret_path,
				   const char **ret_target, struct sp_err *err);

/* The n-th other name of path behind; NULL if there are no more. */
const char *sp_root_alias_name(struct sp_root_aliases *aliases, const char *path, size_t n);

#endif
