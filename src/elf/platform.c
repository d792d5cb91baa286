/*
 * The OCI platform of an ELF file, and platforms as text.
 */
#include "elf/platform.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "elf/kind.h"
#include "elf/reader.h"

#define EVERY(i, array) size_t i = 0; i < sizeof(array) / sizeof(*(array)); i++
#define ARCHES "amd64, 386, arm64, arm, riscv64, ppc64le, ppc64, s390x, mips, " \
	       "mipsle, mips64, mips64le, loong64"

/* MIPS n32: the ABI of 64-bit registers and 32-bit addresses. */
#define EF_MIPS_ABI2_BIT 0x20

static const struct machine {
	uint16_t machine;
	int bits;
	bool big_endian;
	const char *arch;
} machines[] = {
	{ EM_X86_64, 64, false, "amd64" },   { EM_386, 32, false, "386" },
	{ EM_ARM, 32, false, "arm" },	     { EM_AARCH64, 64, false, "arm64" },
	{ EM_RISCV, 64, false, "riscv64" },  { EM_PPC64, 64, false, "ppc64le" },
	{ EM_PPC64, 64, true, "ppc64" },     { EM_S390, 64, true, "s390x" },
	{ EM_MIPS, 32, true, "mips" },	     { EM_MIPS, 32, false, "mipsle" },
	{ EM_MIPS, 64, true, "mips64" },     { EM_MIPS, 64, false, "mips64le" },
	{ EM_LOONGARCH, 64, false, "loong64" },
};

/* Levels of amd64, the least one first; v1 is what all have and has no name. */
static const char *amd64_variant(const struct sp_elf *elf)
{
	static const char *const names[] = { NULL, NULL, "v2", "v3", "v4" };
	uint32_t isa = elf->isa_needed;
	unsigned level = isa & GNU_PROPERTY_X86_ISA_1_V4 ? 4 :
			 isa & GNU_PROPERTY_X86_ISA_1_V3 ? 3 :
			 isa & GNU_PROPERTY_X86_ISA_1_V2 ? 2 : 1;
	char buf[16];
	const char *go = sp_golang_setting(elf, "GOAMD64", buf, sizeof(buf));

	if (go && go[0] == 'v' && go[1] >= '1' && go[1] <= '4' && !go[2] &&
	    (unsigned)(go[1] - '0') > level)
		level = (unsigned)(go[1] - '0');
	return names[level];
}

void sp_platform_raise(struct sp_platform *platform, const struct sp_elf *library)
{
	const char *variant = library->machine == EM_X86_64 ? amd64_variant(library) : NULL;

	/* v2, v3, v4 */
	if (variant && (!platform->variant || strcmp(variant, platform->variant) > 0))
		platform->variant = variant;
}

/*
 * Tag_CPU_arch (Arm ABI addenda): 0-5 are up to v5TEJ, 6-9 the v6 family, 11 and
 * 12 its microcontrollers, 10 and 13 v7, from 14 v8.  Go says GOARM, as in "6" or
 * "7,hardfloat".  A file without any mark that has the calling convention for
 * hardware floats was built for v7, the least that distributions with it have (Debian
 * armhf); and so is one that says nothing, as containerd takes "arm" for v7.
 */
static const char *arm_variant(const struct sp_elf *elf)
{
	static const char *const by_tag[] = {
		"v5", "v5", "v5", "v5", "v5", "v5", "v6", "v6",
		"v6", "v6", "v7", "v6", "v6", "v7",
	};
	char buf[32];
	const char *go = sp_golang_setting(elf, "GOARM", buf, sizeof(buf));

	if (go && (!go[1] || go[1] == ',') && go[0] >= '5' && go[0] <= '7')
		return go[0] == '5' ? "v5" : go[0] == '6' ? "v6" : "v7";
	if (elf->arm_arch >= 0)
		return (size_t)elf->arm_arch < sizeof(by_tag) / sizeof(*by_tag) ?
			       by_tag[elf->arm_arch] : "v8";
	if (!elf->arm_hard_float &&
	    EF_ARM_EABI_VERSION(elf->flags) == EF_ARM_EABI_VER5 &&
	    (elf->flags & EF_ARM_ABI_FLOAT_SOFT))
		return "v5";
	return "v7";
}

