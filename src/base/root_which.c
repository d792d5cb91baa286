/*
 * A program by its name, in the directories of PATH.
 */
#include "base/root.h"

#include <string.h>

#include "base/path.h"

static int is_program(struct sp_root *root, const char *path, bool *ret, struct sp_err *err)
{
	struct sp_found found;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	*ret = found.real && found.st.type == SP_FILE && (found.st.mode & 0111);
	return 0;
}

int sp_root_which(struct sp_root *root, const char *dirs, const char *cwd, const char *name,
		  struct sp_arena *arena, const char **ret, struct sp_err *err)
{
	bool found = false;

	*ret = NULL;
	for (const char *p = dirs; p && *name && *p;) {
		size_t len = strcspn(p, ":");
		const char *dir = len ? sp_arena_strndup(arena, p, len) : cwd;

		p += len + (p[len] == ':');
		if (!dir || dir[0] != '/')
			continue;
		const char *path = sp_path_join(arena, dir, name);
		if (is_program(root, path, &found, err))
			return -1;
		if (found) {
			*ret = path;
			return 0;
		}
	}
	return 0;
}
