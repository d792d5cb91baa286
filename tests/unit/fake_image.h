/*
 * Images made in memory for the tests of the reading side: tar entries written
 * by hand, so that they can be wrong, gzip and zstd around them, and a source
 * that serves blobs, documents and paths from a list.
 */
#ifndef SP_TEST_FAKE_IMAGE_H
#define SP_TEST_FAKE_IMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/vec.h"
#include "image/blob.h"
#include "image/compress.h"

#define FAKE __attribute__((unused)) static

/* --- a blob reader over memory, which gives its bytes in pieces --- */
struct mem_reader {
	struct sp_blob_reader reader;
	const char *data;
	size_t len, at, piece;	/* piece: at most so many bytes a call; 0 all */
	bool broken;		/* fails with SP_EFAIL after the last byte */
	bool owned;		/* to be freed by close */
};

FAKE int mem_read(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
		  struct sp_err *err)
{
	struct mem_reader *m = (struct mem_reader *)reader;
	size_t n = m->len - m->at;

	if (!n && m->broken)
		return sp_err_set(err, SP_EFAIL, "the disk is on fire");
	if (n > len)
		n = len;
	if (m->piece && n > m->piece)
		n = m->piece;
	memcpy(buf, m->data + m->at, n);
	m->at += n;
	*ret_len = n;
	return 0;
}

FAKE void mem_close(struct sp_blob_reader *reader)
{
	struct mem_reader *m = (struct mem_reader *)reader;

	if (m->owned)
		free(m);
}

FAKE struct mem_reader mem_reader(const void *data, size_t len, size_t piece)
{
	return (struct mem_reader){ .reader = { mem_read, mem_close }, .data = data,
				    .len = len, .piece = piece };
}

/* --- tar --- */
FAKE void tar_field(char *to, size_t len, unsigned long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)len - 1, value);
	memcpy(to, text, len);
}

FAKE void tar_sum(char *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
}

/* One header block; name and link are cut to what fits. */
FAKE char *tar_block(struct sp_buf *tar, const char *name, char type, unsigned mode,
		     unsigned long long size, const char *link)
{
	char h[512] = { 0 };

	memcpy(h, name, strnlen(name, 100));
	tar_field(h + 100, 8, mode);
	tar_field(h + 108, 8, 0);
	tar_field(h + 116, 8, 0);
	tar_field(h + 124, 12, size);
	tar_field(h + 136, 12, 0);
	h[156] = type;
	if (link)
		memcpy(h + 157, link, strnlen(link, 100));
	memcpy(h + 257, "ustar\00000", 8);
	tar_sum(h);
	sp_buf_add(tar, h, sizeof(h));
	return tar->data + tar->len - 512;
}

FAKE void tar_data(struct sp_buf *tar, const void *data, size_t len)
{
	static const char zeros[512];

	sp_buf_add(tar, data, len);
	sp_buf_add(tar, zeros, (512 - len % 512) % 512);
}

FAKE void tar_file(struct sp_buf *tar, const char *name, unsigned mode, const char *text)
{
	tar_block(tar, name, '0', mode, strlen(text), NULL);
	tar_data(tar, text, strlen(text));
}

FAKE void tar_dir(struct sp_buf *tar, const char *name)
{
	tar_block(tar, name, '5', 0755, 0, NULL);
}

FAKE void tar_link(struct sp_buf *tar, const char *name, char type, const char *target)
{
	tar_block(tar, name, type, 0777, 0, target);
}

FAKE void pax_bytes(struct sp_buf *records, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char text[32];

	while ((size_t)snprintf(text, sizeof(text), "%zu", total) + rest != total)
		total = rest + (size_t)snprintf(text, sizeof(text), "%zu", total);
	sp_buf_addf(records, "%zu %s=", total, key);
	sp_buf_add(records, value, len);
	sp_buf_addch(records, '\n');
}

