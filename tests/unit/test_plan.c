/*
 * Plans: adding, putting in order, conflicts, reasons; and the planned image as a
 * root.
 */
#include "rootfs/plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "rootfs/plan_root.h"
#include "test.h"

static void add(struct sp_plan *plan, enum sp_entry_type type, const char *path,
		const char *target, enum sp_reason_kind kind)
{
	struct sp_err err = { 0 };
	struct sp_entry entry = {
		.path = path, .type = type, .mode = type == SP_ENTRY_FILE ? 0644 : 0755,
		.target = target, .reason = { kind, NULL, "test" },
	};

	if (type == SP_ENTRY_FILE) {
		entry.content = target ? target : path;
		entry.size = strlen(entry.content);
		entry.target = NULL;
	}
	if (sp_plan_add(plan, &entry, &err))
		ok(false, "%s is added: %s", path, err.msg);
}

static void file(struct sp_plan *plan, const char *path)
{
	add(plan, SP_ENTRY_FILE, path, NULL, SP_BECAUSE_ADDED);
}

static void dir(struct sp_plan *plan, const char *path)
{
	add(plan, SP_ENTRY_DIR, path, NULL, SP_BECAUSE_ADDED);
}

static void link_to(struct sp_plan *plan, const char *path, const char *target)
{
	add(plan, SP_ENTRY_SYMLINK, path, target, SP_BECAUSE_LINK);
}

/* Finish and show: "PATH", "PATH/" for directories, "PATH>TARGET" for links. */
static const char *order(struct sp_plan *plan)
{
	static struct sp_buf text;
	struct sp_err err = { 0 };

	sp_buf_release(&text);
	if (!plan)
		return NULL;
	if (sp_plan_finish(plan, &err)) {
		sp_buf_addf(&text, "error %d: %s", err.code, err.msg);
		return text.data;
	}
	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];

		sp_buf_addf(&text, "%s%s%s%s%s", i ? " " : "", e->path,
			    e->type == SP_ENTRY_DIR ? "/" : "",
			    e->type == SP_ENTRY_SYMLINK ? ">" :
			    e->type == SP_ENTRY_HARDLINK ? "=" : "", e->target ? e->target : "");
	}
	return sp_buf_str(&text);
}

static void ordering(void)
{
	struct sp_plan *plan = sp_plan_new();

	file(plan, "/b/c/f");
	file(plan, "/a");
	file(plan, "/b.x");
	file(plan, "//a/./../z//");
	dir(plan, "/");
	dir(plan, "/tmp");
	file(plan, "/var/tmp/x");
	is_str(order(plan), "/a /b/ /b.x /b/c/ /b/c/f /tmp/ /var/ /var/tmp/ /var/tmp/x /z",
	       "sorted by bytes, with parents, without the root");
	is_int(sp_plan_find(plan, "/b")->mode, 0755, "a parent is open to read");
	is_int(sp_plan_find(plan, "/var/tmp")->mode, 01777, "/var/tmp to write");
	is_int(sp_plan_find(plan, "/tmp")->mode, 0755, "unless something else was asked for");
	is_int(sp_plan_find(plan, "/b")->reason.kind, SP_BECAUSE_PARENT, "a parent has its reason");
	is_str(sp_plan_find(plan, "/b/c")->reason.by, "/b/c/f", "that leads to the child");
	ok(sp_plan_find(plan, "/none") == NULL, "what is not there");
	is_int((long long)sp_plan_size(plan), 2 + 6 + 4 + 12 + 10, "the size of all files");
	sp_plan_free(plan);
	plan = sp_plan_new();
	is_str(order(plan), "", "an empty plan");
	sp_plan_free(plan);
	sp_plan_free(NULL);
}

static void moving(void)
{
	struct sp_plan *plan = sp_plan_new();

	link_to(plan, "/lib", "usr/lib");
	file(plan, "/lib/x");
	link_to(plan, "/usr/lib/l", "../../lib/x");
	is_str(order(plan), "/lib>usr/lib /usr/ /usr/lib/ /usr/lib/l>../../lib/x /usr/lib/x",
	       "what is below a link moves to where it leads");
	sp_plan_free(plan);
	plan = sp_plan_new();
	link_to(plan, "/a", "/b");
	link_to(plan, "/b", "c");
	file(plan, "/a/f");
	dir(plan, "/a/d");
	is_str(order(plan), "/a>/b /b>c /c/ /c/d/ /c/f", "also over several");
	sp_plan_free(plan);
	plan = sp_plan_new();
	link_to(plan, "/a", "/b");
	dir(plan, "/a");
	is_str(order(plan), "/a>/b /b/", "a directory at a link is where it leads");
	sp_plan_free(plan);
	plan = sp_plan_new();
	link_to(plan, "/a", "b");
	link_to(plan, "/b", "a");
	file(plan, "/a/f");
	ok(strncmp(order(plan), "error 2", 7) == 0, "a circle is an error");
	sp_plan_free(plan);
	plan = sp_plan_new();
	link_to(plan, "/a/l", "..");
	file(plan, "/a/l/f");
	is_str(order(plan), "/a/ /a/l>.. /f", "a link upwards");
	sp_plan_free(plan);
	plan = sp_plan_new();
	link_to(plan, "/deep", "../../../etc");
	file(plan, "/deep/f");
	is_str(order(plan), "/deep>../../../etc /etc/ /etc/f", "and one above the root");
	sp_plan_free(plan);
}

