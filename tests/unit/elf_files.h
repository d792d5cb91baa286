/*
 * ELF files for tests: compiled, taken into memory and spoilt, or made by hand.
 *
 * A blob is a file in memory; blob_file() gives it to the code under test.  A
 * maker writes small ELF files of any class and byte order, whose address of a
 * byte is its offset + MAKER_BASE:
 *
 *	struct maker m;
 *
 *	maker_init(&m, 64, false);
 *	maker_dyn(&m, DT_NEEDED, maker_string(&m, "libx.so"));
 *	struct blob b = maker_finish(&m);
 */
#ifndef SP_TEST_ELF_FILES_H
#define SP_TEST_ELF_FILES_H

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "elf/elf.h"
#include "test.h"

struct blob {
	uint8_t *data;
	size_t len;
	size_t step;		/* most bytes a read gives, 0 for all */
	long fail_after;	/* the read that fails with EIO, -1 for none */
	size_t reads, bytes;	/* how much was read, and in how many calls */
};

TEST_FN ssize_t blob_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	struct blob *b = file->ctx;

	if (b->fail_after >= 0 && b->fail_after-- == 0)
		return -EIO;
	if (offset >= b->len)
		return 0;
	if (len > b->len - offset)
		len = b->len - (size_t)offset;
	if (b->step && len > b->step)
		len = b->step;
	memcpy(buf, b->data + offset, len);
	b->reads++;
	b->bytes += len;
	return (ssize_t)len;
}

TEST_FN int blob_restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = file->st;
	return 0;
}

TEST_FN void blob_close(struct sp_file *file)
{
	(void)file;
}

static const struct sp_file_ops blob_ops = {
	.pread = blob_pread, .restat = blob_restat, .close = blob_close,
};

TEST_FN struct sp_file blob_file(struct blob *b)
{
	return (struct sp_file){ .ops = &blob_ops, .ctx = b, .fd = -1,
				 .st = { .type = SP_FILE, .mode = 0755, .size = b->len } };
}

TEST_FN struct blob blob_new(const void *data, size_t len)
{
	struct blob b = { .data = sp_malloc(len + 1), .len = len, .fail_after = -1 };

	memcpy(b.data, data, len);
	return b;
}

TEST_FN struct blob blob_copy(const struct blob *b)
{
	return blob_new(b->data, b->len);
}

TEST_FN void blob_free(struct blob *b)
{
	free(b->data);
	*b = (struct blob){ .fail_after = -1 };
}

/* The facts of a blob, or NULL with the message in err. */
TEST_FN struct sp_elf *blob_read(struct blob *b, struct sp_err *err)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = NULL;

	*err = (struct sp_err){ 0 };
	return sp_elf_read(&file, &elf, err) ? NULL : elf;
}

/* A check: the blob is read; without a message otherwise there is one. */
TEST_FN struct sp_elf *must_read(struct blob *b, const char *what)
{
	struct sp_err err;
	struct sp_elf *elf = blob_read(b, &err);

	if (!elf) {
		ok(false, "%s is read: %s", what, err.msg);
		printf("Bail out! the checks that follow need it\n");
		exit(1);
	}
	return elf;
}

/* A check: the blob is refused as a program, with text in the message. */
TEST_FN void is_refused(struct blob *b, const char *text, const char *what)
{
	struct sp_err err;
	struct sp_elf *elf = blob_read(b, &err);

	if (elf) {
		ok(false, "%s: is refused, but was read", what);
		sp_elf_free(elf);
		return;
	}
	if (!ok(err.code == SP_EPROGRAM && strstr(err.msg, text), "%s: is refused", what))
		note("got \"%s\" (%d), want \"%s\"", err.msg, (int)err.code, text);
}

/* --- numbers in either byte order --- */

TEST_FN void put_number(uint8_t *at, size_t size, bool big, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		at[big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

TEST_FN uint64_t get_number(const uint8_t *at, size_t size, bool big)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)at[big ? size - 1 - i : i] << 8 * i;
	return value;
}

/* --- compiled files --- */

/* Run a command in the scratch directory; a failure is a failed check. */
TEST_FN TEST_FMT(1, 2) bool run(const char *fmt, ...)
{
	char command[4096], whole[8400];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "cd '%s' && (%s) >log 2>&1", scratch_dir(), command);
	rc = system(whole);
	if (rc != 0) {
		ok(false, "it runs: %s", command);
		snprintf(whole, sizeof(whole), "sed 's/^/# /' '%s/log'", scratch_dir());
		if (system(whole))
			note("and its output is lost");
	}
	return rc == 0;
}

TEST_FN const char *scratch_path(const char *name)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir(), name);
	return path;
}

TEST_FN void write_text(const char *name, const char *text)
{
	FILE *f = fopen(scratch_path(name), "w");

	if (!f || fputs(text, f) < 0 || fclose(f)) {
		printf("Bail out! cannot write %s\n", scratch_path(name));
		exit(1);
	}
}

/* A file as a blob; one that is missing ends the test. */
TEST_FN struct blob load(const char *path)
{
	struct blob b = { .fail_after = -1 };
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (!f || fstat(fileno(f), &st)) {
		printf("Bail out! cannot read %s\n", path);
		exit(1);
	}
	b.len = (size_t)st.st_size;
	b.data = sp_malloc(b.len + 1);
	if (fread(b.data, 1, b.len, f) != b.len)
		exit(1);
	fclose(f);
	return b;
}

/* Compile text (C, or assembler when the command says so) and load what comes. */
TEST_FN struct blob compile(const char *command, const char *text)
{
	write_text("in.c", text);
	if (!run("%s -o out", command)) {
		printf("Bail out! the checks that follow need it\n");
		exit(1);
	}
	return load(scratch_path("out"));
}

