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
	const char *chmod;		/* for files and directories, or NULL */
	/* --exclude and --parents, NULL for all: of paths below top */
	const struct sp_ignore *include, *exclude;
	const char *top;		/* in root, where a tree begins */
	const char *way;		/* what each path that is included begins with */
	bool *included;			/* with include: set when something was */
	unsigned group;			/* of hard links */
	const struct sp_instruction *in;
};

/* What COPY and ADD are told by flags, beside what is in the place. */
struct sp_copy_flags {
	struct sp_ignore *exclude;	/* free it, also after a failure; place borrows it */
	bool parents;
	bool unpack;			/* archives; by default ADD does */
};

/* stage_flags.c: read the flags of place->in into ret, and owner, keep_owner, chmod and
 * exclude of place.  SP_EUSAGE, with the line, says what was expected. */
SP_CHECKED int sp_copy_flags_read(struct sp_place *place, struct sp_copy_flags *ret,
				  struct sp_err *err);

/* Is the file at path of the context left out by .dockerignore, or written by this
 * run?  Always false for other roots. */
bool sp_place_ignored(const struct sp_place *p, const char *path);

/* A file or link of the root, which is at path (no links in it), to dest (the same). */
SP_CHECKED int sp_place_file(const struct sp_place *p, const char *path,
			     const struct sp_stat *st, const char *target,
			     const char *dest, struct sp_err *err);

/* Does --exclude leave out what has that path below a tree, or that name? */
bool sp_place_excluded(const struct sp_place *p, const char *name);

/* What is in the directory at path, into the directory dest; with include, only what
 * that matches, and the directories above it. */
SP_CHECKED int sp_place_tree(const struct sp_place *p, const char *path,
			     const char *dest, struct sp_err *err);

#endif
