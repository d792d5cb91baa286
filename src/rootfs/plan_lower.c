/*
 * What a plan need not bring, since it is there below, and what it cannot bring.
 */
#include "rootfs/plan_lower.h"

#include <string.h>

int sp_plan_lower_link(const struct sp_plan *plan, const char *path, const char **ret,
		       struct sp_err *err)
{
	struct sp_stat st = { .type = SP_ABSENT };

	*ret = NULL;
	return plan->lower ? sp_root_lstat(plan->lower, path, &st, ret, err) : 0;
}

/* What stands below where an entry is to stand. */
struct below {
	struct sp_stat st;
	const char *target;
};

static int conflict(struct sp_plan *plan, const struct sp_entry *e, const struct below *b,
		    struct sp_err *err)
{
	const char *what = e->type == SP_ENTRY_DIR ? "a directory" :
			   e->root ? sp_root_show(e->root, e->source) :
				     sp_entry_type_name(e->type);

	return sp_err_set(err, SP_EUSAGE,
			  "%s: in the base image this is %s (%s), and %s (%s) cannot take its place; give it another place with --at or --add SRC:/DST",
			  e->path, sp_type_name(b->st.type), sp_root_show(plan->lower, e->path), what,
			  sp_reason_str(&e->reason, &plan->arena));
}

static bool same_attributes(const struct sp_entry *e, const struct below *b)
{
	return e->mode == b->st.mode && e->uid == b->st.uid && e->gid == b->st.gid;
}

/* Is it the very file that stands there, found below by whoever planned it? */
static bool is_there(const struct sp_entry *e)
{
	return e->source_st.lower && e->source && strcmp(e->source, e->path) == 0;
}

/* Does the entry stay, now that b is there?  What the user did not ask for by name
 * never takes the place of something. */
static bool stays(const struct sp_entry *e, const struct below *b)
{
	bool made_up = e->reason.kind == SP_BECAUSE_NEED || e->reason.kind == SP_BECAUSE_LINK ||
		       e->reason.kind == SP_BECAUSE_PARENT;

	switch (e->type) {
	case SP_ENTRY_DIR:
		return e->reason.kind == SP_BECAUSE_ADDED && !same_attributes(e, b);
	case SP_ENTRY_SYMLINK:
		return !made_up && !(b->target && strcmp(b->target, e->target) == 0);
	default:
		return !is_there(e) && !(made_up && !e->root);
	}
}

/* A link at the path of a directory has been followed, unless it leads nowhere. */
static bool contradicts(const struct sp_entry *e, const struct below *b)
{
	if (e->type == SP_ENTRY_DIR)
		return b->st.type != SP_DIR;
	if (e->type == SP_ENTRY_SYMLINK && b->st.type == SP_DIR)
		return true;
	return b->st.type == SP_DIR;
}

int sp_plan_lower_settle(struct sp_plan *plan, struct sp_err *err)
{
	size_t kept = 0;

	if (!plan->lower)
		return 0;
	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];
		struct below b;

		if (sp_root_lstat(plan->lower, e->path, &b.st, &b.target, err))
			return -1;
		if (b.st.type != SP_ABSENT && contradicts(e, &b))
			return conflict(plan, e, &b, err);
		if (b.st.type == SP_ABSENT || stays(e, &b))
			plan->entries[kept++] = *e;
	}
	plan->entries_nr = kept;
	return 0;
}

int sp_plan_lower_parent(const struct sp_plan *plan, struct sp_entry *dir,
			 const char *child, struct sp_err *err)
{
	struct sp_stat st = { .type = SP_ABSENT };
	const char *target;

	if (!plan->lower)
		return 0;
	if (sp_root_lstat(plan->lower, dir->path, &st, &target, err))
		return -1;
	if (st.type == SP_ABSENT)
		return 0;
	if (st.type != SP_DIR)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: cannot stand below %s, which in the base image is %s",
				  child, dir->path, sp_type_name(st.type));
	dir->mode = st.mode;
	dir->uid = st.uid;
	dir->gid = st.gid;
	return 0;
}
