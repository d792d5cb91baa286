/*
 * Facts: what one ELF file says of itself.
 *
 * Read once from checked ranges of the file, with libelf translating class and
 * byte order, and never changed after.  Nothing here depends on section headers
 * being there: what the loader needs comes from the program headers, as it does
 * for the loader.  Nothing here judges: what facts mean is kind.c's, platform.c's
 * and the loader layer's business.
 *
 *	struct sp_elf *elf;
 *
 *	if (sp_elf_read(&file, &elf, err) == 0) {
 *		... elf->needed[0] ...
 *		sp_elf_free(elf);
 *	}
 */
#ifndef SP_ELF_ELF_H
#define SP_ELF_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/root.h"

/* Limits: beyond them a file is not a program but an attack. */
#define SP_ELF_PHDRS_MAX 512
#define SP_ELF_DYNAMIC_MAX 65536	/* entries of the dynamic section */
#define SP_ELF_NEEDED_MAX 4096
#define SP_ELF_VERSIONS_MAX 65536	/* needed or defined symbol versions */
#define SP_ELF_NOTES_MAX 4096
#define SP_ELF_STRING_MAX 65536		/* bytes of a search path or a name */
#define SP_ELF_INTERP_MAX 4096

/* One version that the object asks of a file, or that it defines (file NULL).
 * Among the defined ones is the base version, named as the object itself. */
struct sp_elf_version {
	const char *file;	/* soname of the object that must define it */
	const char *name;	/* "GLIBC_2.34" */
	uint32_t hash;		/* of the name, as the file has it */
	bool weak;		/* VER_FLG_WEAK: the loader does not insist */
};

/* DT_FILTER or DT_AUXILIARY: another object that answers for this one. */
struct sp_elf_filter {
	const char *name;
	bool may_lack;		/* DT_AUXILIARY */
	size_t after;		/* so many of needed stand before it in the file */
};

/* A PT_LOAD segment, for those who look things up by address. */
struct sp_elf_segment {
	uint64_t vaddr, offset, filesz, memsz;
	uint32_t flags;		/* PF_R, PF_W, PF_X */
};

/* .note.* of one kind that others look into: raw descriptor bytes. */
struct sp_elf_note {
	const char *owner;	/* "GNU", "Go", "FDO", "FreeBSD", "Android", ... */
	uint32_t type;
	const uint8_t *desc;
	size_t desc_len;
};

struct sp_elf_go {
	const char *version;	/* "go1.19.8", NULL when this is no Go program */
	const char *module_info;	/* the text "path\t...\nmod\t...\nbuild\t...", or "" */
};

struct sp_elf {
	struct sp_arena arena;	/* owns all strings and arrays below */

	/* header */
	int bits;		/* 32 or 64 */
	bool big_endian;
	uint8_t osabi, abi_version;
	bool padded;		/* the end of e_ident is not zero */
	uint16_t type;		/* ET_* */
	uint16_t machine;	/* EM_* */
	uint32_t flags;		/* e_flags */
	uint64_t entry;
	uint64_t file_size;	/* bytes */

	/* program headers */
	const char *interp;	/* PT_INTERP, NULL if none */
	bool has_dynamic;
	bool exec_stack;	/* PT_GNU_STACK asks for an executable one */
	bool has_relro;
	const struct sp_elf_segment *segments;
	size_t segments_nr;

	/* dynamic section */
	const char *soname;		/* NULL if none */
	const char *const *needed;	/* in file order */
	size_t needed_nr;
	const char *rpath, *runpath;	/* as written; NULL if absent, "" if empty */
	const char *audit, *depaudit;	/* DT_AUDIT, DT_DEPAUDIT: NULL if absent */
	const struct sp_elf_filter *filters;	/* in file order */
	size_t filters_nr;
	uint64_t dt_flags, dt_flags_1;	/* DT_FLAGS (DF_*), DT_FLAGS_1 (DF_1_*) */
	bool textrel;
	bool relr;			/* DT_RELR: relocations in their compact form */

	/* of the names that were watched for, those that are imported: their numbers */
	bool watched;			/* all imports were looked at */
	const uint32_t *imported;
	size_t imported_nr;

	/* symbol versions */
	const struct sp_elf_version *verneed;
	size_t verneed_nr;
	const struct sp_elf_version *verdef;
	size_t verdef_nr;

