/*
 * Needs: what a program wants beyond its libraries, decided by evidence.
 *
 * A need is a row of the table in needs_table.c: a name, the signs that speak for it,
 * and a function that puts its files into the plan.  A sign is something that an
 * object says of itself: a symbol that it imports, a function that Go linked, a
 * library that it loads, or a variable of the image's environment.  How strong
 * the strongest sign is decides:
 *
 *	proved	the program cannot work without it
 *	likely	it works without it on some days, or in some uses
 *	hint	it may look there, and copes if nothing is there
 *
 * Proved and likely ones go in, hints are reported; --with, --without, --minimal
 * and --full shift that.  With --without all nothing is looked for.
 *
 * Where files are is asked of the library that reads them (sp_need_ask), so there
 * is no table of distributions.
 */
#ifndef SP_ROOTFS_NEEDS_H
#define SP_ROOTFS_NEEDS_H

#include "rootfs/rootfs.h"

enum sp_strength { SP_HINT = 1, SP_LIKELY, SP_PROVED };

enum sp_sign_kind {
	SP_SIGN_IMPORT,		/* an object outside the C library imports this symbol */
	SP_SIGN_GO,		/* a Go program contains this function */
	SP_SIGN_NOT_GO,		/* ...and this one takes the need away */
	SP_SIGN_TEXT,		/* an object that imports `with` holds this text; NULL: a program, not Go's */
	SP_SIGN_PROGRAM_IMPORT,	/* a program itself imports this symbol, not a library alone */
	SP_SIGN_CRATE,		/* a Rust object was made with this crate */
	SP_SIGN_LIBRARY,	/* a library whose soname begins so is loaded */
	SP_SIGN_ENV		/* the image's environment has this variable */
};

struct sp_sign {
	enum sp_sign_kind kind;
	const char *name;
	enum sp_strength strength;
	const char *with;	/* SP_SIGN_TEXT */
};

struct sp_needs;

enum sp_need_flags {
	SP_NEED_UNTRACED = 1,	/* what it brings is not what a --trace sees: it is made, or
				 * of the machine */
	SP_NEED_HEAVY = 2	/* tens of megabytes: not for one plugin of many */
};

struct sp_need {
	const char *name, *help;
	const struct sp_sign *signs;		/* ended by a NULL name */
	/* Put what it wants into the plan.  NULL: it can only be reported. */
	int (*add)(struct sp_needs *, struct sp_err *);
	unsigned flags;				/* SP_NEED_* */
};

extern const struct sp_need sp_need_table[];
extern const size_t sp_need_table_nr;

/* One reason to think that something is needed. */
struct sp_clue {
	enum sp_strength strength;
	const char *by;			/* image path of the object that says so, or NULL */
	const char *text;		/* "imports iconv_open" */
};

/* What became of one need. */
struct sp_need_state {
	const struct sp_need *need;
	struct sp_clue clue;		/* the strongest; strength 0: none */
	bool wanted;			/* it goes in */
	bool done;			/* it is in */
	bool refused;			/* --without, or a sign that takes it away */
	const char **files;		/* image paths that it brought */
	size_t files_nr, files_alloc;
};

/* SP_EUSAGE if an option names a need that is not in the table. */
SP_CHECKED int sp_needs_check_options(const struct sp_rootfs_options *options,
				      struct sp_err *err);

/* Before any closure is built: what its objects are watched for. */
struct sp_needs *sp_needs_new(const struct sp_rootfs_options *options);
/* Is any evidence looked at?  Not if all needs are left out. */
bool sp_needs_looks(const struct sp_needs *needs);
/* NULL if none is. */
const struct sp_elf_watch *sp_needs_watch(const struct sp_needs *needs);

/*
 * Look at all objects, decide, and add, again and again until nothing new comes:
 * a plugin that was added may need more.  rootfs->needs holds the outcome.
 */
SP_CHECKED int sp_needs_apply(struct sp_rootfs *rootfs, struct sp_err *err);
void sp_needs_free(struct sp_needs *needs);

/* The outcome, one a row of the table. */
const struct sp_need_state *sp_needs_states(const struct sp_needs *needs);
const char *sp_strength_name(enum sp_strength strength);

