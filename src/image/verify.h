/*
 * Is an image what it claims to be?  Every digest, size, document and layer is
 * checked, and whether the file system they make can start the entry point.
 *
 *	struct sp_verify_report report = { 0 };
 *
 *	if (sp_verify(source, NULL, &options, &report, err))
 *		... SP_EVERIFY: report.problems says why ...
 *	... report.images, report.notes ...
 *	sp_verify_report_release(&report);
 *
 * A source may be an OCI layout, a docker archive, or both in one; then both
 * must tell of the same images.  Nothing is unpacked to disk, and no bytes are
 * parsed before their digest is known to be right, where there is one.
 */
#ifndef SP_IMAGE_VERIFY_H
#define SP_IMAGE_VERIFY_H

#include <signal.h>
#include <stdint.h>

#include "base/mem.h"
#include "image/blob.h"
#include "image/json.h"
#include "image/tree.h"

#define SP_VERIFY_DEPTH_MAX 8		/* indexes within indexes */
#define SP_VERIFY_IMAGES_MAX 1024	/* manifests, and names for them */
#define SP_VERIFY_FINDINGS_MAX 1000	/* problems kept, and notes; all are counted */

/*
 * A witness looks at files while layers are read, and then at each image as a
 * whole: who knows more of programs than this layer does.
 */
struct sp_verify_view {
	struct sp_tree *tree;		/* the merged file system */
	const struct sp_json *config;	/* the configuration document */
	const char *program;		/* absolute path of what is started; NULL: nothing */
	const char *platform;		/* as the configuration says, or NULL */
	/* report a problem, or a note, of this image */
	void (*found)(void *found_ctx, bool is_note, const char *id, const char *what);
	void *found_ctx;
};

struct sp_verify_witness {
	void *ctx;
	/*
	 * A regular file of a layer.  read gives its contents, as far as wanted.
	 * *ret is kept with the file and stays the witness's; NULL: nothing.
	 */
	int (*file)(void *ctx, const char *path, unsigned mode, uint64_t size,
		    int (*read)(void *read_ctx, void *buf, size_t len, size_t *ret_len,
				struct sp_err *),
		    void *read_ctx, const void **ret, struct sp_err *err);
	/* An image whose layers could all be read. */
	int (*image)(void *ctx, const struct sp_verify_view *view, struct sp_err *err);
};

struct sp_verify_options {
	const volatile sig_atomic_t *cancelled;			/* may be NULL */
	void (*progress)(void *ctx, const struct sp_progress *);	/* may be NULL */
	void *progress_ctx;
	const struct sp_verify_witness *witness;		/* may be NULL */
};

/* Something wrong, or something worth knowing.  id is stable, for scripts:
 * "blob-digest"; where is "layer sha256:...: /etc/passwd"; what is a phrase.
 * Bytes of names that are not printable appear as \xNN. */
struct sp_verify_finding {
	const char *id, *where, *what;
};

struct sp_verify_layer {
	const char *media_type;		/* NULL in a docker archive */
	const char *digest, *diff_id;	/* of the blob as it is, of the tar; NULL if
					 * the layer could not be read */
	uint64_t size, tar_size;	/* bytes of both */
	uint64_t entries;
};

struct sp_verify_image {
	const char *name;		/* as the index or archive calls it, or NULL */
	const char *digest;		/* of the manifest; NULL in a docker archive */
	const char *config;		/* digest of the configuration, or NULL */
	const char *platform;		/* "linux/arm64/v8", or NULL */
	const char *media_type;		/* of the manifest, or NULL */
	struct sp_verify_layer *layers;
	size_t layers_nr;
};

/* All strings and the layers are in the arena. */
struct sp_verify_report {
	struct sp_arena arena;
	struct sp_verify_image *images;
	size_t images_nr, images_alloc;
	struct sp_verify_finding *problems, *notes;
	size_t problems_nr, problems_alloc, notes_nr, notes_alloc;
	size_t problems_total;		/* problems_nr, and those too many to keep */
};

/*
 * Check the image called ref, or all images if it is NULL.  ref is a name as the
 * index has it, in its short or full form, a tag alone, or a digest.
 * 0, or SP_EVERIFY if the report holds problems; other codes if the source cannot
 * be read at all.  The report is filled as far as the work went in every case.
 */
SP_CHECKED int sp_verify(struct sp_source *source, const char *ref,
			 const struct sp_verify_options *options,
			 struct sp_verify_report *ret, struct sp_err *err);

void sp_verify_report_release(struct sp_verify_report *report);

#endif
