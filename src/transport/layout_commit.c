/*
 * Making an image in a layout visible: blobs, oci-layout, and index.json last,
 * all under a lock on the directory.
 */
#include "transport/layout_dest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "transport/layout.h"

#define LOCK_WAIT_US 5000	/* microseconds between two looks at a lock */

/* Directories that the commit made, to be taken back if it fails.  There are
 * two algorithms, and so three directories at most. */
struct undo {
	const char *dirs[3];
	size_t dirs_nr;
	bool oci_layout;
};

char *sp_layout_blob_path(const struct sp_digest *digest)
{
	const char *hex = sp_digest_hex(digest);

	return sp_strf("blobs/%.*s/%s", (int)(hex - digest->str - 1), digest->str, hex);
}

bool sp_layout_has_blob(int dir, const struct sp_layout_blob *blob)
{
	uint64_t size;
	sp_autoclose int fd = sp_layout_open_blob(dir, &blob->digest, &size);

	return fd >= 0 && size == blob->size;
}

int sp_layout_new_index(struct sp_layout *l, char **ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf old = { 0 };
	bool found;

	if (sp_layout_read_document(l->dir, l->path, "index.json", SP_DOCUMENT_MAX, &old,
				    &found, err)) {
		err->code = SP_EOUTPUT;
		return -1;
	}
	if (!found) {
		*ret = sp_strdup(l->index);
		return 0;
	}
	if (sp_layout_merge_index(&old, l->index, ret, err)) {
		err->code = SP_EOUTPUT;
		return sp_err_wrap(err, "%s: its index.json cannot be added to", l->path);
	}
	return 0;
}

static int fail(const struct sp_layout *l, const char *what, const char *name,
		struct sp_err *err)
{
	int saved = errno;

	sp_err_sys(err, SP_EOUTPUT, "%s: cannot %s %s", l->path, what, name);
	return sp_dest_advise(saved, err);
}

static int make_dir(struct sp_layout *l, const char *name, struct undo *undo,
		    struct sp_err *err)
{
	struct stat st;

	if (mkdirat(l->dir, name, 0777) == 0) {
		undo->dirs[undo->dirs_nr++] = name;
		return 0;
	}
	if (errno != EEXIST || fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return fail(l, "make the directory", name, err);
	/* a link could lead out of the layout */
	if (!S_ISDIR(st.st_mode))
		return sp_err_set(err, SP_EOUTPUT, "%s: %s is no directory", l->path, name);
	return 0;
}

static int sync_dir(struct sp_layout *l, const char *name, struct sp_err *err)
{
	sp_autoclose int fd = openat(l->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && fsync(fd) && errno != EINVAL && errno != EROFS)
		return fail(l, "sync", name, err);
	return 0;
}

static int sync_temp(struct sp_layout *l, const char *name, struct sp_err *err)
{
	sp_autoclose int fd = openat(l->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || (fsync(fd) && errno != EINVAL && errno != EROFS))
		return fail(l, "sync", name, err);
	return 0;
}

static int place_blob(struct sp_layout *l, struct sp_layout_blob *blob,
		      struct sp_err *err)
{
	sp_autofree char *path = sp_layout_blob_path(&blob->digest);
	bool new = faccessat(l->dir, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0;

	if (!blob->temp)
		return 0;
	if (!new && !blob->replace && sp_layout_has_blob(l->dir, blob)) {
		unlinkat(l->dir, blob->temp, 0);
	} else {
		if (!blob->synced && sync_temp(l, blob->temp, err))
			return -1;
		if (renameat(l->dir, blob->temp, l->dir, path))
			return fail(l, "put in place", path, err);
		blob->created = new;
	}
	free(sp_steal_ptr(&blob->temp));
	return 0;
}

static int place_blobs(struct sp_layout *l, struct undo *undo, struct sp_err *err)
{
	bool sha512 = false;

	if (make_dir(l, "blobs", undo, err) || make_dir(l, "blobs/sha256", undo, err))
		return -1;
	for (size_t i = 0; i < l->blobs_nr; i++)
		sha512 = sha512 || strncmp(l->blobs[i].digest.str, "sha512:", 7) == 0;
	if (sha512 && make_dir(l, "blobs/sha512", undo, err))
		return -1;
	for (size_t i = 0; i < l->blobs_nr; i++)
		if (place_blob(l, &l->blobs[i], err))
			return -1;
	if (sync_dir(l, "blobs/sha256", err) ||
	    (sha512 && sync_dir(l, "blobs/sha512", err)))
		return -1;
	return sync_dir(l, "blobs", err);
}

/* Write a document aside, sync it and rename it. */
static int place_document(struct sp_layout *l, const char *name, const char *text,
			  struct sp_err *err)
{
	sp_autofree char *temp = NULL;
	sp_autoclose int fd = sp_layout_temp(l, &temp, err);
	int rc = -1;

	if (fd < 0)
		return -1;
	if (sp_write_full(fd, text, strlen(text), l->path, err))
		sp_dest_advise(errno, err);
	else if (fsync(fd) && errno != EINVAL && errno != EROFS)
		fail(l, "sync", name, err);
	else if (renameat(l->dir, temp, l->dir, name))
		fail(l, "put in place", name, err);
	else
		rc = 0;
	if (rc)
		unlinkat(l->dir, temp, 0);
	return rc;
}

static int place_all(struct sp_layout *l, struct undo *undo, struct sp_err *err)
{
	sp_autofree char *index = NULL;

	if (place_blobs(l, undo, err))
		return -1;
	if (faccessat(l->dir, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW)) {
		if (place_document(l, "oci-layout", SP_OCI_LAYOUT_TEXT, err))
			return -1;
		undo->oci_layout = true;
	}
	if (sp_layout_new_index(l, &index, err))
		return -1;
	return place_document(l, "index.json", index, err);
}

static void take_back(struct sp_layout *l, const struct undo *undo)
{
	if (undo->oci_layout)
		unlinkat(l->dir, "oci-layout", 0);
	for (size_t i = 0; i < l->blobs_nr; i++) {
		sp_autofree char *path = sp_layout_blob_path(&l->blobs[i].digest);

		if (l->blobs[i].created)
			unlinkat(l->dir, path, 0);
	}
	for (size_t i = undo->dirs_nr; i > 0; i--)
		unlinkat(l->dir, undo->dirs[i - 1], AT_REMOVEDIR);
}

int sp_layout_lock(struct sp_layout *l, struct sp_err *err)
{
	while (flock(l->dir, LOCK_EX | LOCK_NB)) {
		/* some network file systems have no locks */
		if (errno != EWOULDBLOCK && errno != EINTR)
			return 0;
		if (sp_dest_cancelled(&l->options))
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		usleep(LOCK_WAIT_US);
	}
	return 0;
}

void sp_layout_unlock(struct sp_layout *l)
{
	flock(l->dir, LOCK_UN);
}

int sp_layout_put_in_place(struct sp_layout *l, struct sp_err *err)
{
	struct undo undo = { 0 };
	int rc;

	if (sp_layout_lock(l, err))
		return -1;
	rc = place_all(l, &undo, err);
	if (rc)
		take_back(l, &undo);
	else
		l->committed = true;
	sp_layout_unlock(l);
	return rc ? -1 : sync_dir(l, ".", err);
}
