/*
 * Constant strings: of compiled programs in several layouts, of random bytes against a
 * slow reading of the whole, and needles at every place around the ends of blocks.
 */
#include "elf/strings.h"

#include "elf_files.h"

#define BLOCK (128 * 1024)	/* as stream.c reads */

struct seen {
	char *all;		/* "\n" text "\n" text "\n" */
	size_t len, nr, wanted;	/* wanted: stop after as many, 0 for never */
};

static bool collect(void *ctx, const char *text, size_t len)
{
	struct seen *s = ctx;

	s->all = sp_realloc(s->all, s->len + len + 3, 1);
	s->len += (size_t)sprintf(s->all + s->len, "%s%.*s\n", s->nr ? "" : "\n", (int)len, text);
	if (text[len] != '\0' || strlen(text) != len)
		s->len = 0;
	return ++s->nr != s->wanted;
}

static void seen_release(struct seen *s)
{
	free(s->all);
	*s = (struct seen){ 0 };
}

static bool saw(const struct seen *s, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line), "\n%s\n", text);
	return s->all && strstr(s->all, line);
}

static struct seen strings_of(struct blob *b, size_t min_len)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = must_read(b, "the file");
	struct sp_err err = { 0 };
	struct seen s = { 0 };

	if (sp_elf_strings(elf, &file, min_len, collect, &s, &err))
		ok(false, "strings are read: %s", err.msg);
	sp_elf_free(elf);
	return s;
}

static bool contains(struct blob *b, const char *needle)
{
	struct sp_file file = blob_file(b);
	struct sp_elf *elf = must_read(b, "the file");
	struct sp_err err = { 0 };
	bool found = true;

	if (sp_elf_contains(elf, &file, &needle, 1, &found, &err))
		ok(false, "needles are looked for: %s", err.msg);
	sp_elf_free(elf);
	return found;
}

/* --- compiled programs --- */

#define SOURCE                                                                      \
	"extern int puts(const char *);\n"                                           \
	"char variable[] = \"/a/writable/path\";\n"                                  \
	"const char table[] = \"/a/constant/path\\0second/part\\0\";\n"              \
	"const unsigned char numbers[] = { 0x41, 0xf8, 0xff, 0xff, 0xff, '/', 'x', '/', 'y', 0," \
	" 0x90, 'z', '/', 'y', 0, 1, 2, 'u', '/', 'y', 0 };\n"                        \
	"int a_function(void) { return puts(\"one\\nlib\\303\\251.so.3\\n/after/line\")" \
	" + puts(variable) + puts(table) + puts(\"abc\") + puts((const char *)numbers); }\n" \
	"int main(void) { return a_function(); }\n"

static void compiled(void)
{
	static const char *const commands[] = {
		"gcc in.c", "gcc -static in.c", "gcc -shared -fPIC in.c",
		"gcc in.c -Wl,-z,noseparate-code", "musl-gcc -static in.c",
		"gcc -m32 -nostdlib -shared -fPIC in.c",
		"aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c",
		"gcc -nostdlib -static -Wl,-e,main,-N,--unresolved-symbols=ignore-all in.c",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct blob b = compile(commands[i], SOURCE);
		bool apart = !strstr(commands[i], ",-N,");

		for (int k = 0; k < 2; k++) {
			struct seen s = strings_of(&b, 3);
			const char *what = k ? "without section headers" : commands[i];

			ok(saw(&s, "/a/constant/path") && saw(&s, "second/part") &&
			   saw(&s, "abc"), "%s: constants", what);
			ok(saw(&s, "/after/line") && !strstr(s.all, "\xa9.so.3"),
			   "%s: what follows a line feed", what);
			ok(saw(&s, "/x/y") && saw(&s, "z/y") && saw(&s, "u/y"),
			   "%s: numbers in front of a string are none of it", what);
			is_int(saw(&s, "/a/writable/path"), !apart, "%s: a variable", what);
			ok(!saw(&s, "a_function") && !saw(&s, "main") && !saw(&s, "puts"),
			   "%s: no symbols", what);
			/* A C library that is inside knows loaders by name. */
			if (!strstr(commands[i], "-static"))
				ok(!strstr(s.all, "ld-linux") && !saw(&s, "libc.so.6"),
				   "%s: no names for the loader", what);
			ok(contains(&b, "lib\xc3\xa9.so.3\n/after") && contains(&b, "path"),
			   "%s: needles", what);
			ok(!contains(&b, "/a/constant/Path") && !contains(&b, "a_function"),
			   "%s: needles that are not there", what);
			is_int(contains(&b, "a/writable"), !apart, "%s: variables", what);
			seen_release(&s);
			strip_sections(&b);
		}
		blob_free(&b);
	}
}

