/*
 * Needs that objects name themselves: libraries that they open, directories of plugins,
 * data and configuration of their own, programs that they start.
 *
 * Nothing here knows a program or a library.  What decides is what the object does with
 * names (it opens libraries, it reads files), where the named file is (places.c), and
 * whether it is there.
 */
#include "rootfs/need_named.h"

#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "elf/elf.h"
#include "rootfs/evidence.h"
#include "rootfs/named.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

/* Trees beyond this are left to the user: nobody wants them by surprise. */
#define PROGRAM_MIB 256		/* what a program names, and its home */
#define LIBRARY_MIB 48		/* what a library names */
#define STEPS_MAX 3		/* from the program to a library that may name things */
#define TREE_FILES_MAX 30000
#define SCRIPT_MAX (256 * 1024)	/* bytes of a script that are looked through */

/* A plugin's plugins are a long way from what the program does, and so is the library of
 * the library of a library. */
static enum sp_strength strength_of(const struct namer *who)
{
	return sp_reach_is_far(&who->reach) || who->reach.steps > STEPS_MAX ? SP_HINT :
									      SP_LIKELY;
}

static const struct sp_object *object_of(const struct namer *who)
{
	return &who->closure->objects[who->index];
}

/* --- what stands at a path -------------------------------------------------- */

static bool is_taken(const struct sp_needs *n, const char *path)
{
	for (size_t i = 0; i < n->taken_nr; i++)
		if (sp_path_within(path, n->taken[i]))
			return true;
	return false;
}

struct measure {
	uint64_t bytes, bytes_max;
	size_t files;
	bool modules;			/* there are libraries among them */
	size_t top, top_modules;	/* files in the directory itself; libraries among these */
};

static bool is_module(const char *name)
{
	const char *so = strstr(name, ".so");

	return so && (so[3] == '\0' || so[3] == '.');
}

/* What is in a tree, as far as the limits go. */
static int measure(struct sp_root *root, const char *dir, int depth, struct measure *m,
		   struct sp_err *err)
{
	const char *const *names;
	size_t nr;

	if (depth > 32 || sp_root_list(root, dir, &names, &nr, err))
		return depth > 32 ? 0 : -1;
	for (size_t i = 0; i < nr && m->bytes <= m->bytes_max && m->files <= TREE_FILES_MAX; i++) {
		sp_autofree char *path = sp_strf("%s/%s", dir, names[i]);
		const char *target;
		struct sp_stat st;

		if (sp_root_lstat(root, path, &st, &target, err))
			return -1;
		m->files++;
		m->bytes += st.type == SP_FILE ? st.size : 0;
		m->modules |= st.type != SP_DIR && is_module(names[i]);
		m->top += depth == 0 && st.type != SP_DIR;
		m->top_modules += depth == 0 && st.type != SP_DIR && is_module(names[i]);
		if (st.type == SP_DIR && measure(root, path, depth + 1, m, err))
			return -1;
	}
	return 0;
}

static uint64_t limit_of(const struct namer *who)
{
	return (uint64_t)(who->program ? PROGRAM_MIB : LIBRARY_MIB) << 20;
}

/* Put it in, if it is wanted and of a size that may come without being asked for. */
static int take(struct namer *who, const char *need, const char *path, const char *text,
		const struct measure *m, struct sp_err *err)
{
	struct sp_needs *n = who->n;
	bool large = m->bytes > m->bytes_max || m->files > TREE_FILES_MAX;

	if (!sp_need_item(n, need, large ? SP_HINT : strength_of(who), who->by, text)) {
		if (large && strength_of(who) == SP_LIKELY)
			sp_need_note(n, "too-large",
				     "%s, which %s names, has more than %u MiB or %d files and is left out: what needs it will not work; --add it, or --trace a run",
				     path, who->by, (unsigned)(m->bytes_max >> 20),
				     TREE_FILES_MAX);
		return 0;
	}
	*SP_VEC_PUSH(n->taken) = sp_arena_strdup(&n->arena, path);
	if (sp_need_path(n, path, NULL, err))
		return -1;
	sp_needs_reached(n, &who->reach);
	return 0;
}

/* May everybody read it?  What only some may is the machine's, not the program's. */
static bool is_public(const struct sp_stat *st)
{
	return (st->mode & (st->type == SP_DIR ? 05 : 04)) == (st->type == SP_DIR ? 05 : 04);
}