static int no_name(const struct sp_elf *elf, const char *what, struct sp_err *err)
{
	return sp_err_diagnose(err, "unknown-machine",
			  "built for %s (ELF machine %u, %d bit, %s-endian), which has no "
			  "name in container images; expected one of " ARCHES, what,
			  elf->machine, elf->bits, elf->big_endian ? "big" : "little");
}

int sp_platform_of(const struct sp_elf *elf, struct sp_platform *ret,
		   struct sp_err *err)
{
	struct sp_platform p = { .os = sp_kind_os(elf) };

	if (elf->machine == EM_X86_64 && elf->bits == 32)
		return no_name(elf, "x32", err);
	if (elf->machine == EM_MIPS && elf->bits == 32 &&
	    (elf->flags & EF_MIPS_ABI2_BIT))
		return no_name(elf, "MIPS n32", err);
	for (EVERY(i, machines)) {
		const struct machine *m = &machines[i];

		if (elf->machine == m->machine && elf->bits == m->bits &&
		    elf->big_endian == m->big_endian)
			p.arch = m->arch;
	}
	if (!p.arch)
		return no_name(elf, "a machine", err);
	if (elf->machine == EM_X86_64)
		p.variant = amd64_variant(elf);
	else if (elf->machine == EM_ARM)
		p.variant = arm_variant(elf);
	else if (elf->machine == EM_AARCH64)
		p.variant = "v8";
	*ret = p;
	return 0;
}

/* Other names of an architecture, as containerd knows them and a few more that
 * uname(1), dpkg and rpm print; variant NULL leaves it as given. */
static const struct alias {
	const char *name, *arch, *variant;
} aliases[] = {
	{ "x86_64", "amd64", NULL },	 { "x86-64", "amd64", NULL },
	{ "i386", "386", NULL },	 { "i486", "386", NULL },
	{ "i586", "386", NULL },	 { "i686", "386", NULL },
	{ "x86", "386", NULL },		 { "aarch64", "arm64", NULL },
	{ "armhf", "arm", "v7" },	 { "armel", "arm", "v6" },
	{ "armv5l", "arm", "v5" },	 { "armv6l", "arm", "v6" },
	{ "armv7l", "arm", "v7" },	 { "armv7", "arm", "v7" },
	{ "ppc64el", "ppc64le", NULL },	 { "mipsel", "mipsle", NULL },
	{ "mips64el", "mips64le", NULL }, { "loongarch64", "loong64", NULL },
};

static bool known_arch(const char *arch)
{
	for (EVERY(i, machines))
		if (strcmp(machines[i].arch, arch) == 0)
			return true;
	return false;
}

/* "7" and "v7" are one; what all have has no name; arm and arm64 always have one. */
static int normalise_variant(struct sp_platform *p, struct sp_arena *arena,
			     const char *text, struct sp_err *err)
{
	const char *v = p->variant;
	bool amd64 = strcmp(p->arch, "amd64") == 0, arm = strcmp(p->arch, "arm") == 0,
	     arm64 = strcmp(p->arch, "arm64") == 0;

	if (v && isdigit((unsigned char)*v) && (amd64 || arm || arm64))
		v = sp_arena_strf(arena, "v%s", v);
	if (!v && (arm || arm64))
		v = arm ? "v7" : "v8";
	if (amd64 && v && (v[0] != 'v' || v[1] < '1' || v[1] > '4' || v[2]))
		return sp_err_set(err, SP_EUSAGE, "platform %s: variant %s of amd64, "
				  "expected v1, v2, v3 or v4", text, v);
	if (arm && (v[0] != 'v' || v[1] < '5' || v[1] > '8' || v[2]))
		return sp_err_set(err, SP_EUSAGE, "platform %s: variant %s of arm, "
				  "expected v5, v6, v7 or v8", text, v);
	if (amd64 && v && strcmp(v, "v1") == 0)
		v = NULL;
	p->variant = v;
	return 0;
}

static int malformed(const char *text, struct sp_err *err)
{
	return sp_err_set(err, SP_EUSAGE, "platform \"%s\": expected OS/ARCH[/VARIANT], "
			  "as in linux/arm/v7", text);
}

