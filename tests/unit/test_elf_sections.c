/*
 * What section headers tell: stripped or not, marks of rustc, ARM attributes; and
 * headers that lie, which tell nothing.
 */
#include "elf/reader.h"

#include "elf_files.h"

static void stripped(void)
{
	struct blob b = compile("gcc in.c", "int main(void) { return 0; }");
	struct sp_elf *elf = must_read(&b, "a program");

	ok(elf->has_sections && elf->has_symtab, "has symbols");
	ok(!elf->rust && elf->arm_arch == -1 && !elf->arm_hard_float, "and no marks");
	sp_elf_free(elf);
	blob_free(&b);
	run("strip out");
	b = load(scratch_path("out"));
	elf = must_read(&b, "a stripped one");
	ok(elf->has_sections && !elf->has_symtab, "has none");
	sp_elf_free(elf);
	blob_free(&b);
}

static void rust(void)
{
	static const struct {
		const char *text;
		bool rust;
	} cases[] = {
		{ "__asm__(\".ident \\\"rustc version 1.80.0 (x y)\\\"\");", true },
		{ "__asm__(\".section .dep-v0,\\\"a\\\"\\n.byte 1\\n.previous\");", true },
		{ "void rust_begin_unwind(void) {}", true },
		{ "void _RNvCs123_17rust_begin_unwind(void) {}", true },
		{ "const char *s = \"rustc version 1.80.0\";", false },
		{ "void rust_end(void) {}", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];

		snprintf(text, sizeof(text), "%s int main(void) { return 0; }",
			 cases[i].text);
		struct blob b = compile("gcc in.c", text);
		struct sp_elf *elf = must_read(&b, "a program");

		is_int(elf->rust, cases[i].rust, "rust: %s", cases[i].text);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void compiled_for_arm(void)
{
	static const struct {
		const char *flags;
		int arch;
		bool hard;
	} cases[] = {
		{ "-march=armv5t -mfloat-abi=soft", 3, false },
		{ "-march=armv5te -mfloat-abi=soft", 4, false },
		{ "-march=armv6 -mfloat-abi=hard -mfpu=vfp -marm", 6, true },
		{ "-march=armv7-a+fp -mfloat-abi=hard", 10, true },
		{ "-march=armv7-a -mfloat-abi=soft", 10, false },
		{ "-march=armv8-a+simd -mfloat-abi=hard", 14, true },
		{ "-march=armv7-a+fp -mfloat-abi=hard -mbig-endian", 10, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char command[256];

		snprintf(command, sizeof(command),
			 "arm-linux-gnueabihf-gcc -nostdlib -Wl,-e,main %s in.c",
			 cases[i].flags);
		struct blob b = compile(command, "float f(float x) { return x; }"
						 "int main(void) { return 0; }");
		struct sp_elf *elf = must_read(&b, cases[i].flags);

		is_int(elf->arm_arch, cases[i].arch, "Tag_CPU_arch: %s", cases[i].flags);
		is_int(elf->arm_hard_float, cases[i].hard, "hard float: %s", cases[i].flags);
		sp_elf_free(elf);
		blob_free(&b);
	}
}

/* Who only loads a library asks for no section, but for ARM's. */
static void of_a_library(void)
{
	static const struct { const char *command; bool arm; } cases[] = {
		{ "gcc -shared -fPIC -Wl,--build-id -Wl,-soname,libx.so in.c", false },
		{ "arm-linux-gnueabihf-gcc -shared -fPIC -nostdlib -Wl,--build-id "
		  "-Wl,-soname,libx.so in.c", true },
	};

	for (size_t i = 0; i < 2; i++) {
		struct blob b = compile(cases[i].command, "float f(float x) { return x; }");
		struct sp_elf *elf = NULL, *all = must_read(&b, cases[i].command);
		struct sp_file file = blob_file(&b);
		struct sp_err err = { 0 };

		is_int(sp_elf_read_library(&file, &elf, &err), 0, "%s: is read", cases[i].command);
		is_str(elf->soname, "libx.so", "what is loaded by");
		is_str(elf->build_id, all->build_id, "and its notes");
		is_int(elf->has_sections, cases[i].arm, "sections only for ARM");
		is_int(elf->arm_hard_float, cases[i].arm, "whose float ABI stands there");
		sp_elf_free(elf);
		sp_elf_free(all);
		blob_free(&b);
	}
}

static void attributes(void)
{
	/* Lengths are of: the block with its length, the part with its tag. */
#define AEABI(part_len, part) "A" "\x1a\0\0\0" "aeabi\0" "\1" part_len part
	static const struct {
		const char *bytes;
		size_t len;
		int arch;
		bool hard;
		const char *what;
	} cases[] = {
		{ AEABI("\x10\0\0\0", "\5ARM\0" "\6\xa" "\x1c\1" "\x41\0"), 27, 10, true,
		  "all there is" },
		{ AEABI("\x10\0\0\0", "\6\xa" "\x20\1gnu\0" "\x43\62\0"), 27, 10, false,
		  "compatibility and conformance" },
		{ AEABI("\x09\0\0\0", "\6\xa" "\x1c\1" "\6\4\6\4\6\4\6"), 27, 10, true,
		  "what lies behind the part" },
		{ AEABI("\xff\0\0\0", "\6\xa"), 18, -1, false, "a part too long" },
		{ AEABI("\1\0\0\0", "\6\xa"), 18, -1, false, "a part shorter than its head" },
		{ "A\x1a\0\0\0" "aexbi\0" "\1\x10\0\0\0\6\xa\6\xa\6\xa\6\xa\6\xa\6", 27, -1,
		  false, "another vendor" },
		{ "A\x1a\0\0\0" "aeabi\0" "\2\x10\0\0\0\6\xa\6\xa\6\xa\6\xa\6\xa\6", 27, -1,
		  false, "attributes of a section" },
		{ "B\x1a\0\0\0" "aeabi\0" "\1\x10\0\0\0\6\xa\6\xa\6\xa\6\xa\6\xa\6", 27, -1,
		  false, "another version" },
		{ AEABI("\x10\0\0\0", "\6\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), 27, -1,
		  false, "a number without end" },
		{ AEABI("\x10\0\0\0", "\5ARMARMARMA"), 27, -1, false, "a name without end" },
		{ "A\x1a\0\0\0" "aeabiaeabiaeabiaeabiae", 27, -1, false,
		  "a vendor without end" },
		{ "A\3\0\0\0", 5, -1, false, "a block shorter than its length" },
		{ "A\0\0\0\0", 5, -1, false, "a block of nothing" },
		{ "A", 1, -1, false, "a version and nothing else" },
		{ "", 0, -1, false, "nothing" },
	};
	struct sp_reader r = { .bits = 32 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Bytes of their own, so that a read behind them is seen. */
		struct blob b = { .data = sp_malloc(cases[i].len), .len = cases[i].len };
		struct sp_elf elf = { .arm_arch = -1 };

		memcpy(b.data, cases[i].bytes, b.len);
		sp_attributes_read(&r, b.data, b.len, &elf);
		is_int(elf.arm_arch, cases[i].arch, "%s: Tag_CPU_arch", cases[i].what);
		is_int(elf.arm_hard_float, cases[i].hard, "%s: Tag_ABI_VFP_args",
		       cases[i].what);
		for (size_t len = 0; len < b.len; len++) {
			uint8_t *part = sp_malloc(len);

			memcpy(part, b.data, len);
			sp_attributes_read(&r, part, len, &elf);
			free(part);
		}
		free(b.data);
	}
}

/* Headers that lie: no sections, and all else as before. */
static void lies(void)
{
	static const struct {
		size_t at, size;
		uint64_t value;
		const char *what;
	} cases[] = {
		{ offsetof(Elf64_Ehdr, e_shoff), 8, 0, "no headers" },
		{ offsetof(Elf64_Ehdr, e_shoff), 8, -1ull, "headers at the last byte" },
		{ offsetof(Elf64_Ehdr, e_shoff), 8, 1 << 30, "headers outside the file" },
		{ offsetof(Elf64_Ehdr, e_shentsize), 2, 40, "headers of another size" },
		{ offsetof(Elf64_Ehdr, e_shnum), 2, 0xff00, "too many headers" },
		{ offsetof(Elf64_Ehdr, e_shnum), 2, 0, "a count that section 0 has not" },
		{ offsetof(Elf64_Ehdr, e_shstrndx), 2, 0, "no section of names" },
		{ offsetof(Elf64_Ehdr, e_shstrndx), 2, 1, "names in a section of no names" },
		{ offsetof(Elf64_Ehdr, e_shstrndx), 2, 999, "names in no section" },
		{ offsetof(Elf64_Ehdr, e_shstrndx), 2, SHN_XINDEX, "names where section 0 says" },
	};
	struct blob good = compile("gcc in.c", "void rust_begin_unwind(void) {}"
					       "int main(void) { return 0; }");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = blob_copy(&good);

		put_number(b.data + cases[i].at, cases[i].size, false, cases[i].value);
		struct sp_elf *elf = must_read(&b, cases[i].what);
		ok(!elf->has_sections && !elf->has_symtab && !elf->rust, "%s",
		   cases[i].what);
		is_str(elf->needed[0], "libc.so.6", "the loader's facts are there");
		sp_elf_free(elf);
		blob_free(&b);
	}

	/* Large numbers, which the ELF header leaves to section 0. */
	struct blob b = blob_copy(&good);
	uint8_t *section = b.data + get_number(b.data + offsetof(Elf64_Ehdr, e_shoff), 8, 0);
	put_number(section + offsetof(Elf64_Shdr, sh_size), 8, false,
		   get_number(b.data + offsetof(Elf64_Ehdr, e_shnum), 2, false));
	put_number(section + offsetof(Elf64_Shdr, sh_link), 4, false,
		   get_number(b.data + offsetof(Elf64_Ehdr, e_shstrndx), 2, false));
	SET_HEADER(&b, e_shnum, 0);
	SET_HEADER(&b, e_shstrndx, SHN_XINDEX);
	struct sp_elf *elf = must_read(&b, "numbers in section 0");
	ok(elf->has_sections && elf->has_symtab && elf->rust, "are used");
	sp_elf_free(elf);

	/* Names of sections that lie outside theirs: the others are read on. */
	put_number(section + sizeof(Elf64_Shdr), 4, false, 0xffffff);
	elf = must_read(&b, "a section whose name is nowhere");
	ok(elf->has_sections && elf->has_symtab, "is passed over");
	sp_elf_free(elf);
	blob_free(&b);
	blob_free(&good);
}

int main(void)
{
	stripped();
	rust();
	compiled_for_arm();
	of_a_library();
	attributes();
	lies();
	return test_done();
}
