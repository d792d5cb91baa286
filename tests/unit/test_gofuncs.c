/*
 * Names of Go functions: of compiled programs, stripped in every way, against the symbol
 * table that stripping takes away; of tables made by hand in the four formats; and of
 * tables that are damaged.
 */
#include "elf/gofuncs.h"

#include "base/map.h"
#include "elf_files.h"

#define GO "GOCACHE=${GOCACHE:-$PWD/cache} GO111MODULE=off GOFLAGS= GOPROXY=off CGO_ENABLED=0 "

struct names {
	struct sp_arena arena;
	struct sp_map map;
	size_t nr;
};

static void collect(void *ctx, const char *name)
{
	struct names *n = ctx;

	n->nr++;
	sp_map_set(&n->map, sp_arena_strdup(&n->arena, name), 1);
}

static bool has(const struct names *n, const char *name)
{
	return sp_map_get(&n->map, name) != SP_MAP_NONE;
}

static void names_release(struct names *n)
{
	sp_map_release(&n->map);
	sp_arena_release(&n->arena);
	*n = (struct names){ 0 };
}

static int names_of(struct blob *b, struct names *ret, struct sp_err *err)
{
	struct sp_elf *elf = blob_read(b, err);
	struct sp_file file = blob_file(b);
	int rc;

	*ret = (struct names){ 0 };
	if (!elf)
		return -1;
	rc = sp_elf_go_functions(elf, &file, collect, ret, err);
	sp_elf_free(elf);
	return rc;
}

/* --- compiled programs --- */

#define PROGRAM                                                                     \
	"package main\n\ntype List[E any] struct{ list []E }\n\n"                    \
	"func (l *List[E]) Push(e E) { l.list = append(l.list, e) }\n\n"             \
	"//go:noinline\nfunc Map[A, B any](list []A, f func(A) B) []B {\n"           \
	"\tvar out List[B]\n\tfor _, a := range list {\n\t\tout.Push(f(a))\n\t}\n"   \
	"\treturn out.list\n}\n\nfunc main() {\n"                                    \
	"\tprintln(len(Map([]int{1, 2}, func(i int) string { return \"x\" })))\n}\n"

/* Each line of text is a name; "runtime.text" and its like are marks, no functions. */
static void holds(const struct names *n, const char *text, const char *what)
{
	sp_autofree char *copy = sp_strdup(text);
	size_t lines = 0, missing = 0;

	for (char *p = copy, *end; (end = strchr(p, '\n')); p = end + 1) {
		*end = '\0';
		if (strcmp(p, "runtime.text") == 0 || strcmp(p, "runtime.etext") == 0)
			continue;
		lines++;
		if (!has(n, p) && missing++ < 5)
			note("missing: %s", p);
	}
	ok(lines > 500, "%s: there is something to compare, %zu names", what, lines);
	is_int((long long)missing, 0, "%s: all are found", what);
}

static void has_names(const char *file, const char *text, bool sections, const char *what)
{
	struct blob b = load(scratch_path(file));
	struct names n;
	struct sp_err err;

	if (!sections)
		strip_sections(&b);
	ok(names_of(&b, &n, &err) == 0, "%s: is read", what);
	holds(&n, text, what);
	ok(has(&n, "main.Map[...]") || has(&n, "main.Map[go.shape.int,go.shape.string]"),
	   "%s: one with type parameters", what);
	ok(!has(&n, "main.Ma") && !has(&n, "ain.main"), "%s: whole names", what);
	names_release(&n);
	blob_free(&b);
}

/* What the symbol table says, as the linker writes it into the other table. */
static char *symbols_of(const char *file)
{
	return output_of("go tool nm %s >nm && grep ' [Tt] ' nm | sed -E"
			 " 's/^ *[0-9a-f]* [Tt] //; s/\\[.*\\]/[...]/;"
			 " s/\\.abi(0|internal)$//'", file);
}

