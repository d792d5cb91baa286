/*
 * The contents of the files of layers, kept in one file without a name for the time of
 * a run.  Of sparse files only what is there is written.
 */
#ifndef SP_IMAGE_KEPT_H
#define SP_IMAGE_KEPT_H

#include "base/root.h"
#include "image/tar_read.h"

#define SP_KEPT_SIZE_MAX (UINT64_C(64) << 30)	/* bytes of all files */

struct sp_kept_store;

/* The file is in temp_dir.  SP_EOUTPUT if it cannot be made. */
SP_CHECKED int sp_kept_new(const char *temp_dir, struct sp_kept_store **ret,
			   struct sp_err *err);
void sp_kept_free(struct sp_kept_store *store);	/* NULL allowed */

/*
 * Read the present entry, a regular file, and keep it; *ret is for sp_kept_open(), and
 * NULL for a sparse file in a format that is not known, or that makes all sparse files
 * larger than SP_KEPT_SIZE_MAX.  SP_EVERIFY beyond that many bytes that are there.
 */
SP_CHECKED int sp_kept_add(struct sp_kept_store *store, struct sp_tar_reader *tar,
			   const struct sp_tar_item *item, const void **ret,
			   struct sp_err *err);

/* Write what is gathered; before a file is opened. */
SP_CHECKED int sp_kept_flush(struct sp_kept_store *store, struct sp_err *err);

/* A kept file; the store must outlive it. */
int sp_kept_open(const void *kept, struct sp_file *ret);

#endif
