/*
 * A layout being written: what layout.c collects and layout_commit.c puts in
 * place.
 */
#ifndef SP_TRANSPORT_LAYOUT_DEST_H
#define SP_TRANSPORT_LAYOUT_DEST_H

#include "transport/dest.h"

/* A blob that is complete under a temporary name in the directory. */
struct sp_layout_blob {
	struct sp_digest digest;
	uint64_t size;
	char *temp;		/* NULL once it is in place or not needed */
	bool synced, created;	/* created: put where nothing was before */
	bool replace;		/* the one that is there is wrong */
};

struct sp_layout {
	struct sp_dest dest;
	struct sp_sink sink;
	struct sp_transport_options options;
	char *path;
	int dir;
	bool made_dir, committed;
	int fd;			/* of the blob being written, or -1 */
	char *temp;		/* and its name */
	uint64_t written;	/* bytes of it */
	struct sp_digest wrong;	/* the last blob that is there with other bytes */
	struct sp_layout_blob *blobs;
	size_t blobs_nr, blobs_alloc;
	char *index;		/* the index.json of this image alone */
};

struct sp_layout *sp_layout_of_sink(struct sp_sink *sink);

/* sp_sink.has: is the blob in the layout, with the bytes that its digest says? */
SP_CHECKED int sp_layout_has(struct sp_sink *sink, const struct sp_desc *desc, bool *ret,
			     struct sp_err *err);
/* Was the blob written, or found, by this run? */
bool sp_layout_is_kept(const struct sp_layout *l, const struct sp_digest *digest);

/* Where a blob is in a layout, and a name for a temporary file in its directory;
 * malloc'ed. */
char *sp_layout_blob_path(const struct sp_digest *digest);
char *sp_layout_temp_name(const struct sp_layout *l);

/* Begin a file with a temporary name in the directory; gives its descriptor. */
SP_CHECKED int sp_layout_temp(struct sp_layout *l, char **ret_name, struct sp_err *err);

/* Is the blob in the layout below dir, with its size? */
bool sp_layout_has_blob(int dir, const struct sp_layout_blob *blob);

/* The index.json to be, from the one that is there now; malloc'ed. */
SP_CHECKED int sp_layout_new_index(struct sp_layout *l, char **ret, struct sp_err *err);

/* Wait for other runs that commit to this layout; they take milliseconds. */
SP_CHECKED int sp_layout_lock(struct sp_layout *l, struct sp_err *err);
void sp_layout_unlock(struct sp_layout *l);

/* Everything to its place, or nothing: a failure takes back what was created. */
SP_CHECKED int sp_layout_put_in_place(struct sp_layout *l, struct sp_err *err);

#endif
