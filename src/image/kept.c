/*
 * The kept contents of files.
 */
#include "image/kept.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"

#define WRITE_SIZE (512 * 1024)	/* bytes that are gathered before they are written */
#define CAPS "security.capability"

struct sp_kept_store {
	struct sp_arena arena;
	struct sp_outfile file;		/* all contents, one after the other */
	struct sp_buf out;		/* what is not written yet */
	uint64_t holes;			/* bytes of all sparse files */
};

/* Bytes of a file that are there, and what is in front of them in the store. */
struct part {
	uint64_t offset, len, before;
};

/* A regular file: where its bytes are. */
struct kept {
	const struct sp_kept_store *store;
	uint64_t offset, size;
	const struct part *parts;	/* of a sparse one, behind offset; else NULL */
	size_t parts_nr;
	const void *caps;
	size_t caps_len;
};

/* --- the files of a root --- */

static ssize_t stored(const struct kept *k, void *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(k->store->file.fd, buf, len, (off_t)(k->offset + offset));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* The first part that ends behind the offset, or the number of parts. */
static size_t part_at(const struct kept *k, uint64_t offset)
{
	size_t low = 0, high = k->parts_nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (offset < k->parts[middle].offset + k->parts[middle].len)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static ssize_t kept_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct kept *k = file->ctx;

	if (offset >= k->size)
		return 0;
	if (len > k->size - offset)
		len = (size_t)(k->size - offset);
	if (!k->parts)
		return stored(k, buf, len, offset);
	size_t i = part_at(k, offset);
	const struct part *p = i < k->parts_nr ? &k->parts[i] : NULL;
	bool hole = !p || offset < p->offset;
	uint64_t stop = !p ? k->size : hole ? p->offset : p->offset + p->len;

	if (len > stop - offset)
		len = (size_t)(stop - offset);
	if (!hole)
		return stored(k, buf, len, p->before + (offset - p->offset));
	memset(buf, 0, len);
	return (ssize_t)len;
}

static int kept_restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = file->st;	/* nobody else can reach it */
	return 0;
}

static void kept_close(struct sp_file *file)
{
	file->ctx = NULL;
}

static ssize_t kept_getxattr(struct sp_file *file, const char *name, void *buf, size_t len)
{
	const struct kept *k = file->ctx;

	if (!k->caps || strcmp(name, CAPS) != 0 || k->caps_len > len)
		return -1;
	memcpy(buf, k->caps, k->caps_len);
	return (ssize_t)k->caps_len;
}

static const struct sp_file_ops kept_ops = {
	.pread = kept_pread, .restat = kept_restat, .close = kept_close,
	.getxattr = kept_getxattr,
};

int sp_kept_open(const void *kept, struct sp_file *ret)
{
	ret->ops = &kept_ops;
	ret->ctx = (void *)kept;
	return 0;
}

/* --- keeping --- */

int sp_kept_flush(struct sp_kept_store *s, struct sp_err *err)
{
	if (s->out.len && sp_outfile_write(&s->file, s->out.data, s->out.len, err))
		return sp_err_wrap(err, "the image's files cannot be kept for the time of this run");
	s->out.len = 0;
	return 0;
}

/* The contents of the present entry go behind what is there. */
static int keep_bytes(struct sp_kept_store *s, struct sp_tar_reader *tar,
		      const struct sp_tar_item *item, struct kept *k, struct sp_err *err)
{
	size_t got;

	k->offset = s->file.size + s->out.len;
	if (item->size > SP_KEPT_SIZE_MAX || k->offset > SP_KEPT_SIZE_MAX - item->size)
		return sp_err_set(err, SP_EVERIFY, "all files together have more than %llu bytes",
				  (unsigned long long)SP_KEPT_SIZE_MAX);
	do {
		if (s->out.len == WRITE_SIZE && sp_kept_flush(s, err))
			return -1;
		if (sp_tar_packed(tar, s->out.data + s->out.len, WRITE_SIZE - s->out.len, &got,
				  err))
			return -1;
		s->out.len += got;
	} while (got);
	return 0;
}

static int keep_parts(struct sp_kept_store *s, struct sp_tar_reader *tar, struct kept *k,
		      struct sp_err *err)
{
	const struct sp_tar_part *from;
	uint64_t before = 0;

	if (sp_tar_sparse(tar, &from, &k->parts_nr, err))
		return -1;
	struct part *parts = sp_arena_alloc(&s->arena, (k->parts_nr + 1) * sizeof(*parts));

	for (size_t i = 0; i < k->parts_nr; i++) {
		parts[i] = (struct part){ from[i].offset, from[i].len, before };
		before += from[i].len;
	}
	k->parts = parts;
	return 0;
}

int sp_kept_add(struct sp_kept_store *s, struct sp_tar_reader *tar,
		const struct sp_tar_item *item, const void **ret, struct sp_err *err)
{
	*ret = NULL;
	if (item->sparse) {
		/* a log with a hole of many GB is no reason to refuse the image */
		if (!item->sparse_known || item->real_size > SP_KEPT_SIZE_MAX - s->holes)
			return 0;
		s->holes += item->real_size;
	}
	struct kept *k = sp_arena_alloc(&s->arena, sizeof(*k));

	*k = (struct kept){ .store = s, .size = item->real_size };
	for (size_t i = 0; i < item->xattrs_nr; i++)
		if (strcmp(item->xattrs[i].name, CAPS) == 0) {
			k->caps = sp_arena_memdup(&s->arena, item->xattrs[i].value,
						  item->xattrs[i].len);
			k->caps_len = item->xattrs[i].len;
		}
	*ret = k;
	if (item->sparse && keep_parts(s, tar, k, err))
		return -1;
	return keep_bytes(s, tar, item, k, err);
}

int sp_kept_new(const char *temp_dir, struct sp_kept_store **ret, struct sp_err *err)
{
	struct sp_kept_store *s = sp_calloc(1, sizeof(*s));

	s->file = (struct sp_outfile)SP_OUTFILE_INIT;
	if (sp_outfile_open_unnamed(&s->file, temp_dir, err)) {
		sp_kept_free(s);
		return -1;
	}
	sp_buf_reserve(&s->out, WRITE_SIZE);
	*ret = s;
	return 0;
}

void sp_kept_free(struct sp_kept_store *s)
{
	if (!s)
		return;
	sp_outfile_abort(&s->file);
	sp_buf_release(&s->out);
	sp_arena_release(&s->arena);
	free(s);
}
