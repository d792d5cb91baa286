/*
 * Names that are watched for among the imports of a file: what a program calls is
 * evidence of what it needs.  Nearly no import is such a name, so most are told by
 * their first bytes.
 */

#include "base/vec.h"
#include "elf/reader.h"

/* A number of 16 bits for how a name begins. */
static unsigned start_of(const char *name)
{
	unsigned start = 0;

	for (int i = 0; i < 6 && name[i]; i++)
		start = start * 37 + (unsigned char)name[i];
	return start & 0xffff;
}

void sp_elf_watch_add(struct sp_elf_watch *watch, const char *name, size_t number)
{
	unsigned start = start_of(name);

	sp_map_set(&watch->names, name, number);
	watch->starts[start / 64] |= UINT64_C(1) << start % 64;
}

struct watching {
	const struct sp_elf_watch *watch;
	uint32_t *seen;
	size_t seen_nr, seen_alloc;
};

static void watching_release(struct watching *w)
{
	free(w->seen);
}

static void look(void *ctx, const char *name)
{
	struct watching *w = ctx;
	unsigned start = start_of(name);

	if (!(w->watch->starts[start / 64] >> start % 64 & 1))
		return;
	size_t number = sp_map_get(&w->watch->names, name);
	if (number != SP_MAP_NONE)
		*SP_VEC_PUSH(w->seen) = (uint32_t)number;
}

int sp_watch_read(const struct sp_reader *r, struct sp_dynamic *dyn,
		  const struct sp_elf_watch *watch, struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(watching_release) struct watching w = { .watch = watch };
	struct sp_err damage = { 0 };

	/* all names are asked for now */
	sp_strings_keep_whole(&dyn->strings);
	if (sp_imports_walk(r, dyn, look, &w, &damage)) {
		if (damage.code == SP_EPROGRAM)
			return 0;
		*err = damage;
		return -1;
	}
	elf->watched = true;
	elf->imported_nr = w.seen_nr;
	if (w.seen_nr)
		elf->imported = sp_arena_memdup(&elf->arena, w.seen,
						w.seen_nr * sizeof(*w.seen));
	return 0;
}
