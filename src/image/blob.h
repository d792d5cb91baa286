/*
 * Blobs: descriptors, and the two interfaces between an image and where it goes
 * or comes from.  image/ makes and reads blobs; transport/ knows destinations.
 */
#ifndef SP_IMAGE_BLOB_H
#define SP_IMAGE_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "image/digest.h"

/* A descriptor (image-spec descriptor.md): what, how large, which bytes. */
struct sp_desc {
	const char *media_type;		/* a constant, or owned by the image */
	struct sp_digest digest;
	uint64_t size;			/* bytes */
};

/*
 * Where blobs go.  A blob is written between begin and end; its digest and size
 * are known only at the end.  Several sinks can be fed at once (sp_sink_tee).
 * Each function returns 0 or -1; what was begun is undone by whoever made the
 * sink.  hint is the size in bytes if it is known beforehand, else 0.
 */
struct sp_sink {
	int (*begin)(struct sp_sink *, uint64_t hint, struct sp_err *);
	int (*write)(struct sp_sink *, const void *data, size_t len, struct sp_err *);
	int (*end)(struct sp_sink *, const struct sp_desc *, struct sp_err *);
	/* Is this blob there already?  Then *ret is true, it counts as written,
	 * and is not begun; else it is the blob that is begun next.  NULL means that
	 * it never is. */
	int (*has)(struct sp_sink *, const struct sp_desc *, bool *ret, struct sp_err *);
};

/*
 * Where blobs are read from: an image somewhere.  A blob is a stream; the reader
 * gives at most size + 1 bytes, so that one that is too long is noticed.
 */
struct sp_blob_reader {
	/* up to len bytes; *ret_len 0 at the end */
	int (*read)(struct sp_blob_reader *, void *buf, size_t len, size_t *ret_len,
		    struct sp_err *);
	void (*close)(struct sp_blob_reader *);
};

void sp_blob_reader_close(struct sp_blob_reader **reader);	/* NULL in it allowed */
#define sp_autoreader __attribute__((cleanup(sp_blob_reader_close)))

/* open_blob may be called from several threads at once; a reader belongs to one. */
struct sp_source {
	/* "layout" sources have an index; docker archives have a manifest.json */
	int (*open_blob)(struct sp_source *, const struct sp_digest *,
			 struct sp_blob_reader **ret, struct sp_err *);
	/* a document beside the blobs: "index.json", "oci-layout",
	 * "manifest.json"; SP_EVERIFY if larger than limit; empty buf and 0 if
	 * it is not there */
	int (*read_file)(struct sp_source *, const char *name, size_t limit,
			 struct sp_buf *ret, struct sp_err *);
	/* a blob by its path in a docker archive ("abc/layer.tar") */
	int (*open_path)(struct sp_source *, const char *path,
			 struct sp_blob_reader **ret, struct sp_err *);
	void (*close)(struct sp_source *);
};

#endif
