/*
 * What blobs.c and upload.c share of an upload session.
 */
#ifndef SP_TRANSPORT_UPLOAD_H
#define SP_TRANSPORT_UPLOAD_H

#include "transport/blobs.h"

/* Where the session is closed under a digest: its location, whose query is kept. */
struct sp_url sp_upload_url(struct sp_upload *up, const struct sp_desc *desc);

/* Does this answer mean that the session is gone, or the server not well, so that
 * another one may do? */
bool sp_upload_may_restart(const struct sp_http_response *res);

#endif
