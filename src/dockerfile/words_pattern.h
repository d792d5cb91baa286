/*
 * Patterns in variables: ${NAME#pattern}, ${NAME%pattern}, ${NAME/pattern/text} and
 * their doubled forms.
 *
 * '*' stands for any text, '?' for one character; a backslash makes these two and
 * itself ordinary ones, and is dropped in front of '}' and '/'.
 */
#ifndef SP_DOCKERFILE_WORDS_PATTERN_H
#define SP_DOCKERFILE_WORDS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define SP_WORD_PATTERN_MAX 256			/* items of one pattern */
#define SP_WORD_PATTERN_VALUE_MAX (64 * 1024)	/* characters that are searched */

/* What stays of value into ret, once what the pattern matches is cut off its end, or
 * its beginning: as little as matches, or as much with longest.  SP_EUSAGE for a
 * pattern that is not well formed, and beyond the limits. */
SP_CHECKED int sp_words_trim(const char *value, const char *pattern, bool end, bool longest,
			     struct sp_buf *ret, struct sp_err *err);

/* value into ret, with the first match of the pattern, or all of them, replaced by
 * text.  A match begins as early and is as long as it can be. */
SP_CHECKED int sp_words_replace(const char *value, const char *pattern, const char *text,
				bool all, struct sp_buf *ret, struct sp_err *err);

#endif