static void compiled(void)
{
	static const struct {
		const char *env, *flags, *strip;
	} cases[] = {
		{ "", "", "strip full -o stripped" },
		{ "", "-buildmode=pie -gcflags='all=-N -l'", "strip full -o stripped" },
		/* GNU ld, when it links a PIE, leaves no section of the table's own. */
		{ "", "-buildmode=pie -gcflags='all=-N -l'",
		  "objcopy -S --rename-section .data.rel.ro.gopclntab=.other full stripped" },
		/* Not optimised, where the runtime must be compiled for it. */
		{ "GOARCH=mips", "-gcflags='all=-N -l'", NULL },
		{ "GOARCH=arm GOARM=6", "-gcflags='all=-N -l'", NULL },
		{ "GOARCH=s390x", "-gcflags='all=-N -l'", NULL },
	};

	write_text("m.go", PROGRAM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *env = cases[i].env, *flags = cases[i].flags;
		char what[256];

		snprintf(what, sizeof(what), "%s %s %s", env, flags,
			 cases[i].strip ? cases[i].strip : "");
		if (!run(GO "%s go build %s -o full m.go && " GO
			 "%s go build -ldflags='-s -w' %s -o small m.go", env, flags, env, flags))
			continue;
		char *text = symbols_of("full");

		has_names("full", text, true, what);
		has_names("small", text, true, "the same with -s -w");
		has_names("small", text, false, "the same without section headers");
		if (cases[i].strip && run("%s", cases[i].strip))
			has_names("stripped", text, true, "the same stripped");
		free(text);
	}
}

static void not_go(void)
{
	struct blob b = compile("gcc in.c", "int main(void) { return 0; }");
	struct names n;
	struct sp_err err;

	ok(names_of(&b, &n, &err) == 0 && n.nr == 0, "a C program has none");
	names_release(&n);
	strip_sections(&b);
	ok(names_of(&b, &n, &err) == 0 && n.nr == 0, "nor without section headers");
	names_release(&n);
	blob_free(&b);
}

/* --- tables made by hand --- */

enum format { GO_2, GO_16, GO_18, GO_20, FORMATS };
static const char *const format_names[] = { "Go 1.2", "Go 1.16", "Go 1.18", "Go 1.20" };
static const uint32_t magics[] = { 0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1 };

struct writer {
	uint8_t *data;
	size_t at, word;
	bool big;
};

static void put(struct writer *w, size_t size, uint64_t value)
{
	put_number(w->data + w->at, size, w->big, value);
	w->at += size;
}

static size_t put_name(struct writer *w, const char *name)
{
	size_t at = w->at;

	memcpy(w->data + at, name, strlen(name) + 1);
	w->at += strlen(name) + 1;
	return at;
}

static void align(struct writer *w)
{
	while (w->at % w->word)
		put(w, 1, 0);
}

static void put_head(struct writer *w, enum format f, size_t nr)
{
	put(w, 4, magics[f]);
	put(w, 2, 0);
	put(w, 1, w->big ? 4 : 1);
	put(w, 1, w->word);
	put(w, w->word, nr);
}

/* Go 1.2: every other name stands before the description that it belongs to, as the
 * name of a function does that was inlined before. */
static void put_mixed(struct writer *w, const char *const *names, size_t nr)
{
	size_t list = 8 + w->word, name, before = 0;

	put_head(w, GO_2, nr);
	w->at = list + (2 * nr + 1) * w->word + 4;
	for (size_t i = 0; i < nr; i++) {
		struct writer entry = { w->data, list + 2 * i * w->word, w->word, w->big };

		align(w);
		put(&entry, w->word, 0x401000 + 64 * i);
		put(&entry, w->word, w->at);
		name = w->at + w->word;
		put(w, w->word, 0x401000 + 64 * i);
		for (int k = 0; k < 8; k++)
			put(w, 4, 0);
		put_number(w->data + name, 4, w->big, before ? before : w->at);
		if (!before)
			put_name(w, names[i]);
		before = !before && i + 1 < nr ? put_name(w, names[i + 1]) : 0;
	}
	align(w);
	put_number(w->data + list + (2 * nr + 1) * w->word, 4, w->big, w->at);
	put(w, 4, 1);
}

