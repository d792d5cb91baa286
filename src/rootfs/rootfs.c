/*
 * From a program to a plan: the steps, in order.
 */
#include "rootfs/rootfs.h"

#include <string.h>

#include "base/path.h"
#include "elf/kind.h"

void sp_rootfs_free(struct sp_rootfs *rootfs)
{
	if (!rootfs)
		return;
	for (size_t i = 0; i < rootfs->others_nr; i++)
		sp_closure_free(rootfs->others[i]);
	free(rootfs->others);
	sp_closure_free(rootfs->closure);
	sp_plan_free(rootfs->plan);
	free(rootfs);
}

static void rootfs_freep(struct sp_rootfs **rootfs)
{
	sp_rootfs_free(*rootfs);
}

/* Say what a file is that is no ELF file, and what to do about it. */
static int not_elf(struct sp_file *file, const char *shown, struct sp_err *err)
{
	char head[256];
	size_t got;

	if (sp_file_pread(file, head, sizeof(head), 0, &got, err))
		return sp_err_wrap(err, "%s", shown);
	if (got >= 2 && memcmp(head, "#!", 2) == 0)
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: is a script; pack its interpreter and --add the script",
				  shown);
	return sp_err_set(err, SP_EPROGRAM,
			  "%s: is %s, expected a compiled program for Linux (ELF)", shown,
			  sp_kind_of_bytes(head, got));
}

/* Can the file be an entry point at all?  Said before anything is searched. */
static int check_program(const struct sp_rootfs_options *o, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autoelf struct sp_elf *elf = NULL;
	const char *shown = sp_root_show(o->root, o->program);
	struct sp_found found;

	if (sp_root_resolve(o->root, o->program, &found, err))
		return -1;
	if (!found.real)
		return sp_err_set(err, SP_EPROGRAM, "%s: no such file%s", shown,
				  found.links_nr ? ", or a link that leads nowhere" : "");
	if (found.st.type != SP_FILE)
		return sp_err_set(err, SP_EPROGRAM, "%s: is %s, expected a program", shown,
				  found.st.type == SP_DIR ? "a directory" :
							    "a device, FIFO or socket");
	if (sp_root_open(o->root, found.real, &file, err)) {
		err->code = SP_EPROGRAM;
		return -1;
	}
	if (!sp_elf_is(&file))
		return not_elf(&file, shown, err);
	if (sp_elf_read(&file, &elf, err) || sp_kind_check_entry(elf, err))
		return sp_err_wrap(err, "%s", shown);
	if (!(found.st.mode & 0111))
		return sp_err_set(err, SP_EPROGRAM,
				  "%s: is not executable (mode %04o), so no engine could start it; run chmod +x on it",
				  shown, found.st.mode);
	return 0;
}

static int add_workdir(struct sp_rootfs *rootfs, const char *workdir, struct sp_err *err)
{
	if (!workdir || strcmp(workdir, "/") == 0)
		return 0;
	return sp_plan_add(rootfs->plan, &(struct sp_entry){
		.path = workdir, .type = SP_ENTRY_DIR, .mode = 0755,
		.reason = { SP_BECAUSE_CONFIG, NULL, "--workdir" } }, err);
}

/* Programs that were added are gathered as they come; libraries that were added
 * have extended the main closure, so that is gathered last. */
static int fill(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		struct sp_err *err)
{
	for (size_t i = 0; i < o->adds_nr; i++)
		if (sp_add_apply(rootfs, &o->adds[i], o, err))
			return -1;
	if (sp_gather_closure(rootfs, rootfs->closure, SP_BECAUSE_PROGRAM, NULL, err) ||
	    sp_loader_files_apply(rootfs, err) ||
	    sp_accounts_apply(rootfs, o->user, err) ||
	    add_workdir(rootfs, o->workdir, err))
		return -1;
	for (size_t i = 0; i < o->excludes_nr; i++)
		sp_plan_exclude(rootfs->plan, o->excludes[i]);
	return sp_plan_finish(rootfs->plan, err);
}

int sp_rootfs_build(const struct sp_rootfs_options *o, struct sp_rootfs **ret,
		    struct sp_err *err)
{
	SP_CLEANUP(rootfs_freep) struct sp_rootfs *rootfs = sp_calloc(1, sizeof(*rootfs));
	struct sp_start start = {
		.root = o->root, .path = o->program, .image_path = o->image_path,
		.libs = o->libs, .library_path = o->library_path, .preload = o->preload,
	};

	rootfs->plan = sp_plan_new();
	rootfs->entry = sp_arena_strdup(&rootfs->plan->arena, o->image_path);
	rootfs->library_path = o->library_path;
	rootfs->preload = o->preload;
	if (check_program(o, err) || sp_closure_build(&start, &rootfs->closure, err) ||
	    fill(rootfs, o, err))
		return -1;
	*ret = sp_steal_ptr(&rootfs);
	return 0;
}
