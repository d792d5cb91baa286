/*
 * An image as input: found, checked, and its files as a root.
 */
#ifndef SP_API_OPENED_H
#define SP_API_OPENED_H

#include "image/contents.h"
#include "image/stored.h"

struct scratchpack;

struct sp_opened {
	const char *text;		/* as the user wrote it; borrowed */
	char *ref;			/* the name in it that was asked for, or NULL */
	struct sp_source *source;	/* NULL: not opened */
	struct sp_stored *stored;
	struct sp_contents *contents;
	struct sp_root *root;		/* of the contents */
};

/*
 * Open the image that text names (see transport.h), for the wanted platform.  What goes
 * wrong is said with text in front.  Release it in every case.
 */
SP_CHECKED int sp_opened_open(struct scratchpack *job, const char *text,
			      const struct sp_stored_want *want, struct sp_opened *ret,
			      struct sp_err *err);
void sp_opened_release(struct sp_opened *image);

/* The name of the image in its full form, or NULL if nobody says one. */
const char *sp_opened_name(const struct sp_opened *image, struct sp_arena *arena);

#endif
