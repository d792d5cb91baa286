/*
 * Overlays: the last one at a path counts, links are followed, the root below shows
 * through, and the plan says of its directories what they are.
 */
#include "rootfs/overlay.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "test.h"

static const struct sp_owner root_owner = { 0, 0 }, other = { 5, 6 };
static const struct sp_reason because = { SP_BECAUSE_ADDED, NULL, "a test" };

static int put(struct sp_overlay *o, const char *path, enum sp_entry_type type,
	       const char *what, struct sp_err *err)
{
	struct sp_entry e = { .path = path, .type = type, .mode = 0644, .reason = because };

	*err = (struct sp_err){ 0 };
	if (type == SP_ENTRY_SYMLINK)
		e.target = what;
	if (type == SP_ENTRY_FILE) {
		e.content = what;
		e.size = strlen(what);
	}
	return sp_overlay_put(o, &e, err);
}

static const char *leads(struct sp_overlay *o, const char *path, bool follow, int *ret_type)
{
	struct sp_err err = { 0 };
	const char *real = NULL;
	struct sp_stat st;

	if (sp_overlay_resolve(o, path, follow, &real, &st, &err))
		return "(error)";
	*ret_type = (int)st.type;
	return real;
}

static void test_alone(void)
{
	struct sp_overlay *o = sp_overlay_new(NULL);
	struct sp_err err = { 0 };
	const char *real = NULL;
	int type;

	ok(sp_overlay_mkdirs(o, "/a/b", &other, &because, &real, &err) == 0, "directories");
	is_str(real, "/a/b", "are where they should be");
	ok(put(o, "/a/f", SP_ENTRY_FILE, "one", &err) == 0 &&
	   put(o, "/a/f", SP_ENTRY_FILE, "second", &err) == 0, "a file over a file");
	sp_autofree char *text = NULL;
	size_t len = 0;
	ok(sp_overlay_read(o, "/a/f", 100, &text, &len, &err) == 0 && len == 6, "is read");
	is_str(text, "second", "and is the later one");
	free(text);
	ok(sp_overlay_read(o, "/a/f", 3, &text, &len, &err) == 0 && !text, "not if it is too large");
	ok(put(o, "/a/b", SP_ENTRY_FILE, "x", &err) == -1 && err.code == SP_EUSAGE,
	   "a file over a directory: %s", err.msg);
	ok(put(o, "/a/f", SP_ENTRY_DIR, NULL, &err) == -1, "a directory over a file: %s", err.msg);
	ok(put(o, "/a/.wh.x", SP_ENTRY_FILE, "", &err) == -1, "a name of a deletion: %s", err.msg);
	ok(sp_overlay_mkdirs(o, "/a/f/g", &other, &because, NULL, &err) == -1,
	   "a directory below a file: %s", err.msg);
	ok(put(o, "/l", SP_ENTRY_SYMLINK, "a/../a/b", &err) == 0 &&
	   put(o, "/a/up", SP_ENTRY_SYMLINK, "/l", &err) == 0 &&
	   put(o, "/loop", SP_ENTRY_SYMLINK, "loop", &err) == 0, "links");
	is_str(leads(o, "/a/up/new", true, &type), "/a/b/new", "are followed");
	is_int(type, SP_ABSENT, "to what is not there");
	is_str(leads(o, "/a/up", false, &type), "/a/up", "or not");
	is_int(type, SP_SYMLINK, "to a link itself");
	is_str(leads(o, "/a/up", true, &type), "/a/b", "to a directory");
	is_str(leads(o, "/../x/./y", true, &type), "/x/y", "dots");
	is_str(leads(o, "/loop/x", true, &type), "(error)", "a circle is refused");

	struct sp_overlay *copy = sp_overlay_copy(o);
	sp_overlay_free(o);
	struct sp_plan *plan = NULL;
	ok(sp_overlay_plan(copy, &plan, &err) == 0 && sp_plan_finish(plan, &err) == 0,
	   "the plan of a copy");
	ok(plan->entries_nr == 6 && sp_plan_find(plan, "/a/b")->uid == 5 &&
	   sp_plan_find(plan, "/a")->gid == 6, "holds them all: %zu", plan->entries_nr);
	sp_plan_free(plan);
	sp_overlay_free(copy);
	sp_overlay_free(NULL);
}

static void test_over_root(void)
{
	sp_autofree char *dir = sp_strf("%s/root", scratch_dir());
	sp_autofree char *sub = sp_strf("%s/sub", dir), *file = sp_strf("%s/sub/f", dir);
	sp_autofree char *link = sp_strf("%s/link", dir);
	struct sp_root *root = NULL;
	struct sp_plan *plan = NULL;
	struct sp_err err = { 0 };
	int type;

	if (!ok(mkdir(dir, 0755) == 0 && mkdir(sub, 0755) == 0 && chmod(sub, 01777) == 0 &&
		symlink("sub", link) == 0, "a root below"))
		return;
	int fd = open(file, O_CREAT | O_WRONLY, 0644);
	ok(fd >= 0 && write(fd, "below", 5) == 5 && close(fd) == 0, "with a file");
	ok(sp_root_open_dir(dir, &root, &err) == 0, "opens");
	struct sp_overlay *o = sp_overlay_new(root);
	sp_autofree char *text = NULL;
	size_t len;
	ok(sp_overlay_read(o, "/link/f", 100, &text, &len, &err) == 0 && len == 5,
	   "its file is read through its link");
	is_str(leads(o, "/link/new", true, &type), "/sub/new", "and its link followed");
	ok(put(o, "/sub/new", SP_ENTRY_FILE, "n", &err) == 0 &&
	   put(o, "/sub", SP_ENTRY_FILE, "n", &err) == -1, "its directory stays one: %s", err.msg);
	ok(put(o, "/link", SP_ENTRY_FILE, "n", &err) == 0, "its link can be replaced");
	ok(sp_overlay_mkdirs(o, "/sub", &root_owner, &because, NULL, &err) == 0 &&
	   sp_overlay_mkdirs(o, "/sub/f", &root_owner, &because, NULL, &err) == -1,
	   "its file is no directory: %s", err.msg);
	ok(sp_overlay_plan(o, &plan, &err) == 0 && sp_plan_finish(plan, &err) == 0, "the plan");
	ok(plan->entries_nr == 3 && sp_plan_find(plan, "/sub")->mode == 01777,
	   "has the mode of the directory below: %04o", sp_plan_find(plan, "/sub")->mode);
	sp_plan_free(plan);
	sp_overlay_free(o);
	sp_root_free(root);
}

int main(void)
{
	test_alone();
	test_over_root();
	return test_done();
}
