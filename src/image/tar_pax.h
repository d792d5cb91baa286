/*
 * PAX extended header records (POSIX.1-2008, pax, "pax Extended Header"), as
 * far as they change what an entry is.  Used by tar_read.c.
 */
#ifndef SP_IMAGE_TAR_PAX_H
#define SP_IMAGE_TAR_PAX_H

#include "base/buf.h"
#include "image/tar_read.h"
#include "image/tar_sparse.h"

/* The bytes of one set of records; NULs are put in at the ends of the strings. */
struct sp_tar_pax {
	struct sp_buf raw;
	const char *path, *link;	/* NULL if not set */
	size_t path_len, link_len;
	bool has_size, has_uid, has_gid, has_mtime, has_real_size;
	uint64_t size, real_size;
	uint32_t uid, gid;
	int64_t mtime;
	bool sparse, sparse_name;	/* the latter: path is the one GNU.sparse.name gave */
	char sparse_major, sparse_minor;	/* "1" and "0" of GNU tar's newest format, or 0 */
	struct sp_tar_parts parts;		/* of the two older ones */
	struct sp_tar_xattr *xattrs;
	size_t xattrs_nr, xattrs_alloc;
};

/* Read the records in pax->raw.  SP_EVERIFY if they are malformed. */
SP_CHECKED int sp_tar_pax_parse(struct sp_tar_pax *pax, struct sp_err *err);

/* Forget all records, keep the memory; and give the memory back. */
void sp_tar_pax_reset(struct sp_tar_pax *pax);
void sp_tar_pax_release(struct sp_tar_pax *pax);

#endif
