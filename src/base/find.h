/*
 * Byte strings in other bytes: memmem(), but by the least usual byte of what is looked
 * for, of which memchr() finds the next many times as fast.
 *
 *	struct sp_needle needle = sp_needle_of("aws_secret_access_key");
 *	const char *at = sp_needle_find(&needle, text, text + len);
 */
#ifndef SP_BASE_FIND_H
#define SP_BASE_FIND_H

#include <stddef.h>

struct sp_needle {
	const char *text;		/* borrowed */
	size_t len, rare;		/* the byte by which it is found */
};

/* text is not empty, and outlives the needle. */
struct sp_needle sp_needle_of(const char *text);

/* The first needle in [at, end), or NULL. */
const char *sp_needle_find(const struct sp_needle *needle, const char *at, const char *end);

#endif
