/*
 * What a file is, judged from its facts alone.
 */
#include "elf/kind.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#define EVERY(i, array) size_t i = 0; i < sizeof(array) / sizeof(*(array)); i++

const char *sp_kind_name(enum sp_kind kind)
{
	static const char *const names[] = {
		[SP_KIND_STATIC] = "static",
		[SP_KIND_STATIC_PIE] = "static-pie",
		[SP_KIND_DYNAMIC] = "dynamic",
		[SP_KIND_LIBRARY] = "shared-object",
		[SP_KIND_RELOCATABLE] = "relocatable",
		[SP_KIND_CORE] = "core",
		[SP_KIND_SCRIPT] = "script",
		[SP_KIND_PACKED] = "packed",
		[SP_KIND_FOREIGN] = "foreign",
		[SP_KIND_OTHER] = "other",
	};

	return (size_t)kind < sizeof(names) / sizeof(*names) ? names[kind] : "other";
}

/* EI_OSABI; 0 (System V) and 3 (GNU) say nothing against Linux. */
static const char *os_by_abi(const struct sp_elf *elf)
{
	static const struct {
		uint8_t abi;
		const char *os;
	} table[] = {
		{ ELFOSABI_HPUX, "hpux" },	 { ELFOSABI_NETBSD, "netbsd" },
		{ ELFOSABI_SOLARIS, "solaris" }, { ELFOSABI_AIX, "aix" },
		{ ELFOSABI_IRIX, "irix" },	 { ELFOSABI_FREEBSD, "freebsd" },
		{ ELFOSABI_TRU64, "tru64" },	 { ELFOSABI_OPENBSD, "openbsd" },
		{ 13, "openvms" },
	};

	for (EVERY(i, table))
		if (elf->osabi == table[i].abi)
			return table[i].os;
	return NULL;
}

/* First word of NT_GNU_ABI_TAG. */
static const char *os_by_tag(const struct sp_elf *elf)
{
	static const char *const table[] = { "linux", "hurd", "solaris", "freebsd",
					     "netbsd", "syllable", "nacl" };

	if (!elf->has_abi_tag || elf->abi_os >= sizeof(table) / sizeof(*table))
		return NULL;
	return table[elf->abi_os];
}

static const char *os_by_notes(const struct sp_elf *elf)
{
	static const struct {
		const char *owner, *os;
	} table[] = {
		{ "FreeBSD", "freebsd" },	{ "OpenBSD", "openbsd" },
		{ "NetBSD", "netbsd" },		{ "DragonFly", "dragonfly" },
		{ "Android", "android" },
	};

	for (size_t i = 0; i < elf->notes_nr; i++)
		for (EVERY(k, table))
			if (strcmp(elf->notes[i].owner, table[k].owner) == 0)
				return table[k].os;
	return NULL;
}

static const char *os_by_interp(const struct sp_elf *elf)
{
	static const struct {
		const char *prefix, *os;
	} table[] = {
		{ "/system/bin/linker", "android" },
		{ "/apex/com.android.runtime/bin/linker", "android" },
		{ "/libexec/ld-elf.so", "freebsd" },
		{ "/libexec/ld-elf32.so", "freebsd" },
		{ "/usr/libexec/ld-elf.so.2", "dragonfly" },
		{ "/usr/libexec/ld-elf.so", "freebsd" },
		{ "/usr/libexec/ld.so", "openbsd" },
		{ "/libexec/ld.elf_so", "netbsd" },
		{ "/usr/libexec/ld.elf_so", "netbsd" },
		{ "/usr/lib/amd64/ld.so", "solaris" },
		{ "/lib/amd64/ld.so", "solaris" },
		{ "/boot/system/runtime_loader", "haiku" },
	};

	for (EVERY(i, table))
		if (elf->interp &&
		    strncmp(elf->interp, table[i].prefix, strlen(table[i].prefix)) == 0)
			return table[i].os;
	return NULL;
}

const char *sp_kind_os(const struct sp_elf *elf)
{
	const char *os = os_by_abi(elf);

	if (!os)
		os = os_by_tag(elf);
	if (!os)
		os = os_by_notes(elf);
	if (!os)
		os = os_by_interp(elf);
	return os ? os : "linux";
}

/* Does execution begin at bytes that are in the file? */
static bool entry_is_code(const struct sp_elf *elf)
{
	for (size_t i = 0; i < elf->segments_nr; i++) {
		const struct sp_elf_segment *s = &elf->segments[i];

		if ((s->flags & PF_X) && elf->entry >= s->vaddr &&
		    elf->entry - s->vaddr < s->filesz)
			return true;
	}
	return false;
}

/*
 * ET_DYN is both a program that may lie anywhere and a library.  One with an
 * interpreter can be started, libc.so.6 for one; without, it must relocate itself,
 * and so needs nothing and has nobody who needs it by name, unless it is marked.
 */
static enum sp_kind kind_of_dyn(const struct sp_elf *elf)
{
	if (elf->interp)
		return SP_KIND_DYNAMIC;
	if (elf->entry == 0 || !entry_is_code(elf))
		return SP_KIND_LIBRARY;
	if ((elf->dt_flags_1 & DF_1_PIE) || (!elf->soname && !elf->needed_nr))
		return SP_KIND_STATIC_PIE;
	return SP_KIND_LIBRARY;
}

