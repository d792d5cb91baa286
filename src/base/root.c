/*
 * A root: paths resolved inside it, link by link, with everything that was seen
 * remembered.  How names are really looked up is the business of a backend:
 * root_dir.c here, the planned image in rootfs/plan_root.c.  What is done with files
 * is in root_file.c.
 */
#include "base/root.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "base/path.h"
#include "base/vec.h"

/* One name that was looked up. */
struct node {
	struct sp_stat st;
	const char *path, *target;
};

/* Where the directory of a path that was walked leads.  Most paths that are asked for
 * lie in few directories, and begin their walk there. */
struct folder {
	size_t node;
	const struct sp_link *links;	/* followed on the way */
	size_t links_nr;
};

struct sp_root {
	const struct sp_root_ops *ops;
	void *ctx;
	const char *label;
	struct sp_arena arena;
	struct node *nodes;
	size_t nodes_nr, nodes_alloc;
	struct sp_map by_path;
	struct folder *folders;
	size_t folders_nr, folders_alloc;
	struct sp_map by_folder;	/* by the path as it was asked for */
};

struct sp_root *sp_root_new(const struct sp_root_ops *ops, void *ctx,
			    const char *label)
{
	struct sp_root *root = sp_calloc(1, sizeof(*root));

	root->ops = ops;
	root->ctx = ctx;
	root->label = sp_arena_strdup(&root->arena, label);
	return root;
}

void sp_root_free(struct sp_root *root)
{
	if (!root)
		return;
	root->ops->free(root->ctx);
	sp_map_release(&root->by_path);
	free(root->nodes);
	sp_map_release(&root->by_folder);
	free(root->folders);
	sp_arena_release(&root->arena);
	free(root);
}

struct sp_root *sp_root_rest(struct sp_root *root)
{
	return root->ops->rest ? root->ops->rest(root->ctx) : NULL;
}

const char *sp_type_name(enum sp_type type)
{
	return type == SP_DIR	  ? "a directory" :
	       type == SP_FILE	  ? "a file" :
	       type == SP_SYMLINK ? "a symbolic link" :
				    "a device, FIFO or socket";
}

const char *sp_root_show(struct sp_root *root, const char *path)
{
	const char *where = root->ops->where ? root->ops->where(root->ctx, path) : NULL;

	return sp_arena_strf(&root->arena, "%s%s", root->label, where ? where : path);
}

/* In hexadecimal, without NUL; returns the end.  (One for each file that is looked at:
 * printf() would take ten times as long.) */
static char *put_hex(char *at, uint64_t n)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[n >> shift & 15];
	return at;
}

const char *sp_root_identity(const struct sp_root *root, const char *path,
			     const struct sp_stat *st, struct sp_arena *arena)
{
	if (!st->dev)
		return sp_arena_strf(arena, "%p%s", (const void *)root, path);
	char *text = sp_arena_alloc(arena, 2 * 16 + 1);
	put_hex(put_hex(text, st->dev), st->ino);
	return text;
}

/* The node for a path whose parents are no links; asks the backend once. */
static int look(struct sp_root *root, const char *path, struct node **ret,
		struct sp_err *err)
{
	size_t at = sp_map_get(&root->by_path, path);

	if (at == SP_MAP_NONE) {
		sp_autofree char *target = NULL;
		struct sp_stat st = { .type = SP_ABSENT };
		int rc = root->ops->lstat(root->ctx, path, &st, &target);

		if (rc < 0 && rc != -EACCES) {
			errno = -rc;
			return sp_err_sys(err, SP_EFAIL, "%s: cannot look it up",
					  sp_root_show(root, path));
		}
		at = root->nodes_nr;
		struct node *node = SP_VEC_PUSH(root->nodes);
		node->st = st;
		node->path = sp_arena_strdup(&root->arena, path);
		if (target)
			node->target = sp_arena_strdup(&root->arena, target);
		sp_map_set(&root->by_path, node->path, at);
	}
	*ret = &root->nodes[at];
	return 0;
}

/* A walk along a path: what has been resolved and what is still to go. */
struct walk {
	struct sp_buf done, todo;
	size_t at;			/* bytes of todo that are done */
	struct sp_link links[SP_LINKS_MAX];
	size_t links_nr;
};

static void walk_release(struct walk *walk)
{
	sp_buf_release(&walk->done);
	sp_buf_release(&walk->todo);
}

static void put_before(struct sp_buf *todo, const char *target, const char *rest)
{
	struct sp_buf joined = { 0 };

	sp_buf_addstr(&joined, target);
	sp_buf_addstr(&joined, rest);
	sp_buf_release(todo);
	*todo = joined;
}

/* Follow a link: its text takes the place of the component. */
static bool follow(struct walk *walk, const struct node *node, const char *rest)
{
	if (walk->links_nr == SP_LINKS_MAX)
		return false;
	walk->links[walk->links_nr++] =
		(struct sp_link){ .path = node->path, .target = node->target };
	put_before(&walk->todo, node->target, rest);
	walk->at = 0;
	if (node->target[0] == '/')
		sp_buf_reset(&walk->done);
	return walk->todo.len <= 4 * SP_PATH_MAX;
}

static void drop_last(struct sp_buf *done)
{
	const char *slash = done->len ? strrchr(done->data, '/') : NULL;

	if (slash) {
		done->len = (size_t)(slash - done->data);
		done->data[done->len] = '\0';
	}
}

