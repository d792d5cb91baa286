/*
 * glibc-hwcaps: libraries that exist in several builds, of which the loader takes
 * the best for the CPU it finds.  In every directory that it searches, the
 * subdirectories glibc-hwcaps/LEVEL come first; the cache has entries of its own
 * for them (elf/dl-hwcaps.c, elf/dl-cache.c).
 */
#include <string.h>

#include "base/path.h"
#include "loader/search.h"

/* Levels that are wanted: those from *ret_first on, since the best stands first. */
static int choose(const struct sp_loader *loader, const char *level, size_t *ret_first,
		  struct sp_err *err)
{
	sp_autobuf struct sp_buf known = { 0 };

	*ret_first = 0;
	if (strcmp(level, "all") == 0)
		return 0;
	for (size_t i = 0; i < loader->hwcaps_nr; i++) {
		if (strcmp(loader->hwcaps[i], level) == 0) {
			*ret_first = i;
			return 0;
		}
		sp_buf_addf(&known, "%s, ", loader->hwcaps[i]);
	}
	if (!known.len)
		return sp_err_set(err, SP_EUSAGE,
				  "--cpu %s: the program's loader knows no such levels", level);
	return sp_err_set(err, SP_EUSAGE, "--cpu %s: the program's loader knows %sand all",
			  level, sp_buf_str(&known));
}

static bool searched(const struct sp_object *o)
{
	return o->rule == SP_RULE_RPATH || o->rule == SP_RULE_RUNPATH ||
	       o->rule == SP_RULE_LIBRARY_PATH || o->rule == SP_RULE_CACHE ||
	       o->rule == SP_RULE_DEFAULT;
}

/* The variant of object index at path, if there is one. */
static int add_variant(struct sp_closure *closure, size_t index, const char *path,
		       const char *image_path, struct sp_err *err)
{
	const struct sp_object *base = &closure->objects[index];
	struct sp_found found;
	struct sp_object variant = {
		.name = base->name, .path = path, .image_path = image_path,
		.root = base->root, .needed_by = base->needed_by,
		.rule = SP_RULE_VARIANT, .rule_of = SP_NO_OBJECT,
	};

	if (sp_root_resolve(variant.root, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE)
		return 0;
	return sp_closure_load(closure, &variant, err);
}

const char *sp_search_variant(struct sp_closure *closure, const char *path,
			      const char *level)
{
	struct sp_arena *arena = &closure->arena;

	return sp_arena_strf(arena, "%s/glibc-hwcaps/%s/%s", sp_path_dirname(arena, path),
			     level, sp_path_basename(path));
}

static int variants_in_dir(struct sp_closure *closure, size_t index, const char *level,
			   struct sp_err *err)
{
	const struct sp_object *o = &closure->objects[index];

	return add_variant(closure, index, sp_search_variant(closure, o->path, level),
			   sp_search_variant(closure, o->image_path, level), err);
}

static int variants_in_cache(struct sp_closure *closure, size_t index, const char *level,
			     struct sp_err *err)
{
	const struct sp_cache *cache = closure->cache;
	const char *name = closure->objects[index].name;
	int32_t flags = sp_cache_flags(closure->objects[0].elf);

	for (size_t i = sp_cache_find(cache, name); i < cache->entries_nr; i++) {
		const struct sp_cache_entry *e = &cache->entries[i];

		if (sp_cache_compare(e->name, name) != 0)
			break;
		if (!e->hwcaps || strcmp(e->hwcaps, level) != 0 || e->flags != flags)
			continue;
		char *path = sp_arena_strdup(&closure->arena, e->path);
		if (add_variant(closure, index, path, path, err))
			return -1;
	}
	return 0;
}

int sp_closure_add_variants(struct sp_closure *closure, const char *level,
			    struct sp_err *err)
{
	size_t first;

	if (closure->loader.libc != SP_LIBC_GLIBC)
		return 0;
	if (choose(&closure->loader, level, &first, err))
		return -1;
	for (size_t i = 0; i < closure->objects_nr; i++) {
		if (!searched(&closure->objects[i]))
			continue;
		for (size_t k = first; k < closure->loader.hwcaps_nr; k++)
			if (variants_in_dir(closure, i, closure->loader.hwcaps[k], err) ||
			    (closure->cache &&
			     variants_in_cache(closure, i, closure->loader.hwcaps[k], err)))
				return -1;
	}
	return 0;
}
