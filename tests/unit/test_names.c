/*
 * Strings that may name files: rules by hand, random bytes against a slow reading of the
 * whole, and a name at every place around the end of a block.
 */
#include "elf/names.h"

#include "elf_files.h"

#define BLOCK (128 * 1024)	/* as stream.c reads */

struct seen {
	char *all;		/* each text with a line of "=" behind it */
	size_t len, nr, wanted;	/* wanted: stop after as many, 0 for never */
};

static bool collect(void *ctx, const char *text, size_t len)
{
	struct seen *s = ctx;

	s->all = sp_realloc(s->all, s->len + len + 4, 1);
	s->len += (size_t)sprintf(s->all + s->len, "%.*s\n=\n", (int)len, text);
	if (text[len] != '\0' || strlen(text) != len)
		s->len = 0;
	return ++s->nr != s->wanted;
}

static void seen_release(struct seen *s)
{
	free(s->all);
	*s = (struct seen){ 0 };
}

/* A file with a segment of len constants. */
static struct blob make(const void *data, size_t len)
{
	struct maker m;

	maker_init(&m, 64, false);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_LEN, len, 0x1000);
	struct blob small = maker_finish(&m);
	struct blob b = { .data = sp_calloc(1, MAKER_LEN + len + 1), .len = MAKER_LEN + len,
			  .fail_after = -1 };

	memcpy(b.data, small.data, small.len);
	memcpy(b.data + MAKER_LEN, data, len);
	blob_free(&small);
	return b;
}

static struct seen names_of(struct blob *b, size_t wanted)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = must_read(b, "the file");
	struct sp_err err = { 0 };
	struct seen s = { .wanted = wanted };

	if (sp_elf_names(elf, &file, collect, &s, &err))
		ok(false, "names are read: %s", err.msg);
	sp_elf_free(elf);
	return s;
}

static void rules(void)
{
	static const char data[] =
		"plain\0/etc\0x.so\0a/\0.so\0\x01\x02/after/numbers\0/before/\x80/it\0"
		"no end of a string/\x03\0list:/a\t/b\n\0caf\xc3\xa9/x\0lib.sop\0.s\0o\0/last/no/end";
	static const char want[] =
		"/etc\n=\nx.so\n=\n/after/numbers\n=\nlist:/a\t/b\n\n=\nlib.sop\n=\n";
	struct blob b = make(data, sizeof(data) - 1);
	struct seen s = names_of(&b, 0);

	is_str(s.all ? s.all : "", want, "what is a name, and what is none");
	seen_release(&s);
	s = names_of(&b, 2);
	is_int((long long)s.nr, 2, "who has seen enough gets no more");
	seen_release(&s);
	blob_free(&b);
}

static bool is_text(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';
}

/* The same by looking back from each NUL. */
static void collect_slowly(const uint8_t *data, size_t len, struct seen *ret)
{
	for (size_t end = 0; end < len; end++) {
		size_t start = end;

		while (data[end] == 0 && start > 0 && is_text(data[start - 1]))
			start--;
		const char *text = (const char *)data + start;
		if (data[end] == 0 && end - start >= 4 && end - start <= SP_ELF_NAME_TEXT_MAX &&
		    (memchr(text, '/', end - start) || memmem(text, end - start, ".so", 3)))
			collect(ret, text, end - start);
	}
}

static uint32_t next(uint32_t *state)
{
	*state = (uint32_t)(*state * 48271ull % 2147483647u);
	return *state;
}

/* Strings of few letters between bytes that are no text, some as long as they may be. */
static void fill(uint8_t *data, size_t len, uint32_t state)
{
	static const uint8_t ends[] = { 0, 0, 0, 0, 0, 1, 0x7f, 0xff };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789/.so.so";

	for (size_t i = 0; i < len;) {
		uint32_t kind = next(&state) % 64;
		size_t n = kind == 0 ? 4090 + next(&state) % 12 :
			   kind == 1 ? 9000 + next(&state) % 9000 : next(&state) % 30;

		for (; n > 0 && i < len; n--)
			data[i++] = (uint8_t)letters[next(&state) % (sizeof(letters) - 1)];
		if (i < len)
			data[i++] = ends[next(&state) % sizeof(ends)];
	}
}

static void random_bytes(void)
{
	size_t len = 3 * BLOCK + 123;
	uint8_t *data = sp_malloc(len);

	for (uint32_t seed = 1; seed <= 6; seed++) {
		struct seen want = { 0 }, got;
		struct blob b;

		fill(data, len, seed * 1000);
		b = make(data, len);
		collect_slowly(data, len, &want);
		got = names_of(&b, 0);
		ok(want.nr > 100 && got.nr == want.nr, "seed %u: as many names", seed);
		ok(got.len == want.len && memcmp(got.all, want.all, got.len) == 0,
		   "and the same");
		seen_release(&got);
		seen_release(&want);
		blob_free(&b);
	}
	free(data);
}

static void across_blocks(void)
{
	static const char name[] = "share/name/x.so";
	static char zeros[2 * BLOCK + 50];
	struct blob b = make(zeros, sizeof(zeros));
	size_t found = 0, tried = 0;

	for (size_t at = BLOCK - 20; at < BLOCK + 5; at++, tried++) {
		uint8_t *p = b.data + MAKER_LEN + at;
		struct seen s;

		memcpy(p, name, sizeof(name));
		s = names_of(&b, 0);
		found += s.nr == 1 && strcmp(s.all, "share/name/x.so\n=\n") == 0;
		seen_release(&s);
		memset(p, 0, sizeof(name));
	}
	is_int((long long)found, (long long)tried, "names across blocks are found");
	blob_free(&b);
}

int main(void)
{
	rules();
	random_bytes();
	across_blocks();
	return test_done();
}
