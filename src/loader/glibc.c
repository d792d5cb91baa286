/*
 * How glibc's loader finds a library: _dl_map_object() in elf/dl-load.c, and
 * ld.so(8).  Each phase below is one paragraph of that function, in its order.
 */
#include <elf.h>
#include <string.h>

#include "base/path.h"
#include "loader/search.h"

static struct sp_object *object(struct sp_search *s, size_t index)
{
	return &s->closure->objects[index];
}

/* DT_RPATH counts only in an object without DT_RUNPATH, even an empty one
 * (elf_get_dynamic_info() forgets the former). */
static const struct sp_dirs *rpath_of(struct sp_search *s, size_t index)
{
	struct sp_dirs dirs = { 0 };
	struct sp_object *o = object(s, index);

	if (!o->rpath.ready) {
		dirs.ready = true;
		if (o->elf->rpath && !o->elf->runpath)
			sp_search_expand(s->closure, index, o->elf->rpath, ":",
					 SP_TOKENS_GLIBC, &dirs);
		object(s, index)->rpath = dirs;
	}
	return &object(s, index)->rpath;
}

static const struct sp_dirs *runpath_of(struct sp_search *s, size_t index)
{
	struct sp_dirs dirs = { 0 };
	struct sp_object *o = object(s, index);

	if (!o->runpath.ready) {
		dirs.ready = true;
		if (o->elf->runpath)
			sp_search_expand(s->closure, index, o->elf->runpath, ":",
					 SP_TOKENS_GLIBC, &dirs);
		object(s, index)->runpath = dirs;
	}
	return &object(s, index)->runpath;
}

static int try_rpath(struct sp_search *s, size_t index, enum sp_try *ret,
		     struct sp_err *err)
{
	struct sp_dirs dirs = *rpath_of(s, index);

	s->rule = SP_RULE_RPATH;
	s->rule_of = index;
	return sp_search_dirs(s, &dirs, ret, err);
}

/* Whose paths count: of who asks; LD_PRELOAD asks in the name of the program. */
static size_t asker(const struct sp_search *s)
{
	return s->from == SP_NO_OBJECT ? 0 : s->from;
}

/* RPATH of who asks, of who loaded that, and so on; then of the program. */
static int rpath_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	bool did_program = false;

	if (object(s, asker(s))->elf->runpath)
		return 0;
	for (size_t i = asker(s); i != SP_NO_OBJECT; i = object(s, i)->needed_by) {
		did_program |= i == 0;
		if (try_rpath(s, i, ret, err))
			return -1;
		if (*ret != SP_TRY_ABSENT)
			return 0;
	}
	return did_program ? 0 : try_rpath(s, 0, ret, err);
}

static int library_path_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	s->rule = SP_RULE_LIBRARY_PATH;
	s->rule_of = SP_NO_OBJECT;
	return sp_search_dirs(s, &s->closure->library_path, ret, err);
}

static int runpath_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	struct sp_dirs dirs = *runpath_of(s, asker(s));

	s->rule = SP_RULE_RUNPATH;
	s->rule_of = asker(s);
	return sp_search_dirs(s, &dirs, ret, err);
}

/* DF_1_NODEFLIB of who asks: no built-in directory, no cache entry in one. */
static bool no_default_lib(struct sp_search *s)
{
	return object(s, asker(s))->elf->dt_flags_1 & DF_1_NODEFLIB;
}

static bool in_builtin_dir(const struct sp_closure *closure, const char *path)
{
	for (size_t i = 0; i < closure->loader.dirs_nr; i++)
		if (sp_path_within(path, closure->loader.dirs[i]))
			return true;
	return false;
}

/* What the cache has for the name, of those that are for every CPU: the first of the
 * program's ABI, or else the last of the ABI that also passes (search_cache()). */
