/*
 * How musl's loader finds a library: load_library() in ldso/dynlink.c.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "loader/search.h"

/* Where musl looks when it has no path file. */
#define DEFAULT_PATH "/lib:/usr/local/lib:/usr/lib"
#define PATH_FILE_MAX 65536

/* The C library is the loader: these names, whatever follows them, are it. */
static bool is_self(const char *name)
{
	static const char *const reserved[] = {
		"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.",
	};

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (strncmp(name, reserved[i], strlen(reserved[i])) == 0)
			return true;
	return false;
}

/* An object that a search found under this base name; soname does not count. */
static size_t by_short_name(const struct sp_closure *closure, const char *name)
{
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];

		if (o->by_search && strcmp(sp_path_basename(o->path), name) == 0)
			return i;
	}
	return SP_NO_OBJECT;
}

/* One list an object: RUNPATH if there is one, else RPATH. */
static struct sp_dirs dirs_of(struct sp_search *s, size_t index)
{
	struct sp_object *o = &s->closure->objects[index];
	struct sp_dirs dirs = { .ready = true };
	const char *list = o->elf->runpath ? o->elf->runpath : o->elf->rpath;

	if (!o->runpath.ready) {
		if (list)
			sp_search_expand(s->closure, index, list, ":\n",
					 SP_TOKENS_MUSL, &dirs);
		s->closure->objects[index].runpath = dirs;
	}
	return s->closure->objects[index].runpath;
}

/* The lists of who asks, of who loaded that, and so on: musl inherits them. */
static int inherited_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	for (size_t i = s->from; i != SP_NO_OBJECT;
	     i = s->closure->objects[i].needed_by) {
		struct sp_dirs dirs = dirs_of(s, i);

		s->rule = s->closure->objects[i].elf->runpath ? SP_RULE_RUNPATH :
								SP_RULE_RPATH;
		s->rule_of = i;
		if (sp_search_dirs(s, &dirs, ret, err))
			return -1;
		if (*ret != SP_TRY_ABSENT)
			return 0;
	}
	return 0;
}

/* The path file, or the default; an empty file is an empty path. */
static int read_path_file(struct sp_search *s, struct sp_buf *ret, bool *ret_file,
			  struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_root *root = s->closure->libs;
	const char *path = s->closure->loader.path_file;
	struct sp_found found = { 0 };
	size_t got;

	*ret_file = false;
	if (path && sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real) {
		sp_buf_addstr(ret, DEFAULT_PATH);
		return 0;
	}
	*ret_file = true;
	if (found.st.type != SP_FILE)
		return 0;	/* what cannot be read is an empty path */
	if (sp_root_open(root, found.real, &file, err))
		return -1;
	char *room = sp_buf_reserve(ret, PATH_FILE_MAX);
	if (sp_file_pread(&file, room, PATH_FILE_MAX, 0, &got, err))
		return sp_err_wrap(err, "%s", path);
	room[got] = '\0';
	ret->len = strlen(room);
	return 0;
}

static int system_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	struct sp_closure *closure = s->closure;

	if (!closure->builtin.ready) {
		sp_autobuf struct sp_buf list = { 0 };
		struct sp_dirs dirs = { 0 };
		bool from_file;

		if (read_path_file(s, &list, &from_file, err))
			return -1;
		/* no token has a meaning here: an element is taken as it stands */
		sp_search_expand(closure, SP_NO_OBJECT, sp_buf_str(&list), ":\n",
				 SP_TOKENS_MUSL_NONE, &dirs);
		closure->builtin = dirs;
		closure->builtin_from_file = from_file;
	}
	s->rule = closure->builtin_from_file ? SP_RULE_MUSL_PATH : SP_RULE_DEFAULT;
	s->rule_of = SP_NO_OBJECT;
	return sp_search_dirs(s, &closure->builtin, ret, err);
}

static int by_path(struct sp_search *s, struct sp_err *err)
{
	struct sp_closure *closure = s->closure;
	enum sp_try result;
	char *path = sp_arena_strdup(&closure->arena, s->name);
	struct sp_dir at = { .root = closure->libs, .path = path, .image_path = path };

	if (s->name[0] != '/') {
		s->why = "the name is relative to the current directory; an image can only hold it under an absolute path";
		return 0;
	}
	s->rule = SP_RULE_PATH;
	s->rule_of = SP_NO_OBJECT;
	return sp_search_try(s, &at, &result, err);
}

/* $ORIGIN of an object in "/" is nothing to musl (see expand() in tokens.c): that
 * is the one path which works where the program is now and not in the image. */
static void explain_root_origin(struct sp_search *s)
{
	for (size_t i = s->from; i != SP_NO_OBJECT; i = s->closure->objects[i].needed_by) {
		const struct sp_object *o = &s->closure->objects[i];
		const char *list = o->elf->runpath ? o->elf->runpath : o->elf->rpath;

		if (list && strstr(list, "ORIGIN") && strrchr(o->image_path, '/') == o->image_path)
			s->why = sp_arena_strf(&s->closure->arena,
					       "not found; musl takes $ORIGIN for nothing in the root directory, where %s goes: put the program elsewhere, as with --at /app%s",
					       o->image_path, s->closure->objects[0].image_path);
	}
}

int sp_musl_find(struct sp_search *s, struct sp_err *err)
{
	enum sp_try result = SP_TRY_ABSENT;
	struct sp_closure *closure = s->closure;

	s->rule = SP_RULE_LOADED;
	if (is_self(s->name) || strcmp(s->name, closure->objects[1].name) == 0) {
		s->object = 1;
		s->rule = SP_RULE_SELF;
		return 0;
	}
	if (strchr(s->name, '/'))
		return by_path(s, err);
	s->object = by_short_name(closure, s->name);
	if (s->object != SP_NO_OBJECT || strlen(s->name) > NAME_MAX)
		return 0;
	s->by_search = true;
	s->rule = SP_RULE_LIBRARY_PATH;
	s->rule_of = SP_NO_OBJECT;
	if (sp_search_dirs(s, &closure->library_path, &result, err))
		return -1;
	if (result == SP_TRY_ABSENT && inherited_phase(s, &result, err))
		return -1;
	if (result == SP_TRY_ABSENT && system_phase(s, &result, err))
		return -1;
	if (result == SP_TRY_ABSENT)
		explain_root_origin(s);
	return 0;
}

/* musl knows DT_RELR since 1.2.4; before, it passes over such relocations, and the
 * program crashes. */
void sp_musl_check_relocations(struct sp_closure *closure, size_t from)
{
	const char *version = closure->loader.version;
	unsigned v[3];

	if (!version || sscanf(version, "%u.%u.%u", &v[0], &v[1], &v[2]) != 3 ||
	    v[0] != 1 || v[1] > 2 || (v[1] == 2 && v[2] >= 4))
		return;
	for (size_t i = from; i < closure->objects_nr; i++)
		if (closure->objects[i].elf->relr && i != 1)
			sp_search_problem(closure, "compact-relocations", sp_arena_strf(
				&closure->arena,
				"%s: has relocations in a form (DT_RELR) that musl %s does not know; link it without -z pack-relative-relocs or --pack-dyn-relocs=relr, or take musl 1.2.4 or later",
				closure->objects[i].path, version));
}
