/*
 * Parts of an OCI layout directory that its writer and its reader share.
 */
#ifndef SP_TRANSPORT_LAYOUT_H
#define SP_TRANSPORT_LAYOUT_H

#include <stdbool.h>

#include "image/blob.h"

/* Open the regular file at blobs/ALG/HEX below the directory dir, through no
 * symbolic link and without blocking.  Gives a descriptor, or -1 with errno;
 * ENXIO if something else than a file is there. */
int sp_layout_open_blob(int dir, const struct sp_digest *digest, uint64_t *ret_size);

/* Read the document called name in the directory dir.  *ret_found is false if it
 * is not there.  SP_EVERIFY for anything but a regular file within limit bytes. */
SP_CHECKED int sp_layout_read_document(int dir, const char *dir_name, const char *name,
				       size_t limit, struct sp_buf *ret,
				       bool *ret_found, struct sp_err *err);

/* Is text an oci-layout document of the one version there is? */
SP_CHECKED int sp_layout_check_version(const struct sp_buf *text, struct sp_err *err);

/*
 * The index.json that old becomes when the descriptors of the index ours join
 * it.  Descriptors of the same image name go; another image that had the
 * reference name (both are "latest") stays under its full name; all others, and
 * fields that we do not know, stay as they are.  *ret is malloc'ed.
 */
SP_CHECKED int sp_layout_merge_index(const struct sp_buf *old, const char *ours,
				     char **ret, struct sp_err *err);

#endif