static void put_parts(struct writer *w, enum format f, const char *const *names, size_t nr)
{
	size_t field = f == GO_16 ? w->word : 4, offsets;

	put_head(w, f, nr);
	put(w, w->word, 1);
	if (f != GO_16)
		put(w, w->word, 0x401000);
	offsets = w->at;
	w->at += 5 * w->word;
	for (size_t part = 0; part < 5; part++) {
		align(w);
		put_number(w->data + offsets + part * w->word, w->word, w->big, w->at);
		for (size_t i = 0; i < nr && part == 0; i++)
			put_name(w, names[i]);
		for (size_t i = 0; i < 2 * nr + 1 && part == 4; i++)
			put(w, field, 64 * i);
		if (part > 0)
			put(w, 4, 1);
	}
}

/* The table of these names; the bytes it takes. */
static size_t put_table(uint8_t *data, enum format f, int bits, bool big,
			const char *const *names, size_t nr)
{
	struct writer w = { .data = data, .word = (size_t)bits / 8, .big = big };

	if (f == GO_2)
		put_mixed(&w, names, nr);
	else
		put_parts(&w, f, names, nr);
	return w.at;
}

static const char *const some[] = { "main.main", "os/user.Lookup", "time.LoadLocation",
				    "time.LoadLocationFromTZData", "os/exec.(*Cmd).Start" };
#define SOME (sizeof(some) / sizeof(*some))

/* A file whose segment of flags holds len bytes, a table at `at` among them. */
static struct blob make(int bits, bool big, uint32_t flags, size_t at, enum format f)
{
	struct maker m;

	maker_init(&m, bits, big);
	maker_phdr(&m, PT_LOAD, flags, MAKER_FREE, MAKER_LEN - MAKER_FREE, 0x1000);
	put_table(m.data + at, f, bits, big, some, SOME);
	return maker_finish(&m);
}

static void has_some(struct blob *b, bool all, const char *what)
{
	struct names n;
	struct sp_err err;
	size_t found = 0;

	if (!ok(names_of(b, &n, &err) == 0, "%s: is read", what))
		note("%s", err.msg);
	for (size_t i = 0; i < SOME; i++)
		found += has(&n, some[i]);
	is_int((long long)found, all ? SOME : 0, "%s: names", what);
	is_int((long long)n.nr, all ? SOME : 0, "%s: and no others", what);
	names_release(&n);
}

static void formats(void)
{
	for (unsigned i = 0; i < FORMATS * 4; i++) {
		struct blob b = make(i & 4 ? 64 : 32, i & 8, PF_R, MAKER_FREE + 0x20, i & 3);
		char what[64];

		snprintf(what, sizeof(what), "%s, %d bits, %s end first", format_names[i & 3],
			 i & 4 ? 64 : 32, i & 8 ? "big" : "little");
		has_some(&b, true, what);
		b.step = 100;
		has_some(&b, true, "the same in short reads");
		blob_free(&b);
	}
}

static void places(void)
{
	static const uint32_t flags[] = { PF_R, PF_R | PF_W, PF_R | PF_X };

	for (size_t i = 0; i < 3; i++) {
		struct blob b = make(64, false, flags[i], MAKER_FREE, GO_18);

		has_some(&b, true, "in any segment");
		SET_HEADER(&b, e_type, ET_EXEC);
		has_some(&b, true, "of a fixed program too");
		blob_free(&b);
	}
	struct blob b = make(64, false, PF_R, MAKER_FREE + 4, GO_18);

	has_some(&b, false, "at a place where no linker puts it");
	blob_free(&b);
	b = make(64, false, PF_R, MAKER_FREE + 0x208, GO_18);
	/* Headers of nothing, in front of it and across the end of the segment. */
	put_number(b.data + MAKER_FREE, 4, false, magics[GO_20]);
	put_number(b.data + MAKER_FREE + 4, 4, false, 0x08010000);
	put_number(b.data + MAKER_LEN - 8, 4, false, magics[GO_2]);
	put_number(b.data + MAKER_LEN - 4, 4, false, 0x08010000);
	has_some(&b, true, "behind what only looks like it");
	put_number(b.data + MAKER_FREE + 0x208, 4, false, 1);
	has_some(&b, false, "nothing but what looks like it");
	blob_free(&b);
}

/* --- large tables: names across blocks, long ones, many --- */

#define MANY 40000

