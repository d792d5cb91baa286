/*
 * The inside of a tree: nodes by number, and a table that finds them by parent
 * and name.  For tree.c alone; the rules of layers are there.
 */
#ifndef SP_IMAGE_TREE_NODES_H
#define SP_IMAGE_TREE_NODES_H

#include "image/tree.h"

struct sp_tree_nodes {
	struct sp_tree_node *nodes;
	size_t nodes_nr, nodes_alloc;
	uint32_t *slots;		/* node numbers, SP_TREE_NONE if empty */
	size_t slots_nr, slots_alloc;
	uint64_t key[2];		/* of the hash */
};

/* A table with the root in it; release gives its memory back. */
void sp_tree_nodes_init(struct sp_tree_nodes *t);
void sp_tree_nodes_release(struct sp_tree_nodes *t);

/* The node called name in the directory parent, SP_TREE_NONE if there is none. */
uint32_t sp_tree_nodes_child(const struct sp_tree_nodes *t, uint32_t parent,
			     const char *name, size_t len);

/* A new node there, which must not exist; its other fields are 0. */
uint32_t sp_tree_nodes_add(struct sp_tree_nodes *t, uint32_t parent, const char *name,
			   size_t len);

#endif
