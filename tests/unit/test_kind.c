/*
 * What a file is: every kind, compiled or made of one, and what a refusal says.
 */
#include "elf/kind.h"

#include "elf_files.h"

#define PROGRAM "int main(void) { return 0; }"
#define NOSTDLIB "void _start(void) { for (;;); }"

static void is_kind(struct blob *b, const char *kind, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	struct sp_err err = { 0 };
	enum sp_kind k = sp_kind_of(elf);
	bool starts = k == SP_KIND_STATIC || k == SP_KIND_STATIC_PIE || k == SP_KIND_DYNAMIC;

	is_str(sp_kind_name(k), kind, "%s", what);
	if (starts)
		is_int(sp_kind_check_entry(elf, &err), 0, "can be an entry point");
	else
		ok(sp_kind_check_entry(elf, &err) && err.code == SP_EPROGRAM && err.msg[0] &&
		   strstr(err.msg, ", expected "), "is refused with what was expected");
	sp_elf_free(elf);
}

static void compiled(void)
{
	static const struct {
		const char *command, *text, *kind;
	} cases[] = {
		{ "gcc in.c", PROGRAM, "dynamic" },
		{ "gcc -no-pie in.c", PROGRAM, "dynamic" },
		{ "musl-gcc in.c", PROGRAM, "dynamic" },
		{ "gcc -static in.c", PROGRAM, "static" },
		{ "musl-gcc -static in.c", PROGRAM, "static" },
		{ "gcc -static-pie in.c", PROGRAM, "static-pie" },
		{ "gcc -nostdlib -Wl,--no-dynamic-linker -pie in.c", NOSTDLIB,
		  "static-pie" },
		{ "gcc -nostdlib -static in.c", NOSTDLIB, "static" },
		{ "gcc -nostdlib -pie in.c", NOSTDLIB, "dynamic" },
		{ "gcc -shared -fPIC in.c", PROGRAM, "shared-object" },
		{ "gcc -shared -fPIC -nostdlib in.c", PROGRAM, "shared-object" },
		{ "gcc -shared -fPIC -nostdlib -Wl,-soname,x,-e,main in.c", PROGRAM,
		  "shared-object" },
		{ "gcc -c in.c", PROGRAM, "relocatable" },
		{ "gcc -nostdlib -r in.c", PROGRAM, "relocatable" },
		{ CROSS("arm-linux-gnueabihf"), PROGRAM, "dynamic" },
		{ CROSS("riscv64-linux-gnu"), PROGRAM, "dynamic" },
		{ "aarch64-linux-gnu-gcc -nostdlib -static in.c", NOSTDLIB, "static" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = compile(cases[i].command, cases[i].text);
		struct sp_elf *elf = must_read(&b, cases[i].command);

		is_kind(&b, cases[i].kind, cases[i].command);
		is_str(sp_kind_os(elf), "linux", "of Linux");
		is_str(sp_kind_language(elf), "c", "in C");
		sp_elf_free(elf);
		if (strcmp(cases[i].kind, "relocatable") != 0) {
			strip_sections(&b);
			is_kind(&b, cases[i].kind, "the same without section headers");
		}
		blob_free(&b);
	}
	struct blob b = load("/lib/x86_64-linux-gnu/libc.so.6");
	is_kind(&b, "dynamic", "libc, which has an interpreter");
	blob_free(&b);
	b = load("/lib64/ld-linux-x86-64.so.2");
	is_kind(&b, "shared-object", "the loader");
	blob_free(&b);
}

/* What linkers older than DF_1_PIE make, and other fields that decide. */
static void fields(void)
{
	struct blob good = compile("gcc -static-pie in.c", PROGRAM), b;
	struct sp_elf *elf = must_read(&good, "a static PIE");

	elf->dt_flags_1 = 0;
	is_int(sp_kind_of(elf), SP_KIND_STATIC_PIE, "without DF_1_PIE still one");
	elf->soname = "libx.so";
	is_int(sp_kind_of(elf), SP_KIND_LIBRARY, "with a soname a library");
	elf->dt_flags_1 = DF_1_PIE;
	is_int(sp_kind_of(elf), SP_KIND_STATIC_PIE, "with both a program");
	elf->needed_nr = 1;
	is_int(sp_kind_of(elf), SP_KIND_STATIC_PIE, "though it cannot get what it needs");
	elf->dt_flags_1 = 0;
	elf->soname = NULL;
	is_int(sp_kind_of(elf), SP_KIND_LIBRARY, "which without the mark makes a library");
	sp_elf_free(elf);
	b = blob_copy(&good);
	SET_HEADER(&b, e_entry, 0);
	is_kind(&b, "shared-object", "no entry point");
	SET_HEADER(&b, e_entry, 0x10);
	is_kind(&b, "shared-object", "an entry point outside the code");
	SET_HEADER(&b, e_type, ET_CORE);
	is_kind(&b, "core", "a core file");
	SET_HEADER(&b, e_type, ET_NONE);
	is_kind(&b, "other", "a file of no type");
	SET_HEADER(&b, e_type, 0xfe01);
	is_kind(&b, "other", "a file of an unknown type");
	blob_free(&b);
	blob_free(&good);

	b = compile("gcc -static in.c", PROGRAM);
	SET_HEADER(&b, e_entry, 0);
	is_kind(&b, "other", "a static program without entry point");
	blob_free(&b);
	b = compile("gcc -static -g in.c", PROGRAM);
	blob_free(&b);
	run("objcopy --only-keep-debug out debug");
	b = load(scratch_path("debug"));
	is_kind(&b, "other", "debugging symbols of a static program");
	blob_free(&b);
	is_str(sp_kind_name((enum sp_kind)99), "other", "an unknown kind");
	is_str(sp_kind_name(SP_KIND_SCRIPT), "script", "a script's name");
}

static void is_os(struct blob *b, const char *os, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	struct sp_err err = { 0 };
	char want[64];

	is_str(sp_kind_os(elf), os, "%s", what);
	if (strcmp(os, "linux") != 0) {
		snprintf(want, sizeof(want), "a program for %s, expected one for linux", os);
		ok(sp_kind_of(elf) == SP_KIND_FOREIGN && sp_kind_check_entry(elf, &err) &&
		   strncmp(err.msg, want, strlen(want)) == 0, "is refused: %s", err.msg);
	}
	sp_elf_free(elf);
}

static void systems(void)
{
	static const struct {
		uint8_t abi;
		const char *os;
	} abis[] = {
		{ ELFOSABI_NONE, "linux" }, { ELFOSABI_GNU, "linux" },
		{ ELFOSABI_FREEBSD, "freebsd" }, { ELFOSABI_NETBSD, "netbsd" },
		{ ELFOSABI_OPENBSD, "openbsd" }, { ELFOSABI_SOLARIS, "solaris" },
		{ ELFOSABI_ARM_AEABI, "linux" }, { ELFOSABI_HPUX, "hpux" },
	};
	static const char *const interps[][2] = {
		{ "/system/bin/linker64", "android" }, { "/system/bin/linker", "android" },
		{ "/libexec/ld-elf.so.1", "freebsd" }, { "/usr/libexec/ld.so", "openbsd" },
		{ "/libexec/ld.elf_so", "netbsd" },
		{ "/usr/libexec/ld-elf.so.2", "dragonfly" },
		{ "/lib/ld-musl-x86_64.so.1", "linux" }, { "/opt/ld.so", "linux" },
	};
	static const char *const owners[][2] = {
		{ "FreeBSD", "freebsd" }, { "OpenBSD", "openbsd" }, { "NetBSD", "netbsd" },
		{ "Android", "android" }, { "DragonFly", "dragonfly" }, { "Xen", "linux" },
	};
	struct blob b = compile("gcc -nostdlib -static in.c", NOSTDLIB);

	for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++) {
		char what[64];

		b.data[EI_OSABI] = abis[i].abi;
		snprintf(what, sizeof(what), "OS ABI %d", abis[i].abi);
		is_os(&b, abis[i].os, what);
	}
	blob_free(&b);
	for (size_t i = 0; i < sizeof(interps) / sizeof(*interps); i++) {
		char command[256];

		snprintf(command, sizeof(command),
			 "gcc -nostdlib -pie in.c -Wl,--dynamic-linker=%s", interps[i][0]);
		b = compile(command, NOSTDLIB);
		is_os(&b, interps[i][1], interps[i][0]);
		blob_free(&b);
	}
	for (size_t i = 0; i < sizeof(owners) / sizeof(*owners); i++) {
		char text[512];

		snprintf(text, sizeof(text), NOSTDLIB
			 "__asm__(\".section .note.tag,\\\"a\\\",%%note\\n.long 2f-1f,4,1\\n"
			 "1: .asciz \\\"%s\\\"\\n2: .balign 4\\n.long 1\\n.previous\\n\");",
			 owners[i][0]);
		b = compile("gcc -nostdlib -static in.c", text);
		strip_sections(&b);
		is_os(&b, owners[i][1], owners[i][0]);
		blob_free(&b);
	}
	/* The tag that glibc's start files carry, with another system in it. */
	b = compile("gcc -static in.c", PROGRAM);
	for (size_t i = 0; i + 32 < b.len; i += 4)
		if (!memcmp(b.data + i, "\4\0\0\0\20\0\0\0\1\0\0\0GNU\0\0\0\0\0", 20)) {
			b.data[i + 16] = 1;
			break;
		}
	is_os(&b, "hurd", "an ABI tag of the Hurd");
	blob_free(&b);
}