/* --- for the functions that add; all work on the need that is being added --- */

/*
 * The file, link chain or whole tree at path in the root of libraries, at the
 * same path in the image, with what its links lead to; ELF files bring their
 * closure.  Nothing there is no error: *ret_found (may be NULL) is false.
 */
SP_CHECKED int sp_need_path(struct sp_needs *needs, const char *path, bool *ret_found,
			    struct sp_err *err);

/* The bytes of a file that may say more, with a NUL behind them.  *ret_there is false and
 * ret untouched if there is none of at most limit bytes, or sp_need_path() leaves it out. */
SP_CHECKED int sp_need_read(struct sp_needs *needs, const char *path, size_t limit,
			    struct sp_buf *ret, bool *ret_there, struct sp_err *err);

/* As sp_need_path(), unless a need has brought the file already: *ret_known. */
SP_CHECKED int sp_need_once(struct sp_needs *needs, const char *path, bool *ret_known,
			    struct sp_err *err);

/*
 * What is found without a sign of the table: an item of the row called need, which from
 * now on is the one that is being added.  False if the options do not want an item of
 * this strength; it is only reported then.  by and text are as in struct sp_clue.
 */
bool sp_need_item(struct sp_needs *needs, const char *need, enum sp_strength strength,
		  const char *by, const char *text);

/* Would an item of this strength be wanted? */
bool sp_need_wants(const struct sp_needs *needs, const char *need, enum sp_strength strength);

/* A library was opened in closure, which had so many objects and edges before: what came
 * is there for the item that is being added. */
SP_CHECKED int sp_need_opened(struct sp_needs *needs, struct sp_closure *closure,
			      size_t objects, size_t edges, struct sp_err *err);

/* A library by name, as the program's dlopen() would find it. */
SP_CHECKED int sp_need_library(struct sp_needs *needs, const char *name,
			       bool *ret_found, struct sp_err *err);

/* A file with this text, or a link, unless the user adds one there or the base image has one. */
SP_CHECKED int sp_need_text(struct sp_needs *needs, const char *path, const char *text,
			    struct sp_err *err);
SP_CHECKED int sp_need_link(struct sp_needs *needs, const char *path, const char *target,
			    struct sp_err *err);
SP_CHECKED int sp_need_dir(struct sp_needs *needs, const char *path, unsigned mode,
			   struct sp_err *err);

/* The value of a variable of the image's environment, or NULL. */
const char *sp_need_env(struct sp_needs *needs, const char *name);

/*
 * Ask a library where it looks: the first string in its read-only data that
 * contains mark, or NULL if no such library is loaded or it has none.  library
 * is the beginning of its soname.
 */
SP_CHECKED int sp_need_ask(struct sp_needs *needs, const char *library,
			   const char *mark, const char **ret, struct sp_err *err);

/* The same for several marks in one pass; ret has nr places. */
SP_CHECKED int sp_need_ask_all(struct sp_needs *needs, const char *library,
			       const char *const *marks, size_t nr, const char **ret,
			       struct sp_err *err);

/* Is a library loaded whose soname begins so? */
bool sp_need_has_library(const struct sp_needs *needs, const char *library);

/* The main closure: for the C library's kind and version. */
const struct sp_closure *sp_need_closure(const struct sp_needs *needs);
struct sp_arena *sp_need_arena(struct sp_needs *needs);

/* need_named.c: what objects that came since the last call name: libraries that they open,
 * directories of plugins, data of their own.  The rows dlopen, plugins, data, programs. */
SP_CHECKED int sp_needs_named(struct sp_needs *needs, struct sp_err *err);

/* Is there this sign?  It must stand in the table. */
bool sp_need_shown(const struct sp_needs *needs, enum sp_sign_kind kind, const char *name);

/* Does only a library speak for the need that is being added, and no program? */
bool sp_need_by_library(const struct sp_needs *needs);

/* passwd and group for the user that was chosen (accounts.c). */
SP_CHECKED int sp_need_accounts(struct sp_needs *needs, struct sp_accounts *ret,
				struct sp_err *err);

/* Say what follows for the user; id as of all notes. */
void sp_need_note(struct sp_needs *needs, const char *id, const char *fmt, ...)
	SP_PRINTF(3, 4);

#endif
