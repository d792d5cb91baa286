/*
 * What a file is, judged from its facts: can it be an entry point?
 */
#ifndef SP_ELF_KIND_H
#define SP_ELF_KIND_H

#include "elf/elf.h"

enum sp_kind {
	SP_KIND_STATIC,		/* no loader, fixed address */
	SP_KIND_STATIC_PIE,	/* no loader, relocates itself */
	SP_KIND_DYNAMIC,	/* has an interpreter (also a Go PIE that needs no library) */
	SP_KIND_LIBRARY,	/* shared object that cannot be started */
	SP_KIND_RELOCATABLE,	/* .o */
	SP_KIND_CORE,
	SP_KIND_SCRIPT,		/* begins with #! */
	SP_KIND_PACKED,		/* UPX: what it needs cannot be seen */
	SP_KIND_FOREIGN,	/* a program of another operating system */
	SP_KIND_OTHER		/* not a program that Linux starts */
};

/* "static", "static-pie", "dynamic", "shared-object", "relocatable", "core",
 * "script", "packed", "foreign", "other" */
const char *sp_kind_name(enum sp_kind kind);

enum sp_kind sp_kind_of(const struct sp_elf *elf);

/* "linux", "freebsd", "openbsd", "netbsd", "solaris", "android", ... */
const char *sp_kind_os(const struct sp_elf *elf);

/* "go", "rust" or "c" (which stands for all that leaves no mark of its own). */
const char *sp_kind_language(const struct sp_elf *elf);

/*
 * What stands at the head of a file that is no ELF file, for a message: "a PE
 * (Windows) program", "a Mach-O (macOS) program", "a script", "an ar archive",
 * "an empty file", "text", "data".  At least the first 256 bytes should be given.
 */
const char *sp_kind_of_bytes(const void *head, size_t len);

/* Can it be an entry point?  If not, SP_EPROGRAM saying what it is and what to do. */
SP_CHECKED int sp_kind_check_entry(const struct sp_elf *elf, struct sp_err *err);

#endif
