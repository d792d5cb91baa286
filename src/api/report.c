/*
 * What was found, as JSON.  The command prints its trees and tables from this
 * same document, so --json never says less than the screen.
 */
#include <stdio.h>
#include <string.h>

#include "api/build.h"
#include "elf/kind.h"
#include "rootfs/needs.h"

static const char *object_path(const struct sp_closure *closure, size_t index)
{
	return index == SP_NO_OBJECT ? NULL : closure->objects[index].path;
}

static void add_optional(struct sp_json *object, const char *key, const char *value)
{
	if (value)
		sp_json_add_str(object, key, value);
	else
		sp_json_add_null(object, key);
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

/* Does object i stand above this one, or is it the same? */
static bool is_above(const size_t *parent, size_t i, size_t below)
{
	while (below != SP_NO_OBJECT && below != i)
		below = parent[below];
	return below == i;
}

/* For each object the one below which it stands in a tree: the first that led to it.  Of
 * several that need each other, of which one was added, none may be lost in a circle. */
static const size_t *parents(const struct sp_closure *closure, struct sp_arena *arena)
{
	size_t *parent = sp_arena_alloc(arena, closure->objects_nr * sizeof(*parent));

	for (size_t i = 0; i < closure->objects_nr; i++)
		parent[i] = SP_NO_OBJECT;
	for (size_t i = 0; i < closure->edges_nr; i++) {
		const struct sp_edge *e = &closure->edges[i];

		if (e->to != 0 && parent[e->to] == SP_NO_OBJECT &&
		    !is_above(parent, e->to, e->from))
			parent[e->to] = e->from;
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
		add_optional(item, "found_by_object", object_path(closure, o->rule_of));
		if (brief)
			continue;
		add_optional(item, "soname", o->elf->soname);
		add_optional(item, "needed_by", object_path(closure, o->needed_by));
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
		add_optional(item, "needed_by", object_path(closure, m->from));
		sp_json_add_str(item, "why", m->why);
		report_probes(m->probes, m->probes_nr, item);
	}
	list = sp_json_add_array(report, "problems");
	for (size_t i = 0; i < closure->problems_nr; i++)
		sp_json_push_str(list, closure->problems[i].text);
}

static void report_closure(const struct sp_closure *closure, bool brief,
			   struct sp_json *report)
{
	report_objects(closure, brief, report);
	if (!brief)
		report_edges(closure, report);
	report_missing(closure, report);
}

static void report_scripts(const struct sp_rootfs *rootfs, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "scripts");

	for (size_t i = 0; i < rootfs->scripts_nr; i++) {
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "path", rootfs->scripts[i].path);
		sp_json_add_str(item, "interpreter", rootfs->scripts[i].interpreter);
		add_optional(item, "argument", rootfs->scripts[i].argument);
	}
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

static void report_floors(struct sp_build *build, const struct sp_closure *closure,
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
	add_optional(floors, "glibc", glibc);
	add_optional(floors, "kernel", kernel);
	add_optional(floors, "isa", isa_name(isa));
	add_optional(floors, "glibc_by", object_path(closure, glibc_by));
	add_optional(floors, "kernel_by", object_path(closure, kernel_by));
	add_optional(floors, "isa_by", object_path(closure, isa_by));
}

/* What would go with each library that the program itself asks for. */
static void report_causes(const struct sp_closure *closure, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "causes");
	struct sp_arena arena = { 0 };
	struct sp_cause *causes;
	size_t nr = sp_closure_causes(closure, &arena, &causes);

	for (size_t i = 0; i < nr; i++) {
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "name", closure->edges[causes[i].edge].name);
		sp_json_add_int(item, "objects", (int64_t)causes[i].objects);
		sp_json_add_int(item, "bytes", (int64_t)causes[i].bytes);
	}
	sp_arena_release(&arena);
}

static void report_plan(struct sp_build *build, const struct sp_plan *plan,
			struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "plan");
	bool brief = build->job->brief;

	for (size_t i = 0; !brief && i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];
		struct sp_json *item = sp_json_push_object(list);
		char mode[8];

		snprintf(mode, sizeof(mode), "%04o", e->mode);
		sp_json_add_str(item, "path", e->path);
		sp_json_add_str(item, "type", sp_entry_type_name(e->type));
		sp_json_add_str(item, "mode", mode);
		sp_json_add_int(item, "uid", e->uid);
		sp_json_add_int(item, "gid", e->gid);
		sp_json_add_int(item, "size", (int64_t)e->size);
		if (e->target)
			sp_json_add_str(item, "target", e->target);
		if (e->root)
			sp_json_add_str(item, "source", sp_root_show(e->root, e->source));
		struct sp_json *reason = sp_json_add_object(item, "reason");
		sp_json_add_str(reason, "kind", sp_reason_kind_name(e->reason.kind));
		add_optional(reason, "by", e->reason.by);
		add_optional(reason, "detail", e->reason.detail);
		sp_json_add_str(reason, "text", sp_reason_str(&e->reason, &build->arena));
	}
}

void sp_report_hardening(const struct sp_elf *elf, struct sp_json *report)
{
	struct sp_json *h = sp_json_add_object(report, "hardening");
	/* DF_BIND_NOW, DF_1_NOW */
	bool now = (elf->dt_flags & 0x8) || (elf->dt_flags_1 & 0x1);
	enum sp_kind kind = sp_kind_of(elf);

	sp_json_add_bool(h, "pie", elf->type == 3 && kind != SP_KIND_LIBRARY);
	sp_json_add_str(h, "relro", !elf->has_relro ? "none" : now ? "full" : "partial");
	sp_json_add_bool(h, "bind_now", now);
	sp_json_add_bool(h, "executable_stack", elf->exec_stack);
	sp_json_add_bool(h, "text_relocations", elf->textrel);
}

