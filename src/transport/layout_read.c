/*
 * An OCI layout directory as a source.  Every path is made of a parsed digest or
 * is one of three fixed names, and is opened component by component below the
 * directory's descriptor, through no symbolic link.
 */
#include "transport/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/json.h"
#include "transport/source.h"

struct layout_source {
	struct sp_source source;
	int dir;
	char *path;		/* for messages */
};

struct file_reader {
	struct sp_blob_reader reader;
	int fd;
	uint64_t left;		/* bytes that may still be given: size + 1 at first */
	char *name;
};

/* A descriptor of a regular file, or -1 with errno. */
static int open_regular(int dir, const char *name, uint64_t *ret_size)
{
	/* O_NONBLOCK: a FIFO must not make us wait */
	sp_autoclose int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
						O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = ENXIO;
		return -1;
	}
	*ret_size = (uint64_t)st.st_size;
	return sp_steal_fd(&fd);
}

int sp_layout_open_blob(int dir, const struct sp_digest *digest, uint64_t *ret_size)
{
	const char *hex = sp_digest_hex(digest);
	sp_autofree char *alg = sp_strndup(digest->str, (size_t)(hex - digest->str) - 1);
	sp_autoclose int blobs = openat(dir, "blobs", O_PATH | O_DIRECTORY | O_NOFOLLOW |
						      O_CLOEXEC);
	sp_autoclose int alg_dir = -1;

	if (blobs < 0)
		return -1;
	alg_dir = openat(blobs, alg, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return alg_dir < 0 ? -1 : open_regular(alg_dir, hex, ret_size);
}

static int refuse(int errnum, const char *dir, const char *name, struct sp_err *err)
{
	if (errnum == ENXIO || errnum == ELOOP)
		return sp_err_set(err, SP_EVERIFY, "%s: %s is no regular file", dir, name);
	errno = errnum;
	return sp_err_sys(err, SP_EFAIL, "%s: cannot open %s", dir, name);
}

int sp_layout_read_document(int dir, const char *dir_name, const char *name,
			    size_t limit, struct sp_buf *ret, bool *ret_found,
			    struct sp_err *err)
{
	uint64_t size;
	sp_autoclose int fd = open_regular(dir, name, &size);

	*ret_found = false;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return refuse(errno, dir_name, name, err);
	while (ret->len <= limit) {
		size_t room = 65536;
		ssize_t n = read(fd, sp_buf_reserve(ret, room), room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sp_err_sys(err, SP_EFAIL, "%s: cannot read %s", dir_name,
					  name);
		if (n == 0)
			break;
		ret->len += (size_t)n;
		ret->data[ret->len] = '\0';
	}
	if (ret->len > limit)
		return sp_err_set(err, SP_EVERIFY,
				  "%s: %s is larger than %zu bytes, the limit", dir_name,
				  name, limit);
	*ret_found = true;
	return 0;
}

int sp_layout_check_version(const struct sp_buf *text, struct sp_err *err)
{
	sp_autojson struct sp_json *doc = NULL;
	const char *version;

	if (sp_json_parse(sp_buf_str(text), text->len, &doc, err))
		return -1;
	version = sp_json_str(doc, "imageLayoutVersion");
	if (!version || strcmp(version, "1.0.0") != 0)
		return sp_err_set(err, SP_EVERIFY, "imageLayoutVersion is %s, expected 1.0.0",
				  version ? version : "missing");
	return 0;
}

static int file_read(struct sp_blob_reader *reader, void *buf, size_t len,
		     size_t *ret_len, struct sp_err *err)
{
	struct file_reader *r = (struct file_reader *)reader;
	ssize_t n;

	if (len > r->left)
		len = (size_t)r->left;
	do
		n = len ? read(r->fd, buf, len) : 0;
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot read it", r->name);
	r->left -= (uint64_t)n;
	*ret_len = (size_t)n;
	return 0;
}

static void file_close(struct sp_blob_reader *reader)
{
	struct file_reader *r = (struct file_reader *)reader;

	close(r->fd);
	free(r->name);
	free(r);
}

static int layout_open_blob(struct sp_source *source, const struct sp_digest *digest,
			    struct sp_blob_reader **ret, struct sp_err *err)
{
	struct layout_source *s = (struct layout_source *)source;
	uint64_t size;
	int fd = sp_layout_open_blob(s->dir, digest, &size);
	struct file_reader *r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return sp_err_set(err, SP_EVERIFY, "%s: blob %s is missing", s->path,
				  digest->str);
	if (fd < 0)
		return refuse(errno, s->path, digest->str, err);
	r = sp_calloc(1, sizeof(*r));
	r->reader = (struct sp_blob_reader){ file_read, file_close };
	r->fd = fd;
	r->left = size + 1;
	r->name = sp_strf("%s: blob %s", s->path, digest->str);
	*ret = &r->reader;
	return 0;
}

static int layout_read_file(struct sp_source *source, const char *name, size_t limit,
			    struct sp_buf *ret, struct sp_err *err)
{
	struct layout_source *s = (struct layout_source *)source;
	sp_autobuf struct sp_buf buf = { 0 };
	bool found;

	if (sp_layout_read_document(s->dir, s->path, name, limit, &buf, &found, err))
		return -1;
	sp_buf_reset(ret);
	sp_buf_add(ret, sp_buf_str(&buf), buf.len);
	return 0;
}

static int layout_open_path(struct sp_source *source, const char *path,
			    struct sp_blob_reader **ret, struct sp_err *err)
{
	struct layout_source *s = (struct layout_source *)source;

	(void)ret;
	return sp_err_set(err, SP_EVERIFY,
			  "%s: is a layout, blobs have digests and no paths like %s",
			  s->path, path);
}

static void layout_close(struct sp_source *source)
{
	struct layout_source *s = (struct layout_source *)source;

	sp_close_fd(&s->dir);
	free(s->path);
	free(s);
}

int sp_layout_source_open(const char *path, struct sp_source **ret, struct sp_err *err)
{
	sp_autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct layout_source *s;

	if (dir < 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot open it as a layout", path);
	/* with one of the two it is a layout, perhaps a damaged one */
	if (faccessat(dir, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) &&
	    faccessat(dir, "index.json", F_OK, AT_SYMLINK_NOFOLLOW))
		return sp_err_set(err, SP_EVERIFY,
				  "%s: is no OCI layout: it has no file oci-layout", path);
	s = sp_calloc(1, sizeof(*s));
	s->source = (struct sp_source){ layout_open_blob, layout_read_file,
					layout_open_path, layout_close };
	s->dir = sp_steal_fd(&dir);
	s->path = sp_strdup(path);
	*ret = &s->source;
	return 0;
}
