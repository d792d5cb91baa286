/*
 * Notes: build id and ABI tag as readelf has them, properties, notes of others,
 * and notes that are damaged, which leave facts unset.
 */
#include "elf/reader.h"

#include "elf_files.h"

#define NOTE(name, owner, type, desc)                                              \
	"__asm__(\".section " name ",\\\"a\\\",%note\\n.balign 4\\n.long 2f-1f,4f-3f," \
	type "\\n1: .asciz \\\"" owner "\\\"\\n2: .balign 4\\n3: " desc                 \
	"\\n4: .balign 4\\n.previous\\n\");"

static const struct sp_elf_note *find(const struct sp_elf *elf, const char *owner)
{
	for (size_t i = 0; i < elf->notes_nr; i++)
		if (strcmp(elf->notes[i].owner, owner) == 0)
			return &elf->notes[i];
	return NULL;
}

static void as_readelf(struct blob *b, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	char *id = output_of("readelf -nW out | sed -n 's/.*Build ID: //p' | tr -d '\\n'");
	char *abi = output_of("readelf -nW out | sed -n 's/.*OS: Linux, ABI: //p'"
			      " | tr -d '\\n'");
	char got[64] = "";

	is_str(elf->build_id ? elf->build_id : "", id, "%s: build id", what);
	if (elf->has_abi_tag)
		snprintf(got, sizeof(got), "%u.%u.%u", elf->kernel[0], elf->kernel[1],
			 elf->kernel[2]);
	is_str(got, abi, "%s: least kernel", what);
	is_int(elf->abi_os, 0, "%s: for Linux", what);
	free(id);
	free(abi);
	sp_elf_free(elf);
}

static void compiled(void)
{
	static const char *const commands[] = {
		"gcc in.c", "gcc -static in.c", "musl-gcc in.c -Wl,--build-id=none",
		"musl-gcc in.c -Wl,--build-id=0x0123456789abcdef",
		"gcc -m32 -nostdlib -Wl,-e,main in.c -Wl,--build-id=md5",
		"aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c"
		" -Wl,--build-id",
		CROSS("riscv64-linux-gnu") " -Wl,--build-id",
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		struct blob b = compile(commands[i], "int main(void) { return 0; }");

		as_readelf(&b, commands[i]);
		strip_sections(&b);
		as_readelf(&b, "the same without section headers");
		blob_free(&b);
	}
	run("cp /usr/arm-linux-gnueabihf/lib/libc.so.6 out");
	struct blob b = load(scratch_path("out"));
	as_readelf(&b, "libc for arm");
	blob_free(&b);
}

static void properties(void)
{
	static const struct {
		const char *command;
		uint32_t isa, features;
	} cases[] = {
		{ "gcc in.c -fcf-protection=none -nostdlib -Wl,-e,main -Wl,-z,x86-64-v3",
		  GNU_PROPERTY_X86_ISA_1_V3, 0 },
		{ "gcc in.c -nostdlib -Wl,-e,main -Wl,-z,x86-64-v4",
		  GNU_PROPERTY_X86_ISA_1_V4, 0 },
		{ "gcc in.c -fcf-protection=full -nostdlib -shared", 0,
		  GNU_PROPERTY_X86_FEATURE_1_IBT | GNU_PROPERTY_X86_FEATURE_1_SHSTK },
		{ "gcc -m32 in.c -fcf-protection=full -nostdlib -shared -Wl,-z,x86-64-v2",
		  GNU_PROPERTY_X86_ISA_1_V2,
		  GNU_PROPERTY_X86_FEATURE_1_IBT | GNU_PROPERTY_X86_FEATURE_1_SHSTK },
		{ "aarch64-linux-gnu-gcc in.c -mbranch-protection=standard -nostdlib -shared",
		  0, GNU_PROPERTY_AARCH64_FEATURE_1_BTI |
		     GNU_PROPERTY_AARCH64_FEATURE_1_PAC },
		{ "aarch64-linux-gnu-gcc in.c -mbig-endian -mbranch-protection=bti"
		  " -nostdlib -shared", 0, GNU_PROPERTY_AARCH64_FEATURE_1_BTI },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = compile(cases[i].command, "int main(void) { return 0; }");
		struct sp_elf *elf = must_read(&b, cases[i].command);
		size_t seen = 0;

		is_int(elf->isa_needed & ~GNU_PROPERTY_X86_ISA_1_BASELINE, cases[i].isa,
		       "ISA level: %s", cases[i].command);
		is_int(elf->features, cases[i].features, "features");
		for (size_t k = 0; k < elf->notes_nr; k++)
			seen += elf->notes[k].type == NT_GNU_PROPERTY_TYPE_0;
		is_int((long long)seen, 1, "PT_GNU_PROPERTY is not read again");
		sp_elf_free(elf);
		blob_free(&b);
	}
}

