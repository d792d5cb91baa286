/*
 * The merged file system of an image as a root.
 */
#include "image/tree_root.h"

#include <errno.h>

#include "base/vec.h"

struct tree_root {
	struct sp_tree *tree;
	int (*open_kept)(const void *kept, struct sp_file *ret);
};

static enum sp_type type_of(const struct sp_tree_node *node)
{
	switch (node->type) {
	case SP_TREE_DIR:
		return SP_DIR;
	case SP_TREE_FILE:
		return SP_FILE;
	case SP_TREE_SYMLINK:
		return SP_SYMLINK;
	default:
		return SP_OTHER;
	}
}

/* An image is one file system, and another one than any other image: the tree's
 * address is a number for it. */
static void fill(const struct tree_root *r, uint32_t number, struct sp_stat *ret)
{
	const struct sp_tree_node *node = sp_tree_node(r->tree, number);

	*ret = (struct sp_stat){
		.type = type_of(node), .mode = node->mode, .uid = node->uid,
		.gid = node->gid, .nlink = 1, .size = node->size, .dev = (uint64_t)(uintptr_t)r->tree,
		/* names of one hard link share what was kept of the file */
		.ino = node->kept ? (uint64_t)(uintptr_t)node->kept : number,
	};
}

static int tree_lstat(void *ctx, const char *path, struct sp_stat *ret, char **ret_target)
{
	struct tree_root *r = ctx;
	uint32_t number = sp_tree_find(r->tree, path, false);

	if (number == SP_TREE_NONE)
		return 0;
	const struct sp_tree_node *node = sp_tree_node(r->tree, number);
	fill(r, number, ret);
	if (ret->type == SP_SYMLINK)
		*ret_target = sp_strdup(node->target);
	return 0;
}

static int tree_open(void *ctx, const char *path, struct sp_file *ret)
{
	struct tree_root *r = ctx;
	uint32_t number = sp_tree_find(r->tree, path, false);

	if (number == SP_TREE_NONE)
		return -ENOENT;
	const struct sp_tree_node *node = sp_tree_node(r->tree, number);
	if (node->type == SP_TREE_DIR)
		return -EISDIR;
	if (node->type != SP_TREE_FILE)
		return -ENXIO;
	fill(r, number, &ret->st);
	return node->kept ? r->open_kept(node->kept, ret) : -EACCES;
}

static int tree_list(void *ctx, const char *path, char ***ret, size_t *ret_nr)
{
	struct tree_root *r = ctx;
	struct { char **names; size_t names_nr, names_alloc; } v = { 0 };
	uint32_t number = sp_tree_find(r->tree, path, false);

	if (number == SP_TREE_NONE)
		return -ENOENT;
	for (uint32_t i = sp_tree_node(r->tree, number)->child; i != SP_TREE_NONE;
	     i = sp_tree_node(r->tree, i)->sibling) {
		const struct sp_tree_node *node = sp_tree_node(r->tree, i);

		if (!node->gone)
			*SP_VEC_PUSH(v.names) = sp_strndup(node->name, node->name_len);
	}
	*ret = v.names;
	*ret_nr = v.names_nr;
	return 0;
}

static void tree_free(void *ctx)
{
	free(ctx);	/* the tree is borrowed */
}

static const struct sp_root_ops tree_ops = {
	.lstat = tree_lstat, .open = tree_open, .list = tree_list, .free = tree_free,
};

struct sp_root *sp_tree_root_new(struct sp_tree *tree,
				 int (*open_kept)(const void *kept, struct sp_file *ret),
				 const char *label)
{
	struct tree_root *r = sp_calloc(1, sizeof(*r));

	r->tree = tree;
	r->open_kept = open_kept;
	return sp_root_new(&tree_ops, r, label);
}
