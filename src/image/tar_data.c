/*
 * The contents of an entry: as they are, or the parts of a sparse file and the zeros
 * between them.
 */
#include <string.h>

#include "image/tar.h"
#include "image/tar_reader.h"

static const char in_contents[] = "the archive ends inside the contents of an entry";

/* A number and its newline, from blocks that are taken as they are needed. */
static int next_number(struct sp_tar_reader *tar, char *block, size_t *at, uint64_t *ret,
		       struct sp_err *err)
{
	*ret = 0;
	for (size_t digits = 0;; digits++) {
		if (*at == SP_TAR_BLOCK) {
			if (tar->data_left < SP_TAR_BLOCK)
				break;
			if (sp_tar_take(tar, block, SP_TAR_BLOCK, in_contents, err))
				return -1;
			tar->data_left -= SP_TAR_BLOCK;
			*at = 0;
		}
		char c = block[(*at)++];
		if (c == '\n' && digits)
			return 0;
		if (c < '0' || c > '9' || __builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, (uint64_t)(c - '0'), ret))
			break;
	}
	return sp_tar_bad(tar, "sparse file with a bad list of parts", err);
}

/* How many parts, and each of them; then the contents begin with the next block. */
static int read_new_parts(struct sp_tar_reader *tar, struct sp_err *err)
{
	char block[SP_TAR_BLOCK] = { 0 };
	size_t at = SP_TAR_BLOCK;
	uint64_t nr, n;

	if (next_number(tar, block, &at, &nr, err))
		return -1;
	if (nr > SP_TAR_PARTS_MAX)
		return sp_tar_bad(tar, "sparse file of too many parts", err);
	sp_tar_parts_reset(&tar->parts);
	for (uint64_t i = 0; i < 2 * nr; i++) {
		if (next_number(tar, block, &at, &n, err))
			return -1;
		if (!sp_tar_parts_add(&tar->parts, n))
			return sp_tar_bad(tar, "sparse file of too many parts", err);
	}
	return 0;
}

static int settle_parts(struct sp_tar_reader *tar, struct sp_err *err)
{
	if (tar->sparse <= SP_TAR_PARTS_UNKNOWN || tar->sparse == SP_TAR_PARTS_CHECKED)
		return 0;
	if (tar->sparse == SP_TAR_PARTS_IN_DATA && read_new_parts(tar, err))
		return -1;
	if (!sp_tar_parts_fit(&tar->parts, tar->real_size, tar->data_left))
		return sp_tar_bad(tar, "sparse file whose parts are not in order, or not all there", err);
	tar->sparse = SP_TAR_PARTS_CHECKED;
	return 0;
}

int sp_tar_sparse(struct sp_tar_reader *tar, const struct sp_tar_part **ret, size_t *ret_nr,
		  struct sp_err *err)
{
	if (settle_parts(tar, err))
		return -1;
	*ret = tar->parts.list;
	*ret_nr = tar->parts.list_nr;
	return 0;
}

int sp_tar_packed(struct sp_tar_reader *tar, void *buf, size_t len, size_t *ret_len,
		  struct sp_err *err)
{
	if (settle_parts(tar, err))
		return -1;
	uint64_t want = len < tar->data_left ? len : tar->data_left;

	if (sp_tar_take(tar, buf, want, in_contents, err))
		return -1;
	tar->data_left -= want;
	*ret_len = (size_t)want;
	return 0;
}

int sp_tar_data(struct sp_tar_reader *tar, void *buf, size_t len, size_t *ret_len,
		struct sp_err *err)
{
	const struct sp_tar_part *part = NULL;

	if (settle_parts(tar, err))
		return -1;
	if (tar->sparse != SP_TAR_PARTS_CHECKED)
		return sp_tar_packed(tar, buf, len, ret_len, err);
	for (; tar->part < tar->parts.list_nr; tar->part++) {
		part = &tar->parts.list[tar->part];
		if (tar->at < part->offset + part->len)
			break;
		part = NULL;
	}
	bool hole = !part || tar->at < part->offset;
	uint64_t stop = !part ? tar->real_size : hole ? part->offset : part->offset + part->len;
	size_t want = len < stop - tar->at ? len : (size_t)(stop - tar->at);

	*ret_len = want;
	if (hole)
		memset(buf, 0, want);
	else if (sp_tar_packed(tar, buf, want, ret_len, err))
		return -1;
	tar->at += want;
	return 0;
}