FAKE void pax(struct sp_buf *records, const char *key, const char *value)
{
	pax_bytes(records, key, value, strlen(value));
}

/* An extended header ('x', 'g', 'L', 'K') with this content. */
FAKE void tar_extra(struct sp_buf *tar, char type, const void *data, size_t len)
{
	tar_block(tar, "extra", type, 0644, len, NULL);
	tar_data(tar, data, len);
}

FAKE void tar_finish(struct sp_buf *tar)
{
	static const char zeros[1024];

	sp_buf_add(tar, zeros, sizeof(zeros));
}

/* --- compression --- */
FAKE void compress_with(const struct sp_compressor *c, const void *in, size_t len,
			struct sp_buf *out)
{
	void *ctx = c->new_context(3);
	size_t room = c->bound(ctx, len);

	out->len += c->block(ctx, in, len, sp_buf_reserve(out, room), room);
	out->data[out->len] = '\0';
	c->free_context(ctx);
}

/* --- a source --- */
struct fake_file {
	char *name;		/* a digest, "index.json", a path */
	struct sp_buf bytes;
};

struct fake {
	struct sp_source source;
	struct fake_file *files;
	size_t files_nr, files_alloc;
	int opened;		/* readers given out */
};

FAKE struct fake_file *fake_find(struct fake *f, const char *name)
{
	for (size_t i = 0; i < f->files_nr; i++)
		if (strcmp(f->files[i].name, name) == 0)
			return &f->files[i];
	return NULL;
}

FAKE int fake_open(struct fake *f, const char *name, struct sp_blob_reader **ret,
		   struct sp_err *err)
{
	struct fake_file *file = fake_find(f, name);
	struct mem_reader *m;

	if (!file)
		return sp_err_set(err, SP_EVERIFY, "%s is missing", name);
	m = sp_calloc(1, sizeof(*m));
	*m = mem_reader(file->bytes.data ? file->bytes.data : "", file->bytes.len, 0);
	m->owned = true;
	f->opened++;
	*ret = &m->reader;
	return 0;
}

FAKE int fake_open_blob(struct sp_source *s, const struct sp_digest *digest,
			struct sp_blob_reader **ret, struct sp_err *err)
{
	return fake_open((struct fake *)s, digest->str, ret, err);
}

FAKE int fake_open_path(struct sp_source *s, const char *path,
			struct sp_blob_reader **ret, struct sp_err *err)
{
	return fake_open((struct fake *)s, path, ret, err);
}

FAKE int fake_read_file(struct sp_source *s, const char *name, size_t limit,
			struct sp_buf *ret, struct sp_err *err)
{
	struct fake_file *file = fake_find((struct fake *)s, name);

	if (file && file->bytes.len > limit)
		return sp_err_set(err, SP_EVERIFY, "%s is too large", name);
	if (file)
		sp_buf_add(ret, file->bytes.data, file->bytes.len);
	return 0;
}

FAKE void fake_init(struct fake *f)
{
	*f = (struct fake){ .source = { fake_open_blob, fake_read_file, fake_open_path, NULL } };
}

FAKE void fake_release(struct fake *f)
{
	for (size_t i = 0; i < f->files_nr; i++) {
		free(f->files[i].name);
		sp_buf_release(&f->files[i].bytes);
	}
	free(f->files);
	*f = (struct fake){ 0 };
}

FAKE void fake_put(struct fake *f, const char *name, const void *data, size_t len)
{
	struct fake_file *file = fake_find(f, name);

	if (!file) {
		file = SP_VEC_PUSH(f->files);
		file->name = sp_strdup(name);
	}
	sp_buf_reset(&file->bytes);
	sp_buf_add(&file->bytes, data, len);
}

/* Add a blob under its digest. */
FAKE struct sp_digest fake_blob(struct fake *f, const void *data, size_t len)
{
	struct sp_digest digest;

	sp_digest_of(data, len, &digest);
	fake_put(f, digest.str, data, len);
	return digest;
}

#endif
