/*
 * The rules for what stands in a layer: names, deletions, links, types
 * (image-spec layer.md).  What needs the layers below is in tree.c.
 */
#include "image/layer_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/path.h"

#define WH ".wh."
#define OPAQUE ".wh..wh..opq"

/* Why a name is unsafe, or NULL.  One that begins with a slash is not: engines join
 * it to the root of the layer. */
static const char *unsafe(const char *name, size_t len)
{
	if (len == 0)
		return "is empty";
	if (strlen(name) != len)
		return "has a NUL in it";
	if (len > SP_PATH_MAX)
		return "is longer than 4096 bytes";
	for (const char *part = name; *part;) {
		size_t n = strcspn(part, "/");

		if (n == 2 && memcmp(part, "..", 2) == 0)
			return "has a .. component";
		if (n > SP_NAME_LIMIT)
			return "has a component longer than 255 bytes";
		part += n;
		part += strspn(part, "/");
	}
	return NULL;
}

struct entry {
	const struct sp_rules_watch *watch;
	struct sp_arena *arena;
	const struct sp_tar_item *item;
};

static bool refuse(const struct entry *e, const char *id, const char *what)
{
	e->watch->found(e->watch->ctx, false, id, e->item, what);
	return false;
}

static void remark(const struct entry *e, const char *id, const char *what)
{
	e->watch->found(e->watch->ctx, true, id, e->item, what);
}

/* Some builders write "/usr/bin/x", and then all names so: a note for the layer. */
static void note_absolute(const struct entry *e)
{
	if (e->item->name[0] == '/' || (e->item->type == '1' && e->item->link[0] == '/'))
		e->watch->found(e->watch->ctx, true, "absolute-name", NULL,
				"has names that begin with a slash, which engines take off");
}

/* A name that begins with ".wh." in ret->path. */
static bool deletion(const struct entry *e, struct sp_tree_entry *ret)
{
	struct sp_arena *arena = e->arena;
	const char *base = sp_path_basename(ret->path);
	const char *rest = base + strlen(WH);
	const char *dir = sp_path_dirname(arena, ret->path);

	if (e->item->type != '0' || e->item->size)
		return refuse(e, "whiteout-type",
			      "marks a deletion, but is not an empty regular file");
	ret->target = NULL;
	if (strcmp(base, OPAQUE) == 0) {
		ret->type = SP_TREE_OPAQUE;
		ret->path = dir;
		return true;
	}
	if (strncmp(rest, WH, strlen(WH)) == 0) {
		remark(e, "whiteout-reserved",
		       "is a mark of aufs, which engines pass over");
		return false;
	}
	if (!*rest || strcmp(rest, ".") == 0 || strcmp(rest, "..") == 0)
		return refuse(e, "whiteout-name", "marks a deletion of nothing");
	ret->type = SP_TREE_WHITEOUT;
	ret->path = sp_path_join(arena, dir, rest);
	return true;
}

static bool hard_link(const struct entry *e, struct sp_tree_entry *ret)
{
	const char *why = unsafe(e->item->link, e->item->link_len);
	char what[128];

	ret->type = SP_TREE_HARDLINK;
	if (!why) {
		ret->target = sp_path_clean(e->arena, e->item->link);
		return true;
	}
	snprintf(what, sizeof(what), "is a hard link whose target %s", why);
	return refuse(e, "hard-link-target", what);
}

static bool symlink_entry(const struct entry *e, struct sp_tree_entry *ret)
{
	const struct sp_tar_item *item = e->item;

	ret->type = SP_TREE_SYMLINK;
	ret->target = sp_arena_strndup(e->arena, item->link, item->link_len);
	/* the kernel's limits for symlink(2) */
	if (!item->link_len || strlen(item->link) != item->link_len ||
	    item->link_len >= SP_PATH_MAX)
		return refuse(e, "symlink-target",
			      "is a symbolic link with an empty, too long or NUL target");
	return true;
}

