/*
 * Platforms: of compiled programs for several machines, of header fields, of text,
 * and which fits which.
 */
#include "elf/platform.h"

#include "elf_files.h"

#define NOSTDLIB "void _start(void) { for (;;); }"
#define GO "GOCACHE=${GOCACHE:-$PWD/cache} GO111MODULE=off GOFLAGS= GOPROXY=off CGO_ENABLED=0 "

static void is_platform(struct blob *b, const char *want, const char *what)
{
	struct sp_elf *elf = must_read(b, what);
	struct sp_arena arena = { 0 };
	struct sp_platform p;
	struct sp_err err = { 0 };

	if (sp_platform_of(elf, &p, &err))
		ok(false, "%s: %s", what, err.msg);
	else
		is_str(sp_platform_str(&p, &arena), want, "%s", what);
	sp_arena_release(&arena);
	sp_elf_free(elf);
}

static void compiled(void)
{
	static const char *const cases[][2] = {
		{ "gcc -nostdlib -static in.c", "linux/amd64" },
		{ "gcc -nostdlib -static in.c -Wl,-z,x86-64-v2", "linux/amd64/v2" },
		{ "gcc -nostdlib -static in.c -Wl,-z,x86-64-v3", "linux/amd64/v3" },
		{ "gcc -nostdlib -static in.c -Wl,-z,x86-64-v4", "linux/amd64/v4" },
		{ "gcc -nostdlib -static in.c -Wl,-z,x86-64-baseline", "linux/amd64" },
		{ "gcc -m32 -nostdlib -static in.c", "linux/386" },
		{ "aarch64-linux-gnu-gcc -nostdlib -static in.c", "linux/arm64/v8" },
		{ "riscv64-linux-gnu-gcc -nostdlib -static in.c", "linux/riscv64" },
		{ "arm-linux-gnueabihf-gcc -nostdlib -static in.c", "linux/arm/v7" },
		{ "arm-linux-gnueabihf-gcc -nostdlib -static in.c -march=armv6+fp -marm",
		  "linux/arm/v6" },
		{ "arm-linux-gnueabihf-gcc -nostdlib -static in.c -march=armv5t"
		  " -mfloat-abi=soft", "linux/arm/v5" },
		{ "arm-linux-gnueabihf-gcc -nostdlib -static in.c -march=armv8-a+simd",
		  "linux/arm/v8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct blob b = compile(cases[i][0], NOSTDLIB);

		is_platform(&b, cases[i][1], cases[i][0]);
		blob_free(&b);
	}
	struct blob b = compile(CROSS("arm-linux-gnueabihf"), "int main(void) { return 0; }");
	ok(get_number(b.data + offsetof(Elf32_Ehdr, e_flags), 4, false) &
	   EF_ARM_ABI_FLOAT_HARD, "a program for armhf");
	strip_sections(&b);
	is_platform(&b, "linux/arm/v7", "without its attributes");
	blob_free(&b);
}

/* In each place that has the setting: the program itself holds a copy. */
static void set_goarm(struct blob *b, char level)
{
	for (size_t at = 0; at + 8 < b->len; at++)
		if (memcmp(b->data + at, "\tGOARM=", 7) == 0)
			b->data[at + 7] = (uint8_t)level;
}

/* Go says in its build information what its programs need. */
static void compiled_by_go(void)
{
	static const char *const cases[][2] = {
		{ "GOARCH=arm GOARM=6", "linux/arm/v6" },
		{ "GOARCH=amd64 GOAMD64=v3", "linux/amd64/v3" },
		{ "GOARCH=ppc64le", "linux/ppc64le" },
		{ "GOARCH=mips", "linux/mips" },
		{ "GOARCH=loong64", "linux/loong64" },
	};

	write_text("m.go", "package main\n\nfunc main() {}\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		/* Not optimised: that is most of the time it takes. */
		if (!run(GO "%s go build -ldflags='-s -w' -gcflags='all=-N -l' -o out m.go",
			 cases[i][0]))
			continue;
		struct blob b = load(scratch_path("out"));
		is_platform(&b, cases[i][1], cases[i][0]);
		strip_sections(&b);
		is_platform(&b, cases[i][1], "the same without section headers");
		/* Each GOARM takes a compilation of the runtime and differs, for us,
		 * in one byte. */
		for (char level = '5'; i == 0 && level <= '7'; level++) {
			char want[] = "linux/arm/v0";

			set_goarm(&b, level);
			want[11] = level;
			is_platform(&b, want, "another GOARM");
		}
		blob_free(&b);
	}
}

static void headers(void)
{
	static const struct {
		uint16_t machine;
		int bits;
		bool big;
		uint32_t flags;
		const char *want;	/* NULL: refused */
	} cases[] = {
		{ EM_X86_64, 64, false, 0, "linux/amd64" },
		{ EM_X86_64, 32, false, 0, NULL },
		{ EM_X86_64, 64, true, 0, NULL },
		{ EM_386, 32, false, 0, "linux/386" },
		{ EM_AARCH64, 64, false, 0, "linux/arm64/v8" },
		{ EM_AARCH64, 64, true, 0, NULL },
		{ EM_AARCH64, 32, false, 0, NULL },
		{ EM_ARM, 32, false, EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD,
		  "linux/arm/v7" },
		{ EM_ARM, 32, false, EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_SOFT,
		  "linux/arm/v5" },
		{ EM_ARM, 32, false, EF_ARM_EABI_VER5, "linux/arm/v7" },
		{ EM_ARM, 32, true, 0, NULL },
		{ EM_RISCV, 64, false, 5, "linux/riscv64" },
		{ EM_RISCV, 32, false, 0, NULL },
		{ EM_PPC64, 64, false, 2, "linux/ppc64le" },
		{ EM_PPC64, 64, true, 1, "linux/ppc64" },
		{ EM_PPC, 32, true, 0, NULL },
		{ EM_S390, 64, true, 0, "linux/s390x" },
		{ EM_S390, 32, true, 0, NULL },
		{ EM_MIPS, 32, true, 0x70001005, "linux/mips" },
		{ EM_MIPS, 32, false, 0x70001005, "linux/mipsle" },
		{ EM_MIPS, 64, true, 0x80000007, "linux/mips64" },
		{ EM_MIPS, 64, false, 0x80000007, "linux/mips64le" },
		{ EM_MIPS, 32, false, 0x80000027, NULL },
		{ EM_LOONGARCH, 64, false, 0x43, "linux/loong64" },
		{ EM_SPARCV9, 64, true, 0, NULL },
		{ 0, 64, false, 0, NULL },
		{ 0xffff, 32, false, 0, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_platform p = { 0 };
		struct sp_err err = { 0 };
		struct maker m;

		maker_init(&m, cases[i].bits, cases[i].big);
		struct blob b = maker_finish(&m);
		SET_HEADER(&b, e_machine, cases[i].machine);
		SET_HEADER(&b, e_flags, cases[i].flags);
		char what[64];
		snprintf(what, sizeof(what), "machine %u, %d bit, %s-endian",
			 cases[i].machine, cases[i].bits, cases[i].big ? "big" : "little");
		if (cases[i].want) {
			is_platform(&b, cases[i].want, what);
		} else {
			struct sp_elf *elf = must_read(&b, what);

			ok(sp_platform_of(elf, &p, &err) && err.code == SP_EPROGRAM &&
			   !p.arch && strstr(err.msg, "no name in container images") &&
			   strstr(err.msg, "expected one of amd64, "), "%s: refused", what);
			sp_elf_free(elf);
		}
		blob_free(&b);
	}
}

static void settings(void)
{
	static const struct {
		uint16_t machine;
		const char *info, *variant;
		int arm_arch;
	} cases[] = {
		{ EM_ARM, "path\tx\nbuild\tGOARM=5\nbuild\tz=1\n", "v5", -1 },
		{ EM_ARM, "build\tGOARM=7,hardfloat\n", "v7", 4 },
		{ EM_ARM, "build\tGOARM=6,softfloat", "v6", -1 },
		{ EM_ARM, "build\tGOARM=9\n", "v6", 9 },
		{ EM_ARM, "build\tGOARM=75\n", "v7", 10 },
		{ EM_ARM, "dep\tGOARM=5\nbuild\tXGOARM=5\nbuild\tGOARMS=5\n", "v7", -1 },
		{ EM_ARM, "", "v7", 13 }, { EM_ARM, "", "v6", 11 }, { EM_ARM, "", "v5", 0 },
		{ EM_ARM, "", "v8", 22 },
		{ EM_X86_64, "build\tGOAMD64=v2\n", "v2", -1 },
		{ EM_X86_64, "build\tGOAMD64=v1\n", NULL, -1 },
		{ EM_X86_64, "build\tGOAMD64=v9\n", NULL, -1 },
		{ EM_X86_64, "build\tGOAMD64=v44\n", NULL, -1 },
		{ EM_X86_64, "build\tGOAMD64=\n", NULL, -1 },
		{ EM_X86_64, "build\tGOAMD64=vvvvvvvvvvvvvvvvvvvvvvvvv\n", NULL, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_elf elf = {
			.machine = cases[i].machine, .bits = cases[i].machine == EM_ARM ? 32 : 64,
			.arm_arch = cases[i].arm_arch,
			.go = { "go1.21", cases[i].info },
		};
		struct sp_platform p = { 0 };
		struct sp_err err = { 0 };

		is_int(sp_platform_of(&elf, &p, &err), 0, "setting %zu", i);
		is_str(p.variant, cases[i].variant, "variant by setting %zu", i);
	}
	struct sp_elf both = { .machine = EM_X86_64, .bits = 64,
			       .isa_needed = GNU_PROPERTY_X86_ISA_1_V3,
			       .go = { "go1.21", "build\tGOAMD64=v2\n" } };
	struct sp_platform p = { 0 };
	struct sp_err err = { 0 };
	is_int(sp_platform_of(&both, &p, &err), 0, "a level in both places");
	is_str(p.variant, "v3", "the higher one counts");
}

static void text(void)
{
	static const char *const good[][2] = {
		{ "linux/amd64", "linux/amd64" },	{ "amd64", "linux/amd64" },
		{ "linux/amd64/v1", "linux/amd64" },	{ "linux/amd64/v3", "linux/amd64/v3" },
		{ "linux/amd64/2", "linux/amd64/v2" },	{ "x86_64", "linux/amd64" },
		{ "linux/x86-64", "linux/amd64" },	{ "Linux/AMD64", "linux/amd64" },
		{ "i386", "linux/386" },		{ "linux/i686", "linux/386" },
		{ "386", "linux/386" },			{ "arm", "linux/arm/v7" },
		{ "linux/arm/v6", "linux/arm/v6" },	{ "linux/arm/5", "linux/arm/v5" },
		{ "armhf", "linux/arm/v7" },		{ "armel", "linux/arm/v6" },
		{ "armv7l", "linux/arm/v7" },		{ "linux/armhf/v8", "linux/arm/v8" },
		{ "arm64", "linux/arm64/v8" },		{ "aarch64", "linux/arm64/v8" },
		{ "linux/arm64/v8", "linux/arm64/v8" },	{ "linux/arm64/8", "linux/arm64/v8" },
		{ "linux/arm64/v9", "linux/arm64/v9" },	{ "riscv64", "linux/riscv64" },
		{ "ppc64el", "linux/ppc64le" },		{ "ppc64le", "linux/ppc64le" },
		{ "linux/ppc64le/power9", "linux/ppc64le/power9" },
		{ "s390x", "linux/s390x" },		{ "mipsel", "linux/mipsle" },
		{ "mips64el", "linux/mips64le" },	{ "loongarch64", "linux/loong64" },
		{ "windows/amd64", "windows/amd64" },	{ "macos/arm64", "darwin/arm64/v8" },
	};
	static const char *const bad[] = {
		"", "/", "linux", "linux/", "/amd64", "linux//v7", "linux/arm/", "linux/arm/v7/x",
		"linux/arm/v7/", "linux/amd46", "linux/amd64/v5", "linux/amd64/v0",
		"linux/amd64/x", "linux/arm/v4", "linux/arm/v9", "linux/arm/v77", "linux amd64",
		"linux/amd64\n", "linux/\xe9", "arm/v7", "*", "linux/../amd64",
	};
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct sp_platform p = { 0 };
		struct sp_err err = { 0 };

		if (sp_platform_parse(good[i][0], &arena, &p, &err))
			ok(false, "%s: %s", good[i][0], err.msg);
		else
			is_str(sp_platform_str(&p, &arena), good[i][1], "%s", good[i][0]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sp_platform p = { 0 };
		struct sp_err err = { 0 };

		ok(sp_platform_parse(bad[i], &arena, &p, &err) && err.code == SP_EUSAGE &&
		   strstr(err.msg, "expected") && !p.arch, "malformed platform %zu", i);
	}
	sp_arena_release(&arena);
}

static void fits(void)
{
	static const struct {
		const char *wanted, *file;
		bool fits;
	} cases[] = {
		{ "linux/amd64", "linux/amd64", true },
		{ "linux/amd64/v3", "linux/amd64", true },
		{ "linux/amd64/v3", "linux/amd64/v2", true },
		{ "linux/amd64/v2", "linux/amd64/v3", false },
		{ "linux/amd64", "linux/amd64/v3", true },
		{ "linux/arm64", "linux/amd64", false },
		{ "linux/arm/v6", "linux/arm/v7", false },
		{ "linux/arm/v8", "linux/arm/v5", true },
		{ "linux/arm64/v9", "linux/arm64", true },
		{ "linux/arm64/v8.2", "linux/arm64/v8", true },
		{ "linux/arm64/v8", "linux/arm64/v8.2", false },
		{ "windows/amd64", "linux/amd64", false },
		{ "linux/ppc64le/power9", "linux/ppc64le/power9", true },
		{ "linux/ppc64le/power9", "linux/ppc64le/power8", false },
		{ "linux/ppc64le/power9", "linux/ppc64le", true },
		{ "linux/arm64/v8.x", "linux/arm64/v8", false },
	};
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_platform wanted, file;
		struct sp_err err = { 0 };

		if (sp_platform_parse(cases[i].wanted, &arena, &wanted, &err) ||
		    sp_platform_parse(cases[i].file, &arena, &file, &err))
			ok(false, "%s", err.msg);
		else
			is_int(sp_platform_fits(&wanted, &file), cases[i].fits,
			       "%s runs a program of %s", cases[i].wanted, cases[i].file);
	}
	sp_arena_release(&arena);
}

static void host(void)
{
	struct sp_platform host = sp_platform_host(), parsed;
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	char *machine = output_of("uname -m | tr -d '\\n'");

	is_str(host.os, "linux", "the system of this machine");
	if (sp_platform_parse(machine, &arena, &parsed, &err))
		ok(false, "%s", err.msg);
	else
		is_str(parsed.arch, host.arch, "its architecture, as uname has it");
	free(machine);
	sp_arena_release(&arena);
}

int main(void)
{
	compiled();
	compiled_by_go();
	headers();
	settings();
	text();
	fits();
	host();
	return test_done();
}