static void packed(void)
{
	struct blob good = compile("gcc -static in.c",
				   "const char *volatile s = \"UPX!\";" PROGRAM), b;
	size_t phdrs = 64 + 56 * (size_t)get_number(good.data + offsetof(Elf64_Ehdr, e_phnum),
						    2, false);

	is_kind(&good, "static", "a program with UPX's mark among its strings");
	b = blob_copy(&good);
	strip_sections(&b);
	is_kind(&b, "static", "the same without section headers");
	memcpy(b.data + phdrs + 4, "UPX!", 4);
	is_kind(&b, "packed", "the mark behind the program headers");
	memset(b.data + phdrs + 4, 0, 4);
	memcpy(b.data + 1020, "UPX!", 4);
	is_kind(&b, "packed", "the mark at the end of the first KiB");
	memset(b.data + 1020, 0, 4);
	memcpy(b.data + 1021, "UPX!", 4);
	is_kind(&b, "static", "the mark behind the first KiB");
	memset(b.data + 1021, 0, 4);
	memcpy(b.data + b.len - 36, "UPX!", 4);
	is_kind(&b, "packed", "the mark at the end");
	memset(b.data + b.len - 36, 0, 4);
	memcpy(b.data + b.len - 65, "UPX!", 4);
	is_kind(&b, "static", "the mark before the end");
	memcpy(b.data + 512, "UPX!", 4);
	struct sp_elf *elf = must_read(&b, "a packed program");
	struct sp_err err = { 0 };
	ok(sp_kind_check_entry(elf, &err) && strstr(err.msg, "`upx -d`"), "says what to do");
	sp_elf_free(elf);
	blob_free(&b);
	blob_free(&good);
}

