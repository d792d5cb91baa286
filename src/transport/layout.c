/*
 * An OCI layout directory as a destination.
 *
 * Until the commit there are only temporary files in the directory.  The commit
 * runs under a lock on the directory, so that several runs, or two destinations
 * of one run, can add to the same layout: blobs first, index.json last.  A blob
 * that is there with the right size is never written again, unless it was found to be
 * wrong.  What is there is in layout_known.c, merging indexes in layout_index.c, the
 * lock and the files under it in layout_commit.c.
 */
#include "transport/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/vec.h"
#include "transport/layout_dest.h"

#define OCI_LAYOUT_MAX 4096	/* bytes of the file oci-layout */

struct sp_layout *sp_layout_of_sink(struct sp_sink *sink)
{
	return (struct sp_layout *)((char *)sink - offsetof(struct sp_layout, sink));
}

char *sp_layout_temp_name(const struct sp_layout *l)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint32_t)getpid() + (uint32_t)l->blobs_nr;
	return sp_strf(".blob.scratchpack-%08x.tmp", random);
}

int sp_layout_temp(struct sp_layout *l, char **ret_name, struct sp_err *err)
{
	sp_autofree char *name = sp_layout_temp_name(l);
	int fd;

	fd = openat(l->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0) {
		int saved = errno;

		sp_err_sys(err, SP_EOUTPUT, "%s: cannot write in it", l->path);
		return sp_dest_advise(saved, err);
	}
	*ret_name = sp_steal_ptr(&name);
	return fd;
}

/* Forget the blob that is being written. */
static void drop_current(struct sp_layout *l)
{
	sp_close_fd(&l->fd);
	if (l->temp)
		unlinkat(l->dir, l->temp, 0);
	free(sp_steal_ptr(&l->temp));
}

static int layout_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct sp_layout *l = sp_layout_of_sink(sink);

	(void)hint;
	drop_current(l);
	l->written = 0;
	l->fd = sp_layout_temp(l, &l->temp, err);
	return l->fd < 0 ? -1 : 0;
}

static int layout_write(struct sp_sink *sink, const void *data, size_t len,
			struct sp_err *err)
{
	struct sp_layout *l = sp_layout_of_sink(sink);

	if (sp_dest_cancelled(&l->options))
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	if (sp_write_full(l->fd, data, len, l->path, err))
		return sp_dest_advise(errno, err);
	l->written += len;
	return 0;
}

bool sp_layout_is_kept(const struct sp_layout *l, const struct sp_digest *digest)
{
	for (size_t i = 0; i < l->blobs_nr; i++)
		if (sp_digest_equal(&l->blobs[i].digest, digest))
			return true;
	return false;
}

static int layout_end(struct sp_sink *sink, const struct sp_desc *desc,
		      struct sp_err *err)
{
	struct sp_layout *l = sp_layout_of_sink(sink);
	struct sp_layout_blob blob = { .digest = desc->digest, .size = desc->size,
				       .replace = sp_digest_equal(&desc->digest, &l->wrong) };

	if (l->written != desc->size)
		return sp_err_set(err, SP_EFAIL,
				  "blob %s: %llu bytes were written, not %llu",
				  desc->digest.str, (unsigned long long)l->written,
				  (unsigned long long)desc->size);
	if (sp_layout_is_kept(l, &desc->digest)) {
		drop_current(l);
		return 0;
	}
	/* one that is there already is kept aside all the same: who put it there
	 * may be a run that takes it away again; but it need not be synced */
	if (blob.replace || !sp_layout_has_blob(l->dir, &blob)) {
		if (fsync(l->fd) && errno != EINVAL && errno != EROFS)
			return sp_err_sys(err, SP_EOUTPUT, "%s: cannot sync", l->path);
		blob.synced = true;
	}
	if (close(sp_steal_fd(&l->fd)))
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot close a blob", l->path);
	blob.temp = sp_steal_ptr(&l->temp);
	*SP_VEC_PUSH(l->blobs) = blob;
	return 0;
}

static int layout_prepare(struct sp_dest *dest, const struct sp_image *image,
			  const struct sp_ref *refs, size_t refs_nr,
			  struct sp_err *err)
{
	struct sp_layout *l = (struct sp_layout *)dest;
	sp_autofree char *merged = NULL;

