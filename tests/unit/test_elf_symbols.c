/*
 * Dynamic symbols, with readelf as the judge: with and without section headers,
 * with each kind of hash table, in other byte orders, and in tables that lie.
 */
#include "base/vec.h"
#include "elf/reader.h"

#include "elf_files.h"

struct seen {
	char **lines;
	size_t nr;
};

static void visit(void *ctx, const char *name, const char *version, enum sp_elf_sym kind)
{
	static const char *const kinds[] = { "UND", "UND-WEAK", "DEF", "DEF" };
	struct seen *seen = ctx;

	seen->lines = sp_realloc(seen->lines, seen->nr + 1, sizeof(*seen->lines));
	seen->lines[seen->nr++] = sp_strf("%s %s%s%s\n", kinds[kind], name,
					  version ? " " : "", version ? version : "");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *symbols_of(struct blob *b, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	struct sp_file file = blob_file(b);
	struct seen seen = { 0 };
	struct sp_err err = { 0 };
	size_t len = 0;
	char *all;

	if (sp_elf_symbols(elf, &file, visit, &seen, &err))
		ok(false, "%s: %s", what, err.msg);
	if (seen.nr)
		qsort(seen.lines, seen.nr, sizeof(*seen.lines), by_text);
	for (size_t i = 0; i < seen.nr; i++)
		len += strlen(seen.lines[i]);
	all = sp_calloc(len + 1, 1);
	len = 0;
	for (size_t i = 0; i < seen.nr; i++) {
		memcpy(all + len, seen.lines[i], strlen(seen.lines[i]));
		len += strlen(seen.lines[i]);
		free(seen.lines[i]);
	}
	free(seen.lines);
	sp_elf_free(elf);
	return all;
}

/* readelf: Num Value Size Type Bind Vis [Other] Ndx Name@VERSION (index).  It
 * leaves out the version of the absolute symbols that are named as theirs. */
#define BY_READELF                                                                 \
	"readelf --dyn-syms -W %s | awk '$5 ~ /GLOBAL|WEAK|UNIQUE/ {"              \
	" sub(/\\[[^]]*\\]/, \"\"); k = $7 == \"UND\" ? \"UND\" : \"DEF\";"        \
	" if (k == \"UND\" && $5 == \"WEAK\") k = \"UND-WEAK\";"                   \
	" if (k == \"DEF\" && $6 ~ /HIDDEN|INTERNAL/) next;"                       \
	" n = split($8, p, /@+/); if ($7 == \"ABS\" && n == 1) p[n = 2] = p[1];"   \
	" print k \" \" p[1] (n > 1 ? \" \" p[2] : \"\") }'" \
	" | LC_ALL=C sort"

/* The same lines; otherwise the first that differs, as there may be thousands. */
static void is_same(const char *got, const char *want, const char *what)
{
	size_t n = 0;

	if (ok(strcmp(got, want) == 0, "%s", what))
		return;
	while (got[n] && got[n] == want[n])
		n++;
	while (n > 0 && got[n - 1] != '\n')
		n--;
	note("got:  %.*s", (int)strcspn(got + n, "\n"), got + n);
	note("want: %.*s", (int)strcspn(want + n, "\n"), want + n);
}

static void as_readelf(struct blob *b, const char *path)
{
	char *want = output_of(BY_READELF, path), *got = symbols_of(b, path);

	ok(*got, "%s: has symbols", path);
	is_same(got, want, "as readelf has them");
	free(got);
	strip_sections(b);
	got = symbols_of(b, path);
	is_same(got, want, "and without section headers");
	free(got);
	free(want);
}

static void compiled(void)
{
	static const char *const system[] = {
		"/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/usr/aarch64-linux-gnu/lib/libc.so.6",
		"/usr/arm-linux-gnueabihf/lib/libc.so.6",
		"/usr/riscv64-linux-gnu/lib/libm.so.6",
	};
	static const struct {
		const char *command, *text;
	} cases[] = {
		/* No symbol is defined, so DT_GNU_HASH counts none. */
		{ "gcc in.c", "int puts(const char *); int main(void) { return puts(\"\"); }" },
		{ "gcc -no-pie -Wl,-z,now in.c",
		  "int puts(const char *); int main(void) { return puts(\"\"); }" },
		{ "gcc in.c -rdynamic",
		  "int puts(const char *), one, two; int main(void) { return puts(\"\"); }" },
		{ "gcc in.c -Wl,--hash-style=sysv -rdynamic",
		  "int puts(const char *), one; int main(void) { return puts(\"\"); }" },
		{ "gcc in.c -Wl,--hash-style=both",
		  "int puts(const char *); int main(void) { return puts(\"\"); }" },
		{ "musl-gcc in.c",
		  "int puts(const char *); int main(void) { return puts(\"\"); }" },
		{ "gcc -shared -fPIC in.c",
		  "int maybe(void) __attribute__((weak)); int must(void);"
		  "__attribute__((weak)) int here(void) { return maybe ? maybe() : must(); }" },
		{ "gcc -m32 -nostdlib -shared -fPIC in.c",
		  "int out(void); int in(void) { return out(); }" },
		{ "gcc -m32 -nostdlib -shared -fno-pic -Wl,-z,notext in.c",
		  "extern int x; static int f(void) { return x; } int (*p)(void) = f;" },
		{ "aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c",
		  "int out(void); int in(void) { return out(); }" },
		{ "aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c"
		  " -Wl,--hash-style=sysv", "int out(void); int in(void) { return out(); }" },
		{ CROSS("arm-linux-gnueabihf"),
		  "int puts(const char *); int main(void) { return puts(\"\"); }" },
	};

	for (size_t i = 0; i < sizeof(system) / sizeof(*system); i++) {
		struct blob b = load(system[i]);

		as_readelf(&b, system[i]);
		blob_free(&b);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = compile(cases[i].command, cases[i].text);

		note("%s", cases[i].command);
		as_readelf(&b, "out");
		blob_free(&b);
	}
}

static void none(void)
{
	struct blob b = compile("gcc -static in.c", "int main(void) { return 0; }");
	char *got = symbols_of(&b, "a static program");

	is_str(got, "", "has no dynamic symbols");
	free(got);
	blob_free(&b);
	b = compile("gcc -c in.c", "int main(void) { return 0; }");
	got = symbols_of(&b, "an object file");
	is_str(got, "", "nor has an object file");
	free(got);
	blob_free(&b);
}

/* Two symbols at MAKER_FREE + 0x100: the empty one and "sym". */
static void make(struct maker *m, int bits, bool big)
{
	uint64_t name;
	size_t entry = bits == 64 ? 24 : 16, at = MAKER_FREE + 0x100 + entry;

	maker_init(m, bits, big);
	name = maker_string(m, "sym");
	maker_put(m, at, 4, name);
	maker_put(m, bits == 64 ? at + 4 : at + 12, 1,
		  ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
	maker_dyn(m, DT_SYMTAB, MAKER_FREE + 0x100 + MAKER_BASE);
}

static void is_symbols(struct maker *m, uint16_t machine, const char *want,
		       const char *what)
{
	struct blob b = maker_finish(m);
	char *got;

	SET_HEADER(&b, e_machine, machine);
	got = symbols_of(&b, what);
	is_str(got, want, "%s", what);
	free(got);
	blob_free(&b);
}

static void is_lie(struct maker *m, const char *text)
{
	struct blob b = maker_finish(m);
	struct sp_file file = blob_file(&b);
	struct sp_elf *elf = must_read(&b, text);
	struct seen seen = { 0 };
	struct sp_err err = { 0 };

	if (!ok(sp_elf_symbols(elf, &file, visit, &seen, &err) &&
		err.code == SP_EPROGRAM && strstr(err.msg, text), "%s", text))
		note("got \"%s\"", err.msg);
	for (size_t i = 0; i < seen.nr; i++)
		free(seen.lines[i]);
	free(seen.lines);
	sp_elf_free(elf);
	blob_free(&b);
}

static void counts(void)
{
	struct maker m;

	make(&m, 64, true);
	maker_dyn(&m, DT_HASH, MAKER_FREE + MAKER_BASE);
	maker_put(&m, MAKER_FREE + 8, 8, 2);
	is_symbols(&m, EM_S390, "UND sym\n", "entries of DT_HASH are wide on s390x");

	make(&m, 32, true);
	maker_dyn(&m, DT_MIPS_SYMTABNO, 2);
	is_symbols(&m, EM_MIPS, "UND sym\n", "MIPS says how many");
	is_symbols(&m, EM_X86_64, "", "the same tag elsewhere means nothing");

	make(&m, 32, false);
	maker_dyn(&m, DT_REL, MAKER_FREE + MAKER_BASE);
	maker_dyn(&m, DT_RELSZ, 8);
	maker_put(&m, MAKER_FREE + 4, 4, 0x107);
	is_symbols(&m, EM_386, "UND sym\n", "relocations tell, without any hash table");

	make(&m, 64, false);
	maker_dyn(&m, DT_RELA, MAKER_FREE + MAKER_BASE);
	maker_dyn(&m, DT_RELASZ, 24);
	maker_dyn(&m, DT_RELACOUNT, 1);
	maker_put(&m, MAKER_FREE + 8, 8, 0x100000008);
	is_symbols(&m, EM_X86_64, "", "those without symbol are passed over");

	make(&m, 64, false);
	maker_dyn(&m, DT_HASH, MAKER_FREE + MAKER_BASE);
	maker_put(&m, MAKER_FREE + 4, 4, 2);
	maker_put(&m, MAKER_FREE + 0x100 + 24 + 5, 1, STV_HIDDEN);
	is_symbols(&m, EM_X86_64, "UND sym\n", "a hidden one that is asked for");
	maker_put(&m, MAKER_FREE + 0x100 + 24 + 6, 2, 1);
	is_symbols(&m, EM_X86_64, "", "a hidden one that is defined");
	maker_put(&m, MAKER_FREE + 0x100 + 24 + 5, 1, STV_PROTECTED);
	is_symbols(&m, EM_X86_64, "DEF sym\n", "a protected one");
	maker_put(&m, MAKER_FREE + 0x100 + 24 + 4, 1, ELF64_ST_INFO(STB_LOCAL, STT_FUNC));
	is_symbols(&m, EM_X86_64, "", "a local one");
}

static void lies(void)
{
	static const struct {
		uint64_t tag, value, number;	/* number: 32 bits at MAKER_FREE + 4 */
		const char *text;
	} cases[] = {
		{ DT_HASH, 1, 0, "dynamic symbols: DT_HASH at 0x1 lies outside the file" },
		{ DT_HASH, MAKER_BASE + MAKER_LEN - 4, 0, "entry 1 of DT_HASH lies outside" },
		{ DT_HASH, MAKER_BASE + MAKER_FREE, 1000, "of DT_SYMTAB lies outside" },
		{ DT_HASH, MAKER_BASE + MAKER_FREE, 0xffffffff, "4294967295, expected" },
		{ DT_GNU_HASH, 1, 0, "dynamic symbols: DT_GNU_HASH at 0x1 lies outside" },
		{ DT_GNU_HASH, MAKER_BASE + MAKER_LEN - 8, 0, "of DT_GNU_HASH lies outside" },
		{ DT_SYMTAB, 5, 0, "dynamic symbols: DT_SYMTAB at 0x5 lies outside" },
		{ DT_VERSYM, 5, 0, "dynamic symbols: DT_VERSYM at 0x5 lies outside" },
		{ DT_SYMTAB, MAKER_BASE + MAKER_LEN - 30, 0, "of DT_SYMTAB lies outside" },
	};
	struct maker m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make(&m, 64, false);
		if (cases[i].tag != DT_GNU_HASH && cases[i].tag != DT_HASH)
			maker_dyn(&m, DT_HASH, MAKER_FREE + MAKER_BASE);
		maker_put(&m, MAKER_FREE + 4, 4, cases[i].number ? cases[i].number : 2);
		maker_dyn(&m, cases[i].tag, cases[i].value);
		is_lie(&m, cases[i].text);
	}

	make(&m, 64, false);
	maker_dyn(&m, DT_GNU_HASH, MAKER_FREE + MAKER_BASE);
	maker_put(&m, MAKER_FREE, 4, 0xffffffff);
	is_lie(&m, "DT_GNU_HASH has 4294967295 buckets");
	maker_put(&m, MAKER_FREE, 4, 5000);
	is_lie(&m, "of DT_GNU_HASH lies outside the file");
	/* One bucket that begins before the first symbol, then one far behind. */
	maker_put(&m, MAKER_FREE, 4, 1);
	maker_put(&m, MAKER_FREE + 4, 4, 9);
	maker_put(&m, MAKER_FREE + 16, 4, 3);
	is_lie(&m, "a bucket of DT_GNU_HASH leads nowhere");
	maker_put(&m, MAKER_FREE + 16, 4, 0x7fffffff);
	is_lie(&m, "a bucket of DT_GNU_HASH leads nowhere");
	/* A chain without end. */
	maker_put(&m, MAKER_FREE + 4, 4, 1);
	maker_put(&m, MAKER_FREE + 16, 4, 1);
	memset(m.data + MAKER_FREE + 20, 0, MAKER_LEN - MAKER_FREE - 20);
	is_lie(&m, "of DT_GNU_HASH lies outside the file");

	make(&m, 64, false);
	maker_dyn(&m, DT_RELA, MAKER_FREE + MAKER_BASE);
	maker_dyn(&m, DT_RELASZ, 0x10000);
	is_lie(&m, "of DT_RELA lies outside the file");
	maker_dyn(&m, DT_RELASZ, -1ull);
	is_lie(&m, "relocations in DT_RELA, expected");

	make(&m, 64, false);
	maker_dyn(&m, DT_HASH, MAKER_FREE + MAKER_BASE);
	maker_put(&m, MAKER_FREE + 4, 4, 2);
	maker_put(&m, MAKER_FREE + 0x100 + 24, 4, 0x7fffffff);
	is_lie(&m, "dynamic symbols: points at byte 2147483647");
}

/* A failing disk is no damage. */
static void reads(void)
{
	struct blob b = compile("gcc in.c -rdynamic", "int main(void) { return 0; }");
	struct sp_elf *elf = must_read(&b, "a program");
	struct sp_file file = blob_file(&b);
	int wrong = 0;

	for (long n = 0;; n++) {
		struct seen seen = { 0 };
		struct sp_err err = { 0 };
		int rc;

		b.fail_after = n;
		rc = sp_elf_symbols(elf, &file, visit, &seen, &err);
		for (size_t i = 0; i < seen.nr; i++)
			free(seen.lines[i]);
		free(seen.lines);
		if (rc == 0)
			break;
		wrong += err.code != SP_EFAIL;
	}
	is_int(wrong, 0, "each read that fails is a failure");
	sp_elf_free(elf);
	blob_free(&b);
}

/* --- imports, and names that are watched for --- */

struct names {
	struct sp_arena arena;
	const char **list;
	size_t list_nr, list_alloc;
	size_t defined;
};

static void keep_undefined(void *ctx, const char *name, const char *version,
			   enum sp_elf_sym kind)
{
	struct names *n = ctx;

	(void)version;
	if (kind == SP_ELF_DEFINED || kind == SP_ELF_DEFINED_OLD)
		n->defined++;
	else
		*SP_VEC_PUSH(n->list) = sp_arena_strdup(&n->arena, name);
}

static void keep_import(void *ctx, const char *name)
{
	keep_undefined(ctx, name, NULL, SP_ELF_UNDEFINED);
}

static void names_free(struct names *n)
{
	sp_arena_release(&n->arena);
	free(n->list);
}

/* Every third import is watched for, and names that are none. */
static void watch(struct sp_file *file, const struct names *imports, const char *what)
{
	static const char *const others[] = { "", "x", "no_such_name", "mallo", "mallocx" };
	struct sp_elf_watch watch = { 0 };
	struct sp_elf *elf = NULL;
	struct sp_err err = { 0 };
	size_t wanted = 0, wrong = 0;

	for (size_t i = 1; i < sizeof(others) / sizeof(*others); i++)
		sp_elf_watch_add(&watch, others[i], 1000000 + i);
	for (size_t i = 0; i < imports->list_nr; i += 3) {
		wanted += sp_map_get(&watch.names, imports->list[i]) == SP_MAP_NONE;
		sp_elf_watch_add(&watch, imports->list[i], i);
	}
	if (ok(sp_elf_read_watching(file, &watch, &elf, &err) == 0 && elf->watched,
	       "%s: is read and watched", what)) {
		for (size_t i = 0; i < elf->imported_nr; i++)
			wrong += elf->imported[i] >= imports->list_nr ||
				 elf->imported[i] % 3 != 0;
		is_int((long long)wrong, 0, "%s: what is seen was watched for", what);
		ok(elf->imported_nr >= wanted, "%s: and all of that is seen", what);
	}
	sp_elf_free(elf);
	sp_map_release(&watch.names);
}

static void imports_of(const char *path)
{
	struct names all = { .list = NULL }, imports = { .list = NULL };
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_root *root;
	struct sp_found found;
	struct sp_elf *elf;
	struct sp_err err = { 0 };

	if (sp_root_open_dir("/", &root, &err))
		return;
	if (sp_root_resolve(root, path, &found, &err) || !found.real ||
	    sp_root_open(root, found.real, &file, &err) || sp_elf_read(&file, &elf, &err)) {
		skip("%s is not there", path);
		sp_root_free(root);
		return;
	}
	bool same = sp_elf_symbols(elf, &file, keep_undefined, &all, &err) == 0 &&
		    sp_elf_imports(elf, &file, keep_import, &imports, &err) == 0 &&
		    all.list_nr == imports.list_nr;
	for (size_t i = 0; same && i < all.list_nr; i++)
		same = strcmp(all.list[i], imports.list[i]) == 0;
	ok(same && imports.list_nr, "%s: imports are the undefined symbols (%zu)", path,
	   imports.list_nr);
	watch(&file, &imports, path);
	names_free(&all);
	names_free(&imports);
	sp_elf_free(elf);
	sp_root_free(root);
}

/* Damage of the symbols is the business of who needs them; a failing disk is not. */
static void watch_damaged(void)
{
	struct sp_elf_watch watch = { 0 };
	struct maker m;
	struct sp_elf *elf = NULL;
	struct sp_err err = { 0 };

	make(&m, 64, false);
	maker_dyn(&m, DT_HASH, MAKER_FREE + MAKER_BASE);
	maker_put(&m, MAKER_FREE + 4, 4, 2);
	maker_put(&m, MAKER_FREE + 0x100 + 24, 4, 0x7fffffff);
	struct blob b = maker_finish(&m);
	struct sp_file file = blob_file(&b);
	sp_elf_watch_add(&watch, "malloc", 1);
	ok(sp_elf_read_watching(&file, &watch, &elf, &err) == 0 && !elf->watched &&
	   elf->imported_nr == 0, "damaged symbols are not watched, and no error: %s", err.msg);
	sp_elf_free(elf);
	sp_map_release(&watch.names);
	blob_free(&b);
}

static void imports(void)
{
	static const char *const paths[] = {
		"/bin/ls", "/usr/bin/perl", "/lib/x86_64-linux-gnu/libc.so.6",
		"/lib/x86_64-linux-gnu/libcrypto.so.3", "/lib/x86_64-linux-gnu/libstdc++.so.6",
		"/lib/x86_64-linux-gnu/libz.so.1", "/usr/aarch64-linux-gnu/lib/libm.so.6",
		"/usr/arm-linux-gnueabihf/lib/libm.so.6",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		imports_of(paths[i]);
	watch_damaged();
}

int main(void)
{
	compiled();
	none();
	counts();
	lies();
	reads();
	imports();
	return test_done();
}
