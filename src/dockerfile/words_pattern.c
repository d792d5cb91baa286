/*
 * Patterns in variables.  All lengths that a pattern can match are followed at once,
 * so the cost is the product of the lengths, both of which have a limit.
 *
 * Source: the reference of the Dockerfile format, and BuildKit where it is silent.
 */
#include "dockerfile/words_pattern.h"

#include <string.h>

#include "base/mem.h"

#define NO_MATCH SIZE_MAX

/* A character: bytes that belong together. */
struct letter {
	const char *s;
	size_t len;
};

struct text {
	struct letter *letters;
	size_t nr;
};

enum item_kind { LETTER, ANY_ONE, ANY };

struct item {
	enum item_kind kind;
	struct letter letter;
};

struct pattern {
	struct item items[SP_WORD_PATTERN_MAX];
	size_t nr;
	size_t front;		/* items in front of the first '*' */
};

static size_t letter_len(const char *s)
{
	size_t len = 1;

	/* bytes that go on with a UTF-8 sequence */
	while (((unsigned char)*s & 0xc0) == 0xc0 && ((unsigned char)s[len] & 0xc0) == 0x80)
		len++;
	return len;
}

static void text_release(struct text *t)
{
	free(t->letters);
}

static int read_text(const char *s, struct text *ret, struct sp_err *err)
{
	size_t len = strlen(s);

	if (len > SP_WORD_PATTERN_VALUE_MAX)
		return sp_err_set(err, SP_EUSAGE,
				  "a variable of more than %d bytes is searched for a pattern",
				  SP_WORD_PATTERN_VALUE_MAX);
	ret->letters = sp_malloc((len + 1) * sizeof(*ret->letters));
	for (; *s; s += ret->letters[ret->nr - 1].len)
		ret->letters[ret->nr++] = (struct letter){ s, letter_len(s) };
	ret->letters[ret->nr] = (struct letter){ s, 0 };
	return 0;
}

static int read_pattern(const char *s, struct pattern *ret, struct sp_err *err)
{
	const char *whole = s;
	bool star = false;

	*ret = (struct pattern){ .nr = 0 };
	while (*s) {
		struct item item = { *s == '*' ? ANY : *s == '?' ? ANY_ONE : LETTER, { s, 1 } };

		if (*s == '\\') {
			s++;
			if (!*s || !strchr("*?\\}/", *s))
				return sp_err_set(err, SP_EUSAGE,
						  "%s: expected * ? \\ } or / behind the backslash of a pattern",
						  whole);
		}
		if (item.kind == LETTER)
			item.letter = (struct letter){ s, letter_len(s) };
		if (ret->nr == SP_WORD_PATTERN_MAX)
			return sp_err_set(err, SP_EUSAGE,
					  "the pattern of a variable has more than %d characters",
					  SP_WORD_PATTERN_MAX);
		star |= item.kind == ANY;
		ret->front += !star;
		ret->items[ret->nr++] = item;
		s += item.letter.len;
	}
	return 0;
}

static bool fits(const struct item *item, const struct letter *l)
{
	return item->kind != LETTER || (item->letter.len == l->len &&
					memcmp(item->letter.s, l->s, l->len) == 0);
}

/* The number of letters from the given one on that the pattern matches; backward: of
 * those up to the end.  at[i]: the items so far can have used up i letters. */
static size_t match(const struct pattern *p, const struct text *t, size_t from,
		    bool backward, bool longest)
{
	size_t nr = t->nr - from, found = NO_MATCH;
	sp_autofree bool *at = sp_calloc(nr + 1, sizeof(*at));

	at[0] = true;
	for (size_t k = 0; k < p->nr; k++) {
		const struct item *item = &p->items[backward ? p->nr - 1 - k : k];

		if (item->kind == ANY) {
			for (size_t i = 1; i <= nr; i++)
				at[i] |= at[i - 1];
			continue;
		}
		for (size_t i = nr; i > 0; i--)
			at[i] = at[i - 1] &&
				fits(item, &t->letters[backward ? t->nr - i : from + i - 1]);
		at[0] = false;
	}
	for (size_t i = 0; i <= nr && (longest || found == NO_MATCH); i++)
		if (at[i])
			found = i;
	return found;
}

static void put(struct sp_buf *ret, const struct text *t, size_t from, size_t to)
{
	sp_buf_add(ret, t->letters[from].s, (size_t)(t->letters[to].s - t->letters[from].s));
}

int sp_words_trim(const char *value, const char *pattern, bool end, bool longest,
		  struct sp_buf *ret, struct sp_err *err)
{
	SP_CLEANUP(text_release) struct text t = { 0 };
	struct pattern p;

	if (read_pattern(pattern, &p, err) || read_text(value, &t, err))
		return -1;
	size_t nr = match(&p, &t, 0, end, longest);
	if (nr == NO_MATCH)
		nr = 0;
	put(ret, &t, end ? 0 : nr, end ? t.nr - nr : t.nr);
	return 0;
}

static bool front_fits(const struct pattern *p, const struct text *t, size_t from)
{
	if (p->front > t->nr - from)
		return false;
	for (size_t i = 0; i < p->front; i++)
		if (!fits(&p->items[i], &t->letters[from + i]))
			return false;
	return true;
}

/* The first match at *from or behind it; false if there is none.  What stands in
 * front of a '*' decides where: if the rest is not found behind its first place, it is
 * not behind a later one. */
static bool find(const struct pattern *p, const struct text *t, size_t *from, size_t *ret_nr)
{
	for (; *from <= t->nr; (*from)++) {
		if (!front_fits(p, t, *from))
			continue;
		*ret_nr = p->front == p->nr ? p->nr : match(p, t, *from, false, true);
		return *ret_nr != NO_MATCH;
	}
	return false;
}

int sp_words_replace(const char *value, const char *pattern, const char *text, bool all,
		     struct sp_buf *ret, struct sp_err *err)
{
	SP_CLEANUP(text_release) struct text t = { 0 };
	size_t done = 0, from = 0, nr;
	struct pattern p;

	if (read_pattern(pattern, &p, err) || read_text(value, &t, err))
		return -1;
	while (find(&p, &t, &from, &nr)) {
		put(ret, &t, done, from);
		/* nothing right behind a match is no other match */
		if (nr || from > done || from == 0)
			sp_buf_addstr(ret, text);
		done = from + nr;
		if (!all)
			break;
		from = nr ? done : from + 1;
	}
	put(ret, &t, done, t.nr);
	return 0;
}
