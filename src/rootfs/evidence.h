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

/* How far an object is from the program: what is far away says little of what the
 * program does. */
struct sp_reach {
	unsigned steps;		/* needs and openings on the way */
	unsigned opened;	/* how many of these were openings by name */
	bool crowd;		/* on the way is a plugin that came with many others */
	bool traced;		/* it came with a program that is there because a run used it */
};

/* Why a sighting may mean little, the worst last. */
enum sp_doubt {
	SP_DOUBT_NONE,
	SP_DOUBT_CROWD,		/* one of many plugins says so */
	SP_DOUBT_TRACED,	/* a program of a --trace does: what it used is in already */
	SP_DOUBT_FAR		/* only objects do that are far away */
};

/* Far away: a plugin's plugin, or the libraries of libraries of a plugin. */
bool sp_reach_is_far(const struct sp_reach *reach);

struct sp_evidence *sp_evidence_new(void);
void sp_evidence_free(struct sp_evidence *evidence);

/* A sign that will be asked about; before the first look. */
void sp_evidence_interest(struct sp_evidence *evidence, const struct sp_sign *sign);

/* The names among them that are imports, for closures that are built afterwards. */
const struct sp_elf_watch *sp_evidence_watch(const struct sp_evidence *evidence);

/* Look at the objects that came since the last look.  reach has one value an object of
 * the main closure; the first own_nr of the others are programs of the user's. */
SP_CHECKED int sp_evidence_look(struct sp_evidence *evidence,
				const struct sp_rootfs *rootfs, const struct sp_reach *reach,
				size_t own_nr, struct sp_err *err);

/* What an object does with files that it names itself, by what it imports. */
enum sp_use {
	SP_USE_LOAD = 1,	/* opens libraries at run time: dlopen(), g_module_open() */
	SP_USE_READ = 2,	/* opens files or lists directories */
	SP_USE_START = 4,	/* starts other programs */
	SP_USE_SEARCH = 8,	/* ...which are looked for in PATH */
	SP_USE_LOOK_UP = 16,	/* asks for an account by its name */
	SP_USE_BECOME = 32	/* becomes another user */
};

/* An object that was looked at, in the order of looking. */
struct sp_looked {
	struct sp_closure *closure;
	size_t index;			/* of the object in it */
	size_t which;			/* closure: 0 the main one, others from 1 */
	unsigned uses;			/* SP_USE_*; 0 for the C library and its like */
	struct sp_reach reach;
};
size_t sp_evidence_looked(const struct sp_evidence *evidence, const struct sp_looked **ret);

/* Who gives this sign: an image path, or NULL if nobody does.  Not for
 * SP_SIGN_ENV, which is not the business of objects.  *ret_doubt (may be NULL): what is
 * to be said against all who do. */
const char *sp_evidence_of(const struct sp_evidence *evidence, const struct sp_sign *sign,
			   enum sp_doubt *ret_doubt);

#endif
