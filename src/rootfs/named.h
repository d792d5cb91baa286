/*
 * What an object or a script names: paths, and libraries by name.
 *
 * A program has the directories of its data and plugins compiled in.  This finds them in
 * its constants; what is done about them is need_named.c's.
 */
#ifndef SP_ROOTFS_NAMED_H
#define SP_ROOTFS_NAMED_H

#include "rootfs/rootfs.h"

#define SP_NAMED_MAX 8192	/* names of one object; more are left out */

enum sp_named_kind {
	SP_NAMED_PATH,		/* absolute and clean */
	SP_NAMED_RELATIVE,	/* "share/app", counted from the prefix of the object */
	SP_NAMED_LIBRARY	/* "libfoo.so.1", without a slash */
};

struct sp_named {
	enum sp_named_kind kind;
	const char *text;
	bool pattern;		/* a directory, cut from "DIR/%s.so" */
};

/* Names in the order in which they stand, each once; strings live in the arena. */
struct sp_names {
	struct sp_arena arena;
	struct sp_map known;
	struct sp_named *names;
	size_t names_nr, names_alloc;
};

void sp_names_release(struct sp_names *names);

/* The names in the constants of an object, libraries only if wanted.  Paths that are none
 * of a program's business (sp_place_of()) are left out. */
SP_CHECKED int sp_names_read(const struct sp_object *object, bool libraries,
			     struct sp_names *names, struct sp_err *err);

/* The names in a text: a script, or configuration. */
void sp_names_in_text(const char *text, size_t len, struct sp_names *names);

#endif
