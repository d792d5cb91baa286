/*
 * Nodes of a tree and the hash table over them.  Names come from images and may
 * be chosen to collide, so the hash is SipHash (Aumasson, Bernstein, 2012) with
 * one compression and three final rounds, under a key that nobody can foresee;
 * the results do not depend on it.
 */
#include "image/tree_nodes.h"

#include <string.h>

#include "base/vec.h"

static uint64_t rotate(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1], v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1], v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static uint64_t hash(const struct sp_tree_nodes *t, uint32_t parent, const char *name,
		     size_t len)
{
	uint64_t v[4] = {
		t->key[0] ^ 0x736f6d6570736575, t->key[1] ^ 0x646f72616e646f6d,
		t->key[0] ^ 0x6c7967656e657261, t->key[1] ^ 0x7465646279746573,
	};
	uint64_t word = 0;

	sip_word(v, (uint64_t)len << 32 | parent);
	for (; len >= 8; len -= 8, name += 8) {
		memcpy(&word, name, 8);
		sip_word(v, word);
	}
	word = 0;
	memcpy(&word, name, len);
	sip_word(v, word);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* The slot of the name, dead or alive, or the empty one where it would go. */
static uint32_t *slot_of(const struct sp_tree_nodes *t, uint32_t parent,
			 const char *name, size_t len)
{
	size_t i = (size_t)hash(t, parent, name, len) & (t->slots_alloc - 1);

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
	/* where the kernel put our memory is all the chance a library without
	 * clock and environment has */
	t->key[0] = (uint64_t)(uintptr_t)t * UINT64_C(0x9e3779b97f4a7c15);
	t->key[1] = (uint64_t)(uintptr_t)t->slots ^ rotate((uint64_t)(uintptr_t)&grow, 32);
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
