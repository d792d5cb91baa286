/*
 * The closure: a work list over what objects need, breadth first as both loaders
 * do it.  Where it begins is begin.c's, which file a name stands for glibc.c's and
 * musl.c's business.
 */
#include "loader/closure.h"

#include <string.h>

#include "base/vec.h"
#include "loader/search.h"

const char *sp_rule_name(enum sp_rule rule)
{
	static const char *const names[] = {
		[SP_RULE_PROGRAM] = "program",
		[SP_RULE_INTERPRETER] = "interpreter",
		[SP_RULE_LOADED] = "already loaded",
		[SP_RULE_PATH] = "path",
		[SP_RULE_RPATH] = "RPATH",
		[SP_RULE_LIBRARY_PATH] = "LD_LIBRARY_PATH",
		[SP_RULE_RUNPATH] = "RUNPATH",
		[SP_RULE_CACHE] = "ld.so.cache",
		[SP_RULE_DEFAULT] = "default directory",
		[SP_RULE_MUSL_PATH] = "musl path file",
		[SP_RULE_SELF] = "the loader itself",
		[SP_RULE_PRELOAD] = "LD_PRELOAD",
		[SP_RULE_VARIANT] = "glibc-hwcaps",
		[SP_RULE_ADDED] = "added",
	};

	return names[rule];
}

void sp_closure_free(struct sp_closure *closure)
{
	if (!closure)
		return;
	for (size_t i = 0; i < closure->objects_nr; i++) {
		if (!closure->objects[i].borrowed)
			sp_elf_free(closure->objects[i].elf);
		free(closure->objects[i].rpath.dirs);
		free(closure->objects[i].runpath.dirs);
	}
	for (size_t i = 0; i < closure->missing_nr; i++)
		free(closure->missing[i].probes);
	for (size_t i = 0; i < closure->edges_nr; i++)
		free(closure->edges[i].probes);
	free(closure->library_path.dirs);
	free(closure->builtin.dirs);
	free(closure->objects);
	free(closure->edges);
	free(closure->missing);
	free(closure->problems);
	free(closure->remarks);
	sp_cache_free(closure->cache);
	sp_map_release(&closure->by_name);
	sp_map_release(&closure->by_soname);
	sp_map_release(&closure->by_inode);
	sp_arena_release(&closure->arena);
	free(closure);
}

int sp_closure_push_file(struct sp_closure *closure, struct sp_object *object,
			 size_t *ret_index, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	const char *shown = sp_root_show(object->root, object->path);

	if (sp_root_resolve(object->root, object->path, &object->found, err))
		return -1;
	if (!object->found.real)
		return sp_err_diagnose(err, "missing-file", "%s: no such file%s", shown,
				  object->found.links_nr ?
					  " (it is a symbolic link that leads nowhere)" : "");
	if (sp_root_open(object->root, object->found.real, &file, err)) {
		err->code = SP_EPROGRAM;
		return -1;
	}
	if (sp_elf_read_watching(&file, closure->watch, &object->elf, err))
		return sp_err_wrap(err, "%s", shown);
	*ret_index = sp_closure_push(closure, object);
	return 0;
}

static void add_missing(struct sp_closure *closure, struct sp_search *s)
{
	*SP_VEC_PUSH(closure->missing) = (struct sp_missing){
		.from = s->from,
		.name = sp_arena_strdup(&closure->arena, s->name),
		.why = s->why ? s->why : "not found",
		.probes = sp_steal_ptr(&s->probes),
		.probes_nr = s->probes_nr,
	};
}

static void keep_probes(struct sp_closure *closure, struct sp_search *s)
{
	struct sp_edge *edge = &closure->edges[closure->edges_nr - 1];

	edge->probes = sp_steal_ptr(&s->probes);
	edge->probes_nr = s->probes_nr;
}