	/* notes and properties */
	const struct sp_elf_note *notes;
	size_t notes_nr;
	const char *build_id;		/* lower-case hex, NULL if none */
	uint32_t abi_os;		/* NT_GNU_ABI_TAG: 0 Linux, ... */
	uint32_t kernel[3];		/* NT_GNU_ABI_TAG: minimum kernel, 0.0.0 if unsaid */
	bool has_abi_tag;
	uint32_t isa_needed;		/* GNU_PROPERTY_X86_ISA_1_NEEDED bits */
	uint32_t features;		/* GNU_PROPERTY_X86/AARCH64_FEATURE_1_AND bits */

	/* from sections, when they are there */
	bool has_sections;
	bool has_symtab;		/* not stripped */
	int arm_arch;			/* Tag_CPU_arch of .ARM.attributes, -1 unsaid */
	bool arm_hard_float;		/* Tag_ABI_VFP_args = 1, or EF_ARM_ABI_FLOAT_HARD */

	/* languages and packers */
	struct sp_elf_go go;
	bool rust;			/* compiled by rustc: .comment, .dep-v0 or .symtab say so */
	bool upx;			/* packed by UPX or a like: the real program cannot be seen */
};

/* Does the file begin as an ELF file does?  (Four bytes are read.) */
bool sp_elf_is(struct sp_file *file);

/*
 * Read the facts.  SP_EPROGRAM with what is wrong and where for a file that is
 * no ELF file, is cut short, or whose tables lie; messages do not name the file,
 * so wrap them.  The result belongs to the caller.
 */
SP_CHECKED int sp_elf_read(struct sp_file *file, struct sp_elf **ret,
			   struct sp_err *err);

/*
 * The same for a library that is only to be loaded: what a loader reads, and notes.  What
 * sections tell of languages, packers and symbols stays unset.
 */
SP_CHECKED int sp_elf_read_library(struct sp_file *file, struct sp_elf **ret,
				   struct sp_err *err);

/*
 * All facts, and look for names among the imports while the file is at hand.  Damage
 * to the symbols is no error here and leaves watched unset: sp_elf_imports() says what
 * it is.  (watch.c)
 */
struct sp_elf_watch {
	struct sp_map names;		/* to numbers of 32 bits */
	uint64_t starts[1024];		/* a bit for each way that a name begins */
};
SP_CHECKED int sp_elf_read_watching(struct sp_file *file, const struct sp_elf_watch *watch,
				    struct sp_elf **ret, struct sp_err *err);
/* The name must outlive the watch, and is no empty one.  Release names at the end. */
void sp_elf_watch_add(struct sp_elf_watch *watch, const char *name, size_t number);
void sp_elf_free(struct sp_elf *elf);
void sp_elf_freep(struct sp_elf **elf);
#define sp_autoelf __attribute__((cleanup(sp_elf_freep)))

/*
 * The symbols of the dynamic symbol table: found through DT_SYMTAB and counted
 * by DT_HASH or DT_GNU_HASH, so that section headers are not needed.  Undefined
 * ones are what the object asks of others.  visit gets each entry once, so that a
 * name comes again only with another version; version is NULL for those without,
 * and both strings are valid during the call only.  Local symbols, and definitions
 * that no other object can see, are left out.
 */
enum sp_elf_sym {
	SP_ELF_UNDEFINED,
	SP_ELF_UNDEFINED_WEAK,
	SP_ELF_DEFINED,
	SP_ELF_DEFINED_OLD,	/* only for who asks for its version ("name@V1") */
	SP_ELF_COPIED		/* of sp_elf_lookups(): defined here by copying another's */
};
SP_CHECKED int sp_elf_symbols(const struct sp_elf *elf, struct sp_file *file,
			      void (*visit)(void *ctx, const char *name,
					    const char *version, enum sp_elf_sym),
			      void *ctx, struct sp_err *err);

/*
 * Those symbols that relocations have the loader look up in other objects: undefined
 * ones, and copied ones.  An undefined symbol that no relocation names is nobody's
 * concern; linkers leave some behind.
 */
SP_CHECKED int sp_elf_lookups(const struct sp_elf *elf, struct sp_file *file,
			      void (*visit)(void *ctx, const char *name,
					    const char *version, enum sp_elf_sym),
			      void *ctx, struct sp_err *err);

/*
 * The undefined symbols alone, by name: what the object asks of others.
 */
SP_CHECKED int sp_elf_imports(const struct sp_elf *elf, struct sp_file *file,
			      void (*visit)(void *ctx, const char *name), void *ctx,
			      struct sp_err *err);

/* Does any symbol version of libc start with GLIBC_?  The highest that is asked
 * for, as in "2.34", or NULL.  A floor for the libc this object can run on. */
const char *sp_elf_glibc_floor(const struct sp_elf *elf);

#endif
