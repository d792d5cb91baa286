/*
 * The inside of the elf layer: checked ranges of an ELF file.
 *
 * A reader knows the header and the program headers of one file.  Everything
 * else is asked for piece by piece, is checked to lie inside the file, and comes
 * in the 64-bit structures of <elf.h>, whatever class and byte order the file
 * has.  Only the elf layer includes this.
 *
 *	struct sp_reader r;
 *
 *	sp_reader_open(&r, file, arena, err);
 *	sp_reader_records(&r, SP_REC_DYN, "dynamic section", offset, nr, dyns, err);
 *
 * Two kinds of tables: those a loader needs, where damage is an error, and those
 * that only inform, where damage (SP_EPROGRAM) leaves the fact unset.  The
 * functions here report damage alike; sp_elf_read() knows the difference.
 */
#ifndef SP_ELF_READER_H
#define SP_ELF_READER_H

#include <elf.h>

#include "elf/elf.h"

#define SP_ELF_TABLE_MAX (1024 * 1024)	/* a string table up to this is read whole */
#define SP_ELF_FACTS_TABLE_MAX (96 * 1024)	/* the same while facts are read */
#define SP_ELF_STRINGS_MAX (16 * 1024 * 1024)	/* bytes of all strings in the facts */
#define SP_ELF_NAMES_MAX (512 * 1024 * 1024)	/* bytes of all symbol names */
#define SP_ELF_NOTE_BYTES_MAX (4 * 1024 * 1024)	/* bytes of all notes */
#define SP_ELF_SECTIONS_MAX 65536
#define SP_ELF_SYMBOLS_MAX (8 * 1024 * 1024)
#define SP_ELF_RELOCATIONS_MAX (64 * 1024 * 1024)

/* Parts of the file that are kept, since what is small is near what is small: with
 * them a handful of system calls reads all facts.  sp_reader_open_with() sets it up. */
#define SP_READER_BLOCK 4096	/* bytes */
#define SP_READER_BLOCKS 8
struct sp_blocks {
	struct {
		uint64_t offset;
		size_t len;
		char data[SP_READER_BLOCK];
	} block[SP_READER_BLOCKS];
	unsigned next;			/* the one to give up */
};

struct sp_reader {
	struct sp_file *file;
	struct sp_blocks *blocks;	/* NULL: every read goes to the file */
	uint64_t size;			/* bytes in the file */
	int bits;
	bool big_endian;
	Elf64_Ehdr header;
	Elf64_Phdr *phdrs;		/* none for relocatable and core files */
	size_t phdrs_nr;
	uint64_t go_offset, go_size;	/* .go.buildinfo, size 0 if there is none */
};

/* Records of a file, and what they become: SP_REC_REL gives Elf64_Rela too. */
enum sp_record {
	SP_REC_EHDR,
	SP_REC_PHDR,
	SP_REC_SHDR,
	SP_REC_DYN,
	SP_REC_SYM,
	SP_REC_REL,
	SP_REC_RELA
};

/* Read header and program headers.  The latter live in the arena. */
SP_CHECKED int sp_reader_open_with(struct sp_reader *r, struct sp_file *file,
				   struct sp_blocks *blocks, struct sp_arena *arena,
				   struct sp_err *err);

/* The same for who reads large things. */
SP_CHECKED int sp_reader_open(struct sp_reader *r, struct sp_file *file,
			      struct sp_arena *arena, struct sp_err *err);

/* Exactly len bytes at offset; what names the table in messages. */
SP_CHECKED int sp_reader_bytes(const struct sp_reader *r, const char *what,
			       uint64_t offset, void *buf, size_t len,
			       struct sp_err *err);

/* nr records at offset, into an array of the 64-bit structure.  (records.c) */
SP_CHECKED int sp_reader_records(const struct sp_reader *r, enum sp_record record,
				 const char *what, uint64_t offset, size_t nr,
				 void *ret, struct sp_err *err);

/* How large a record is in this file, in bytes.  (records.c) */
size_t sp_reader_record_size(const struct sp_reader *r, enum sp_record record);

/* A number at p, which need not be aligned, in the file's byte order; a word is
 * 4 or 8 bytes, by class.  (records.c) */
uint16_t sp_reader_u16(const struct sp_reader *r, const void *p);
uint32_t sp_reader_u32(const struct sp_reader *r, const void *p);
uint64_t sp_reader_u64(const struct sp_reader *r, const void *p);
uint64_t sp_reader_word(const struct sp_reader *r, const void *p);

/* Where in the file is this address?  *ret_avail is how many bytes of its
 * segment follow in the file, at least 1.  False if none of its bytes do. */
bool sp_reader_locate(const struct sp_reader *r, uint64_t address,
		      uint64_t *ret_offset, uint64_t *ret_avail);

/* Does the file hold needle in [offset, offset + len)?  The range may go beyond
 * the end of the file.  *ret_at is the offset of the first one at a multiple of
 * align from the start of the range. */
SP_CHECKED int sp_reader_search(const struct sp_reader *r, uint64_t offset,
				uint64_t len, const char *needle, size_t align,
				bool *ret_found, uint64_t *ret_at,
				struct sp_err *err);

/*
 * A string table.  Small ones are kept whole, of large ones only the string that
 * was asked for last.  Initialise with { 0 }.
 */
struct sp_strings {
	const char *what;		/* for messages */
	uint64_t offset, size;
	size_t whole_max;		/* larger ones are not kept; 0: SP_ELF_TABLE_MAX */
	char *data;			/* the table, or one string */
	bool ends;			/* the table is whole, and no string in it too long */
	size_t charged;			/* bytes of strings that were copied from it */
};

