/*
 * Names that a program puts together: a directory of everybody's, "/usr/share/misc", and a
 * name in it, "pci.ids", are two constants of one object.
 */
#include <ctype.h>
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/named.h"
#include "rootfs/need_named.h"
#include "rootfs/needs_state.h"
#include "rootfs/object_strings.h"
#include "rootfs/places.h"

#define STEPS_MAX 1		/* to a library whose constants are read once more for this */
#define NAME_MIN 5		/* bytes: shorter words stand everywhere */

/* The names in some directories, and which of them the object has for constants. */
struct joining {
	struct sp_map names;		/* to found */
	struct entry {
		const char *dir, *name;
		bool seen;
	} *entries;
	size_t entries_nr, entries_alloc;
};

static void joining_release(struct joining *j)
{
	sp_map_release(&j->names);
	free(j->entries);
}

/* A word of letters alone may mean anything. */
static bool is_telling(const char *name)
{
	bool letter = false, other = false;

	for (const char *p = name; *p; p++) {
		letter |= isalpha((unsigned char)*p) != 0;
		other |= strchr("-._0123456789", *p) != NULL;
	}
	return letter && other && strlen(name) >= NAME_MIN;
}

/* The names in dir that are to be looked for: those that tell something and are no
 * libraries. */
static int add_names(struct namer *who, struct joining *j, const char *dir,
		     struct sp_err *err)
{
	struct sp_root *root = who->closure->libs;
	struct sp_found found;
	const char *const *names;
	size_t nr;

	if (sp_root_resolve(root, dir, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR)
		return 0;
	sp_need_list(who, found.real, &names, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!is_telling(names[i]) || strstr(names[i], ".so") ||
		    sp_map_get(&j->names, names[i]) != SP_MAP_NONE)
			continue;
		sp_map_set(&j->names, names[i], j->entries_nr);
		*SP_VEC_PUSH(j->entries) = (struct entry){ dir, names[i], false };
	}
	return 0;
}

static bool see(void *ctx, const char *text, size_t len)
{
	struct joining *j = ctx;
	size_t at;

	if (len > SP_NAME_LIMIT || memchr(text, '/', len))
		return true;
	at = sp_map_get(&j->names, text);
	if (at != SP_MAP_NONE)
		j->entries[at].seen = true;
	return true;
}

static int look(struct namer *who, struct joining *j, struct sp_err *err)
{
	const struct sp_object *o = &who->closure->objects[who->index];

	return j->entries_nr ? sp_object_strings(o, NAME_MIN, see, j, err) : 0;
}

int sp_need_joined(struct namer *who, const struct sp_names *names, struct sp_err *err)
{
	SP_CLEANUP(joining_release) struct joining j = { 0 };

	for (size_t i = 0; i < names->names_nr && who->reach.steps <= STEPS_MAX; i++)
		if (names->names[i].kind == SP_NAMED_PATH &&
		    sp_place_is_base(names->names[i].text) &&
		    add_names(who, &j, names->names[i].text, err))
			return -1;
	if (look(who, &j, err))
		return -1;
	for (size_t i = 0; i < j.entries_nr; i++)
		if (j.entries[i].seen &&
		    sp_need_named_path(who,
				       sp_path_join(&who->n->arena, j.entries[i].dir,
						    j.entries[i].name),
				       false, "names, in two parts,", err))
			return -1;
	return 0;
}
