/*
 * Base64 (RFC 4648, section 4).
 */
#ifndef SP_BASE_BASE64_H
#define SP_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Append the text of len bytes, padded. */
void sp_base64_add(struct sp_buf *buf, const void *data, size_t len);

/* Append the bytes that text stands for; padding may be missing.  False, and buf
 * as it was, if it is no base64. */
bool sp_base64_decode(const char *text, struct sp_buf *buf);

#endif
