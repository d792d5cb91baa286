/*
 * The constant strings of an object of a closure: elf/strings.h, with the file opened and
 * named in errors.
 */
#ifndef SP_ROOTFS_OBJECT_STRINGS_H
#define SP_ROOTFS_OBJECT_STRINGS_H

#include "loader/closure.h"

/* Visit them all, as sp_elf_strings() does. */
SP_CHECKED int sp_object_strings(const struct sp_object *object, size_t min_len,
				 bool (*visit)(void *ctx, const char *text, size_t len),
				 void *ctx, struct sp_err *err);

/* For each of nr marks the first string in the read-only data of object that contains
 * it, in the arena given, or NULL if there is none: one pass over the file. */
SP_CHECKED int sp_object_find_strings(const struct sp_object *object,
				      const char *const *marks, size_t nr,
				      struct sp_arena *arena, const char **ret,
				      struct sp_err *err);

#endif
