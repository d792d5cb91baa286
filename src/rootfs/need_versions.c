/*
 * The data of one version of a package, "/usr/share/app/1.2": who names several things in
 * it finds the others by their names alone, and takes the directory from a path that is a
 * list.
 */
#include <string.h>

#include "rootfs/named.h"
#include "rootfs/need_named.h"
#include "rootfs/needs_state.h"

#define PARTS_MIN 2		/* different paths in it that are named */

/* The length of the directory of a version in path, with something behind it, or 0. */
static size_t version_in(const char *path)
{
	const char *share = strstr(path, "/share/");
	const char *p = share ? strchr(share + 7, '/') : NULL;

	while (p) {
		size_t len = strcspn(p + 1, "/");

		if (len && strspn(p + 1, "0123456789.") == len && p[1] != '.' && p[1 + len])
			return (size_t)(p - path) + 1 + len;
		p = strchr(p + 1, '/');
	}
	return 0;
}

int sp_need_versions(struct namer *who, const struct sp_names *names, struct sp_err *err)
{
	for (size_t i = 0; i < names->names_nr; i++) {
		const char *path = names->names[i].text;
		size_t parts = 0;
		size_t len = names->names[i].kind == SP_NAMED_PATH ? version_in(path) : 0;

		for (size_t k = 0; len && k < names->names_nr; k++)
			parts += names->names[k].kind == SP_NAMED_PATH &&
				 strncmp(names->names[k].text, path, len) == 0 &&
				 names->names[k].text[len] == '/';
		if (parts >= PARTS_MIN &&
		    sp_need_named_path(who, sp_arena_strndup(&who->n->arena, path, len), true,
				       "names parts of", err))
			return -1;
	}
	return 0;
}
