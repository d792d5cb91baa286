/*
 * Blobs read against their descriptor: never more than one byte over the size that
 * was claimed, and an end only where size and digest are right (image-spec
 * descriptor.md).  Who uses what he reads before that end must be able to take it
 * back.
 */
#ifndef SP_IMAGE_CHECKED_H
#define SP_IMAGE_CHECKED_H

#include "image/blob.h"

/*
 * Open the blob of a descriptor.  The reader's read fails in place of the end, with
 * SP_ECHANGED, if the bytes are not those that the descriptor names; a wrong digest
 * is said before a wrong size.
 */
SP_CHECKED int sp_checked_open(struct sp_source *source, const struct sp_desc *desc,
			       struct sp_blob_reader **ret, struct sp_err *err);

/* The same around a reader that is open, which the new one closes; desc is copied. */
struct sp_blob_reader *sp_checked_new(struct sp_blob_reader *reader,
				      const struct sp_desc *desc);

/* All bytes of a small blob; SP_EVERIFY if it claims more than SP_DOCUMENT_MAX. */
SP_CHECKED int sp_checked_read(struct sp_source *source, const struct sp_desc *desc,
			       struct sp_buf *ret, struct sp_err *err);

/* What a reader of unknown bytes gives: size and digest, of the algorithm that like has
 * (NULL: SHA-256), and with keep the bytes themselves, of which there may be
 * SP_DOCUMENT_MAX then (SP_EVERIFY).  The media type of ret is left alone. */
SP_CHECKED int sp_checked_hash(struct sp_blob_reader *reader, const struct sp_digest *like,
			       struct sp_buf *keep, struct sp_desc *ret, struct sp_err *err);

#endif
