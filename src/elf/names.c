/*
 * Strings that may name files.  Most constants are no text at all, so the look is for the
 * bytes that matter, '/' and ".so", and only then for the string around them.
 */
#include "elf/names.h"

#include <string.h>

#include "elf/stream.h"

#define LEN_MIN 4			/* "/etc", "x.so" */

_Static_assert(SP_ELF_NAME_TEXT_MAX < SP_STREAM_KEEP, "a string comes again whole");

struct visitor {
	bool (*visit)(void *ctx, const char *text, size_t len);
	void *ctx;
	bool skipping;			/* the rest of a string that is too long */
};

/* Numbers stand right in front of strings: what is no text is none of it.  A list may
 * have tabs and line ends in it. */
static bool is_text(char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';
}

static const char *text_before(const char *start, const char *end)
{
	const char *p = end;

	while (p > start && is_text(p[-1]))
		p--;
	return p;
}

static const char *text_after(const char *p, const char *end)
{
	while (p < end && is_text(*p))
		p++;
	return p;
}

static const char *find_slash(const char *p, const char *end)
{
	const char *found = memchr(p, '/', (size_t)(end - p));

	return found ? found : end;
}

/* memmem() goes by every byte, memchr() by many at once. */
static const char *find_so(const char *p, const char *end)
{
	while (end - p >= 3 && (p = memchr(p, '.', (size_t)(end - p) - 2))) {
		if (p[1] == 's' && p[2] == 'o')
			return p;
		p++;
	}
	return end;
}

/* The text at the end of a block, which may go on in the next one. */
static size_t keep_tail(struct visitor *v, const char *data, const char *at, const char *end)
{
	const char *start = text_before(at, end);

	if (end - start <= SP_ELF_NAME_TEXT_MAX)
		return (size_t)(start - data);
	v->skipping = true;
	return (size_t)(end - data);
}

static size_t take_block(void *ctx, const char *data, size_t len, bool last)
{
	struct visitor *v = ctx;
	const char *end = data + len, *at = data, *slash = data, *so = data;

	if (v->skipping)
		at = text_after(at, end);
	v->skipping = at == end && v->skipping;
	while (!v->skipping) {
		if (slash < at || slash == data)
			slash = find_slash(at, end);
		if (so < at || so == data)
			so = find_so(at, end);
		const char *mark = slash < so ? slash : so;
		const char *start = text_before(at, mark), *stop = text_after(mark, end);
		size_t n = (size_t)(stop - start);

		if (stop == end)
			break;
		/* text that runs into other bytes is not the end of a string */
		if (*stop == '\0' && n >= LEN_MIN && n <= SP_ELF_NAME_TEXT_MAX &&
		    !v->visit(v->ctx, start, n))
			return SP_STREAM_STOP;
		at = stop + 1;
	}
	return last || v->skipping ? len : keep_tail(v, data, at, end);
}

int sp_elf_names(const struct sp_elf *elf, struct sp_file *file,
		 bool (*visit)(void *ctx, const char *text, size_t len), void *ctx,
		 struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct visitor v = { .visit = visit, .ctx = ctx };
	struct sp_err damage = { 0 };
	struct sp_reader r;

	if (!elf->segments_nr)
		return 0;
	if (sp_reader_open(&r, file, &arena, &damage) == 0 &&
	    sp_stream_constants(&r, take_block, &v, &damage) == 0)
		return 0;
	if (damage.code == SP_EPROGRAM)
		return 0;
	*err = damage;
	return -1;
}
