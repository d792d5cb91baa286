/*
 * Paths that are made up at run time, from where the object itself is: relative to its
 * prefix, beside a library by its name, and the home of a program.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_named.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

/* "/usr" of "/usr/bin/app" and of "/usr/lib/x86_64-linux-gnu/libfoo.so". */
static const char *prefix_of(struct sp_arena *arena, const char *real)
{
	static const char *const dirs[] = { "/bin/", "/sbin/", "/lib/", "/lib64/" };
	size_t len = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		const char *at = strstr(real, dirs[i]);

		if (at && (!len || (size_t)(at - real) < len))
			len = (size_t)(at - real);
	}
	return len ? sp_arena_strndup(arena, real, len) : "/usr";
}

int sp_need_relative_path(struct namer *who, const char *text, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const char *real = sp_namer_object(who)->found.real;
	const char *base = text[0] == '.' ? sp_path_dirname(arena, real) :
					    prefix_of(arena, real);

	return sp_need_named_path(who, sp_path_clean(arena, sp_path_join(arena, base, text)), false,
			  "names, from its own place,", err);
}

/* "gdk-pixbuf-2.0" of "libgdk_pixbuf-2.0.so.0"; NULL if it is too short to mean much. */
static char *name_of_library(struct sp_arena *arena, const char *soname)
{
	const char *so = soname ? strstr(soname, ".so") : NULL;

	if (!so || strncmp(soname, "lib", 3) != 0 || so - soname < 6)
		return NULL;
	char *name = sp_arena_strndup(arena, soname + 3, (size_t)(so - soname) - 3);
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	return name;
}

/* Is it that name, or with one more number: "gtk-3.0" for "gtk-3"? */
static bool is_same_name(const char *dir, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(dir, name, len) != 0)
		return false;
	return dir[len] == '\0' || (dir[len] == '.' && dir[len + 1] &&
				    dir[len + 1 + strspn(dir + len + 1, "0123456789.")] == '\0');
}

/* "tool-data" for "tool". */
static bool is_same_data(const char *dir, const char *name)
{
	size_t len = strlen(name);

	return strncmp(dir, name, len) == 0 && strcmp(dir + len, "-data") == 0;
}

int sp_need_named_like(struct namer *who, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const struct sp_object *o = sp_namer_object(who);
	const char *name = name_of_library(arena, o->elf->soname);
	const char *dir = sp_path_dirname(arena, o->found.real);
	const char *const *names;
	size_t nr;

	if (!name || !(who->uses & (SP_USE_LOAD | SP_USE_READ)) ||
	    o->root != who->closure->libs)
		return 0;
	sp_need_list(who, dir, &names, &nr);
	for (size_t i = 0; i < nr; i++) {
		bool loads = who->uses & SP_USE_LOAD, reads = who->uses & SP_USE_READ;
		bool plugins = loads && is_same_name(names[i], name);

		if ((plugins || (reads && is_same_data(names[i], name))) &&
		    sp_need_named_path(who, sp_path_join(arena, dir, names[i]), true,
				       plugins ? "opens libraries, and has its name" :
						 "reads files, and has its name", err))
			return -1;
	}
	return 0;
}

/* What a home holds for those who build or read, not for those who run. */
static bool is_for_others(const char *name)
{
	static const char *const names[] = { "bin", "sbin", "include", "man", "doc", "docs", "src",
					     "jmods", "demo", "sample", "legal" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int sp_need_home(struct namer *who, const char *real, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const char *dir = sp_arena_strndup(arena, real, sp_place_home(real));
	const char *const *names;
	size_t nr;

	if (!*dir)
		return 0;
	if (sp_root_names(who->closure->libs, dir, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (!is_for_others(names[i]) &&
		    sp_need_named_path(who, sp_path_join(arena, dir, names[i]), false,
			       "has a home of its own, with", err))
			return -1;
	return 0;
}