static struct blob make_large(enum format f, const char *const *names, size_t nr,
			      size_t room)
{
	struct blob small = make(64, false, PF_R, MAKER_FREE, f);
	struct blob b = { .data = sp_calloc(1, MAKER_LEN + room), .len = MAKER_LEN,
			  .fail_after = -1 };

	memcpy(b.data, small.data, small.len);
	memset(b.data + MAKER_FREE, 0, MAKER_LEN - MAKER_FREE);
	b.len += put_table(b.data + MAKER_LEN, f, 64, false, names, nr);
	/* The third program header is that of the segment. */
	size_t at = MAKER_PHDRS + 2 * 56;

	put_number(b.data + at + 8, 8, false, MAKER_LEN);
	put_number(b.data + at + 16, 8, false, MAKER_LEN);
	put_number(b.data + at + 32, 8, false, b.len - MAKER_LEN);
	put_number(b.data + at + 40, 8, false, b.len - MAKER_LEN);
	blob_free(&small);
	return b;
}

static void large(void)
{
	struct sp_arena arena = { 0 };
	const char **names = sp_calloc(MANY, sizeof(*names));
	char *longest = sp_arena_alloc(&arena, SP_ELF_GO_NAME_MAX + 2);
	char *too_long = sp_arena_alloc(&arena, 3 * 128 * 1024);
	struct names n;
	struct sp_err err;

	memset(longest, 'x', SP_ELF_GO_NAME_MAX);
	memset(too_long, 'y', 3 * 128 * 1024 - 1);
	for (size_t i = 0; i < MANY; i++)
		names[i] = sp_arena_strf(&arena, "pkg%zu.Function%zu", i % 97, i * i);
	names[7] = longest;
	for (unsigned f = 0; f < FORMATS; f++) {
		struct blob b = make_large(f, names, MANY, 8 << 20);
		size_t missing = 0;

		ok(names_of(&b, &n, &err) == 0, "%s: a large table", format_names[f]);
		for (size_t i = 0; i < MANY; i++)
			missing += !has(&n, names[i]);
		is_int((long long)missing, 0, "all names are found");
		is_int((long long)n.nr, MANY, "and no others");
		ok(b.bytes < 4 * b.len, "without reading it again and again");
		names_release(&n);
		blob_free(&b);
	}
	names[8] = too_long;
	longest[SP_ELF_GO_NAME_MAX] = 'x';
	for (unsigned f = GO_16; f < FORMATS; f++) {
		struct blob b = make_large(f, names, MANY, 8 << 20);

		ok(names_of(&b, &n, &err) == 0 && n.nr == MANY - 2 && !has(&n, longest),
		   "%s: names that are too long are left out", format_names[f]);
		ok(has(&n, names[6]) && has(&n, names[9]), "and their neighbours are not");
		names_release(&n);
		blob_free(&b);
	}
	/* Where a name has no end within reach, the table is no table any more. */
	struct blob b = make_large(GO_2, names, MANY, 8 << 20);
	ok(names_of(&b, &n, &err) == 0 && n.nr < MANY && !has(&n, longest),
	   "Go 1.2: a name that is too long is left out");
	names_release(&n);
	blob_free(&b);
	free(names);
	sp_arena_release(&arena);
}

/* --- damage --- */

#define AT (MAKER_FREE + 0x20)

static void survives(struct blob *b, size_t *failures)
{
	struct names n;
	struct sp_err err;

	*failures += names_of(b, &n, &err) != 0 || n.nr > 2 * SOME + 8;
	names_release(&n);
}

static void flipped(void)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct writer none = { .data = (uint8_t[1024]){ 0 } };

	for (unsigned i = 0; i < FORMATS * 4; i++) {
		struct blob b = make(i & 4 ? 64 : 32, i & 8, PF_R, AT, i & 3);
		size_t len = put_table(none.data, i & 3, i & 4 ? 64 : 32, i & 8, some, SOME);
		size_t failures = 0;

		for (size_t at = 0; at < len; at++)
			for (size_t v = 0; v < sizeof(values); v++) {
				uint8_t old = b.data[AT + at];

				b.data[AT + at] = values[v];
				survives(&b, &failures);
				b.data[AT + at] = old;
			}
		is_int((long long)failures, 0, "%s: any byte may be wrong", format_names[i & 3]);
		blob_free(&b);
	}
}

