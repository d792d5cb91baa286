/*
 * What an entry of a layer means, and what no layer may hold (image-spec layer.md).
 * One set of rules for those who verify an image and those who use it.
 */
#ifndef SP_IMAGE_LAYER_RULES_H
#define SP_IMAGE_LAYER_RULES_H

#include "image/tar_read.h"
#include "image/tree.h"

#define SP_RULES_ENTRIES_MAX 1000000	/* of all layers together */
#define SP_RULES_NAMES_MAX (256 * 1024 * 1024)	/* bytes of their names */

/* How many there have been in all layers of an image. */
struct sp_rules_count {
	uint64_t entries, names;
};

/* Count an entry.  SP_EVERIFY if there are too many, or too long ones. */
SP_CHECKED int sp_rules_count(struct sp_rules_count *count, const struct sp_tar_item *item,
			      struct sp_err *err);

/* Told of breaches and of what is worth a word (is_note).  item is NULL for what
 * concerns the whole layer; what is a phrase. */
struct sp_rules_watch {
	void (*found)(void *ctx, bool is_note, const char *id,
		      const struct sp_tar_item *item, const char *what);
	void *ctx;
};

/*
 * The meaning of an entry.  *ret is filled, its strings in the arena, and true
 * returned unless it breaks a rule or means nothing, of which the watch was told.
 */
bool sp_rules_entry(const struct sp_tar_item *item, struct sp_arena *arena,
		    const struct sp_rules_watch *watch, struct sp_tree_entry *ret);

/* Call found for every path that stands in a layer twice: layer.md forbids it, and
 * tar-split, in Docker and podman, refuses such a layer. */
void sp_rules_duplicates(const struct sp_tree_entry *entries, size_t nr,
			 void (*found)(void *ctx, const char *path), void *ctx);

#endif
