/*
 * Reading a tar stream: ustar and older, PAX records, GNU long names, numbers in
 * base 256.  Nothing is stored but the header of the present entry.
 *
 *	struct sp_tar_reader *tar = sp_tar_reader_new(read_fn, ctx);
 *	struct sp_tar_item item;
 *	bool more;
 *
 *	for (;;) {
 *		if (sp_tar_next(tar, &item, &more, err))
 *			...
 *		if (!more)
 *			break;
 *		... item, and sp_tar_data() for its contents if wanted ...
 *	}
 *	... sp_tar_ending(tar) ...
 *	sp_tar_reader_free(tar);
 *
 * What the structure of an archive leaves open is settled as Go's archive/tar
 * does, since that is what engines unpack with.  What names mean is the caller's
 * affair: they are handed on as they are.
 */
#ifndef SP_IMAGE_TAR_READ_H
#define SP_IMAGE_TAR_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SP_TAR_EXTRA_MAX (1024 * 1024)	/* bytes of one set of PAX records, of one
					 * long name; the limit of Go's reader */

struct sp_tar_xattr {
	const char *name;		/* "security.capability" */
	const void *value;
	size_t len;
};

/* Bytes of a sparse file that are there. */
struct sp_tar_part {
	uint64_t offset, len;		/* in the file */
};

/* One entry; its pointers are good until the next call of sp_tar_next(). */
struct sp_tar_item {
	const char *name, *link;	/* NUL-terminated; link "" if none */
	size_t name_len, link_len;	/* more than strlen() if a NUL is inside */
	char type;			/* '0' for all forms of a regular file, '1' hard link,
					 * '2' symlink, '3' '4' devices, '5' directory,
					 * '6' FIFO, 'g' global PAX records, or what it is */
	unsigned mode;			/* the 12 permission bits */
	uint32_t uid, gid;
	uint64_t size;			/* bytes that follow in the archive */
	uint64_t real_size;		/* the same unless sparse */
	int64_t mtime;			/* seconds since 1970 */
	bool sparse;
	bool sparse_known;		/* with sparse: in a format that is known here */
	const struct sp_tar_xattr *xattrs;
	size_t xattrs_nr;
};

struct sp_tar_reader;

/* read gives up to len bytes, *ret_len 0 at the end only. */
struct sp_tar_reader *sp_tar_reader_new(int (*read)(void *ctx, void *buf, size_t len,
						    size_t *ret_len, struct sp_err *),
					void *ctx);

/*
 * Skip what is left of the present entry and read the next header.  At the end,
 * *ret_more is false and the stream has been read until it gives no more.
 * SP_EVERIFY if the bytes are no archive or break a limit; what read says if
 * that fails.
 */
SP_CHECKED int sp_tar_next(struct sp_tar_reader *tar, struct sp_tar_item *ret,
			   bool *ret_more, struct sp_err *err);

/* Up to len bytes of the contents of the present entry, *ret_len 0 at their end.  The
 * holes of a sparse file come as zeros, if its format is known. */
SP_CHECKED int sp_tar_data(struct sp_tar_reader *tar, void *buf, size_t len,
			   size_t *ret_len, struct sp_err *err);

/* The parts of a sparse file whose format is known, in order, until the next call of
 * sp_tar_next(); SP_EVERIFY if they make no sense.  Before its first byte is read. */
SP_CHECKED int sp_tar_sparse(struct sp_tar_reader *tar, const struct sp_tar_part **ret,
			     size_t *ret_nr, struct sp_err *err);

/* sp_tar_data() without the holes: the parts, one behind the other. */
SP_CHECKED int sp_tar_packed(struct sp_tar_reader *tar, void *buf, size_t len,
			     size_t *ret_len, struct sp_err *err);

/* How the archive ended, once sp_tar_next() has said that it has. */
enum sp_tar_ending {
	SP_TAR_WHOLE,		/* two blocks of zeros, or more */
	SP_TAR_NO_MARK,		/* fewer than two */
	SP_TAR_TRAILING		/* bytes that are not zero after them */
};
enum sp_tar_ending sp_tar_ending(const struct sp_tar_reader *tar);
uint64_t sp_tar_offset(const struct sp_tar_reader *tar);	/* bytes read so far */
void sp_tar_reader_free(struct sp_tar_reader *tar);		/* NULL allowed */

#endif
