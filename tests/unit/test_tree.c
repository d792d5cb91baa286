/* tree.c: layers over one another, deletions, links, lookups. */
#include "image/tree.h"

#include "base/buf.h"
#include "test.h"

static struct sp_buf found;

static void on_found(void *ctx, bool is_note, const char *id, const char *path,
		     const char *what)
{
	(void)ctx;
	(void)what;
	sp_buf_addf(&found, "%s%s %s;", is_note ? "note " : "", id, path);
}

static const struct sp_tree_watch watch = { on_found, NULL };

#define DIR(p) { .path = p, .type = SP_TREE_DIR, .mode = 0755 }
#define FILE_(p, s) { .path = p, .type = SP_TREE_FILE, .mode = 0644, .size = s }
#define LINK(p, t) { .path = p, .type = SP_TREE_SYMLINK, .target = t }
#define HARD(p, t) { .path = p, .type = SP_TREE_HARDLINK, .target = t }
#define GONE(p) { .path = p, .type = SP_TREE_WHITEOUT }
#define OPAQUE(p) { .path = p, .type = SP_TREE_OPAQUE }

static void apply(struct sp_tree *tree, const struct sp_tree_entry *entries, size_t nr,
		  const char *want, const char *name)
{
	struct sp_err err = { 0 };

	sp_buf_reset(&found);
	ok(!sp_tree_apply(tree, entries, nr, &watch, &err), "%s %s", name, err.msg);
	is_str(sp_buf_str(&found), want, "%s: remarks", name);
}
#define APPLY(tree, want, name, ...)                                          \
	do {                                                                  \
		static const struct sp_tree_entry e_[] = { __VA_ARGS__ };     \
		apply(tree, e_, sizeof(e_) / sizeof(*e_), want, name);        \
	} while (0)

/* path leads to real, or nowhere when that is NULL. */
static void leads(struct sp_tree *tree, const char *path, const char *real)
{
	struct sp_arena arena = { 0 };
	uint32_t node = sp_tree_find(tree, path, true);

	is_str(node == SP_TREE_NONE ? NULL : sp_tree_path(tree, node, &arena), real,
	       "%s leads to %s", path, real ? real : "nothing");
	sp_arena_release(&arena);
}

static void links(void)
{
	uint64_t budget = SP_TREE_BUDGET;
	struct sp_tree *t = sp_tree_new(&budget);

	APPLY(t, "", "a usrmerge tree", DIR("/usr"), DIR("/usr/bin"), FILE_("/usr/bin/app", 7),
	      LINK("/bin", "usr/bin"), LINK("/abs", "/usr"), LINK("/loop", "loop"),
	      LINK("/up", "../../usr/bin/app"), LINK("/nowhere", "none"),
	      FILE_("/deep/er/file", 1), HARD("/copy", "/usr/bin/app"),
	      FILE_("/bin/second", 2));
	leads(t, "/", "/");
	leads(t, "/bin/app", "/usr/bin/app");
	leads(t, "/abs/bin/../bin/./app", "/usr/bin/app");
	leads(t, "/up", "/usr/bin/app");
	leads(t, "/../../up", "/usr/bin/app");
	leads(t, "/loop", NULL);
	leads(t, "/nowhere", NULL);
	leads(t, "/usr/bin/app/x", NULL);
	leads(t, "/usr/bin/second", "/usr/bin/second");
	leads(t, "/deep/er/file", "/deep/er/file");
	is_int(sp_tree_node(t, sp_tree_find(t, "/deep/er", true))->mode, 0755,
	       "a parent without an entry");
	uint32_t n = sp_tree_find(t, "/bin", false);
	is_int(sp_tree_node(t, n)->type, SP_TREE_SYMLINK, "/bin itself, not followed");
	n = sp_tree_find(t, "/copy", true);
	is_int((long long)sp_tree_node(t, n)->size, 7, "a hard link is what it links to");
	is_int(sp_tree_node(t, n)->type, SP_TREE_FILE, "and a file");
	APPLY(t, "hard-link-target /h1;hard-link-target /h2;parent-not-directory /nowhere/x;"
		 "parent-not-directory /loop/x;parent-not-directory /copy/x;",
	      "entries that cannot be", HARD("/h1", "/none"), HARD("/h2", "/usr"),
	      FILE_("/nowhere/x", 1), FILE_("/loop/x", 1), FILE_("/copy/x", 1));
	leads(t, "/h1", NULL);
	APPLY(t, "", "a directory that becomes a link between its entries", DIR("/q"),
	      FILE_("/p/1", 1), FILE_("/p/2", 1), LINK("/p", "q"), FILE_("/p/3", 1));
	leads(t, "/p/1", NULL);
	leads(t, "/p/3", "/q/3");
	sp_tree_free(t);
}

