/*
 * Blobs: what all readers have in common.
 */
#include "image/blob.h"

void sp_blob_reader_close(struct sp_blob_reader **reader)
{
	if (*reader)
		(*reader)->close(*reader);
}
