/*
 * How many symbols a file has, which nothing in it states.  DT_HASH has one chain entry
 * for each; MIPS has a tag of its own; with DT_GNU_HASH alone the last chain ends at the
 * last symbol, except that an object which defines nothing has no chain, and then the
 * relocations tell which symbols are asked for.
 */
#include <inttypes.h>

#include "elf/reader.h"

#define BLOCK 1024	/* buckets read at a time */

struct count {
	const struct sp_reader *r;
	const struct sp_dynamic *dyn;
	uint64_t nr;
};

static int count_by_hash(struct count *t, struct sp_err *err)
{
	/* The s390 and Alpha ABIs have entries of 64 bits there. */
	bool wide = t->r->bits == 64 && (t->r->header.e_machine == EM_S390 ||
					t->r->header.e_machine == EM_ALPHA);
	uint8_t raw[16];

	if (sp_reader_entries(t->r, "DT_HASH", t->dyn->hash, 0, wide ? 8 : 4, 2, raw, err))
		return -1;
	t->nr = wide ? sp_reader_u64(t->r, raw + 8) : sp_reader_u32(t->r, raw + 4);
	return 0;
}

/* The highest symbol that a bucket begins with, 0 if all are empty. */
static int highest_bucket(const struct count *t, uint64_t buckets, uint32_t nr,
			  uint32_t *ret, struct sp_err *err)
{
	uint8_t raw[BLOCK * 4];

	*ret = 0;
	for (uint32_t i = 0; i < nr; i += BLOCK) {
		uint32_t n = nr - i < BLOCK ? nr - i : BLOCK;

		if (sp_reader_entries(t->r, "DT_GNU_HASH", buckets, i, 4, n, raw, err))
			return -1;
		for (uint32_t k = 0; k < n; k++) {
			uint32_t first = sp_reader_u32(t->r, raw + 4 * (size_t)k);

			if (first > *ret)
				*ret = first;
		}
	}
	return 0;
}

/* DT_GNU_HASH: header (buckets, first symbol in a chain, words of the filter, shift),
 * the filter, the buckets, and the chains, whose last entries have bit 0 set. */
struct gnu_hash {
	uint32_t nr;			/* buckets */
	uint32_t first;			/* symbol of the first entry of the chains */
	uint64_t buckets, chains;	/* addresses */
};

static int read_gnu_hash(const struct count *t, struct gnu_hash *ret, struct sp_err *err)
{
	uint8_t raw[16];

	if (sp_reader_entries(t->r, "DT_GNU_HASH", t->dyn->gnu_hash, 0, 1, 16, raw, err))
		return -1;
	ret->nr = sp_reader_u32(t->r, raw);
	ret->first = sp_reader_u32(t->r, raw + 4);
	ret->buckets = t->dyn->gnu_hash + 16 +
		       sp_reader_u32(t->r, raw + 8) * (uint64_t)(t->r->bits / 8);
	ret->chains = ret->buckets + 4 * (uint64_t)ret->nr;
	if (ret->nr > SP_ELF_SYMBOLS_MAX)
		return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: DT_GNU_HASH has %u "
				  "buckets, expected %d at most", ret->nr,
				  SP_ELF_SYMBOLS_MAX);
	return 0;
}

static int count_by_gnu_hash(struct count *t, struct sp_err *err)
{
	struct gnu_hash h;
	uint32_t last;
	uint8_t raw[4];

	if (read_gnu_hash(t, &h, err) || highest_bucket(t, h.buckets, h.nr, &last, err))
		return -1;
	if (last == 0)
		return 0;
	for (;; last++) {
		if (last < h.first || last - h.first > SP_ELF_SYMBOLS_MAX)
			return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: a bucket "
					  "of DT_GNU_HASH leads nowhere");
		if (sp_reader_entries(t->r, "DT_GNU_HASH", h.chains, last - h.first, 4, 1, raw,
				 err))
			return -1;
		if (sp_reader_u32(t->r, raw) & 1)
			break;
	}
	t->nr = (uint64_t)last + 1;
	return 0;
}

static void count_symbol(void *ctx, uint64_t symbol, bool copy)
{
	struct count *t = ctx;

	(void)copy;
	if (symbol >= t->nr)
		t->nr = symbol + 1;
}

static int count(struct count *t, struct sp_err *err)
{
	if (t->dyn->hash)
		return count_by_hash(t, err);
	if (t->dyn->mips_symtabno && (t->r->header.e_machine == EM_MIPS)) {
		t->nr = t->dyn->mips_symtabno;
		return 0;
	}
	if (t->dyn->gnu_hash && count_by_gnu_hash(t, err))
		return -1;
	return t->nr ? 0 : sp_relocations_walk(t->r, t->dyn, count_symbol, t, err);
}

/* Has any bucket a chain?  An object that defines nothing has one, empty bucket, and
 * then the first symbol of the chains says nothing. */
static int has_chains(const struct count *t, const struct gnu_hash *h, bool *ret,
		      struct sp_err *err)
{
	uint8_t raw[4];

	*ret = false;
	for (uint32_t i = 0; i < h->nr && !*ret; i++) {
		if (sp_reader_entries(t->r, "DT_GNU_HASH", h->buckets, i, 4, 1, raw, err))
			return -1;
		*ret = sp_reader_u32(t->r, raw) != 0;
	}
	return 0;
}

static bool is_program(const struct sp_reader *r)
{
	for (size_t i = 0; i < r->phdrs_nr; i++)
		if (r->phdrs[i].p_type == PT_INTERP)
			return true;
	return false;
}

/*
 * How many symbols there are to look at for imports.  Those that DT_GNU_HASH covers are
 * definitions, which linkers put last (binutils, elflink.c; LLVM, SyntheticSections.cpp),
 * so a library's imports are before them.  In a program GNU ld covers those functions of
 * others of which it takes the address.
 */
static int count_imports(struct count *t, struct sp_err *err)
{
	struct gnu_hash h;
	bool chains = false;

	if (t->dyn->gnu_hash && !is_program(t->r) &&
	    (read_gnu_hash(t, &h, err) || has_chains(t, &h, &chains, err)))
		return -1;
	if (!chains)
		return count(t, err);
	t->nr = h.first;
	return 0;
}

static int check_number(const struct count *t, struct sp_err *err)
{
	if (t->nr > SP_ELF_SYMBOLS_MAX)
		return sp_err_set(err, SP_EPROGRAM, "dynamic symbols: %" PRIu64
				  ", expected %d at most", t->nr, SP_ELF_SYMBOLS_MAX);
	return 0;
}

int sp_symbols_count(const struct sp_reader *r, const struct sp_dynamic *dyn, bool imports,
		     uint64_t *ret, struct sp_err *err)
{
	struct count t = { .r = r, .dyn = dyn };

	if ((imports ? count_imports(&t, err) : count(&t, err)) || check_number(&t, err))
		return -1;
	*ret = t.nr;
	return 0;
}