static void rules(void)
{
	struct blob b = compile("gcc -nostdlib -shared -fPIC in.c",
		"const char a[] = \"abcd\\0abcde\\0caf\\303\\251\\0\\342\\202\\254uro\\0"
		"tab\\tbed\\0\\355\\240\\200sur\\0\\303\\0\\177del\\0\";");
	struct seen s = strings_of(&b, 0);

	ok(saw(&s, "abcd") && saw(&s, "abcde"), "strings of any length");
	ok(saw(&s, "caf\xc3\xa9") && saw(&s, "\xe2\x82\xacuro"), "UTF-8 is text");
	ok(saw(&s, "bed") && !strstr(s.all, "tab"), "a tab is none");
	ok(saw(&s, "sur") && saw(&s, "del"), "nor are half a pair and DEL");
	ok(!strstr(s.all, "\n\n"), "none is empty");
	seen_release(&s);
	s = strings_of(&b, 5);
	ok(!saw(&s, "abcd") && saw(&s, "abcde") && saw(&s, "caf\xc3\xa9"),
	   "the least length counts bytes");
	ok(!saw(&s, "sur"), "of text alone");
	seen_release(&s);

	struct sp_file file = blob_file(&b);
	struct sp_elf *elf = must_read(&b, "the file");
	struct sp_err err = { 0 };

	s.wanted = 2;
	ok(sp_elf_strings(elf, &file, 1, collect, &s, &err) == 0 && s.nr == 2,
	   "who has seen enough gets no more");
	seen_release(&s);
	sp_elf_free(elf);
	blob_free(&b);
}

/* --- large files made by hand --- */

/* A file with a segment of len constants, as data says or of zeros. */
static struct blob make(const uint8_t *data, size_t len)
{
	struct maker m;

	maker_init(&m, 64, false);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_LEN, len, 0x1000);
	struct blob small = maker_finish(&m);
	struct blob b = { .data = sp_calloc(1, MAKER_LEN + len + 1), .len = MAKER_LEN + len,
			  .fail_after = -1 };

	memcpy(b.data, small.data, small.len);
	if (data)
		memcpy(b.data + MAKER_LEN, data, len);
	blob_free(&small);
	return b;
}

static uint32_t next(uint32_t *state)
{
	*state = (uint32_t)(*state * 48271ull % 2147483647u);
	return *state;
}

/* ASCII strings between bytes that are no text, some just as long as they may be. */
static void fill(uint8_t *data, size_t len, uint32_t state)
{
	static const uint8_t ends[] = { 0, 0, 0, 0, 1, '\n', 0x7f, 0xff, 0xc0 };

	for (size_t i = 0; i < len;) {
		uint32_t kind = next(&state) % 64;
		size_t n = kind == 0 ? 4090 + next(&state) % 12 :
			   kind == 1 ? 9000 + next(&state) % 9000 : next(&state) % 200;

		for (; n > 0 && i < len; n--)
			data[i++] = (uint8_t)(0x20 + next(&state) % 0x5f);
		if (i < len)
			data[i++] = ends[next(&state) % sizeof(ends)];
	}
}

/* The same by looking back from each NUL. */
static void collect_slowly(const uint8_t *data, size_t len, size_t min_len, struct seen *ret)
{
	for (size_t end = 0; end < len; end++) {
		size_t start = end;

		while (data[end] == 0 && start > 0 && data[start - 1] >= 0x20 &&
		       data[start - 1] < 0x7f)
			start--;
		if (data[end] == 0 && end - start >= min_len && end - start <= SP_ELF_TEXT_MAX)
			collect(ret, (const char *)data + start, end - start);
	}
}

static void random_bytes(void)
{
	size_t len = 5 * BLOCK + 123;
	uint8_t *data = sp_malloc(len);

	for (uint32_t seed = 1; seed <= 6; seed++) {
		struct seen want = { 0 }, got;
		struct blob b;

		fill(data, len, seed * 1000);
		b = make(data, len);
		collect_slowly(data, len, seed, &want);
		for (b.step = 0; b.step < 100000; b.step += 77777) {
			got = strings_of(&b, seed);
			is_int((long long)got.nr, (long long)want.nr, "as many strings");
			ok(got.len == want.len && memcmp(got.all, want.all, got.len) == 0,
			   "and the same");
			seen_release(&got);
		}
		seen_release(&want);
		blob_free(&b);
	}
	free(data);
}

struct marked {
	const char *mark;
	struct seen seen;
};

static bool collect_marked(void *ctx, const char *text, size_t len)
{
	struct marked *m = ctx;

	return !strstr(text, m->mark) || collect(&m->seen, text, len);
}

/* Two marks are asked for at once; those of the second are filtered apart. */
static bool collect_found(void *ctx, size_t mark, const char *text, size_t len)
{
	struct marked *m = ctx;

	return mark != 1 || collect(&m->seen, text, len);
}

