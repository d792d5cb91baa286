/*
 * The files of an image that exists: its layers laid over one another, with what is
 * in them, as a root like any other.
 *
 *	struct sp_contents *contents;
 *
 *	if (sp_contents_open(stored, &options, &contents, err) == 0) {
 *		struct sp_root *root = sp_contents_root(contents);
 *		...
 *		sp_contents_free(contents);
 *	}
 *
 * Each layer is read once.  Names go into memory, contents into one file without a
 * name, so that nothing is to be cleaned up and the size of an image is one of disk.
 * A layer is read while it is hashed, so its bytes are taken for hostile: names wait in
 * a list and contents in that file.  It counts only when its digest and its diff id were
 * right to the end, and what no layer may hold (layer_rules.h) makes the image unusable.
 * That its bytes are the wrong ones is said before what else is wrong with them.
 */
#ifndef SP_IMAGE_CONTENTS_H
#define SP_IMAGE_CONTENTS_H

#include <signal.h>

#include "base/root.h"
#include "image/stored.h"

struct sp_contents_options {
	const char *temp_dir;		/* where the file without a name is */
	const char *label;		/* stands for the root in messages: "app.tar:" */
	const volatile sig_atomic_t *cancelled;			/* may be NULL */
	void (*progress)(void *ctx, const struct sp_progress *);	/* may be NULL */
	void *progress_ctx;
};

struct sp_contents;

/*
 * Read all layers of stored, which is not needed afterwards.  SP_EVERIFY if a layer
 * breaks a rule, SP_ECHANGED if it is not the one that the image names, SP_EOUTPUT if
 * the temporary file cannot be written, SP_ECANCELLED.
 */
SP_CHECKED int sp_contents_open(const struct sp_stored *stored,
				const struct sp_contents_options *options,
				struct sp_contents **ret, struct sp_err *err);

/*
 * The same for a tar archive, plain or compressed, that a user has: there is no digest
 * to check, and of a name that stands in it twice the last one counts.  *ret is NULL if
 * the file is no archive.  SP_EVERIFY if it is one that is damaged or breaks a rule,
 * SP_EFAIL if it is compressed in a way that cannot be read here.
 */
SP_CHECKED int sp_contents_open_archive(struct sp_file *file,
					const struct sp_contents_options *options,
					struct sp_contents **ret, struct sp_err *err);

/* The merged file system; it lives as long as the contents. */
struct sp_root *sp_contents_root(struct sp_contents *contents);
void sp_contents_free(struct sp_contents *contents);	/* NULL allowed */

#endif