int sp_closure_need(struct sp_closure *closure, size_t from, const char *name,
		    bool may_lack, struct sp_err *err)
{
	struct sp_search s = {
		.closure = closure, .from = from, .name = name,
		.rule_of = SP_NO_OBJECT, .object = SP_NO_OBJECT,
	};
	if (sp_glibc_has_vdso(closure, name))
		return 0;
	int rc = closure->loader.libc == SP_LIBC_MUSL ? sp_musl_find(&s, err) :
							sp_glibc_find(&s, err);

	if (rc == 0 && s.object == SP_NO_OBJECT && !may_lack) {
		rc = sp_glibc_explain(&s, err);
		add_missing(closure, &s);
	}
	if (rc == 0 && s.object != SP_NO_OBJECT) {
		const char *kept = sp_arena_strdup(&closure->arena, name);

		/* glibc knows an object by every name that led to it */
		if (closure->loader.libc == SP_LIBC_GLIBC &&
		    sp_map_get(&closure->by_name, s.known_as) == SP_MAP_NONE)
			sp_map_set(&closure->by_name, s.known_as == name ? kept : s.known_as,
				   s.object);
		if (from != SP_NO_OBJECT)
			*SP_VEC_PUSH(closure->edges) = (struct sp_edge){
				.from = from, .to = s.object, .name = kept, .rule = s.rule,
				.also = s.also };
		if (from != SP_NO_OBJECT && closure->keep_probes)
			keep_probes(closure, &s);
	}
	free(s.probes);
	return rc;
}

/*
 * Objects whose needs are still to be found: breadth first, except that glibc puts what
 * a filter names before the filter, so that it comes next (_dl_map_object_deps()).
 */
struct queue {
	size_t *list;
	size_t list_nr, list_alloc;
	size_t at;		/* where those begin that wait */
	size_t seen;		/* so many objects have been put into it, or came before it */
};

static void queue_release(struct queue *q)
{
	free(q->list);
}

static void add_new(struct queue *q, const struct sp_closure *closure)
{
	for (; q->seen < closure->objects_nr; q->seen++)
		*SP_VEC_PUSH(q->list) = q->seen;
}

/* Let an object that waits at this place or behind come to it; false if none does. */
static bool move_up(struct queue *q, size_t object, size_t place)
{
	size_t i = place;

	while (i < q->list_nr && q->list[i] != object)
		i++;
	if (i == q->list_nr)
		return false;
	memmove(&q->list[place + 1], &q->list[place], (i - place) * sizeof(*q->list));
	q->list[place] = object;
	return true;
}

static int filter_of(struct sp_closure *closure, struct queue *q, size_t index,
		     const struct sp_elf_filter *filter, size_t *place, struct sp_err *err)
{
	size_t edges = closure->edges_nr;

	if (sp_closure_need(closure, index, filter->name, filter->may_lack, err))
		return -1;
	add_new(q, closure);
	if (closure->edges_nr > edges && move_up(q, closure->edges[edges].to, *place))
		(*place)++;
	return 0;
}

/* All that one object asks for, as it stands in the file. */
static int needs_of(struct sp_closure *closure, struct queue *q, size_t index,
		    struct sp_err *err)
{
	const struct sp_elf *elf = closure->objects[index].elf;
	/* musl knows no filters */
	size_t filters = closure->loader.libc == SP_LIBC_MUSL ? 0 : elf->filters_nr;
	size_t place = q->at, f = 0;

	for (size_t i = 0; i <= elf->needed_nr; i++) {
		for (; f < filters && elf->filters[f].after == i; f++)
			if (filter_of(closure, q, index, &elf->filters[f], &place, err))
				return -1;
		if (i < elf->needed_nr &&
		    sp_closure_need(closure, index, elf->needed[i], false, err))
			return -1;
		add_new(q, closure);
	}
	return 0;
}

