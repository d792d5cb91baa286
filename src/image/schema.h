/*
 * Are documents what the image specification says?  The checks of its JSON
 * schemas (image-layout, image-index, image-manifest, config and content
 * descriptor), written by hand, for images that others made.
 *
 * Stricter than the schemas, on purpose:
 *	- digests are sha256 or sha512 of the right length, in diff_ids as well
 *	- sizes are 0 to 2^53 - 1
 *	- a media type is what RFC 6838 allows; a document's own is that of its
 *	  kind, OCI's or Docker's
 *	- no document has both manifests and layers or config (CVE-2021-41190)
 *	- no key is a known one but for case, since Go would take it for that
 *	- times are RFC 3339 (a "format", which most validators do not look at)
 *	- keys of maps may be empty, but their values are checked all the same
 *	- data, artifactType and subject are checked, as in image-spec 1.1
 */
#ifndef SP_IMAGE_SCHEMA_H
#define SP_IMAGE_SCHEMA_H

#include "base/mem.h"
#include "image/blob.h"
#include "image/json.h"

#define SP_MT_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define SP_MT_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define SP_MT_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define SP_MT_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"

enum sp_schema {
	SP_SCHEMA_LAYOUT,	/* oci-layout */
	SP_SCHEMA_INDEX,	/* index.json, and image indexes */
	SP_SCHEMA_MANIFEST,
	SP_SCHEMA_CONFIG,
	SP_SCHEMA_DESCRIPTOR
};

/*
 * Call report for every breach, with its place as a JSON pointer
 * ("/layers/0/digest", "" for the whole document) and what was expected there;
 * both strings live during the call only.  note is true for what is allowed but
 * worth a word.  Returns the number of breaches.  report may be NULL.
 */
size_t sp_schema_check(enum sp_schema which, const struct sp_json *doc,
		       void (*report)(void *ctx, bool note, const char *where,
				      const char *what),
		       void *ctx);

/* The descriptor in json, its media type in the arena.  SP_EVERIFY if it breaks
 * the schema, or carries data that is not the blob which it names. */
SP_CHECKED int sp_desc_parse(const struct sp_json *json, struct sp_arena *arena,
			     struct sp_desc *ret, struct sp_err *err);

/* The same the other way: add what the descriptor says to an object. */
void sp_desc_add(struct sp_json *object, const struct sp_desc *desc);

#endif