static const struct sp_cache_entry *cached(struct sp_search *s)
{
	const struct sp_cache *cache = s->closure->cache;
	int32_t flags = sp_cache_flags(object(s, 0)->elf);
	int32_t also = sp_cache_flags_also(object(s, 0)->elf);
	const struct sp_cache_entry *last = NULL;

	for (size_t i = sp_cache_find(cache, s->name); i < cache->entries_nr; i++) {
		const struct sp_cache_entry *e = &cache->entries[i];

		if (sp_cache_compare(e->name, s->name) != 0)
			break;
		if (e->hwcaps)
			continue;
		if (!flags || e->flags == flags)
			return e;
		if (also && e->flags == also)
			last = e;
	}
	return last;
}

/* The loader looks at no other entry, even if the file is gone. */
static int cache_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	const struct sp_cache_entry *e = s->closure->cache ? cached(s) : NULL;

	s->rule = SP_RULE_CACHE;
	s->rule_of = SP_NO_OBJECT;
	if (!e || (no_default_lib(s) && in_builtin_dir(s->closure, e->path)))
		return 0;
	char *path = sp_arena_strdup(&s->closure->arena, e->path);
	struct sp_dir at = { .root = s->closure->libs, .path = path, .image_path = path };

	return sp_search_try(s, &at, ret, err);
}

static int builtin_phase(struct sp_search *s, enum sp_try *ret, struct sp_err *err)
{
	if (no_default_lib(s))
		return 0;
	s->rule = SP_RULE_DEFAULT;
	s->rule_of = SP_NO_OBJECT;
	return sp_search_dirs(s, &s->closure->builtin, ret, err);
}

/* A name with a slash, after its tokens, is opened as it stands. */
static int by_path(struct sp_search *s, const struct sp_dir *at, struct sp_err *err)
{
	enum sp_try result;

	if (!at) {
		s->why = "the name is relative to the current directory; an image can only hold it under an absolute path";
		return 0;
	}
	s->rule = SP_RULE_PATH;
	s->rule_of = SP_NO_OBJECT;
	return sp_search_try(s, at, &result, err);
}

int sp_glibc_find(struct sp_search *s, struct sp_err *err)
{
	static int (*const phases[])(struct sp_search *, enum sp_try *, struct sp_err *) = {
		rpath_phase, library_path_phase, runpath_phase, cache_phase, builtin_phase,
	};
	bool path = strchr(s->name, '/') || sp_search_has_token(s->name);
	const struct sp_dir *at = path ? sp_search_expand_one(s->closure, s->from, s->name,
							      SP_TOKENS_GLIBC) : NULL;
	enum sp_try result = SP_TRY_ABSENT;

	/* one $ORIGIN is not another: names are compared after expansion */
	s->known_as = at ? at->path : s->name;
	size_t known = sp_map_get(&s->closure->by_name, s->known_as);
	if (known == SP_MAP_NONE)
		known = sp_map_get(&s->closure->by_soname, s->known_as);
	if (known != SP_MAP_NONE) {
		s->object = known;
		s->rule = SP_RULE_LOADED;
		return 0;
	}
	if (path)
		return by_path(s, at, err);
	s->by_search = true;
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++) {
		if (phases[i](s, &result, err))
			return -1;
		if (result != SP_TRY_ABSENT)
			return 0;
	}
	return 0;
}

