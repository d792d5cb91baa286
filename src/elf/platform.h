/*
 * The OCI platform of an ELF file: names as Go has them, variants as containerd
 * compares them (image-spec, config.md "architecture" and "variant").
 */
#ifndef SP_ELF_PLATFORM_H
#define SP_ELF_PLATFORM_H

#include "elf/elf.h"

/* Strings are constants or live in the arena that was given. */
struct sp_platform {
	const char *os;		/* "linux" */
	const char *arch;	/* "amd64", "arm64", ... */
	const char *variant;	/* "v7", "v8", "v3", ... or NULL */
};

/* SP_EPROGRAM for a machine that has no name in images. */
SP_CHECKED int sp_platform_of(const struct sp_elf *elf, struct sp_platform *ret,
			      struct sp_err *err);

/* Raise the variant to the level of amd64 that a library asks for, if that is higher:
 * the loader loads none that its CPU cannot run, and ends the program. */
void sp_platform_raise(struct sp_platform *platform, const struct sp_elf *library);

/*
 * Parse "linux/amd64", "linux/arm/v7", "arm64" (the OS is linux then), with the
 * usual aliases (x86_64, aarch64, armhf, i386, ...) normalised.  SP_EUSAGE.
 */
SP_CHECKED int sp_platform_parse(const char *text, struct sp_arena *arena,
				 struct sp_platform *ret, struct sp_err *err);

/* "linux/arm/v7" in the arena. */
const char *sp_platform_str(const struct sp_platform *p, struct sp_arena *arena);

/*
 * Can what was asked for run this file?  Same OS and architecture, and a variant
 * not lower than the file's (the file's variant is the least it needs; a wanted
 * platform without variant takes the file's).
 */
bool sp_platform_fits(const struct sp_platform *wanted, const struct sp_platform *file);

/* The platform of this machine, as compiled for: what an engine here would pick. */
struct sp_platform sp_platform_host(void);

#endif
