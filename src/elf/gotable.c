/*
 * Go's table of functions: finding it, and understanding its four headers.
 *
 * All begin with a magic, two zeros, the size of an instruction, that of a pointer, and
 * then numbers of pointer size (debug/gosym and cmd/link in the Go tree):
 *
 *	Go 1.2	 functions; follow (address, offset) of each function, and then, mixed,
 *		 descriptions and names; all offsets count from the table's start
 *	Go 1.16	 functions, files, offsets of: names, units, files, lines, functions
 *	Go 1.18	 the same, but with the address of the code before the offsets, and entries
 *		 of 4 bytes
 *	Go 1.20	 the same with another magic
 *
 * From Go 1.16 on names stand one after the other, and are read so.
 */
#include "elf/gotable.h"

#include <string.h>

#include "elf/gofuncs.h"
#include "elf/stream.h"

#define MAGIC_1_2 0xfffffffbu
#define MAGIC_1_16 0xfffffffau
#define MAGIC_1_18 0xfffffff0u
#define MAGIC_1_20 0xfffffff1u
#define HEADER_MAX (8 + 8 * 8)
#define ALIGN 8			/* the linker aligns the table to 32 */
#define TRIES_MAX 4096		/* a file full of magics costs no more */

static bool known_magic(uint32_t magic)
{
	return magic == MAGIC_1_2 || magic == MAGIC_1_16 || magic == MAGIC_1_18 ||
	       magic == MAGIC_1_20;
}

/* Do 8 bytes begin like a table?  Quick, for it is asked at every place. */
static bool begins(const struct sp_reader *r, const uint8_t *p)
{
	static const uint8_t ones[3] = { 0xff, 0xff, 0xff };

	if (p[4] != 0 || p[5] != 0 || memcmp(r->big_endian ? p : p + 1, ones, 3) != 0)
		return false;
	return known_magic(sp_reader_u32(r, p)) && (p[6] == 1 || p[6] == 2 || p[6] == 4) &&
	       (p[7] == 4 || p[7] == 8);
}

uint64_t sp_gotable_pointer(const struct sp_gotable *t, const void *p)
{
	return t->pointer == 8 ? sp_reader_u64(t->r, p) : sp_reader_u32(t->r, p);
}

/* The offsets of Go 1.16 and later: in order, and inside the table. */
static bool parse_offsets(struct sp_gotable *t, const uint8_t *head, size_t first,
			  size_t entry, uint64_t avail)
{
	uint64_t offsets[5], before = 8 + (first + 5) * t->pointer;

	for (size_t i = 0; i < 5; i++) {
		offsets[i] = sp_gotable_pointer(t, head + 8 + (first + i) * t->pointer);
		if (offsets[i] < before || offsets[i] > avail)
			return false;
		before = offsets[i];
	}
	if (t->functions > (avail - offsets[4]) / entry)
		return false;
	t->names = offsets[0];
	t->names_len = offsets[1] - offsets[0];
	return t->names_len > 0;
}

/* Go 1.2: does the first function have a description behind the list of functions,
 * and that one a name in the table? */
static int parse_mixed(const struct sp_gotable *t, bool *ret_found, struct sp_err *err)
{
	uint64_t list = 8 + t->pointer, behind = list + (2 * t->functions + 1) * t->pointer;
	uint64_t offset;
	uint8_t raw[8];

	if (behind + 4 > t->size)
		return 0;
	if (sp_reader_bytes(t->r, "Go functions", t->offset + list + t->pointer, raw,
			    t->pointer, err))
		return -1;
	offset = sp_gotable_pointer(t, raw);
	if (offset < behind + 4 || offset > t->size || t->pointer + 4 > t->size - offset)
		return 0;
	if (sp_reader_bytes(t->r, "Go functions", t->offset + offset + t->pointer, raw, 4,
			    err))
		return -1;
	offset = sp_reader_u32(t->r, raw);
	*ret_found = offset >= behind + 4 && offset < t->size;
	return 0;
}

/* Is there a table at an offset, in avail bytes?  A failing read is the only error. */
static int parse(const struct sp_reader *r, uint64_t offset, uint64_t avail,
		 struct sp_gotable *ret, bool *ret_found, struct sp_err *err)
{
	uint8_t head[HEADER_MAX] = { 0 };
	struct sp_gotable t = { .r = r, .offset = offset, .size = avail };
	size_t len = avail < sizeof(head) ? (size_t)avail : sizeof(head);
	uint32_t magic;
	uint8_t end;

