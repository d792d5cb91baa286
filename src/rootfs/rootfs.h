/*
 * From a program to a proven plan: the closure, what was added, what the image's
 * options ask for, in order, and the proof that the program can start from it.
 *
 *	struct sp_rootfs *rootfs;
 *
 *	if (sp_rootfs_build(&options, &rootfs, err) == 0 &&
 *	    sp_rootfs_prove(rootfs, err) == 0)
 *		... rootfs->plan ...
 *	sp_rootfs_free(rootfs);
 */
#ifndef SP_ROOTFS_ROOTFS_H
#define SP_ROOTFS_ROOTFS_H

#include "loader/closure.h"
#include "rootfs/plan.h"

/* One --add: where from, in which root, and where to (NULL: see sp_add_parse). */
struct sp_add {
	struct sp_root *root;
	const char *source;	/* absolute path in root */
	const char *dest;	/* absolute image path */
	bool keeps_path;	/* dest is source: links on the way are kept */
	bool shallow;		/* of a directory only itself */
	bool may_lack;		/* nothing there is no error */
	const struct sp_map *skip;	/* paths in root that a tree is taken without, or NULL */
	bool public;		/* what not everybody may read stays out */
	bool follow_links;	/* what links in a tree lead to comes along */
	struct sp_reason because;	/* kind 0: --add */
	unsigned scripts;		/* on the way to it, each the interpreter of the one before */
};

struct sp_rootfs_options {
	struct sp_root *root;		/* where the program is */
	const char *program;		/* absolute path in root */
	const char *image_path;		/* where it goes */
	struct sp_root *libs;		/* where loader and libraries are; over lower, if any */
	struct sp_root *lower;		/* what the plan stands on, or NULL */
	struct sp_root *origin;		/* the image that the program comes from: its accounts
					 * and directories count; or NULL */
	const struct sp_add *adds;
	size_t adds_nr;
	const char *const *excludes;
	size_t excludes_nr;
	/* files that this run writes, resolved paths in root: never packed */
	const char *const *own;
	size_t own_nr;
	const char *user;		/* as given to --user, or NULL */
	const char *workdir;		/* absolute, or NULL */
	const char *const *volumes;	/* of origin: made as they are there */
	size_t volumes_nr;
	const char *library_path, *preload;	/* LD_* of the image's environment */
	const char *path;		/* PATH of the image's environment */
	bool keep_probes;		/* keep what searches tried, to explain them */
	bool bind_now;			/* check symbols as well */
	const char *cpu;		/* variants for CPUs up to this level, "all", or NULL */
	const char *const *env;		/* of the image, NAME=VALUE */
	size_t env_nr;
	const char *const *with, *const *without;	/* names of needs */
	size_t with_nr, without_nr;
	bool minimal, full;		/* only proved needs; hints as well */
	bool allow_secrets;		/* pack private keys and the like */
	bool no_needs;			/* the loader's view alone: look at no evidence */
};

struct sp_needs;

/* A script on the way from the program to a compiled interpreter. */
struct sp_script_use {
	const char *path;		/* in the image */
	const char *interpreter, *argument;	/* argument NULL if there is none */
};

struct sp_rootfs {
	struct sp_plan *plan;
	struct sp_closure *closure;	/* of the program, or its interpreter */
	struct sp_closure **others;	/* of programs that were added */
	const struct sp_closure **traced;	/* those of them that a --trace brought */
	size_t traced_nr, traced_alloc;
	struct sp_script_use *scripts;	/* the first is the program itself */
	size_t scripts_nr, scripts_alloc;
	size_t others_nr, others_alloc;
	struct sp_needs *needs;		/* what was found out, see needs.h */
	const char *entry;		/* path of the program in the image */
	const char *user;		/* what the configuration shall say, or NULL */
	struct sp_buf named_users, named_groups;	/* lines of accounts that programs name */
	const char *library_path, *preload;
	bool bind_now;
};

/*
 * Analyse and plan.  A closure with missing libraries is no error here, so that
 * it can be reported in full: sp_rootfs_prove() refuses it.
 */
