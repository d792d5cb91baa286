/*
 * Evidence: what the objects of all closures say of what they do.
 *
 * Only names that are asked about are kept, so looking at a hundred libraries
 * costs what their import tables cost to read.
 */
#ifndef SP_ROOTFS_EVIDENCE_H
#define SP_ROOTFS_EVIDENCE_H

#include "rootfs/needs.h"

struct sp_evidence;

struct sp_evidence *sp_evidence_new(void);
void sp_evidence_free(struct sp_evidence *evidence);

/* A sign that will be asked about; before the first look. */
void sp_evidence_interest(struct sp_evidence *evidence, const struct sp_sign *sign);

/* The names among them that are imports, for closures that are built afterwards. */
const struct sp_elf_watch *sp_evidence_watch(const struct sp_evidence *evidence);

/* Look at the objects that came since the last look. */
SP_CHECKED int sp_evidence_look(struct sp_evidence *evidence,
				const struct sp_rootfs *rootfs, struct sp_err *err);

/* Who gives this sign: an image path, or NULL if nobody does.  Not for
 * SP_SIGN_ENV, which is not the business of objects. */
const char *sp_evidence_of(const struct sp_evidence *evidence, const struct sp_sign *sign);

/* For each of nr marks the first string in the read-only data of object that contains
 * it, in the arena given, or NULL if there is none: one pass over the file. */
SP_CHECKED int sp_evidence_strings(const struct sp_object *object,
				   const char *const *marks, size_t nr,
				   struct sp_arena *arena, const char **ret,
				   struct sp_err *err);

#endif
