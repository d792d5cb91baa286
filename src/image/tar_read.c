/*
 * The tar reader: blocks, and what belongs to an entry.  Headers are parsed in
 * tar_header.c and PAX records in tar_pax.c; what names mean is for verify_layer.c
 * to say.
 */
#include "image/tar_read.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "image/tar.h"
#include "image/tar_header.h"
#include "image/tar_reader.h"

struct sp_tar_reader *sp_tar_reader_new(int (*read)(void *ctx, void *buf, size_t len,
						    size_t *ret_len, struct sp_err *),
					void *ctx)
{
	struct sp_tar_reader *tar = sp_calloc(1, sizeof(*tar));

	tar->read = read;
	tar->ctx = ctx;
	return tar;
}

void sp_tar_reader_free(struct sp_tar_reader *tar)
{
	if (!tar)
		return;
	sp_tar_pax_release(&tar->pax);
	sp_tar_parts_release(&tar->parts);
	sp_buf_release(&tar->long_name);
	sp_buf_release(&tar->long_link);
	free(tar);
}

int sp_tar_bad(const struct sp_tar_reader *tar, const char *what, struct sp_err *err)
{
	return sp_err_set(err, SP_EVERIFY, "tar: at byte %llu: %s",
			  (unsigned long long)tar->offset, what);
}

/* Have at least one byte in the buffer, unless the stream has ended. */
static int fill(struct sp_tar_reader *tar, struct sp_err *err)
{
	if (tar->in_len || tar->eof)
		return 0;
	if (tar->read(tar->ctx, tar->buf, SP_TAR_IN_SIZE, &tar->in_len, err))
		return -1;
	tar->in = tar->buf;
	tar->eof = tar->in_len == 0;
	return 0;
}

/* Take up to len bytes; to NULL drops them.  Fewer come only at the end. */
static int take(struct sp_tar_reader *tar, void *to, uint64_t len, uint64_t *ret_len,
		struct sp_err *err)
{
	uint64_t done = 0;

	while (done < len) {
		if (fill(tar, err))
			return -1;
		if (tar->eof)
			break;
		size_t n = len - done < tar->in_len ? (size_t)(len - done) : tar->in_len;
		if (to)
			memcpy((char *)to + done, tar->in, n);
		tar->in += n;
		tar->in_len -= n;
		done += n;
	}
	tar->offset += done;
	*ret_len = done;
	return 0;
}

int sp_tar_take(struct sp_tar_reader *tar, void *to, uint64_t len, const char *inside,
		struct sp_err *err)
{
	uint64_t got;

	if (take(tar, to, len, &got, err))
		return -1;
	return got < len ? sp_tar_bad(tar, inside, err) : 0;
}

