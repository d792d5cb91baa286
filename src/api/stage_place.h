/*
 * Placing files and trees of a root in the overlay of a stage.  Private to the files
 * of api/ that carry out COPY and ADD.
 */
#ifndef SP_API_STAGE_PLACE_H
#define SP_API_STAGE_PLACE_H

#include "api/stages.h"

/* Where things come from, and what they become. */
struct sp_place {
	struct sp_stages *s;
	struct sp_stage_state *state;	/* whose overlay they go into */
	struct sp_reason reason;
	struct sp_root *root;
	const char *root_name;		/* what messages call it: "the context ./app" */
	bool is_context;		/* .dockerignore counts, secrets are refused */
	bool is_local;			/* a directory of this machine */
	bool keep_owner;		/* owners as they are in root; else owner */
	struct sp_owner owner;
	bool set_mode;
	unsigned mode;			/* with set_mode, of files and directories */
	unsigned group;			/* of hard links */
	const struct sp_instruction *in;
};

/* Is the file at path of the context left out by .dockerignore, or written by this
 * run?  Always false for other roots. */
bool sp_place_ignored(const struct sp_place *p, const char *path);

/* A file or link of the root, which is at path (no links in it), to dest (the same). */
SP_CHECKED int sp_place_file(const struct sp_place *p, const char *path,
			     const struct sp_stat *st, const char *target,
			     const char *dest, struct sp_err *err);

/* What is in the directory at path, into the directory dest. */
SP_CHECKED int sp_place_tree(const struct sp_place *p, const char *path,
			     const char *dest, struct sp_err *err);

#endif
