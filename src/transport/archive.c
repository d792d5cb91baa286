/*
 * The archive format: directories, blobs, and the documents last.
 *
 * With index.json and oci-layout it is an OCI layout, with manifest.json a
 * docker archive, with both it is what every consumer can read: containerd and
 * podman take the layout, classic Docker engines know manifest.json alone.
 * All entries have owner 0:0 and time 0, so that equal images give equal bytes.
 */
#include "transport/archive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/tar.h"

#define BLOBS "blobs"
#define BLOBS_SHA256 "blobs/sha256"
#define SIZE_AT 124		/* ustar: the size field, 12 bytes */
#define SIZE_LEN 12
#define CHECKSUM_AT 148		/* and the checksum, 8 bytes */
#define CHECKSUM_LEN 8
#define OCTAL_SIZE_MAX ((UINT64_C(1) << 33) - 1)	/* 11 octal digits */

/* base/io.c reports a failure and leaves its errno, which the advice needs. */
static int put(struct sp_archive *a, const void *data, size_t len, struct sp_err *err)
{
	if (sp_outfile_write(a->out, data, len, err))
		return sp_dest_advise(errno, err);
	return 0;
}

/* The directories of the layout, once, before anything in them. */
static int put_dirs(struct sp_archive *a, struct sp_err *err)
{
	sp_autobuf struct sp_buf buf = { 0 };

	if (a->begun)
		return 0;
	a->begun = true;
	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = BLOBS, .type = '5', .mode = 0755 });
	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = BLOBS_SHA256, .type = '5', .mode = 0755 });
	return put(a, buf.data, buf.len, err);
}

static int archive_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct sp_archive *a = (struct sp_archive *)sink;
	static const char placeholder[SP_TAR_BLOCK];

	(void)hint;
	if (put_dirs(a, err))
		return -1;
	a->header_at = a->out->size;
	return put(a, placeholder, sizeof(placeholder), err);
}

static int archive_write(struct sp_sink *sink, const void *data, size_t len,
			 struct sp_err *err)
{
	struct sp_archive *a = (struct sp_archive *)sink;

	if (sp_dest_cancelled(a->options))
		return sp_err_set(err, SP_ECANCELLED, "cancelled");
	return put(a, data, len, err);
}

/* Take the blob that was written last out again. */
static int drop_blob(struct sp_archive *a, struct sp_err *err)
{
	off_t end = (off_t)a->header_at;

	if (ftruncate(a->out->fd, end) || lseek(a->out->fd, end, SEEK_SET) < 0)
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot cut it", a->out->path);
	a->out->size = a->header_at;
	return 0;
}

/*
 * A size that octal digits cannot hold, as binary: the first bit set, then big
 * endian.  A PAX record is the usual way, but there is one block for the header
 * and it was left empty before the size was known.  GNU tar, Go and Python read
 * this form.
 */
static void set_binary_size(char *header, uint64_t size)
{
	unsigned sum = 0;

	memset(header + SIZE_AT, 0, SIZE_LEN);
	header[SIZE_AT] = (char)0x80;
	for (int i = 1; i <= 8; i++, size >>= 8)
		header[SIZE_AT + SIZE_LEN - i] = (char)(size & 0xff);
	memset(header + CHECKSUM_AT, ' ', CHECKSUM_LEN);
	for (size_t i = 0; i < SP_TAR_BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + CHECKSUM_AT, CHECKSUM_LEN - 1, "%06o", sum & 0777777);
}

int sp_archive_blob_header(struct sp_buf *buf, const struct sp_desc *desc,
			   struct sp_err *err)
{
	size_t start = buf->len;
	bool large = desc->size > OCTAL_SIZE_MAX;
	sp_autofree char *name = NULL;

	if (strncmp(desc->digest.str, "sha256:", 7) != 0)
		return sp_err_set(err, SP_EOUTPUT,
				  "blob %s: an archive holds sha256 digests only",
				  desc->digest.str);
	name = sp_strf(BLOBS_SHA256 "/%s", sp_digest_hex(&desc->digest));
	sp_tar_header(buf, &(struct sp_tar_entry){
		.name = name, .type = '0', .mode = 0644,
		.size = large ? 0 : desc->size });
	if (large)
		set_binary_size(buf->data + start, desc->size);
	return 0;
}

