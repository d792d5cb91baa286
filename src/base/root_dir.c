/*
 * A root that is a directory of this machine.
 *
 * Every access goes through the directory handle with openat2(2) and
 * RESOLVE_IN_ROOT, so that a link swapped behind our back cannot lead out; a
 * kernel without it (before 5.6) gets a walk with O_NOFOLLOW handles.
 */
#include "base/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/vec.h"

#define PARENTS 8	/* directories that are kept open */

struct dir {
	int fd;
	bool no_openat2;
	/* the parents of the last look-ups, since look-ups come in runs, and links lead
	 * to and fro */
	struct parent {
		char *path;
		int fd;
	} parents[PARENTS];
	unsigned next;		/* the one to give up */
};

static void fill(const struct stat *st, struct sp_stat *ret)
{
	*ret = (struct sp_stat){
		.type = S_ISREG(st->st_mode) ? SP_FILE :
			S_ISDIR(st->st_mode) ? SP_DIR :
			S_ISLNK(st->st_mode) ? SP_SYMLINK : SP_OTHER,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.nlink = (uint32_t)st->st_nlink,
		.size = (uint64_t)st->st_size,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
	};
}

/* The walk for kernels without openat2: one handle a component, no link
 * followed.  The paths that come here are resolved already. */
static int open_by_steps(const struct dir *dir, const char *path, int flags)
{
	int fd = fcntl(dir->fd, F_DUPFD_CLOEXEC, 0);

	while (fd >= 0) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		bool last = !path[len + strspn(path + len, "/")];
		sp_autofree char *name = sp_strndup(len ? path : ".", len ? len : 1);
		int how = last ? flags : O_PATH | O_DIRECTORY;
		int next = openat(fd, name, how | O_NOFOLLOW | O_CLOEXEC);
		int saved = errno;

		close(fd);
		errno = saved;
		fd = next;
		path += len;
		if (last || !len)
			break;
	}
	return fd;
}

/* Open path, in which no component is a link. */
static int open_in(struct dir *dir, const char *path, int flags)
{
	if (!dir->no_openat2) {
		struct open_how how = {
			.flags = (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
			.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
		};
		long fd = syscall(SYS_openat2, dir->fd, path, &how, sizeof(how));

		if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
			return (int)fd;
		dir->no_openat2 = true;
	}
	return open_by_steps(dir, path, flags);
}

static void drop(struct parent *parent)
{
	free(parent->path);
	sp_close_fd(&parent->fd);
	*parent = (struct parent){ .fd = -1 };
}

/* A handle on the parent directory of path, which dir keeps. */
static int parent_of(struct dir *dir, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	for (size_t i = 0; i < PARENTS; i++) {
		const char *have = dir->parents[i].path;

		if (have && strncmp(have, path, len) == 0 && !have[len])
			return dir->parents[i].fd;
	}
	struct parent *parent = &dir->parents[dir->next++ % PARENTS];
	drop(parent);
	parent->path = sp_strndup(path, len);
	parent->fd = open_in(dir, parent->path, O_PATH | O_DIRECTORY);
	if (parent->fd < 0) {
		int saved = errno;

		drop(parent);
		errno = saved;
		return -1;
	}
	return parent->fd;
}

static int read_link(int fd, const char *name, char **ret)
{
	char text[4097];
	ssize_t len = readlinkat(fd, name, text, sizeof(text) - 1);

	if (len < 0)
		return -errno;
	*ret = sp_strndup(text, (size_t)len);
	return 0;
}

static int dir_lstat(void *ctx, const char *path, struct sp_stat *ret,
		     char **ret_target)
{
	struct dir *dir = ctx;
	struct stat st;
	const char *name = strrchr(path, '/') + 1;
	int fd = *name ? parent_of(dir, path) : dir->fd;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ?
			       0 : -errno;
	fill(&st, ret);
	return ret->type == SP_SYMLINK ? read_link(fd, name, ret_target) : 0;
}

static ssize_t file_pread(struct sp_file *file, void *buf, size_t len,
			  uint64_t offset)
{
	ssize_t n;

	do
		n = pread(file->fd, buf, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int file_restat(struct sp_file *file, struct sp_stat *ret)
{
	struct stat st;

	if (fstat(file->fd, &st))
		return -errno;
	fill(&st, ret);
	return 0;
}

static void file_close(struct sp_file *file)
{
	close(file->fd);
}

static ssize_t dir_getxattr(struct sp_file *file, const char *name, void *buf,
			    size_t len)
{
	return fgetxattr(file->fd, name, buf, len);
}

static const struct sp_file_ops file_ops = {
	.pread = file_pread,
	.restat = file_restat,
	.close = file_close,
	.getxattr = dir_getxattr,
};

static int dir_open(void *ctx, const char *path, struct sp_file *ret)
{
	/* O_NONBLOCK: a FIFO must not make us wait for a writer */
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
	const char *name = strrchr(path, '/') + 1;
	int parent = *name ? parent_of(ctx, path) : -1;
	struct stat st;

	if (*name && parent < 0)
		return -errno;
	/* one name that is no link leads nowhere else */
	sp_autoclose int fd = *name ? openat(parent, name, flags) : open_in(ctx, path, flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	fill(&st, &ret->st);
	ret->ops = &file_ops;
	ret->fd = sp_steal_fd(&fd);
	return 0;
}

static int dir_list(void *ctx, const char *path, char ***ret, size_t *ret_nr)
{
	struct { char **names; size_t names_nr, names_alloc; } v = { 0 };
	int fd = open_in(ctx, path, O_RDONLY | O_DIRECTORY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream) {
		int saved = errno;

		sp_close_fd(&fd);
		return -saved;
	}
	errno = 0;
	for (struct dirent *e; (e = readdir(stream)); errno = 0)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			*SP_VEC_PUSH(v.names) = sp_strdup(e->d_name);
	int failed = errno;
	closedir(stream);
	*ret = v.names;
	*ret_nr = v.names_nr;
	if (failed) {
		for (size_t i = 0; i < v.names_nr; i++)
			free(v.names[i]);
		free(v.names);
	}
	return -failed;
}

static void dir_free(void *ctx)
{
	struct dir *dir = ctx;

	for (size_t i = 0; i < PARENTS; i++)
		drop(&dir->parents[i]);
	sp_close_fd(&dir->fd);
	free(dir);
}

static const struct sp_root_ops dir_ops = {
	.lstat = dir_lstat,
	.open = dir_open,
	.list = dir_list,
	.free = dir_free,
};

int sp_root_open_dir(const char *path, struct sp_root **ret, struct sp_err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot open as a root directory",
				  path);
	struct dir *dir = sp_calloc(1, sizeof(*dir));
	size_t len = strlen(path);

	dir->fd = fd;
	for (size_t i = 0; i < PARENTS; i++)
		dir->parents[i].fd = -1;
	while (len > 0 && path[len - 1] == '/')
		len--;
	sp_autofree char *label = sp_strndup(path, len);
	*ret = sp_root_new(&dir_ops, dir, label);
	return 0;
}
