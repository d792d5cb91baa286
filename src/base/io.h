/*
 * Files on this machine that we write: fully, aside, and renamed when whole.
 *
 *	struct sp_outfile out = SP_OUTFILE_INIT;
 *
 *	if (sp_outfile_open(&out, "myapp.tar", err) ||
 *	    sp_outfile_write(&out, data, len, err) ||
 *	    sp_outfile_commit(&out, err))
 *		...
 *	sp_outfile_abort(&out);		// does nothing after a commit
 *
 * Until the commit the old file stays as it is; a failed or cancelled run leaves
 * nothing.  A kill -9 can leave one file named .NAME.scratchpack-XXXXXXXX.tmp.
 */
#ifndef SP_BASE_IO_H
#define SP_BASE_IO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct sp_outfile {
	int fd;
	char *path, *temp;	/* where it goes, and its name until then */
	uint64_t size;		/* bytes written at the end so far */
	bool private;		/* set before it is opened: for its owner alone */
	bool stream;		/* a device or FIFO: sp_outfile_patch() cannot work */
};
#define SP_OUTFILE_INIT { .fd = -1 }

/* Begin the file at path.  SP_EOUTPUT if path is a directory, or its directory
 * is missing or may not be written.  A symbolic link at path is written through;
 * a device or FIFO there is written to directly, as a shell's ">" would. */
SP_CHECKED int sp_outfile_open(struct sp_outfile *out, const char *path,
			       struct sp_err *err);

/* A file without a name, in the directory dir, that nobody will see. */
SP_CHECKED int sp_outfile_open_unnamed(struct sp_outfile *out, const char *dir,
				       struct sp_err *err);

/* Append; and replace bytes that were written already. */
SP_CHECKED int sp_outfile_write(struct sp_outfile *out, const void *data,
				size_t len, struct sp_err *err);
SP_CHECKED int sp_outfile_patch(struct sp_outfile *out, uint64_t offset,
				const void *data, size_t len, struct sp_err *err);

/* Read back what was written: at least one of up to room bytes at offset, which must
 * lie before size. */
SP_CHECKED int sp_outfile_read(const struct sp_outfile *out, uint64_t offset, void *buf,
			       size_t room, size_t *ret_len, struct sp_err *err);

/* fsync, rename, fsync the directory. */
SP_CHECKED int sp_outfile_commit(struct sp_outfile *out, struct sp_err *err);

/* Remove what was begun and release the struct. */
void sp_outfile_abort(struct sp_outfile *out);

/* Write all of data to fd, going on after short writes; name is for messages. */
SP_CHECKED int sp_write_full(int fd, const void *data, size_t len,
			     const char *name, struct sp_err *err);

/* Append the whole file at path to ret; more than limit bytes is an error.  After an
 * error ret may hold a part of it. */
SP_CHECKED int sp_read_file(const char *path, size_t limit, struct sp_buf *ret,
			    struct sp_err *err);

#endif
