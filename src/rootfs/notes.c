/*
 * What a user should know of a finished plan, though nothing in it is wrong.
 */
#include <string.h>

#include "rootfs/evidence.h"
#include "rootfs/needs_state.h"
#include "rootfs/object_strings.h"
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

static bool is_preloaded(const struct sp_object *o)
{
	return o->needed_by == SP_NO_OBJECT && !o->opened && o->rule != SP_RULE_PROGRAM &&
	       o->rule != SP_RULE_ADDED;
}

/* In that mode the variables of the loader are ignored too. */
static void note_secure_environment(struct sp_rootfs *rootfs)
{
	const struct sp_closure *closure = rootfs->closure;

	for (size_t i = 1; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		const char *by = is_preloaded(o) ? "LD_PRELOAD" :
				 o->rule == SP_RULE_LIBRARY_PATH ? "LD_LIBRARY_PATH" : NULL;

		if (!by || !privileged(rootfs))
			continue;
		sp_plan_note(rootfs->plan, "secure-environment",
			     "%s has set-id bits or capabilities, so its loader ignores %s, through which %s is loaded, when another user starts it; use an absolute RUNPATH",
			     rootfs->entry, by, o->name);
		return;
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

/* An auditor is loaded with libraries of its own, and is no part of the closure.  glibc
 * takes them from the environment, and since 2.32 from the program (ld's --audit). */
static void note_auditors(struct sp_rootfs *rootfs)
{
	const struct sp_object *program = &rootfs->closure->objects[0];
	const char *audit = sp_need_env(rootfs->needs, "LD_AUDIT");
	const char *own = program->elf->audit ? program->elf->audit : program->elf->depaudit;

	if (rootfs->closure->loader.libc != SP_LIBC_GLIBC)
		return;
	if (audit && audit[0])
		sp_plan_note(rootfs->plan, "audit",
			     "LD_AUDIT names %s, which the loader will open: --add it, with its libraries, or unset LD_AUDIT",
			     audit);
	if (own && own[0])
		sp_plan_note(rootfs->plan, "audit",
			     "%s names %s as its auditor, which the loader will open, and do without if it is not there: --add it, with its libraries",
			     program->image_path, own);
}

/* What a namespace loads is known when the program runs, not before. */
static void note_other_namespaces(struct sp_rootfs *rootfs)
{
	const struct sp_sign sign = { .kind = SP_SIGN_IMPORT, .name = "dlmopen" };
	enum sp_doubt doubt;
	const char *by = sp_evidence_of(rootfs->needs->evidence, &sign, &doubt);

	if (by && doubt != SP_DOUBT_FAR)
		sp_plan_note(rootfs->plan, "namespaces",
			     "%s calls dlmopen(), which loads libraries into a namespace of their own: --add what it loads, or --trace a run",
			     by);
}

/*
 * A static program of glibc names nsswitch.conf if it has the look-ups, and then nothing
 * else says what it does: there are no imports.  Since glibc 2.34 "files" and "dns" are
 * in the program, and asked if there is no nsswitch.conf.
 */
static int note_static_lookups(struct sp_rootfs *rootfs, struct sp_err *err)
{
	static const char *const marks[] = { "/etc/nsswitch.conf", "libnss_" };
	const struct sp_object *program = &rootfs->closure->objects[0];
	const struct sp_rootfs_options *o = rootfs->needs->options;
	const char *found[2];

	/* musl has neither, and who has an interpreter shows imports */
	if (o->minimal || !sp_needs_looks(rootfs->needs) || program->elf->interp)
		return 0;
	if (sp_object_find_strings(program, marks, 2, &rootfs->plan->arena, found, err))
		return -1;
	if (found[0] && found[1])
		sp_plan_note(rootfs->plan, "static-lookups",
			     "%s is static and may look up accounts or hosts: it will read the image's /etc/passwd (--with users), /etc/hosts and, for services by name, /etc/services (--with netdb), and needs no nsswitch.conf; if it is of glibc before 2.34, --add libnss_files.so.2, libnss_dns.so.2 and libc.so.6 of that same glibc",
			     program->image_path);
	return 0;
}

int sp_notes_apply(struct sp_rootfs *rootfs, struct sp_err *err)
{
	note_secure_origin(rootfs);
	note_secure_environment(rootfs);
	note_auditors(rootfs);
	note_other_namespaces(rootfs);
	return note_static_lookups(rootfs, err) || note_preload(rootfs, err) ? -1 : 0;
}
