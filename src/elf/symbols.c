/*
 * The dynamic symbol table, without section headers.  How many symbols it has is
 * symbol_count.c's to find out.
 */
#include <string.h>

#include "base/vec.h"
#include "elf/reader.h"

#define BLOCK 1024	/* records read at a time */
#define MARK_USED 1
#define MARK_COPIED 2

struct table {
	const struct sp_reader *r;
	struct sp_dynamic *dyn;
	struct sp_arena arena;		/* of names of versions */
	const char **versions;		/* by the index of DT_VERSYM */
	size_t versions_nr, versions_alloc;
	uint64_t nr;
	bool imports;			/* only undefined symbols are wanted */
	/* only those that relocations refer to: a byte each, how */
	uint8_t *marks;
};

static void table_release(struct table *t)
{
	sp_arena_release(&t->arena);
	free(t->versions);
}

static void keep_version(void *ctx, const struct sp_elf_version *version,
			 unsigned index)
{
	struct table *t = ctx;

	while (t->versions_nr <= index)
		*SP_VEC_PUSH(t->versions) = NULL;
	if (!t->versions[index])
		t->versions[index] = sp_arena_strdup(&t->arena, version->name);
}

static void mark_symbol(void *ctx, uint64_t symbol, bool copy)
{
	struct table *t = ctx;

	if (symbol < t->nr)
		t->marks[symbol] |= copy ? MARK_COPIED : MARK_USED;
}

/* MIPS has symbols in its global offset table that no relocation names. */
static int mark_used(struct table *t, struct sp_err *err)
{
	bool all = t->r->header.e_machine == EM_MIPS;

	t->marks = sp_arena_alloc(&t->arena, (size_t)t->nr + 1);
	memset(t->marks, all ? MARK_USED : 0, (size_t)t->nr + 1);
	return all ? 0 : sp_relocations_walk(t->r, t->dyn, mark_symbol, t, err);
}

/* Index 0 is local and 1 the object without version; the highest bit says that
 * a definition is not the default one. */
static const char *version_of(const struct table *t, uint16_t versym)
{
	size_t index = versym & 0x7fff;

	return index > 1 && index < t->versions_nr ? t->versions[index] : NULL;
}

/* What becomes of the kind of symbol i; false if it is not wanted. */
static bool refine(const struct table *t, uint64_t i, uint16_t versym, unsigned binding,
		   enum sp_elf_sym *kind)
{
	bool defined = *kind == SP_ELF_DEFINED;

	if (t->imports)
		return !defined;
	if (t->marks && defined) {
		*kind = SP_ELF_COPIED;
		return (t->marks[i] & MARK_COPIED) && binding != STB_WEAK;
	}
	if (t->marks)
		return t->marks[i];
	/* glibc, check_match(): 2 is the oldest version, which stands for none */
	if (defined && (versym & 0x8000) && (versym & 0x7fff) > 2)
		*kind = SP_ELF_DEFINED_OLD;
	return true;
}

static bool kind_of(const Elf64_Sym *sym, enum sp_elf_sym *ret)
{
	unsigned binding = ELF64_ST_BIND(sym->st_info);
	unsigned visibility = ELF64_ST_VISIBILITY(sym->st_other);

	if (binding == STB_LOCAL || sym->st_name == 0)
		return false;
	if (sym->st_shndx == SHN_UNDEF)
		*ret = binding == STB_WEAK ? SP_ELF_UNDEFINED_WEAK : SP_ELF_UNDEFINED;
	else if (visibility == STV_HIDDEN || visibility == STV_INTERNAL)
		return false;
	else
		*ret = SP_ELF_DEFINED;
	return true;
}

static int visit_block(struct table *t, uint64_t i, size_t n,
		       void (*visit)(void *, const char *, const char *,
				     enum sp_elf_sym),
		       void *ctx, struct sp_err *err)
{
	/* all of them as long as the whole table: most files cannot ask for too much */
	bool may_exceed = t->dyn->strings.size > SP_ELF_NAMES_MAX / t->nr;
	Elf64_Sym syms[BLOCK];
	uint8_t versyms[BLOCK * 2] = { 0 };
	uint64_t offset;

	if (sp_reader_entry(t->r, "DT_SYMTAB", t->dyn->symtab, i,
			    sp_reader_record_size(t->r, SP_REC_SYM), n, &offset, err) ||
	    sp_reader_records(t->r, SP_REC_SYM, "dynamic symbols", offset, n, syms, err))
		return -1;
	if (t->dyn->versym &&
	    sp_reader_entries(t->r, "DT_VERSYM", t->dyn->versym, i, 2, n, versyms, err))
		return -1;
	for (size_t k = 0; k < n; k++) {
		uint16_t versym = sp_reader_u16(t->r, versyms + 2 * k);
		enum sp_elf_sym kind;
		const char *name;

		if (!kind_of(&syms[k], &kind) ||
		    !refine(t, i + k, versym, ELF64_ST_BIND(syms[k].st_info), &kind))
			continue;
		if (sp_strings_get(&t->dyn->strings, t->r, "dynamic symbols",
				   syms[k].st_name, &name, err) ||
		    (may_exceed &&
		     sp_strings_charge(&t->dyn->strings, name, SP_ELF_NAMES_MAX, err)))
			return -1;
		visit(ctx, name, version_of(t, versym), kind);
	}
	return 0;
}

