/*
 * What only section headers tell: symbols not stripped, ARM attributes, marks of
 * compilers.  None of it is needed to run a program, and all of it may be missing.
 */
#include <string.h>

#include "elf/reader.h"

#define PART_MAX (64 * 1024)		/* bytes of a section that are looked at */
#define SYMBOL_NAMES_MAX (4 * 1024 * 1024)
#define BLOCK 64			/* headers read at a time */

struct sections {
	struct sp_reader *r;
	struct sp_elf *elf;
	uint64_t nr;
	struct sp_strings names;
	uint32_t symbol_names;		/* section with the names of .symtab, or 0 */
};

static void sections_release(struct sections *s)
{
	sp_strings_release(&s->names);
}

static int header(const struct sections *s, uint64_t i, size_t nr, Elf64_Shdr *ret,
		  struct sp_err *err)
{
	size_t size = sp_reader_record_size(s->r, SP_REC_SHDR);

	return sp_reader_records(s->r, SP_REC_SHDR, "section headers",
				 s->r->header.e_shoff + i * size, nr, ret, err);
}

static int insane(const char *what, struct sp_err *err)
{
	return sp_err_set(err, SP_EPROGRAM, "section headers: %s", what);
}

/* Number and names of the sections; a count of 0 or an index of SHN_XINDEX in
 * the ELF header stands for what section 0 says (gABI). */
static int begin(struct sections *s, struct sp_err *err)
{
	const Elf64_Ehdr *h = &s->r->header;
	size_t size = sp_reader_record_size(s->r, SP_REC_SHDR);
	uint64_t names = h->e_shstrndx;
	Elf64_Shdr sh;

	if (h->e_shoff == 0)
		return insane("there are none", err);
	if (h->e_shentsize != size)
		return insane("of an unknown size", err);
	if (header(s, 0, 1, &sh, err))
		return -1;
	s->nr = h->e_shnum ? h->e_shnum : sh.sh_size;
	if (names == SHN_XINDEX)
		names = sh.sh_link;
	if (s->nr == 0 || s->nr > SP_ELF_SECTIONS_MAX || names >= s->nr ||
	    names == SHN_UNDEF)
		return insane("too many, or without names", err);
	if (s->nr * size > s->r->size - h->e_shoff)
		return insane("they lie outside the file", err);
	if (header(s, names, 1, &sh, err))
		return -1;
	if (sh.sh_type != SHT_STRTAB || sh.sh_offset > s->r->size ||
	    sh.sh_size > s->r->size - sh.sh_offset)
		return insane("their names lie outside the file", err);
	s->names = (struct sp_strings){ .what = "section names",
					.offset = sh.sh_offset, .size = sh.sh_size };
	return 0;
}

static int has_text(const struct sections *s, const Elf64_Shdr *sh, uint64_t max,
		    const char *text, bool *ret, struct sp_err *err)
{
	uint64_t at;

	return sp_reader_search(s->r, sh->sh_offset,
				sh->sh_size < max ? sh->sh_size : max, text, 1, ret, &at,
				err);
}

static int read_attributes(const struct sections *s, const Elf64_Shdr *sh,
			   struct sp_err *err)
{
	sp_autofree uint8_t *data = NULL;

	if (sh->sh_size > PART_MAX)
		return 0;
	data = sp_malloc((size_t)sh->sh_size);
	if (sp_reader_bytes(s->r, ".ARM.attributes", sh->sh_offset, data,
			    (size_t)sh->sh_size, err))
		return -1;
	sp_attributes_read(s->r, data, (size_t)sh->sh_size, s->elf);
	return 0;
}

static int read_section(struct sections *s, const Elf64_Shdr *sh, struct sp_err *err)
{
	const char *name;

	if (sh->sh_type == SHT_SYMTAB) {
		s->elf->has_symtab = true;
		s->symbol_names = sh->sh_link;
	}
	if (s->elf->machine == EM_ARM && sh->sh_type == SHT_ARM_ATTRIBUTES)
		return read_attributes(s, sh, err);
	/* What is looked for by name has one of these types. */
	if (sh->sh_type != SHT_PROGBITS && sh->sh_type != SHT_NOTE)
		return 0;
	if (sp_strings_get(&s->names, s->r, "section headers", sh->sh_name, &name, err))
		return -1;
	/* .text, .init and the like, which nearly all are */
	if (name[0] != '.' || !strchr("gdnc", name[1]))
		return 0;
	if (strcmp(name, ".go.buildinfo") == 0) {
		s->r->go_offset = sh->sh_offset;
		s->r->go_size = sh->sh_size;
	} else if (strcmp(name, ".dep-v0") == 0) {
		s->elf->rust = true;
	} else if (strcmp(name, ".note.gnu.build-id") == 0) {
		return sp_notes_build_id(s->r, sh, s->elf, err);
	} else if (strcmp(name, ".comment") == 0 && !s->elf->rust) {
		return has_text(s, sh, PART_MAX, "rustc version ", &s->elf->rust, err);
	}
	return 0;
}

/* rustc before 1.73 left no mark in .comment; its panic handler has a name. */
static int look_at_symbols(struct sections *s, struct sp_err *err)
{
	Elf64_Shdr sh;

	if (s->elf->rust || s->r->go_size || !s->symbol_names ||
	    s->symbol_names >= s->nr)
		return 0;
	if (header(s, s->symbol_names, 1, &sh, err))
		return -1;
	if (sh.sh_type != SHT_STRTAB)
		return 0;
	return has_text(s, &sh, SYMBOL_NAMES_MAX, "rust_begin_unwind", &s->elf->rust,
			err);
}

int sp_sections_read(struct sp_reader *r, struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(sections_release) struct sections s = { .r = r, .elf = elf };
	Elf64_Shdr block[BLOCK];
	struct sp_err damage = { 0 };

	if (begin(&s, err))
		return -1;
	elf->has_sections = true;
	for (uint64_t i = 0; i < s.nr; i++) {
		if (i % BLOCK == 0 &&
		    header(&s, i, s.nr - i < BLOCK ? (size_t)(s.nr - i) : BLOCK, block,
			   err))
			return -1;
		if (read_section(&s, &block[i % BLOCK], &damage) &&
		    damage.code != SP_EPROGRAM) {
			*err = damage;
			return -1;
		}
	}
	return look_at_symbols(&s, err);
}

int sp_sections_find(struct sp_reader *r, const char *name, Elf64_Shdr *ret,
		     bool *ret_found, struct sp_err *err)
{
	SP_CLEANUP(sections_release) struct sections s = { .r = r };
	Elf64_Shdr block[BLOCK];
	struct sp_err damage = { 0 };
	const char *got;

	if (begin(&s, err))
		return -1;
	*ret_found = false;
	for (uint64_t i = 0; i < s.nr && !*ret_found; i++) {
		const Elf64_Shdr *sh = &block[i % BLOCK];

		if (i % BLOCK == 0 &&
		    header(&s, i, s.nr - i < BLOCK ? (size_t)(s.nr - i) : BLOCK, block,
			   err))
			return -1;
		if (sh->sh_type != SHT_PROGBITS || sh->sh_offset > r->size ||
		    sh->sh_size > r->size - sh->sh_offset)
			continue;
		if (sp_strings_get(&s.names, r, "section headers", sh->sh_name, &got,
				   &damage) == 0) {
			*ret_found = strcmp(got, name) == 0;
			*ret = *sh;
		} else if (damage.code != SP_EPROGRAM) {
			*err = damage;
			return -1;
		}
	}
	return 0;
}
