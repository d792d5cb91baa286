/*
 * The text of a .note.dlopen: a JSON array of objects with "soname" (an array, the best
 * first), "priority", "feature" and "description".
 */
#ifndef SP_ROOTFS_DLOPEN_JSON_H
#define SP_ROOTFS_DLOPEN_JSON_H

#include <stdbool.h>

#include "base/mem.h"

#define SP_DLOPEN_SONAMES_MAX 32

struct sp_dlopen_entry {
	const char *sonames[SP_DLOPEN_SONAMES_MAX];	/* the best first */
	size_t sonames_nr;
	const char *priority;		/* "recommended" if it does not say */
	const char *feature;		/* NULL if it does not say */
};

/*
 * Visit the entries of a note; strings live in the arena.  False if the text is no such
 * JSON: what came before the mistake has been visited then.
 */
bool sp_dlopen_json(const char *text, size_t len, struct sp_arena *arena,
		    int (*visit)(void *ctx, const struct sp_dlopen_entry *entry,
				 struct sp_err *err),
		    void *ctx, int *ret_rc, struct sp_err *err);

#endif