/* vdso(7).  The loader has it in its list before anything is asked for. */
bool sp_glibc_has_vdso(const struct sp_closure *closure, const char *name)
{
	static const char *const names[] = {
		"linux-vdso.so.1", "linux-gate.so.1", "linux-vdso32.so.1", "linux-vdso64.so.1",
	};

	if (closure->loader.libc != SP_LIBC_GLIBC || strncmp(name, "linux-", 6) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int sp_glibc_explain(struct sp_search *s, struct sp_err *err)
{
	struct sp_closure *closure = s->closure;
	const struct sp_loader *loader = &closure->loader;

	if (s->why || !s->by_search || loader->libc != SP_LIBC_GLIBC)
		return 0;
	for (size_t i = 0; i < s->probes_nr; i++)
		for (size_t k = 0; k < loader->hwcaps_nr; k++) {
			const char *path = sp_search_variant(closure, s->probes[i].path,
							     loader->hwcaps[k]);
			struct sp_found found;

			if (path[0] != '/')
				continue;
			if (sp_root_resolve(closure->libs, path, &found, err))
				return -1;
			if (!found.real)
				continue;
			s->why = sp_arena_strf(&closure->arena,
					       "not found for every CPU: there is %s alone, which some load; an image needs %s as well",
					       path, s->probes[i].path);
			return 0;
		}
	return 0;
}

static bool is_missing(const struct sp_closure *closure, const char *name)
{
	for (size_t i = 0; i < closure->missing_nr; i++)
		if (strcmp(closure->missing[i].name, name) == 0)
			return true;
	return false;
}

/* match_symbol() in elf/dl-version.c: a wrong hash hides a version of the right name. */
static bool defines(const struct sp_elf *elf, const struct sp_elf_version *need)
{
	for (size_t i = 0; i < elf->verdef_nr; i++)
		if (elf->verdef[i].hash == need->hash &&
		    strcmp(elf->verdef[i].name, need->name) == 0)
			return true;
	return false;
}

/*
 * _dl_check_map_versions(): a version that is asked for must be defined by the
 * object of that name, even if no symbol of it is ever used.  Names are those that
 * were asked for (_dl_name_match_p()): a soname that nobody used is none.  An object
 * without any definition is only warned about; a name that stands for no object is an
 * assertion, "needed != NULL", and happens when a tool took the name out of NEEDED.
 */
static void check_version(struct sp_closure *closure, const struct sp_object *o,
			  const struct sp_elf_version *need, size_t index)
{
	if (is_missing(closure, need->file))
		return;	/* that is said already */
	if (index == SP_MAP_NONE) {
		sp_search_problem(closure, "missing-version", sp_arena_strf(&closure->arena,
			"%s: asks for version `%s' of %s, which nothing loads (the name is in .gnu.version_r and not in NEEDED)",
			o->path, need->name, need->file));
		return;
	}
	const struct sp_object *by = &closure->objects[index];
	if (!need->weak && by->elf->verdef_nr && !defines(by->elf, need))
		sp_search_problem(closure, "missing-version", sp_arena_strf(&closure->arena,
			"%s: version `%s' not found (required by %s)",
			by->path, need->name, o->path));
}

/*
 * The same function: who has relocations in the compact form and versions of the C
 * library must ask for this one too, by which an older library is found out, since it
 * would pass over them and the program crash.
 */
static void check_relocations(struct sp_closure *closure, const struct sp_object *o)
{
	const struct sp_elf *elf = o->elf;
	bool asks = !elf->relr || !elf->verneed_nr, libc = false;

	for (size_t i = 0; i < elf->verneed_nr && !asks; i++)
		asks = strcmp(elf->verneed[i].name, "GLIBC_ABI_DT_RELR") == 0;
	for (size_t i = 0; i < elf->needed_nr && !asks; i++)
		libc |= strncmp(elf->needed[i], "libc.so.", 8) == 0;
	if (libc)
		sp_search_problem(closure, "compact-relocations", sp_arena_strf(&closure->arena,
			"%s: DT_RELR without GLIBC_ABI_DT_RELR dependency, which glibc refuses; link it without --pack-dyn-relocs=relr, or with -z pack-relative-relocs of a linker that knows it",
			o->path));
}

void sp_glibc_check_versions(struct sp_closure *closure, size_t from)
{
	for (size_t i = from; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		size_t index = SP_MAP_NONE;

		for (size_t v = 0; v < o->elf->verneed_nr; v++) {
			const struct sp_elf_version *need = &o->elf->verneed[v];

			/* versions of one file share its name */
			if (!v || need->file != need[-1].file)
				index = sp_map_get(&closure->by_name, need->file);
			check_version(closure, o, need, index);
		}
		check_relocations(closure, o);
	}
}
