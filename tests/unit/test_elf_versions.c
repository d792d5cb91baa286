/*
 * Symbol versions: those of compiled libraries as readelf lists them, chains that
 * lie, and the floor for glibc.
 */
#include "elf/reader.h"

#include "elf_files.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Versions as sorted lines "FILE NAME" (needed) and "NAME" (defined). */
static char *listed(const struct sp_elf_version *list, size_t nr)
{
	char **lines = sp_calloc(nr + 1, sizeof(*lines)), *all = sp_strdup("");

	for (size_t i = 0; i < nr; i++)
		lines[i] = list[i].file ? sp_strf("%s %s%s\n", list[i].file, list[i].name,
						  list[i].weak ? " WEAK" : "") :
					  sp_strf("%s\n", list[i].name);
	qsort(lines, nr, sizeof(*lines), by_text);
	for (size_t i = 0; i < nr; i++) {
		char *more = sp_strf("%s%s", all, lines[i]);

		free(all);
		free(lines[i]);
		all = more;
	}
	free(lines);
	return all;
}

/* readelf prints "File: F" and, below, "Name: N  Flags: ..." for each version. */
#define NEEDED_BY_READELF                                                          \
	"readelf -VW %s | awk '/File: /{sub(/.*File: /,\"\"); f=$1}"               \
	" /version definition|symbols section/{f=\"\"}"                            \
	" f && /Name: .*Version: /{w=/WEAK/?\" WEAK\":\"\"; sub(/.*Name: /,\"\");" \
	" print f \" \" $1 w}' | LC_ALL=C sort"
#define DEFINED_BY_READELF \
	"readelf -VW %s | sed -n 's/.*Rev: 1 .*Name: //p' | LC_ALL=C sort"

static void as_readelf(struct blob *b, const char *path)
{
	struct sp_elf *elf = must_read(b, path);
	char *want = output_of(NEEDED_BY_READELF, path);
	char *got = listed(elf->verneed, elf->verneed_nr);

	is_str(got, want, "%s: needed versions as readelf has them", path);
	free(got);
	free(want);
	want = output_of(DEFINED_BY_READELF, path);
	got = listed(elf->verdef, elf->verdef_nr);
	is_str(got, want, "%s: defined versions as readelf has them", path);
	free(got);
	free(want);
	sp_elf_free(elf);
}

static void compiled(void)
{
	static const char *const system[] = {
		"/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2",
		"/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/usr/arm-linux-gnueabihf/lib/libc.so.6",
		"/usr/aarch64-linux-gnu/lib/libc.so.6", "/usr/riscv64-linux-gnu/lib/libm.so.6",
	};
	struct blob b;

	for (size_t i = 0; i < sizeof(system) / sizeof(*system); i++) {
		b = load(system[i]);
		as_readelf(&b, system[i]);
		blob_free(&b);
	}
	write_text("v.map", "V1 { global: one; };\nV2 { global: two; } V1;\n");
	b = compile("aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c"
		    " -Wl,-soname,libv.so -Wl,--version-script=v.map",
		    "int one(void) { return 1; } int two(void) { return 2; }");
	as_readelf(&b, "out");
	struct sp_elf *elf = must_read(&b, "it again");
	is_int((long long)elf->verdef_nr, 3, "two versions and the base");
	is_str(elf->verdef[0].name, "libv.so", "the base is named as the library");
	is_str(elf->verdef[2].name, "V2", "a version, not its parent");
	sp_elf_free(elf);
	blob_free(&b);
	/* Needed in big-endian order, and from two files. */
	run("mv out libv.so");
	b = compile("aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c libv.so",
		    "int two(void); int one(void); int f(void) { return one() + two(); }");
	as_readelf(&b, "out");
	blob_free(&b);
	b = compile("gcc in.c", "int main(void) { return 0; }");
	as_readelf(&b, "out");
	blob_free(&b);
}

/* A file with one needed file of two versions, the second weak. */
static void make(struct maker *m, int bits, bool big)
{
	uint64_t file, v1, v2;
	size_t at = MAKER_FREE;

	maker_init(m, bits, big);
	file = maker_string(m, "libx.so");
	v1 = maker_string(m, "X_1");
	v2 = maker_string(m, "X_2");
	maker_dyn(m, DT_VERNEED, MAKER_FREE + MAKER_BASE);
	maker_put(m, at, 2, 1);			/* version */
	maker_put(m, at + 2, 2, 2);		/* count */
	maker_put(m, at + 4, 4, file);
	maker_put(m, at + 8, 4, 16);		/* to the first Vernaux */
	at += 16;
	maker_put(m, at + 6, 2, 2);		/* index */
	maker_put(m, at + 8, 4, v1);
	maker_put(m, at + 12, 4, 16);		/* to the next */
	at += 16;
	maker_put(m, at + 4, 2, VER_FLG_WEAK);
	maker_put(m, at + 6, 2, 3);
	maker_put(m, at + 8, 4, v2);
}

