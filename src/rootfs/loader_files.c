/*
 * Files that the loader itself reads: an ld.so.cache of the image's own when
 * libraries stand outside the built-in directories, musl's path file when a
 * library was found through it.  So nothing depends on luck, and a program that
 * needs neither gets neither.  On top of a base image the cache holds what the base's
 * has as well, since its programs read it too.
 */
#include <string.h>

#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/rootfs.h"

struct entries {
	struct sp_cache_entry *list;
	size_t list_nr, list_alloc;
	struct sp_map by_name;
};

static void entries_release(struct entries *e)
{
	free(e->list);
	sp_map_release(&e->by_name);
}

static void add_entry(struct entries *e, const struct sp_cache_entry *entry)
{
	sp_map_set(&e->by_name, entry->name, e->list_nr);
	*SP_VEC_PUSH(e->list) = *entry;
}

static bool builtin(const struct sp_closure *closure, const char *path)
{
	size_t len = (size_t)(sp_path_basename(path) - path) - 1;

	for (size_t i = 0; i < closure->loader.dirs_nr; i++)
		if (strlen(closure->loader.dirs[i]) == len &&
		    memcmp(closure->loader.dirs[i], path, len) == 0)
			return true;
	return false;
}

/*
 * A library that was added, or used in a traced run: if the cache of this system has it
 * under its own name, a program that opens it by that name finds it there.  Returns the
 * cache's path of it, or NULL.
 */
static const char *cached_path(const struct sp_closure *closure, const struct sp_object *o)
{
	const struct sp_cache *cache = closure->cache;
	const char *name = o->elf->soname;
	struct sp_err ignored = { 0 };
	struct sp_found found;

	if (!cache || !name)
		return NULL;
	for (size_t i = sp_cache_find(cache, name);
	     i < cache->entries_nr && strcmp(cache->entries[i].name, name) == 0; i++)
		if (sp_root_resolve(closure->libs, cache->entries[i].path, &found, &ignored) == 0 &&
		    found.real && strcmp(found.real, o->path) == 0)
			return cache->entries[i].path;
	return NULL;
}

/* Collect what a search without paths of its own must find by name. */
static void collect(const struct sp_closure *closure, struct entries *e, bool *ret_needed)
{
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];

		const char *name = o->name, *path = o->path;
		if (o->rule == SP_RULE_ADDED) {
			path = cached_path(closure, o);
			name = o->elf->soname;
		} else if (o->rule != SP_RULE_CACHE && o->rule != SP_RULE_DEFAULT) {
			continue;
		}
		if (!path || sp_map_get(&e->by_name, name) != SP_MAP_NONE)
			continue;
		add_entry(e, &(struct sp_cache_entry){
			.name = name, .path = path,
			.flags = sp_cache_flags(closure->objects[0].elf) });
		*ret_needed |= o->rule != SP_RULE_DEFAULT && !o->found.st.lower &&
			       !builtin(closure, path);
	}
}

/* All that the cache of the base has, which ours takes the place of. */
static int collect_lower(const struct sp_plan *plan, struct sp_cache **ret,
			 struct entries *e, struct sp_err *err)
{
	bool damaged;

	if (!plan->lower || sp_cache_read(plan->lower, ret, &damaged, err))
		return plan->lower ? -1 : 0;
	for (size_t i = 0; *ret && i < (*ret)->entries_nr; i++)
		if (!(*ret)->entries[i].hwcaps)
			add_entry(e, &(*ret)->entries[i]);
	return 0;
}

static void cache_freep(struct sp_cache **cache)
{
	sp_cache_free(*cache);
}

static int add_cache(struct sp_rootfs *rootfs, struct sp_err *err)
{
	SP_CLEANUP(cache_freep) struct sp_cache *lower = NULL;
	SP_CLEANUP(entries_release) struct entries e = { 0 };
	sp_autobuf struct sp_buf bytes = { 0 };
	bool needed = false;

	if (collect_lower(rootfs->plan, &lower, &e, err))
		return -1;
	collect(rootfs->closure, &e, &needed);
	for (size_t i = 0; i < rootfs->others_nr; i++)
		if (rootfs->others[i]->loader.libc == SP_LIBC_GLIBC)
			collect(rootfs->others[i], &e, &needed);
	if (!needed)
		return 0;
	sp_cache_make(e.list, e.list_nr, rootfs->closure->objects[0].elf->big_endian, &bytes);
	return sp_plan_add(rootfs->plan, &(struct sp_entry){
		.path = SP_CACHE_PATH, .type = SP_ENTRY_FILE, .mode = 0644,
		.content = bytes.data, .size = bytes.len,
		.reason = { SP_BECAUSE_LOADER, rootfs->entry,
			    "libraries outside its built-in directories" } }, err);
}

static int add_path_file(struct sp_rootfs *rootfs, const struct sp_closure *closure,
			 struct sp_err *err)
{
	struct sp_reason reason = { SP_BECAUSE_LOADER, rootfs->entry,
				    "where musl looks for libraries" };
	const char *path = closure->loader.path_file;

	for (size_t i = 0; i < closure->objects_nr; i++)
		if (closure->objects[i].rule == SP_RULE_MUSL_PATH)
			return sp_gather_file(rootfs->plan, closure->libs, path, path,
					      &reason, err);
	return 0;
}

int sp_loader_files_apply(struct sp_rootfs *rootfs, struct sp_err *err)
{
	if (rootfs->closure->loader.libc == SP_LIBC_MUSL &&
	    add_path_file(rootfs, rootfs->closure, err))
		return -1;
	for (size_t i = 0; i < rootfs->others_nr; i++)
		if (rootfs->others[i]->loader.libc == SP_LIBC_MUSL &&
		    add_path_file(rootfs, rootfs->others[i], err))
			return -1;
	return rootfs->closure->loader.libc == SP_LIBC_MUSL ? 0 : add_cache(rootfs, err);
}
