/*
 * .note.dlopen: of assembled programs with and without section headers, and notes that
 * are odd.
 */
#include "elf/dlopen_note.h"

#include "elf_files.h"

#define HEAD(name, owner, type)                                                    \
	"__asm__(\".section " name ",\\\"a\\\",%note\\n.balign 4\\n.long 2f-1f,4f-3f," \
	type "\\n1: .asciz \\\"" owner "\\\"\\n2: .balign 4\\n3: "
#define TAIL "\\n4: .balign 4\\n.previous\\n\");"
#define NOTE(name, owner, type, desc) HEAD(name, owner, type) desc TAIL
#define DLOPEN "0x407c0c0a"

struct seen {
	char text[4][256];	/* how each note begins */
	size_t lens[4], nr;
};

static void collect(void *ctx, const char *json, size_t len)
{
	struct seen *s = ctx;

	if (s->nr < 4) {
		snprintf(s->text[s->nr], sizeof(s->text[0]), "%.*s",
			 len < 255 ? (int)len : 255, json);
		s->lens[s->nr] = len;
	}
	s->nr++;
}

static struct seen notes_of(struct blob *b, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	struct seen s = { .nr = 0 };

	sp_elf_dlopen_notes(elf, collect, &s);
	sp_elf_free(elf);
	return s;
}

#define FEATURE "[{\"feature\":\"zip\",\"soname\":[\"libz.so.1\",\"libz.so\"]}]"
#define QUOTED "[{\\\\\\\"feature\\\\\\\":\\\\\\\"zip\\\\\\\",\\\\\\\"soname\\\\\\\":" \
	"[\\\\\\\"libz.so.1\\\\\\\",\\\\\\\"libz.so\\\\\\\"]}]"

static void assembled(const char *command)
{
	struct blob b = compile(command,
		NOTE(".note.dlopen", "FDO", DLOPEN, ".asciz \\\"" QUOTED "\\\"")
		NOTE(".note.dlopen", "FDO", DLOPEN, ".ascii \\\"[2]\\\"")
		NOTE(".note.package", "FDO", "0xcafe1a7e", ".asciz \\\"{}\\\"")
		NOTE(".note.other", "GNU", DLOPEN, ".asciz \\\"[3]\\\"")
		NOTE(".note.empty", "FDO", DLOPEN, "")
		NOTE(".note.nothing", "FDO", DLOPEN, ".byte 0,0,0")
		NOTE(".note.unusual", "FDO", DLOPEN, ".byte 0xff,10,0,65")
		"int main(void) { return 0; }");

	for (int i = 0; i < 2; i++) {
		struct seen s = notes_of(&b, command);

		is_int((long long)s.nr, 3, "%s: notes", command);
		is_str(s.text[0], FEATURE, "as it is written");
		is_int((long long)s.lens[0], sizeof(FEATURE) - 1, "without its NUL");
		is_str(s.text[1], "[2]", "one without a NUL");
		is_str(s.text[2], "\xff\n", "what is no JSON");
		strip_sections(&b);
	}
	blob_free(&b);
}

static void sizes(void)
{
	static const struct {
		const char *desc;
		size_t nr, len;
	} cases[] = {
		{ ".fill 65535,1,0x5b\\n.byte 0", 1, 65535 },
		{ ".fill 65536,1,0x5b", 1, 65536 },
		{ ".fill 65537,1,0x5b", 0, 0 },
		/* Long as a note, but its text is not. */
		{ ".byte 0x5b,0\\n.fill 100000,1,0x5b", 1, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[1024];

		snprintf(text, sizeof(text), "%s%s%s", HEAD(".note.dlopen", "FDO", DLOPEN),
			 cases[i].desc, TAIL "int main(void) { return 0; }");
		struct blob b = compile("gcc -s in.c", text);
		struct seen s = notes_of(&b, "a program with a large note");

		is_int((long long)s.nr, (long long)cases[i].nr, "%s", cases[i].desc);
		is_int((long long)s.lens[0], (long long)cases[i].len, "and its length");
		blob_free(&b);
	}
}

int main(void)
{
	struct blob b = compile("gcc in.c", "int main(void) { return 0; }");

	is_int((long long)notes_of(&b, "a program").nr, 0, "most programs have none");
	blob_free(&b);
	assembled("gcc in.c");
	assembled("gcc -s -static in.c");
	assembled("gcc -shared -fPIC in.c");
	assembled("aarch64-linux-gnu-gcc -mbig-endian -nostdlib -shared -fPIC in.c");
	sizes();
	return test_done();
}
