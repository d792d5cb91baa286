/*
 * The three kinds of documents that make up an image, and what must be true of
 * each before anything in it is used.  For verification, which reports everything,
 * and for those who read an image to use it, who stop at the first thing.
 */
#ifndef SP_IMAGE_DOCUMENT_H
#define SP_IMAGE_DOCUMENT_H

#include <stdbool.h>

#include "base/mem.h"
#include "image/blob.h"
#include "image/json.h"

enum sp_document { SP_DOC_INDEX, SP_DOC_MANIFEST, SP_DOC_CONFIG };

/* OCI's media type of that kind, or Docker's. */
bool sp_mt_is_index(const char *media_type);
bool sp_mt_is_manifest(const char *media_type);
bool sp_mt_is_config(const char *media_type);

/*
 * Could two readers take doc for two things (CVE-2021-41190), or is it another
 * thing than media_type, which its descriptor has (NULL: nobody says)?  NULL if
 * all is well; else a phrase in the arena, and its identifier for reports.
 */
const char *sp_document_problem(enum sp_document kind, const char *media_type,
				const struct sp_json *doc, struct sp_arena *arena,
				const char **ret_id);

/*
 * Docker and its kin write "Env":null and the like into configurations, since Go
 * prints an empty list so; every reader takes it for absent.  Is the breach at this
 * JSON pointer no more than that?
 */
bool sp_document_is_empty_option(const struct sp_json *doc, const char *pointer);

/*
 * Is a descriptor that of BuildKit's provenance or SBOM?  They stand beside images
 * as manifests for no platform (buildkit docs/attestations/attestation-storage.md).
 */
bool sp_desc_is_attestation(const struct sp_json *desc);

/* The name that a descriptor of index.json carries: containerd's is whole, the
 * ref.name of the specification often a tag.  NULL if there is none. */
const char *sp_desc_name(const struct sp_json *desc);

/* A descriptor may carry the blob in itself, and readers may take either: is it another
 * one than the digest's?  Then a phrase that says so, else NULL. */
const char *sp_desc_data_problem(const struct sp_json *value, const struct sp_desc *desc);

/* Bytes of unknown kind as they can be shown: "\xNN" for what is not printable,
 * and not too many of them.  malloc'ed. */
char *sp_show(const char *s, size_t len);

#endif
