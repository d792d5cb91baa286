/*
 * Paths as byte strings.  Nothing here touches the disk.
 *
 * An image path is absolute and normalised: it begins with '/', has no empty,
 * "." or ".." component and no slash at the end, except for "/" itself.
 */
#ifndef SP_BASE_PATH_H
#define SP_BASE_PATH_H

#include <stdbool.h>

#include "base/mem.h"

#define SP_PATH_MAX 4096	/* bytes in a path, as in Linux */
#define SP_NAME_LIMIT 255	/* bytes in one component */

/* base and rest with one slash between them, in the arena; not normalised. */
char *sp_path_join(struct sp_arena *arena, const char *base, const char *rest);

/*
 * The image path that path means when it is read from "/": "..", "." and double
 * slashes are taken out by their text alone.  A relative path counts from "/".
 */
char *sp_path_clean(struct sp_arena *arena, const char *path);

/* All but the last component: "/a/b" gives "/a", "/a" gives "/". */
char *sp_path_dirname(struct sp_arena *arena, const char *path);

/* The last component, as a pointer into path; "" for "/". */
const char *sp_path_basename(const char *path);

/* Is path the directory dir itself, or below it? */
bool sp_path_within(const char *path, const char *dir);

/* Is it in a directory that the kernel fills: /proc, /sys, /dev? */
bool sp_path_is_kernels(const char *path);

/*
 * Why a path cannot stand in an image, or NULL if it can: too long, a component
 * too long, or one that a layer would read as a deletion mark (".wh.").
 */
const char *sp_path_problem(const char *path);

/*
 * Does glob match path?  '*', '?' and a set "[...]" stop at a slash.  "**" does
 * not; between slashes it stands for any number of components, none included.  A
 * glob without a slash (but at its end) is tried on each component, any other on
 * the whole path; one that matches a directory matches what is below it.
 */
bool sp_path_match(const char *glob, const char *path);

#endif