static void merging(void)
{
	struct sp_plan *plan = sp_plan_new();
	struct sp_err err = { 0 };

	add(plan, SP_ENTRY_FILE, "/f", "same", SP_BECAUSE_ADDED);
	add(plan, SP_ENTRY_FILE, "/f", "same", SP_BECAUSE_NEEDED);
	link_to(plan, "/l", "x");
	link_to(plan, "/l", "x");
	dir(plan, "/d");
	dir(plan, "/d");
	is_str(order(plan), "/d/ /f /l>x", "equal entries are one");
	is_int(sp_plan_find(plan, "/f")->reason.kind, SP_BECAUSE_NEEDED, "for the stronger reason");
	sp_plan_free(plan);
	static const struct { int a, b; const char *what; } bad[] = {
		{ SP_ENTRY_FILE, SP_ENTRY_DIR, "a file and a directory" },
		{ SP_ENTRY_FILE, SP_ENTRY_SYMLINK, "a file and a link" },
	};
	for (size_t i = 0; i < 2; i++) {
		plan = sp_plan_new();
		add(plan, (enum sp_entry_type)bad[i].a, "/p", "x", SP_BECAUSE_ADDED);
		add(plan, (enum sp_entry_type)bad[i].b, "/p", "/q", SP_BECAUSE_NEEDED);
		if (bad[i].b == SP_ENTRY_SYMLINK)
			ok(sp_plan_finish(plan, &err) == -1 && err.code == SP_EUSAGE, "%s of one path",
			   bad[i].what);
		else
			ok(sp_plan_finish(plan, &err) == -1 && strstr(err.msg, "/p"), "%s of one path",
			   bad[i].what);
		sp_plan_free(plan);
	}
	plan = sp_plan_new();
	add(plan, SP_ENTRY_FILE, "/f", "one", SP_BECAUSE_ADDED);
	add(plan, SP_ENTRY_FILE, "/f", "two", SP_BECAUSE_NEEDED);
	ok(sp_plan_finish(plan, &err) == -1 && strstr(err.msg, "/f"), "two files of one path");
	sp_plan_free(plan);
	plan = sp_plan_new();
	file(plan, "/f");
	file(plan, "/f/g");
	ok(sp_plan_finish(plan, &err) == -1 && err.code == SP_EUSAGE, "a file below a file");
	sp_plan_free(plan);
}

static void excluding(void)
{
	struct sp_plan *plan = sp_plan_new();

	file(plan, "/usr/share/doc/x");
	file(plan, "/usr/lib/x.a");
	file(plan, "/usr/lib/x.so");
	sp_plan_exclude(plan, "*.a");
	sp_plan_exclude(plan, "/usr/share");
	sp_plan_exclude(plan, "*.nothing");
	is_str(order(plan), "/usr/ /usr/lib/ /usr/lib/x.so", "what is excluded goes, with its parents");
	is_int((long long)plan->notes_nr, 1, "a glob that matched nothing");
	is_str(plan->notes[0].id, "exclude-unmatched", "is noted");
	sp_plan_note(plan, "id", "%d", 1);
	sp_plan_note(plan, "id", "%d", 1);
	sp_plan_note(plan, "id", "%d", 2);
	is_int((long long)plan->notes_nr, 3, "one note is kept once");
	sp_plan_free(plan);
}

static void refused(void)
{
	struct sp_plan *plan = sp_plan_new();
	struct sp_entry entry = { .path = "/a/.wh.b", .type = SP_ENTRY_DIR };
	struct sp_err err = { 0 };

	ok(sp_plan_add(plan, &entry, &err) == -1 && err.code == SP_EUSAGE,
	   "a name that layers reserve");
	is_int((long long)plan->entries_nr, 0, "is not added");
	sp_plan_free(plan);
}

