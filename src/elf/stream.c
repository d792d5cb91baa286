/*
 * Ranges in blocks, and which segments of a program hold its constants.
 */
#include "elf/stream.h"

#include <assert.h>
#include <string.h>

#define BLOCK (128 * 1024)
#define BLANKS 2

/* Bytes of the file that are handed on as zeros. */
struct blanks {
	struct {
		uint64_t offset, len;
	} ranges[BLANKS];
	size_t nr;
};

static void blank_out(const struct blanks *blanks, uint64_t offset, char *data, size_t len)
{
	for (size_t i = 0; i < blanks->nr; i++) {
		uint64_t from = blanks->ranges[i].offset, to = from + blanks->ranges[i].len;

		from = from < offset ? offset : from;
		to = to > offset + len ? offset + len : to;
		if (from < to)
			memset(data + (from - offset), 0, (size_t)(to - from));
	}
}

static int stream(const struct sp_reader *r, const char *what, uint64_t offset,
		  uint64_t len, const struct blanks *blanks, sp_stream_fn *fn, void *ctx,
		  bool *ret_stopped, struct sp_err *err)
{
	size_t kept = 0, block = len < BLOCK ? (size_t)len : BLOCK;
	sp_autofree char *buf = sp_malloc(SP_STREAM_KEEP + block);

	*ret_stopped = false;
	while (len > 0) {
		size_t n = len < block ? (size_t)len : block, done;

		if (sp_reader_bytes(r, what, offset, buf + kept, n, err))
			return -1;
		blank_out(blanks, offset, buf + kept, n);
		offset += n;
		len -= n;
		n += kept;
		done = fn(ctx, buf, n, len == 0);
		if (done == SP_STREAM_STOP) {
			*ret_stopped = true;
			return 0;
		}
		assert(done <= n && (len == 0 || n - done <= SP_STREAM_KEEP));
		kept = n - done;
		memmove(buf, buf + done, kept);
	}
	return 0;
}

int sp_stream_range(const struct sp_reader *r, const char *what, uint64_t offset,
		    uint64_t len, sp_stream_fn *fn, void *ctx, bool *ret_stopped,
		    struct sp_err *err)
{
	const struct blanks none = { .nr = 0 };
	bool stopped;

	if (stream(r, what, offset, len, &none, fn, ctx, &stopped, err))
		return -1;
	if (ret_stopped)
		*ret_stopped = stopped;
	return 0;
}

static void add_blank(struct blanks *blanks, uint64_t offset, uint64_t len)
{
	blanks->ranges[blanks->nr].offset = offset;
	blanks->ranges[blanks->nr++].len = len;
}

/* A dynamic section that cannot be read hides nothing. */
static int find_blanks(const struct sp_reader *r, struct blanks *ret, struct sp_err *err)
{
	SP_CLEANUP(sp_dynamic_release) struct sp_dynamic dyn = { 0 };
	struct sp_err damage = { 0 };
	uint64_t offset, avail;

	for (size_t i = 0; i < r->phdrs_nr && !ret->nr; i++)
		if (r->phdrs[i].p_type == PT_INTERP && r->phdrs[i].p_offset < r->size)
			add_blank(ret, r->phdrs[i].p_offset,
				  r->phdrs[i].p_filesz < SP_ELF_INTERP_MAX ?
				  r->phdrs[i].p_filesz : SP_ELF_INTERP_MAX);
	if (sp_dynamic_read(r, &dyn, NULL, &damage)) {
		if (damage.code == SP_EPROGRAM)
			return 0;
		*err = damage;
		return -1;
	}
	if (dyn.found && sp_reader_locate(r, dyn.strtab, &offset, &avail))
		add_blank(ret, offset, dyn.strsz < avail ? dyn.strsz : avail);
	return 0;
}

/* The flags that a segment of constants must not have. */
static uint32_t forbidden_flags(const struct sp_reader *r)
{
	static const uint32_t ways[] = { PF_W | PF_X, PF_W };

	for (size_t way = 0; way < 2; way++)
		for (size_t i = 0; i < r->phdrs_nr; i++)
			if (r->phdrs[i].p_type == PT_LOAD && r->phdrs[i].p_filesz > 0 &&
			    !(r->phdrs[i].p_flags & ways[way]))
				return ways[way];
	return 0;
}

int sp_stream_constants(const struct sp_reader *r, sp_stream_fn *fn, void *ctx,
			struct sp_err *err)
{
	uint32_t forbidden = forbidden_flags(r);
	uint64_t left = r->size;
	struct blanks blanks = { .nr = 0 };
	bool stopped = false;

	if (find_blanks(r, &blanks, err))
		return -1;
	for (size_t i = 0; i < r->phdrs_nr && !stopped; i++) {
		const Elf64_Phdr *p = &r->phdrs[i];
		uint64_t len = p->p_filesz < left ? p->p_filesz : left;

		if (p->p_type != PT_LOAD || (p->p_flags & forbidden) || len == 0)
			continue;
		if (stream(r, "constants", p->p_offset, len, &blanks, fn, ctx, &stopped,
			   err))
			return -1;
		left -= len;
	}
	return 0;
}