static void messages(void)
{
	static const struct {
		const char *command, *text;
	} cases[] = {
		{ "gcc -c in.c", "a relocatable object file (.o), expected an executable" },
		{ "gcc -shared -fPIC in.c", "a shared object that cannot be started" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = compile(cases[i].command, PROGRAM);
		struct sp_elf *elf = must_read(&b, cases[i].command);
		struct sp_err err = { 0 };

		ok(sp_kind_check_entry(elf, &err) && strstr(err.msg, cases[i].text), "%s",
		   cases[i].text);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void bytes(void)
{
#define CASE(text, what) { text, sizeof(text) - 1, what }
	static const struct {
		const char *bytes;
		size_t len;
		const char *what;
	} cases[] = {
		CASE("", "an empty file"),
		CASE("\x7f" "ELF\2", "an ELF file"),
		CASE("\x7f" "EL", "data"),
		CASE("MZ\x90\0", "a PE (Windows) program"),
		CASE("\xcf\xfa\xed\xfe\7\0\0\1", "a Mach-O (macOS) program"),
		CASE("\xca\xfe\xba\xbe\0\0\0\2", "a Mach-O (macOS) program"),
		CASE("\xca\xfe\xba\xbe\0\0\0\x34", "a Java class"),
		CASE("\xca\xfe\xba\xbe\0", "data"),
		CASE("#!/bin/sh\n", "a script"),
		CASE("#", "text"),
		CASE("!<arch>\nx", "an ar archive"),
		CASE("!<thin>\nx", "an ar archive"),
		CASE("\0asm\1", "a WebAssembly module"),
		CASE("BC\xc0\xde", "LLVM bitcode"),
		CASE("\x1f\x8b\x08", "a gzip file"),
		CASE("\x28\xb5\x2f\xfd\0", "a zstd file"),
		CASE("PK\3\4", "a zip archive"),
		CASE("hello\n", "text"),
		CASE("caf\xc3\xa9 \xe9", "text"),
		CASE("\x1b[1mbold\t", "text"),
		CASE("hello\0", "data"),
		CASE("\1\2\3", "data"),
	};
	char tar[300] = "name";

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Bytes of their own, so that a read behind them is seen. */
		char *copy = sp_malloc(cases[i].len);

		memcpy(copy, cases[i].bytes, cases[i].len);
		is_str(sp_kind_of_bytes(copy, cases[i].len), cases[i].what, "bytes %zu", i);
		free(copy);
	}
	memcpy(tar + 257, "ustar", 5);
	is_str(sp_kind_of_bytes(tar, 262), "a tar archive", "a tar archive");
	is_str(sp_kind_of_bytes(tar, 261), "data", "a piece of one");
}

static void languages(void)
{
	struct sp_elf_note note = { .owner = "Go" };
	struct sp_elf elf = { .notes = &note };

	is_str(sp_kind_language(&elf), "c", "no mark");
	elf.rust = true;
	is_str(sp_kind_language(&elf), "rust", "rustc");
	elf.notes_nr = 1;
	is_str(sp_kind_language(&elf), "go", "a note of the Go linker");
	elf.notes_nr = 0;
	elf.go.version = "go1.19";
	is_str(sp_kind_language(&elf), "go", "Go build information");
}

int main(void)
{
	compiled();
	fields();
	systems();
	packed();
	messages();
	bytes();
	languages();
	return test_done();
}
