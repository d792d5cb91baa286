/*
 * Laying layers over one another, and finding paths in the result.
 */
#include "image/tree.h"

#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/root.h"
#include "image/tree_nodes.h"

struct sp_tree {
	struct sp_tree_nodes t;
	uint64_t *budget;
	uint32_t layer_start;	/* nodes below this number come from lower layers */
	struct {		/* the directory of the entry before */
		const char *path;	/* NULL: not known any more */
		size_t len;
		uint32_t node;
		bool lower;
	} last;
};

struct sp_tree *sp_tree_new(uint64_t *budget)
{
	struct sp_tree *tree = sp_calloc(1, sizeof(*tree));

	sp_tree_nodes_init(&tree->t);
	tree->budget = budget;
	return tree;
}

void sp_tree_free(struct sp_tree *tree)
{
	if (!tree)
		return;
	sp_tree_nodes_release(&tree->t);
	free(tree);
}

const struct sp_tree_node *sp_tree_node(const struct sp_tree *tree, uint32_t node)
{
	return &tree->t.nodes[node];
}

static bool spend(struct sp_tree *tree, uint64_t cost)
{
	if (*tree->budget < cost) {
		*tree->budget = 0;
		return false;
	}
	*tree->budget -= cost;
	return true;
}

/* A path on its way through the tree; the text of links goes in front of what is
 * left of it. */
struct walk {
	struct sp_buf text;
	const char *rest;
	uint32_t at;
	unsigned links;
};

static void walk_release(struct walk *w)
{
	sp_buf_release(&w->text);
}

/* Follow the link node, which is in w->at. */
static bool walk_link(struct sp_tree *tree, struct walk *w, uint32_t node)
{
	const char *target = tree->t.nodes[node].target;
	struct sp_buf text = { 0 };
	size_t rest = strlen(w->rest);

	if (++w->links > SP_LINKS_MAX || !spend(tree, strlen(target) + rest))
		return false;
	sp_buf_addstr(&text, target);
	sp_buf_addch(&text, '/');
	sp_buf_add(&text, w->rest, rest);
	if (target[0] == '/')
		w->at = SP_TREE_ROOT;
	sp_buf_release(&w->text);
	w->text = text;
	w->rest = w->text.data;
	return true;
}

/* The next component of the rest, past slashes and "."; 0 at the end. */
static size_t walk_next(struct walk *w, const char **ret)
{
	for (;;) {
		w->rest += strspn(w->rest, "/");
		size_t len = strcspn(w->rest, "/");

		*ret = w->rest;
		w->rest += len;
		if (len != 1 || (*ret)[0] != '.')
			return len;
	}
}

/* One step of w to name; SP_TREE_NONE if nothing is there. */
static uint32_t step(const struct sp_tree *tree, const struct walk *w, const char *name,
		     size_t len)
{
	const struct sp_tree_node *at = &tree->t.nodes[w->at];

	if (at->type != SP_TREE_DIR)
		return SP_TREE_NONE;
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return w->at == SP_TREE_ROOT ? SP_TREE_ROOT : at->parent;
	if (len > SP_NAME_LIMIT)
		return SP_TREE_NONE;
	return sp_tree_nodes_child(&tree->t, w->at, name, len);
}

/* Walk on to the end; SP_TREE_NONE if that leads nowhere. */
static uint32_t walk_on(struct sp_tree *tree, struct walk *w, bool follow)
{
	const char *name;
	size_t len;

	while ((len = walk_next(w, &name))) {
		if (!spend(tree, 1))
			return SP_TREE_NONE;
		uint32_t node = step(tree, w, name, len);
		if (node == SP_TREE_NONE)
			return SP_TREE_NONE;
		bool last = !w->rest[strspn(w->rest, "/")];
		if (tree->t.nodes[node].type != SP_TREE_SYMLINK || (last && !follow))
			w->at = node;
		else if (!walk_link(tree, w, node))
			return SP_TREE_NONE;
	}
	return w->at;
}

uint32_t sp_tree_find(struct sp_tree *tree, const char *path, bool follow)
{
	struct walk w SP_CLEANUP(walk_release) = { .rest = path, .at = SP_TREE_ROOT };

	return walk_on(tree, &w, follow);
}

