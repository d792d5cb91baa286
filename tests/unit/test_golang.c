/*
 * Go build information: of compiled programs, in both formats and byte orders, with
 * and without section headers, and damaged in every way.
 */
#include "elf/reader.h"

#include "elf/kind.h"
#include "elf_files.h"

#define GO "GOCACHE=${GOCACHE:-$PWD/cache} GO111MODULE=off GOFLAGS= GOPROXY=off CGO_ENABLED=0 "
#define MAGIC "\xff Go buildinf:"
#define MARK1 "0w\xaf\x0c\x92t\x08\x02""A\xe1\xc1\x07\xe6\xd6\x18\xe6"
#define MARK2 "\xf9""2C1\x86\x18 r\x00\x82""B\x10""A\x16\xd8\xf2"

static void is_go(struct blob *b, const char *setting, const char *kind, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	char *version = output_of("go env GOVERSION | tr -d '\\n'");

	is_str(elf->go.version, version, "%s: version", what);
	ok(elf->go.module_info && strncmp(elf->go.module_info, "path\t", 5) == 0 &&
	   strstr(elf->go.module_info, setting), "%s:%.*s", what,
	   (int)strcspn(setting, "\n"), setting);
	is_str(sp_kind_name(sp_kind_of(elf)), kind, "%s: kind", what);
	is_str(sp_kind_language(elf), "go", "%s: language", what);
	free(version);
	sp_elf_free(elf);
}

static void compiled(void)
{
	static const struct {
		const char *env, *flags, *setting, *kind;
	} cases[] = {
		{ "", "", "\tGOARCH=amd64\n", "static" },
		{ "", "-ldflags='-s -w'", "\tCGO_ENABLED=0\n", "static" },
		{ "", "-buildmode=pie", "\tGOOS=linux\n", "dynamic" },
		{ "GOARCH=s390x", "", "\tGOARCH=s390x\n", "static" },
	};
	struct sp_elf *elf;

	write_text("m.go", "package main\n\nfunc main() {}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Not optimised, where the runtime must be compiled for it. */
		if (!run(GO "%s go build %s %s -o out m.go", cases[i].env,
			 i < 2 ? "" : "-gcflags='all=-N -l'", cases[i].flags))
			continue;
		struct blob b = load(scratch_path("out"));

		is_go(&b, cases[i].setting, cases[i].kind, cases[i].flags);
		strip_sections(&b);
		is_go(&b, cases[i].setting, cases[i].kind, "without section headers");
		elf = must_read(&b, "it again");
		bool note = false;
		for (size_t k = 0; k < elf->notes_nr; k++)
			note |= strcmp(elf->notes[k].owner, "Go") == 0;
		ok(note, "the Go build id is among the notes");
		is_int((long long)elf->needed_nr, 0, "no library is needed");
		sp_elf_free(elf);
		blob_free(&b);
	}
}

/* A file with a writable segment at MAKER_FREE, and in it what begins as build
 * information of the given flags. */
static void make(struct maker *m, int bits, bool big, uint8_t flags)
{
	maker_init(m, bits, big);
	maker_phdr(m, PT_LOAD, PF_R | PF_W, MAKER_FREE, 0x800, 0x1000);
	memcpy(m->data + MAKER_FREE + 0x20, MAGIC, 14);
	m->data[MAKER_FREE + 0x2e] = (uint8_t)(bits / 8);
	m->data[MAKER_FREE + 0x2f] = flags;
}

#define INLINE (MAKER_FREE + 0x40)

/* Put bytes after their length, which is below 128; where the next go. */
static size_t put_inline(struct maker *m, size_t at, const char *bytes, size_t len)
{
	m->data[at] = (uint8_t)len;
	memcpy(m->data + at + 1, bytes, len);
	return at + 1 + len;
}

static void is_info(struct maker *m, const char *version, const char *info,
		    const char *what)
{
	struct blob b = maker_finish(m);
	struct sp_elf *elf = must_read(&b, what);

	is_str(elf->go.version, version, "%s: version", what);
	is_str(elf->go.module_info, info, "%s: modules", what);
	sp_elf_free(elf);
	blob_free(&b);
}

#define MODULES MARK1 "path\tx\nbuild\tA=1\n" MARK2