enum sp_kind sp_kind_of(const struct sp_elf *elf)
{
	if (elf->type == ET_REL)
		return SP_KIND_RELOCATABLE;
	if (elf->type == ET_CORE)
		return SP_KIND_CORE;
	if (strcmp(sp_kind_os(elf), "linux") != 0)
		return SP_KIND_FOREIGN;
	if (elf->upx)
		return SP_KIND_PACKED;
	if (elf->type == ET_DYN)
		return kind_of_dyn(elf);
	if (elf->type != ET_EXEC || !entry_is_code(elf))
		return SP_KIND_OTHER;
	return elf->interp ? SP_KIND_DYNAMIC : SP_KIND_STATIC;
}

const char *sp_kind_language(const struct sp_elf *elf)
{
	if (elf->go.version)
		return "go";
	/* Go before 1.13 has no build information, but a build id of its own. */
	for (size_t i = 0; i < elf->notes_nr; i++)
		if (strcmp(elf->notes[i].owner, "Go") == 0)
			return "go";
	return elf->rust ? "rust" : "c";
}

static bool is_text(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == 0x7f || (p[i] < ' ' && !strchr("\t\n\v\f\r\b\033", p[i])) ||
		    p[i] == '\0')
			return false;
	return true;
}

const char *sp_kind_of_bytes(const void *head, size_t len)
{
#define MAGIC(text, what) { text, sizeof(text) - 1, what }
	static const struct {
		const char *bytes;
		size_t len;
		const char *what;
	} table[] = {
		MAGIC("\x7f" "ELF", "an ELF file"),
		MAGIC("#!", "a script"),
		MAGIC("MZ", "a PE (Windows) program"),
		MAGIC("\xfe\xed\xfa\xce", "a Mach-O (macOS) program"),
		MAGIC("\xfe\xed\xfa\xcf", "a Mach-O (macOS) program"),
		MAGIC("\xce\xfa\xed\xfe", "a Mach-O (macOS) program"),
		MAGIC("\xcf\xfa\xed\xfe", "a Mach-O (macOS) program"),
		MAGIC("!<arch>\n", "an ar archive"),
		MAGIC("!<thin>\n", "an ar archive"),
		MAGIC("\0asm", "a WebAssembly module"),
		MAGIC("BC\xc0\xde", "LLVM bitcode"),
		MAGIC("\x1f\x8b", "a gzip file"),
		MAGIC("\x28\xb5\x2f\xfd", "a zstd file"),
		MAGIC("\xfd" "7zXZ\0", "an xz file"),
		MAGIC("BZh", "a bzip2 file"),
		MAGIC("PK\3\4", "a zip archive"),
	};
#undef MAGIC
	const unsigned char *p = head;

	if (len == 0)
		return "an empty file";
	for (EVERY(i, table))
		if (len >= table[i].len && memcmp(p, table[i].bytes, table[i].len) == 0)
			return table[i].what;
	/* Mach-O for several machines and Java classes have one magic; a count of
	 * machines is small, a class file's version is not. */
	if (len >= 8 && memcmp(p, "\xca\xfe\xba\xbe", 4) == 0)
		return p[4] == 0 && p[5] == 0 && p[6] == 0 && p[7] < 40 ?
			       "a Mach-O (macOS) program" : "a Java class";
	if (len >= 262 && memcmp(p + 257, "ustar", 5) == 0)
		return "a tar archive";
	return is_text(p, len) ? "text" : "data";
}

/* A program of Linux in a form that cannot start. */
static int refuse_other(const struct sp_elf *elf, struct sp_err *err)
{
	if (elf->type != ET_EXEC)
		return sp_err_diagnose(err, "not-executable-type",
				  "an ELF file of type %u, expected an executable",
				  elf->type);
	return sp_err_diagnose(err, "not-executable-type",
			  "its entry point 0x%" PRIx64 " is not code in the file, "
			  "expected an executable (is this a file of debugging symbols?)",
			  elf->entry);
}

int sp_kind_check_entry(const struct sp_elf *elf, struct sp_err *err)
{
	switch (sp_kind_of(elf)) {
	case SP_KIND_STATIC:
	case SP_KIND_STATIC_PIE:
	case SP_KIND_DYNAMIC:
		return 0;
	case SP_KIND_LIBRARY:
		return sp_err_diagnose(err, "shared-object",
				  "a shared object that cannot be started, expected an "
				  "executable; give the program that uses it, and add the "
				  "library with --add if it is loaded by hand");
	case SP_KIND_RELOCATABLE:
		return sp_err_diagnose(err, "relocatable-object",
				  "a relocatable object file (.o), expected an executable; "
				  "link it first");
	case SP_KIND_CORE:
		return sp_err_diagnose(err, "core-dump",
				  "a core dump, expected an executable; give the program "
				  "that dumped it");
	case SP_KIND_PACKED:
		return sp_err_diagnose(err, "packed",
				  "packed by UPX, so what it needs cannot be seen, expected "
				  "a plain executable; unpack it with `upx -d` or give the "
				  "original");
	case SP_KIND_FOREIGN:
		return sp_err_diagnose(err, "foreign-system",
				  "a program for %s, expected one for linux; build it for "
				  "linux", sp_kind_os(elf));
	case SP_KIND_SCRIPT:
	case SP_KIND_OTHER:
		break;
	}
	return refuse_other(elf, err);
}
