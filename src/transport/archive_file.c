/*
 * Archives as destinations: a file, written aside and renamed; and what cannot
 * seek (standard output, a FIFO, a device), fed from a file without a name once
 * the archive is complete, so that a failure before that has written nothing.
 */
#include "transport/dest.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "transport/archive.h"

#define COPY_BLOCK (64 * 1024)		/* bytes a read; what a pipe holds */
#define POLL_MS 200			/* how long a cancel may go unnoticed */

struct archive_file {
	struct sp_dest dest;
	struct sp_transport_options options;
	struct sp_archive archive;
	struct sp_outfile out;		/* the archive */
	struct sp_outfile stream;	/* the FIFO or device it goes to then */
	int to;				/* where it is copied, or -1 */
	const char *name;		/* of that, for messages */
};

/* Write to what may be slow, full, or gone. */
static int send_all(const struct archive_file *f, const char *p, size_t len,
		    struct sp_err *err)
{
	while (len > 0) {
		struct pollfd ready = { .fd = f->to, .events = POLLOUT };

		if (sp_dest_cancelled(&f->options))
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		if (poll(&ready, 1, POLL_MS) <= 0)
			continue;
		ssize_t n = write(f->to, p, len);

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 && errno == EPIPE)
			return sp_err_set(err, SP_EOUTPUT, "%s: the reader went away",
					  f->name);
		if (n <= 0) {
			int saved = errno;

			sp_err_sys(err, SP_EOUTPUT, "%s: cannot write", f->name);
			return sp_dest_advise(saved, err);
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy_out(const struct archive_file *f, struct sp_err *err)
{
	sp_autofree char *block = sp_malloc(COPY_BLOCK);
	uint64_t at = 0;

	while (at < f->out.size) {
		size_t len;

		if (sp_outfile_read(&f->out, at, block, COPY_BLOCK, &len, err) ||
		    send_all(f, block, len, err))
			return -1;
		at += len;
	}
	/* a file behind ">" reports a full disk no later than here */
	if (fsync(f->to) && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot sync", f->name);
	return 0;
}

static int archive_prepare(struct sp_dest *dest, const struct sp_image *image,
			   const struct sp_ref *refs, size_t refs_nr,
			   struct sp_err *err)
{
	struct archive_file *f = (struct archive_file *)dest;

	return sp_archive_finish(&f->archive, image, refs, refs_nr, err);
}

static int archive_commit(struct sp_dest *dest, struct sp_err *err)
{
	struct archive_file *f = (struct archive_file *)dest;

	if (f->to >= 0)
		return copy_out(f, err);
	return sp_outfile_commit(&f->out, err);
}

static void archive_free(struct sp_dest *dest)
{
	struct archive_file *f = (struct archive_file *)dest;

	sp_outfile_abort(&f->out);
	sp_outfile_abort(&f->stream);
	sp_archive_release(&f->archive);
	free(f);
}

static const struct sp_dest_ops archive_ops = {
	.prepare = archive_prepare, .commit = archive_commit, .free = archive_free,
};

static struct archive_file *file_new(unsigned form,
				     const struct sp_transport_options *options)
{
	struct archive_file *f = sp_calloc(1, sizeof(*f));

	f->dest.ops = &archive_ops;
	f->dest.sink = &f->archive.sink;
	f->options = *options;
	f->out = f->stream = (struct sp_outfile)SP_OUTFILE_INIT;
	f->to = -1;
	sp_archive_init(&f->archive, &f->out, form, &f->options);
	return f;
}

/* Write to a file without a name first, then to fd. */
static int go_through_temp(struct archive_file *f, int fd, const char *name,
			   struct sp_err *err)
{
	const char *dir = f->options.temp_dir ? f->options.temp_dir : "/tmp";

	f->to = fd;
	f->name = name;
	f->dest.final = true;
	return sp_outfile_open_unnamed(&f->out, dir, err);
}

int sp_archive_open(const char *where, unsigned form,
		    const struct sp_transport_options *options, struct sp_dest **ret,
		    struct sp_err *err)
{
	struct archive_file *f = file_new(form, options);
	int rc = sp_outfile_open(&f->out, where, err);

	if (rc == 0 && f->out.stream) {
		f->stream = f->out;
		f->out = (struct sp_outfile)SP_OUTFILE_INIT;
		rc = go_through_temp(f, f->stream.fd, f->stream.path, err);
	}
	if (rc) {
		archive_free(&f->dest);
		return -1;
	}
	*ret = &f->dest;
	return 0;
}

int sp_stdout_open(const char *where, unsigned form,
		   const struct sp_transport_options *options, struct sp_dest **ret,
		   struct sp_err *err)
{
	struct archive_file *f;

	if (isatty(options->stdout_fd))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: standard output is a terminal; send it to a file "
				  "or another program", where);
	f = file_new(form, options);
	if (go_through_temp(f, options->stdout_fd, "standard output", err)) {
		archive_free(&f->dest);
		return -1;
	}
	*ret = &f->dest;
	return 0;
}
