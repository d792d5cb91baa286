/*
 * One header block of a tar archive: POSIX ustar, GNU, star and older.  Used by
 * tar_read.c.
 */
#ifndef SP_IMAGE_TAR_HEADER_H
#define SP_IMAGE_TAR_HEADER_H

#include "image/tar_read.h"
#include "image/tar_sparse.h"

/* The strings of a header: prefix, slash and name; link. */
struct sp_tar_names {
	char name[257], link[101];
};

/*
 * Parse a block of SP_TAR_BLOCK bytes.  The strings of *ret point into names.
 * Returns NULL, or what is wrong with the block.
 */
const char *sp_tar_header_parse(const char *block, struct sp_tar_names *names,
				struct sp_tar_item *ret);

/* Of a sparse file in GNU tar's old format (type 'S'): its size, the parts that the
 * header names, and whether the list goes on in a further block.  False if they are no
 * numbers. */
bool sp_tar_header_sparse(const char *block, struct sp_tar_parts *parts, uint64_t *ret_size,
			  bool *ret_extended);

/* The same of a further block. */
bool sp_tar_header_more(const char *block, struct sp_tar_parts *parts, bool *ret_extended);

#endif