static int archive_end(struct sp_sink *sink, const struct sp_desc *desc,
		       struct sp_err *err)
{
	struct sp_archive *a = (struct sp_archive *)sink;
	uint64_t size = a->out->size - a->header_at - SP_TAR_BLOCK;
	static const char zeros[SP_TAR_BLOCK];
	sp_autobuf struct sp_buf header = { 0 };

	if (size != desc->size)
		return sp_err_set(err, SP_EFAIL,
				  "blob %s: %llu bytes were written, not %llu",
				  desc->digest.str, (unsigned long long)size,
				  (unsigned long long)desc->size);
	/* two images with one config: a second entry of the same name would make
	 * the archive mean different things to different readers */
	if (sp_map_get(&a->blobs, desc->digest.str) != SP_MAP_NONE)
		return drop_blob(a, err);
	if (sp_archive_blob_header(&header, desc, err) ||
	    put(a, zeros, sp_tar_padding(size), err))
		return -1;
	if (sp_outfile_patch(a->out, a->header_at, header.data, header.len, err))
		return sp_dest_advise(errno, err);
	sp_map_set(&a->blobs, sp_arena_strdup(&a->arena, desc->digest.str), 0);
	return 0;
}

static int put_document(struct sp_archive *a, const char *name, const char *text,
			struct sp_err *err)
{
	static const char zeros[SP_TAR_BLOCK];
	sp_autobuf struct sp_buf buf = { 0 };
	size_t len = strlen(text);

	sp_tar_header(&buf, &(struct sp_tar_entry){
		.name = name, .type = '0', .mode = 0644, .size = len });
	sp_buf_add(&buf, text, len);
	sp_buf_add(&buf, zeros, sp_tar_padding(len));
	return put(a, buf.data, buf.len, err);
}

void sp_archive_init(struct sp_archive *archive, struct sp_outfile *out,
		     unsigned form, const struct sp_transport_options *options)
{
	*archive = (struct sp_archive){
		.sink = { .begin = archive_begin, .write = archive_write,
			  .end = archive_end },
		.out = out, .form = form, .options = options,
	};
}

static bool has_zstd(const struct sp_image *image)
{
	for (size_t i = 0; i < image->manifests_nr; i++)
		for (size_t k = 0; k < image->manifests[i].layers_nr; k++)
			if (strstr(image->manifests[i].layers[k].desc.media_type, "zstd"))
				return true;
	return false;
}

int sp_archive_advise(const struct sp_archive *a, struct sp_err *err)
{
	size_t len = strlen(err->msg);

	if (a->zstd)
		snprintf(err->msg + len, sizeof(err->msg) - len,
			 "; its layers are compressed with zstd, which docker before 23.0 cannot "
			 "read: pack it with --compress gzip");
	return -1;
}

int sp_archive_finish(struct sp_archive *a, const struct sp_image *image,
		      const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	sp_autobuf struct sp_buf end = { 0 };

	a->zstd = has_zstd(image);
	if (put_dirs(a, err))
		return -1;
	if (a->form & SP_FORM_LAYOUT) {
		sp_autofree char *text = sp_image_layout_index(image, refs, refs_nr);

		if (put_document(a, "index.json", text, err))
			return -1;
	}
	if (a->form & SP_FORM_DOCKER) {
		sp_autofree char *text = sp_image_docker_manifest(
			image, refs, refs_nr, a->options->host_os,
			a->options->host_arch);

		if (put_document(a, "manifest.json", text, err))
			return -1;
	}
	if ((a->form & SP_FORM_LAYOUT) &&
	    put_document(a, "oci-layout", SP_OCI_LAYOUT_TEXT, err))
		return -1;
	sp_tar_end(&end);
	if (put(a, end.data, end.len, err))
		return -1;
	if (fsync(a->out->fd) && errno != EINVAL && errno != EROFS)
		return sp_err_sys(err, SP_EOUTPUT, "%s: cannot sync", a->out->path);
	return 0;
}

void sp_archive_release(struct sp_archive *archive)
{
	sp_map_release(&archive->blobs);
	sp_arena_release(&archive->arena);
}
