/*
 * The dynamic section: what the loader will be told.  Found through PT_DYNAMIC
 * by its address, as the loader finds it.  Damage here is an error.
 */
#include <inttypes.h>

#include "base/vec.h"
#include "elf/reader.h"

#define TABLE "dynamic section"

/* Tags with one value; the last of several counts, as in glibc. */
static uint64_t *value_of(struct sp_dynamic *dyn, int64_t tag)
{
	switch (tag) {
	case DT_STRTAB: return &dyn->strtab;
	case DT_STRSZ: return &dyn->strsz;
	case DT_SYMTAB: return &dyn->symtab;
	case DT_HASH: return &dyn->hash;
	case DT_GNU_HASH: return &dyn->gnu_hash;
	case DT_VERSYM: return &dyn->versym;
	case DT_VERNEED: return &dyn->verneed;
	case DT_VERDEF: return &dyn->verdef;
	case DT_REL: return &dyn->rel;
	case DT_RELSZ: return &dyn->relsz;
	case DT_RELCOUNT: return &dyn->relcount;
	case DT_RELA: return &dyn->rela;
	case DT_RELASZ: return &dyn->relasz;
	case DT_RELACOUNT: return &dyn->relacount;
	case DT_JMPREL: return &dyn->jmprel;
	case DT_PLTRELSZ: return &dyn->pltrelsz;
	case DT_PLTREL: return &dyn->pltrel;
	case DT_MIPS_SYMTABNO: return &dyn->mips_symtabno;
	default: return NULL;
	}
}

static int find_strings(const struct sp_reader *r, struct sp_dynamic *dyn,
			struct sp_err *err)
{
	uint64_t avail;

	if (!dyn->strtab)
		return 0;
	if (!sp_reader_locate(r, dyn->strtab, &dyn->strings.offset, &avail))
		return sp_err_set(err, SP_EPROGRAM, TABLE ": DT_STRTAB at 0x%" PRIx64
				  " lies outside the file", dyn->strtab);
	if (dyn->strsz > avail)
		return sp_err_set(err, SP_EPROGRAM, TABLE ": DT_STRSZ is %" PRIu64
				  ", but only %" PRIu64 " bytes follow DT_STRTAB at 0x%"
				  PRIx64, dyn->strsz, avail, dyn->strtab);
	dyn->strings.what = "dynamic string table";
	dyn->strings.size = dyn->strsz;
	return 0;
}

/* A growing list of the entries that the facts are made of. */
struct entries {
	Elf64_Dyn *dyns;
	size_t dyns_nr, dyns_alloc;
};

static void entries_release(struct entries *e)
{
	free(e->dyns);
}

/* All entries before DT_NULL. */
static int read_entries(const struct sp_reader *r, const Elf64_Phdr *p,
			struct entries *ret, struct sp_err *err)
{
	size_t size = sp_reader_record_size(r, SP_REC_DYN);
	uint64_t offset, avail;
	Elf64_Dyn block[64];

	if (!sp_reader_locate(r, p->p_vaddr, &offset, &avail))
		return sp_err_set(err, SP_EPROGRAM, TABLE ": its address 0x%" PRIx64
				  " lies outside the file%s", p->p_vaddr,
				  p->p_filesz ? "" : " (is this a file of debugging "
						     "symbols?)");
	if (p->p_filesz < avail)
		avail = p->p_filesz;
	for (uint64_t i = 0; i < avail / size;) {
		size_t n = avail / size - i < 64 ? (size_t)(avail / size - i) : 64;

		if (i > SP_ELF_DYNAMIC_MAX)
			return sp_err_set(err, SP_EPROGRAM, TABLE ": more than %d "
					  "entries", SP_ELF_DYNAMIC_MAX);
		if (sp_reader_records(r, SP_REC_DYN, TABLE, offset + i * size, n, block,
				      err))
			return -1;
		for (size_t k = 0; k < n; k++, i++) {
			if (block[k].d_tag == DT_NULL)
				return 0;
			*SP_VEC_PUSH(ret->dyns) = block[k];
		}
	}
	return sp_err_set(err, SP_EPROGRAM, TABLE ": has no end mark (DT_NULL)");
}

static int get_string(const struct sp_reader *r, struct sp_dynamic *dyn,
		      struct sp_elf *elf, const char *where, uint64_t at,
		      const char **ret, struct sp_err *err)
{
	const char *s;

	if (!dyn->strtab)
		return sp_err_set(err, SP_EPROGRAM, "%s: there is no string table "
				  "(DT_STRTAB)", where);
	if (sp_strings_get(&dyn->strings, r, where, at, &s, err) ||
	    sp_strings_charge(&dyn->strings, s, SP_ELF_STRINGS_MAX, err))
		return -1;
	*ret = sp_arena_strdup(&elf->arena, s);
	return 0;
}

/* The strings of all entries with one tag, in file order. */
static int get_list(const struct sp_reader *r, struct sp_dynamic *dyn,
		    const struct entries *all, int64_t tag, const char *where,
		    struct sp_elf *elf, const char *const **ret, size_t *ret_nr,
		    struct sp_err *err)
{
	size_t nr = 0;
	const char **list;

