/*
 * Reading the facts of an ELF file, and the one place that knows libelf: it
 * translates class and byte order of records that were read from checked ranges.
 * libelf never sees the whole file, so nothing it believes of one matters here.
 */
#include "elf/elf.h"

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

bool sp_elf_is(struct sp_file *file)
{
	struct sp_err ignored = { 0 };
	char magic[SELFMAG];
	size_t len = 0;

	return sp_file_pread(file, magic, sizeof(magic), 0, &len, &ignored) == 0 &&
	       len == sizeof(magic) && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

static void copy_header(const struct sp_reader *r, struct sp_elf *elf)
{
	const Elf64_Ehdr *h = &r->header;

	elf->bits = r->bits;
	elf->big_endian = r->big_endian;
	elf->osabi = h->e_ident[EI_OSABI];
	elf->abi_version = h->e_ident[EI_ABIVERSION];
	for (size_t i = EI_PAD; i < EI_NIDENT; i++)
		elf->padded |= h->e_ident[i] != 0;
	elf->type = h->e_type;
	elf->machine = h->e_machine;
	elf->flags = h->e_flags;
	elf->entry = h->e_entry;
	elf->file_size = r->size;
	elf->arm_arch = -1;
	/* The bit means something else before version 5 of the EABI. */
	elf->arm_hard_float = h->e_machine == EM_ARM &&
			      EF_ARM_EABI_VERSION(h->e_flags) == EF_ARM_EABI_VER5 &&
			      (h->e_flags & EF_ARM_ABI_FLOAT_HARD);
}

static int read_interp(const struct sp_reader *r, const Elf64_Phdr *p,
		       struct sp_elf *elf, struct sp_err *err)
{
	char *path;

	if (p->p_filesz > SP_ELF_INTERP_MAX)
		return sp_err_set(err, SP_EPROGRAM,
				  "interpreter (PT_INTERP): %llu bytes, expected a "
				  "path of %d at most",
				  (unsigned long long)p->p_filesz, SP_ELF_INTERP_MAX);
	/* A file of debugging symbols keeps the program header alone. */
	if (p->p_filesz == 0)
		return sp_err_set(err, SP_EPROGRAM, "interpreter (PT_INTERP): is not in "
				  "the file (is this a file of debugging symbols?)");
	path = sp_arena_alloc(&elf->arena, p->p_filesz + 1);
	if (sp_reader_bytes(r, "interpreter (PT_INTERP)", p->p_offset, path,
			    (size_t)p->p_filesz, err))
		return -1;
	/* As the kernel has it: the last byte is the end of the string. */
	if (path[p->p_filesz - 1] != '\0')
		return sp_err_set(err, SP_EPROGRAM,
				  "interpreter (PT_INTERP): the path has no end");
	elf->interp = path;
	return 0;
}

static int read_segments(const struct sp_reader *r, struct sp_elf *elf,
			 struct sp_err *err)
{
	struct sp_elf_segment *segments =
		sp_arena_alloc(&elf->arena, (r->phdrs_nr + 1) * sizeof(*segments));

	elf->segments = segments;
	for (size_t i = 0; i < r->phdrs_nr; i++) {
		const Elf64_Phdr *p = &r->phdrs[i];

		if (p->p_type == PT_LOAD)
			segments[elf->segments_nr++] = (struct sp_elf_segment){
				.vaddr = p->p_vaddr, .offset = p->p_offset,
				.filesz = p->p_filesz, .memsz = p->p_memsz,
				.flags = p->p_flags,
			};
		else if (p->p_type == PT_GNU_STACK)
			elf->exec_stack = p->p_flags & PF_X;
		else if (p->p_type == PT_GNU_RELRO)
			elf->has_relro = true;
		else if (p->p_type == PT_INTERP && !elf->interp &&
			 read_interp(r, p, elf, err))
			return -1;
	}
	return 0;
}

/*
 * UPX writes its mark behind the program headers, where the stub begins, and
 * again at the end of the file.  Elsewhere those four bytes are somebody's data.
 */
static int read_upx(struct sp_reader *r, struct sp_elf *elf, struct sp_err *err)
{
	uint64_t headers = r->header.e_phoff + r->phdrs_nr *
			   (uint64_t)sp_reader_record_size(r, SP_REC_PHDR);
	uint64_t tail = r->size < 64 ? 0 : r->size - 64, at;
	const struct { uint64_t offset, len; } places[] = {
		{ 0, 1024 }, { headers, 128 }, { tail, 64 },
	};

	/* its stub needs nothing and is nobody's library */
	if (elf->needed_nr || elf->soname)
		return 0;
	for (size_t i = 0; i < 3 && !elf->upx && r->phdrs_nr; i++)
		if (sp_reader_search(r, places[i].offset, places[i].len, "UPX!", 1,
				     &elf->upx, &at, err))
			return -1;
	return 0;
}

static int read_dynamic(const struct sp_reader *r, const struct sp_elf_watch *watch,
			struct sp_elf *elf, struct sp_err *err)
{
	SP_CLEANUP(sp_dynamic_release) struct sp_dynamic dyn = { 0 };

	if (sp_dynamic_read(r, &dyn, elf, err))
		return -1;
	if (dyn.found && sp_versions_read(r, &dyn, elf, err))
		return -1;
	return watch ? sp_watch_read(r, &dyn, watch, elf, err) : 0;
}

/* Parts that only inform: what is damaged there is unknown, and no more.  A read
 * that fails is a failure everywhere. */
static int read_hints(struct sp_reader *r, bool library, struct sp_elf *elf,
		      struct sp_err *err)
{
	static int (*const parts[])(struct sp_reader *, struct sp_elf *,
				    struct sp_err *) = {
		sp_notes_read, sp_sections_read, sp_golang_read, read_upx,
	};
	/* the float ABI of ARM stands in a section */
	bool notes_alone = library && elf->machine != EM_ARM;
	struct sp_err damage = { 0 };

	for (size_t i = 0; i < (notes_alone ? 1 : sizeof(parts) / sizeof(*parts)); i++) {
		if (parts[i](r, elf, &damage) == 0 || damage.code == SP_EPROGRAM)
			continue;
		*err = damage;
		return -1;
	}
	return 0;
}

static int read_facts(struct sp_file *file, const struct sp_elf_watch *watch, bool library,
		      struct sp_elf **ret, struct sp_err *err)
{
	sp_autoelf struct sp_elf *elf = sp_calloc(1, sizeof(*elf));
	struct sp_blocks blocks;
	struct sp_reader r;

	if (sp_reader_open_with(&r, file, &blocks, &elf->arena, err))
		return -1;
	copy_header(&r, elf);
	if (read_segments(&r, elf, err) || read_dynamic(&r, watch, elf, err) ||
	    read_hints(&r, library, elf, err))
		return -1;
	*ret = sp_steal_ptr(&elf);
	return 0;
}

static int read_named(struct sp_file *file, const struct sp_elf_watch *watch, bool library,
		      struct sp_elf **ret, struct sp_err *err)
{
	int rc = read_facts(file, watch, library, ret, err);

	if (rc && err->code == SP_EPROGRAM && !err->id[0])
		sp_err_name(err, "damaged-file");
	return rc;
}

int sp_elf_read(struct sp_file *file, struct sp_elf **ret, struct sp_err *err)
{
	return read_named(file, NULL, false, ret, err);
}

int sp_elf_read_library(struct sp_file *file, struct sp_elf **ret, struct sp_err *err)
{
	return read_named(file, NULL, true, ret, err);
}

int sp_elf_read_watching(struct sp_file *file, const struct sp_elf_watch *watch,
			 struct sp_elf **ret, struct sp_err *err)
{
	return read_named(file, watch, false, ret, err);
}

void sp_elf_free(struct sp_elf *elf)
{
	if (!elf)
		return;
	sp_arena_release(&elf->arena);
	free(elf);
}

void sp_elf_freep(struct sp_elf **elf)
{
	sp_elf_free(*elf);
}
