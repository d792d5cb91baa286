/*
 * Constant strings of objects.
 */
#include "rootfs/object_strings.h"

#include <string.h>

#include "elf/strings.h"

int sp_object_strings(const struct sp_object *o, size_t min_len,
		      bool (*visit)(void *ctx, const char *text, size_t len), void *ctx,
		      struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;

	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    sp_elf_strings(o->elf, &file, min_len, visit, ctx, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}

struct asking {
	size_t left;
	const char **found;
	struct sp_arena *arena;
};

static bool see_string(void *ctx, size_t mark, const char *text, size_t len)
{
	struct asking *a = ctx;

	if (a->found[mark])
		return true;
	a->found[mark] = sp_arena_strndup(a->arena, text, len);
	return --a->left > 0;
}

int sp_object_find_strings(const struct sp_object *o, const char *const *marks, size_t nr,
			   struct sp_arena *arena, const char **ret, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct asking a = { nr, ret, arena };

	memset(ret, 0, nr * sizeof(*ret));
	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    sp_elf_strings_with(o->elf, &file, marks, nr, see_string, &a, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}
