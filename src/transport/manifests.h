/*
 * Manifests and indexes of a registry: read with their type and digest, written.
 */
#ifndef SP_TRANSPORT_MANIFESTS_H
#define SP_TRANSPORT_MANIFESTS_H

#include "image/blob.h"
#include "image/json.h"
#include "transport/client.h"

/*
 * The document under a reference (a tag, or a digest).  Its digest is that of the
 * bytes, and the same as reference if that is one (SP_ECHANGED if it is not, or if the
 * registry calls it by another digest).  Its type is what the answer's header says and
 * the document must not contradict; a document that is manifest and index at once is
 * refused (SP_EVERIFY).  *ret_found false for a 404.  media_type is in the arena.
 */
SP_CHECKED int sp_manifest_get(struct sp_registry *registry, const char *reference,
			       struct sp_arena *arena, struct sp_buf *ret_text,
			       struct sp_desc *ret, bool *ret_found, struct sp_err *err);

/* Is this document, under this reference, there? */
SP_CHECKED int sp_manifest_has(struct sp_registry *registry, const char *reference,
			       const struct sp_desc *desc, bool *ret, struct sp_err *err);

/* Write it.  subject: the digest of what the document refers to, or NULL; *ret_noted, if
 * not NULL: did the registry say that it took note of just that? */
SP_CHECKED int sp_manifest_put(struct sp_registry *registry, const char *reference,
			       const struct sp_desc *desc, const struct sp_buf *text,
			       const char *subject, bool *ret_noted, struct sp_err *err);

#endif