/* A dynamic program for another machine, without that machine's headers and start
 * files, which Debian keeps in packages apart from the compiler. */
#define CROSS(triplet) \
	triplet "-gcc -fPIE -pie -nostdlib -Wl,-e,main in.c /usr/" triplet \
		"/lib/libc.so.6 -Wl,--allow-shlib-undefined"

/* The output of a command, one string; the caller frees it. */
TEST_FN TEST_FMT(1, 2) char *output_of(const char *fmt, ...)
{
	char command[4096];
	struct blob b;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	run("%s", command);
	b = load(scratch_path("log"));
	b.data[b.len] = '\0';
	return (char *)b.data;
}

/* --- fields of files in memory --- */

TEST_FN bool blob_is64(const struct blob *b)
{
	return b->data[EI_CLASS] == ELFCLASS64;
}

TEST_FN bool blob_is_big(const struct blob *b)
{
	return b->data[EI_DATA] == ELFDATA2MSB;
}

/* Set a field of the ELF header, named as in elf.h without "e_". */
#define SET_HEADER(b, field, value)                                                \
	put_number((b)->data + (blob_is64(b) ? offsetof(Elf64_Ehdr, field) :       \
					       offsetof(Elf32_Ehdr, field)),       \
		   blob_is64(b) ? sizeof(((Elf64_Ehdr *)0)->field) :               \
				  sizeof(((Elf32_Ehdr *)0)->field),                \
		   blob_is_big(b), value)

TEST_FN void strip_sections(struct blob *b)
{
	SET_HEADER(b, e_shoff, 0);
	SET_HEADER(b, e_shnum, 0);
	SET_HEADER(b, e_shstrndx, 0);
}

/* --- files made by hand --- */

#define MAKER_BASE 0x10000u
#define MAKER_PHDRS 0x40	/* up to 15 of them */
#define MAKER_DYNAMIC 0x400	/* up to 32 entries */
#define MAKER_STRINGS 0x600
#define MAKER_STRINGS_LEN 0x400
#define MAKER_FREE 0xa00	/* what a test puts elsewhere */
#define MAKER_LEN 0x2000

struct maker {
	int bits;
	bool big;
	uint8_t data[MAKER_LEN];
	size_t phdrs, dyns, strings;
};

TEST_FN void maker_put(struct maker *m, size_t at, size_t size, uint64_t value)
{
	put_number(m->data + at, size, m->big, value);
}

TEST_FN size_t maker_word(const struct maker *m)
{
	return (size_t)m->bits / 8;
}

/* A program header of a range of the file. */
TEST_FN void maker_phdr(struct maker *m, uint32_t type, uint32_t flags, uint64_t offset,
			uint64_t size, uint64_t align)
{
	size_t w = maker_word(m), at = MAKER_PHDRS + m->phdrs++ * (m->bits == 64 ? 56 : 32);

	maker_put(m, at, 4, type);
	maker_put(m, m->bits == 64 ? at + 4 : at + 24, 4, flags);
	at += w == 8 ? 8 : 4;
	maker_put(m, at, w, offset);
	maker_put(m, at + w, w, offset + MAKER_BASE);
	maker_put(m, at + 2 * w, w, offset + MAKER_BASE);
	maker_put(m, at + 3 * w, w, size);
	maker_put(m, at + 4 * w, w, size);
	maker_put(m, w == 8 ? at + 40 : at + 24, w, align);
}

TEST_FN void maker_dyn(struct maker *m, uint64_t tag, uint64_t value)
{
	size_t w = maker_word(m), at = MAKER_DYNAMIC + m->dyns++ * 2 * w;

	maker_put(m, at, w, tag);
	maker_put(m, at + w, w, value);
}

TEST_FN uint64_t maker_string(struct maker *m, const char *s)
{
	size_t at = m->strings;

	memcpy(m->data + MAKER_STRINGS + at, s, strlen(s) + 1);
	m->strings += strlen(s) + 1;
	return at;
}

/* An empty ET_DYN file of x86-64 with one segment, a dynamic section and strings. */
TEST_FN void maker_init(struct maker *m, int bits, bool big)
{
	*m = (struct maker){ .bits = bits, .big = big, .strings = 1 };
	memcpy(m->data, ELFMAG, SELFMAG);
	m->data[EI_CLASS] = bits == 64 ? ELFCLASS64 : ELFCLASS32;
	m->data[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	m->data[EI_VERSION] = EV_CURRENT;
	maker_phdr(m, PT_LOAD, PF_R | PF_X, 0, MAKER_LEN, 0x1000);
	maker_phdr(m, PT_DYNAMIC, PF_R, MAKER_DYNAMIC, MAKER_STRINGS - MAKER_DYNAMIC, 8);
	maker_dyn(m, DT_STRTAB, MAKER_STRINGS + MAKER_BASE);
	maker_dyn(m, DT_STRSZ, MAKER_STRINGS_LEN);
}

TEST_FN struct blob maker_finish(struct maker *m)
{
	struct blob b = blob_new(m->data, MAKER_LEN);

	SET_HEADER(&b, e_type, ET_DYN);
	SET_HEADER(&b, e_machine, EM_X86_64);
	SET_HEADER(&b, e_version, EV_CURRENT);
	SET_HEADER(&b, e_phoff, MAKER_PHDRS);
	SET_HEADER(&b, e_ehsize, m->bits == 64 ? 64 : 52);
	SET_HEADER(&b, e_phentsize, m->bits == 64 ? 56 : 32);
	SET_HEADER(&b, e_phnum, m->phdrs);
	return b;
}

#endif
