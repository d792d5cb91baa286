/*
 * Programs that a program starts by a bare name, which is looked for in PATH.
 *
 * A word among the constants may mean anything, so a program beside it is believed to be
 * meant if it is of the same family, "app-helper" for "app", or of the same package: if it
 * has the path of a directory of its data among its bytes that the first one names, too, or
 * calls itself a part of it, "tbl (groff) 1.22" as the GNU standards have it.
 */
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/named.h"
#include "rootfs/need_named.h"
#include "rootfs/needs_state.h"
#include "rootfs/object_strings.h"
#include "rootfs/places.h"

#define NAME_MIN 3		/* bytes of a program's name */
#define ASKED_MAX 128		/* programs that are looked into for one */
#define BLOCK (256 * 1024)	/* bytes of these that are looked at together */
#define BYTES_MAX (8 * 1024 * 1024)	/* ...and at all */

/* The programs beside it, and which of them it has for constants. */
struct beside {
	struct sp_map names;
	const char *const *list;
	bool *seen;
	size_t nr;
};

static void beside_release(struct beside *b)
{
	sp_map_release(&b->names);
	free(b->seen);
}

static bool see(void *ctx, const char *text, size_t len)
{
	struct beside *b = ctx;
	size_t at = len <= SP_NAME_LIMIT ? sp_map_get(&b->names, text) : SP_MAP_NONE;

	if (at != SP_MAP_NONE)
		b->seen[at] = true;
	return true;
}

static int look(struct namer *who, struct beside *b, struct sp_err *err)
{
	for (size_t i = 0; i < b->nr; i++)
		sp_map_set(&b->names, b->list[i], i);
	b->seen = sp_calloc(b->nr + 1, sizeof(*b->seen));
	return sp_object_strings(sp_namer_object(who), NAME_MIN, see, b, err);
}

/* Has the file at real, a program or a script, one of the texts among its first bytes? */
static int has_text(struct namer *who, const char *real, const char *const *texts,
		    size_t texts_nr, bool *ret, struct sp_err *err)
{
	sp_autofree char *block = sp_malloc(BLOCK + SP_PATH_MAX);
	sp_autofile struct sp_file file = SP_FILE_INIT;
	uint64_t offset = 0;
	size_t len = BLOCK;

	*ret = false;
	if (sp_root_open(who->closure->libs, real, &file, err))
		return -1;
	/* the blocks overlap by as much as a text has */
	for (; len >= BLOCK && offset < BYTES_MAX && !*ret; offset += BLOCK) {
		if (sp_file_pread(&file, block, BLOCK + SP_PATH_MAX, offset, &len, err))
			return -1;
		for (size_t i = 0; i < texts_nr; i++)
			*ret |= memmem(block, len, texts[i], strlen(texts[i])) != NULL;
	}
	return 0;
}

static int start(struct namer *who, const char *path, const char *why, struct sp_err *err)
{
	struct sp_needs *n = who->n;
	struct sp_found found;

	if (sp_root_resolve(who->closure->libs, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE || !(found.st.mode & 0111) ||
	    !sp_need_item(n, "programs", SP_LIKELY, who->by,
			  sp_arena_strf(&n->arena, "starts %s, of its own %s", path, why)))
		return 0;
	*SP_VEC_PUSH(n->kin) = sp_arena_strdup(&n->arena, found.real);
	return sp_need_path(n, path, NULL, err);
}

/* What others of its package have: the directories that it names, each as often as it does,
 * and its name. */
static size_t packages(struct namer *who, const struct sp_names *names, const char **ret)
{
	size_t nr = 0;

	for (size_t i = 0; i < names->names_nr; i++) {
		const char *text = names->names[i].text;
		unsigned len = names->names[i].kind == SP_NAMED_PATH ? sp_place_package(text) : 0;

		if (len && text[len] == '/')
			ret[nr++] = sp_arena_strf(&who->n->arena, "%.*s/", (int)len, text);
	}
	const char *own = sp_path_basename(sp_namer_object(who)->path);
	if (strlen(own) >= NAME_MIN)
		ret[nr++] = sp_arena_strf(&who->n->arena, " (%s) ", own);
	return nr;
}

static int start_seen(struct namer *who, const struct beside *b, const char *dir,
		      const char *const *dirs, size_t dirs_nr, struct sp_err *err)
{
	const char *own = sp_path_basename(sp_namer_object(who)->path);
	size_t len = strlen(own), asked = 0;

	for (size_t i = 0; i < b->nr; i++) {
		const char *path;
		struct sp_found found;
		bool same = false;

		if (!b->seen[i] || strcmp(b->list[i], own) == 0)
			continue;
		path = sp_path_join(&who->n->arena, dir, b->list[i]);
		if (strncmp(b->list[i], own, len) == 0 && b->list[i][len] == '-') {
			if (start(who, path, "family", err))
				return -1;
			continue;
		}
		if (!dirs_nr || asked++ >= ASKED_MAX)
			continue;
		if (sp_root_resolve(who->closure->libs, path, &found, err))
			return -1;
		if (!found.real || found.st.type != SP_FILE || !sp_place_is_public(&found.st))
			continue;
		if (has_text(who, found.real, dirs, dirs_nr, &same, err) ||
		    (same && start(who, path, "package", err)))
			return -1;
	}
	return 0;
}

int sp_need_started(struct namer *who, const struct sp_names *names, struct sp_err *err)
{
	SP_CLEANUP(beside_release) struct beside b = { 0 };
	const struct sp_object *o = sp_namer_object(who);
	const char *dir = sp_path_dirname(&who->n->arena, o->path);
	sp_autofree const char **dirs = sp_calloc(names->names_nr + 1, sizeof(*dirs));
	struct sp_found found;

	if (!who->program || !(who->uses & SP_USE_START) || o->root != who->closure->libs ||
	    strcmp(o->path, o->image_path) != 0 || sp_place_of(o->path) != SP_PLACE_PROGRAM)
		return 0;
	if (sp_root_resolve(o->root, dir, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR)
		return 0;
	sp_need_list(who, found.real, &b.list, &b.nr);
	if (look(who, &b, err))
		return -1;
	size_t nr = who->uses & SP_USE_SEARCH ? packages(who, names, dirs) : 0;
	return start_seen(who, &b, dir, dirs, nr, err);
}
