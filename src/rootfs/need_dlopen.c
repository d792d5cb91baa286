/*
 * Libraries that objects open by name: what .note.dlopen says, and constants that look
 * like the name of a library in an object that imports dlopen().
 */
#include <string.h>

#include "base/map.h"
#include "elf/dlopen_note.h"
#include "rootfs/dlopen_json.h"
#include "rootfs/named.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

/* How many names that are not there one note lists. */
#define LISTED_MAX 6

struct opener {
	struct sp_needs *n;
	struct sp_closure *closure;
	size_t index;
	const char *by;
	struct sp_map said;		/* names of which the object's notes speak */
};

static void opener_release(struct opener *o)
{
	sp_map_release(&o->said);
}

/* Open one name; an item of the row only if it brings something. */
static int open_name(struct opener *o, const char *name, enum sp_strength strength,
		     const char *text, bool *ret_found, struct sp_err *err)
{
	size_t objects = o->closure->objects_nr, edges = o->closure->edges_nr;
	const char *why;

	if (!sp_need_wants(o->n, "dlopen", strength)) {
		*ret_found = true;	/* nothing to complain of */
		(void)sp_need_item(o->n, "dlopen", strength, o->by, text);
		return 0;
	}
	if (sp_closure_try_open(o->closure, o->index, name, ret_found, &why, err))
		return -1;
	if (why)
		sp_plan_note(o->n->rootfs->plan, "left-out",
			     "%s, which %s opens by name, cannot be loaded here and is left out: %s",
			     name, o->by, why);
	if (o->closure->objects_nr == objects)
		return 0;
	(void)sp_need_item(o->n, "dlopen", strength, o->by, text);
	return sp_need_opened(o->n, o->closure, objects, edges, err);
}

/* --- .note.dlopen ----------------------------------------------------------- */

static enum sp_strength strength_of(const char *priority)
{
	return strcmp(priority, "required") == 0 ? SP_PROVED :
	       strcmp(priority, "suggested") == 0 ? SP_HINT : SP_LIKELY;
}

static int visit_entry(void *ctx, const struct sp_dlopen_entry *e, struct sp_err *err)
{
	struct opener *o = ctx;
	struct sp_arena *arena = &o->n->arena;
	bool found = false;

	for (size_t i = 0; i < e->sonames_nr; i++)
		sp_map_set(&o->said, e->sonames[i], 0);
	for (size_t i = 0; i < e->sonames_nr && !found; i++) {
		const char *text = sp_arena_strf(
			arena, "says that it opens %s%s%s (%s)", e->sonames[i],
			e->feature ? " for " : "", e->feature ? e->feature : "", e->priority);

		if (open_name(o, e->sonames[i], strength_of(e->priority), text, &found, err))
			return -1;
	}
	if (!found && e->sonames_nr)
		sp_plan_note(o->n->rootfs->plan, "not-opened",
			     "%s says that it opens %s (%s), which is not there: %s%s will not work",
			     o->by, e->sonames[0], e->priority, e->feature ? "its feature " : "what needs it",
			     e->feature ? e->feature : "");
	return 0;
}

struct reading {
	struct opener *o;
	int rc;
	struct sp_err *err;
};

static void visit_note(void *ctx, const char *json, size_t len)
{
	struct reading *r = ctx;

	if (r->rc || sp_dlopen_json(json, len, &r->o->n->arena, visit_entry, r->o, &r->rc, r->err))
		return;
	sp_plan_note(r->o->n->rootfs->plan, "damaged-note",
		     "%s has a .note.dlopen that cannot be understood; libraries that it opens by name may be missing",
		     r->o->by);
}

/* --- names among the constants ---------------------------------------------- */

/* Do two names differ in their version alone? */
static bool is_same_library(const char *a, const char *b)
{
	const char *x = strstr(a, ".so"), *y = strstr(b, ".so");

	return x && y && x - a == y - b && strncmp(a, b, (size_t)(x - a)) == 0;
}

/* Was another version of it found, among the names before and after? */
static bool is_found(const struct sp_names *names, const bool *found, size_t which)
{
	for (size_t i = 0; i < names->names_nr; i++)
		if (found[i] && is_same_library(names->names[i].text, names->names[which].text))
			return true;
	return false;
}

static void note_missing(struct opener *o, const struct sp_names *names, const bool *found)
{
	sp_autobuf struct sp_buf list = { 0 };
	size_t nr = 0;

	for (size_t i = 0; i < names->names_nr; i++) {
		/* without "lib" it may be a plugin's name, not a file's */
		if (names->names[i].kind != SP_NAMED_LIBRARY || is_found(names, found, i) ||
		    strncmp(names->names[i].text, "lib", 3) != 0)
			continue;
		if (nr++ < LISTED_MAX)
			sp_buf_addf(&list, "%s%s", nr > 1 ? ", " : "", names->names[i].text);
	}
	if (nr > LISTED_MAX)
		sp_buf_addf(&list, " and %zu more", nr - LISTED_MAX);
	if (nr)
		sp_plan_note(o->n->rootfs->plan, "not-opened",
			     "%s opens libraries by name, and of these are not there: %s; what needs them will not work",
			     o->by, list.data);
}

static int constants(struct opener *o, const struct sp_names *names,
		     enum sp_strength strength, bool tell, struct sp_err *err)
{
	sp_autofree bool *found = sp_calloc(names->names_nr + 1, sizeof(*found));

	for (size_t i = 0; i < names->names_nr; i++) {
		const char *name = names->names[i].text;

		if (names->names[i].kind != SP_NAMED_LIBRARY)
			continue;
		if (sp_map_get(&o->said, name) != SP_MAP_NONE || sp_place_is_machine_library(name)) {
			found[i] = true;
			continue;
		}
		if (open_name(o, name, strength, sp_arena_strf(&o->n->arena, "opens %s", name),
			      &found[i], err))
			return -1;
	}
	if (tell)
		note_missing(o, names, found);
	return 0;
}

int sp_need_dlopen(struct sp_needs *n, struct sp_closure *closure, size_t index,
		   const struct sp_names *names, enum sp_strength strength, bool tell,
		   struct sp_err *err)
{
	const struct sp_object *object = &closure->objects[index];
	SP_CLEANUP(opener_release) struct opener o = {
		n, closure, index, sp_arena_strdup(&n->arena, object->image_path), { 0 } };
	struct reading r = { &o, 0, err };

	sp_elf_dlopen_notes(object->elf, visit_note, &r);
	return r.rc ? -1 : constants(&o, names, strength, tell, err);
}