static void inline_format(void)
{
	struct maker m;
	size_t at;

	for (int i = 0; i < 4; i++) {
		make(&m, i & 1 ? 64 : 32, i & 2, 2 | (i & 2 ? 1 : 0));
		at = put_inline(&m, INLINE, "go1.21.3", 8);
		put_inline(&m, at, MODULES, sizeof(MODULES) - 1);
		is_info(&m, "go1.21.3", "path\tx\nbuild\tA=1\n", "inline");
	}
	make(&m, 64, false, 2);
	at = put_inline(&m, INLINE, "go1.21.3", 8);
	is_info(&m, "go1.21.3", "", "no modules");
	put_inline(&m, at, MODULES, 32);
	is_info(&m, "go1.21.3", "", "modules cut short");
	put_inline(&m, INLINE, "go1.20-X\xff\n%s", 12);
	is_info(&m, "go1.20-X\xff\n%s", "", "odd bytes in a version");

	/* Damage. */
	make(&m, 64, false, 2);
	is_info(&m, NULL, NULL, "an empty version");
	put_inline(&m, INLINE, "go\0001.2", 6);
	is_info(&m, NULL, NULL, "a version with a NUL in it");
	memcpy(m.data + INLINE, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 10);
	is_info(&m, NULL, NULL, "a length without end");
	memcpy(m.data + INLINE, "\xff\xff\xff\xff\x0f", 5);
	is_info(&m, NULL, NULL, "a length of 4 GiB");
	memcpy(m.data + INLINE, "\x81\x02", 2);
	is_info(&m, NULL, NULL, "a version of 257 bytes");
	at = put_inline(&m, INLINE, "go1.21.3", 8);
	memcpy(m.data + at, "\xff\xff\x3f", 3);
	is_info(&m, NULL, NULL, "modules that go beyond the file");
	memcpy(m.data + at, "\xff\xff\xff\x7f", 4);
	is_info(&m, NULL, NULL, "modules of 256 MiB");
}

/* Where in memory a byte of the file is; two segments hold it, both the same. */
#define AT(offset) (MAKER_BASE + (offset))
#define HEADERS (MAKER_FREE + 0x100)

static void make_pointers(struct maker *m, int bits, bool big)
{
	size_t w = (size_t)bits / 8;

	make(m, bits, big, big);
	maker_put(m, MAKER_FREE + 0x30, w, AT(HEADERS));
	maker_put(m, MAKER_FREE + 0x30 + w, w, AT(HEADERS + 16));
	maker_put(m, HEADERS, w, AT(HEADERS + 0x40));
	maker_put(m, HEADERS + w, w, 8);
	memcpy(m->data + HEADERS + 0x40, "go1.16.7", 8);
	maker_put(m, HEADERS + 16, w, AT(HEADERS + 0x60));
	maker_put(m, HEADERS + 16 + w, w, sizeof(MODULES) - 1);
	memcpy(m->data + HEADERS + 0x60, MODULES, sizeof(MODULES) - 1);
}

static void pointer_format(void)
{
	static const struct {
		size_t at;
		uint64_t value;
		const char *what;
	} lies[] = {
		{ MAKER_FREE + 0x30, 0, "no version header" },
		{ MAKER_FREE + 0x30, AT(MAKER_LEN - 8), "a version header cut short" },
		{ MAKER_FREE + 0x38, AT(MAKER_LEN), "a modules header outside the file" },
		{ HEADERS, 0, "a version nowhere" },
		{ HEADERS, AT(MAKER_LEN - 4), "a version cut short" },
		{ HEADERS + 8, 0, "an empty version" },
		{ HEADERS + 8, -1ull, "a version too long" },
		{ HEADERS + 8, 300, "a version of 300 bytes" },
		{ HEADERS + 24, 0x10000, "modules that go beyond the file" },
	};
	struct maker m;

	for (int i = 0; i < 4; i++) {
		make_pointers(&m, i & 1 ? 64 : 32, i & 2);
		is_info(&m, "go1.16.7", "path\tx\nbuild\tA=1\n", "pointers");
	}
	make_pointers(&m, 64, false);
	maker_put(&m, HEADERS + 24, 8, 0);
	is_info(&m, "go1.16.7", "", "no modules");
	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		make_pointers(&m, 64, false);
		maker_put(&m, lies[i].at, 8, lies[i].value);
		is_info(&m, NULL, NULL, lies[i].what);
	}
	make_pointers(&m, 64, false);
	m.data[MAKER_FREE + 0x2e] = 4;
	is_info(&m, NULL, NULL, "pointers of another size");
	make_pointers(&m, 64, false);
	m.data[MAKER_FREE + 0x2f] = 1;
	is_info(&m, NULL, NULL, "pointers of another byte order");
}