/* The string at byte `at`, valid until the next call.  where says who points
 * there ("dynamic section: DT_NEEDED"). */
SP_CHECKED int sp_strings_get(struct sp_strings *strings, const struct sp_reader *r,
			      const char *where, uint64_t at, const char **ret,
			      struct sp_err *err);

/* Count a string that will be copied: since many entries can point at one long
 * string, a small file could ask for any amount of memory and time.  limit is in
 * bytes for all strings of the table. */
SP_CHECKED int sp_strings_charge(struct sp_strings *strings, const char *string,
				 size_t limit, struct sp_err *err);
/* Keep a table whole from now on, even if it is a large one. */
void sp_strings_keep_whole(struct sp_strings *strings);
void sp_strings_release(struct sp_strings *strings);

/* --- the parts of sp_elf_read() --- */

/* What the dynamic section says, as far as it is one value a tag.  Addresses
 * are 0 when the tag is absent. */
struct sp_dynamic {
	bool found;
	uint64_t strtab, strsz, symtab, hash, gnu_hash, versym, verneed, verdef;
	uint64_t rel, relsz, relcount, rela, relasz, relacount;
	uint64_t jmprel, pltrelsz, pltrel, mips_symtabno;
	struct sp_strings strings;
};

/* Read the dynamic section; elf, unless NULL, gets its facts.  (dynamic.c) */
SP_CHECKED int sp_dynamic_read(const struct sp_reader *r, struct sp_dynamic *ret,
			       struct sp_elf *elf, struct sp_err *err);
void sp_dynamic_release(struct sp_dynamic *dyn);

/*
 * Walk the needed (file set) and defined (file NULL) symbol versions.  Strings
 * are valid during the call only; index is the one that DT_VERSYM uses.
 * (versions.c)
 */
typedef void sp_version_fn(void *ctx, const struct sp_elf_version *version,
			   unsigned index);
SP_CHECKED int sp_versions_walk(const struct sp_reader *r, struct sp_dynamic *dyn,
				sp_version_fn *fn, void *ctx, struct sp_err *err);

/* The file offset of entry i of a table at an address, checked for nr entries of size
 * bytes. */
SP_CHECKED int sp_reader_entry(const struct sp_reader *r, const char *tag,
			       uint64_t address, uint64_t i, size_t size, size_t nr,
			       uint64_t *ret, struct sp_err *err);

/* Such entries as bytes, into buf. */
SP_CHECKED int sp_reader_entries(const struct sp_reader *r, const char *tag,
				 uint64_t address, uint64_t i, size_t size, size_t nr,
				 void *buf, struct sp_err *err);

/* The symbol of each relocation that has one, or 0; copy: what it stands for is copied
 * out of another object.  (relocations.c) */
SP_CHECKED int sp_relocations_walk(const struct sp_reader *r, const struct sp_dynamic *dyn,
				   void (*visit)(void *ctx, uint64_t symbol, bool copy),
				   void *ctx, struct sp_err *err);

/* How many symbols there are, at most SP_ELF_SYMBOLS_MAX; with imports, how many have to
 * be looked at for undefined ones.  (symbol_count.c) */
SP_CHECKED int sp_symbols_count(const struct sp_reader *r, const struct sp_dynamic *dyn,
				bool imports, uint64_t *ret, struct sp_err *err);

/* The names of the undefined symbols.  (symbols.c) */
SP_CHECKED int sp_imports_walk(const struct sp_reader *r, struct sp_dynamic *dyn,
			       void (*visit)(void *ctx, const char *name), void *ctx,
			       struct sp_err *err);

/* Which watched names are among them.  (watch.c) */
SP_CHECKED int sp_watch_read(const struct sp_reader *r, struct sp_dynamic *dyn,
			     const struct sp_elf_watch *watch, struct sp_elf *elf,
			     struct sp_err *err);

/* Facts from version tables, notes, sections, build info.  The last three only
 * inform. */
SP_CHECKED int sp_versions_read(const struct sp_reader *r, struct sp_dynamic *dyn,
				struct sp_elf *elf, struct sp_err *err);
SP_CHECKED int sp_notes_read(struct sp_reader *r, struct sp_elf *elf,
			     struct sp_err *err);
/* The build id of a section that no PT_NOTE covers: Go 1.24 makes such
 * files.  (notes.c) */
SP_CHECKED int sp_notes_build_id(const struct sp_reader *r, const Elf64_Shdr *sh,
				 struct sp_elf *elf, struct sp_err *err);
SP_CHECKED int sp_sections_read(struct sp_reader *r, struct sp_elf *elf,
				struct sp_err *err);
SP_CHECKED int sp_golang_read(struct sp_reader *r, struct sp_elf *elf,
			      struct sp_err *err);

/* The first section of this name that holds bytes, all of them inside the file.
 * (sections.c) */
SP_CHECKED int sp_sections_find(struct sp_reader *r, const char *name, Elf64_Shdr *ret,
				bool *ret_found, struct sp_err *err);

/* .ARM.attributes, as bytes.  Damage leaves the facts unset.  (attributes.c) */
void sp_attributes_read(const struct sp_reader *r, const uint8_t *data, size_t len,
			struct sp_elf *elf);

/* The value of "build\tKEY=VALUE" in Go build info, in buf, or NULL.  (golang.c) */
const char *sp_golang_setting(const struct sp_elf *elf, const char *key, char *buf,
			      size_t len);

#endif
