/*
 * Size by cause: what would go if a direct dependency of the program went.
 */
#include <string.h>

#include "loader/closure.h"

/* Adjacency as two arrays: the edges of object i are list[first[i]] to
 * list[first[i + 1]]. */
struct graph {
	const struct sp_closure *closure;
	size_t *first, *list, *stack;
	bool *seen;
};

static void graph_init(struct graph *g, const struct sp_closure *closure,
		       struct sp_arena *arena)
{
	size_t nr = closure->objects_nr, edges = closure->edges_nr;

	g->closure = closure;
	g->first = sp_arena_alloc(arena, (nr + 2) * sizeof(size_t));
	g->list = sp_arena_alloc(arena, (edges + 1) * sizeof(size_t));
	g->stack = sp_arena_alloc(arena, (nr + 1) * sizeof(size_t));
	g->seen = sp_arena_alloc(arena, nr + 1);
	for (size_t i = 0; i < edges; i++)
		g->first[closure->edges[i].from + 2]++;
	for (size_t i = 2; i < nr + 2; i++)
		g->first[i] += g->first[i - 1];
	for (size_t i = 0; i < edges; i++)
		g->list[g->first[closure->edges[i].from + 1]++] = i;
}

/* Mark all that the program reaches without one of its edges; give the bytes. */
static uint64_t reach_without(struct graph *g, size_t without, size_t *ret_objects)
{
	const struct sp_closure *closure = g->closure;
	uint64_t bytes = 0;
	size_t top = 0;

	memset(g->seen, 0, closure->objects_nr);
	*ret_objects = 0;
	g->stack[top++] = 0;
	g->seen[0] = true;
	while (top) {
		size_t at = g->stack[--top];

		bytes += closure->objects[at].found.st.size;
		(*ret_objects)++;
		for (size_t k = g->first[at]; k < g->first[at + 1]; k++) {
			size_t to = closure->edges[g->list[k]].to;

			if (g->list[k] == without || g->seen[to])
				continue;
			g->seen[to] = true;
			g->stack[top++] = to;
		}
	}
	return bytes;
}

size_t sp_closure_causes(const struct sp_closure *closure, struct sp_arena *arena,
			 struct sp_cause **ret)
{
	struct graph g;
	size_t nr = 0, all;

	graph_init(&g, closure, arena);
	*ret = sp_arena_alloc(arena, (closure->edges_nr + 1) * sizeof(**ret));
	uint64_t total = reach_without(&g, SIZE_MAX, &all);
	for (size_t k = g.first[0]; k < g.first[1]; k++) {
		size_t left;
		uint64_t bytes = reach_without(&g, g.list[k], &left);

		(*ret)[nr++] = (struct sp_cause){
			.edge = g.list[k], .objects = all - left, .bytes = total - bytes };
	}
	return nr;
}
