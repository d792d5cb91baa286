/*
 * Addresses of images, as users write them: what stands in front says what kind of place
 * follows.  What is behind it is the business of who opens the place.
 */
#ifndef SP_TRANSPORT_ADDRESS_H
#define SP_TRANSPORT_ADDRESS_H

#include "base/mem.h"

#define SP_REGISTRY_PREFIX "docker://"

/* What --load and --engine make of themselves; no user writes it. */
#define SP_LOCAL_PREFIX "local:"

enum sp_address {
	SP_AT_PATH,		/* none of the others: FILE.tar, DIR/, "-" */
	SP_AT_LAYOUT,		/* oci:DIR[:REF] */
	SP_AT_OCI_ARCHIVE,	/* oci-archive:FILE[:REF] */
	SP_AT_DOCKER_ARCHIVE,	/* docker-archive:FILE[:NAME:TAG] */
	SP_AT_ENGINE,		/* docker-daemon:NAME[:TAG] */
	SP_AT_REGISTRY		/* docker://NAME[:TAG] */
};

/* What kind text is.  *ret_rest is what follows its prefix, in text. */
enum sp_address sp_address_of(const char *text, const char **ret_rest);

/* What a whole address of this kind looks like: "oci:DIR[:REF]". */
const char *sp_address_usage(enum sp_address address);

/* Between prefix and reference, the path of "oci:DIR[:REF]" or of an archive, in the
 * arena; NULL for the other kinds. */
const char *sp_address_path(const char *text, struct sp_arena *arena);

#endif
