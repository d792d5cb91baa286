/*
 * UTF-8, and the escapes by which JSON and its kin write characters.
 */
#ifndef SP_BASE_UTF8_H
#define SP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Add the character c, at most U+10FFFF, as one to four bytes. */
void sp_utf8_add(struct sp_buf *buf, unsigned c);

/* The number that the four hex digits at p stand for; false if four such are not among
 * the len bytes there. */
bool sp_utf8_hex4(const char *p, size_t len, unsigned *ret);

/* The character beyond 16 bits that a surrogate pair stands for; 0 if the two are none. */
unsigned sp_utf8_pair(unsigned high, unsigned low);

#endif
