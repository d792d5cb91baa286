/*
 * The constants of a program as evidence: which strings it holds, and whether it holds
 * some that were asked for.
 *
 * Looked at is what a program can read but neither write nor execute: not its code, its
 * variables, its symbols or debugging information.
 */
#ifndef SP_ELF_STRINGS_H
#define SP_ELF_STRINGS_H

#include "elf/elf.h"

#define SP_ELF_TEXT_MAX 4096	/* bytes of a string; longer ones are left out */

/*
 * Visit the constant strings of at least min_len bytes, in the order of the file: what
 * ends in a NUL and has only printable ASCII and UTF-8 in front of it, back to the first
 * byte that cannot be text.  text has its NUL, and is valid during the call only.  The
 * same string may come again; visit returns false when it has seen enough.
 *
 * What follows a line feed counts as a string of its own.  Strings of Go and Rust have
 * no NUL: ask sp_elf_contains().  Only a failing read is a failure.
 */
SP_CHECKED int sp_elf_strings(const struct sp_elf *elf, struct sp_file *file,
			      size_t min_len, bool (*visit)(void *ctx, const char *text, size_t len),
			      void *ctx, struct sp_err *err);

/*
 * The same for the strings that hold one of nr marks, which are text and not empty:
 * many times as fast.  visit is told which mark; the strings of each come in the order
 * of the file, and one with two marks comes twice.
 */
SP_CHECKED int sp_elf_strings_with(const struct sp_elf *elf, struct sp_file *file,
				   const char *const *marks, size_t nr,
				   bool (*visit)(void *ctx, size_t mark, const char *text,
						 size_t len),
				   void *ctx, struct sp_err *err);

/*
 * Which of nr byte strings do the constants hold anywhere?  found has nr values, all of
 * which are set; a needle that is empty is never found, nor is one of more than
 * SP_ELF_TEXT_MAX bytes.  On failure (a failing read) found has no meaning.
 */
SP_CHECKED int sp_elf_contains(const struct sp_elf *elf, struct sp_file *file,
			       const char *const *needles, size_t nr, bool *found,
			       struct sp_err *err);

#endif
