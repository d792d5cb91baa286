/*
 * Strings that may name files: from NUL to NUL, and a look for '/' and ".so" before
 * anything else.
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

static bool take_text(struct visitor *v, const char *start, size_t len)
{
	const char *end = start + len;

	if (len < LEN_MIN || len > SP_ELF_NAME_TEXT_MAX ||
	    (!memchr(start, '/', len) && !memmem(start, len, ".so", 3)))
		return true;
	start = text_before(start, end);
	return end - start < LEN_MIN || v->visit(v->ctx, start, (size_t)(end - start));
}

static size_t take_block(void *ctx, const char *data, size_t len, bool last)
{
	struct visitor *v = ctx;
	const char *end;
	size_t at = 0;

	(void)last;
	while (at < len && (end = memchr(data + at, '\0', len - at))) {
		size_t n = (size_t)(end - data) - at;

		if (n && !v->skipping && !take_text(v, data + at, n))
			return SP_STREAM_STOP;
		v->skipping = false;
		at += n + 1;
	}
	if (len - at <= SP_ELF_NAME_TEXT_MAX)
		return at;
	v->skipping = true;
	return len;
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
