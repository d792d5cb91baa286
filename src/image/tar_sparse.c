/*
 * The lists of parts of sparse files.
 */
#include "image/tar_sparse.h"

#include <stdlib.h>

#include "base/vec.h"
#include "image/tar.h"

#define FIELD_SIZE 12

bool sp_tar_parts_add(struct sp_tar_parts *parts, uint64_t number)
{
	if (parts->half) {
		parts->list[parts->list_nr - 1].len = number;
		parts->half = false;
		return true;
	}
	if (parts->list_nr == SP_TAR_PARTS_MAX)
		return false;
	*SP_VEC_PUSH(parts->list) = (struct sp_tar_part){ .offset = number };
	parts->half = true;
	return true;
}

bool sp_tar_parts_text(struct sp_tar_parts *parts, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *start = text;
		uint64_t n = 0;

		for (; text < end && *text >= '0' && *text <= '9'; text++)
			if (__builtin_mul_overflow(n, 10, &n) ||
			    __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
				return false;
		if (text == start || !sp_tar_parts_add(parts, n))
			return false;
		if (text < end && (*text++ != ',' || text == end))
			return false;
	}
	return !parts->half;
}

bool sp_tar_parts_fields(struct sp_tar_parts *parts, const char *fields, size_t nr)
{
	/* a pair that begins with a NUL is behind the last one */
	for (size_t i = 0; i < nr && fields[0]; i++, fields += 2 * FIELD_SIZE) {
		uint64_t offset, len;

		if (!sp_tar_number(fields, FIELD_SIZE, &offset) ||
		    !sp_tar_number(fields + FIELD_SIZE, FIELD_SIZE, &len) ||
		    !sp_tar_parts_add(parts, offset) || !sp_tar_parts_add(parts, len))
			return false;
	}
	return true;
}

bool sp_tar_parts_fit(const struct sp_tar_parts *parts, uint64_t size, uint64_t packed)
{
	uint64_t at = 0, sum = 0;

	for (size_t i = 0; i < parts->list_nr; i++) {
		const struct sp_tar_part *part = &parts->list[i];

		if (part->offset < at || part->offset > size || part->len > size - part->offset)
			return false;
		at = part->offset + part->len;
		sum += part->len;
	}
	return sum == packed && !parts->half;
}

void sp_tar_parts_reset(struct sp_tar_parts *parts)
{
	parts->list_nr = 0;
	parts->half = false;
}

void sp_tar_parts_release(struct sp_tar_parts *parts)
{
	free(parts->list);
	*parts = (struct sp_tar_parts){ 0 };
}
