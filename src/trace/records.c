/*
 * The files that were used, and which of them the run itself has written.
 */
#include "trace/records.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/vec.h"

bool sp_before_take(const char *host, struct sp_before *ret)
{
	struct stat st;

	if (stat(host, &st))
		return false;
	/* the change time: nobody can set it back, as they can the modification time */
	*ret = (struct sp_before){ st.st_dev, st.st_ino, st.st_size, st.st_ctim };
	return true;
}

static bool is_changed(const struct sp_record *record)
{
	const struct sp_before *a = &record->before;
	struct sp_before b;

	return !sp_before_take(record->host, &b) || a->dev != b.dev || a->ino != b.ino ||
	       a->size != b.size || a->changed.tv_sec != b.changed.tv_sec ||
	       a->changed.tv_nsec != b.changed.tv_nsec;
}

bool sp_records_has(const struct sp_records *records, const char *host, unsigned uses)
{
	size_t i = sp_map_get(&records->map, host);

	return i != SP_MAP_NONE && (records->all[i].file.uses & uses) == uses;
}

static struct sp_record *record_of(struct sp_records *records, const struct sp_name *name)
{
	size_t i = sp_map_get(&records->map, name->host);

	if (i != SP_MAP_NONE)
		return &records->all[i];
	if (records->all_nr >= records->max) {
		records->full = true;
		return NULL;
	}
	struct sp_record *record = SP_VEC_PUSH(records->all);
	char *host = sp_arena_strdup(&records->arena, name->host);
	record->host = host;
	record->file.path = name->root_len && !host[name->root_len] ? "/" : host + name->root_len;
	if (name->root_len)
		record->file.root = sp_arena_strndup(&records->arena, host, name->root_len);
	sp_map_set(&records->map, host, records->all_nr - 1);
	return record;
}

void sp_records_add(struct sp_records *records, const struct sp_name *name, unsigned uses,
		    const char *program)
{
	struct sp_record *record = record_of(records, name);

	if (!record)
		return;
	record->file.uses |= uses;
	if (!record->file.program)
		record->file.program = program;
}

void sp_records_watch(struct sp_records *records, const struct sp_name *name,
		      const struct sp_before *before)
{
	struct sp_record *record = record_of(records, name);

	if (!record || record->watched)
		return;
	record->watched = true;
	record->before = *before;
}

const char *sp_records_program(struct sp_records *records, const char *path)
{
	size_t i = sp_map_get(&records->programs, path);

	if (i != SP_MAP_NONE)
		return records->names[i];
	const char *copy = sp_arena_strdup(&records->arena, path);
	*SP_VEC_PUSH(records->names) = copy;
	sp_map_set(&records->programs, copy, records->names_nr - 1);
	return copy;
}

/* --- what was written ------------------------------------------------------------ */

/* The path with the links of its directories followed, but not a last one; or NULL. */
static char *with_real_parent(struct sp_arena *arena, const char *path)
{
	char real[PATH_MAX];

	if (!realpath(sp_path_dirname(arena, path), real))
		return NULL;
	return sp_path_join(arena, real, sp_path_basename(path));
}

static void set_written(struct sp_map *written, struct sp_arena *arena,
			const struct sp_record *record)
{
	char *real = with_real_parent(arena, record->host);

	sp_map_set(written, record->host, 1);
	if (real && strcmp(real, record->host) != 0)
		sp_map_set(written, real, 1);
}

/* Is this path, or a directory above it, one that the run has made? */
static bool is_below(const struct sp_map *written, const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return false;
	memcpy(part, path, len + 1);
	for (char *slash = part + len; slash && slash > part; slash = strrchr(part, '/')) {
		*slash = '\0';
		if (sp_map_get(written, part) != SP_MAP_NONE)
			return true;
	}
	return false;
}

/* Written under another name: by way of links, or in a directory that was made. */
static bool is_written(const struct sp_map *written, struct sp_arena *arena,
		       const struct sp_record *record)
{
	char real[PATH_MAX];
	const char *parent = with_real_parent(arena, record->host);

	return is_below(written, record->host) || (parent && is_below(written, parent)) ||
	       (realpath(record->host, real) && is_below(written, real));
}

static void find_written(struct sp_records *records)
{
	struct sp_map written = { 0 };
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < records->all_nr; i++) {
		struct sp_record *record = &records->all[i];

		if (record->watched && is_changed(record))
			record->file.uses |= SP_USED_WRITTEN;
		if (record->file.uses & SP_USED_WRITTEN)
			set_written(&written, &arena, record);
	}
	for (size_t i = 0; written.nr && i < records->all_nr; i++) {
		struct sp_record *record = &records->all[i];

		if (!(record->file.uses & SP_USED_WRITTEN) &&
		    is_written(&written, &arena, record))
			record->file.uses |= SP_USED_WRITTEN;
	}
	sp_map_release(&written);
	sp_arena_release(&arena);
}

void sp_records_finish(struct sp_records *records, struct sp_trace *trace)
{
	find_written(records);
	for (size_t i = 0; i < records->all_nr; i++)
		if (records->all[i].file.uses)
			*SP_VEC_PUSH(trace->files) = records->all[i].file;
	trace->programs = records->names;
	trace->programs_nr = records->names_nr;
	records->names = NULL;
	records->names_nr = records->names_alloc = 0;
	trace->arena = records->arena;
	records->arena = (struct sp_arena){ 0 };
}

void sp_records_release(struct sp_records *records)
{
	sp_map_release(&records->map);
	sp_map_release(&records->programs);
	free(records->all);
	free(records->names);
	sp_arena_release(&records->arena);
}