	for (size_t i = 0; i < all->dyns_nr; i++)
		nr += all->dyns[i].d_tag == tag;
	if (nr > SP_ELF_NEEDED_MAX)
		return sp_err_diagnose(err, "too-many-objects",
				       "%s: %zu entries, expected %d at most", where, nr,
				       SP_ELF_NEEDED_MAX);
	list = sp_arena_alloc(&elf->arena, (nr + 1) * sizeof(*list));
	nr = 0;
	for (size_t i = 0; i < all->dyns_nr; i++)
		if (all->dyns[i].d_tag == tag &&
		    get_string(r, dyn, elf, where, all->dyns[i].d_un.d_val,
			       &list[nr++], err))
			return -1;
	*ret = list;
	*ret_nr = nr;
	return 0;
}

static int get_filters(const struct sp_reader *r, struct sp_dynamic *dyn,
		       const struct entries *all, struct sp_elf *elf, struct sp_err *err)
{
	size_t nr = 0, needed = 0;
	struct sp_elf_filter *list;

	for (size_t i = 0; i < all->dyns_nr; i++)
		nr += all->dyns[i].d_tag == DT_FILTER || all->dyns[i].d_tag == DT_AUXILIARY;
	if (nr > SP_ELF_NEEDED_MAX)
		return sp_err_diagnose(err, "too-many-objects",
				       TABLE ": %zu DT_FILTER and DT_AUXILIARY entries, "
				       "expected %d at most", nr, SP_ELF_NEEDED_MAX);
	list = sp_arena_alloc(&elf->arena, (nr + 1) * sizeof(*list));
	for (size_t i = 0; i < all->dyns_nr; i++) {
		const Elf64_Dyn *d = &all->dyns[i];
		struct sp_elf_filter *f = &list[elf->filters_nr];

		needed += d->d_tag == DT_NEEDED;
		if (d->d_tag != DT_FILTER && d->d_tag != DT_AUXILIARY)
			continue;
		f->may_lack = d->d_tag == DT_AUXILIARY;
		f->after = needed;
		if (get_string(r, dyn, elf,
			       f->may_lack ? TABLE ": DT_AUXILIARY" : TABLE ": DT_FILTER",
			       d->d_un.d_val, &f->name, err))
			return -1;
		elf->filters_nr++;
	}
	elf->filters = list;
	return 0;
}

/* The string of the last entry with this tag, which is the one that counts. */
static int get_one(const struct sp_reader *r, struct sp_dynamic *dyn,
		   const struct entries *all, int64_t tag, const char *where,
		   struct sp_elf *elf, const char **ret, struct sp_err *err)
{
	for (size_t i = all->dyns_nr; i-- > 0;)
		if (all->dyns[i].d_tag == tag)
			return get_string(r, dyn, elf, where,
					  all->dyns[i].d_un.d_val, ret, err);
	return 0;
}

static int copy_facts(const struct sp_reader *r, struct sp_dynamic *dyn,
		      const struct entries *all, struct sp_elf *elf,
		      struct sp_err *err)
{
	for (size_t i = 0; i < all->dyns_nr; i++) {
		const Elf64_Dyn *d = &all->dyns[i];

		if (d->d_tag == DT_FLAGS)
			elf->dt_flags = d->d_un.d_val;
		else if (d->d_tag == DT_FLAGS_1)
			elf->dt_flags_1 = d->d_un.d_val;
		else if (d->d_tag == DT_TEXTREL)
			elf->textrel = true;
		else if (d->d_tag == DT_RELR)
			elf->relr = true;
	}
	if (elf->dt_flags & DF_TEXTREL)
		elf->textrel = true;
	return get_list(r, dyn, all, DT_NEEDED, TABLE ": DT_NEEDED", elf, &elf->needed,
			&elf->needed_nr, err) ||
	       get_filters(r, dyn, all, elf, err) ||
	       get_one(r, dyn, all, DT_SONAME, TABLE ": DT_SONAME", elf, &elf->soname,
		       err) ||
	       get_one(r, dyn, all, DT_AUDIT, TABLE ": DT_AUDIT", elf, &elf->audit, err) ||
	       get_one(r, dyn, all, DT_DEPAUDIT, TABLE ": DT_DEPAUDIT", elf, &elf->depaudit,
		       err) ||
	       get_one(r, dyn, all, DT_RPATH, TABLE ": DT_RPATH", elf, &elf->rpath, err) ||
	       get_one(r, dyn, all, DT_RUNPATH, TABLE ": DT_RUNPATH", elf, &elf->runpath,
		       err)
	       ? -1 : 0;
}

int sp_dynamic_read(const struct sp_reader *r, struct sp_dynamic *ret,
		    struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(entries_release) struct entries all = { 0 };
	const Elf64_Phdr *p = NULL;

	*ret = (struct sp_dynamic){ 0 };
	for (size_t i = 0; i < r->phdrs_nr; i++)
		if (r->phdrs[i].p_type == PT_DYNAMIC)
			p = &r->phdrs[i];
	if (!p)
		return 0;
	ret->found = true;
	if (elf)
		elf->has_dynamic = true;
	if (read_entries(r, p, &all, err))
		return -1;
	for (size_t i = 0; i < all.dyns_nr; i++)
		if (value_of(ret, all.dyns[i].d_tag))
			*value_of(ret, all.dyns[i].d_tag) = all.dyns[i].d_un.d_val;
	if (find_strings(r, ret, err))
		return -1;
	/* the facts use a few strings; whoever walks the symbols, all of them */
	if (elf)
		ret->strings.whole_max = SP_ELF_FACTS_TABLE_MAX;
	return elf ? copy_facts(r, ret, &all, elf, err) : 0;
}

void sp_dynamic_release(struct sp_dynamic *dyn)
{
	sp_strings_release(&dyn->strings);
}