/* Files of a root: one inode is one file and its links. */
static void hard_links(void)
{
	struct sp_plan *plan = sp_plan_new();
	struct sp_root *root;
	struct sp_err err = { 0 };
	sp_autofree char *a = sp_strf("%s/a", scratch_dir()), *b = sp_strf("%s/b", scratch_dir());
	int fd = open(a, O_WRONLY | O_CREAT, 0644);
	struct sp_found found;

	if (fd < 0 || write(fd, "bytes", 5) != 5 || link(a, b) || sp_root_open_dir(scratch_dir(), &root, &err))
		return;
	close(fd);
	for (int i = 0; i < 3; i++) {
		if (sp_root_resolve(root, i == 1 ? "/b" : "/a", &found, &err))
			return;
		struct sp_entry entry = {
			.path = i == 0 ? "/z" : i == 1 ? "/y" : "/x", .type = SP_ENTRY_FILE,
			.mode = i == 2 ? 0600 : 0644, .size = 5, .root = root,
			.source = found.real, .source_st = found.st,
		};
		if (sp_plan_add(plan, &entry, &err))
			return;
	}
	is_str(order(plan), "/x /y /z=/y", "one inode with one mode is one file");
	is_int((long long)sp_plan_size(plan), 10, "and counts once");

	struct sp_root *image = sp_plan_root_new(plan, NULL);
	sp_autofile struct sp_file file_z = SP_FILE_INIT;
	struct sp_found y, z;
	char text[8] = "";
	size_t got;
	ok(sp_root_resolve(image, "/y", &y, &err) == 0 && sp_root_resolve(image, "/z", &z, &err) == 0 &&
	   y.st.ino == z.st.ino && z.st.size == 5, "in the image they are one inode");
	ok(sp_root_open(image, "/z", &file_z, &err) == 0 &&
	   sp_file_pread(&file_z, text, 7, 0, &got, &err) == 0 && got == 5, "with the same bytes");
	is_str(text, "bytes", "read through the plan");
	sp_file_close(&file_z);
	sp_root_free(image);
	sp_plan_free(plan);
	sp_root_free(root);
}

static void as_root(void)
{
	struct sp_plan *plan = sp_plan_new();
	struct sp_err err = { 0 };
	struct sp_found found;
	const char *const *names;
	char text[8] = "";
	size_t nr;

	add(plan, SP_ENTRY_FILE, "/usr/lib/f", "made", SP_BECAUSE_CONFIG);
	link_to(plan, "/lib", "usr/lib");
	dir(plan, "/empty");
	order(plan);
	struct sp_root *root = sp_plan_root_new(plan, NULL);
	ok(sp_root_resolve(root, "/lib/f", &found, &err) == 0 && found.real, "a planned path resolves");
	is_str(found.real, "/usr/lib/f", "through planned links");
	ok(sp_root_resolve(root, "/etc", &found, &err) == 0 && !found.real, "what is not planned does not");
	ok(sp_root_resolve(root, "/empty/..", &found, &err) == 0 && found.real, "the root is there");
	sp_autofile struct sp_file f = SP_FILE_INIT, bad = SP_FILE_INIT;
	ok(sp_root_open(root, "/usr/lib/f", &f, &err) == 0 &&
	   sp_file_pread(&f, text, 7, 1, &nr, &err) == 0, "a made file opens");
	is_str(text, "ade", "its bytes");
	ok(sp_file_pread(&f, text, 7, 9, &nr, &err) == 0 && nr == 0, "nothing behind its end");
	ok(sp_root_open(root, "/empty", &bad, &err) == -1, "a directory does not open");
	ok(sp_root_open(root, "/lib", &bad, &err) == -1, "nor a link");
	ok(sp_root_open(root, "/none", &bad, &err) == -1, "nor nothing");
	ok(sp_root_list(root, "/", &names, &nr, &err) == 0 && nr == 3 && !strcmp(names[2], "usr"),
	   "the root is listed");
	ok(sp_root_list(root, "/usr", &names, &nr, &err) == 0 && nr == 1 && !strcmp(names[0], "lib"),
	   "and a directory");
	ok(sp_root_list(root, "/empty", &names, &nr, &err) == 0 && nr == 0, "an empty one");
	sp_file_close(&f);
	sp_root_free(root);
	sp_plan_free(plan);
}

static void words(void)
{
	struct sp_arena arena = { 0 };

	for (int kind = SP_BECAUSE_PROGRAM; kind <= SP_BECAUSE_CONFIG; kind++) {
		struct sp_reason reason = { (enum sp_reason_kind)kind, "/by", "detail" };
		struct sp_reason bare = { (enum sp_reason_kind)kind, NULL, NULL };

		ok(*sp_reason_str(&reason, &arena) && *sp_reason_str(&bare, &arena) &&
		   *sp_reason_kind_name(reason.kind), "words for reason %d", kind);
	}
	is_str(sp_entry_type_name(SP_ENTRY_HARDLINK), "hardlink", "a type by name");
	sp_arena_release(&arena);
}

int main(void)
{
	ordering();
	moving();
	merging();
	excluding();
	refused();
	hard_links();
	as_root();
	words();
	order(NULL);
	return test_done();
}
