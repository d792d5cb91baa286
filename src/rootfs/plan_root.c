/*
 * The planned image as a root.
 */
#include "rootfs/plan_root.h"

#include <errno.h>
#include <string.h>

#include "base/vec.h"

/* Any number that is not 0: there is one file system in an image. */
#define DEV 1

struct plan_root {
	const struct sp_plan *plan;
	struct sp_root *lower;
};

static const struct sp_entry *first_name(const struct sp_plan *plan,
					 const struct sp_entry *e)
{
	return e->type == SP_ENTRY_HARDLINK ? sp_plan_find(plan, e->target) : e;
}

static void fill(const struct sp_plan *plan, const struct sp_entry *e, struct sp_stat *ret)
{
	const struct sp_entry *file = first_name(plan, e);

	*ret = (struct sp_stat){
		.type = e->type == SP_ENTRY_DIR ? SP_DIR :
			e->type == SP_ENTRY_SYMLINK ? SP_SYMLINK : SP_FILE,
		.mode = e->mode,
		.uid = e->uid,
		.gid = e->gid,
		.nlink = 1,
		.size = file->size,
		.dev = DEV,
		.ino = (uint64_t)(file - plan->entries) + 1,
	};
}

static int lower_lstat(const struct plan_root *r, const char *path, struct sp_stat *ret,
		       char **ret_target)
{
	const char *target = NULL;
	struct sp_err ignored = { 0 };

	if (sp_root_lstat(r->lower, path, ret, &target, &ignored))
		return -EIO;
	ret->lower = ret->type != SP_ABSENT;
	if (target)
		*ret_target = sp_strdup(target);
	return 0;
}

static int plan_lstat(void *ctx, const char *path, struct sp_stat *ret, char **ret_target)
{
	const struct plan_root *r = ctx;
	const struct sp_entry *e = sp_plan_find(r->plan, path);

	if (strcmp(path, "/") == 0) {
		*ret = (struct sp_stat){ .type = SP_DIR, .mode = 0755, .dev = DEV };
		return 0;
	}
	if (!e)
		return r->lower ? lower_lstat(r, path, ret, ret_target) : 0;
	fill(r->plan, e, ret);
	if (e->type == SP_ENTRY_SYMLINK)
		*ret_target = sp_strdup(e->target);
	return 0;
}

/* A file that comes from a root: the plan's stat, the source's bytes. */
struct source_file {
	struct sp_file file;
};

static ssize_t source_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	struct source_file *s = file->ctx;

	return s->file.ops->pread(&s->file, buf, len, offset);
}

static int source_restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = file->st;
	return 0;
}

static void source_close(struct sp_file *file)
{
	struct source_file *s = file->ctx;

	sp_file_close(&s->file);
	free(s);
}

static ssize_t source_getxattr(struct sp_file *file, const char *name, void *buf, size_t len)
{
	struct source_file *s = file->ctx;

	return s->file.ops->getxattr ? s->file.ops->getxattr(&s->file, name, buf, len) : -1;
}

static const struct sp_file_ops source_ops = {
	.pread = source_pread, .restat = source_restat, .close = source_close,
	.getxattr = source_getxattr,
};

/* A file that we made: its bytes are in the plan. */
static ssize_t content_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	const struct sp_entry *e = file->ctx;

	if (offset >= e->size)
		return 0;
	if (len > e->size - offset)
		len = e->size - offset;
	memcpy(buf, (const char *)e->content + offset, len);
	return (ssize_t)len;
}

static void content_close(struct sp_file *file)
{
	file->ctx = NULL;
}

static const struct sp_file_ops content_ops = {
	.pread = content_pread, .restat = source_restat, .close = content_close,
};

static int lower_open(const struct plan_root *r, const char *path, struct sp_file *ret)
{
	struct sp_found found;
	struct sp_err ignored = { 0 };

	if (!r->lower || sp_root_resolve(r->lower, path, &found, &ignored) || !found.real)
		return -ENOENT;
	if (found.st.type != SP_FILE)
		return found.st.type == SP_DIR ? -EISDIR : -ENXIO;
	if (sp_root_open(r->lower, found.real, ret, &ignored))
		return -EACCES;
	ret->st.lower = true;
	return 0;
}

static int plan_open(void *ctx, const char *path, struct sp_file *ret)
{
	const struct plan_root *r = ctx;
	const struct sp_entry *e = sp_plan_find(r->plan, path);
	struct sp_err ignored = { 0 };

	if (!e)
		return lower_open(r, path, ret);
	if (e->type == SP_ENTRY_DIR)
		return -EISDIR;
	if (e->type == SP_ENTRY_SYMLINK)
		return -ELOOP;
	fill(r->plan, e, &ret->st);
	e = first_name(r->plan, e);
	if (!e->root) {
		ret->ops = &content_ops;
		ret->ctx = (void *)e;
		return 0;
	}
	struct source_file *s = sp_calloc(1, sizeof(*s));
	s->file.fd = -1;
	if (sp_root_open(e->root, e->source, &s->file, &ignored)) {
		free(s);
		return -EACCES;
	}
	ret->ops = &source_ops;
	ret->ctx = s;
	return 0;
}

struct names {
	char **names;
	size_t names_nr, names_alloc;
};

/* The names of the lower directory that the plan does not have. */
static void add_lower(const struct plan_root *r, const char *path, struct names *v)
{
	const char *const *list;
	struct sp_found found;
	struct sp_err ignored = { 0 };
	size_t nr;

	if (!r->lower || sp_root_resolve(r->lower, path, &found, &ignored) || !found.real ||
	    found.st.type != SP_DIR || sp_root_list(r->lower, found.real, &list, &nr, &ignored))
		return;
	for (size_t i = 0; i < nr; i++) {
		sp_autofree char *full = sp_strf("%s/%s", path[1] ? path : "", list[i]);

		if (!sp_plan_find(r->plan, full))
			*SP_VEC_PUSH(v->names) = sp_strdup(list[i]);
	}
}

static int plan_list(void *ctx, const char *path, char ***ret, size_t *ret_nr)
{
	const struct plan_root *r = ctx;
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
	struct names v = { 0 };

	for (size_t i = 0; i < r->plan->entries_nr; i++) {
		const char *p = r->plan->entries[i].path;

		if (strncmp(p, path, len) == 0 && p[len] == '/' && !strchr(p + len + 1, '/'))
			*SP_VEC_PUSH(v.names) = sp_strdup(p + len + 1);
	}
	add_lower(r, path, &v);
	*ret = v.names;
	*ret_nr = v.names_nr;
	return 0;
}

static void plan_free(void *ctx)
{
	free(ctx);	/* the plan and what lies below are borrowed */
}

static const struct sp_root_ops plan_ops = {
	.lstat = plan_lstat,
	.open = plan_open,
	.list = plan_list,
	.free = plan_free,
};

struct sp_root *sp_plan_root_new(const struct sp_plan *plan, struct sp_root *lower)
{
	struct plan_root *r = sp_calloc(1, sizeof(*r));

	*r = (struct plan_root){ plan, lower };
	return sp_root_new(&plan_ops, r, "");
}
