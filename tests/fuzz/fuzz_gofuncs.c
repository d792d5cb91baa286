/*
 * Evidence: Go's table of functions, constants, crates and notes, of ELF files, and of any
 * bytes as the only segment of one.
 */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dlopen_note.h"
#include "elf/gofuncs.h"
#include "elf/rustdeps.h"
#include "elf/strings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADERS 128	/* before the segment, in either class */

struct input {
	uint8_t head[HEADERS];
	size_t head_len;
	const uint8_t *data;
	size_t size;
};

static ssize_t input_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct input *in = file->ctx;
	size_t i = 0;

	for (; i < len && offset + i < in->head_len; i++)
		((uint8_t *)buf)[i] = in->head[offset + i];
	offset = offset + i - in->head_len;
	if (i == len || offset >= in->size)
		return (ssize_t)i;
	if (len - i > in->size - offset)
		len = i + in->size - (size_t)offset;
	memcpy((uint8_t *)buf + i, in->data + offset, len - i);
	return (ssize_t)len;
}

static int input_restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = file->st;
	return 0;
}

static void input_close(struct sp_file *file)
{
	(void)file;
}

static void put(uint8_t *at, size_t size, bool big, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		at[big ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

/* Headers of a program whose segment begins behind them; the first byte of the input
 * says of which class, byte order and protection. */
static void wrap(struct input *in)
{
	unsigned how = in->data[0];
	bool wide = how & 1, big = how & 2;
	size_t word = wide ? 8 : 4;
	uint8_t *p = in->head + (wide ? 64 : 52);

	in->data++;
	in->size--;
	in->head_len = HEADERS;
	memcpy(in->head, ELFMAG, SELFMAG);
	in->head[EI_CLASS] = wide ? ELFCLASS64 : ELFCLASS32;
	in->head[EI_DATA] = big ? ELFDATA2MSB : ELFDATA2LSB;
	in->head[EI_VERSION] = EV_CURRENT;
	put(in->head + 16, 2, big, how & 4 ? ET_DYN : ET_EXEC);
	put(in->head + 18, 2, big, EM_X86_64);
	put(in->head + 20, 4, big, EV_CURRENT);
	put(in->head + 24 + word, word, big, (uint64_t)(p - in->head));
	put(in->head + (wide ? 54 : 42), 2, big, wide ? 56 : 32);
	put(in->head + (wide ? 56 : 44), 2, big, 1);
	put(p, 4, big, PT_LOAD);
	put(wide ? p + 4 : p + 24, 4, big, how & 8 ? PF_R | PF_W : PF_R);
	p += wide ? 8 : 4;
	put(p, word, big, HEADERS);
	put(p + word, word, big, 0x10000);
	put(p + 3 * word, word, big, in->size);
	put(p + 4 * word, word, big, in->size);
}

static void use_name(void *ctx, const char *name)
{
	if (strlen(name) > SP_ELF_GO_NAME_MAX)
		abort();
	++*(size_t *)ctx;
}

static bool use_text(void *ctx, const char *text, size_t len)
{
	if (strlen(text) != len || len > SP_ELF_TEXT_MAX || len < 3)
		abort();
	++*(size_t *)ctx;
	return true;
}

static void use_crate(void *ctx, const char *crate, const char *version)
{
	if (!*crate || !*version)
		abort();
	++*(size_t *)ctx;
}

static void use_json(void *ctx, const char *json, size_t len)
{
	if (memchr(json, '\0', len) || len == 0)
		abort();
	++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sp_file_ops ops = {
		.pread = input_pread, .restat = input_restat, .close = input_close,
	};
	static const char *const needles[] = { "time.LoadLocation", "/etc/", "xyz" };
	struct input in = { .data = data, .size = size };
	sp_autobuf struct sp_buf deps = { 0 };
	struct sp_err err = { 0 };
	struct sp_elf *elf;
	size_t sum = 0;
	bool found[3];

	if (size > 4 && memcmp(data, ELFMAG, SELFMAG) != 0)
		wrap(&in);
	struct sp_file file = { .ops = &ops, .ctx = &in, .fd = -1,
				.st = { .type = SP_FILE, .size = in.head_len + in.size } };
	if (sp_elf_read(&file, &elf, &err))
		return 0;
	if (sp_elf_go_functions(elf, &file, use_name, &sum, &err) ||
	    sp_elf_strings(elf, &file, 3, use_text, &sum, &err) ||
	    sp_elf_contains(elf, &file, needles, 3, found, &err) ||
	    sp_elf_rust_deps(elf, &file, &deps, &err) ||
	    sp_elf_rust_crates(elf, &file, use_crate, &sum, &err))
		abort();	/* no read fails here, and damage is no failure */
	sp_elf_dlopen_notes(elf, use_json, &sum);
	sp_elf_free(elf);
	/* Never so; but the compiler must believe that sum is needed. */
	return sum == SIZE_MAX ? -1 : 0;
}