/* Asking for a mark gives what filtering all strings gives. */
static void with_mark(void)
{
	size_t len = 5 * BLOCK + 123, right = 0, hits = 0;
	uint8_t *data = sp_malloc(len);
	uint32_t state = 77;

	fill(data, len, 4242);
	struct blob b = make(data, len);
	struct sp_file file = blob_file(&b);
	struct sp_elf *elf = must_read(&b, "the file");
	for (int i = 0; i < 100; i++) {
		char mark[4] = { 0 };
		struct sp_err err = { 0 };
		struct marked want = { mark, { 0 } }, got = { mark, { 0 } };
		/* some are near the end of a block */
		size_t at = i % 3 ? next(&state) % (len - 3) :
			    (1 + next(&state) % 5) * BLOCK - next(&state) % 5000;

		memcpy(mark, data + at, 3);
		if (strlen(mark) != 3 || mark[0] < 0x20 || mark[1] < 0x20 || mark[2] < 0x20) {
			right++;
			continue;
		}
		right += !sp_elf_strings(elf, &file, 3, collect_marked, &want, &err) &&
			 !sp_elf_strings_with(elf, &file, (const char *[]){ "a", mark }, 2,
					      collect_found, &got, &err) &&
			 got.seen.len == want.seen.len &&
			 (!got.seen.len || !memcmp(got.seen.all, want.seen.all, got.seen.len));
		hits += got.seen.nr;
		seen_release(&got.seen);
		seen_release(&want.seen);
	}
	is_int((long long)right, 100, "strings with a mark");
	ok(hits > 30, "of which there were some");
	sp_elf_free(elf);
	blob_free(&b);
	free(data);
}

/* A needle, and a string, at every place around the end of a block. */
static void across_blocks(void)
{
	static const char needle[] = "/usr/share/zoneinfo/";
	struct blob b = make(NULL, 2 * BLOCK + 50);
	size_t len = sizeof(needle) - 1, found = 0, seen = 0, tried = 0;

	for (size_t at = BLOCK - 30; at < BLOCK + 5; at++, tried++) {
		uint8_t *p = b.data + MAKER_LEN + at;
		struct seen s;

		memcpy(p, needle, len);
		found += contains(&b, needle) && !contains(&b, "/usr/share/zoneinfo//");
		s = strings_of(&b, 4);
		seen += s.nr == 1 && saw(&s, needle);
		seen_release(&s);
		memset(p, 0, len);
	}
	is_int((long long)found, (long long)tried, "needles across blocks are found");
	is_int((long long)seen, (long long)tried, "and strings");
	memcpy(b.data + b.len - len, needle, len);
	ok(contains(&b, needle), "a needle at the very end");
	struct seen s = strings_of(&b, 4);
	is_int((long long)s.nr, 0, "a string that nothing ends is none");
	seen_release(&s);
	blob_free(&b);
}

static void needles(void)
{
	char longest[SP_ELF_TEXT_MAX + 2];
	const char *const list[] = { "abc", "", "bcd", longest, "abd", longest + 1, "d" };
	bool found[7] = { false, true, true, true, true, false, false };
	struct blob b = make(NULL, BLOCK + 5000);
	struct sp_file file = blob_file(&b);
	struct sp_elf *elf = must_read(&b, "the file");
	struct sp_err err = { 0 };

	memset(longest, 'x', SP_ELF_TEXT_MAX + 1);
	longest[SP_ELF_TEXT_MAX + 1] = '\0';
	memcpy(b.data + MAKER_LEN + 3, "abcd", 4);
	memcpy(b.data + MAKER_LEN + BLOCK - 100, longest, SP_ELF_TEXT_MAX + 1);
	ok(sp_elf_contains(elf, &file, list, 7, found, &err) == 0, "several needles");
	ok(found[0] && found[2] && found[6] && !found[4], "each has its answer");
	ok(!found[1] && !found[3], "an empty one and one too long are not found");
	ok(found[5], "the longest is");
	ok(sp_elf_contains(elf, &file, list, 0, found, &err) == 0, "no needles");
	b.reads = b.bytes = 0;
	ok(sp_elf_contains(elf, &file, list, 1, found, &err) == 0 && found[0] &&
	   b.bytes < 2 * BLOCK, "when all are found, the rest is not read");
	for (long i = 0, rc = -1; i < 20 && rc; i++) {
		b.fail_after = i;
		err = (struct sp_err){ 0 };
		rc = sp_elf_contains(elf, &file, list + 4, 1, found, &err);
		ok(rc == 0 ? i > 2 : err.code == SP_EFAIL, "read %ld: its failure is said", i);
	}
	sp_elf_free(elf);
	blob_free(&b);
}

static void no_segments(void)
{
	struct blob b = compile("gcc -c in.c", "const char s[] = \"/a/path\";");
	struct seen s = strings_of(&b, 1);

	ok(s.nr == 0 && !contains(&b, "path"), "an object file is no program: no constants");
	seen_release(&s);
	blob_free(&b);
}

int main(void)
{
	compiled();
	rules();
	random_bytes();
	with_mark();
	across_blocks();
	needles();
	no_segments();
	return test_done();
}
