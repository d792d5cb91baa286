/*
 * The file system that an image's layers make together: names and attributes,
 * no contents.
 *
 *	uint64_t budget = SP_TREE_BUDGET;
 *	struct sp_tree *tree = sp_tree_new(&budget);
 *
 *	for each layer, bottom first:
 *		sp_tree_apply(tree, entries, nr, &watch, err);
 *	node = sp_tree_find(tree, "/bin/app", true);
 *	if (node != SP_TREE_NONE)
 *		... sp_tree_node(tree, node)->mode ...
 *	sp_tree_free(tree);
 *
 * A tree borrows the strings of the entries, which must outlive it.
 */
#ifndef SP_IMAGE_TREE_H
#define SP_IMAGE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_TREE_NODES_MAX (1 << 20)	/* entries, and parents that none named */
#define SP_TREE_BUDGET UINT64_C(30000000)	/* path components, and bytes of links */
#define SP_TREE_NONE UINT32_MAX
#define SP_TREE_ROOT 0			/* "/", which is always there */

enum sp_tree_type {
	SP_TREE_DIR, SP_TREE_FILE, SP_TREE_SYMLINK,
	SP_TREE_OTHER,			/* device or FIFO */
	SP_TREE_HARDLINK,		/* in layers only: a node is what it links to */
	SP_TREE_WHITEOUT,		/* in layers only: path was deleted */
	SP_TREE_OPAQUE			/* in layers only: what was in path was deleted */
};

/* One entry of a layer. */
struct sp_tree_entry {
	const char *path;		/* absolute and clean */
	const char *target;		/* text of a symlink, clean path of a hard link */
	uint64_t size;
	uint32_t uid, gid;
	uint16_t mode;			/* the 12 permission bits */
	uint8_t type;			/* enum sp_tree_type */
	const void *kept;		/* what a witness keeps of a file, or NULL */
};

struct sp_tree_node {
	const char *name;		/* name_len bytes, no NUL after them */
	const char *target;		/* text of a symlink */
	const void *kept;
	uint64_t size;
	uint32_t uid, gid;
	uint32_t parent, child, sibling;	/* SP_TREE_NONE at the end */
	uint16_t name_len, mode;
	uint8_t type;
	bool gone;			/* deleted, and all below it */
};

struct sp_tree;

/* An empty tree.  budget is lowered by the work done and may be shared by
 * several trees; when it is used up, sp_tree_apply() fails and nothing is found. */
struct sp_tree *sp_tree_new(uint64_t *budget);
void sp_tree_free(struct sp_tree *tree);	/* NULL allowed */

/* Told of entries that cannot be what they say: id "hard-link-target" or
 * "parent-not-directory", or the notes "whiteout-without-target" and
 * "below-symlink" (is_note).  Such an entry is left out, except for a note. */
struct sp_tree_watch {
	void (*found)(void *ctx, bool is_note, const char *id, const char *path,
		      const char *what);
	void *ctx;
};

/*
 * Put a layer on top: first its deletions, which touch only what lower layers
 * brought, then its entries in their order (image-spec layer.md).  SP_EVERIFY if
 * a limit is reached.
 */
SP_CHECKED int sp_tree_apply(struct sp_tree *tree, const struct sp_tree_entry *entries,
			     size_t nr, const struct sp_tree_watch *watch,
			     struct sp_err *err);

/*
 * The node at path, links resolved inside the tree, at most SP_LINKS_MAX of
 * them; a link at the very end is followed if follow says so.  SP_TREE_NONE if
 * the path leads nowhere.
 */
uint32_t sp_tree_find(struct sp_tree *tree, const char *path, bool follow);
const struct sp_tree_node *sp_tree_node(const struct sp_tree *tree, uint32_t node);

/* The path of a node, in the arena. */
const char *sp_tree_path(const struct sp_tree *tree, uint32_t node,
			 struct sp_arena *arena);

#endif
