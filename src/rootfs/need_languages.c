/*
 * Needs of interpreters and of who runs commands: the standard library of Python, whose
 * path is made up at run time, the shell, and the schemas of GSettings.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"

/* "3.11" of "libpython3.11.so.1.0" and of "python3.11". */
static const char *version_in(struct sp_arena *arena, const char *name)
{
	const char *p = strstr(name, "python3.");
	size_t len = p ? strspn(p + 8, "0123456789") : 0;

	return len ? sp_arena_strndup(arena, p + 6, 2 + len) : NULL;
}

/* Everything of the standard library but the tests of it and what others installed. */
static int library_of(struct sp_needs *n, const char *dir, struct sp_err *err)
{
	static const char *const others[] = { "dist-packages", "site-packages", "test",
					      "idlelib", "turtledemo", "ensurepip" };
	const char *const *names;
	size_t nr;

	if (sp_root_names(n->options->libs, dir, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		bool skip = strncmp(names[i], "config-", 7) == 0;

		for (size_t k = 0; k < sizeof(others) / sizeof(*others); k++)
			skip |= strcmp(names[i], others[k]) == 0;
		if (!skip && sp_need_path(n, sp_path_join(&n->arena, dir, names[i]), NULL, err))
			return -1;
	}
	return 0;
}

/* Python's own rule (getpath): PREFIX/lib/pythonX.Y, where the prefix is above the
 * directory of the program, or of its library. */
static int python_in(struct sp_needs *n, const struct sp_closure *closure, struct sp_err *err)
{
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		const char *real = o->found.real;
		const char *version = version_in(&n->arena, sp_path_basename(real));
		const char *end = strstr(real, "/bin/");

		if (!version || o->root != n->options->libs ||
		    (i && !(o->elf->soname && strncmp(o->elf->soname, "libpython3", 10) == 0)))
			continue;
		end = end ? end : strstr(real, "/lib/");
		const char *prefix = end ? sp_arena_strndup(&n->arena, real, (size_t)(end - real)) :
					   "/usr";
		if (library_of(n, sp_arena_strf(&n->arena, "%s/lib/python%s", prefix, version),
			       err))
			return -1;
	}
	return 0;
}

int sp_need_add_python(struct sp_needs *n, struct sp_err *err)
{
	size_t others = n->rootfs->others_nr;

	if (python_in(n, n->rootfs->closure, err))
		return -1;
	for (size_t i = 0; i < others; i++)
		if (python_in(n, n->rootfs->others[i], err))
			return -1;
	return 0;
}

int sp_need_add_shell(struct sp_needs *n, struct sp_err *err)
{
	bool found;

	if (sp_need_path(n, "/bin/sh", &found, err))
		return -1;
	if (!found)
		sp_need_note(n, "no-shell", "/bin/sh is not there: commands that it runs with system() or popen() will fail");
	return 0;
}

int sp_need_add_settings(struct sp_needs *n, struct sp_err *err)
{
	return sp_need_path(n, "/usr/share/glib-2.0/schemas/gschemas.compiled", NULL, err);
}
