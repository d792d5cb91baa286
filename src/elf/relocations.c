/*
 * Relocations, as far as they say which symbols the loader looks up.
 */
#include <inttypes.h>

#include "elf/reader.h"

#define BLOCK 1024	/* relocations read at a time */

/* The type that copies data of a library into the program; 0 if none is known here. */
static uint32_t copy_type(unsigned machine)
{
	static const struct { unsigned machine; uint32_t type; } types[] = {
		{ EM_X86_64, R_X86_64_COPY }, { EM_386, R_386_COPY },
		{ EM_AARCH64, R_AARCH64_COPY }, { EM_ARM, R_ARM_COPY },
		{ EM_RISCV, R_RISCV_COPY }, { EM_S390, R_390_COPY },
		{ EM_PPC, R_PPC_COPY }, { EM_PPC64, R_PPC64_COPY },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].machine == machine)
			return types[i].type;
	return 0;
}

struct walk {
	const struct sp_reader *r;
	void (*visit)(void *ctx, uint64_t symbol, bool copy);
	void *ctx;
};

static int walk_table(const struct walk *w, const char *tag, uint64_t address,
		      uint64_t bytes, uint64_t skip, bool rela, struct sp_err *err)
{
	enum sp_record record = rela ? SP_REC_RELA : SP_REC_REL;
	size_t size = sp_reader_record_size(w->r, record);
	uint32_t copy = copy_type(w->r->header.e_machine);
	uint64_t nr = address ? bytes / size : 0, offset;
	Elf64_Rela block[BLOCK];

	if (nr > SP_ELF_RELOCATIONS_MAX)
		return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: %" PRIu64
				  " relocations in %s, expected %d at most", nr, tag,
				  SP_ELF_RELOCATIONS_MAX);
	for (uint64_t i = skip; i < nr; i += BLOCK) {
		size_t n = nr - i < BLOCK ? (size_t)(nr - i) : BLOCK;

		if (sp_reader_entry(w->r, tag, address, i, size, n, &offset, err) ||
		    sp_reader_records(w->r, record, tag, offset, n, block, err))
			return -1;
		for (size_t k = 0; k < n; k++)
			w->visit(w->ctx, ELF64_R_SYM(block[k].r_info),
				 copy && ELF64_R_TYPE(block[k].r_info) == copy);
	}
	return 0;
}

/* Relocations without a symbol stand first, and DT_RELACOUNT says how many: in
 * a large program nearly all. */
int sp_relocations_walk(const struct sp_reader *r, const struct sp_dynamic *dyn,
			void (*visit)(void *ctx, uint64_t symbol, bool copy), void *ctx,
			struct sp_err *err)
{
	const struct walk w = { r, visit, ctx };

	return walk_table(&w, "DT_RELA", dyn->rela, dyn->relasz, dyn->relacount, true, err) ||
	       walk_table(&w, "DT_REL", dyn->rel, dyn->relsz, dyn->relcount, false, err) ||
	       walk_table(&w, "DT_JMPREL", dyn->jmprel, dyn->pltrelsz, 0,
			  dyn->pltrel == DT_RELA, err)
	       ? -1 : 0;
}
