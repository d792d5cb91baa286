/*
 * Facts of compiled programs, with readelf as the judge where it can speak: header,
 * interpreter, needed names, paths, flags, segments; and how much is read for them.
 */
#include "elf/elf.h"

#include "elf_files.h"

#define PROGRAM "int puts(const char *); int main(void) { puts(\"hi\"); return 0; }\n"

/* The strings in brackets of the lines of `readelf -d` with a tag, one a line. */
static char *by_readelf(const char *tag)
{
	return output_of("readelf -dW out | sed -n 's/.*(%s).*\\[\\(.*\\)\\].*/\\1/p'", tag);
}

static void is_list(const char *const *list, size_t nr, const char *tag)
{
	char got[8192] = "", *want = by_readelf(tag);
	size_t len = 0;

	for (size_t i = 0; i < nr; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s\n", list[i]);
	is_str(got, want, "%s as readelf has it", tag);
	free(want);
}

static void is_one(const char *value, const char *tag)
{
	is_list(&value, value ? 1 : 0, tag);
}

static void are_filters(const struct sp_elf *elf, bool may_lack, const char *tag)
{
	const char *list[16];
	size_t nr = 0;

	for (size_t i = 0; i < elf->filters_nr && nr < 16; i++)
		if (elf->filters[i].may_lack == may_lack)
			list[nr++] = elf->filters[i].name;
	is_list(list, nr, tag);
}

static void as_readelf(const struct sp_elf *elf)
{
	is_list(elf->needed, elf->needed_nr, "NEEDED");
	are_filters(elf, false, "FILTER");
	are_filters(elf, true, "AUXILIARY");
	is_one(elf->soname, "SONAME");
	is_one(elf->rpath, "RPATH");
	is_one(elf->runpath, "RUNPATH");
	char *interp = output_of("readelf -lW out | sed -n 's/.*interpreter: \\(.*\\)].*/\\1/p'"
				 " | tr -d '\\n'");
	is_str(elf->interp ? elf->interp : "", interp, "the interpreter as readelf has it");
	free(interp);
	char *loads = output_of("readelf -lW out | grep -c LOAD | tr -d '\\n'");
	is_int((long long)elf->segments_nr, atoll(loads), "as many segments");
	free(loads);
}

static void programs(void)
{
	static const char *const commands[] = {
		"gcc in.c",
		"gcc -no-pie in.c",
		"gcc -static in.c",
		"gcc -static-pie in.c",
		"musl-gcc in.c",
		"gcc in.c -Wl,--no-as-needed -lm -ldl -Wl,-rpath,'$ORIGIN/../lib:/x'",
		"gcc in.c -Wl,--disable-new-dtags -Wl,-rpath,/old:/paths",
		"gcc -shared -fPIC in.c -Wl,-soname,libin.so.1 -Wl,--filter=libf.so"
		" -Wl,--auxiliary=liba.so -Wl,--auxiliary=libb.so",
		CROSS("arm-linux-gnueabihf"),
		CROSS("aarch64-linux-gnu"),
		CROSS("riscv64-linux-gnu"),
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		note("%s", commands[i]);
		struct blob b = compile(commands[i], PROGRAM);
		struct sp_elf *elf = must_read(&b, "the program");

		as_readelf(elf);
		is_int((long long)elf->file_size, (long long)b.len, "its size");
		ok(elf->has_relro && !elf->exec_stack && !elf->textrel, "hardening");
		sp_elf_free(elf);
		strip_sections(&b);
		elf = must_read(&b, "the same without section headers");
		ok(!elf->has_sections && !elf->has_symtab, "they are gone");
		as_readelf(elf);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void header(void)
{
	struct blob b = compile(CROSS("arm-linux-gnueabihf"), PROGRAM);
	struct sp_elf *elf;

	b.data[EI_OSABI] = ELFOSABI_GNU;
	b.data[EI_ABIVERSION] = 5;
	SET_HEADER(&b, e_entry, 0x12345);
	elf = must_read(&b, "a program for arm");
	is_int(elf->bits, 32, "class");
	ok(!elf->big_endian, "byte order");
	is_int(elf->osabi, ELFOSABI_GNU, "OS ABI");
	is_int(elf->abi_version, 5, "version of the OS ABI");
	is_int(elf->type, ET_DYN, "type");
	is_int(elf->machine, EM_ARM, "machine");
	is_int((long long)elf->entry, 0x12345, "entry point");
	ok((elf->flags & EF_ARM_ABI_FLOAT_HARD) && elf->arm_hard_float, "flags");
	ok(elf->dt_flags_1 & DF_1_PIE, "DT_FLAGS_1");
	sp_elf_free(elf);
	blob_free(&b);

	b = compile("gcc -z execstack -Wl,-z,norelro -Wl,-z,now in.c", PROGRAM);
	elf = must_read(&b, "a program without hardening");
	ok(elf->exec_stack && !elf->has_relro, "executable stack, no relro");
	ok(elf->dt_flags & DF_BIND_NOW, "DT_FLAGS");
	sp_elf_free(elf);
	blob_free(&b);

	b = compile("gcc -m32 -nostdlib -shared -fno-pic -Wl,-z,notext in.c",
		    "extern int x; int *f(void) { return &x; }");
	elf = must_read(&b, "a library with text relocations");
	ok(elf->textrel, "DT_TEXTREL");
	sp_elf_free(elf);
	blob_free(&b);
}

static void other_order(void)
{
	struct blob b = compile("aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared"
				" -fPIC in.c -Wl,-soname,libbig.so -Wl,-rpath,/big",
				"int f(void) { return 1; }");
	struct sp_elf *elf = must_read(&b, "a big-endian library");

	ok(elf->big_endian && elf->bits == 64, "its byte order");
	as_readelf(elf);
	sp_elf_free(elf);
	blob_free(&b);

	/* A NEEDED name in each class and order. */
	for (int i = 0; i < 4; i++) {
		struct maker m;

		maker_init(&m, i & 1 ? 64 : 32, i & 2);
		maker_dyn(&m, DT_NEEDED, maker_string(&m, "libx.so"));
		b = maker_finish(&m);
		elf = must_read(&b, "a file made by hand");
		is_str(elf->needed_nr == 1 ? elf->needed[0] : NULL, "libx.so",
		       "needed, %d bit, %s-endian", m.bits, m.big ? "big" : "little");
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void interpreters(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *refused;
	} cases[] = {
		{ "/lib/ld.so", 11, NULL },
		{ "relative", 9, NULL },
		{ "/caf\xe9/\xff", 8, NULL },
		{ "", 1, NULL },
		{ "/lib/ld.so", 10, "the path has no end" },
		{ "", 0, "is not in the file" },
		{ "/lib", 4097, "4097 bytes, expected a path of 4096 at most" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m;

		maker_init(&m, 64, false);
		memcpy(m.data + MAKER_FREE, cases[i].bytes, strlen(cases[i].bytes) + 1);
		maker_phdr(&m, PT_INTERP, PF_R, MAKER_FREE, cases[i].len, 1);
		/* The kernel takes the first of several. */
		maker_phdr(&m, PT_INTERP, PF_R, MAKER_STRINGS, 1, 1);
		struct blob b = maker_finish(&m);
		if (cases[i].refused) {
			is_refused(&b, cases[i].refused, "an interpreter");
		} else {
			struct sp_elf *elf = must_read(&b, "an interpreter");

			is_str(elf->interp, cases[i].bytes, "its path");
			sp_elf_free(elf);
		}
		blob_free(&b);
	}
	struct maker m;
	maker_init(&m, 64, false);
	maker_phdr(&m, PT_INTERP, PF_R, MAKER_LEN - 2, 10, 1);
	struct blob b = maker_finish(&m);
	is_refused(&b, "interpreter (PT_INTERP): 10 bytes at offset", "one outside the file");
	blob_free(&b);
}

static void no_segments(void)
{
	struct blob b = compile("gcc -c in.c", PROGRAM);
	struct sp_elf *elf = must_read(&b, "an object file");

	is_int(elf->type, ET_REL, "its type");
	ok(elf->segments_nr == 0 && !elf->has_dynamic && elf->has_symtab, "what it has");
	sp_elf_free(elf);
	blob_free(&b);

	/* More segments than the header can count, in a file cut short: a core file
	 * is told from others all the same. */
	struct maker m;
	maker_init(&m, 64, false);
	b = maker_finish(&m);
	SET_HEADER(&b, e_type, ET_CORE);
	SET_HEADER(&b, e_phnum, PN_XNUM);
	b.len = 64;
	elf = must_read(&b, "a core file");
	is_int(elf->type, ET_CORE, "its type");
	sp_elf_free(elf);
	blob_free(&b);
}

static void is_elf(void)
{
	struct maker m;

	maker_init(&m, 32, false);
	struct blob b = maker_finish(&m);
	struct sp_file file = blob_file(&b);

	ok(sp_elf_is(&file), "an ELF file is one");
	is_int((long long)b.bytes, 4, "four bytes are read for that");
	b.data[1] = 'e';
	ok(!sp_elf_is(&file), "another file is none");
	b.data[1] = 'E';
	b.len = 3;
	ok(!sp_elf_is(&file), "nor is a beginning of one");
	b.len = 0;
	ok(!sp_elf_is(&file), "nor an empty one");
	b.fail_after = 0;
	ok(!sp_elf_is(&file), "nor one that cannot be read");
	sp_elf_free(NULL);
	blob_free(&b);
}

/* 2 GiB, of which the first bytes are those of a blob and all others are zero. */
static size_t huge_bytes;

static ssize_t huge_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	struct blob *b = file->ctx;

	memset(buf, 0, len);
	if (offset < b->len)
		memcpy(buf, b->data + offset,
		       len < b->len - offset ? len : b->len - (size_t)offset);
	huge_bytes += len;
	return (ssize_t)len;
}

static void huge(void)
{
	static const struct sp_file_ops ops = {
		.pread = huge_pread, .restat = blob_restat, .close = blob_close,
	};
	struct blob b = compile("gcc -s in.c", PROGRAM);
	struct sp_file file = blob_file(&b);
	struct sp_err err = { 0 };
	struct sp_elf *elf = NULL;
	size_t nr = get_number(b.data + offsetof(Elf64_Ehdr, e_phnum), 2, false);
	Elf64_Phdr *phdrs = (Elf64_Phdr *)(b.data + sizeof(Elf64_Ehdr));

	/* The last segment goes on to the end. */
	strip_sections(&b);
	for (size_t i = 0; i < nr; i++)
		if (phdrs[i].p_type == PT_LOAD && (phdrs[i].p_flags & PF_W)) {
			phdrs[i].p_filesz = (2ull << 30) - phdrs[i].p_offset;
			phdrs[i].p_memsz = phdrs[i].p_filesz;
		}
	file.ops = &ops;
	file.st.size = 2ull << 30;
	ok(sp_elf_read(&file, &elf, &err) == 0, "a file of 2 GiB: %s", err.msg);
	is_str(elf ? elf->needed[0] : NULL, "libc.so.6", "its facts");
	ok(huge_bytes < 40 << 20, "%zu bytes are read of it", huge_bytes);
	sp_elf_free(elf);
	blob_free(&b);

	b = compile("gcc -s in.c", PROGRAM);
	elf = must_read(&b, "an ordinary program");
	ok(b.reads < 40 && b.bytes < 64 * 1024, "takes %zu reads of %zu bytes", b.reads,
	   b.bytes);
	sp_elf_free(elf);
	blob_free(&b);
}

int main(void)
{
	programs();
	header();
	other_order();
	interpreters();
	no_segments();
	is_elf();
	huge();
	return test_done();
}