/* A directory or file that is the namer's own. */
static int own_path(struct namer *who, const char *path, const struct sp_found *found,
		    const char *how, struct sp_err *err)
{
	struct sp_root *root = who->closure->libs;
	struct measure m = { .bytes_max = limit_of(who) };
	bool loads = who->uses & SP_USE_LOAD;
	const char *need = "data";

	if (found->st.type == SP_DIR) {
		if (measure(root, found->real, 0, &m, err))
			return -1;
	} else {
		m.bytes = found->st.size;
		m.modules = is_module(sp_path_basename(found->real));
	}
	if (m.modules && loads)
		need = "plugins";
	else if (m.modules && (found->st.type == SP_FILE || m.top_modules * 2 > m.top))
		return 0;	/* libraries that it does not open itself */
	else if (!who->program && !(who->uses & SP_USE_READ))
		return 0;
	return take(who, need, path, sp_arena_strf(&who->n->arena, "%s %s", how, path), &m, err);
}

static bool is_shell(const char *path)
{
	return strcmp(path, "/bin/sh") == 0 || strcmp(path, "/usr/bin/sh") == 0;
}

/* "/usr/bin/app-helper", for "/usr/bin/app". */
static bool is_family(const struct namer *who, const char *path)
{
	const char *own = sp_path_basename(object_of(who)->path);
	size_t len = strlen(own);
	const char *base = sp_path_basename(path);

	return strncmp(base, own, len) == 0 && base[len] == '-';
}

static bool is_loaded(const struct namer *who, const char *real)
{
	for (size_t i = 0; i < who->closure->objects_nr; i++)
		if (strcmp(who->closure->objects[i].found.real, real) == 0)
			return true;
	return false;
}

int sp_need_named_path(struct namer *who, const char *path, bool pattern, const char *how,
		       struct sp_err *err)
{
	struct sp_needs *n = who->n;
	enum sp_place place = sp_place_of(path);
	struct sp_found found;

	if (place == SP_PLACE_NONE || place == SP_PLACE_BASE || is_taken(n, path))
		return 0;
	if (sp_root_resolve(who->closure->libs, path, &found, err))
		return -1;
	/* who reads compressed files reads others as well */
	size_t len = strlen(path);
	if (!found.real && len > 3 && strcmp(path + len - 3, ".gz") == 0)
		return sp_need_named_path(who, sp_arena_strndup(&n->arena, path, len - 3), pattern,
					  how, err);
	if (found.real && found.st.type == SP_FILE && is_loaded(who, found.real))
		return 0;
	/* a program that finds itself, or where it is, has a home() */
	if (found.real && sp_path_within(object_of(who)->found.real, found.real))
		return 0;
	if (!found.real || (found.st.type != SP_FILE && found.st.type != SP_DIR) ||
	    !is_public(&found.st) || (pattern && found.st.type != SP_DIR) ||
	    sp_needs_brought(n, found.real))
		return 0;
	if (place == SP_PLACE_OWN ||
	    (place == SP_PLACE_DEVICE && who->reach.steps <= 1 && !who->reach.opened))
		return own_path(who, path, &found, how, err);
	if (!who->program)
		return 0;
	if (place == SP_PLACE_PROGRAM && (found.st.type != SP_FILE || !(found.st.mode & 0111)))
		return 0;
	const char *text = sp_arena_strf(&n->arena, "%s %s", how, path);
	const char *need = place != SP_PLACE_PROGRAM ? "data" :
			   is_shell(path) ? "shell" : "programs";
	/* commands of its user are run by the shell that it names */
	bool likely = place == SP_PLACE_PROGRAM && (who->uses & SP_USE_START) &&
		      (is_shell(path) || is_family(who, path));
	return sp_need_item(n, need, likely ? SP_LIKELY : SP_HINT, who->by, text) ?
		       sp_need_path(n, path, NULL, err) : 0;
}

/* --- paths that are made up at run time ------------------------------------- */

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

