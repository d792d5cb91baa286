/*
 * The text of a Dockerfile -> logical lines: parser directives, comments,
 * continuations and here-documents are dealt with, words are not looked at.
 *
 * Source: the reference of the Dockerfile format, and the behaviour of BuildKit
 * where that is silent.
 */
#ifndef SP_DOCKERFILE_LINES_H
#define SP_DOCKERFILE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define SP_DOCKERFILE_SIZE_MAX (4 * 1024 * 1024)	/* bytes of the file */

struct sp_heredoc {
	const char *name;	/* the word behind "<<", without quotes */
	const char *text;	/* with the tabs removed that "<<-" removes */
	bool expand;		/* the word had no quotes: variables are replaced */
};

struct sp_line {
	unsigned number;	/* of its first line in the file, from 1 */
	const char *keyword;	/* in capitals; any word */
	const char *rest;	/* what follows it, without space at either end */
	const struct sp_heredoc *heredocs;
	size_t heredocs_nr;
};

struct sp_lines {
	struct sp_arena arena;
	char escape;		/* '\\', or '`' by directive */
	const char *syntax;	/* of the directive "# syntax=", or NULL */
	struct sp_line *lines;
	size_t lines_nr, lines_alloc;
};

/*
 * Cut up len bytes.  name is what messages call the file.  SP_EUSAGE, with
 * NAME:LINE in front: bytes that are no text, a bad directive, a here-document
 * without an end.  Release with sp_lines_release(), also after a failure.
 */
SP_CHECKED int sp_lines_read(const char *name, const char *text, size_t len,
			     struct sp_lines *ret, struct sp_err *err);
void sp_lines_release(struct sp_lines *lines);

#endif