static int visit_all(struct table *t,
		     void (*visit)(void *, const char *, const char *, enum sp_elf_sym),
		     void *ctx, struct sp_err *err)
{
	for (uint64_t i = 0; i < t->nr; i += BLOCK)
		if (visit_block(t, i, t->nr - i < BLOCK ? (size_t)(t->nr - i) : BLOCK,
				visit, ctx, err))
			return -1;
	return 0;
}

/* A file of which the symbols are wanted and nothing else. */
struct opened {
	struct sp_reader r;
	struct sp_blocks blocks;
	struct sp_dynamic dyn;
	struct sp_arena arena;
};

static void opened_release(struct opened *o)
{
	sp_dynamic_release(&o->dyn);
	sp_arena_release(&o->arena);
}

static int open_symbols(struct opened *o, struct sp_file *file, struct sp_err *err)
{
	if (sp_reader_open_with(&o->r, file, &o->blocks, &o->arena, err))
		return -1;
	return sp_dynamic_read(&o->r, &o->dyn, NULL, err);
}

static int walk(const struct sp_elf *elf, struct sp_file *file, bool lookups,
		void (*visit)(void *ctx, const char *name, const char *version,
			      enum sp_elf_sym),
		void *ctx, struct sp_err *err)
{
	SP_CLEANUP(opened_release) struct opened o;
	SP_CLEANUP(table_release) struct table t = { .r = &o.r, .dyn = &o.dyn };

	o.dyn = (struct sp_dynamic){ 0 };
	o.arena = (struct sp_arena){ 0 };
	if (!elf->has_dynamic)
		return 0;
	if (open_symbols(&o, file, err))
		return -1;
	if (!o.dyn.symtab)
		return 0;
	if (sp_symbols_count(&o.r, &o.dyn, false, &t.nr, err) ||
	    (lookups && mark_used(&t, err)) ||
	    sp_versions_walk(&o.r, &o.dyn, keep_version, &t, err))
		return -1;
	return visit_all(&t, visit, ctx, err);
}

int sp_elf_symbols(const struct sp_elf *elf, struct sp_file *file,
		   void (*visit)(void *ctx, const char *name, const char *version,
				 enum sp_elf_sym),
		   void *ctx, struct sp_err *err)
{
	return walk(elf, file, false, visit, ctx, err);
}

int sp_elf_lookups(const struct sp_elf *elf, struct sp_file *file,
		   void (*visit)(void *ctx, const char *name, const char *version,
				 enum sp_elf_sym),
		   void *ctx, struct sp_err *err)
{
	return walk(elf, file, true, visit, ctx, err);
}

struct importing {
	void (*visit)(void *ctx, const char *name);
	void *ctx;
};

static void visit_import(void *ctx, const char *name, const char *version,
			 enum sp_elf_sym kind)
{
	const struct importing *i = ctx;

	(void)version;
	(void)kind;
	i->visit(i->ctx, name);
}

int sp_imports_walk(const struct sp_reader *r, struct sp_dynamic *dyn,
		    void (*visit)(void *ctx, const char *name), void *ctx,
		    struct sp_err *err)
{
	struct sp_dynamic plain = *dyn;
	SP_CLEANUP(table_release) struct table t = { .r = r, .dyn = &plain, .imports = true };
	struct importing importing = { visit, ctx };

	if (!dyn->symtab)
		return 0;
	plain.versym = 0;	/* not wanted */
	int rc = sp_symbols_count(r, dyn, true, &t.nr, err) ||
		 visit_all(&t, visit_import, &importing, err) ? -1 : 0;
	dyn->strings = plain.strings;
	return rc;
}

int sp_elf_imports(const struct sp_elf *elf, struct sp_file *file,
		   void (*visit)(void *ctx, const char *name), void *ctx,
		   struct sp_err *err)
{
	SP_CLEANUP(opened_release) struct opened o;

	o.dyn = (struct sp_dynamic){ 0 };
	o.arena = (struct sp_arena){ 0 };
	if (!elf->has_dynamic)
		return 0;
	return open_symbols(&o, file, err) ||
	       sp_imports_walk(&o.r, &o.dyn, visit, ctx, err) ? -1 : 0;
}