static void report_notes(const struct sp_plan *plan, struct sp_json *report)
{
	struct sp_json *notes = sp_json_add_array(report, "notes");

	for (size_t i = 0; i < plan->notes_nr; i++) {
		struct sp_json *note = sp_json_push_object(notes);

		sp_json_add_str(note, "id", plan->notes[i].id);
		sp_json_add_str(note, "text", plan->notes[i].text);
	}
}

static void report_needs(const struct sp_rootfs *rootfs, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "needs");
	const struct sp_need_state *states = sp_needs_states(rootfs->needs);

	for (size_t i = 0; i < sp_need_table_nr; i++) {
		const struct sp_need_state *s = &states[i];

		if (!s->clue.strength)
			continue;
		struct sp_json *need = sp_json_push_object(list);
		sp_json_add_str(need, "need", s->need->name);
		sp_json_add_str(need, "strength", sp_strength_name(s->clue.strength));
		sp_json_add_str(need, "evidence", s->clue.text);
		add_optional(need, "by", s->clue.by);
		sp_json_add_bool(need, "included", s->done);
		sp_json_add_str(need, "help", s->need->help);
		struct sp_json *files = sp_json_add_array(need, "files");
		for (size_t k = 0; k < s->files_nr; k++)
			sp_json_push_str(files, s->files[k]);
	}
}

void sp_report_elf(const struct sp_elf *elf, struct sp_json *p)
{
	sp_json_add_str(p, "language", sp_kind_language(elf));
	add_optional(p, "language_version", elf->go.version);
	add_optional(p, "build_id", elf->build_id);
	sp_json_add_bool(p, "stripped", !elf->has_symtab);
	sp_json_add_int(p, "size", (int64_t)elf->file_size);
}

static void report_facts(struct sp_build *build, const struct sp_target *target,
			 struct sp_json *report)
{
	const struct sp_closure *closure = target->rootfs->closure;
	const struct sp_elf *elf = closure->objects[0].elf;
	static const char *const libcs[] = {
		[SP_LIBC_GLIBC] = "glibc", [SP_LIBC_MUSL] = "musl",
	};
	struct sp_json *p = sp_json_add_object(report, "program");

	sp_json_add_str(p, "path", target->path);
	sp_json_add_str(p, "image_path", target->image_path);
	const struct sp_rootfs *rootfs = target->rootfs;

	sp_json_add_str(p, "format", rootfs->scripts_nr ? "script" :
				     elf->bits == 64 ? "ELF64" : "ELF32");
	sp_json_add_str(p, "kind", rootfs->scripts_nr ? "script" :
						       sp_kind_name(sp_kind_of(elf)));
	sp_json_add_str(p, "platform", sp_platform_str(&target->platform, &build->arena));
	add_optional(p, "interpreter",
		     rootfs->scripts_nr ? rootfs->scripts[0].interpreter : elf->interp);
	sp_report_elf(elf, p);
	add_optional(p, "libc", closure->loader.libc ? libcs[closure->loader.libc] : NULL);
	add_optional(p, "libc_version", closure->loader.version);
}

void sp_report_program(struct sp_build *build, const struct sp_target *target,
		       struct sp_json *report)
{
	const struct sp_plan *plan = target->rootfs->plan;

	/* a Dockerfile's image may start nothing */
	if (!target->rootfs->closure) {
		report_plan(build, plan, report);
		sp_json_add_int(report, "size", (int64_t)sp_plan_size(plan));
		report_notes(plan, report);
		return;
	}
	report_facts(build, target, report);
	report_closure(target->rootfs->closure, build->job->brief, report);
	report_scripts(target->rootfs, report);
	struct sp_json *others = sp_json_add_array(report, "others");
	for (size_t i = 0; i < target->rootfs->others_nr; i++)
		report_closure(target->rootfs->others[i], build->job->brief,
			       sp_json_push_object(others));
	report_needs(target->rootfs, report);
	report_plan(build, plan, report);
	sp_reconcile_report(build, plan, report);
	sp_json_add_int(report, "entries", (int64_t)plan->entries_nr);
	sp_json_add_int(report, "size", (int64_t)sp_plan_size(plan));
	report_floors(build, target->rootfs->closure, report);
	if (build->explain)
		report_causes(target->rootfs->closure, report);
	sp_report_hardening(target->rootfs->closure->objects[0].elf, report);
	report_notes(plan, report);
}

static size_t count_files(const struct sp_plan *plan)
{
	size_t nr = 0;

	for (size_t i = 0; i < plan->entries_nr; i++)
		nr += plan->entries[i].type == SP_ENTRY_FILE;
	return nr;
}

void sp_report_summary(struct sp_build *build, struct sp_json *report)
{
	struct sp_json *programs = sp_json_add_array(report, "programs");

	for (size_t i = 0; i < build->targets_nr; i++) {
		const struct sp_plan *plan = build->targets[i].rootfs->plan;
		struct sp_json *item = sp_json_push_object(programs);

		if (build->targets[i].rootfs->closure)
			report_facts(build, &build->targets[i], item);
		sp_json_add_int(item, "files", (int64_t)count_files(plan));
		sp_json_add_int(item, "size", (int64_t)sp_plan_size(plan));
		sp_reconcile_report(build, plan, item);
		report_notes(plan, item);
	}
}

void sp_report_build(struct sp_build *build, struct sp_json *report)
{
	struct sp_json *programs = sp_json_add_array(report, "programs");

	for (size_t i = 0; i < build->targets_nr; i++)
		sp_report_program(build, &build->targets[i], sp_json_push_object(programs));
}
