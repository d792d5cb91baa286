/*
 * Nodes of a tree and the hash table over them.  Names come from images and may
 * be chosen to collide, so the hash has a key that nobody can foresee; the results do
 * not depend on it.
 */
#include "image/tree_nodes.h"

#include <string.h>

#include "base/siphash.h"
#include "base/vec.h"

/* The slot of the name, dead or alive, or the empty one where it would go. */
static uint32_t *slot_of(const struct sp_tree_nodes *t, uint32_t parent,
			 const char *name, size_t len)
{
	size_t i = (size_t)sp_siphash_pair(t->key, parent, name, len) & (t->slots_alloc - 1);

	for (;; i = (i + 1) & (t->slots_alloc - 1)) {
		if (t->slots[i] == SP_TREE_NONE)
			return &t->slots[i];
		const struct sp_tree_node *node = &t->nodes[t->slots[i]];
		if (node->parent == parent && node->name_len == len &&
		    memcmp(node->name, name, len) == 0)
			return &t->slots[i];
	}
}

static void grow(struct sp_tree_nodes *t)
{
	uint32_t *old = t->slots;
	size_t old_alloc = t->slots_alloc;

	t->slots_alloc = old_alloc ? old_alloc * 2 : 64;
	t->slots = sp_malloc(t->slots_alloc * sizeof(*t->slots));
	memset(t->slots, 0xff, t->slots_alloc * sizeof(*t->slots));
	for (size_t i = 0; i < old_alloc; i++) {
		if (old[i] == SP_TREE_NONE)
			continue;
		const struct sp_tree_node *node = &t->nodes[old[i]];
		*slot_of(t, node->parent, node->name, node->name_len) = old[i];
	}
	free(old);
}

void sp_tree_nodes_init(struct sp_tree_nodes *t)
{
	*t = (struct sp_tree_nodes){ 0 };
	grow(t);
	sp_siphash_key(t->key);
	*SP_VEC_PUSH(t->nodes) = (struct sp_tree_node){
		.name = "", .parent = SP_TREE_NONE, .child = SP_TREE_NONE,
		.sibling = SP_TREE_NONE, .type = SP_TREE_DIR, .mode = 0755,
	};
}

void sp_tree_nodes_release(struct sp_tree_nodes *t)
{
	free(t->nodes);
	free(t->slots);
	*t = (struct sp_tree_nodes){ 0 };
}

uint32_t sp_tree_nodes_child(const struct sp_tree_nodes *t, uint32_t parent,
			     const char *name, size_t len)
{
	uint32_t node = *slot_of(t, parent, name, len);

	return node == SP_TREE_NONE || t->nodes[node].gone ? SP_TREE_NONE : node;
}

uint32_t sp_tree_nodes_add(struct sp_tree_nodes *t, uint32_t parent, const char *name,
			   size_t len)
{
	uint32_t number = (uint32_t)t->nodes_nr;

	if (t->slots_nr * 2 >= t->slots_alloc)
		grow(t);
	uint32_t *slot = slot_of(t, parent, name, len);
	t->slots_nr += *slot == SP_TREE_NONE;
	*slot = number;
	*SP_VEC_PUSH(t->nodes) = (struct sp_tree_node){
		.name = name, .name_len = (uint16_t)len, .parent = parent,
		.child = SP_TREE_NONE, .sibling = t->nodes[parent].child,
	};
	t->nodes[parent].child = number;
	return number;
}
