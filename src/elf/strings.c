/*
 * Strings among the constants of a program.  Which segments hold constants is
 * stream.c's to say.
 */
#include "elf/strings.h"

#include <string.h>

#include "base/find.h"
#include "elf/stream.h"

_Static_assert(SP_ELF_TEXT_MAX < SP_STREAM_KEEP, "a string comes again whole");

/* All streams of this file alike: damage leaves a file without evidence. */
static int stream(const struct sp_elf *elf, struct sp_file *file, sp_stream_fn *fn,
		  void *ctx, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err damage = { 0 };
	struct sp_reader r;

	if (!elf->segments_nr)
		return 0;
	if (sp_reader_open(&r, file, &arena, &damage) == 0 &&
	    sp_stream_constants(&r, fn, ctx, &damage) == 0)
		return 0;
	if (damage.code == SP_EPROGRAM)
		return 0;
	*err = damage;
	return -1;
}

struct strings {
	size_t min_len;
	bool (*visit)(void *ctx, const char *text, size_t len);
	void *ctx;
	bool skipping;		/* the rest of a string that is too long */
};

/* The bytes that UTF-8 never has are no text. */
static bool is_text(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c < 0xf5 && (c & 0xfe) != 0xc0;
}

/* Bytes of the UTF-8 character at p, 0 if there is none (RFC 3629, table 3-7 of the
 * Unicode standard).  A NUL follows the text, so that none goes beyond its end. */
