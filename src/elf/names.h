/*
 * The constant strings of a program that may name a file: what has a slash in it, or ".so".
 *
 * strings.c gives all strings; this is for who looks through every library of a program,
 * and has to be quick about the many that are neither.
 */
#ifndef SP_ELF_NAMES_H
#define SP_ELF_NAMES_H

#include "elf/elf.h"

#define SP_ELF_NAME_TEXT_MAX 4096	/* bytes of a string; longer ones are left out */

/*
 * Visit the strings of printable ASCII that end in a NUL and have a '/' or ".so" in them,
 * in the order of the file; also the names of several files in one, whatever is between
 * them.  text has its NUL, and is valid during the call only; visit returns false when it
 * has seen enough.  Only a failing read is a failure.
 */
SP_CHECKED int sp_elf_names(const struct sp_elf *elf, struct sp_file *file,
			    bool (*visit)(void *ctx, const char *text, size_t len),
			    void *ctx, struct sp_err *err);

#endif
