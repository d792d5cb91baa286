/*
 * ELF facts and symbols of any bytes: the whole reading side of the elf layer.
 */
#include <stdint.h>
#include <string.h>

#include "elf/elf.h"
#include "elf/kind.h"
#include "elf/platform.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static ssize_t input_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct input *in = file->ctx;

	if (offset >= in->size)
		return 0;
	if (len > in->size - offset)
		len = in->size - (size_t)offset;
	memcpy(buf, in->data + offset, len);
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

/* What is handed out must be strings: their ends are looked for. */
static void visit(void *ctx, const char *name, const char *version, enum sp_elf_sym kind)
{
	size_t *sum = ctx;

	*sum += strlen(name) + (version ? strlen(version) : 0) + kind;
}

static size_t use(const struct sp_elf *elf)
{
	size_t sum = strlen(sp_kind_os(elf)) + strlen(sp_kind_language(elf)) +
		     strlen(sp_kind_name(sp_kind_of(elf)));
	const char *floor = sp_elf_glibc_floor(elf);

	for (size_t i = 0; i < elf->needed_nr; i++)
		sum += strlen(elf->needed[i]);
	for (size_t i = 0; i < elf->verneed_nr; i++)
		sum += strlen(elf->verneed[i].file) + strlen(elf->verneed[i].name);
	for (size_t i = 0; i < elf->verdef_nr; i++)
		sum += strlen(elf->verdef[i].name);
	for (size_t i = 0; i < elf->notes_nr; i++) {
		sum += strlen(elf->notes[i].owner);
		for (size_t k = 0; k < elf->notes[i].desc_len; k++)
			sum += elf->notes[i].desc[k];
	}
	return sum + (floor ? strlen(floor) : 0) +
	       (elf->go.version ? strlen(elf->go.version) + strlen(elf->go.module_info) : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sp_file_ops ops = {
		.pread = input_pread, .restat = input_restat, .close = input_close,
	};
	struct input in = { data, size };
	struct sp_file file = { .ops = &ops, .ctx = &in, .fd = -1,
				.st = { .type = SP_FILE, .size = size } };
	struct sp_platform platform;
	struct sp_arena arena = { 0 };
	struct sp_elf_watch watch = { 0 };
	struct sp_elf *elf;
	struct sp_err err = { 0 };
	size_t sum = 0;

	sum += strlen(sp_kind_of_bytes(data, size < 512 ? size : 512));
	sp_elf_watch_add(&watch, "malloc", 1);
	int rc = sp_elf_read_watching(&file, &watch, &elf, &err);
	sp_map_release(&watch.names);
	if (rc)
		return 0;
	sum += use(elf) + elf->imported_nr;
	if (sp_platform_of(elf, &platform, &err) == 0)
		sum += strlen(sp_platform_str(&platform, &arena));
	if (sp_kind_check_entry(elf, &err) || sp_elf_symbols(elf, &file, visit, &sum, &err))
		sum += strlen(err.msg);
	sp_arena_release(&arena);
	sp_elf_free(elf);
	/* Never so; but the compiler must believe that sum is needed. */
	return sum == SIZE_MAX ? -1 : 0;
}