int sp_closure_work(struct sp_closure *closure, size_t from, struct sp_err *err)
{
	SP_CLEANUP(queue_release) struct queue q = { .seen = from };

	add_new(&q, closure);
	while (q.at < q.list_nr)
		if (needs_of(closure, &q, q.list[q.at++], err))
			return -1;
	if (closure->loader.libc == SP_LIBC_GLIBC)
		sp_glibc_check_versions(closure, from);
	else if (closure->loader.libc == SP_LIBC_MUSL)
		sp_musl_check_relocations(closure, from);
	return 0;
}

/* Does it keep its place?  Then another path to the same file is no other object. */
static bool stays(const struct sp_object *o)
{
	return strcmp(o->path, o->image_path) == 0;
}

int sp_closure_load(struct sp_closure *closure, struct sp_object *object,
		    struct sp_err *err)
{
	size_t from = closure->objects_nr, index;
	struct sp_found found;

	if (sp_root_resolve(object->root, object->path, &found, err))
		return -1;
	for (size_t i = 0; found.real && i < from; i++)
		if (closure->objects[i].root == object->root &&
		    strcmp(closure->objects[i].found.real, found.real) == 0 &&
		    (strcmp(closure->objects[i].image_path, object->image_path) == 0 ||
		     (stays(&closure->objects[i]) && stays(object))))
			return 0;
	if (from == SP_OBJECTS_MAX)
		return sp_err_diagnose(err, "too-many-objects",
				  "more than %d objects in one closure", SP_OBJECTS_MAX);
	if (sp_closure_push_file(closure, object, &index, err))
		return -1;
	return sp_closure_work(closure, from, err);
}

int sp_closure_add(struct sp_closure *closure, struct sp_root *root, const char *path,
		   const char *image_path, struct sp_err *err)
{
	struct sp_object object = {
		.path = sp_arena_strdup(&closure->arena, path),
		.image_path = sp_arena_strdup(&closure->arena, image_path),
		.root = root, .needed_by = SP_NO_OBJECT,
		.rule = SP_RULE_ADDED, .rule_of = SP_NO_OBJECT,
	};

	object.name = object.path;
	return sp_closure_load(closure, &object, err);
}

int sp_closure_open(struct sp_closure *closure, size_t from, const char *name,
		    bool *ret_found, struct sp_err *err)
{
	size_t before = closure->objects_nr, edges = closure->edges_nr;

	*ret_found = false;
	if (closure->loader.libc == SP_LIBC_NONE)
		return 0;
	if (sp_closure_need(closure, from, name, true, err))
		return -1;
	*ret_found = closure->edges_nr > edges;
	if (closure->objects_nr == before)
		return 0;
	closure->objects[before].opened = true;
	return sp_closure_work(closure, before, err);
}

bool sp_closure_complete(const struct sp_closure *closure)
{
	return !closure->missing_nr && !closure->problems_nr;
}

static void list_probes(const struct sp_missing *m, struct sp_buf *text)
{
	for (size_t i = 0; i < m->probes_nr; i++) {
		const struct sp_probe *p = &m->probes[i];

		sp_buf_addf(text, "%s%s (%s%s%s)", i ? ", " : "", p->path,
			    sp_rule_name(p->rule), p->result ? ": " : "",
			    p->result ? p->result : "");
	}
}

int sp_closure_check(const struct sp_closure *closure, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };

	if (closure->missing_nr) {
		const struct sp_missing *m = &closure->missing[0];
		const char *by = m->from == SP_NO_OBJECT ? "LD_PRELOAD" :
							   closure->objects[m->from].path;

		list_probes(m, &text);
		sp_err_diagnose(err, "missing-library", "%s: %s, needed by %s; tried %s", m->name,
			   m->why, by, text.len ? text.data : "nothing");
		if (closure->missing_nr > 1)
			sp_err_wrap(err, "%zu libraries are missing, the first",
				    closure->missing_nr);
		return -1;
	}
	if (closure->problems_nr)
		return sp_err_diagnose(err, closure->problems[0].id, "%s",
				       closure->problems[0].text);
	return 0;
}