static void layers(void)
{
	uint64_t budget = SP_TREE_BUDGET;
	struct sp_tree *t = sp_tree_new(&budget);

	APPLY(t, "", "bottom", DIR("/a"), FILE_("/a/1", 1), FILE_("/a/2", 2), DIR("/b"),
	      FILE_("/b/1", 1), DIR("/c"), FILE_("/c/1", 1), LINK("/l", "a"),
	      FILE_("/f", 1));
	APPLY(t, "note whiteout-without-target /none;note whiteout-without-target /no/ne;",
	      "deletions", GONE("/a/1"), OPAQUE("/b"), FILE_("/b/new", 1), GONE("/c"),
	      GONE("/none"), GONE("/no/ne"));
	leads(t, "/a/1", NULL);
	leads(t, "/a/2", "/a/2");
	leads(t, "/b/1", NULL);
	leads(t, "/b/new", "/b/new");
	leads(t, "/c", NULL);
	APPLY(t, "", "what a layer brings, it does not delete", FILE_("/d/1", 1), OPAQUE("/d"),
	      FILE_("/e", 1));
	leads(t, "/d/1", "/d/1");
	APPLY(t, "note below-symlink /l/x;", "replacements", FILE_("/a/2", 22),
	      FILE_("/l/x", 1), DIR("/f"), FILE_("/f/in", 1), FILE_("/b", 9), DIR("/a"),
	      DIR("/c"));
	leads(t, "/a/x", "/a/x");
	leads(t, "/a/2", "/a/2");
	is_int((long long)sp_tree_node(t, sp_tree_find(t, "/a/2", true))->size, 22,
	       "the upper file");
	leads(t, "/f/in", "/f/in");
	leads(t, "/b/new", NULL);
	leads(t, "/c/1", NULL);
	APPLY(t, "note below-symlink /l/1;", "a deletion through a link", GONE("/l/x"),
	      FILE_("/l/1", 1));
	leads(t, "/a/x", NULL);
	leads(t, "/l/1", "/a/1");
	sp_tree_free(t);
}

static void limits(void)
{
	static const struct sp_tree_entry e[] = { FILE_("/a/b/c/d/e", 1), FILE_("/x", 1) };
	uint64_t budget = 3;
	struct sp_tree *t = sp_tree_new(&budget);
	struct sp_err err = { 0 };

	ok(sp_tree_apply(t, e, 2, &watch, &err) < 0, "a small budget is used up");
	is_int(err.code, SP_EVERIFY, "which is the image's fault");
	is_int(sp_tree_find(t, "/a", true), SP_TREE_NONE, "and nothing is found any more");
	sp_tree_free(t);

	/* 40 links, as the kernel follows; a chain of 41 does not lead anywhere */
	struct sp_arena arena = { 0 };
	struct sp_tree_entry chain[42] = { FILE_("/n0", 1) };
	for (int i = 1; i < 42; i++)
		chain[i] = (struct sp_tree_entry){
			.path = sp_arena_strf(&arena, "/n%d", i), .type = SP_TREE_SYMLINK,
			.target = sp_arena_strf(&arena, "n%d", i - 1),
		};
	budget = SP_TREE_BUDGET;
	t = sp_tree_new(&budget);
	ok(!sp_tree_apply(t, chain, 42, &watch, &err), "a chain of links");
	leads(t, "/n40", "/n0");
	leads(t, "/n41", NULL);
	sp_tree_free(t);
	sp_arena_release(&arena);
}

/* Many names, so that the table grows, and some go again. */
static void many(void)
{
	uint64_t budget = SP_TREE_BUDGET;
	struct sp_tree *t = sp_tree_new(&budget);
	struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	size_t nr = 20000, missing = 0;
	struct sp_tree_entry *e = sp_calloc(nr, sizeof(*e));

	for (size_t i = 0; i < nr; i++)
		e[i] = (struct sp_tree_entry){
			.path = sp_arena_strf(&arena, "/d%zu/f%zu", i % 100, i),
			.type = SP_TREE_FILE, .size = i,
		};
	ok(!sp_tree_apply(t, e, nr, &watch, &err), "20000 files");
	for (size_t i = 0; i < nr; i++) {
		uint32_t n = sp_tree_find(t, e[i].path, true);

		missing += n == SP_TREE_NONE || sp_tree_node(t, n)->size != i;
	}
	is_int((long long)missing, 0, "all are found");
	for (size_t i = 0; i < nr; i += 2)
		e[i].type = SP_TREE_WHITEOUT;
	for (size_t i = 1; i < nr; i += 2)
		e[i].type = SP_TREE_FILE;
	ok(!sp_tree_apply(t, e, nr, &watch, &err), "half of them deleted");
	for (size_t i = 0; i < nr; i++)
		missing += (sp_tree_find(t, e[i].path, true) == SP_TREE_NONE) != !(i % 2);
	is_int((long long)missing, 0, "and that half is gone");
	sp_tree_free(t);
	sp_arena_release(&arena);
	free(e);
}

int main(void)
{
	links();
	layers();
	limits();
	many();
	sp_tree_free(NULL);
	sp_buf_release(&found);
	return test_done();
}
