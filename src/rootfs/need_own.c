/*
 * What stands at a path that an object names, and whether it goes in: what is its own does,
 * if it is there, of a sensible size, and of use to who names it.
 */
#include "rootfs/need_named.h"

#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

/* Trees beyond this are left to the user: nobody wants them by surprise. */
#define PROGRAM_MIB 256		/* what a program names, and its home */
#define LIBRARY_MIB 48		/* what a library names */
#define TREE_FILES_MAX 30000
#define CROWD 32		/* libraries in a directory, of which few are used in a run */
#define PREFIX_MIN 4		/* bytes of a name that is the beginning of others */

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
		/* it will be left out, and not everybody may look into it */
		if (!sp_place_is_public(&st))
			continue;
		m->files++;
		m->bytes += st.type == SP_FILE ? st.size : 0;
		m->modules |= st.type != SP_DIR && sp_place_is_library(names[i]);
		m->top += depth == 0 && st.type != SP_DIR;
		m->top_modules += depth == 0 && st.type != SP_DIR && sp_place_is_library(names[i]);
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

	if (!sp_need_item(n, need, large ? SP_HINT : sp_namer_strength(who), who->by, text)) {
		if (large && sp_namer_strength(who) == SP_LIKELY)
			sp_need_note(n, "too-large",
				     "%s, which %s names, has more than %u MiB or %d files and is left out: what needs it will not work; --add it, or --trace a run",
				     path, who->by, (unsigned)(m->bytes_max >> 20),
				     TREE_FILES_MAX);
		return 0;
	}
	*SP_VEC_PUSH(n->taken) = sp_arena_strdup(&n->arena, path);
	if (sp_need_path(n, path, NULL, err))
		return -1;
	struct sp_reach reach = who->reach;
	reach.crowd |= m->top_modules > CROWD;
	sp_needs_reached(n, &reach);
	return sp_need_configured(who, path, err);
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
		m.modules = sp_place_is_library(sp_path_basename(found->real));
	}
	bool libraries = m.modules && (found->st.type == SP_FILE || m.top_modules * 2 > m.top);
	bool reads = who->program || (who->uses & SP_USE_READ);
	if (m.modules && loads)
		need = "plugins";
	else if (libraries || !reads)
		return 0;	/* neither opened by it nor read */
	return take(who, need, path, sp_arena_strf(&who->n->arena, "%s %s", how, path), &m, err);
}

static bool is_shell(const char *path)
{
	return strcmp(path, "/bin/sh") == 0 || strcmp(path, "/usr/bin/sh") == 0;
}

/* "/usr/bin/app-helper", for "/usr/bin/app". */
static bool is_family(const struct namer *who, const char *path)
{
	const char *own = sp_path_basename(sp_namer_object(who)->path);
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

/* "DIR/dict" may be the beginning of "DIR/dict.idx" and "DIR/dict.data". */
static int prefix_of_files(struct namer *who, const char *path, struct sp_err *err)
{
	struct sp_arena *arena = &who->n->arena;
	const char *dir = sp_path_dirname(arena, path), *base = sp_path_basename(path);
	size_t len = strlen(base), nr;
	const char *const *names;
	struct sp_found found;

	if (len < PREFIX_MIN || sp_place_is_base(dir) || strcmp(dir, "/etc") == 0)
		return 0;
	if (sp_root_resolve(who->closure->libs, dir, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR || !sp_place_is_public(&found.st))
		return 0;
	sp_need_list(who, found.real, &names, &nr);
	for (size_t i = 0; i < nr; i++)
		if (strncmp(names[i], base, len) == 0 && names[i][len] == '.' &&
		    sp_need_named_path(who, sp_path_join(arena, dir, names[i]), false,
				       "names the beginning of", err))
			return -1;
	return 0;
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
	if (!found.real && place == SP_PLACE_OWN && !pattern)
		return prefix_of_files(who, path, err);
	if (found.real && found.st.type == SP_FILE && is_loaded(who, found.real))
		return 0;
	/* a program that finds itself, or where it is, has a home() */
	if (found.real && sp_path_within(sp_namer_object(who)->found.real, found.real))
		return 0;
	if (!found.real || (found.st.type != SP_FILE && found.st.type != SP_DIR) ||
	    !sp_place_is_public(&found.st) || (pattern && found.st.type != SP_DIR) ||
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

