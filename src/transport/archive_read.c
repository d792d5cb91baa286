/*
 * A tar archive as a source: an OCI layout, a docker archive, or both in one.
 * Nothing is unpacked; blobs are read where they lie.
 */
#include "transport/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "transport/members.h"

struct archive_source {
	struct sp_source source;
	int fd;
	char *path;		/* for messages */
	unsigned form;		/* whose documents are shown */
	struct sp_members members;
};

struct member_reader {
	struct sp_blob_reader reader;
	struct archive_source *source;
	uint64_t pos, end;
};

static int member_read(struct sp_blob_reader *reader, void *buf, size_t len,
		       size_t *ret_len, struct sp_err *err)
{
	struct member_reader *r = (struct member_reader *)reader;
	ssize_t n;

	if (len > r->end - r->pos)
		len = (size_t)(r->end - r->pos);
	do
		n = len ? pread(r->source->fd, buf, len, (off_t)r->pos) : 0;
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot read it", r->source->path);
	if (n == 0 && len)
		return sp_err_set(err, SP_ECHANGED, "%s: became shorter while it was read",
				  r->source->path);
	r->pos += (uint64_t)n;
	*ret_len = (size_t)n;
	return 0;
}

static void member_close(struct sp_blob_reader *reader)
{
	free(reader);
}

static int open_member(struct archive_source *s, const struct sp_member *member,
		       struct sp_blob_reader **ret)
{
	struct member_reader *r = sp_calloc(1, sizeof(*r));

	r->reader = (struct sp_blob_reader){ member_read, member_close };
	r->source = s;
	r->pos = member->offset;
	r->end = member->offset + member->size;
	*ret = &r->reader;
	return 0;
}

static int archive_open_blob(struct sp_source *source, const struct sp_digest *digest,
			     struct sp_blob_reader **ret, struct sp_err *err)
{
	struct archive_source *s = (struct archive_source *)source;
	const char *hex = sp_digest_hex(digest);
	sp_autofree char *name = sp_strf("blobs/%.*s/%s", (int)(hex - digest->str - 1),
					 digest->str, hex);
	const struct sp_member *member = sp_members_find(&s->members, name);

	if (!member)
		return sp_err_set(err, SP_EVERIFY, "%s: blob %s is missing", s->path,
				  digest->str);
	return open_member(s, member, ret);
}

static int archive_open_path(struct sp_source *source, const char *path,
			     struct sp_blob_reader **ret, struct sp_err *err)
{
	struct archive_source *s = (struct archive_source *)source;
	const struct sp_member *member = sp_members_find(&s->members, path);

	if (!member)
		return sp_err_set(err, SP_EVERIFY, "%s: there is no file %s in it", s->path,
				  path);
	return open_member(s, member, ret);
}

/* Does a document of this name belong to the form that was asked for? */
static bool shown(const struct archive_source *s, const char *name)
{
	bool docker = strcmp(name, "manifest.json") == 0;

	return s->form & (docker ? SP_FORM_DOCKER : SP_FORM_LAYOUT);
}

static int archive_read_file(struct sp_source *source, const char *name, size_t limit,
			     struct sp_buf *ret, struct sp_err *err)
{
	struct archive_source *s = (struct archive_source *)source;
	const struct sp_member *member =
		shown(s, name) ? sp_members_find(&s->members, name) : NULL;
	struct member_reader r = { .source = s };
	sp_autobuf struct sp_buf buf = { 0 };

	if (member && member->size > limit)
		return sp_err_set(err, SP_EVERIFY,
				  "%s: %s is larger than %zu bytes, the limit", s->path,
				  name, limit);
	if (member) {
		char *to = sp_buf_reserve(&buf, (size_t)member->size);

		r.pos = member->offset;
		r.end = member->offset + member->size;
		while (buf.len < member->size) {
			size_t n;

			if (member_read(&r.reader, to + buf.len, member->size - buf.len,
					&n, err))
				return -1;
			buf.len += n;
		}
	}
	sp_buf_reset(ret);
	sp_buf_add(ret, buf.len ? buf.data : "", buf.len);
	return 0;
}

static void archive_close(struct sp_source *source)
{
	struct archive_source *s = (struct archive_source *)source;

	sp_close_fd(&s->fd);
	sp_members_release(&s->members);
	free(s->path);
	free(s);
}

/* Is there an image in it, of the form that was asked for? */
static int check_form(const struct archive_source *s, struct sp_err *err)
{
	bool layout = sp_members_find(&s->members, "oci-layout") ||
		      sp_members_find(&s->members, "index.json");
	bool docker = sp_members_find(&s->members, "manifest.json");
	const char *cut = s->members.ended ? "" :
		"; it has no end mark, so it may be cut off";

	if ((layout && (s->form & SP_FORM_LAYOUT)) || (docker && (s->form & SP_FORM_DOCKER)))
		return 0;
	if (s->form == SP_FORM_BOTH)
		return sp_err_set(err, SP_EVERIFY,
				  "%s: holds no image: neither oci-layout nor manifest.json "
				  "is in it%s", s->path, cut);
	return sp_err_set(err, SP_EVERIFY, "%s: is no %s: it has no %s%s", s->path,
			  s->form == SP_FORM_LAYOUT ? "OCI layout" : "docker archive",
			  s->form == SP_FORM_LAYOUT ? "oci-layout" : "manifest.json", cut);
}

int sp_archive_source_open_fd(int fd, const char *name, unsigned form,
			      struct sp_source **ret, struct sp_err *err)
{
	struct archive_source *s = sp_calloc(1, sizeof(*s));

	s->source = (struct sp_source){ archive_open_blob, archive_read_file,
					archive_open_path, archive_close };
	s->path = sp_strdup(name);
	s->form = form;
	s->fd = fd;
	if (sp_members_scan(s->fd, name, &s->members, err) == 0 && check_form(s, err) == 0) {
		*ret = &s->source;
		return 0;
	}
	archive_close(&s->source);
	return -1;
}

int sp_archive_source_open(const char *path, unsigned form, struct sp_source **ret,
			   struct sp_err *err)
{
	/* O_NONBLOCK: a FIFO must not make us wait */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return sp_err_sys(err, SP_EFAIL, "%s: cannot open the image", path);
	return sp_archive_source_open_fd(fd, path, form, ret, err);
}