static bool all_zero(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

/* Read what follows the end mark: zeros, if it is in order. */
static int drain(struct sp_tar_reader *tar, struct sp_err *err)
{
	for (;;) {
		if (fill(tar, err))
			return -1;
		if (tar->eof)
			return 0;
		if (!all_zero(tar->in, tar->in_len))
			tar->ending = SP_TAR_TRAILING;
		tar->offset += tar->in_len;
		tar->in_len = 0;
	}
}

static int finish(struct sp_tar_reader *tar, enum sp_tar_ending ending, bool *ret_more,
		  struct sp_err *err)
{
	tar->ending = ending;
	if (tar->has_pax || tar->has_long_name || tar->has_long_link)
		return sp_tar_bad(tar, "extended header without an entry", err);
	if (drain(tar, err))
		return -1;
	tar->done = true;
	*ret_more = false;
	return 0;
}

/* The next block that is no end mark, or the end (*ret_more false). */
static int next_block(struct sp_tar_reader *tar, char *block, bool *ret_more,
		      struct sp_err *err)
{
	uint64_t got;

	if (take(tar, block, SP_TAR_BLOCK, &got, err))
		return -1;
	if (got < SP_TAR_BLOCK) {
		if (!all_zero(block, got))
			return sp_tar_bad(tar, "the archive ends inside a header", err);
		return finish(tar, SP_TAR_NO_MARK, ret_more, err);
	}
	*ret_more = true;
	if (!all_zero(block, SP_TAR_BLOCK))
		return 0;
	if (take(tar, block, SP_TAR_BLOCK, &got, err))
		return -1;
	enum sp_tar_ending ending = !all_zero(block, got) ? SP_TAR_TRAILING :
				    got < SP_TAR_BLOCK	  ? SP_TAR_NO_MARK :
							    SP_TAR_WHOLE;
	return finish(tar, ending, ret_more, err);
}

/* Read the contents of an extended header whole. */
static int read_extra(struct sp_tar_reader *tar, uint64_t size, struct sp_buf *ret,
		      struct sp_err *err)
{
	if (size > SP_TAR_EXTRA_MAX)
		return sp_tar_bad(tar, "extended header of more than 1 MiB", err);
	sp_buf_reset(ret);
	char *to = sp_buf_reserve(ret, (size_t)size);
	if (sp_tar_take(tar, to, size, "the archive ends inside an extended header", err) ||
	    sp_tar_take(tar, NULL, sp_tar_padding(size),
		     "the archive ends inside an extended header", err))
		return -1;
	ret->len = (size_t)size;
	to[size] = '\0';
	return 0;
}

/* An 'x', 'L' or 'K' header: keep what it says for the entry that follows. */
static int read_extension(struct sp_tar_reader *tar, char type, uint64_t size,
			  struct sp_err *err)
{
	bool *has = type == 'x' ? &tar->has_pax :
		    type == 'L' ? &tar->has_long_name :
				  &tar->has_long_link;
	struct sp_buf *to = type == 'L' ? &tar->long_name : &tar->long_link;

	if (*has)
		return sp_tar_bad(tar, "two extended headers of one kind for one entry", err);
	*has = true;
	if (type != 'x')
		return read_extra(tar, size, to, err);
	sp_tar_pax_reset(&tar->pax);
	if (read_extra(tar, size, &tar->pax.raw, err))
		return -1;
	if (sp_tar_pax_parse(&tar->pax, err))
		return sp_err_wrap(err, "tar: at byte %llu",
				   (unsigned long long)tar->offset);
	return 0;
}

static void apply_pax(const struct sp_tar_pax *pax, struct sp_tar_item *ret)
{
	if (pax->path)
		ret->name = pax->path, ret->name_len = pax->path_len;
	if (pax->link)
		ret->link = pax->link, ret->link_len = pax->link_len;
	if (pax->has_size)
		ret->size = pax->size;
	if (pax->has_uid)
		ret->uid = pax->uid;
	if (pax->has_gid)
		ret->gid = pax->gid;
	if (pax->has_mtime)
		ret->mtime = pax->mtime;
	ret->sparse = pax->sparse;
	ret->real_size = pax->real_size;
	ret->xattrs = pax->xattrs;
	ret->xattrs_nr = pax->xattrs_nr;
}

/* Put together header and extensions.  A GNU long name wins over a PAX path, as
 * in Go's reader. */
static void apply_extensions(struct sp_tar_reader *tar, struct sp_tar_item *ret)
{
	ret->name_len = strlen(ret->name);
	ret->link_len = strlen(ret->link);
	if (tar->has_pax)
		apply_pax(&tar->pax, ret);
	if (tar->has_long_name) {
		ret->name = sp_buf_str(&tar->long_name);
		ret->name_len = strlen(ret->name);
	}
	if (tar->has_long_link) {
		ret->link = sp_buf_str(&tar->long_link);
		ret->link_len = strlen(ret->link);
	}
	tar->has_pax = tar->has_long_name = tar->has_long_link = false;
}

/* Old sparse files: the list of parts goes on in blocks after the header. */
static int read_old_parts(struct sp_tar_reader *tar, const char *block,
			  struct sp_tar_item *ret, struct sp_err *err)
{
	char more[SP_TAR_BLOCK];
	bool extended;

	ret->sparse = true;
	tar->sparse = SP_TAR_PARTS_LISTED;
	if (!sp_tar_header_sparse(block, &tar->parts, &ret->real_size, &extended))
		return sp_tar_bad(tar, "sparse file with a bad size or list of parts", err);
	while (extended) {
		if (sp_tar_take(tar, more, sizeof(more), "the archive ends inside a header",
			     err))
			return -1;
		if (!sp_tar_header_more(more, &tar->parts, &extended))
			return sp_tar_bad(tar, "sparse file with a bad list of parts", err);
	}
	return 0;
}

/* Sparse files by PAX records: the list is among them, or in front of the contents. */
static void set_pax_parts(struct sp_tar_reader *tar, const struct sp_tar_item *item)
{
	const struct sp_tar_pax *pax = &tar->pax;
	struct sp_tar_parts spare = tar->parts;

	if (!item->sparse || item->type != '0' || !pax->has_real_size)
		return;
	if (pax->sparse_major == '1' && pax->sparse_minor == '0')
		tar->sparse = SP_TAR_PARTS_IN_DATA;
	else if ((!pax->sparse_major || pax->sparse_major == '0') && pax->parts.list_nr)
		tar->sparse = SP_TAR_PARTS_LISTED;
	else
		return;
	tar->parts = pax->parts;
	tar->pax.parts = spare;
	sp_tar_parts_reset(&tar->pax.parts);
}

/* The many spellings of a regular file become one; what can have no contents
 * has none, whatever its size field says (Go's reader; old writers put the size
 * of the file into hard links). */
static int settle_type(struct sp_tar_reader *tar, const char *block,
		       struct sp_tar_item *ret, struct sp_err *err)
{
	if (ret->type == '\0')
		ret->type = ret->name_len && ret->name[ret->name_len - 1] == '/' ? '5' : '0';
	else if (ret->type == '7')
		ret->type = '0';
	if (ret->type >= '1' && ret->type <= '6')
		ret->size = 0;
	set_pax_parts(tar, ret);
	if (ret->type == 'S') {
		ret->type = '0';
		if (read_old_parts(tar, block, ret, err))
			return -1;
	}
	if (!ret->sparse)
		ret->real_size = ret->size;
	else if (tar->sparse == SP_TAR_PARTS_NONE)
		tar->sparse = SP_TAR_PARTS_UNKNOWN;
	ret->sparse_known = tar->sparse > SP_TAR_PARTS_UNKNOWN;
	return 0;
}

int sp_tar_next(struct sp_tar_reader *tar, struct sp_tar_item *ret, bool *ret_more,
		struct sp_err *err)
{
	char block[SP_TAR_BLOCK];

	if (sp_tar_take(tar, NULL, tar->data_left + tar->pad_left,
		     "the archive ends inside the contents of an entry", err))
		return -1;
	tar->data_left = tar->pad_left = 0;
	tar->sparse = SP_TAR_PARTS_NONE;
	tar->part = 0;
	tar->at = 0;
	sp_tar_parts_reset(&tar->parts);
	for (;;) {
		struct sp_tar_item item = { 0 };

		*ret_more = false;
		if (tar->done)
			return 0;
		if (next_block(tar, block, ret_more, err))
			return -1;
		if (!*ret_more)
			return 0;
		const char *wrong = sp_tar_header_parse(block, &tar->names, &item);
		if (wrong)
			return sp_tar_bad(tar, wrong, err);
		if (item.type == 'x' || item.type == 'L' || item.type == 'K') {
			if (read_extension(tar, item.type, item.size, err))
				return -1;
			continue;
		}
		apply_extensions(tar, &item);
		if (settle_type(tar, block, &item, err))
			return -1;
		tar->data_left = item.size;
		tar->pad_left = sp_tar_padding(item.size);
		tar->real_size = item.real_size;
		*ret = item;
		return 0;
	}
}

enum sp_tar_ending sp_tar_ending(const struct sp_tar_reader *tar)
{
	return tar->ending;
}

uint64_t sp_tar_offset(const struct sp_tar_reader *tar)
{
	return tar->offset;
}
