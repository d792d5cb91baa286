/*
 * Writing one tar archive that holds an image, in one pass.
 *
 *	sp_archive_init(&archive, &out, SP_FORM_BOTH);
 *	... feed archive.sink with blobs ...
 *	sp_archive_finish(&archive, image, refs, refs_nr, os, arch, err);
 *	sp_archive_release(&archive);
 *
 * Where the file goes is the business of archive_file.c and engine.c.
 */
#ifndef SP_TRANSPORT_ARCHIVE_H
#define SP_TRANSPORT_ARCHIVE_H

#include "base/io.h"
#include "base/map.h"
#include "transport/dest.h"

struct sp_archive {
	struct sp_sink sink;
	struct sp_outfile *out;		/* borrowed; must be able to seek */
	const struct sp_transport_options *options;	/* borrowed */
	unsigned form;
	bool begun;			/* the directories are written */
	bool zstd;			/* a layer is compressed with it: known when finished */
	uint64_t header_at;		/* of the blob being written */
	struct sp_arena arena;
	struct sp_map blobs;		/* digests of the blobs that are in */
};

void sp_archive_init(struct sp_archive *archive, struct sp_outfile *out,
		     unsigned form, const struct sp_transport_options *options);

/* The documents and the end.  The file is complete then, and synced to disk. */
SP_CHECKED int sp_archive_finish(struct sp_archive *archive,
				 const struct sp_image *image,
				 const struct sp_ref *refs, size_t refs_nr,
				 struct sp_err *err);

/* Of an engine that did not take the archive: what may be the reason, added to err, which
 * is set.  Returns -1. */
int sp_archive_advise(const struct sp_archive *archive, struct sp_err *err);
void sp_archive_release(struct sp_archive *archive);

/* Append the one header block of a blob of any size to buf. */
SP_CHECKED int sp_archive_blob_header(struct sp_buf *buf, const struct sp_desc *desc,
				      struct sp_err *err);

#endif
