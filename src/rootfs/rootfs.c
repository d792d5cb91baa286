/*
 * From a program to a plan: the steps, in order.
 */
#include "rootfs/rootfs.h"

#include <string.h>

#include "rootfs/needs.h"

void sp_rootfs_free(struct sp_rootfs *rootfs)
{
	if (!rootfs)
		return;
	for (size_t i = 0; i < rootfs->others_nr; i++)
		sp_closure_free(rootfs->others[i]);
	free(rootfs->others);
	free(rootfs->traced);
	free(rootfs->scripts);
	sp_needs_free(rootfs->needs);
	sp_closure_free(rootfs->closure);
	sp_plan_free(rootfs->plan);
	sp_buf_release(&rootfs->named_users);
	sp_buf_release(&rootfs->named_groups);
	free(rootfs);
}

static void rootfs_freep(struct sp_rootfs **rootfs)
{
	sp_rootfs_free(*rootfs);
}

/* A directory that the configuration names, as it is where the program comes from. */
static int add_dir(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		   const char *path, const char *option, struct sp_err *err)
{
	struct sp_entry dir = { .path = path, .type = SP_ENTRY_DIR, .mode = 0755,
				.reason = { SP_BECAUSE_CONFIG, NULL, option } };
	struct sp_found found = { 0 };

	if (path[0] != '/' || strcmp(path, "/") == 0)
		return 0;
	if (o->origin && sp_root_resolve(o->origin, path, &found, err))
		return -1;
	if (found.real && found.st.type == SP_DIR) {
		dir.path = found.real;
		dir.mode = found.st.mode;
		dir.uid = found.st.uid;
		dir.gid = found.st.gid;
	}
	return sp_plan_add(rootfs->plan, &dir, err);
}

static int add_dirs(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		    struct sp_err *err)
{
	if (o->workdir && add_dir(rootfs, o, o->workdir, "--workdir", err))
		return -1;
	for (size_t i = 0; o->origin && i < o->volumes_nr; i++)
		if (add_dir(rootfs, o, o->volumes[i], "--volume", err))
			return -1;
	return 0;
}

static int gather_program(struct sp_rootfs *rootfs, struct sp_err *err)
{
	struct sp_reason program = { SP_BECAUSE_PROGRAM, NULL, NULL };
	size_t nr = rootfs->scripts_nr;

	if (nr)
		program = (struct sp_reason){ SP_BECAUSE_INTERPRETER,
					      rootfs->scripts[nr - 1].path,
					      rootfs->scripts[nr - 1].interpreter };
	return sp_gather_closure(rootfs, rootfs->closure, &program, err);
}

/* Programs that were added are gathered as they come; libraries that were added
 * have extended the main closure, so that is gathered last. */
static int fill(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		struct sp_err *err)
{
	for (size_t i = 0; i < o->adds_nr; i++)
		if (sp_add_apply(rootfs, &o->adds[i], o, err))
			return -1;
	if (sp_needs_apply(rootfs, err) || gather_program(rootfs, err) ||
	    sp_loader_files_apply(rootfs, err) || sp_accounts_apply(rootfs, o, err) ||
	    add_dirs(rootfs, o, err))
		return -1;
	for (size_t i = 0; i < o->excludes_nr; i++)
		sp_plan_exclude(rootfs->plan, o->excludes[i]);
	if (sp_plan_finish(rootfs->plan, err))
		return -1;
	return sp_notes_apply(rootfs, err);
}

int sp_rootfs_build(const struct sp_rootfs_options *o, struct sp_rootfs **ret,
		    struct sp_err *err)
{
	SP_CLEANUP(rootfs_freep) struct sp_rootfs *rootfs = sp_calloc(1, sizeof(*rootfs));

	rootfs->plan = sp_plan_new();
	rootfs->plan->lower = o->lower;
	rootfs->entry = sp_arena_strdup(&rootfs->plan->arena, o->image_path);
	rootfs->library_path = o->library_path;
	rootfs->preload = o->preload;
	rootfs->bind_now = o->bind_now;
	rootfs->needs = sp_needs_new(o);
	if (sp_needs_check_options(o, err) || sp_entry_build(rootfs, o, err) || fill(rootfs, o, err))
		return -1;
	*ret = sp_steal_ptr(&rootfs);
	return 0;
}