static size_t character(const unsigned char *p)
{
	static const struct {
		unsigned char first, last, low, high;	/* first byte, second byte */
		size_t len;
	} rows[] = {
		{ 0x20, 0x7e, 0, 0xff, 1 },	 { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	 { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	 { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	 { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = rows[i].len;

		if (*p < rows[i].first || *p > rows[i].last)
			continue;
		if (p[1] < rows[i].low || p[1] > rows[i].high)
			return 0;
		for (size_t k = 2; k < len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return len;
	}
	return 0;
}

/* Tables of numbers stand right in front of strings: what is no UTF-8 is none of it. */
static const char *skip_binary(const char *text, const char *end)
{
	const unsigned char *p = (const unsigned char *)text;

	while ((const char *)p < end) {
		size_t len = character(p);

		p += len ? len : 1;
		if (!len)
			text = (const char *)p;
	}
	return text;
}

/* A run of bytes that may be text, and a NUL.  False when there is enough. */
static bool take_run(const struct strings *s, const char *text, const char *end)
{
	if ((size_t)(end - text) < s->min_len || (size_t)(end - text) > SP_ELF_TEXT_MAX)
		return true;
	text = skip_binary(text, end);
	return (size_t)(end - text) < s->min_len || text == end ||
	       s->visit(s->ctx, text, (size_t)(end - text));
}

/* How much is done, of data in which a run of text reaches from start to the end. */
static size_t keep_rest(struct strings *s, size_t start, size_t len, bool last)
{
	if (len - start <= SP_ELF_TEXT_MAX && !last)
		return start;
	/* The next range begins anew. */
	s->skipping = !last;
	return len;
}

/* Where the run of text begins that reaches the end of data. */
static size_t last_run(const char *data, size_t len)
{
	while (len > 0 && is_text((unsigned char)data[len - 1]))
		len--;
	return len;
}

static size_t take_strings(void *ctx, const char *data, size_t len, bool last)
{
	struct strings *s = ctx;
	const char *at = data, *end = data + len;

	/* At `at` nothing goes on.  A run of min_len bytes that begins before the last of
	 * the next min_len has that one in it: if it is no text, there is none. */
	while ((size_t)(end - at) >= s->min_len) {
		const char *start = at + s->min_len - 1, *stop = start;

		while (stop < end && is_text((unsigned char)*stop))
			stop++;
		if (stop == end)
			break;
		while (stop > start && start > at && is_text((unsigned char)start[-1]))
			start--;
		if (*stop == '\0' && stop > start && !(s->skipping && start == data) &&
		    !take_run(s, start, stop))
			return SP_STREAM_STOP;
		at = stop + 1;
	}
	size_t start = last_run(data, len);
	if (start)
		s->skipping = false;
	return keep_rest(s, start, len, last);
}

int sp_elf_strings(const struct sp_elf *elf, struct sp_file *file, size_t min_len,
		   bool (*visit)(void *ctx, const char *text, size_t len), void *ctx,
		   struct sp_err *err)
{
	struct strings s = { .min_len = min_len ? min_len : 1, .visit = visit, .ctx = ctx };

	return stream(elf, file, take_strings, &s, err);
}

struct marks {
	struct strings strings;
	struct sp_needle *marks;
	size_t nr;
	size_t now;		/* the mark that is looked for */
	bool (*visit)(void *ctx, size_t mark, const char *text, size_t len);
	void *ctx;
};

/* The strings with one mark in data.  False when there is enough. */
static bool take_marked(const struct strings *s, const struct sp_needle *mark,
			const char *data, const char *end)
{
	for (const char *at = data; (at = sp_needle_find(mark, at, end));) {
		const char *start = at;

		while (start > data && is_text((unsigned char)start[-1]))
			start--;
		while (at < end && is_text((unsigned char)*at))
			at++;
		if (at == end)
			break;		/* it comes again */
		if (*at == '\0' && !(s->skipping && start == data) && !take_run(s, start, at))
			return false;
	}
	return true;
}

static size_t take_marks(void *ctx, const char *data, size_t len, bool last)
{
	struct marks *m = ctx;

	for (m->now = 0; m->now < m->nr; m->now++)
		if (!take_marked(&m->strings, &m->marks[m->now], data, data + len))
			return SP_STREAM_STOP;
	size_t start = last_run(data, len);
	if (start)
		m->strings.skipping = false;
	return keep_rest(&m->strings, start, len, last);
}

/* What is no UTF-8 in front of a string may have held the mark. */
static bool visit_marked(void *ctx, const char *text, size_t len)
{
	struct marks *m = ctx;
	const struct sp_needle *mark = &m->marks[m->now];

	return !memmem(text, len, mark->text, mark->len) ||
	       m->visit(m->ctx, m->now, text, len);
}

int sp_elf_strings_with(const struct sp_elf *elf, struct sp_file *file,
			const char *const *marks, size_t nr,
			bool (*visit)(void *ctx, size_t mark, const char *text, size_t len),
			void *ctx, struct sp_err *err)
{
	sp_autofree struct sp_needle *list = sp_malloc(nr * sizeof(*list));
	struct marks m = { .marks = list, .nr = nr, .visit = visit, .ctx = ctx };

	for (size_t i = 0; i < nr; i++)
		list[i] = sp_needle_of(marks[i]);
	m.strings = (struct strings){ .visit = visit_marked, .ctx = &m };
	return nr ? stream(elf, file, take_marks, &m, err) : 0;
}

struct needles {
	const char *const *needles;
	size_t nr;
	bool *found;
	size_t longest;		/* bytes of the longest needle */
};

static size_t take_needles(void *ctx, const char *data, size_t len, bool last)
{
	struct needles *n = ctx;
	size_t missing = 0;

	for (size_t i = 0; i < n->nr; i++) {
		const struct sp_needle needle = sp_needle_of(n->needles[i]);

		if (n->found[i] || needle.len == 0 || needle.len > SP_ELF_TEXT_MAX)
			continue;
		n->found[i] = sp_needle_find(&needle, data, data + len) != NULL;
		missing += !n->found[i];
	}
	if (!missing)
		return SP_STREAM_STOP;
	if (last)
		return len;
	/* As much of the end comes again as a needle can have without being whole. */
	return len < n->longest ? 0 : len - (n->longest - 1);
}

int sp_elf_contains(const struct sp_elf *elf, struct sp_file *file,
		    const char *const *needles, size_t nr, bool *found, struct sp_err *err)
{
	struct needles n = { .needles = needles, .nr = nr, .found = found };

	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(needles[i]);

		found[i] = false;
		if (len > n.longest && len <= SP_ELF_TEXT_MAX)
			n.longest = len;
	}
	return n.longest ? stream(elf, file, take_needles, &n, err) : 0;
}
