/*
 * Files cut short at every length, header fields of extreme values, dynamic
 * entries and single bytes changed: each is read, or refused with a message, and
 * nothing crashes, hangs or grows.
 */
#include "elf/kind.h"
#include "elf/platform.h"

#include "elf_files.h"

static size_t name_bytes;

static void visit(void *ctx, const char *name, const char *version, enum sp_elf_sym kind)
{
	(void)ctx;
	(void)kind;
	name_bytes += strlen(name) + (version ? strlen(version) : 0);
}

struct outcome {
	int read, refused, wrong;
};

/* Read all there is; a failure must be one of the program, and say something. */
static void try(struct blob *b, struct outcome *o)
{
	struct sp_file file = blob_file(b);
	struct sp_arena arena = { 0 };
	struct sp_elf *elf = NULL;
	struct sp_platform p;
	struct sp_err err = { 0 };

	if (sp_elf_read(&file, &elf, &err)) {
		o->refused++;
		o->wrong += err.code != SP_EPROGRAM || !err.msg[0] || elf;
		return;
	}
	o->read++;
	sp_kind_name(sp_kind_of(elf));
	sp_kind_language(elf);
	sp_elf_glibc_floor(elf);
	if (sp_kind_check_entry(elf, &err))
		o->wrong += err.code != SP_EPROGRAM || !err.msg[0];
	if (sp_platform_of(elf, &p, &err))
		o->wrong += err.code != SP_EPROGRAM;
	else
		sp_platform_str(&p, &arena);
	err = (struct sp_err){ 0 };
	if (sp_elf_symbols(elf, &file, visit, NULL, &err))
		o->wrong += err.code != SP_EPROGRAM || !err.msg[0];
	sp_arena_release(&arena);
	sp_elf_free(elf);
}

static const struct {
	const char *name, *command;
} programs[] = {
	{ "amd64 program", "gcc in.c -s -Wl,-z,noseparate-code -Wl,-rpath,/x" },
	{ "386 library", "gcc -m32 -nostdlib -shared -fPIC in.c -Wl,-soname,x" },
	{ "arm program", CROSS("arm-linux-gnueabihf") " -Wl,-z,max-page-size=512" },
	{ "big-endian library", "aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC"
				" in.c -Wl,-z,max-page-size=512 -Wl,--version-script=v.map" },
};
#define PROGRAMS (sizeof(programs) / sizeof(*programs))

static void load_programs(struct blob blobs[])
{
	write_text("v.map", "V1 { global: f; };\nV2 { global: main; } V1;\n");
	for (size_t i = 0; i < PROGRAMS; i++)
		blobs[i] = compile(programs[i].command,
				   "int puts(const char *); int f(void) { return 1; }"
				   "int main(void) { return puts(\"\") + f(); }");
}

static void cut_short(const struct blob *good, const char *name)
{
	struct outcome o = { 0 };

	for (size_t len = 0; len < good->len; len += len < 4096 ? 1 : 64) {
		struct blob b = blob_new(good->data, len);

		try(&b, &o);
		blob_free(&b);
	}
	is_int(o.wrong, 0, "%s, cut short: nothing goes wrong", name);
	ok(o.refused > 500, "%s, cut short: refused %d times, read %d times", name, o.refused,
	   o.read);
}

struct field {
	size_t at, size;
};