/* The segment, and so the file, ends early. */
static void cut(void)
{
	for (unsigned f = 0; f < FORMATS; f++) {
		struct blob b = make(64, false, PF_R, AT, f);
		size_t failures = 0;

		for (size_t len = 0; len < 0x400; len++) {
			put_number(b.data + MAKER_PHDRS + 2 * 56 + 32, 8, false, len);
			put_number(b.data + MAKER_PHDRS + 32, 8, false, MAKER_FREE + len);
			b.len = MAKER_FREE + len;
			survives(&b, &failures);
		}
		is_int((long long)failures, 0, "%s: may end anywhere", format_names[f]);
		b.len = MAKER_LEN;
		blob_free(&b);
	}
}

static void lies(void)
{
	static const struct {
		enum format f;
		size_t at, size;
		uint64_t value;
		const char *what;
	} cases[] = {
		{ GO_18, 4, 1, 1, "a pad that is none" },
		{ GO_18, 6, 1, 3, "instructions of 3 bytes" },
		{ GO_18, 7, 1, 2, "pointers of 2 bytes" },
		{ GO_18, 8, 8, 0, "no functions" },
		{ GO_18, 8, 8, SP_ELF_GO_FUNCTIONS_MAX + 1, "too many functions" },
		{ GO_18, 8, 8, 1000000, "more functions than there is room" },
		{ GO_18, 32, 8, 0, "names in the header" },
		{ GO_18, 32, 8, -1ull, "names nowhere" },
		{ GO_18, 40, 8, 64, "names that end before they begin" },
		{ GO_18, 40, 8, 72, "names of no length" },
		{ GO_18, 40, 8, 80, "a last name without end" },
		{ GO_18, 64, 8, 1 << 20, "functions outside the file" },
		{ GO_16, 56, 8, 1 << 20, "functions outside the file" },
		{ GO_2, 8, 8, 1000000, "a list outside the file" },
		{ GO_2, 24, 8, 1 << 20, "a description outside the file" },
		{ GO_2, 24, 8, 16, "a description in the list" },
		{ GO_2, 24, 8, -4ull, "a description beyond everything" },
		{ GO_2, 24 + 16, 8, 1 << 20, "a second description outside the file" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = make(64, false, PF_R, AT, cases[i].f);

		put_number(b.data + AT + cases[i].at, cases[i].size, false, cases[i].value);
		has_some(&b, false, cases[i].what);
		blob_free(&b);
	}
}

/* A table in which each name is part of the one before would take time without end. */
static void overlapping(void)
{
	struct blob b = make(64, false, PF_R, MAKER_FREE, GO_2);
	struct names n;
	struct sp_err err;
	size_t list = MAKER_FREE + 16, first = 16 + 11 * 8 + 4;
	size_t description = (size_t)get_number(b.data + list + 8, 8, false);

	for (size_t i = 0; i < SOME; i++) {
		size_t at = MAKER_FREE + (size_t)get_number(b.data + list + 16 * i + 8, 8, false);

		put_number(b.data + at + 8, 4, false, description + 8 + 4 + 28 + i);
	}
	ok(names_of(&b, &n, &err) == 0 && n.nr <= 1, "names that overlap end the table");
	names_release(&n);
	ok(description >= first, "the test knows the table");
	blob_free(&b);
}

static void failing_reads(void)
{
	for (unsigned f = 0; f < FORMATS; f++) {
		struct blob b = make(64, false, PF_R, AT, f);
		struct sp_err err = { 0 };
		struct sp_elf *elf = must_read(&b, "the file");
		struct sp_file file = blob_file(&b);
		struct names n = { 0 };
		long failures = 0;
		int rc = -1;

		for (long i = 0; i < 100 && rc; i++) {
			b.fail_after = i;
			err = (struct sp_err){ 0 };
			rc = sp_elf_go_functions(elf, &file, collect, &n, &err);
			failures += rc == -1 && err.code == SP_EFAIL;
		}
		ok(rc == 0 && failures >= 4, "%s: %ld reads can fail, and say so",
		   format_names[f], failures);
		names_release(&n);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

int main(void)
{
	if (system("go version >/dev/null 2>&1") == 0)
		compiled();
	else
		skip("there is no go");
	not_go();
	formats();
	places();
	large();
	flipped();
	cut();
	lies();
	overlapping();
	failing_reads();
	return test_done();
}
