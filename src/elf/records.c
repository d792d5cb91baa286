/*
 * Records of an ELF file, and the one place that knows libelf: it translates class and
 * byte order of what was read from checked ranges.  libelf never sees the whole file, so
 * nothing it believes of one matters here.
 */
#include <libelf.h>
#include <string.h>

#include "elf/reader.h"

#define BLOCK 4096	/* bytes translated at a time, many times any record */

static void widen_ehdr(const void *from, void *to)
{
	const Elf32_Ehdr *s = from;
	Elf64_Ehdr *d = to;

	*d = (Elf64_Ehdr){
		.e_type = s->e_type, .e_machine = s->e_machine,
		.e_version = s->e_version, .e_entry = s->e_entry,
		.e_phoff = s->e_phoff, .e_shoff = s->e_shoff,
		.e_flags = s->e_flags, .e_ehsize = s->e_ehsize,
		.e_phentsize = s->e_phentsize, .e_phnum = s->e_phnum,
		.e_shentsize = s->e_shentsize, .e_shnum = s->e_shnum,
		.e_shstrndx = s->e_shstrndx,
	};
	memcpy(d->e_ident, s->e_ident, EI_NIDENT);
}

static void widen_phdr(const void *from, void *to)
{
	const Elf32_Phdr *s = from;

	*(Elf64_Phdr *)to = (Elf64_Phdr){
		.p_type = s->p_type, .p_flags = s->p_flags, .p_offset = s->p_offset,
		.p_vaddr = s->p_vaddr, .p_paddr = s->p_paddr,
		.p_filesz = s->p_filesz, .p_memsz = s->p_memsz, .p_align = s->p_align,
	};
}

static void widen_shdr(const void *from, void *to)
{
	const Elf32_Shdr *s = from;

	*(Elf64_Shdr *)to = (Elf64_Shdr){
		.sh_name = s->sh_name, .sh_type = s->sh_type, .sh_flags = s->sh_flags,
		.sh_addr = s->sh_addr, .sh_offset = s->sh_offset,
		.sh_size = s->sh_size, .sh_link = s->sh_link, .sh_info = s->sh_info,
		.sh_addralign = s->sh_addralign, .sh_entsize = s->sh_entsize,
	};
}

static void widen_dyn(const void *from, void *to)
{
	const Elf32_Dyn *s = from;

	*(Elf64_Dyn *)to = (Elf64_Dyn){ .d_tag = s->d_tag, .d_un.d_val = s->d_un.d_val };
}

static void widen_sym(const void *from, void *to)
{
	const Elf32_Sym *s = from;

	*(Elf64_Sym *)to = (Elf64_Sym){
		.st_name = s->st_name, .st_info = s->st_info, .st_other = s->st_other,
		.st_shndx = s->st_shndx, .st_value = s->st_value, .st_size = s->st_size,
	};
}

static void widen_rel32(const void *from, void *to)
{
	const Elf32_Rel *s = from;

	*(Elf64_Rela *)to = (Elf64_Rela){
		.r_offset = s->r_offset,
		.r_info = ELF64_R_INFO((uint64_t)ELF32_R_SYM(s->r_info),
				       ELF32_R_TYPE(s->r_info)),
	};
}

static void widen_rela32(const void *from, void *to)
{
	const Elf32_Rela *s = from;

	widen_rel32(&(Elf32_Rel){ s->r_offset, s->r_info }, to);
	((Elf64_Rela *)to)->r_addend = s->r_addend;
}

static void widen_rel64(const void *from, void *to)
{
	const Elf64_Rel *s = from;

	*(Elf64_Rela *)to = (Elf64_Rela){ .r_offset = s->r_offset, .r_info = s->r_info };
}