/* Begin in the directory that path[0..cut) leads to, if that is known. */
static bool enter_folder(struct sp_root *root, const char *path, size_t cut,
			 struct walk *walk, struct node **ret)
{
	sp_buf_add(&walk->todo, path, cut);
	size_t at = sp_map_get(&root->by_folder, sp_buf_str(&walk->todo));
	if (at == SP_MAP_NONE)
		return false;
	const struct folder *folder = &root->folders[at];
	*ret = &root->nodes[folder->node];
	if (strcmp((*ret)->path, "/") != 0)
		sp_buf_addstr(&walk->done, (*ret)->path);
	memcpy(walk->links, folder->links, folder->links_nr * sizeof(*folder->links));
	walk->links_nr = folder->links_nr;
	walk->at = cut;
	return true;
}

static void keep_folder(struct sp_root *root, const char *path, size_t cut,
			const struct walk *walk, const struct node *node)
{
	const char *dir = sp_arena_strndup(&root->arena, path, cut);

	sp_map_set(&root->by_folder, dir, root->folders_nr);
	*SP_VEC_PUSH(root->folders) = (struct folder){
		.node = (size_t)(node - root->nodes),
		.links = sp_arena_memdup(&root->arena, walk->links,
					 walk->links_nr * sizeof(*walk->links)),
		.links_nr = walk->links_nr,
	};
}

/*
 * Walk path component by component.  *ret is the last node, or NULL when the
 * path leads nowhere.  With keep_last a link at the very end, behind which there
 * is no slash, is not followed.
 */
static int walk_path(struct sp_root *root, const char *path, bool keep_last,
		     struct walk *walk, struct node **ret, struct sp_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t cut = slash ? (size_t)(slash - path) : 0;
	struct node *node;

	*ret = NULL;
	bool known = enter_folder(root, path, cut, walk, &node);
	sp_buf_addstr(&walk->todo, path + cut);
	if (!known && look(root, "/", &node, err))
		return -1;
	for (;;) {
		const char *at = walk->todo.data + walk->at;

		if (!known && node->st.type == SP_DIR && strcmp(at, path + cut) == 0) {
			keep_folder(root, path, cut, walk, node);
			known = true;
		}
		at += strspn(at, "/");
		size_t len = strcspn(at, "/");
		const char *rest = at + len;

		if (!len)
			break;
		if (node->st.type != SP_DIR)
			return 0;
		if (len == 2 && memcmp(at, "..", 2) == 0) {
			drop_last(&walk->done);
		} else if (len != 1 || at[0] != '.') {
			sp_buf_addch(&walk->done, '/');
			sp_buf_add(&walk->done, at, len);
		}
		if (look(root, walk->done.len ? walk->done.data : "/", &node, err))
			return -1;
		/* "link/" is what the link leads to, as for the kernel */
		if (node->st.type == SP_SYMLINK && (*rest || !keep_last)) {
			drop_last(&walk->done);
			if (!follow(walk, node, rest))
				return 0;
			if (look(root, walk->done.len ? walk->done.data : "/",
				 &node, err))
				return -1;
			continue;
		}
		/* and "file/" is nothing */
		if (node->st.type == SP_ABSENT || (*rest && node->st.type != SP_DIR))
			return 0;
		walk->at = (size_t)(rest - walk->todo.data);
	}
	*ret = node;
	return 0;
}

int sp_root_resolve(struct sp_root *root, const char *path, struct sp_found *ret,
		    struct sp_err *err)
{
	SP_CLEANUP(walk_release) struct walk walk = { 0 };
	struct node *node;

	if (walk_path(root, path, false, &walk, &node, err))
		return -1;
	*ret = (struct sp_found){ .links_nr = walk.links_nr };
	if (walk.links_nr)
		ret->links = sp_arena_memdup(&root->arena, walk.links,
					     walk.links_nr * sizeof(*walk.links));
	if (node) {
		ret->real = node->path;
		ret->st = node->st;
	}
	return 0;
}

int sp_root_lstat(struct sp_root *root, const char *path, struct sp_stat *ret,
		  const char **ret_target, struct sp_err *err)
{
	SP_CLEANUP(walk_release) struct walk walk = { 0 };
	struct node *node;

	if (walk_path(root, path, true, &walk, &node, err))
		return -1;
	*ret = node ? node->st : (struct sp_stat){ .type = SP_ABSENT };
	*ret_target = node ? node->target : NULL;
	return 0;
}

int sp_root_open(struct sp_root *root, const char *path, struct sp_file *ret,
		 struct sp_err *err)
{
	struct sp_file file = SP_FILE_INIT;
	int rc = root->ops->open(root->ctx, path, &file);

	if (rc < 0) {
		errno = -rc;
		if (rc == -EISDIR)
			return sp_err_set(err, SP_EFAIL,
					  "%s: is a directory, expected a file",
					  sp_root_show(root, path));
		if (rc == -ENXIO)
			return sp_err_set(err, SP_EFAIL,
					  "%s: not a regular file (a FIFO, socket or device)",
					  sp_root_show(root, path));
		return sp_err_sys(err, SP_EFAIL, "%s: cannot open it",
				  sp_root_show(root, path));
	}
	*ret = file;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sp_root_list(struct sp_root *root, const char *path, const char *const **ret,
		 size_t *ret_nr, struct sp_err *err)
{
	char **names = NULL;
	size_t nr = 0;
	int rc = root->ops->list(root->ctx, path, &names, &nr);

	if (rc < 0) {
		errno = -rc;
		return sp_err_sys(err, SP_EFAIL, "%s: cannot list it",
				  sp_root_show(root, path));
	}
	if (nr)
		qsort(names, nr, sizeof(*names), by_bytes);
	const char **list = sp_arena_alloc(&root->arena, (nr + 1) * sizeof(*list));
	for (size_t i = 0; i < nr; i++) {
		list[i] = sp_arena_strdup(&root->arena, names[i]);
		free(names[i]);
	}
	free(names);
	*ret = list;
	*ret_nr = nr;
	return 0;
}
