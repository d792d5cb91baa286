/*
 * A closure as JSON: objects, edges, what is missing and what is wrong; and the oldest
 * system on which it runs.
 */
#include <stdio.h>
#include <string.h>

#include "api/build.h"

static const char *object_path(const struct sp_closure *closure, size_t index)
{
	return index == SP_NO_OBJECT ? NULL : closure->objects[index].path;
}

static void report_probes(const struct sp_probe *probes, size_t nr, struct sp_json *item)
{
	struct sp_json *list = sp_json_add_array(item, "probes");

	for (size_t i = 0; i < nr; i++) {
		struct sp_json *probe = sp_json_push_object(list);

		sp_json_add_str(probe, "path", probes[i].path);
		sp_json_add_str(probe, "rule", sp_rule_name(probes[i].rule));
		sp_json_add_str(probe, "result",
				probes[i].result ? probes[i].result : "not there");
	}
}

/* The top of the tree that object i is in so far; ways to it become shorter. */
static size_t top_of(size_t *above, size_t i)
{
	while (above[i] != i)
		i = above[i] = above[above[i]];
	return i;
}

/* For each object the one below which it stands in a tree: the first that led to it.  Of
 * several that need each other, of which one was added, none may be lost in a circle. */
static const size_t *parents(const struct sp_closure *closure, struct sp_arena *arena)
{
	size_t *parent = sp_arena_alloc(arena, closure->objects_nr * sizeof(*parent));
	size_t *above = sp_arena_alloc(arena, closure->objects_nr * sizeof(*above));

	for (size_t i = 0; i < closure->objects_nr; i++) {
		parent[i] = SP_NO_OBJECT;
		above[i] = i;
	}
	for (size_t i = 0; i < closure->edges_nr; i++) {
		const struct sp_edge *e = &closure->edges[i];

		if (e->to != 0 && parent[e->to] == SP_NO_OBJECT &&
		    top_of(above, e->from) != e->to)
			parent[e->to] = above[e->to] = e->from;
	}
	return parent;
}

static void report_objects(const struct sp_closure *closure, bool brief,
			   struct sp_json *report)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_json *list = sp_json_add_array(report, "objects");
	const size_t *parent = parents(closure, &arena);

	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "path", o->path);
		sp_json_add_str(item, "name", o->name);
		if (parent[i] != SP_NO_OBJECT)
			sp_json_add_int(item, "parent", (int64_t)parent[i]);
		sp_json_add_str(item, "found_by", sp_rule_name(o->rule));
		sp_json_add_optional(item, "found_by_object", object_path(closure, o->rule_of));
		if (brief)
			continue;
		sp_json_add_optional(item, "soname", o->elf->soname);
		sp_json_add_optional(item, "needed_by", object_path(closure, o->needed_by));
		sp_json_add_bool(item, "opened", o->opened);
		sp_json_add_str(item, "image_path", o->image_path);
		sp_json_add_str(item, "real_path", o->found.real);
		sp_json_add_int(item, "size", (int64_t)o->found.st.size);
	}
}

static void report_edges(const struct sp_closure *closure, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "edges");

	for (size_t i = 0; i < closure->edges_nr; i++) {
		const struct sp_edge *e = &closure->edges[i];
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_int(item, "from", (int64_t)e->from);
		sp_json_add_int(item, "to", (int64_t)e->to);
		sp_json_add_str(item, "name", e->name);
		sp_json_add_str(item, "rule", sp_rule_name(e->rule));
		if (e->probes)
			report_probes(e->probes, e->probes_nr, item);
	}
}

static void report_missing(const struct sp_closure *closure, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "missing");

	for (size_t i = 0; i < closure->missing_nr; i++) {
		const struct sp_missing *m = &closure->missing[i];
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "name", m->name);
		sp_json_add_optional(item, "needed_by", object_path(closure, m->from));
		sp_json_add_str(item, "why", m->why);
		report_probes(m->probes, m->probes_nr, item);
	}
	list = sp_json_add_array(report, "problems");
	for (size_t i = 0; i < closure->problems_nr; i++)
		sp_json_push_str(list, closure->problems[i].text);
}

void sp_report_closure(const struct sp_closure *closure, bool brief, struct sp_json *report)
{
	report_objects(closure, brief, report);
	if (!brief)
		report_edges(closure, report);
	report_missing(closure, report);
}

/* Compare "2.4" and "2.34" by number. */
static bool newer(const char *a, const char *b)
{
	unsigned x[3] = { 0 }, y[3] = { 0 };

	if (strcmp(a, b) == 0)
		return false;
	sscanf(a, "%u.%u.%u", &x[0], &x[1], &x[2]);
	sscanf(b, "%u.%u.%u", &y[0], &y[1], &y[2]);
	for (int i = 0; i < 3; i++)
		if (x[i] != y[i])
			return x[i] > y[i];
	return false;
}

/* The highest bit that is set names the level: 1 baseline, 2 v2, 4 v3, 8 v4. */
static const char *isa_name(uint32_t bits)
{
	return bits & 8 ? "x86-64-v4" : bits & 4 ? "x86-64-v3" :
	       bits & 2 ? "x86-64-v2" : bits & 1 ? "x86-64" : NULL;
}

/* What glibc's own files ask of each other is no floor of the program's. */
static bool of_glibc(const struct sp_elf *elf)
{
	for (size_t i = 0; i < elf->verdef_nr; i++)
		if (strncmp(elf->verdef[i].name, "GLIBC_", 6) == 0)
			return true;
	return false;
}

void sp_report_floors(struct sp_build *build, const struct sp_closure *closure,
		      struct sp_json *report)
{
	const char *glibc = NULL, *kernel = NULL;
	size_t glibc_by = SP_NO_OBJECT, kernel_by = SP_NO_OBJECT, isa_by = SP_NO_OBJECT;
	uint32_t isa = 0;

	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_elf *elf = closure->objects[i].elf;
		const char *floor = sp_elf_glibc_floor(elf);

		if (floor && !of_glibc(elf) && (!glibc || newer(floor, glibc)))
			glibc = floor, glibc_by = i;
		if (elf->has_abi_tag && elf->abi_os == 0) {
			const char *k = sp_arena_strf(&build->arena, "%u.%u.%u", elf->kernel[0],
						      elf->kernel[1], elf->kernel[2]);
			if (!kernel || newer(k, kernel))
				kernel = k, kernel_by = i;
		}
		if (elf->isa_needed > isa)
			isa = elf->isa_needed, isa_by = i;
	}
	struct sp_json *floors = sp_json_add_object(report, "floors");
	sp_json_add_optional(floors, "glibc", glibc);
	sp_json_add_optional(floors, "kernel", kernel);
	sp_json_add_optional(floors, "isa", isa_name(isa));
	sp_json_add_optional(floors, "glibc_by", object_path(closure, glibc_by));
	sp_json_add_optional(floors, "kernel_by", object_path(closure, kernel_by));
	sp_json_add_optional(floors, "isa_by", object_path(closure, isa_by));
}
