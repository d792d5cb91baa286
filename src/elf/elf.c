/*
 * Reading the facts of an ELF file: header and segments here, the rest in a file for each
 * kind of table.
 */
#include "elf/elf.h"

#include <string.h>

#include "elf/reader.h"

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
