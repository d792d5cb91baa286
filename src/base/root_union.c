/*
 * A root over a root.  Links are resolved by who asks, over both together.
 */
#include "base/root_union.h"

#include <errno.h>
#include <string.h>

#include "base/root_alias.h"
#include "base/vec.h"

struct both {
	struct sp_root *upper, *lower;
	struct sp_root_aliases aliases;	/* of what stands in lower */
};

/* Where the path is: what hides it in the upper root hides what is below, too. */
static int find(struct both *b, const char *path, struct sp_root **ret_root,
		const char **ret_path, struct sp_stat *ret, const char **ret_target)
{
	struct sp_err err = { 0 };

	*ret_root = b->upper;
	*ret_path = path;
	if (sp_root_lstat(b->upper, path, ret, ret_target, &err))
		return -EIO;
	if (ret->type != SP_ABSENT)
		return 0;
	*ret_root = b->lower;
	return sp_root_alias_lstat(&b->aliases, path, ret, ret_path, ret_target, &err) ? -EIO : 0;
}

static int union_lstat(void *ctx, const char *path, struct sp_stat *ret, char **ret_target)
{
	struct sp_root *root;
	const char *target, *where;
	int rc = find(ctx, path, &root, &where, ret, &target);

	if (!rc && ret->type == SP_SYMLINK)
		*ret_target = sp_strdup(target);
	return rc;
}

static int union_open(void *ctx, const char *path, struct sp_file *ret)
{
	struct sp_err err = { 0 };
	struct sp_root *root;
	const char *target, *where;
	struct sp_stat st;
	int rc = find(ctx, path, &root, &where, &st, &target);

	if (rc)
		return rc;
	errno = 0;
	if (sp_root_open(root, where, ret, &err) == 0)
		return 0;
	return st.type == SP_ABSENT ? -ENOENT : st.type == SP_DIR ? -EISDIR :
	       st.type == SP_OTHER ? -ENXIO : errno ? -errno : -EACCES;
}

struct names {
	char **list;
	size_t list_nr, list_alloc;
};

static int add_names(struct sp_root *root, const char *path, const struct names *but,
		     struct names *names)
{
	const char *const *list;
	struct sp_err err = { 0 };
	struct sp_stat st;
	const char *target;
	size_t nr, known = 0;

	if (sp_root_lstat(root, path, &st, &target, &err))
		return -EIO;
	if (st.type != SP_DIR)
		return 0;
	if (sp_root_list(root, path, &list, &nr, &err))
		return -EACCES;
	/* both lists are sorted by bytes */
	for (size_t i = 0; i < nr; i++) {
		while (known < but->list_nr && strcmp(but->list[known], list[i]) < 0)
			known++;
		if (known == but->list_nr || strcmp(but->list[known], list[i]) != 0)
			*SP_VEC_PUSH(names->list) = sp_strdup(list[i]);
	}
	return 0;
}

static int union_list(void *ctx, const char *path, char ***ret, size_t *ret_nr)
{
	struct both *b = ctx;
	struct names upper = { 0 }, lower = { 0 }, none = { 0 };
	const char *where = path, *target;
	struct sp_err err = { 0 };
	struct sp_stat st;
	int rc = add_names(b->upper, path, &none, &upper);

	if (!rc && sp_root_alias_lstat(&b->aliases, path, &st, &where, &target, &err))
		rc = -EIO;
	if (!rc)
		rc = add_names(b->lower, where, &upper, &lower);
	for (size_t i = 0; i < lower.list_nr; i++)
		if (rc)
			free(lower.list[i]);
		else
			*SP_VEC_PUSH(upper.list) = lower.list[i];
	free(lower.list);
	for (size_t i = 0; rc && i < upper.list_nr; i++)
		free(upper.list[i]);
	if (rc) {
		free(upper.list);
		return rc;
	}
	*ret = upper.list;
	*ret_nr = upper.list_nr;
	return 0;
}

static void union_free(void *ctx)
{
	struct both *b = ctx;

	sp_root_aliases_release(&b->aliases);
	free(b);	/* the roots are borrowed */
}

static const struct sp_root_ops union_ops = {
	.lstat = union_lstat, .open = union_open, .list = union_list, .free = union_free,
};

struct sp_root *sp_root_union_new(struct sp_root *upper, struct sp_root *lower)
{
	struct both *b = sp_malloc(sizeof(*b));

	*b = (struct both){ .upper = upper, .lower = lower };
	sp_root_aliases_init(&b->aliases, upper, lower);
	return sp_root_new(&union_ops, b, "");
}