#define FIELD(type, name) { offsetof(type, name), sizeof(((type *)0)->name) }
#define HEADER_FIELDS(bits)                                                        \
	{ FIELD(Elf##bits##_Ehdr, e_type), FIELD(Elf##bits##_Ehdr, e_machine),     \
	  FIELD(Elf##bits##_Ehdr, e_version), FIELD(Elf##bits##_Ehdr, e_entry),    \
	  FIELD(Elf##bits##_Ehdr, e_phoff), FIELD(Elf##bits##_Ehdr, e_shoff),      \
	  FIELD(Elf##bits##_Ehdr, e_flags), FIELD(Elf##bits##_Ehdr, e_ehsize),     \
	  FIELD(Elf##bits##_Ehdr, e_phentsize), FIELD(Elf##bits##_Ehdr, e_phnum),  \
	  FIELD(Elf##bits##_Ehdr, e_shentsize), FIELD(Elf##bits##_Ehdr, e_shnum),  \
	  FIELD(Elf##bits##_Ehdr, e_shstrndx) }
#define PHDR_FIELDS(bits)                                                          \
	{ FIELD(Elf##bits##_Phdr, p_type), FIELD(Elf##bits##_Phdr, p_offset),      \
	  FIELD(Elf##bits##_Phdr, p_vaddr), FIELD(Elf##bits##_Phdr, p_filesz),     \
	  FIELD(Elf##bits##_Phdr, p_memsz), FIELD(Elf##bits##_Phdr, p_align) }
#define SHDR_FIELDS(bits)                                                          \
	{ FIELD(Elf##bits##_Shdr, sh_name), FIELD(Elf##bits##_Shdr, sh_type),      \
	  FIELD(Elf##bits##_Shdr, sh_offset), FIELD(Elf##bits##_Shdr, sh_size),    \
	  FIELD(Elf##bits##_Shdr, sh_link), FIELD(Elf##bits##_Shdr, sh_addralign) }

static const struct field header64[] = HEADER_FIELDS(64), header32[] = HEADER_FIELDS(32);
static const struct field phdr64[] = PHDR_FIELDS(64), phdr32[] = PHDR_FIELDS(32);
static const struct field shdr64[] = SHDR_FIELDS(64), shdr32[] = SHDR_FIELDS(32);

static void sweep_field(const struct blob *good, size_t at, size_t size, struct outcome *o)
{
	const uint64_t values[] = { 0, 1, -1ull, -2ull, good->len - 1, good->len,
				    good->len + 1, 1ull << 31, 1ull << 63 };

	if (at + size > good->len)
		return;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct blob b = blob_copy(good);

		put_number(b.data + at, size, blob_is_big(&b), values[i]);
		try(&b, o);
		blob_free(&b);
	}
}

static void sweep_records(const struct blob *good, uint64_t at, size_t nr, size_t size,
			  const struct field *fields, size_t fields_nr, struct outcome *o)
{
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < fields_nr; k++)
			sweep_field(good, (size_t)at + i * size + fields[k].at,
				    fields[k].size, o);
}

static void sweep(const struct blob *b, const char *name)
{
	bool is64 = blob_is64(b), big = blob_is_big(b);
	uint64_t phoff = is64 ? get_number(b->data + 32, 8, big) :
				get_number(b->data + 28, 4, big);
	uint64_t shoff = is64 ? get_number(b->data + 40, 8, big) :
				get_number(b->data + 32, 4, big);
	size_t phnum = (size_t)get_number(b->data + (is64 ? 56 : 44), 2, big);
	size_t shnum = (size_t)get_number(b->data + (is64 ? 60 : 48), 2, big);
	struct outcome o = { 0 };

	sweep_records(b, 0, 1, 0, is64 ? header64 : header32, 13, &o);
	sweep_records(b, phoff, phnum, is64 ? 56 : 32, is64 ? phdr64 : phdr32, 6, &o);
	sweep_records(b, shoff, shnum, is64 ? 64 : 40, is64 ? shdr64 : shdr32, 6, &o);
	is_int(o.wrong, 0, "%s, header fields: nothing goes wrong", name);
	ok(o.refused > 30 && o.read > 30, "%s, header fields: refused %d times, read %d times",
	   name, o.refused, o.read);
}

/* Both words of each entry of the dynamic section. */
static void sweep_dynamic(const struct blob *b, const char *name)
{
	bool is64 = blob_is64(b), big = blob_is_big(b);
	size_t w = is64 ? 8 : 4, phdr = is64 ? 56 : 32;
	size_t phnum = (size_t)get_number(b->data + (is64 ? 56 : 44), 2, big);
	struct outcome o = { 0 };

	for (size_t i = 0; i < phnum; i++) {
		const uint8_t *p = b->data + (is64 ? 64 : 52) + i * phdr;
		uint64_t offset = get_number(p + w, w, big);
		uint64_t size = get_number(p + 4 * w, w, big);

		if (get_number(p, 4, big) != PT_DYNAMIC)
			continue;
		for (uint64_t at = 0; at < size; at += w)
			sweep_field(b, (size_t)(offset + at), w, &o);
	}
	is_int(o.wrong, 0, "%s, dynamic entries: nothing goes wrong", name);
	ok(o.refused > 10 && o.read > 10, "%s, dynamic entries: refused %d times, read %d times",
	   name, o.refused, o.read);
}

/* A few bytes changed at once, by a fixed sequence of numbers. */
static void scatter(const struct blob *good, const char *name)
{
	struct outcome o = { 0 };
	uint32_t seed = 12345;

	for (int round = 0; round < 3000; round++) {
		struct blob b = blob_copy(good);

		for (int i = 0; i < 1 + round % 6; i++) {
			seed = seed * 1664525 + 1013904223;
			size_t at = (seed >> 8) % (b.len < 4096 ? b.len : 4096);

			seed = seed * 1664525 + 1013904223;
			b.data[at] = (uint8_t)(seed >> 16);
		}
		try(&b, &o);
		blob_free(&b);
	}
	is_int(o.wrong, 0, "%s, scattered bytes: nothing goes wrong", name);
	ok(o.refused > 100 && o.read > 100, "%s, scattered bytes: refused %d times, read %d "
	   "times", name, o.refused, o.read);
}

int main(void)
{
	struct blob blobs[PROGRAMS];

	load_programs(blobs);
	for (size_t i = 0; i < PROGRAMS; i++) {
		struct outcome o = { 0 };

		try(&blobs[i], &o);
		ok(o.read == 1 && name_bytes > 0, "%s: is read, with symbols", programs[i].name);
		name_bytes = 0;
		cut_short(&blobs[i], programs[i].name);
		sweep(&blobs[i], programs[i].name);
		sweep_dynamic(&blobs[i], programs[i].name);
		scatter(&blobs[i], programs[i].name);
		blob_free(&blobs[i]);
	}
	return test_done();
}
