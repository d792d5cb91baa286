/*
 * Excerpts: reading facts once with a recorder in between, and keeping the
 * ranges that were read.
 */
#include "elf/excerpt.h"

#include <errno.h>
#include <string.h>

#include "base/vec.h"
#include "elf/elf.h"

struct range {
	uint64_t offset;
	size_t len;
	char *bytes;
};

struct sp_excerpt {
	struct range *ranges;		/* sorted, none touching another */
	size_t ranges_nr, ranges_alloc;
	uint64_t size;			/* of the whole file */
};

/* A file in memory that notes what is read of it. */
struct recorder {
	const char *data;
	size_t len;
	struct sp_excerpt *excerpt;
};

static ssize_t record(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	struct recorder *r = file->ctx;

	if (offset >= r->len)
		return 0;
	if (len > r->len - offset)
		len = r->len - offset;
	memcpy(buf, r->data + offset, len);
	*SP_VEC_PUSH(r->excerpt->ranges) = (struct range){ .offset = offset, .len = len };
	return (ssize_t)len;
}

static int restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = file->st;
	return 0;
}

static void close_nothing(struct sp_file *file)
{
	file->ctx = NULL;
}

static const struct sp_file_ops recorder_ops = {
	.pread = record, .restat = restat, .close = close_nothing,
};

static void ignore_symbol(void *ctx, const char *name, const char *version,
			  enum sp_elf_sym kind)
{
	(void)ctx, (void)name, (void)version, (void)kind;
}

static int by_offset(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Join ranges that touch, and copy their bytes. */
static void settle(struct sp_excerpt *e, const char *data)
{
	size_t kept = 0;

	if (e->ranges_nr)
		qsort(e->ranges, e->ranges_nr, sizeof(*e->ranges), by_offset);
	for (size_t i = 0; i < e->ranges_nr; i++) {
		struct range *last = kept ? &e->ranges[kept - 1] : NULL;
		struct range *r = &e->ranges[i];

		if (last && r->offset <= last->offset + last->len) {
			uint64_t end = r->offset + r->len;

			if (end > last->offset + last->len)
				last->len = (size_t)(end - last->offset);
		} else {
			e->ranges[kept++] = *r;
		}
	}
	e->ranges_nr = kept;
	for (size_t i = 0; i < kept; i++) {
		e->ranges[i].bytes = sp_malloc(e->ranges[i].len);
		memcpy(e->ranges[i].bytes, data + e->ranges[i].offset, e->ranges[i].len);
	}
}

struct sp_excerpt *sp_excerpt_new(const void *data, size_t len, bool symbols, bool whole)
{
	struct sp_excerpt *e = sp_calloc(1, sizeof(*e));
	struct recorder recorder = { data, len, e };
	struct sp_file file = { .ops = &recorder_ops, .ctx = &recorder, .fd = -1 };
	sp_autoelf struct sp_elf *elf = NULL;
	struct sp_err ignored = { 0 };

	e->size = len;
	file.st = (struct sp_stat){ .type = SP_FILE, .size = len };
	/* what fails here fails in the same way, on the same bytes, later */
	if (!whole && sp_elf_is(&file) && sp_elf_read(&file, &elf, &ignored) == 0 &&
	    symbols && sp_elf_symbols(elf, &file, ignore_symbol, NULL, &ignored) == 0 &&
	    sp_elf_lookups(elf, &file, ignore_symbol, NULL, &ignored))
		ignored.code = SP_OK;
	if (whole)
		*SP_VEC_PUSH(e->ranges) = (struct range){ .len = len };
	settle(e, data);
	return e;
}

void sp_excerpt_free(struct sp_excerpt *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->ranges_nr; i++)
		free(e->ranges[i].bytes);
	free(e->ranges);
	free(e);
}

size_t sp_excerpt_size(const struct sp_excerpt *e)
{
	size_t sum = 0;

	for (size_t i = 0; i < e->ranges_nr; i++)
		sum += e->ranges[i].len;
	return sum;
}

static ssize_t excerpt_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct sp_excerpt *e = file->ctx;

	if (offset >= e->size)
		return 0;
	for (size_t i = 0; i < e->ranges_nr; i++) {
		const struct range *r = &e->ranges[i];

		if (offset < r->offset || offset >= r->offset + r->len)
			continue;
		size_t left = r->len - (size_t)(offset - r->offset);
		size_t n = len < left ? len : left;
		memcpy(buf, r->bytes + (offset - r->offset), n);
		return (ssize_t)n;
	}
	return -EIO;
}

static const struct sp_file_ops excerpt_ops = {
	.pread = excerpt_pread, .restat = restat, .close = close_nothing,
};

int sp_excerpt_open(const struct sp_excerpt *excerpt, struct sp_file *ret)
{
	ret->ops = &excerpt_ops;
	ret->ctx = (void *)excerpt;
	ret->st.size = excerpt->size;
	return 0;
}
