/*
 * What the stored*.c files share.
 */
#ifndef SP_IMAGE_STORED_STATE_H
#define SP_IMAGE_STORED_STATE_H

#include "image/stored.h"

/* --- stored_choose.c --- */

/* How well a platform serves what is wanted: 0 not at all; more is better. */
unsigned sp_stored_score(const struct sp_stored_want *want, const char *os,
			 const char *arch, const char *variant);

/* The manifest of the wanted platform among descriptors (elements of an array), and
 * in the indexes that they name. */
SP_CHECKED int sp_stored_choose(struct sp_stored *stored,
				const struct sp_json *const *descs, size_t nr,
				const struct sp_stored_want *want, struct sp_err *err);

/* --- stored_docker.c --- */

/* Fill stored from the entry of manifest.json that ref names (NULL: the only one). */
SP_CHECKED int sp_stored_docker(struct sp_stored *stored, const struct sp_json *doc,
				const char *ref, struct sp_err *err);

/* --- stored_docs.c --- */

/* Parse and check the text of a document. */
SP_CHECKED int sp_stored_parse(const struct sp_buf *text, enum sp_document kind,
			       const char *media_type, struct sp_json **ret,
			       struct sp_err *err);

/* index.json, and what oci-layout says of it; *ret stays NULL if there is none. */
SP_CHECKED int sp_stored_index(struct sp_source *source, struct sp_json **ret,
			       struct sp_err *err);

/* --- stored.c --- */

/* The configuration is there: take the platform out of it, and the diff ids, of
 * which there must be layers_nr. */
SP_CHECKED int sp_stored_take_config(struct sp_stored *stored, struct sp_err *err);

#endif
