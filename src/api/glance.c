/*
 * What can be said of a program that is no start of anything here: its loader is not there,
 * so there is no closure.  Its own file still says what it is and asks for.
 */
#include "api/build.h"
#include "elf/kind.h"

static int report(const struct sp_target *target, const struct sp_elf *elf,
		  struct sp_arena *arena, struct sp_json *report, struct sp_err *err)
{
	struct sp_platform platform;
	struct sp_json *p = sp_json_add_object(report, "program");

	if (sp_platform_of(elf, &platform, err))
		return -1;
	sp_json_add_str(p, "path", target->path);
	sp_json_add_str(p, "image_path", target->image_path);
	sp_json_add_str(p, "format", elf->bits == 64 ? "ELF64" : "ELF32");
	sp_json_add_str(p, "kind", sp_kind_name(sp_kind_of(elf)));
	sp_json_add_str(p, "platform", sp_platform_str(&platform, arena));
	if (elf->interp)
		sp_json_add_str(p, "interpreter", elf->interp);
	sp_report_elf(elf, p);
	struct sp_json *needed = sp_json_add_array(report, "needed");
	for (size_t i = 0; i < elf->needed_nr; i++)
		sp_json_push_str(needed, elf->needed[i]);
	sp_report_hardening(elf, report);
	return 0;
}

bool sp_glance(const struct sp_build *build, struct sp_json *document)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autoelf struct sp_elf *elf = NULL;
	struct sp_err ignored = { 0 };
	struct sp_arena arena = { 0 };
	struct sp_found found;

	if (build->targets_nr != 1 || !build->targets[0].root)
		return false;
	const struct sp_target *target = &build->targets[0];
	if (sp_root_resolve(target->root, target->path, &found, &ignored) || !found.real ||
	    sp_root_open(target->root, found.real, &file, &ignored) || !sp_elf_is(&file) ||
	    sp_elf_read(&file, &elf, &ignored))
		return false;
	bool known = report(target, elf, &arena, document, &ignored) == 0;
	sp_arena_release(&arena);
	return known;
}
