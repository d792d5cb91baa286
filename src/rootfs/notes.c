/*
 * What a user should know of a finished plan, though nothing in it is wrong.
 */
#include <string.h>

#include "rootfs/rootfs.h"

static bool privileged(const struct sp_rootfs *rootfs)
{
	const struct sp_object *program = &rootfs->closure->objects[0];
	const struct sp_plan *plan = rootfs->plan;

	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];

		if (e->root == program->root && e->source &&
		    strcmp(e->source, program->found.real) == 0)
			return (e->mode & 06000) || e->caps;
	}
	return false;
}

/* ld.so(8), "secure-execution mode": set-id bits and capabilities make the loader
 * ignore most uses of $ORIGIN. */
static void note_secure_origin(struct sp_rootfs *rootfs)
{
	const struct sp_closure *closure = rootfs->closure;

	for (size_t i = 0; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];

		if (o->rule != SP_RULE_RPATH && o->rule != SP_RULE_RUNPATH)
			continue;
		const struct sp_elf *owner = closure->objects[o->rule_of].elf;
		const char *list = o->rule == SP_RULE_RPATH ? owner->rpath : owner->runpath;
		if (list && strstr(list, "ORIGIN") && privileged(rootfs)) {
			sp_plan_note(rootfs->plan, "secure-origin",
				     "%s has set-id bits or capabilities, so its loader ignores $ORIGIN, through which %s is found; use an absolute RUNPATH",
				     rootfs->entry, o->name);
			return;
		}
	}
}

/* A preload file belongs to the machine, not to the program. */
static int note_preload(struct sp_rootfs *rootfs, struct sp_err *err)
{
	static const char path[] = "/etc/ld.so.preload";
	struct sp_root *libs = rootfs->closure->libs;
	struct sp_found found;

	if (rootfs->closure->loader.libc != SP_LIBC_GLIBC)
		return 0;
	if (sp_root_resolve(libs, path, &found, err))
		return -1;
	if (found.real && found.st.type == SP_FILE && found.st.size)
		sp_plan_note(rootfs->plan, "preload-file",
			     "%s is not carried into the image; --add it, and what it names, if the program needs it",
			     sp_root_show(libs, path));
	return 0;
}

int sp_notes_apply(struct sp_rootfs *rootfs, struct sp_err *err)
{
	note_secure_origin(rootfs);
	return note_preload(rootfs, err);
}
