/*
 * Other names of what stands in a root behind another one.
 */
#include "base/root_alias.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/vec.h"

/* Is name a link to a directory in front, and a directory behind? */
static void add(struct sp_root_aliases *a, struct sp_root *front, const char *name)
{
	const char *path = sp_path_join(&a->arena, "/", name), *target;
	struct sp_err ignored = { 0 };
	struct sp_found found;
	struct sp_stat st;

	if (sp_root_lstat(front, path, &st, &target, &ignored) || st.type != SP_SYMLINK ||
	    sp_root_lstat(a->behind, path, &st, &target, &ignored) || st.type != SP_DIR ||
	    sp_root_resolve(front, path, &found, &ignored) || !found.real ||
	    found.st.type != SP_DIR)
		return;
	*SP_VEC_PUSH(a->items) = (struct sp_root_alias){
		path, sp_arena_strdup(&a->arena, found.real) };
}

void sp_root_aliases_init(struct sp_root_aliases *a, struct sp_root *front,
			  struct sp_root *behind)
{
	const char *const *names;
	struct sp_err ignored = { 0 };
	size_t nr;

	*a = (struct sp_root_aliases){ .behind = behind };
	if (sp_root_list(front, "/", &names, &nr, &ignored))
		return;
	for (size_t i = 0; i < nr; i++)
		add(a, front, names[i]);
}

void sp_root_aliases_release(struct sp_root_aliases *a)
{
	free(a->items);
	sp_arena_release(&a->arena);
}

const char *sp_root_alias_name(struct sp_root_aliases *a, const char *path, size_t n)
{
	for (size_t i = 0; i < a->items_nr; i++) {
		const char *real = a->items[i].real;
		size_t len = strlen(real);

		if (strcmp(path, real) != 0 && (len < 2 || !sp_path_within(path, real)))
			continue;
		if (n-- == 0)
			return sp_arena_strf(&a->arena, "%s%s", a->items[i].path, path + len);
	}
	return NULL;
}

/* Text that leads up is meant from where the link stands. */
static const char *settle(struct sp_root_aliases *a, const char *path, const char *target)
{
	if (!target || target[0] == '/' || !strstr(target, ".."))
		return target;
	return sp_path_clean(&a->arena, sp_path_join(&a->arena, sp_path_dirname(&a->arena, path),
						     target));
}

int sp_root_alias_lstat(struct sp_root_aliases *a, const char *path, struct sp_stat *ret,
			const char **ret_path, const char **ret_target, struct sp_err *err)
{
	const char *name = NULL;

	*ret_path = path;
	if (sp_root_lstat(a->behind, path, ret, ret_target, err))
		return -1;
	for (size_t n = 0; ret->type == SP_ABSENT; n++) {
		name = sp_root_alias_name(a, path, n);
		if (!name)
			return 0;
		if (sp_root_lstat(a->behind, name, ret, ret_target, err))
			return -1;
		*ret_path = name;
	}
	if (name)
		*ret_target = settle(a, name, *ret_target);
	return 0;
}