static void by_hand(void)
{
	for (int i = 0; i < 4; i++) {
		struct maker m;

		make(&m, i & 1 ? 64 : 32, i & 2);
		struct blob b = maker_finish(&m);
		struct sp_elf *elf = must_read(&b, "a file made by hand");
		char *got = listed(elf->verneed, elf->verneed_nr);

		is_str(got, "libx.so X_1\nlibx.so X_2 WEAK\n", "%d bit, %s-endian", m.bits,
		       m.big ? "big" : "little");
		free(got);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void lies(void)
{
	static const struct {
		size_t at, size;
		uint64_t value;
		const char *text;
	} cases[] = {
		{ 0, 2, 2, "DT_VERNEED has version 2, expected 1" },
		{ 4, 4, 5000, "symbol versions: DT_VERNEED: points at byte 5000" },
		{ 8, 4, 0x7fffffff, "DT_VERNEED: a record lies outside the file" },
		{ 8, 4, MAKER_LEN - MAKER_FREE - 15, "DT_VERNEED: a record lies outside" },
		{ 12, 4, 0xffffffff, "DT_VERNEED: a record lies outside the file" },
		{ 16 + 8, 4, 5000, "symbol versions: DT_VERNEED: points at byte 5000" },
		{ 16 + 12, 4, 0x10000000, "DT_VERNEED: a record lies outside the file" },
	};
	struct maker m;
	struct blob b;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make(&m, 64, false);
		maker_put(&m, MAKER_FREE + cases[i].at, cases[i].size, cases[i].value);
		b = maker_finish(&m);
		is_refused(&b, cases[i].text, cases[i].text);
		blob_free(&b);
	}
	make(&m, 64, false);
	maker_dyn(&m, DT_VERDEF, MAKER_FREE + 0x100 + MAKER_BASE);
	maker_put(&m, MAKER_FREE + 0x100 + 12, 4, 0x10000);
	b = maker_finish(&m);
	is_refused(&b, "DT_VERDEF: a record lies outside the file", "a name far away");
	blob_free(&b);
	make(&m, 64, false);
	maker_dyn(&m, DT_VERDEF, MAKER_BASE + MAKER_LEN - 4);
	b = maker_finish(&m);
	is_refused(&b, "DT_VERDEF: a record lies outside the file", "a record cut short");
	blob_free(&b);
}

/* Records that overlap, one byte apart: a chain longer than anything real. */
static void long_chain(void)
{
	struct maker m;

	make(&m, 64, false);
	struct blob small = maker_finish(&m), b = { .fail_after = -1 };
	size_t nr = 2 * SP_ELF_VERSIONS_MAX + 10;

	b.len = MAKER_LEN + 16 * nr;
	b.data = sp_calloc(b.len + 1, 1);
	memcpy(b.data, small.data, small.len);
	blob_free(&small);
	put_number(b.data + MAKER_PHDRS + offsetof(Elf64_Phdr, p_filesz), 8, false, b.len);
	put_number(b.data + MAKER_PHDRS + offsetof(Elf64_Phdr, p_memsz), 8, false, b.len);
	put_number(b.data + MAKER_FREE + 8, 4, false, MAKER_LEN - MAKER_FREE);
	for (size_t i = 0; i < nr; i++)
		put_number(b.data + MAKER_LEN + 16 * i + 12, 4, false, 16);
	is_refused(&b, "symbol versions: DT_VERNEED has more than 65536", "a long chain");
	blob_free(&b);
}

static void floors(void)
{
	static const struct {
		const char *names[4], *floor;
	} cases[] = {
		{ { "GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.4" }, "2.34" },
		{ { "GLIBC_2.9", "GLIBC_2.10" }, "2.10" },
		{ { "GLIBC_2.2.5", "GLIBC_2.2" }, "2.2.5" },
		{ { "GLIBC_2.34", "GLIBC_ABI_DT_RELR" }, "2.36" },
		{ { "GLIBC_2.38", "GLIBC_ABI_DT_RELR" }, "2.38" },
		{ { "GLIBC_PRIVATE", "GCC_3.0", "GLIBCXX_3.4.29" }, NULL },
		{ { "GLIBC_", "GLIBC_x", "GLIBC_2.x", "GLIBC_2..3" }, NULL },
		{ { "GLIBC_3.0", "GLIBC_2.99" }, "3.0" },
		{ { NULL }, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_elf_version needed[4];
		struct sp_elf elf = { .verneed = needed };

		while (elf.verneed_nr < 4 && cases[i].names[elf.verneed_nr]) {
			needed[elf.verneed_nr] = (struct sp_elf_version){
				.file = "libc.so.6", .name = cases[i].names[elf.verneed_nr] };
			elf.verneed_nr++;
		}
		is_str(sp_elf_glibc_floor(&elf), cases[i].floor, "floor %zu", i);
	}
}

int main(void)
{
	compiled();
	by_hand();
	lies();
	long_chain();
	floors();
	return test_done();
}