static int relative_path(struct namer *who, const char *text, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const char *real = object_of(who)->found.real;
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

/* By custom a library keeps its plugins beside itself in a directory of its name. */
static int named_like_library(struct namer *who, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const struct sp_object *o = object_of(who);
	const char *name = name_of_library(arena, o->elf->soname);
	const char *dir = sp_path_dirname(arena, o->found.real);
	const char *const *names;
	size_t nr;

	if (!name || !(who->uses & SP_USE_LOAD) || o->root != who->closure->libs)
		return 0;
	if (sp_root_list(o->root, dir, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (is_same_name(names[i], name) &&
		    sp_need_named_path(who, sp_path_join(arena, dir, names[i]), true,
			       "opens libraries, and has its name", err))
			return -1;
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

/* A program in a directory of its own finds the rest of it from where it is. */
static int home(struct namer *who, const char *real, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const char *dir = sp_arena_strndup(arena, real, sp_place_home(real));
	struct sp_found found;
	const char *const *names;
	size_t nr;

	if (!*dir || sp_root_resolve(who->closure->libs, dir, &found, err))
		return *dir ? -1 : 0;
	if (!found.real || sp_root_list(who->closure->libs, found.real, &names, &nr, err))
		return found.real ? -1 : 0;
	for (size_t i = 0; i < nr; i++)
		if (!is_for_others(names[i]) &&
		    sp_need_named_path(who, sp_path_join(arena, dir, names[i]), false,
			       "has a home of its own, with", err))
			return -1;
	return 0;
}

/* Does it look for something beside itself: by its RUNPATH, or what it opens? */
static bool looks_around(const struct namer *who)
{
	const struct sp_elf *elf = object_of(who)->elf;

	return (who->uses & SP_USE_LOAD) || (elf->rpath && strstr(elf->rpath, "ORIGIN")) ||
	       (elf->runpath && strstr(elf->runpath, "ORIGIN"));
}

/* --- objects ---------------------------------------------------------------- */

static int names_of_object(struct namer *who, const struct sp_names *names,
			   struct sp_err *err)
{
	for (size_t i = 0; i < names->names_nr; i++) {
		const struct sp_named *name = &names->names[i];
		int rc = 0;

		if (name->kind == SP_NAMED_PATH)
			rc = sp_need_named_path(who, name->text, name->pattern, "names", err);
		else if (name->kind == SP_NAMED_RELATIVE)
			rc = relative_path(who, name->text, err);
		if (rc)
			return -1;
	}
	if (sp_need_dlopen(who->n, who->closure, who->index, names, strength_of(who),
			   who->reach.opened == 0, err))
		return -1;
	sp_needs_reached(who->n, &who->reach);
	return sp_need_joined(who, names, err);
}

static bool is_worth_reading(const struct namer *who)
{
	enum sp_strength strength = strength_of(who);

	return sp_need_wants(who->n, "data", strength) ||
	       sp_need_wants(who->n, "plugins", strength) ||
	       sp_need_wants(who->n, "dlopen", strength);
}

static int look_at_names(struct namer *who, struct sp_err *err)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	const struct sp_object *o = object_of(who);
	bool helper = who->index == 0 && !who->program;

	/* strings of Go have no ends, a helper is not what was to be packed, and constants
	 * are too long to be read for hints that nobody wants */
	if (!o->elf->go.version && is_worth_reading(who) && (who->program || (who->uses & (SP_USE_LOAD | SP_USE_READ))) &&
	    !(helper && !(who->uses & SP_USE_LOAD)) &&
	    sp_names_read(o, who->uses & SP_USE_LOAD, &names, err))
		return -1;
	return names_of_object(who, &names, err) || named_like_library(who, err) ? -1 : 0;
}

/* --- scripts ---------------------------------------------------------------- */

static int look_at_script(struct namer *who, const char *path, struct sp_err *err)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	sp_autofree char *text = sp_malloc(SCRIPT_MAX);
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_root *root = who->n->options->root;
	struct sp_found found;
	size_t len;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real || sp_root_open(root, found.real, &file, err) ||
	    sp_file_pread(&file, text, SCRIPT_MAX, 0, &len, err))
		return found.real ? -1 : 0;
	sp_names_in_text(text, len, &names);
	for (size_t i = 0; i < names.names_nr; i++)
		if (sp_need_named_path(who, names.names[i].text, names.names[i].pattern, "names", err))
			return -1;
	return root == who->closure->libs ? home(who, found.real, err) : 0;
}

static int scripts(struct sp_needs *n, struct sp_err *err)
{
	for (size_t i = 0; i < n->rootfs->scripts_nr; i++) {
		struct namer who = { n, n->rootfs->closure, 0, SP_USE_READ, true, { 0, 0 },
				     n->rootfs->scripts[i].path };
		const char *path = i ? n->rootfs->scripts[i].path : n->options->program;

		if (look_at_script(&who, path, err))
			return -1;
	}
	return 0;
}

int sp_needs_named(struct sp_needs *n, struct sp_err *err)
{
	const struct sp_looked *looked;
	size_t nr = sp_evidence_looked(n->evidence, &looked);

	if (n->named == 0 && scripts(n, err))
		return -1;
	for (; n->named < nr; n->named++) {
		const struct sp_looked *l = &looked[n->named];
		const struct sp_object *o = &l->closure->objects[l->index];
		struct namer who = { n, l->closure, l->index, l->uses,
				     l->index == 0 && l->which <= n->others_nr, l->reach,
				     sp_arena_strdup(&n->arena, o->image_path) };

		/* what is moved is not at home any more */
		if (who.program && looks_around(&who) && strcmp(o->path, o->image_path) == 0 &&
		    o->root == l->closure->libs && home(&who, o->found.real, err))
			return -1;
		if (look_at_names(&who, err))
			return -1;
	}
	return 0;
}
