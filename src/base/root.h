/*
 * A root: the only way into a source file system.
 *
 * "/" is a root, a --sysroot is one, a planned image is one.  Every path given
 * to a root is absolute within it, and symbolic links are resolved inside it,
 * whatever they say.  Nothing outside is ever reached.
 *
 *	struct sp_root *root;
 *	struct sp_found found;
 *	struct sp_file file;
 *
 *	sp_root_open_dir("/", &root, err);
 *	sp_root_resolve(root, "/lib64/ld-linux-x86-64.so.2", &found, err);
 *	if (found.real)
 *		sp_root_open(root, found.real, &file, err);
 *
 * A root remembers what it has looked up: one look at each name, so that all of
 * a run sees the same tree, and a library directory costs one system call a
 * file.  Strings it returns live as long as the root.
 */
#ifndef SP_BASE_ROOT_H
#define SP_BASE_ROOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_LINKS_MAX 40		/* symlinks followed in one path, as the kernel does */

enum sp_type { SP_ABSENT, SP_FILE, SP_DIR, SP_SYMLINK, SP_OTHER };

/* "a directory" and so on, for messages; not of SP_ABSENT. */
const char *sp_type_name(enum sp_type type);

struct sp_stat {
	enum sp_type type;
	unsigned mode;			/* the 12 permission bits */
	uint32_t uid, gid, nlink;
	uint64_t size, dev, ino;	/* bytes; dev 0 when the root has no inodes */
	int64_t mtime_ns;		/* nanoseconds since 1970 */
	bool lower;			/* it is in the base image, see root_over.h */
};

/* A symbolic link that was followed: where it is (resolved) and its text. */
struct sp_link {
	const char *path, *target;
};

/* What a path leads to.  real is NULL when nothing is there; links holds the
 * symbolic links followed, in order, also when the path leads nowhere. */
struct sp_found {
	const char *real;
	struct sp_stat st;
	const struct sp_link *links;
	size_t links_nr;
};

/* An open file of a root.  Initialise with SP_FILE_INIT; sp_file_close() closes
 * an open one and leaves a closed one alone. */
struct sp_file {
	const struct sp_file_ops *ops;
	void *ctx;
	int fd;
	struct sp_stat st;		/* as it was when the file was opened */
};
#define SP_FILE_INIT { .fd = -1 }

struct sp_file_ops {
	ssize_t (*pread)(struct sp_file *, void *buf, size_t len, uint64_t offset);
	int (*restat)(struct sp_file *, struct sp_stat *ret);
	void (*close)(struct sp_file *);
	/* bytes of the attribute, negative if there is none; NULL: there are none */
	ssize_t (*getxattr)(struct sp_file *, const char *name, void *buf, size_t len);
};

/*
 * How a kind of root looks things up.  Paths are clean and have no symbolic link
 * in their parent directories.  Both functions give 0 or a negative errno;
 * lstat gives type SP_ABSENT, not an error, for what is not there.
 */
struct sp_root_ops {
	int (*lstat)(void *ctx, const char *path, struct sp_stat *ret,
		     char **ret_target);	/* malloc'ed text of a symlink */
	int (*open)(void *ctx, const char *path, struct sp_file *ret);
	int (*list)(void *ctx, const char *path, char ***ret, size_t *ret_nr);
	void (*free)(void *ctx);
	struct sp_root *(*rest)(void *ctx);	/* may be NULL */
	/* where the path is in truth, for messages; NULL if it says so itself; may be NULL */
	const char *(*where)(void *ctx, const char *path);
};

struct sp_root;

/* A root at a directory of this machine. */
SP_CHECKED int sp_root_open_dir(const char *path, struct sp_root **ret,
				struct sp_err *err);

/* A root of another kind.  label stands for it in messages ("" for "/"). */
struct sp_root *sp_root_new(const struct sp_root_ops *ops, void *ctx,
			    const char *label);
void sp_root_free(struct sp_root *root);

/* Of a root that is two in one, the one behind (root_over.h); else NULL. */
struct sp_root *sp_root_rest(struct sp_root *root);

/* How to call this path of this root in a message: the label and the path. */
const char *sp_root_show(struct sp_root *root, const char *path);

/* What tells the file at path (resolved) from all others, whatever their names, as
 * text: its inode; where there are none the root and the path. */
const char *sp_root_identity(const struct sp_root *root, const char *path,
			     const struct sp_stat *st, struct sp_arena *arena);

/*
 * Follow path to what it leads to.  Nothing there, a dangling link, too many
 * links and a directory that may not be searched are no errors: real is NULL.
 */
SP_CHECKED int sp_root_resolve(struct sp_root *root, const char *path,
			       struct sp_found *ret, struct sp_err *err);

/* What stands at path itself; only its parents are followed.  *ret_target is the
 * text of a symbolic link, else NULL. */
SP_CHECKED int sp_root_lstat(struct sp_root *root, const char *path,
			     struct sp_stat *ret, const char **ret_target,
			     struct sp_err *err);

/*
 * Open the regular file at path, which must be a resolved one.  Anything else
 * (directory, FIFO, device) is refused without blocking.
 */
SP_CHECKED int sp_root_open(struct sp_root *root, const char *path,
			    struct sp_file *ret, struct sp_err *err);

/* The names in the directory at path (resolved), sorted by bytes, without "."
 * and "..".  They live as long as the root. */
SP_CHECKED int sp_root_list(struct sp_root *root, const char *path,
			    const char *const **ret, size_t *ret_nr,
			    struct sp_err *err);

/* The names in the directory that path leads to; none if that is no directory. */
SP_CHECKED int sp_root_names(struct sp_root *root, const char *path,
			     const char *const **ret, size_t *ret_nr,
			     struct sp_err *err);

/* The bytes of the file that path leads to, in place of what ret held.  *ret_there is
 * false, and ret stays, if that is no regular file or one of more than limit bytes. */
struct sp_buf;
SP_CHECKED int sp_root_read(struct sp_root *root, const char *path, size_t limit,
			    struct sp_buf *ret, bool *ret_there, struct sp_err *err);

/*
 * root_which.c: where execvp(3) finds a program called name, which has no slash: the
 * first file that may be executed in one of dirs ("/usr/bin:/bin"; NULL: none), in the
 * arena, or NULL.  An empty one among them means cwd (NULL: nowhere); a relative one is
 * passed over, since nobody knows where it is.
 */
SP_CHECKED int sp_root_which(struct sp_root *root, const char *dirs, const char *cwd,
			     const char *name, struct sp_arena *arena, const char **ret,
			     struct sp_err *err);

/* Read up to len bytes at offset, fewer only at the end of the file. */
SP_CHECKED int sp_file_pread(struct sp_file *file, void *buf, size_t len,
			     uint64_t offset, size_t *ret_len, struct sp_err *err);

/* SP_ECHANGED if the file is not what it was when st was taken. */
SP_CHECKED int sp_file_unchanged(struct sp_file *file, const struct sp_stat *st,
				 struct sp_err *err);

/* The extended attribute as an arena copy, or len 0 when there is none. */
const void *sp_file_xattr(struct sp_file *file, const char *name, struct sp_arena *arena,
			  size_t *ret_len);

void sp_file_close(struct sp_file *file);
#define sp_autofile __attribute__((cleanup(sp_file_close)))

#endif
