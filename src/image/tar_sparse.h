/*
 * Sparse files in an archive: which parts of a file are there, the rest being zeros.
 * GNU tar's old format, and its three ways with PAX records (GNU tar manual, "Storing
 * Sparse Files").  Used by tar_read.c.
 */
#ifndef SP_IMAGE_TAR_SPARSE_H
#define SP_IMAGE_TAR_SPARSE_H

#include "image/tar_read.h"

#define SP_TAR_PARTS_MAX 100000	/* of one file */

struct sp_tar_parts {
	struct sp_tar_part *list;
	size_t list_nr, list_alloc;
	bool half;		/* an offset has come, and its length not yet */
};

/* The next number of a list that has offset and length in turn; false if there are
 * too many. */
bool sp_tar_parts_add(struct sp_tar_parts *parts, uint64_t number);

/* The text of such a list, numbers with commas between them; false if it is none. */
bool sp_tar_parts_text(struct sp_tar_parts *parts, const char *text, size_t len);

/* Fields of the old format, nr pairs at most; false for a bad one. */
bool sp_tar_parts_fields(struct sp_tar_parts *parts, const char *fields, size_t nr);

/* Do the parts stand in order inside size bytes, and have packed bytes together? */
bool sp_tar_parts_fit(const struct sp_tar_parts *parts, uint64_t size, uint64_t packed);

void sp_tar_parts_reset(struct sp_tar_parts *parts);	/* keeps the memory */
void sp_tar_parts_release(struct sp_tar_parts *parts);

#endif