static void others(void)
{
	struct blob b = compile("gcc -s in.c",
		NOTE(".note.dlopen", "FDO", "0x407c0c0a", ".asciz \\\"[{}]\\\"")
		NOTE(".note.package", "FDO", "0xcafe1a7e", ".asciz \\\"{}\\\"")
		NOTE(".note.odd", "Caf\\\\351", "7", ".byte 1,2,3")
		NOTE(".note.empty", "Nothing", "8", "")
		"int main(void) { return 0; }");
	struct sp_elf *elf = must_read(&b, "a program with notes");
	const struct sp_elf_note *n;

	strip_sections(&b);
	sp_elf_free(elf);
	elf = must_read(&b, "the same without section headers");
	n = find(elf, "FDO");
	for (size_t i = 0; i < elf->notes_nr; i++)
		if (elf->notes[i].type == 0x407c0c0a)
			n = &elf->notes[i];
	ok(n && n->type == 0x407c0c0a && n->desc_len == 5 && !memcmp(n->desc, "[{}]", 5),
	   "a note by its type");
	n = find(elf, "Caf\xe9");
	ok(n && n->desc_len == 3 && !memcmp(n->desc, "\1\2\3", 3), "an owner that is no UTF-8");
	n = find(elf, "Nothing");
	ok(n && n->type == 8 && n->desc_len == 0, "a note without content");
	ok(elf->build_id, "and the build id beside them");
	sp_elf_free(elf);
	blob_free(&b);
}

/* A note segment of `len` bytes at MAKER_FREE, on which words are put in turn. */
static struct sp_elf *of_words(const uint32_t *words, size_t nr, uint64_t len,
			       uint32_t machine)
{
	struct maker m;

	maker_init(&m, 64, false);
	for (size_t i = 0; i < nr; i++)
		maker_put(&m, MAKER_FREE + 4 * i, 4, words[i]);
	maker_phdr(&m, PT_NOTE, PF_R, MAKER_FREE, len, 4);
	struct blob b = maker_finish(&m);
	SET_HEADER(&b, e_machine, machine);
	struct sp_elf *elf = must_read(&b, "notes made by hand");
	blob_free(&b);
	return elf;
}

#define GNU 0x00554e47