	free(l->index);
	l->index = sp_image_layout_index(image, refs, refs_nr);
	/* to see now, and not after other destinations, whether it can be done */
	return sp_layout_new_index(l, &merged, err);
}

static int layout_commit(struct sp_dest *dest, struct sp_err *err)
{
	return sp_layout_put_in_place((struct sp_layout *)dest, err);
}

static void layout_free(struct sp_dest *dest)
{
	struct sp_layout *l = (struct sp_layout *)dest;

	if (l->dir >= 0) {
		drop_current(l);
		for (size_t i = 0; i < l->blobs_nr; i++) {
			if (l->blobs[i].temp)
				unlinkat(l->dir, l->blobs[i].temp, 0);
			free(l->blobs[i].temp);
		}
		sp_close_fd(&l->dir);
	}
	if (l->made_dir && !l->committed)
		rmdir(l->path);
	free(l->blobs);
	free(l->index);
	free(l->path);
	free(l);
}

/* A temporary file of ours, of this run, of one beside it or of a killed one. */
static bool is_temp(const char *name)
{
	return name[0] == '.' && strstr(name, ".scratchpack-");
}

static int is_empty(struct sp_layout *l, bool *ret, struct sp_err *err)
{
	int fd = openat(l->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		sp_err_sys(err, SP_EOUTPUT, "%s: cannot list it", l->path);
		sp_close_fd(&fd);
		return -1;
	}
	*ret = true;
	while (*ret && (entry = readdir(dir)))
		*ret = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		       is_temp(entry->d_name);
	closedir(dir);
	return 0;
}

/* Only an empty directory becomes a layout, and only a layout is added to. */
static int check_dir(struct sp_layout *l, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	bool found, empty;

	if (faccessat(l->dir, ".", W_OK | X_OK, AT_EACCESS))
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot write in it", l->path);
	if (sp_layout_read_document(l->dir, l->path, "oci-layout", OCI_LAYOUT_MAX, &text,
				    &found, err)) {
		err->code = SP_EOUTPUT;
		return -1;
	}
	if (found && sp_layout_check_version(&text, err)) {
		err->code = SP_EOUTPUT;
		return sp_err_wrap(err, "%s: is no layout that can be added to: oci-layout",
				   l->path);
	}
	if (found)
		return 0;
	if (is_empty(l, &empty, err))
		return -1;
	if (!empty)
		return sp_err_set(err, SP_EOUTPUT,
				  "%s: is not empty and is no OCI layout", l->path);
	return 0;
}

static int open_dir(struct sp_layout *l, struct sp_err *err)
{
	if (mkdir(l->path, 0777) == 0)
		l->made_dir = true;
	else if (errno != EEXIST)
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot make the directory", l->path);
	l->dir = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir < 0 && errno == ENOTDIR)
		return sp_err_set(err, SP_EOUTPUT, "%s: is a file, expected a directory",
				  l->path);
	if (l->dir < 0)
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot open the directory", l->path);
	/* not in the middle of another run's commit, when there is half a layout */
	if (sp_layout_lock(l, err))
		return -1;
	int rc = check_dir(l, err);

	sp_layout_unlock(l);
	return rc;
}

static const struct sp_dest_ops layout_ops = {
	.prepare = layout_prepare, .commit = layout_commit, .free = layout_free,
};

int sp_layout_open(const char *where, unsigned form,
		   const struct sp_transport_options *options, struct sp_dest **ret,
		   struct sp_err *err)
{
	struct sp_layout *l = sp_calloc(1, sizeof(*l));
	size_t len = strlen(where);

	(void)form;
	while (len > 1 && where[len - 1] == '/')
		len--;
	l->dest.ops = &layout_ops;
	l->dest.sink = &l->sink;
	l->sink = (struct sp_sink){
		.begin = layout_begin, .write = layout_write, .end = layout_end,
		.has = sp_layout_has,
	};
	l->options = *options;
	l->path = sp_strndup(where, len);
	l->dir = l->fd = -1;
	if (open_dir(l, err)) {
		layout_free(&l->dest);
		return -1;
	}
	*ret = &l->dest;
	return 0;
}