SP_CHECKED int sp_rootfs_build(const struct sp_rootfs_options *options,
			       struct sp_rootfs **ret, struct sp_err *err);
void sp_rootfs_free(struct sp_rootfs *rootfs);

/*
 * The closed-world proof: the loader's rules are replayed inside the planned root
 * alone.  SP_EPROGRAM if an object is missing there, or another one than was
 * analysed would be loaded, or the program is not executable.
 */
SP_CHECKED int sp_rootfs_prove(struct sp_rootfs *rootfs, struct sp_err *err);

/* --- the parts, one file each --- */

/* entry.c: the program: a compiled one, or a script with all that the kernel
 * starts for it.  Sets rootfs->closure. */
SP_CHECKED int sp_entry_build(struct sp_rootfs *rootfs,
			      const struct sp_rootfs_options *options,
			      struct sp_err *err);

/* gather.c: every object of a closure, with the links that lead to it.  top is
 * why its program is there. */
SP_CHECKED int sp_gather_closure(struct sp_rootfs *rootfs, struct sp_closure *closure,
				 const struct sp_reason *top, struct sp_err *err);

/* gather.c: the same for what came since the closure had so many objects and edges. */
SP_CHECKED int sp_gather_since(struct sp_rootfs *rootfs, struct sp_closure *closure,
			       size_t objects, size_t edges, const struct sp_reason *top,
			       struct sp_err *err);

/* gather.c: one path of a root with the links on the way; file or symlink chain.
 * The file is one that was read before.  image_path NULL means: where it is. */
SP_CHECKED int sp_gather_file(struct sp_plan *plan, struct sp_root *root,
			      const char *path, const char *image_path,
			      const struct sp_reason *reason, struct sp_err *err);

/* gather.c: the entry for a regular file, with mode, owner and capabilities as
 * they are carried.  file is it, open, or NULL if it was read before; what cannot be
 * read must be said before anything is written. */
SP_CHECKED int sp_gather_entry(struct sp_plan *plan, struct sp_root *root,
			       struct sp_file *file, const char *real,
			       const struct sp_stat *st,
			       const char *image_path, const struct sp_reason *reason,
			       struct sp_err *err);

/* add.c: a file or tree; ELF files in it bring their closure. */
SP_CHECKED int sp_add_apply(struct sp_rootfs *rootfs, const struct sp_add *add,
			    const struct sp_rootfs_options *options, struct sp_err *err);

/* accounts.c: passwd and group with root, nobody, the accounts that programs name
 * (rootfs->named_users) and the user that was chosen; no others of this machine. */
struct sp_accounts {
	const char *passwd, *group;
};
SP_CHECKED int sp_accounts_text(const struct sp_rootfs *rootfs,
				const struct sp_rootfs_options *options,
				struct sp_arena *arena, struct sp_accounts *ret,
				struct sp_err *err);

/* accounts.c: the text of a passwd or group file, or another of /etc, in whole lines and in
 * place of what ret held, which stays if there is none, or one of more than a megabyte. */
SP_CHECKED int sp_accounts_read(struct sp_root *root, const char *path, struct sp_buf *ret,
				struct sp_err *err);

/* accounts.c: --user: what the configuration says, and the passwd and group entries
 * that go with "nonroot", or with a name that options->origin knows. */
SP_CHECKED int sp_accounts_apply(struct sp_rootfs *rootfs,
				 const struct sp_rootfs_options *options,
				 struct sp_err *err);
/* accounts.c: after the plan is finished: is a user given by name known in it? */
SP_CHECKED int sp_accounts_check(struct sp_rootfs *rootfs, struct sp_root *image,
				 struct sp_err *err);

/* notes.c: what a user should know of a finished plan. */
SP_CHECKED int sp_notes_apply(struct sp_rootfs *rootfs, struct sp_err *err);

/* loader_files.c: ld.so.cache or musl's path file, when the image needs one. */
SP_CHECKED int sp_loader_files_apply(struct sp_rootfs *rootfs, struct sp_err *err);

#endif
