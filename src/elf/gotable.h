/*
 * Go's table of functions (pclntab): where it is, and where in it the names are.
 *
 * Only the elf layer includes this.
 */
#ifndef SP_ELF_GOTABLE_H
#define SP_ELF_GOTABLE_H

#include "elf/reader.h"

struct sp_gotable {
	const struct sp_reader *r;
	uint64_t offset, size;		/* in the file; size is a bound */
	size_t pointer;			/* bytes */
	uint64_t functions;		/* SP_ELF_GO_FUNCTIONS_MAX at most */
	uint64_t names, names_len;	/* from the table's start; 0 where names stand
					 * among descriptions of functions (Go 1.2) */
};

/* Find the table: in its section, or where the segments have what looks like one. */
SP_CHECKED int sp_gotable_find(const struct sp_elf *elf, struct sp_reader *r,
			       struct sp_gotable *ret, bool *ret_found, struct sp_err *err);

/* The number at p that is as large as the table's pointers. */
uint64_t sp_gotable_pointer(const struct sp_gotable *t, const void *p);

#endif
