/*
 * The state of a tar reader.  Private to tar_read.c, which reads headers, and
 * tar_data.c, which reads contents.
 */
#ifndef SP_IMAGE_TAR_READER_H
#define SP_IMAGE_TAR_READER_H

#include "image/tar_header.h"
#include "image/tar_pax.h"
#include "image/tar_read.h"
#include "image/tar_sparse.h"

#define SP_TAR_IN_SIZE (64 * 1024)

/* What is known of the parts of the present entry. */
enum sp_tar_parts_state {
	SP_TAR_PARTS_NONE,	/* it is not sparse */
	SP_TAR_PARTS_UNKNOWN,	/* it is, in an unknown way */
	SP_TAR_PARTS_LISTED,	/* they are known, and not checked yet */
	SP_TAR_PARTS_IN_DATA,	/* their list stands in front of the contents */
	SP_TAR_PARTS_CHECKED
};

struct sp_tar_reader {
	int (*read)(void *ctx, void *buf, size_t len, size_t *ret_len, struct sp_err *);
	void *ctx;
	bool eof, done;
	enum sp_tar_ending ending;
	uint64_t offset;		/* of the next byte to be taken */
	uint64_t data_left, pad_left;	/* of the present entry */
	enum sp_tar_parts_state sparse;
	struct sp_tar_parts parts;	/* of the present entry, if sparse */
	size_t part;			/* the one that is being read */
	uint64_t at, real_size;		/* in the file */
	struct sp_tar_pax pax;
	struct sp_buf long_name, long_link;
	bool has_pax, has_long_name, has_long_link;
	struct sp_tar_names names;
	const char *in;
	size_t in_len;
	char buf[SP_TAR_IN_SIZE];
};

/* Fail with "tar: at byte N: what". */
int sp_tar_bad(const struct sp_tar_reader *tar, const char *what, struct sp_err *err);

/* Take exactly len bytes off the archive, to NULL drops them; inside says what is wrong
 * if it ends before. */
SP_CHECKED int sp_tar_take(struct sp_tar_reader *tar, void *to, uint64_t len,
			   const char *inside, struct sp_err *err);

#endif
