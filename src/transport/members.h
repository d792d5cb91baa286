/*
 * What is in a tar archive that lies in a file: one look at all its headers,
 * then members by name.
 */
#ifndef SP_TRANSPORT_MEMBERS_H
#define SP_TRANSPORT_MEMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/mem.h"

#define SP_MEMBERS_MAX 100000	/* headers in one archive */

struct sp_member {
	const char *name;	/* an image path: "/blobs/sha256/..." */
	const char *link;	/* for links, what is meant, as an image path */
	char type;		/* '0' file, '1' hard link, '2' symlink, '5' directory,
				 * or what cannot be read */
	bool sparse;
	uint64_t offset, size;	/* of the contents, in bytes */
};

struct sp_members {
	struct sp_arena arena;
	struct sp_member *members;
	size_t members_nr, members_alloc;
	struct sp_map by_name;
	bool ended;		/* with the mark that ends an archive */
	uint64_t file_size;
};

/* Read all headers of the archive in the regular file fd; path is for messages.
 * SP_EVERIFY if it is no archive, is compressed, is cut off, holds a name twice
 * or more than SP_MEMBERS_MAX members. */
SP_CHECKED int sp_members_scan(int fd, const char *path, struct sp_members *ret,
			       struct sp_err *err);

/*
 * The regular file that name leads to, or NULL.  Links of the archive are
 * followed inside the archive: "docker save" up to 24 wrote a layer that two
 * images share as a symbolic link to the other's "../ID/layer.tar".
 */
const struct sp_member *sp_members_find(const struct sp_members *members,
					const char *name);
void sp_members_release(struct sp_members *members);

#endif
