/*
 * Adding to a closure what it can do without: a plugin whose own libraries are not there
 * is not loaded by its program, and must not make an image impossible.
 */
#include "loader/closure.h"

#include "base/map.h"

/* How much of everything there was. */
struct state {
	size_t objects, edges, missing, problems, remarks;
};

static struct state state_of(const struct sp_closure *c)
{
	return (struct state){ c->objects_nr, c->edges_nr, c->missing_nr, c->problems_nr,
			       c->remarks_nr };
}

static void go_back(struct sp_closure *c, const struct state *was)
{
	for (size_t i = was->objects; i < c->objects_nr; i++) {
		if (!c->objects[i].borrowed)
			sp_elf_free(c->objects[i].elf);
		free(c->objects[i].rpath.dirs);
		free(c->objects[i].runpath.dirs);
	}
	for (size_t i = was->edges; i < c->edges_nr; i++)
		free(c->edges[i].probes);
	for (size_t i = was->missing; i < c->missing_nr; i++)
		free(c->missing[i].probes);
	sp_map_cut(&c->by_name, was->objects);
	sp_map_cut(&c->by_soname, was->objects);
	sp_map_cut(&c->by_inode, was->objects);
	c->objects_nr = was->objects;
	c->edges_nr = was->edges;
	c->missing_nr = was->missing;
	c->problems_nr = was->problems;
	c->remarks_nr = was->remarks;
}

static const char *lack(struct sp_closure *c, const struct state *was)
{
	if (c->missing_nr > was->missing) {
		const struct sp_missing *m = &c->missing[was->missing];

		return sp_arena_strf(&c->arena, "%s: %s, needed by %s", m->name, m->why,
				     m->from == SP_NO_OBJECT ? "LD_PRELOAD" :
							       c->objects[m->from].path);
	}
	return c->problems_nr > was->problems ? c->problems[was->problems].text : NULL;
}

/* The files that came, but for the first, which is what was to be added. */
static uint64_t bytes_since(const struct sp_closure *c, const struct state *was)
{
	uint64_t sum = 0;

	for (size_t i = was->objects + 1; i < c->objects_nr; i++)
		sum += c->objects[i].found.st.size;
	return sum;
}

/* What came of it: rc and err are those of the attempt. */
static int settle(struct sp_closure *c, const struct state *was, int rc, bool *ret_met,
		  const char **ret_why, struct sp_err *err)
{
	const char *why = rc ? NULL : lack(c, was);

	if (rc && err->code != SP_EPROGRAM)
		return -1;
	if (rc) {
		why = sp_arena_strdup(&c->arena, err->msg);
		*err = (struct sp_err){ 0 };
	}
	if (why) {
		go_back(c, was);
		*ret_met = false;
	}
	if (ret_why)
		*ret_why = why;
	return 0;
}

int sp_closure_try_add(struct sp_closure *c, struct sp_root *root, const char *path,
		       const char *image_path, uint64_t bytes_max, bool *ret_met,
		       const char **ret_why, struct sp_err *err)
{
	struct state was = state_of(c);

	*ret_met = true;
	if (settle(c, &was, sp_closure_add(c, root, path, image_path, err), ret_met, ret_why,
		   err))
		return -1;
	if (*ret_met && bytes_max && bytes_since(c, &was) > bytes_max) {
		go_back(c, &was);
		*ret_met = false;
	}
	return 0;
}

int sp_closure_try_open(struct sp_closure *c, size_t from, const char *name,
			bool *ret_met, const char **ret_why, struct sp_err *err)
{
	struct state was = state_of(c);

	*ret_met = false;
	return settle(c, &was, sp_closure_open(c, from, name, ret_met, err), ret_met, ret_why,
		      err);
}