/* One to three parts between slashes, in lower case, none of them empty. */
static int split(const char *text, struct sp_arena *arena, const char *parts[3],
		 size_t *ret_nr, struct sp_err *err)
{
	char *rest = sp_arena_strdup(arena, text), *part;

	for (char *c = rest; *c; c++) {
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_.-/", *c))
			return malformed(text, err);
	}
	*ret_nr = 0;
	while ((part = strsep(&rest, "/"))) {
		if (!*part || *ret_nr == 3)
			return malformed(text, err);
		parts[(*ret_nr)++] = part;
	}
	return 0;
}

static void resolve_alias(struct sp_platform *p)
{
	for (EVERY(i, aliases))
		if (strcmp(p->arch, aliases[i].name) == 0) {
			p->arch = aliases[i].arch;
			if (aliases[i].variant && !p->variant)
				p->variant = aliases[i].variant;
			return;
		}
}

int sp_platform_parse(const char *text, struct sp_arena *arena,
		      struct sp_platform *ret, struct sp_err *err)
{
	const char *parts[3] = { NULL, NULL, NULL };
	struct sp_platform p = { .os = "linux" };
	size_t nr = 0;

	if (split(text, arena, parts, &nr, err))
		return -1;
	if (nr > 1)
		p.os = strcmp(parts[0], "macos") == 0 ? "darwin" : parts[0];
	p.arch = nr > 1 ? parts[1] : parts[0];
	p.variant = parts[2];
	resolve_alias(&p);
	if (!known_arch(p.arch))
		return sp_err_set(err, SP_EUSAGE, "platform %s: unknown architecture %s, "
				  "expected one of " ARCHES, text, p.arch);
	if (normalise_variant(&p, arena, text, err))
		return -1;
	*ret = p;
	return 0;
}

const char *sp_platform_str(const struct sp_platform *p, struct sp_arena *arena)
{
	return sp_arena_strf(arena, "%s/%s%s%s", p->os, p->arch, p->variant ? "/" : "",
			     p->variant ? p->variant : "");
}

/* "v8.2" as 8002, nothing as 0, -1 for what is no level. */
static int level(const char *variant)
{
	int numbers[2] = { 0, 0 }, part = 0;

	if (!variant)
		return 0;
	if (variant[0] != 'v' || !isdigit((unsigned char)variant[1]))
		return -1;
	for (const char *c = variant + 1; *c; c++) {
		if (*c == '.' && part == 0)
			part = 1;
		else if (!isdigit((unsigned char)*c) || numbers[part] > 99)
			return -1;
		else
			numbers[part] = numbers[part] * 10 + (*c - '0');
	}
	return numbers[0] * 1000 + numbers[1];
}

bool sp_platform_fits(const struct sp_platform *wanted, const struct sp_platform *file)
{
	if (strcmp(wanted->os, file->os) != 0 || strcmp(wanted->arch, file->arch) != 0)
		return false;
	if (!wanted->variant || !file->variant)
		return true;
	if (level(wanted->variant) < 0 || level(file->variant) < 0)
		return file->variant && strcmp(wanted->variant, file->variant) == 0;
	return level(wanted->variant) >= level(file->variant);
}

struct sp_platform sp_platform_host(void)
{
	struct sp_platform p = { .os = "linux", .arch = "unknown" };

#if defined(__x86_64__) && !defined(__ILP32__)
	p.arch = "amd64";
#elif defined(__i386__)
	p.arch = "386";
#elif defined(__aarch64__)
	p.arch = "arm64";
	p.variant = "v8";
#elif defined(__arm__)
	p.arch = "arm";
	p.variant = __ARM_ARCH >= 8 ? "v8" : __ARM_ARCH == 7 ? "v7" :
		    __ARM_ARCH == 6 ? "v6" : "v5";
#elif defined(__riscv) && __riscv_xlen == 64
	p.arch = "riscv64";
#elif defined(__powerpc64__)
	p.arch = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "ppc64le" : "ppc64";
#elif defined(__s390x__)
	p.arch = "s390x";
#elif defined(__mips__)
#if defined(__mips64)
	p.arch = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "mips64le" : "mips64";
#else
	p.arch = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "mipsle" : "mips";
#endif
#elif defined(__loongarch64)
	p.arch = "loong64";
#endif
	return p;
}