static void places(void)
{
	struct maker m;

	make(&m, 64, false, 2);
	put_inline(&m, INLINE, "go1.21.3", 8);
	/* The same, 8 bytes further: not a place where Go puts it. */
	memmove(m.data + MAKER_FREE + 0x28, m.data + MAKER_FREE + 0x20, 0x80);
	memset(m.data + MAKER_FREE + 0x20, 0, 8);
	is_info(&m, NULL, NULL, "not aligned");

	make(&m, 64, false, 2);
	put_inline(&m, INLINE, "go1.21.3", 8);
	/* A false one before the true one. */
	memmove(m.data + MAKER_FREE + 0x100, m.data + MAKER_FREE + 0x20, 0x80);
	memset(m.data + INLINE, 0xff, 0x20);
	is_info(&m, "go1.21.3", "", "the second of two");

	make(&m, 64, false, 2);
	put_inline(&m, INLINE, "go1.21.3", 8);
	maker_put(&m, MAKER_PHDRS + 2 * 56 + 4, 4, PF_R);
	is_info(&m, NULL, NULL, "a segment that is not writable");

	make(&m, 64, false, 2);
	for (size_t at = MAKER_FREE; at < MAKER_LEN - 16; at += 16)
		memcpy(m.data + at, MAGIC "\10\2", 16);
	is_info(&m, NULL, NULL, "nothing but magics");

	/* A C program that holds the text has no section of that name. */
	struct blob b = compile("gcc in.c",
		"__attribute__((aligned(16))) char s[64] = \"\\377 Go buildinf:\\10\\2"
		"0123456789abcdef\\10go1.21.3\"; int main(void) { return s[0]; }");
	struct sp_elf *elf = must_read(&b, "a C program");
	is_str(elf->go.version, NULL, "with the magic in its data is none of Go");
	sp_elf_free(elf);
	blob_free(&b);
}

/* Every byte of a good block changed, in turn and in several ways. */
static void damage(void)
{
	int read = 0;

	for (int format = 0; format < 2; format++)
		for (size_t at = 0x20; at < 0x180; at++)
			for (int bit = 0; bit < 9; bit++) {
				struct sp_err err;
				struct maker m;

				if (format)
					make_pointers(&m, 64, false);
				else
					make(&m, 64, false, 2);
				if (!format)
					put_inline(&m, put_inline(&m, INLINE, "go1.2", 5),
						   MODULES, sizeof(MODULES) - 1);
				m.data[MAKER_FREE + at] ^= (uint8_t)(bit < 8 ? 1 << bit : 0xff);
				struct blob b = maker_finish(&m);
				struct sp_elf *elf = blob_read(&b, &err);
				read += elf != NULL;
				sp_elf_free(elf);
				blob_free(&b);
			}
	is_int(read, 2 * 0x160 * 9, "damage is no error");
}

static void settings(void)
{
	struct sp_elf elf = { .go = { "go1.21", "path\tx\ndep\tA=0\nbuild\tA=1\n"
						"build\tAB=2\nbuild\t-tags=a,b\n"
						"build\tLAST=3" } };
	char buf[8];

	is_str(sp_golang_setting(&elf, "A", buf, sizeof(buf)), "1", "a setting");
	is_str(sp_golang_setting(&elf, "AB", buf, sizeof(buf)), "2", "a longer name");
	is_str(sp_golang_setting(&elf, "-tags", buf, sizeof(buf)), "a,b", "a flag");
	is_str(sp_golang_setting(&elf, "LAST", buf, sizeof(buf)), "3", "one without newline");
	is_str(sp_golang_setting(&elf, "LAST", buf, 1), NULL, "one too long for the buffer");
	is_str(sp_golang_setting(&elf, "B", buf, sizeof(buf)), NULL, "one that is not there");
	elf.go.version = NULL;
	is_str(sp_golang_setting(&elf, "A", buf, sizeof(buf)), NULL, "no program of Go");
}

int main(void)
{
	compiled();
	inline_format();
	pointer_format();
	places();
	damage();
	settings();
	return test_done();
}
