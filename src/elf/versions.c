/*
 * Symbol versions: what the object asks of others (DT_VERNEED) and what it
 * defines (DT_VERDEF).
 *
 * Both are chains of records joined by relative offsets.  The chains are followed
 * until an offset of zero, as glibc does, and not for the number of records
 * that the dynamic section states.  Offsets only lead forward, so that a chain
 * ends; a limit keeps the number of versions in reason.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/vec.h"
#include "elf/reader.h"

#define TABLE "symbol versions"

struct walk {
	const struct sp_reader *r;
	struct sp_dynamic *dyn;
	const char *what;		/* "symbol versions: DT_VERNEED" */
	uint64_t offset, avail;		/* of the table */
	sp_version_fn *fn;
	void *ctx;
	size_t seen;
};

static int start(struct walk *w, const char *what, uint64_t address,
		 struct sp_err *err)
{
	w->what = what;
	if (!sp_reader_locate(w->r, address, &w->offset, &w->avail))
		return sp_err_set(err, SP_EPROGRAM, "%s at 0x%" PRIx64
				  " lies outside the file", what, address);
	return 0;
}

/* size bytes at byte `at` of the table. */
static int get(struct walk *w, uint64_t at, void *buf, size_t size, struct sp_err *err)
{
	if (at > w->avail || size > w->avail - at)
		return sp_err_set(err, SP_EPROGRAM, "%s: a record lies outside the file",
				  w->what);
	/* A version takes a record, and part of another that names its file. */
	if (++w->seen > 2 * SP_ELF_VERSIONS_MAX)
		return sp_err_set(err, SP_EPROGRAM, "%s has more than %d of them", w->what,
				  SP_ELF_VERSIONS_MAX);
	return sp_reader_bytes(w->r, w->what, w->offset + at, buf, size, err);
}

static int name(struct walk *w, uint32_t at, const char **ret, struct sp_err *err)
{
	if (sp_strings_get(&w->dyn->strings, w->r, w->what, at, ret, err))
		return -1;
	return sp_strings_charge(&w->dyn->strings, *ret, SP_ELF_STRINGS_MAX, err);
}

/* Elfxx_Vernaux, the same in both classes: hash 0, flags 4, other 6, name 8,
 * next 12. */
static int walk_needed_of(struct walk *w, uint64_t at, const char *file,
			  struct sp_err *err)
{
	uint32_t next;

	do {
		uint8_t rec[16];
		struct sp_elf_version v = { .file = file };

		if (get(w, at, rec, sizeof(rec), err) ||
		    name(w, sp_reader_u32(w->r, rec + 8), &v.name, err))
			return -1;
		v.hash = sp_reader_u32(w->r, rec);
		v.weak = sp_reader_u16(w->r, rec + 4) & VER_FLG_WEAK;
		w->fn(w->ctx, &v, sp_reader_u16(w->r, rec + 6));
		next = sp_reader_u32(w->r, rec + 12);
		at += next;
	} while (next);
	return 0;
}

/* Elfxx_Verneed: version 0, cnt 2, file 4, aux 8, next 12. */
static int walk_needed(struct walk *w, struct sp_err *err)
{
	uint64_t at = 0;
	uint32_t next;

	do {
		sp_autofree char *copy = NULL;
		const char *file;
		uint8_t rec[16];

		if (get(w, at, rec, sizeof(rec), err) ||
		    name(w, sp_reader_u32(w->r, rec + 4), &file, err))
			return -1;
		/* glibc ends the program for any other; so would we be guessing. */
		if (sp_reader_u16(w->r, rec) != VER_NEED_CURRENT)
			return sp_err_set(err, SP_EPROGRAM, TABLE ": DT_VERNEED "
					  "has version %u, expected %d",
					  sp_reader_u16(w->r, rec), VER_NEED_CURRENT);
		copy = sp_strdup(file);
		if (sp_reader_u16(w->r, rec + 2) &&
		    walk_needed_of(w, at + sp_reader_u32(w->r, rec + 8), copy, err))
			return -1;
		next = sp_reader_u32(w->r, rec + 12);
		at += next;
	} while (next);
	return 0;
}

/* Elfxx_Verdef: version 0, flags 2, ndx 4, cnt 6, hash 8, aux 12, next 16.  The
 * first Elfxx_Verdaux has the name, those behind it the names of its parents:
 * name 0, next 4. */
