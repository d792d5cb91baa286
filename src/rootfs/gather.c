/*
 * Closure -> plan entries: each object as the loader will walk to it, with every
 * symbolic link on the way kept.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/rootfs.h"

#define CAPS_XATTR "security.capability"

/*
 * Everything belongs to root, as COPY has it.  A set-id bit, though, means the
 * owner that the file has: giving somebody's setuid file to root would turn it
 * into something else.
 */
static void carry_owner(const struct sp_stat *st, struct sp_entry *entry)
{
	if (st->mode & 04000)
		entry->uid = st->uid;
	if (st->mode & 02000)
		entry->gid = st->gid;
}

int sp_gather_entry(struct sp_plan *plan, struct sp_root *root, struct sp_file *file,
		    const char *real, const struct sp_stat *st, const char *image_path,
		    const struct sp_reason *reason, struct sp_err *err)
{
	sp_autofile struct sp_file opened = SP_FILE_INIT;
	struct sp_entry entry = {
		.path = image_path, .type = SP_ENTRY_FILE, .mode = st->mode,
		.size = st->size, .root = root, .source = real, .source_st = *st,
		.reason = *reason,
	};

	carry_owner(st, &entry);
	/* the kernel asks for capabilities of what it executes, and of nothing else */
	if (st->mode & 0111) {
		if (!file && sp_root_open(root, real, &opened, err))
			return -1;
		entry.caps = sp_file_xattr(file ? file : &opened, CAPS_XATTR,
					   &plan->arena, &entry.caps_len);
	}
	return sp_plan_add(plan, &entry, err);
}

/* "/a/b/../c" passes through /a/b, which must be there for the loader to turn
 * round in. */
static int add_turning_points(struct sp_plan *plan, struct sp_root *root,
			      const char *path, const char *by, struct sp_err *err)
{
	for (const char *p = path; (p = strstr(p, "/..")); p += 3) {
		struct sp_found found;

		if (p[3] != '/' && p[3] != '\0')
			continue;
		const char *dir = sp_arena_strndup(&plan->arena, path, (size_t)(p - path));
		if (!*dir || sp_root_resolve(root, dir, &found, err))
			return *dir ? -1 : 0;
		if (found.real && strcmp(found.real, "/") != 0 &&
		    sp_plan_add(plan, &(struct sp_entry){
				.path = found.real, .type = SP_ENTRY_DIR, .mode = 0755,
				.reason = { SP_BECAUSE_LINK, by, NULL } }, err))
			return -1;
	}
	return 0;
}

static int add_links(struct sp_plan *plan, const struct sp_found *found, struct sp_err *err)
{
	for (size_t i = 0; i < found->links_nr; i++) {
		struct sp_entry link = {
			.path = found->links[i].path, .type = SP_ENTRY_SYMLINK,
			.mode = 0777, .target = found->links[i].target,
			.reason = { SP_BECAUSE_LINK, found->real, NULL },
		};

		if (sp_plan_add(plan, &link, err))
			return -1;
	}
	return 0;
}

int sp_gather_file(struct sp_plan *plan, struct sp_root *root, const char *path,
		   const char *image_path, const struct sp_reason *reason,
		   struct sp_err *err)
{
	struct sp_found found;
	bool moved = image_path && strcmp(path, image_path) != 0;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real)
		return sp_err_diagnose(err, "missing-file", "%s: no such file",
				  sp_root_show(root, path));
	if (moved)
		return sp_gather_entry(plan, root, NULL, found.real, &found.st,
				       image_path, reason, err);
	if (add_links(plan, &found, err) ||
	    add_turning_points(plan, root, path, found.real, err))
		return -1;
	return sp_gather_entry(plan, root, NULL, found.real, &found.st, found.real, reason,
			       err);
}

/* The path under which the plan knows an object. */
static const char *entry_of(struct sp_plan *plan, const struct sp_object *o)
{
	bool moved = strcmp(o->path, o->image_path) != 0;

	return moved ? sp_path_clean(&plan->arena, o->image_path) : o->found.real;
}

static struct sp_reason reason_of(struct sp_plan *plan, const struct sp_closure *closure,
				  const struct sp_object *o, const struct sp_reason *top)
{
	const char *by = o->needed_by == SP_NO_OBJECT ?
				 NULL :
				 entry_of(plan, &closure->objects[o->needed_by]);

	if (o->rule == SP_RULE_PROGRAM || o->rule == SP_RULE_ADDED)
		return *top;
	if (o->because)
		return (struct sp_reason){ SP_BECAUSE_NEED, NULL, o->because };
	if (o->rule == SP_RULE_INTERPRETER)
		return (struct sp_reason){ SP_BECAUSE_INTERPRETER, by, o->name };
	if (!by)
		return (struct sp_reason){ SP_BECAUSE_CONFIG, NULL, "--env LD_PRELOAD" };
	return (struct sp_reason){ SP_BECAUSE_NEEDED, by,
				   sp_arena_strf(&plan->arena, "%s, %s", o->name,
						 sp_rule_name(o->rule)) };
}

/* Other paths by which a loader finds what it has loaded: links to the same file,
 * which it follows before it can know. */
static int add_other_path(struct sp_plan *plan, const struct sp_closure *closure,
			  const struct sp_edge *edge, struct sp_err *err)
{
	const struct sp_object *to = &closure->objects[edge->to];
	const struct sp_dir *also = edge->also;
	struct sp_reason reason = {
		SP_BECAUSE_NEEDED, entry_of(plan, &closure->objects[edge->from]),
		sp_arena_strf(&plan->arena, "%s, %s", edge->name, sp_rule_name(edge->rule)),
	};

	if (strcmp(also->path, also->image_path) == 0)
		return sp_gather_file(plan, also->root, also->path, also->image_path,
				      &reason, err);
	struct sp_entry link = {
		.path = sp_path_clean(&plan->arena, also->image_path),
		.type = SP_ENTRY_SYMLINK, .mode = 0777, .target = entry_of(plan, to),
		.reason = reason,
	};
	return strcmp(link.path, link.target) == 0 ? 0 : sp_plan_add(plan, &link, err);
}

int sp_gather_since(struct sp_rootfs *rootfs, struct sp_closure *closure, size_t objects,
		    size_t edges, const struct sp_reason *top, struct sp_err *err)
{
	struct sp_plan *plan = rootfs->plan;

	for (size_t i = objects; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];
		struct sp_reason reason = reason_of(plan, closure, o, top);

		/* what was added came with --add, under a reason of its own */
		if (o->rule == SP_RULE_ADDED)
			continue;
		if (sp_gather_file(plan, o->root, o->path, o->image_path, &reason, err))
			return -1;
	}
	for (size_t i = edges; i < closure->edges_nr; i++)
		if (closure->edges[i].also &&
		    add_other_path(plan, closure, &closure->edges[i], err))
			return -1;
	return 0;
}

int sp_gather_closure(struct sp_rootfs *rootfs, struct sp_closure *closure,
		      const struct sp_reason *top, struct sp_err *err)
{
	struct sp_plan *plan = rootfs->plan;

	if (sp_gather_since(rootfs, closure, 0, 0, top, err))
		return -1;
	for (size_t i = 0; i < closure->remarks_nr; i++)
		sp_plan_note(plan, closure->remarks[i].id, "%s", closure->remarks[i].text);
	return 0;
}
