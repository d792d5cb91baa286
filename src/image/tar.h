/*
 * One archive entry as bytes: ustar where it can say it, a PAX record in front
 * where it cannot.  Used for layers and for the archive around them.
 */
#ifndef SP_IMAGE_TAR_H
#define SP_IMAGE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define SP_TAR_BLOCK 512

struct sp_tar_entry {
	const char *name;	/* relative, "a/b"; a directory without the slash */
	char type;		/* '0' file, '1' hard link, '2' symlink, '5' directory */
	unsigned mode;
	uint32_t uid, gid;
	uint64_t size;		/* bytes that follow; 0 unless a file */
	int64_t mtime;		/* seconds since 1970 */
	const char *link;	/* target of '1' (relative name) and '2' */
	const void *caps;	/* security.capability, or NULL */
	size_t caps_len;
};

/* Append the header blocks of the entry to buf. */
void sp_tar_header(struct sp_buf *buf, const struct sp_tar_entry *entry);

/* How many zero bytes follow size bytes of data. */
size_t sp_tar_padding(uint64_t size);

/* Append the two zero blocks that end an archive. */
void sp_tar_end(struct sp_buf *buf);

/* Read an octal or base-256 number field; false if it is neither. */
bool sp_tar_number(const char *field, size_t len, uint64_t *ret);

#endif
