/*
 * Ask the loader file: what an interpreter knows is read out of its own
 * read-only data, for any architecture, without running it.  There is no table
 * of distributions.
 */
#ifndef SP_LOADER_ASK_H
#define SP_LOADER_ASK_H

#include "base/root.h"
#include "elf/elf.h"

#define SP_LOADER_FILE_MAX (16 * 1024 * 1024)	/* bytes; real ones have 0.2 to 1 MB */
#define SP_LOADER_DIRS_MAX 16
#define SP_LOADER_HWCAPS_MAX 16

enum sp_libc { SP_LIBC_NONE, SP_LIBC_GLIBC, SP_LIBC_MUSL };

struct sp_loader {
	enum sp_libc libc;
	const char *dirs[SP_LOADER_DIRS_MAX];	/* glibc: built in, without the last slash */
	size_t dirs_nr;
	const char *lib;		/* glibc: the value of $LIB, "lib/x86_64-linux-gnu" */
	const char *version;		/* "2.36", "1.2.3"; NULL if it does not say */
	/* glibc: subdirectories of glibc-hwcaps, best first: "x86-64-v4", ... */
	const char *hwcaps[SP_LOADER_HWCAPS_MAX];
	size_t hwcaps_nr;
	const char *path_file;		/* musl: "/etc/ld-musl-x86_64.path" */
};

/*
 * Fill *ret from the interpreter's facts and bytes; strings live in arena.
 * SP_EPROGRAM if it is neither glibc's nor musl's, or has no directories to read.
 */
SP_CHECKED int sp_loader_ask(const struct sp_elf *elf, struct sp_file *file,
			     const char *interp, struct sp_arena *arena,
			     struct sp_loader *ret, struct sp_err *err);

#endif
