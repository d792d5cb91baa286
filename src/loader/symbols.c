/*
 * Every strong symbol that an object looks up must be defined by some object of
 * the closure: what the loader finds out at start with LD_BIND_NOW, and otherwise
 * when the symbol is first used.
 *
 * glibc: do_lookup_x() and check_match() in elf/dl-lookup.c.  A reference with a
 * version takes a definition of that version, or one without any, be it in an
 * object that has versions elsewhere; a reference without takes any definition of
 * the name but an old one ("name@V1").  What the program copies out of a library must
 * be in one: the copy is no definition.  musl knows no versions.
 */

#include "loader/search.h"

#define UNDEFINED_REPORTED_MAX 20	/* problems kept; the first one is what counts */

struct scope {
	struct sp_closure *closure;
	struct sp_arena arena;
	struct sp_map defined;		/* "name", "name@version", "name@" (no version) */
	size_t from;			/* the object whose symbols are visited */
	bool versions;			/* the loader heeds them */
	size_t problems;
};

static void define(struct scope *s, const char *key)
{
	if (sp_map_get(&s->defined, key) == SP_MAP_NONE)
		sp_map_set(&s->defined, sp_arena_strdup(&s->arena, key), s->from);
}

static void visit_defined(void *ctx, const char *name, const char *version,
			  enum sp_elf_sym kind)
{
	struct scope *s = ctx;
	bool has_versions = s->closure->objects[s->from].elf->verdef_nr > 0;

	if (kind != SP_ELF_DEFINED && kind != SP_ELF_DEFINED_OLD)
		return;
	if (kind == SP_ELF_DEFINED)
		define(s, name);
	if (!s->versions)
		return;
	sp_autofree char *key = sp_strf("%s@%s", name,
					has_versions && version ? version : "");
	define(s, key);
}

/* The program is the last in the map: where it stands, nobody else defines the key. */
static bool has(const struct scope *s, const char *key, bool copied)
{
	size_t by = sp_map_get(&s->defined, key);

	return by != SP_MAP_NONE && !(copied && by == 0);
}

static bool satisfied(const struct scope *s, const char *name, const char *version,
		      bool copied)
{
	if (!s->versions || !version)
		return has(s, name, copied);
	sp_autofree char *exact = sp_strf("%s@%s", name, version);
	sp_autofree char *plain = sp_strf("%s@", name);

	return has(s, exact, copied) || has(s, plain, copied);
}

static void visit_undefined(void *ctx, const char *name, const char *version,
			    enum sp_elf_sym kind)
{
	struct scope *s = ctx;
	struct sp_closure *closure = s->closure;

	if (kind == SP_ELF_UNDEFINED_WEAK || !*name ||
	    satisfied(s, name, version, kind == SP_ELF_COPIED))
		return;
	if (s->problems++ >= UNDEFINED_REPORTED_MAX)
		return;
	sp_search_problem(closure, "missing-symbol", sp_arena_strf(&closure->arena,
		"%s: undefined symbol: %s%s%s", closure->objects[s->from].path, name,
		version ? ", version " : "", version ? version : ""));
}

/* The definitions of an object, or what it looks up. */
static int visit(struct scope *s, bool definitions, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	const struct sp_object *o = &s->closure->objects[s->from];

	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    (definitions ? sp_elf_symbols(o->elf, &file, visit_defined, s, err) :
			   sp_elf_lookups(o->elf, &file, visit_undefined, s, err))) {
		if (err->code == SP_EPROGRAM)
			sp_err_name(err, "damaged-file");
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	}
	return 0;
}

/* Definitions from the last object to the program: see has(). */
static int visit_all(struct scope *s, struct sp_err *err)
{
	for (s->from = s->closure->objects_nr; s->from-- > 0;)
		if (visit(s, true, err))
			return -1;
	for (s->from = 0; s->from < s->closure->objects_nr; s->from++)
		if (visit(s, false, err))
			return -1;
	return 0;
}

int sp_closure_check_symbols(struct sp_closure *closure, struct sp_err *err)
{
	struct scope s = {
		.closure = closure, .versions = closure->loader.libc == SP_LIBC_GLIBC,
	};
	int rc = 0;

	/* a program without a loader resolves nothing at run time */
	if (closure->loader.libc != SP_LIBC_NONE && !closure->missing_nr)
		rc = visit_all(&s, err);
	sp_map_release(&s.defined);
	sp_arena_release(&s.arena);
	return rc;
}
