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

#define STEPS_MAX 3		/* from the program to a library that may name things */
#define SCRIPT_MAX (256 * 1024)	/* bytes of a script that are looked through */

/* A plugin's plugins are a long way from what the program does, and so is the library of
 * the library of a library.  Of what a run started, what that used is in. */
enum sp_strength sp_namer_strength(const struct namer *who)
{
	return sp_reach_is_far(&who->reach) || who->reach.steps > STEPS_MAX ||
			       who->reach.traced ? SP_HINT : SP_LIKELY;
}

const struct sp_object *sp_namer_object(const struct namer *who)
{
	return &who->closure->objects[who->index];
}

void sp_need_list(struct namer *who, const char *dir, const char *const **ret, size_t *ret_nr)
{
	struct sp_needs *n = who->n;
	size_t at = sp_map_get(&n->listed, dir);

	if (at == SP_MAP_NONE) {
		struct sp_listing list;
		struct sp_err why = { 0 };

		if (sp_root_list(who->closure->libs, dir, &list.names, &list.nr, &why)) {
			sp_need_note(n, "left-out", "%s; what a program names there is left out",
				     why.msg);
			list = (struct sp_listing){ 0 };
		}
		at = n->lists_nr;
		sp_map_set(&n->listed, sp_arena_strdup(&n->arena, dir), at);
		*SP_VEC_PUSH(n->lists) = list;
	}
	*ret = n->lists[at].names;
	*ret_nr = n->lists[at].nr;
}

/* --- objects ---------------------------------------------------------------- */

/* Does it look for something beside itself: by its RUNPATH, or what it opens? */
static bool looks_around(const struct namer *who)
{
	const struct sp_elf *elf = sp_namer_object(who)->elf;

	return (who->uses & SP_USE_LOAD) || (elf->rpath && strstr(elf->rpath, "ORIGIN")) ||
	       (elf->runpath && strstr(elf->runpath, "ORIGIN"));
}

static int names_of_object(struct namer *who, const struct sp_names *names,
			   struct sp_err *err)
{
	for (size_t i = 0; i < names->names_nr; i++) {
		const struct sp_named *name = &names->names[i];
		int rc = 0;

		if (name->kind == SP_NAMED_PATH)
			rc = sp_need_named_path(who, name->text, name->pattern, "names", err);
		else if (name->kind == SP_NAMED_RELATIVE)
			rc = sp_need_relative_path(who, name->text, err);
		if (rc)
			return -1;
	}
	if (sp_need_dlopen(who->n, who->closure, who->index, names, sp_namer_strength(who),
			   who->reach.opened == 0, err))
		return -1;
	sp_needs_reached(who->n, &who->reach);
	return sp_need_versions(who, names, err) || sp_need_joined(who, names, err) ||
	       sp_need_started(who, names, err) ? -1 : 0;
}

static bool is_worth_reading(const struct namer *who)
{
	static const char *const rows[] = { "data", "plugins", "dlopen", "programs", "shell" };
	bool worth = false;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		worth |= sp_need_wants(who->n, rows[i], sp_namer_strength(who));
	return worth;
}

/* Does a library of its own package, which is not among everybody's, open libraries for
 * it? */
static bool has_opener(const struct namer *who)
{
	const struct sp_closure *closure = who->closure;
	const struct sp_looked *looked;
	size_t nr = sp_evidence_looked(who->n->evidence, &looked);

	for (size_t i = 0; i < nr; i++) {
		const struct sp_object *o = &closure->objects[looked[i].index];

		if (looked[i].closure == closure && (looked[i].uses & SP_USE_LOAD) &&
		    looked[i].index && o->needed_by == who->index &&
		    !sp_place_is_base(sp_path_dirname(&who->n->arena, o->found.real)))
			return true;
	}
	return false;
}

/* Was it started by the program, as one of its family?  Then it does part of its work. */
static bool is_kin(const struct namer *who)
{
	const char *real = sp_namer_object(who)->found.real;

	for (size_t i = 0; i < who->n->kin_nr; i++)
		if (strcmp(who->n->kin[i], real) == 0)
			return true;
	return false;
}

static int look_at_names(struct namer *who, struct sp_err *err)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	const struct sp_object *o = sp_namer_object(who);
	bool loads = who->uses & SP_USE_LOAD, reads = who->uses & SP_USE_READ;
	/* what starts a helper is not what was to be packed */
	bool helper = who->index == 0 && !who->program && !is_kin(who);

	/* constants take long to read, and nothing that they say is proved */
	if (!is_worth_reading(who))
		return sp_need_dlopen(who->n, who->closure, who->index, &names,
				      sp_namer_strength(who), false, err);
	/* strings of Go have no ends */
	if (!o->elf->go.version && (who->program || loads || (reads && !helper)) &&
	    sp_names_read(o, loads, &names, err))
		return -1;
	return names_of_object(who, &names, err) || sp_need_named_like(who, err) ? -1 : 0;
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
	return root == who->closure->libs ? sp_need_home(who, found.real, err) : 0;
}

static int scripts(struct sp_needs *n, struct sp_err *err)
{
	for (size_t i = 0; i < n->rootfs->scripts_nr; i++) {
		struct namer who = { n, n->rootfs->closure, 0, SP_USE_READ, true, { 0 },
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

		if (who.program && has_opener(&who))
			who.uses |= SP_USE_LOAD;
		if (l->which == 0 && l->index == 0)
			n->uses = who.uses;
		/* what is moved is not at home any more */
		if (who.program && looks_around(&who) && is_worth_reading(&who) && strcmp(o->path, o->image_path) == 0 &&
		    o->root == l->closure->libs && sp_need_home(&who, o->found.real, err))
			return -1;
		if (look_at_names(&who, err))
			return -1;
	}
	struct namer program = { n, n->rootfs->closure, 0, n->uses, true, { 0 },
				 n->rootfs->closure->objects[0].image_path };
	return sp_need_texts(&program, err);
}