static int walk_defined(struct walk *w, struct sp_err *err)
{
	uint64_t at = 0;
	uint32_t next;

	do {
		uint8_t rec[20], aux[8];
		struct sp_elf_version v = { 0 };

		if (get(w, at, rec, sizeof(rec), err) ||
		    get(w, at + sp_reader_u32(w->r, rec + 12), aux, sizeof(aux), err) ||
		    name(w, sp_reader_u32(w->r, aux), &v.name, err))
			return -1;
		v.hash = sp_reader_u32(w->r, rec + 8);
		v.weak = sp_reader_u16(w->r, rec + 2) & VER_FLG_WEAK;
		w->fn(w->ctx, &v, sp_reader_u16(w->r, rec + 4) & 0x7fff);
		next = sp_reader_u32(w->r, rec + 16);
		at += next;
	} while (next);
	return 0;
}

int sp_versions_walk(const struct sp_reader *r, struct sp_dynamic *dyn,
		     sp_version_fn *fn, void *ctx, struct sp_err *err)
{
	struct walk w = { .r = r, .dyn = dyn, .fn = fn, .ctx = ctx };

	if ((dyn->verneed || dyn->verdef) && !dyn->strtab)
		return sp_err_set(err, SP_EPROGRAM, TABLE ": there is no string "
				  "table (DT_STRTAB)");
	if (dyn->verneed &&
	    (start(&w, TABLE ": DT_VERNEED", dyn->verneed, err) ||
	     walk_needed(&w, err)))
		return -1;
	w.seen = 0;
	if (dyn->verdef &&
	    (start(&w, TABLE ": DT_VERDEF", dyn->verdef, err) ||
	     walk_defined(&w, err)))
		return -1;
	return 0;
}

struct lists {
	struct sp_arena *arena;
	struct sp_elf_version *need, *def;
	size_t need_nr, need_alloc, def_nr, def_alloc;
};

static void lists_release(struct lists *lists)
{
	free(lists->need);
	free(lists->def);
}

static void add(void *ctx, const struct sp_elf_version *version, unsigned index)
{
	struct lists *lists = ctx;
	struct sp_elf_version v = *version;

	(void)index;
	v.name = sp_arena_strdup(lists->arena, v.name);
	if (!v.file) {
		*SP_VEC_PUSH(lists->def) = v;
		return;
	}
	/* Versions of one file come together and share its name. */
	if (lists->need_nr &&
	    strcmp(lists->need[lists->need_nr - 1].file, v.file) == 0)
		v.file = lists->need[lists->need_nr - 1].file;
	else
		v.file = sp_arena_strdup(lists->arena, v.file);
	*SP_VEC_PUSH(lists->need) = v;
}

int sp_versions_read(const struct sp_reader *r, struct sp_dynamic *dyn,
		     struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(lists_release) struct lists lists = { .arena = &elf->arena };

	if (sp_versions_walk(r, dyn, add, &lists, err))
		return -1;
	elf->verneed_nr = lists.need_nr;
	elf->verdef_nr = lists.def_nr;
	if (lists.need_nr)
		elf->verneed = sp_arena_memdup(&elf->arena, lists.need,
					       lists.need_nr * sizeof(*lists.need));
	if (lists.def_nr)
		elf->verdef = sp_arena_memdup(&elf->arena, lists.def,
					      lists.def_nr * sizeof(*lists.def));
	return 0;
}

/* The numbers of "2.34" or "2.2.5" as one to compare by; 0 for anything else. */
static uint64_t number_of(const char *text)
{
	uint64_t all = 0;

	for (int part = 0; part < 4; part++) {
		unsigned n = 0;

		if (isdigit((unsigned char)*text))
			while (isdigit((unsigned char)*text) && n < 6553)
				n = n * 10 + (unsigned)(*text++ - '0');
		else if (part == 0 || *text)
			return 0;
		all = all << 16 | (n & 0xffff);
		if (*text == '.' && isdigit((unsigned char)text[1]))
			text++;
	}
	return *text ? 0 : all;
}

const char *sp_elf_glibc_floor(const struct sp_elf *elf)
{
	const char *floor = NULL;

	for (size_t i = 0; i < elf->verneed_nr; i++) {
		const char *version = elf->verneed[i].name;

		if (elf->verneed[i].weak || strncmp(version, "GLIBC_", 6) != 0)
			continue;
		version += 6;
		/* glibc has this mark since 2.36, the first that knows DT_RELR;
		 * GLIBC_PRIVATE has no number and so asks for none. */
		if (strcmp(version, "ABI_DT_RELR") == 0)
			version = "2.36";
		if (number_of(version) > (floor ? number_of(floor) : 0))
			floor = version;
	}
	return floor;
}
