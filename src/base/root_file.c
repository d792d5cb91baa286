/*
 * The files of a root: their bytes, what else they carry, and whether they are what they
 * were; names and bytes of what a path leads to in one call.
 */
#include "base/root.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"

#define XATTR_MAX 4096		/* bytes of one extended attribute that we carry */

int sp_root_names(struct sp_root *root, const char *path, const char *const **ret,
		  size_t *ret_nr, struct sp_err *err)
{
	struct sp_found found;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	if (found.real && found.st.type == SP_DIR)
		return sp_root_list(root, found.real, ret, ret_nr, err);
	*ret = NULL;
	*ret_nr = 0;
	return 0;
}

int sp_root_read(struct sp_root *root, const char *path, size_t limit, struct sp_buf *ret,
		 bool *ret_there, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autobuf struct sp_buf bytes = { 0 };
	struct sp_found found;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	*ret_there = found.real && found.st.type == SP_FILE && found.st.size <= limit;
	if (!*ret_there)
		return 0;
	if (sp_root_open(root, found.real, &file, err))
		return -1;
	char *room = sp_buf_reserve(&bytes, found.st.size);
	if (sp_file_pread(&file, room, found.st.size, 0, &bytes.len, err))
		return sp_err_wrap(err, "%s", sp_root_show(root, found.real));
	room[bytes.len] = '\0';
	sp_buf_release(ret);
	*ret = bytes;
	bytes = (struct sp_buf){ 0 };
	return 0;
}

int sp_file_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset,
		  size_t *ret_len, struct sp_err *err)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = file->ops->pread(file, (char *)buf + got, len - got,
					     offset + got);

		if (n < 0) {
			errno = (int)-n;
			return sp_err_sys(err, SP_EFAIL, "cannot read");
		}
		if (n == 0)
			break;
		got += (size_t)n;
	}
	*ret_len = got;
	return 0;
}

int sp_file_unchanged(struct sp_file *file, const struct sp_stat *st,
		      struct sp_err *err)
{
	struct sp_stat now = file->st;
	int rc = file->ops->restat(file, &now);

	if (rc < 0) {
		errno = -rc;
		return sp_err_sys(err, SP_EFAIL, "cannot look it up");
	}
	if (now.size != st->size || now.mtime_ns != st->mtime_ns ||
	    now.ino != st->ino || now.dev != st->dev)
		return sp_err_set(err, SP_ECHANGED,
				  "changed while it was being packed; run again when nothing writes to it");
	return 0;
}

const void *sp_file_xattr(struct sp_file *file, const char *name, struct sp_arena *arena,
			  size_t *ret_len)
{
	char value[XATTR_MAX];
	ssize_t len = file->ops->getxattr ?
			      file->ops->getxattr(file, name, value, sizeof(value)) : -1;

	*ret_len = len > 0 ? (size_t)len : 0;
	return len > 0 ? sp_arena_memdup(arena, value, (size_t)len) : NULL;
}

void sp_file_close(struct sp_file *file)
{
	if (file->ops)
		file->ops->close(file);
	*file = (struct sp_file)SP_FILE_INIT;
}
