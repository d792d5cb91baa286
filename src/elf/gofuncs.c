/*
 * Reading names from Go's table of functions, which gotable.c finds: one after the other,
 * or, before Go 1.16, from function to description to name.
 */
#include "elf/gofuncs.h"

#include <string.h>

#include "base/vec.h"
#include "elf/gotable.h"
#include "elf/stream.h"

struct visitor {
	void (*visit)(void *ctx, const char *name);
	void *ctx;
	size_t left;			/* names that may still come */
	bool skipping;			/* the rest of a name that is too long */
};

/* --- names that stand one after the other --- */

static bool take_name(struct visitor *v, const char *name, size_t len)
{
	if (len == 0 || len > SP_ELF_GO_NAME_MAX)
		return true;
	if (v->left == 0)
		return false;
	v->left--;
	v->visit(v->ctx, name);
	return true;
}

static size_t take_names(void *ctx, const char *data, size_t len, bool last)
{
	struct visitor *v = ctx;
	const char *end;
	size_t at = 0;

	(void)last;
	while (at < len && (end = memchr(data + at, '\0', len - at))) {
		size_t n = (size_t)(end - data) - at;

		if (!v->skipping && !take_name(v, data + at, n))
			return SP_STREAM_STOP;
		v->skipping = false;
		at += n + 1;
	}
	if (len - at <= SP_ELF_GO_NAME_MAX)
		return at;
	v->skipping = true;
	return len;
}

/* --- names that stand among descriptions --- */

/* Places in the table, sorted, of which one after the other is read. */
struct places {
	const struct sp_gotable *t;
	uint32_t *places;
	size_t places_nr, places_alloc;
	size_t next;			/* the place that is wanted */
	uint64_t base;			/* where in the table the block begins */
	uint64_t end;			/* of the name before */
	struct places *found;		/* the first reading: what the places hold */
	struct visitor *visitor;	/* the second */
};

static void places_release(struct places *p)
{
	free(p->places);
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void sort(struct places *p)
{
	size_t nr = 0;

	if (p->places_nr)
		qsort(p->places, p->places_nr, sizeof(*p->places), compare);
	for (size_t i = 0; i < p->places_nr; i++)
		if (nr == 0 || p->places[i] != p->places[nr - 1])
			p->places[nr++] = p->places[i];
	p->places_nr = nr;
}

/* A place in the table, unless size bytes there would go beyond it. */
static bool add_place(struct places *p, uint64_t at, uint64_t size)
{
	if (at > UINT32_MAX || at > p->t->size || size > p->t->size - at)
		return false;
	*SP_VEC_PUSH(p->places) = (uint32_t)at;
	return true;
}

/* Entries of an address and the offset of a description, whose name comes after
 * the address that it begins with. */
static size_t take_entries(void *ctx, const char *data, size_t len, bool last)
{
	struct places *p = ctx;
	size_t word = p->t->pointer, at;

	(void)last;
	for (at = 0; len - at >= 2 * word; at += 2 * word) {
		uint64_t offset = sp_gotable_pointer(p->t, data + at + word);

		if (offset > p->t->size || !add_place(p, offset + word, 4)) {
			p->places_nr = 0;
			return SP_STREAM_STOP;
		}
	}
	return at;
}

/* Go on to the wanted place: what lies before it is done with.  Since places are
 * sorted, none lies before base. */
static size_t advance(struct places *p, size_t len)
{
	uint64_t skip = p->places[p->next] - p->base;
	size_t done = skip < len ? (size_t)skip : len;

	p->base += done;
	return done;
}

static size_t take_offsets(void *ctx, const char *data, size_t len, bool last)
{
	struct places *p = ctx;

	(void)last;
	for (; p->next < p->places_nr; p->next++) {
		uint64_t at = p->places[p->next];

		if (at + 4 > p->base + len)
			return advance(p, len);
		if (!add_place(p->found, sp_reader_u32(p->t->r, data + (at - p->base)), 1))
			return SP_STREAM_STOP;
	}
	return SP_STREAM_STOP;
}

static size_t take_placed_names(void *ctx, const char *data, size_t len, bool last)
{
	struct places *p = ctx;

	(void)last;
	for (; p->next < p->places_nr; p->next++) {
		uint64_t at = p->places[p->next];
		const char *name, *end;
		size_t avail;

		/* No name is part of another: such a table could take forever. */
		if (at < p->end)
			return SP_STREAM_STOP;
		if (at >= p->base + len)
			return advance(p, len);
		name = data + (at - p->base);
		avail = len - (size_t)(at - p->base);
		end = memchr(name, '\0', avail);
		if (!end && avail <= SP_ELF_GO_NAME_MAX)
			return advance(p, len);
		if (end && !take_name(p->visitor, name, (size_t)(end - name)))
			return SP_STREAM_STOP;
		p->end = at + (end ? (size_t)(end - name) + 1 : avail);
	}
	return SP_STREAM_STOP;
}

static int read_mixed(const struct sp_gotable *t, struct visitor *v, struct sp_err *err)
{
	SP_CLEANUP(places_release) struct places names = { .t = t, .visitor = v };
	SP_CLEANUP(places_release) struct places found = { .t = t, .found = &names };

	if (sp_stream_range(t->r, "Go functions", t->offset + 8 + t->pointer,
			    t->functions * 2 * t->pointer, take_entries, &found, NULL, err))
		return -1;
	sort(&found);
	if (sp_stream_range(t->r, "Go functions", t->offset, t->size, take_offsets, &found,
			    NULL, err))
		return -1;
	sort(&names);
	return sp_stream_range(t->r, "Go functions", t->offset, t->size, take_placed_names,
			       &names, NULL, err);
}

static int read_names(const struct sp_elf *elf, struct sp_reader *r, struct visitor *v,
		      struct sp_err *err)
{
	struct sp_gotable t;
	bool found;

	if (sp_gotable_find(elf, r, &t, &found, err))
		return -1;
	if (!found)
		return 0;
	if (!t.names_len)
		return read_mixed(&t, v, err);
	return sp_stream_range(r, "Go functions", t.offset + t.names, t.names_len,
			       take_names, v, NULL, err);
}

int sp_elf_go_functions(const struct sp_elf *elf, struct sp_file *file,
			void (*visit)(void *ctx, const char *name), void *ctx,
			struct sp_err *err)
{
	struct visitor v = { .visit = visit, .ctx = ctx, .left = SP_ELF_GO_FUNCTIONS_MAX };
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err damage = { 0 };
	struct sp_reader r;

	if (sp_reader_open(&r, file, &arena, &damage) == 0 &&
	    read_names(elf, &r, &v, &damage) == 0)
		return 0;
	if (damage.code == SP_EPROGRAM)
		return 0;
	*err = damage;
	return -1;
}