/* Sizes in the file and in our hands; widen is NULL where those are one thing. */
static const struct kind {
	Elf_Type type;
	size_t size32, size64, size;
	void (*widen32)(const void *from, void *to);
	void (*widen64)(const void *from, void *to);
} kinds[] = {
#define KIND(elf_type, name, widen) \
	{ elf_type, sizeof(Elf32_##name), sizeof(Elf64_##name), sizeof(Elf64_##name), \
	  widen, NULL }
	[SP_REC_EHDR] = KIND(ELF_T_EHDR, Ehdr, widen_ehdr),
	[SP_REC_PHDR] = KIND(ELF_T_PHDR, Phdr, widen_phdr),
	[SP_REC_SHDR] = KIND(ELF_T_SHDR, Shdr, widen_shdr),
	[SP_REC_DYN] = KIND(ELF_T_DYN, Dyn, widen_dyn),
	[SP_REC_SYM] = KIND(ELF_T_SYM, Sym, widen_sym),
	[SP_REC_RELA] = KIND(ELF_T_RELA, Rela, widen_rela32),
	[SP_REC_REL] = { ELF_T_REL, sizeof(Elf32_Rel), sizeof(Elf64_Rel),
			 sizeof(Elf64_Rela), widen_rel32, widen_rel64 },
#undef KIND
};

/* Is the file's byte order not ours? */
static bool swapped(const struct sp_reader *r)
{
	return r->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* Both buffers are aligned, len is a multiple of the record's size: libelf has
 * nothing left to refuse, but its answer is checked all the same. */
static bool translate(const struct sp_reader *r, Elf_Type type, void *from, void *to,
		      size_t len)
{
	Elf_Data src = { .d_buf = from, .d_type = type, .d_version = EV_CURRENT,
			 .d_size = len };
	Elf_Data dst = { .d_buf = to, .d_type = type, .d_version = EV_CURRENT,
			 .d_size = len };
	unsigned order = r->big_endian ? ELFDATA2MSB : ELFDATA2LSB;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return false;
	return r->bits == 64 ? elf64_xlatetom(&dst, &src, order) != NULL :
			       elf32_xlatetom(&dst, &src, order) != NULL;
}

size_t sp_reader_record_size(const struct sp_reader *r, enum sp_record record)
{
	return r->bits == 64 ? kinds[record].size64 : kinds[record].size32;
}

int sp_reader_records(const struct sp_reader *r, enum sp_record record,
		      const char *what, uint64_t offset, size_t nr, void *ret,
		      struct sp_err *err)
{
	const struct kind *kind = &kinds[record];
	size_t size = sp_reader_record_size(r, record);
	void (*widen)(const void *, void *) = r->bits == 64 ? kind->widen64 :
							      kind->widen32;
	_Alignas(max_align_t) char raw[BLOCK], native[BLOCK];
	char *out = ret;

	/* the usual case: in the file as in our hands */
	if (!widen && !swapped(r) && nr <= SIZE_MAX / size)
		return sp_reader_bytes(r, what, offset, ret, nr * size, err);
	while (nr > 0) {
		size_t n = nr < BLOCK / size ? nr : BLOCK / size;

		if (sp_reader_bytes(r, what, offset, raw, n * size, err))
			return -1;
		if (!translate(r, kind->type, raw, native, n * size))
			return sp_err_set(err, SP_EPROGRAM, "%s: cannot be translated",
					  what);
		for (size_t i = 0; widen && i < n; i++)
			widen(native + i * size, out + i * kind->size);
		if (!widen)
			memcpy(out, native, n * size);
		offset += n * size;
		out += n * kind->size;
		nr -= n;
	}
	return 0;
}

uint16_t sp_reader_u16(const struct sp_reader *r, const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped(r) ? __builtin_bswap16(v) : v;
}

uint32_t sp_reader_u32(const struct sp_reader *r, const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped(r) ? __builtin_bswap32(v) : v;
}

uint64_t sp_reader_u64(const struct sp_reader *r, const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return swapped(r) ? __builtin_bswap64(v) : v;
}

uint64_t sp_reader_word(const struct sp_reader *r, const void *p)
{
	return r->bits == 64 ? sp_reader_u64(r, p) : sp_reader_u32(r, p);
}
