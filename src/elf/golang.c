/*
 * Go build information: which Go, which modules, which settings.
 *
 * A block that the Go linker writes at a multiple of 16 bytes: a magic of 14
 * bytes, the pointer size, flags.  Since Go 1.18 (flag bit 1) two strings follow
 * at byte 32, each after its length as a varint; before, two pointers to string
 * headers follow at byte 16 (debug/buildinfo in the Go tree).  The module text
 * stands between two marks of 16 bytes.
 */
#include <string.h>

#include "elf/reader.h"

#define MAGIC "\xff Go buildinf:"
#define HEADER 32
#define VERSION_MAX 256
#define INFO_MAX (1024 * 1024)
#define MARK 16
/* A PIE made by a C linker has megabytes of relocated data before the block. */
#define SCAN_MAX (32 * 1024 * 1024)

static int damaged(const char *what, struct sp_err *err)
{
	return sp_err_set(err, SP_EPROGRAM, "Go build information: %s", what);
}

static int get_bytes(const struct sp_reader *r, struct sp_elf *elf, uint64_t offset,
		     uint64_t len, uint64_t max, char **ret, struct sp_err *err)
{
	char *s;

	if (len > max)
		return damaged("a string is too long", err);
	s = sp_arena_alloc(&elf->arena, (size_t)len + 1);
	if (sp_reader_bytes(r, "Go build information", offset, s, (size_t)len, err))
		return -1;
	*ret = s;
	return 0;
}

/* A string after its length; *offset moves behind it. */
static int get_inline(const struct sp_reader *r, struct sp_elf *elf, uint64_t *offset,
		      uint64_t max, char **ret, size_t *ret_len, struct sp_err *err)
{
	uint64_t len = 0;
	uint8_t byte = 0x80;

	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 28)
			return damaged("a length is no number", err);
		if (sp_reader_bytes(r, "Go build information", (*offset)++, &byte, 1, err))
			return -1;
		len |= (uint64_t)(byte & 0x7f) << shift;
	}
	if (get_bytes(r, elf, *offset, len, max, ret, err))
		return -1;
	*offset += len;
	*ret_len = (size_t)len;
	return 0;
}

/* A string through the address of its header, which is an address and a length. */
static int get_pointed(const struct sp_reader *r, struct sp_elf *elf, uint64_t header,
		       uint64_t max, char **ret, size_t *ret_len, struct sp_err *err)
{
	size_t word = (size_t)r->bits / 8;
	uint64_t offset, avail, len;
	uint8_t raw[16];

	*ret = NULL;
	*ret_len = 0;
	if (!sp_reader_locate(r, header, &offset, &avail) || avail < 2 * word)
		return damaged("an address lies outside the file", err);
	if (sp_reader_bytes(r, "Go build information", offset, raw, 2 * word, err))
		return -1;
	len = sp_reader_word(r, raw + word);
	if (len == 0)
		return 0;
	if (!sp_reader_locate(r, sp_reader_word(r, raw), &offset, &avail) || len > avail)
		return damaged("a string lies outside the file", err);
	if (get_bytes(r, elf, offset, len, max, ret, err))
		return -1;
	*ret_len = (size_t)len;
	return 0;
}

static int parse(const struct sp_reader *r, struct sp_elf *elf, uint64_t offset,
		 struct sp_err *err)
{
	char *version = NULL, *info = NULL;
	size_t version_len, info_len, word = (size_t)r->bits / 8;
	uint8_t head[HEADER];
	uint64_t at = offset + HEADER;

	if (sp_reader_bytes(r, "Go build information", offset, head, HEADER, err))
		return -1;
	if (head[15] & 2) {
		if (get_inline(r, elf, &at, VERSION_MAX, &version, &version_len, err) ||
		    get_inline(r, elf, &at, INFO_MAX, &info, &info_len, err))
			return -1;
	} else {
		if (head[14] != word || (head[15] & 1) != r->big_endian)
			return damaged("its pointers are of another machine", err);
		if (get_pointed(r, elf, sp_reader_word(r, head + 16), VERSION_MAX,
				&version, &version_len, err) ||
		    get_pointed(r, elf, sp_reader_word(r, head + 16 + word), INFO_MAX,
				&info, &info_len, err))
			return -1;
	}
	if (!version || !*version || strlen(version) != version_len)
		return damaged("there is no version", err);
	elf->go.version = version;
	elf->go.module_info = "";
	if (info_len > 2 * MARK && info[info_len - MARK - 1] == '\n') {
		info[info_len - MARK] = '\0';
		elf->go.module_info = info + MARK;
	}
	return 0;
}

/* The first block in a range that can be read. */
static int scan(const struct sp_reader *r, struct sp_elf *elf, uint64_t offset,
		uint64_t len, struct sp_err *err)
{
	/* A file full of magics must not cost more than looking at some. */
	for (int tries = 0; tries < 16; tries++) {
		struct sp_err damage = { 0 };
		bool found;
		uint64_t at, next;

		if (sp_reader_search(r, offset, len, MAGIC, 16, &found, &at, err))
			return -1;
		if (!found || parse(r, elf, at, &damage) == 0)
			return 0;
		if (damage.code != SP_EPROGRAM) {
			*err = damage;
			return -1;
		}
		next = at + 16;
		if (next - offset >= len)
			return 0;
		len -= next - offset;
		offset = next;
	}
	return 0;
}

int sp_golang_read(struct sp_reader *r, struct sp_elf *elf, struct sp_err *err)
{
	uint64_t left = SCAN_MAX;

	if (elf->has_sections)
		return r->go_size ? scan(r, elf, r->go_offset, r->go_size, err) : 0;
	for (size_t i = 0; i < r->phdrs_nr && !elf->go.version; i++) {
		const Elf64_Phdr *p = &r->phdrs[i];
		uint64_t len = p->p_filesz < left ? p->p_filesz : left;

		if (p->p_type != PT_LOAD || (p->p_flags & (PF_W | PF_X)) != PF_W)
			continue;
		if (scan(r, elf, p->p_offset, len, err))
			return -1;
		left -= len;
	}
	return 0;
}

const char *sp_golang_setting(const struct sp_elf *elf, const char *key, char *buf,
			      size_t len)
{
	size_t key_len = strlen(key);
	const char *line = elf->go.version ? elf->go.module_info : "";

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *value = line + 6 + key_len + 1;
		size_t n;

		if (strncmp(line, "build\t", 6) != 0 ||
		    strncmp(line + 6, key, key_len) != 0 || line[6 + key_len] != '=')
			continue;
		n = strcspn(value, "\n");
		if (n >= len)
			return NULL;
		memcpy(buf, value, n);
		buf[n] = '\0';
		return buf;
	}
	return NULL;
}
