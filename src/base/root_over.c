/*
 * Two file systems as one.
 */
#include "base/root_over.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/root_alias.h"
#include "base/vec.h"

struct over {
	struct sp_root *lower, *rest;
	struct sp_root_aliases aliases;	/* of what stands in rest */
};

static int over_lstat(void *ctx, const char *path, struct sp_stat *ret, char **ret_target)
{
	struct over *o = ctx;
	const char *target = NULL, *where;
	struct sp_err ignored = { 0 };

	if (sp_root_lstat(o->lower, path, ret, &target, &ignored))
		return -EIO;
	if (ret->type != SP_ABSENT)
		ret->lower = true;
	else if (sp_root_alias_lstat(&o->aliases, path, ret, &where, &target, &ignored))
		return -EIO;
	if (target)
		*ret_target = sp_strdup(target);
	return 0;
}

/* Open what path leads to in one of the two; -ENOENT if it is not there. */
static int open_in(struct sp_root *root, const char *path, struct sp_file *ret)
{
	struct sp_found found;
	struct sp_err ignored = { 0 };

	if (sp_root_resolve(root, path, &found, &ignored))
		return -EIO;
	if (!found.real)
		return -ENOENT;
	if (found.st.type == SP_DIR)
		return -EISDIR;
	if (found.st.type != SP_FILE)
		return -ENXIO;
	return sp_root_open(root, found.real, ret, &ignored) ? -EACCES : 0;
}

static int over_open(void *ctx, const char *path, struct sp_file *ret)
{
	struct over *o = ctx;
	int rc = open_in(o->lower, path, ret);

	if (rc == -ENOENT) {
		rc = open_in(o->rest, path, ret);
		for (size_t n = 0; rc == -ENOENT; n++) {
			const char *name = sp_root_alias_name(&o->aliases, path, n);

			if (!name)
				break;
			rc = open_in(o->rest, name, ret);
		}
		return rc;
	}
	ret->st.lower = rc == 0;
	return rc;
}

static const char *over_where(void *ctx, const char *path)
{
	struct over *o = ctx;
	struct sp_err ignored = { 0 };
	const char *where, *target;
	struct sp_stat st;

	/* an empty one asks for the label */
	if (path[0] != '/' ||
	    sp_root_alias_lstat(&o->aliases, path, &st, &where, &target, &ignored) ||
	    st.type == SP_ABSENT)
		return NULL;
	return where;
}

struct names {
	char **names;
	size_t names_nr, names_alloc;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Take out what is there twice; the list is sorted by that. */
static void unite(struct names *v)
{
	size_t kept = 0;

	if (v->names_nr)
		qsort(v->names, v->names_nr, sizeof(*v->names), by_bytes);
	for (size_t i = 0; i < v->names_nr; i++) {
		if (kept && strcmp(v->names[kept - 1], v->names[i]) == 0)
			free(v->names[i]);
		else
			v->names[kept++] = v->names[i];
	}
	v->names_nr = kept;
}

/* The names in the directory of one root; false if it is none there. */
static bool add_names(struct names *v, struct sp_root *root, const char *path)
{
	const char *const *list;
	struct sp_found found;
	struct sp_err ignored = { 0 };
	size_t nr;

	if (sp_root_resolve(root, path, &found, &ignored) || !found.real ||
	    found.st.type != SP_DIR || sp_root_list(root, found.real, &list, &nr, &ignored))
		return false;
	for (size_t k = 0; k < nr; k++)
		*SP_VEC_PUSH(v->names) = sp_strdup(list[k]);
	return true;
}

static int over_list(void *ctx, const char *path, char ***ret, size_t *ret_nr)
{
	struct over *o = ctx;
	struct names v = { 0 };
	bool any = add_names(&v, o->lower, path);
	const char *name;

	any |= add_names(&v, o->rest, path);
	for (size_t n = 0; (name = sp_root_alias_name(&o->aliases, path, n)) != NULL; n++)
		any |= add_names(&v, o->rest, name);
	unite(&v);
	*ret = v.names;
	*ret_nr = v.names_nr;
	return any ? 0 : -ENOENT;
}

static struct sp_root *over_rest(void *ctx)
{
	struct over *o = ctx;

	return o->rest;
}

static void over_free(void *ctx)
{
	struct over *o = ctx;

	sp_root_aliases_release(&o->aliases);
	free(o);
}

static const struct sp_root_ops over_ops = {
	.lstat = over_lstat, .open = over_open, .list = over_list, .free = over_free,
	.rest = over_rest, .where = over_where,
};

struct sp_root *sp_root_over_new(struct sp_root *lower, struct sp_root *rest)
{
	struct over *o = sp_calloc(1, sizeof(*o));

	*o = (struct over){ .lower = lower, .rest = rest };
	sp_root_aliases_init(&o->aliases, lower, rest);
	/* messages are about what is packed, and that comes from there */
	return sp_root_new(&over_ops, o, sp_root_show(rest, ""));
}
