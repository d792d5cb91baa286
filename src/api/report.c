/*
 * What was found, as JSON.  The command prints its trees and tables from this
 * same document, so --json never says less than the screen.
 */
#include <stdio.h>

#include "api/build.h"
#include "elf/kind.h"
#include "rootfs/needs.h"

static void report_scripts(const struct sp_rootfs *rootfs, struct sp_json *report)
{
	struct sp_json *list = sp_json_add_array(report, "scripts");

	for (size_t i = 0; i < rootfs->scripts_nr; i++) {
		struct sp_json *item = sp_json_push_object(list);

		sp_json_add_str(item, "path", rootfs->scripts[i].path);
		sp_json_add_str(item, "interpreter", rootfs->scripts[i].interpreter);
		sp_json_add_optional(item, "argument", rootfs->scripts[i].argument);
	}
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
		sp_json_add_optional(reason, "by", e->reason.by);
		sp_json_add_optional(reason, "detail", e->reason.detail);
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
		sp_json_add_optional(need, "by", s->clue.by);
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
	sp_json_add_optional(p, "language_version", elf->go.version);
	sp_json_add_optional(p, "build_id", elf->build_id);
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
	sp_json_add_optional(p, "interpreter",
		     rootfs->scripts_nr ? rootfs->scripts[0].interpreter : elf->interp);
	sp_report_elf(elf, p);
	sp_json_add_optional(p, "libc", closure->loader.libc ? libcs[closure->loader.libc] : NULL);
	sp_json_add_optional(p, "libc_version", closure->loader.version);
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
	sp_report_closure(target->rootfs->closure, build->job->brief, report);
	report_scripts(target->rootfs, report);
	struct sp_json *others = sp_json_add_array(report, "others");
	for (size_t i = 0; i < target->rootfs->others_nr; i++)
		sp_report_closure(target->rootfs->others[i], build->job->brief,
				  sp_json_push_object(others));
	report_needs(target->rootfs, report);
	report_plan(build, plan, report);
	sp_reconcile_report(build, plan, report);
	sp_json_add_int(report, "entries", (int64_t)plan->entries_nr);
	sp_json_add_int(report, "size", (int64_t)sp_plan_size(plan));
	sp_report_floors(build, target->rootfs->closure, report);
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
