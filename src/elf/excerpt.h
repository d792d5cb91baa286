/*
 * An excerpt: of a file that passes by once, those bytes that reading its facts
 * took, so that the facts can be read again when the file is gone.
 */
#ifndef SP_ELF_EXCERPT_H
#define SP_ELF_EXCERPT_H

#include "base/root.h"

struct sp_excerpt;

/*
 * Keep what is needed of a file, given as a whole: for an ELF file what
 * sp_elf_read() and, with symbols, sp_elf_symbols() look at; all of it if whole
 * says so.  The bytes are borrowed during the call only.
 */
struct sp_excerpt *sp_excerpt_new(const void *data, size_t len, bool symbols, bool whole);
void sp_excerpt_free(struct sp_excerpt *excerpt);

/* Bytes that are kept. */
size_t sp_excerpt_size(const struct sp_excerpt *excerpt);

/* Open it as the file it was taken from; *ret has st set already.  Reading bytes
 * that were not kept fails with EIO.  The excerpt must outlive the file. */
int sp_excerpt_open(const struct sp_excerpt *excerpt, struct sp_file *ret);

#endif