	*ret_found = false;
	if (sp_reader_bytes(r, "Go functions", offset, head, len, err))
		return -1;
	if (!begins(r, head))
		return 0;
	magic = sp_reader_u32(r, head);
	t.pointer = head[7];
	t.functions = sp_gotable_pointer(&t, head + 8);
	if (t.functions == 0 || t.functions > SP_ELF_GO_FUNCTIONS_MAX)
		return 0;
	*ret = t;
	if (magic == MAGIC_1_2)
		return parse_mixed(ret, ret_found, err);
	if (!parse_offsets(&t, head, magic == MAGIC_1_16 ? 2 : 3,
			   magic == MAGIC_1_16 ? 2 * t.pointer : 8, avail))
		return 0;
	if (sp_reader_bytes(r, "Go functions", offset + t.names + t.names_len - 1, &end, 1,
			    err))
		return -1;
	*ret_found = end == '\0';
	*ret = t;
	return 0;
}

struct scan {
	const struct sp_reader *r;
	uint64_t base, end;		/* of the block and of the segment, in the file */
	struct sp_gotable *table;
	bool *found;
	struct sp_err *err;
	bool failed;
	unsigned tries;
};

static size_t look(void *ctx, const char *data, size_t len, bool last)
{
	struct scan *s = ctx;
	size_t at = (size_t)(-s->base % ALIGN);

	(void)last;
	for (; at + 8 <= len; at += ALIGN) {
		if (!begins(s->r, (const uint8_t *)data + at))
			continue;
		s->failed = parse(s->r, s->base + at, s->end - s->base - at, s->table,
				  s->found, s->err);
		if (s->failed || *s->found || ++s->tries == TRIES_MAX)
			return SP_STREAM_STOP;
	}
	at = at < len ? at : len;
	s->base += at;
	return at;
}

/* Look in segments: the table is a constant, but one that the loader must relocate
 * in a program that can be anywhere, and old linkers put constants among the code. */
static int scan(const struct sp_elf *elf, const struct sp_reader *r,
		struct sp_gotable *ret, bool *ret_found, struct sp_err *err)
{
	static const uint32_t orders[2][3] = { { PF_R, PF_R | PF_W, PF_R | PF_X },
					       { PF_R | PF_W, PF_R, PF_R | PF_X } };
	const uint32_t *order = orders[elf->type == ET_DYN];
	struct scan s = { .r = r, .table = ret, .found = ret_found, .err = err };
	uint64_t left = r->size;
	bool stopped = false;

	for (size_t k = 0; k < 3; k++)
		for (size_t i = 0; i < r->phdrs_nr && !stopped; i++) {
			const Elf64_Phdr *p = &r->phdrs[i];
			uint64_t len = p->p_filesz < left ? p->p_filesz : left;

			if (p->p_type != PT_LOAD || (p->p_flags & 7) != order[k])
				continue;
			s.base = p->p_offset;
			s.end = p->p_offset + p->p_filesz;
			if (sp_stream_range(r, "Go functions", p->p_offset, len, look, &s,
					    &stopped, err) || s.failed)
				return -1;
			left -= len;
		}
	return 0;
}

int sp_gotable_find(const struct sp_elf *elf, struct sp_reader *r,
		    struct sp_gotable *ret, bool *ret_found, struct sp_err *err)
{
	static const char *const names[] = { ".gopclntab", ".data.rel.ro.gopclntab" };
	Elf64_Shdr sh;

	*ret_found = false;
	for (size_t i = 0; i < 2 && elf->has_sections; i++) {
		if (sp_sections_find(r, names[i], &sh, ret_found, err))
			return -1;
		if (*ret_found && parse(r, sh.sh_offset, sh.sh_size, ret, ret_found, err))
			return -1;
		if (*ret_found)
			return 0;
	}
	/* GNU ld merges the section into .data.rel.ro; a program in C with sections has
	 * no table. */
	if (elf->has_sections && !elf->go.version)
		return 0;
	return scan(elf, r, ret, ret_found, err);
}
