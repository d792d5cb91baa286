/*
 * .dockerignore: which files of the context are as if they were not there; and the
 * patterns of COPY --exclude and --parents, which are of the same kind.
 *
 *	struct sp_ignore *ignore;
 *
 *	sp_ignore_read("./.dockerignore", text, len, &ignore, err);
 *	if (sp_ignore_match(ignore, "docs/a.md"))
 *		...
 *	sp_ignore_free(ignore);
 */
#ifndef SP_DOCKERFILE_IGNORE_H
#define SP_DOCKERFILE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SP_IGNORE_SIZE_MAX (1024 * 1024)	/* bytes of the file */
#define SP_IGNORE_PATTERNS_MAX 10000

struct sp_ignore;

/* Read the patterns of len bytes; name is for messages.  SP_EUSAGE for a pattern
 * that is not well formed. */
SP_CHECKED int sp_ignore_read(const char *name, const char *text, size_t len,
			      struct sp_ignore **ret, struct sp_err *err);
/* The same from a list of patterns; name is for messages ("--exclude"). */
SP_CHECKED int sp_ignore_of(const char *name, const char *const *patterns, size_t nr,
			    struct sp_ignore **ret, struct sp_err *err);
void sp_ignore_free(struct sp_ignore *ignore);	/* NULL allowed */

/* Is the file left out?  path is relative to the context, "a/b".  A pattern that
 * matches a directory matches all below it; the last pattern that matches decides.
 * With ignore NULL nothing is left out. */
bool sp_ignore_match(const struct sp_ignore *ignore, const char *path);

/* May something below a directory that is left out be let in again ("!")? */
bool sp_ignore_has_exceptions(const struct sp_ignore *ignore);

#endif
