/*
 * Name patterns as COPY and ADD have them: those of Go's filepath.Match.
 */
#ifndef SP_DOCKERFILE_GLOB_H
#define SP_DOCKERFILE_GLOB_H

#include <stdbool.h>

/* Does path have a '*', '?' or '[' that no backslash stands before? */
bool sp_glob_has_magic(const char *path);

/* Is the pattern well formed: every set closed, no backslash at the end? */
bool sp_glob_valid(const char *pattern);

/* Does the pattern match all of name?  '*', '?' and a set "[...]" stop at a slash, a
 * backslash makes the next character an ordinary one. */
bool sp_glob_match(const char *pattern, const char *name);

/* The same with "**", which stands for anything, slashes included; in front of a
 * slash it stands for any number of leading components, none included. */
bool sp_glob_match_deep(const char *pattern, const char *name);

#endif