const char *sp_tree_path(const struct sp_tree *tree, uint32_t node, struct sp_arena *arena)
{
	size_t len = 0;

	if (node == SP_TREE_ROOT)
		return sp_arena_strdup(arena, "/");
	for (uint32_t n = node; n != SP_TREE_ROOT; n = tree->t.nodes[n].parent)
		len += tree->t.nodes[n].name_len + 1;
	char *path = sp_arena_alloc(arena, len + 1);
	for (uint32_t n = node; n != SP_TREE_ROOT; n = tree->t.nodes[n].parent) {
		const struct sp_tree_node *at = &tree->t.nodes[n];

		len -= at->name_len;
		memcpy(path + len, at->name, at->name_len);
		path[--len] = '/';
	}
	return path;
}

static void note(const struct sp_tree_watch *watch, const char *id, const char *path,
		 const char *what)
{
	watch->found(watch->ctx, true, id, path, what);
}

static void problem(const struct sp_tree_watch *watch, const char *id, const char *path,
		    const char *what)
{
	watch->found(watch->ctx, false, id, path, what);
}

/* Where the last component of a clean path begins. */
static const char *last_part(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* The directory that holds path, links followed; SP_TREE_NONE if not there. */
static uint32_t find_parent(struct sp_tree *tree, const char *path)
{
	char *dir = sp_strndup(path, (size_t)(last_part(path) - path));
	uint32_t node = sp_tree_find(tree, dir, true);

	free(dir);
	return node;
}

static void delete(struct sp_tree *tree, const struct sp_tree_entry *e,
		   const struct sp_tree_watch *watch)
{
	struct sp_tree_node *nodes = tree->t.nodes;
	uint32_t node = SP_TREE_NONE, dir;

	if (e->type == SP_TREE_OPAQUE) {
		dir = sp_tree_find(tree, e->path, true);
		for (uint32_t n = dir == SP_TREE_NONE ? dir : nodes[dir].child;
		     n != SP_TREE_NONE; n = nodes[n].sibling)
			nodes[n].gone = true;
		if (dir != SP_TREE_NONE)
			nodes[dir].child = SP_TREE_NONE;
		return;
	}
	dir = find_parent(tree, e->path);
	if (dir != SP_TREE_NONE)
		node = sp_tree_nodes_child(&tree->t, dir, last_part(e->path),
					   strlen(last_part(e->path)));
	if (node == SP_TREE_NONE)
		note(watch, "whiteout-without-target", e->path,
		     "deletes what no lower layer has");
	else
		nodes[node].gone = true;
}

static uint32_t add_dir(struct sp_tree *tree, uint32_t parent, const char *name, size_t len)
{
	uint32_t node = sp_tree_nodes_add(&tree->t, parent, name, len);

	/* what overlay2, podman and containerd give to a parent without an entry */
	tree->t.nodes[node].mode = 0755;
	tree->t.nodes[node].type = SP_TREE_DIR;
	return node;
}

/*
 * Go to the directory *ret that holds path, making what is missing, as engines
 * do.  They follow links on the way, but do not make what a dangling one names.
 * The reason if that cannot be, else NULL.
 */
static const char *enter_parent(struct sp_tree *tree, const char *path, bool *ret_lower,
				uint32_t *ret)
{
	const char *stop = last_part(path), *name = path + 1;
	uint32_t at = SP_TREE_ROOT;

	/* most entries lie where the one before them does */
	if (tree->last.path && tree->last.len == (size_t)(stop - path) &&
	    memcmp(tree->last.path, path, tree->last.len) == 0) {
		*ret_lower = tree->last.lower;
		*ret = tree->last.node;
		return NULL;
	}
	for (; name < stop; name = strchr(name, '/') + 1) {
		struct walk w SP_CLEANUP(walk_release) = { .at = at };
		size_t len = strcspn(name, "/");

		if (!spend(tree, 1) || tree->t.nodes_nr >= SP_TREE_NODES_MAX)
			return NULL;	/* the caller looks at the limits */
		if (len > SP_NAME_LIMIT)
			return "a component is longer than 255 bytes";
		uint32_t node = sp_tree_nodes_child(&tree->t, at, name, len);
		if (node == SP_TREE_NONE)
			node = add_dir(tree, at, name, len);
		if (tree->t.nodes[node].type == SP_TREE_SYMLINK) {
			*ret_lower |= node < tree->layer_start;
			w.rest = "";
			if (!walk_link(tree, &w, node) ||
			    (node = walk_on(tree, &w, true)) == SP_TREE_NONE)
				return "a parent is a symbolic link that leads nowhere";
		}
		if (tree->t.nodes[node].type != SP_TREE_DIR)
			return "a parent is no directory";
		at = node;
	}
	*ret = at;
	tree->last.path = path;
	tree->last.len = (size_t)(stop - path);
	tree->last.node = at;
	tree->last.lower = *ret_lower;
	return NULL;
}

static void set_attributes(struct sp_tree_node *node, const struct sp_tree_entry *e)
{
	node->type = e->type;
	node->mode = e->mode;
	node->uid = e->uid;
	node->gid = e->gid;
	node->size = e->size;
	node->target = e->target;
	node->kept = e->kept;
}

/* Turn a hard link into what it leads to; false if it cannot be linked to. */
static bool settle_link(struct sp_tree *tree, struct sp_tree_entry *e)
{
	uint32_t number = sp_tree_find(tree, e->target, false);

	if (number == SP_TREE_NONE || tree->t.nodes[number].type == SP_TREE_DIR)
		return false;
	const struct sp_tree_node *node = &tree->t.nodes[number];
	e->type = node->type;
	e->mode = node->mode;
	e->uid = node->uid;
	e->gid = node->gid;
	e->size = node->size;
	e->target = node->target;
	e->kept = node->kept;
	return true;
}

/* Put a name into its directory.  A directory over a directory keeps what is in
 * it; all else replaces what was there. */
static void put(struct sp_tree *tree, uint32_t dir, const struct sp_tree_entry *e)
{
	const char *name = last_part(e->path);
	uint32_t node = sp_tree_nodes_child(&tree->t, dir, name, strlen(name));

	if (node != SP_TREE_NONE &&
	    (e->type != SP_TREE_DIR || tree->t.nodes[node].type != SP_TREE_DIR)) {
		tree->t.nodes[node].gone = true;
		tree->last.path = NULL;		/* it may have been on the way */
		node = SP_TREE_NONE;
	}
	if (node == SP_TREE_NONE)
		node = sp_tree_nodes_add(&tree->t, dir, name, strlen(name));
	set_attributes(&tree->t.nodes[node], e);
}

static void place(struct sp_tree *tree, const struct sp_tree_entry *e,
		  const struct sp_tree_watch *watch)
{
	struct sp_tree_entry entry = *e;
	uint32_t dir = SP_TREE_NONE;
	bool lower = false;

	if (!spend(tree, 1))
		return;
	if (!*last_part(e->path)) {
		set_attributes(&tree->t.nodes[SP_TREE_ROOT], e);
		return;
	}
	const char *why = enter_parent(tree, e->path, &lower, &dir);
	if (!why && strlen(last_part(e->path)) > SP_NAME_LIMIT)
		why = "its last component is longer than 255 bytes";
	if (why)
		problem(watch, "parent-not-directory", e->path, why);
	if (why || dir == SP_TREE_NONE)
		return;
	if (e->type == SP_TREE_HARDLINK && !settle_link(tree, &entry)) {
		problem(watch, "hard-link-target", e->path,
			"is a hard link to what is not there before it");
		return;
	}
	if (lower)
		note(watch, "below-symlink", e->path,
		     "lies below a symbolic link of a lower layer; not all engines follow it");
	put(tree, dir, &entry);
}

int sp_tree_apply(struct sp_tree *tree, const struct sp_tree_entry *entries, size_t nr,
		  const struct sp_tree_watch *watch, struct sp_err *err)
{
	tree->layer_start = (uint32_t)tree->t.nodes_nr;
	tree->last.path = NULL;
	for (size_t i = 0; i < nr; i++)
		if (entries[i].type == SP_TREE_WHITEOUT || entries[i].type == SP_TREE_OPAQUE)
			delete(tree, &entries[i], watch);
	for (size_t i = 0; i < nr; i++) {
		if (entries[i].type != SP_TREE_WHITEOUT && entries[i].type != SP_TREE_OPAQUE)
			place(tree, &entries[i], watch);
		if (!*tree->budget || tree->t.nodes_nr >= SP_TREE_NODES_MAX)
			return sp_err_set(err, SP_EVERIFY,
					  "too many files, or too many links on the way to them");
	}
	return 0;
}