static void damaged(void)
{
	static const struct {
		uint32_t words[12];
		uint64_t len;
		size_t notes;
		const char *id, *what;
	} cases[] = {
		{ { 4, 4, 3, GNU, 0x12345678 }, 20, 1, "78563412", "a build id" },
		{ { 4, 4, 3, GNU, 0x12345678 }, 19, 0, NULL, "one cut short" },
		{ { 4, 4, 3, GNU, 0x12345678 }, 11, 0, NULL, "a header cut short" },
		{ { 4, 0, 3, GNU }, 16, 1, NULL, "an empty one" },
		{ { 0xffffffff, 4, 3, GNU, 1 }, 20, 0, NULL, "an endless owner" },
		{ { 0xfffffffc, 4, 3, GNU, 1 }, 20, 0, NULL, "an owner that wraps" },
		{ { 4, 0xffffffff, 3, GNU, 1 }, 20, 0, NULL, "an endless content" },
		{ { 4, 0xfffffff0, 3, GNU, 1 }, 20, 0, NULL, "a content that wraps" },
		{ { 0, 0, 0, 4, 4, 3, GNU, 7 }, 32, 2, "07000000", "a nameless one before" },
		{ { 4, 1, 3, GNU, 0xab, 4, 1, 9, GNU, 0 }, 37, 2, "ab", "padding" },
		{ { 4, 4, 3, GNU, 1, 4, 4, 3, GNU, 2 }, 40, 2, "01000000", "the first of two" },
		{ { 3, 4, 3, 0x554e4c, 1 }, 20, 1, NULL, "another owner" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_elf *elf = of_words(cases[i].words, 12, cases[i].len, EM_X86_64);

		is_int((long long)elf->notes_nr, (long long)cases[i].notes, "%s: notes",
		       cases[i].what);
		is_str(elf->build_id, cases[i].id, "%s: build id", cases[i].what);
		sp_elf_free(elf);
	}

	const uint32_t bad_abi[] = { 4, 12, 1, GNU, 0, 2, 6 };
	struct sp_elf *elf = of_words(bad_abi, 7, 28, EM_X86_64);
	ok(!elf->has_abi_tag, "an ABI tag cut short is none");
	sp_elf_free(elf);

	/* type, size, value: in the note of properties. */
	const uint32_t isa = GNU_PROPERTY_X86_ISA_1_NEEDED;
	const uint32_t lying[] = { 4, 16, 5, GNU, isa, 0xfffffff8, 2, 0 };
	elf = of_words(lying, 8, 32, EM_X86_64);
	is_int(elf->isa_needed, 0, "a property larger than its note");
	sp_elf_free(elf);
	const uint32_t cut[] = { 4, 12, 5, GNU, isa, 4, 2 };
	elf = of_words(cut, 7, 28, EM_X86_64);
	is_int(elf->isa_needed, 2, "a property without padding at the end");
	sp_elf_free(elf);
	elf = of_words(cut, 7, 28, EM_S390);
	is_int(elf->isa_needed, 0, "the same number means nothing elsewhere");
	sp_elf_free(elf);
	const uint32_t second[] = { 4, 32, 5, GNU, 0xc0000002, 4, 3, 0, isa, 4, 8, 0 };
	elf = of_words(second, 12, 48, EM_X86_64);
	ok(elf->isa_needed == 8 && elf->features == 3, "two properties");
	sp_elf_free(elf);
}

/* Segments outside the file, overlapping, and more notes than anyone needs. */
static void segments(void)
{
	struct maker m;
	struct sp_elf *elf;
	struct blob b;

	maker_init(&m, 64, false);
	maker_put(&m, MAKER_FREE, 4, 4);
	maker_put(&m, MAKER_FREE + 4, 4, 4);
	maker_put(&m, MAKER_FREE + 8, 4, NT_GNU_BUILD_ID);
	maker_put(&m, MAKER_FREE + 12, 4, GNU);
	maker_phdr(&m, PT_NOTE, PF_R, MAKER_LEN - 8, 4096, 4);
	maker_phdr(&m, PT_GNU_PROPERTY, PF_R, MAKER_FREE, 20, 4);
	maker_phdr(&m, PT_NOTE, PF_R, MAKER_FREE, 20, 4);
	maker_phdr(&m, PT_NOTE, PF_R, MAKER_FREE, 20, 4);
	b = maker_finish(&m);
	elf = must_read(&b, "a note segment outside the file");
	is_str(elf->build_id, "00000000", "does not hide another");
	is_int((long long)elf->notes_nr, 1, "one range is read once");
	sp_elf_free(elf);
	blob_free(&b);

	maker_init(&m, 64, false);
	maker_phdr(&m, PT_NOTE, PF_R, MAKER_LEN, 16 * 100000, 4);
	b = maker_finish(&m);
	b.data = sp_realloc(b.data, MAKER_LEN + 16 * 100000 + 1, 1);
	memset(b.data + MAKER_LEN, 0, 16 * 100000);
	b.len = MAKER_LEN + 16 * 100000;
	elf = must_read(&b, "a hundred thousand notes");
	is_int((long long)elf->notes_nr, SP_ELF_NOTES_MAX, "are cut off");
	sp_elf_free(elf);
	blob_free(&b);
}

/* A build id in a section that no segment of notes covers, as Go 1.24 makes. */
static void by_section(void)
{
	struct blob b = compile("gcc in.c -Wl,--build-id=0x1234", "int main(void){return 0;}");

	for (size_t i = 0; i < get_number(b.data + offsetof(Elf64_Ehdr, e_phnum), 2, 0); i++) {
		uint8_t *p = b.data + sizeof(Elf64_Ehdr) + i * sizeof(Elf64_Phdr);

		if (get_number(p, 4, false) == PT_NOTE)
			put_number(p, 4, false, PT_NULL);
	}
	struct sp_elf *elf = must_read(&b, "a program without PT_NOTE");
	is_str(elf->build_id, "1234", "its build id by the section");
	sp_elf_free(elf);
	strip_sections(&b);
	elf = must_read(&b, "and without sections");
	is_str(elf->build_id, NULL, "it has none");
	sp_elf_free(elf);
	blob_free(&b);
}

int main(void)
{
	compiled();
	properties();
	others();
	damaged();
	segments();
	by_section();
	return test_done();
}
