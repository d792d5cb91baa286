/*
 * .ARM.attributes: what architecture and which calling convention the object
 * files were built for (Arm ABI addenda, "build attributes").
 *
 * 'A', then blocks of: length, vendor name, and sub-blocks of: tag, length,
 * attributes.  Only the "aeabi" block's attributes of the whole file count.
 */
#include <string.h>

#include "elf/reader.h"

enum { TAG_FILE = 1, TAG_CPU_RAW_NAME = 4, TAG_CPU_NAME = 5, TAG_CPU_ARCH = 6,
       TAG_VFP_ARGS = 28, TAG_COMPATIBILITY = 32 };

struct cursor {
	const uint8_t *p, *end;
};

/* ULEB128; a number too large or cut short ends the walk. */
static bool number(struct cursor *c, uint32_t *ret)
{
	uint32_t n = 0;

	for (unsigned shift = 0; c->p < c->end && shift < 28; shift += 7) {
		uint8_t byte = *c->p++;

		n |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

static bool string(struct cursor *c, const char **ret)
{
	const uint8_t *nul = memchr(c->p, '\0', (size_t)(c->end - c->p));

	if (!nul)
		return false;
	*ret = (const char *)c->p;
	c->p = nul + 1;
	return true;
}

static bool one_attribute(struct cursor *c, struct sp_elf *elf)
{
	uint32_t tag, value = 0;
	const char *text;

	if (!number(c, &tag))
		return false;
	/* Above 32, odd tags have a string and even ones a number. */
	if (tag == TAG_CPU_RAW_NAME || tag == TAG_CPU_NAME ||
	    (tag > TAG_COMPATIBILITY && tag % 2 == 1))
		return string(c, &text);
	if (!number(c, &value))
		return false;
	if (tag == TAG_COMPATIBILITY)
		return string(c, &text);
	if (tag == TAG_CPU_ARCH)
		elf->arm_arch = (int)value;
	else if (tag == TAG_VFP_ARGS && value == 1)
		elf->arm_hard_float = true;
	return true;
}

/* Take a block off c: a 32-bit length that counts from start, and the rest. */
static bool block(const struct sp_reader *r, struct cursor *c, const uint8_t *start,
		  struct cursor *ret)
{
	size_t len;

	if (c->end - c->p < 4)
		return false;
	len = sp_reader_u32(r, c->p);
	if (len > (size_t)(c->end - start) || len < (size_t)(c->p + 4 - start))
		return false;
	*ret = (struct cursor){ c->p + 4, start + len };
	c->p = start + len;
	return true;
}

void sp_attributes_read(const struct sp_reader *r, const uint8_t *data, size_t len,
			struct sp_elf *elf)
{
	struct cursor all = { data, data + len }, vendor, part;
	const char *name;
	uint32_t tag;

	if (len == 0 || *all.p++ != 'A')
		return;
	while (block(r, &all, all.p, &vendor)) {
		if (!string(&vendor, &name))
			return;
		while (strcmp(name, "aeabi") == 0) {
			const uint8_t *start = vendor.p;

			if (!number(&vendor, &tag) || !block(r, &vendor, start, &part))
				break;
			while (tag == TAG_FILE && one_attribute(&part, elf))
				;
		}
	}
}