static bool by_type(const struct entry *e, struct sp_tree_entry *ret)
{
	switch (e->item->type) {
	case '0':
		ret->type = SP_TREE_FILE;
		return true;
	case '1':
		return hard_link(e, ret);
	case '2':
		return symlink_entry(e, ret);
	case '3':
	case '4':
		ret->type = SP_TREE_OTHER;
		remark(e, "device-node", "is a device node");
		return true;
	case '5':
		ret->type = SP_TREE_DIR;
		return true;
	case '6':
		ret->type = SP_TREE_OTHER;
		remark(e, "fifo", "is a FIFO");
		return true;
	default:
		return refuse(e, "entry-type", "is of a type that engines do not know");
	}
}

/* Is a directory above the last component a deletion mark? */
static bool below_deletion(const char *path)
{
	const char *hit = strstr(path, "/" WH);

	return hit && strchr(hit + 1, '/');
}

bool sp_rules_entry(const struct sp_tar_item *item, struct sp_arena *arena,
		    const struct sp_rules_watch *watch, struct sp_tree_entry *ret)
{
	const struct entry e = { watch, arena, item };

	if (item->type == 'g') {
		watch->found(watch->ctx, true, "tar-global-header", NULL,
			     "has global PAX records, which engines pass over");
		return false;
	}
	const char *why = unsafe(item->name, item->name_len);
	if (why)
		return refuse(&e, "unsafe-name", why);
	note_absolute(&e);
	if (item->sparse)
		remark(&e, "sparse-file", "is sparse, which layers should not hold");
	*ret = (struct sp_tree_entry){
		.path = sp_path_clean(arena, item->name),
		.size = item->real_size, .uid = item->uid, .gid = item->gid,
		.mode = (uint16_t)item->mode,
	};
	if (strcmp(ret->path, "/") == 0 && item->type != '5')
		return refuse(&e, "root-not-directory",
			      "puts something that is no directory in the place of /");
	if (below_deletion(ret->path))
		return refuse(&e, "whiteout-name", "lies below a mark for a deletion");
	if (strncmp(sp_path_basename(ret->path), WH, strlen(WH)) == 0)
		return deletion(&e, ret);
	return by_type(&e, ret);
}

int sp_rules_count(struct sp_rules_count *c, const struct sp_tar_item *item,
		   struct sp_err *err)
{
	c->entries++;
	c->names += item->name_len + item->link_len;
	if (c->entries > SP_RULES_ENTRIES_MAX)
		return sp_err_set(err, SP_EVERIFY, "there are more than %d entries in all layers",
				  SP_RULES_ENTRIES_MAX);
	if (c->names > SP_RULES_NAMES_MAX)
		return sp_err_set(err, SP_EVERIFY,
				  "the names in all layers have more than %d bytes",
				  SP_RULES_NAMES_MAX);
	return 0;
}

static int class_of(const struct sp_tree_entry *e)
{
	return e->type == SP_TREE_WHITEOUT ? 1 : e->type == SP_TREE_OPAQUE ? 2 : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct sp_tree_entry *x = *(const struct sp_tree_entry *const *)a;
	const struct sp_tree_entry *y = *(const struct sp_tree_entry *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : class_of(x) - class_of(y);
}

void sp_rules_duplicates(const struct sp_tree_entry *entries, size_t nr,
			 void (*found)(void *ctx, const char *path), void *ctx)
{
	sp_autofree const struct sp_tree_entry **sorted = sp_calloc(nr, sizeof(*sorted));

	for (size_t i = 0; i < nr; i++)
		sorted[i] = &entries[i];
	qsort(sorted, nr, sizeof(*sorted), by_path);
	for (size_t i = 1; i < nr; i++)
		if (by_path(&sorted[i - 1], &sorted[i]) == 0)
			found(ctx, sorted[i]->path);
}
