/*
 * Roots: following paths as the kernel does with this directory as its root, and
 * never out of it; one look at each name; opening, listing, comparing.
 */
#include "base/root.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/buf.h"
#include "base/path.h"
#include "test.h"

static char path_buf[8192];

static const char *at(const char *name)
{
	snprintf(path_buf, sizeof(path_buf), "%s/%s", scratch_dir(), name);
	return path_buf;
}

static void make(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ok(false, "%s is made", name);
	close(fd);
}

static void make_tree(void)
{
	static const char *const dirs[] = { "r", "r/d", "r/d/e", "r/usr", "r/usr/lib", "r/g", "out" };
	static const struct { const char *path, *target; } links[] = {
		{ "r/rel", "d/f" }, { "r/abs", "/d/f" }, { "r/d/up", "../f" },
		{ "r/lib", "usr/lib" }, { "r/usr/lib/l.so", "l.so.1" },
		{ "r/out1", "../out/secret" }, { "r/out2", "/../../out/secret" },
		{ "r/dangling", "nothing/there" }, { "r/self", "self" },
		{ "r/ping", "pong" }, { "r/pong", "ping" }, { "r/todir", "d" },
		{ "r/slashed", "d/" }, { "r/fslashed", "d/f/" }, { "r/root", "/" },
		{ "r/g/same", "/same" }, { "r/updir", "d/e/.." }, { "r/deep", "d/e/../../usr/lib/l.so" },
	};
	char from[32], to[32];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mkdir(at(dirs[i]), 0755);
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i].target, at(links[i].path)))
			ok(false, "%s is made", links[i].path);
	make("r/f", "top");
	make("r/d/f", "inner");
	make("r/usr/lib/l.so.1", "lib");
	make("r/same", "same");
	make("r/g/h", "h");
	make("out/secret", "secret");
	/* 40 links are followed, not 41 */
	for (int i = 0; i <= 41; i++) {
		snprintf(from, sizeof(from), "r/n%d", i);
		snprintf(to, sizeof(to), i ? "n%d" : "f", i - 1);
		if (symlink(to, at(from)))
			ok(false, "%s is made", from);
	}
	mkfifo(at("r/fifo"), 0600);
}

struct row {
	const char *path, *want;	/* want NULL: leads nowhere */
	size_t links;
};

static const struct row rows[] = {
	{ "/", "/", 0 }, { "/f", "/f", 0 }, { "/d/f", "/d/f", 0 }, { "//d//f", "/d/f", 0 },
	{ "/./d/./f", "/d/f", 0 }, { "/d/..", "/", 0 }, { "/d/../f", "/f", 0 },
	{ "/..", "/", 0 }, { "/../../f", "/f", 0 }, { "/d/", "/d", 0 }, { "/d/.", "/d", 0 },
	{ "/f/", NULL, 0 }, { "/f/.", NULL, 0 }, { "/f/..", NULL, 0 }, { "/f/x", NULL, 0 },
	{ "/none", NULL, 0 }, { "/none/..", NULL, 0 }, { "/none/../f", NULL, 0 },
	{ "/rel", "/d/f", 1 }, { "/abs", "/d/f", 1 }, { "/d/up", "/f", 1 },
	{ "/lib/l.so", "/usr/lib/l.so.1", 2 }, { "/lib/../f", NULL, 1 },
	{ "/lib/../lib/l.so.1", "/usr/lib/l.so.1", 1 },
	{ "/out1", NULL, 1 }, { "/out2", NULL, 1 }, { "/dangling", NULL, 1 },
	{ "/todir", "/d", 1 }, { "/todir/", "/d", 1 }, { "/todir/f", "/d/f", 1 },
	{ "/todir/..", "/", 1 }, { "/slashed", "/d", 1 }, { "/slashed/f", "/d/f", 1 },
	{ "/fslashed", NULL, 1 }, { "/rel/", NULL, 1 }, { "/root", "/", 1 },
	{ "/root/root/f", "/f", 2 }, { "/updir", "/d", 1 }, { "/updir/f", "/d/f", 1 },
	{ "/deep", "/usr/lib/l.so.1", 2 }, { "/self", NULL, 40 }, { "/ping", NULL, 40 },
	/* a link whose text is what is left of the path, and its directory again */
	{ "/g/same", "/same", 1 }, { "/g/h", "/g/h", 0 }, { "/g/same", "/same", 1 },
	{ "/n39", "/f", 40 }, { "/n40", NULL, 40 }, { "/fifo", "/fifo", 0 },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

static void resolving(struct sp_root *root)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct sp_found found;
		struct sp_err err = { 0 };

		if (sp_root_resolve(root, rows[i].path, &found, &err))
			ok(false, "%s: %s", rows[i].path, err.msg);
		is_str(found.real, rows[i].want, "%s leads to %s", rows[i].path,
		       rows[i].want ? rows[i].want : "nothing");
		is_int((long long)found.links_nr, (long long)rows[i].links, "over its links");
	}
}

/* The kernel's own answer for every row, in a child that has the root as root. */
static void kernel_agrees(void)
{
	int status = 0, same = 0;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (chroot(at("r")) || chdir("/"))
			_exit(255);
		for (size_t i = 0; i < ROWS; i++) {
			char *real = realpath(rows[i].path, NULL);

			same += real && rows[i].want ? strcmp(real, rows[i].want) == 0 :
						       real == rows[i].want;
		}
		_exit(same);
	}
	waitpid(pid, &status, 0);
	if (WEXITSTATUS(status) == 255)
		skip("cannot chroot here");
	else
		is_int(WEXITSTATUS(status), ROWS, "the kernel says the same of every path");
}

static void links_of(struct sp_root *root)
{
	struct sp_found found;
	struct sp_err err = { 0 };
	const char *target;
	struct sp_stat st;

	if (sp_root_resolve(root, "/lib/l.so", &found, &err))
		return;
	is_str(found.links[0].path, "/lib", "where the first link is");
	is_str(found.links[0].target, "usr/lib", "and its text");
	is_str(found.links[1].path, "/usr/lib/l.so", "the second, with its parents followed");
	is_str(found.links[1].target, "l.so.1", "and its text");
	is_int(sp_root_lstat(root, "/lib/l.so", &st, &target, &err), 0, "lstat");
	ok(st.type == SP_SYMLINK, "keeps the last link");
	is_str(target, "l.so.1", "with its text");
	ok(sp_root_lstat(root, "/todir", &st, &target, &err) == 0 && st.type == SP_SYMLINK,
	   "of a link to a directory as well");
	ok(sp_root_lstat(root, "/todir/", &st, &target, &err) == 0 && st.type == SP_DIR && !target,
	   "but with a slash it is the directory");
	ok(sp_root_lstat(root, "/none", &st, &target, &err) == 0 && st.type == SP_ABSENT,
	   "what is not there is no error");
	ok(sp_root_lstat(root, "/d/f", &st, &target, &err) == 0 && st.type == SP_FILE &&
	   st.size == 5 && st.mode == 0644 && st.nlink == 1 && st.ino, "the facts of a file");
	ok(sp_root_lstat(root, "/fifo", &st, &target, &err) == 0 && st.type == SP_OTHER,
	   "a FIFO is something else");
	is_str(sp_root_show(root, "/d"), at("r/d"), "how it is shown");
}

static void long_names(struct sp_root *root)
{
	struct sp_found found;
	struct sp_err err = { 0 };
	char path[20000];

	memset(path, 'n', sizeof(path));
	path[0] = '/';
	path[300] = '\0';
	ok(sp_root_resolve(root, path, &found, &err) == 0 && !found.real, "a long component is nothing");
	for (size_t i = 0; i + 1 < sizeof(path); i += 2)
		memcpy(path + i, "/d", 2);
	path[sizeof(path) - 1] = '\0';
	ok(sp_root_resolve(root, path, &found, &err) == 0 && !found.real, "a long path too");
	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "/.", 3);
	ok(sp_root_resolve(root, path, &found, &err) == 0, "a long path of dots is no error");
	ok(sp_root_resolve(root, "/d/\xff\n", &found, &err) == 0 && !found.real, "odd bytes");
}

/* What has been looked up stays as it was seen. */
static void one_look(struct sp_root *root)
{
	struct sp_found found;
	struct sp_err err = { 0 };

	ok(sp_root_resolve(root, "/late", &found, &err) == 0 && !found.real, "not there");
	make("r/late", "x");
	ok(sp_root_resolve(root, "/late", &found, &err) == 0 && !found.real,
	   "and not there either when it comes later");
}

static void opening(struct sp_root *root)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_err err = { 0 };
	char text[16] = "";
	size_t got;

	ok(sp_root_open(root, "/d/f", &file, &err) == 0, "a file opens");
	ok(sp_file_pread(&file, text, sizeof(text), 0, &got, &err) == 0 && got == 5,
	   "and gives as much as it has");
	is_str(text, "inner", "its bytes");
	ok(sp_file_pread(&file, text, 2, 3, &got, &err) == 0 && got == 2 && text[0] == 'e', "from any place");
	ok(sp_file_pread(&file, text, 2, 100, &got, &err) == 0 && got == 0, "nothing behind the end");
	struct sp_stat st = file.st;
	is_int(sp_file_unchanged(&file, &st, &err), 0, "it is what it was");
	make("r/d/f", "inner and more");
	ok(sp_file_unchanged(&file, &st, &err) == -1 && err.code == SP_ECHANGED,
	   "until somebody writes to it");
	static const struct { const char *path, *part; } bad[] = {
		{ "/d", "is a directory" }, { "/fifo", "not a regular file" },
		{ "/none", "No such file" }, { "/rel", "cannot open" },
		{ "/todir/f", "cannot open" }, { "/socket", "not a regular file" },
	};
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%.100s", at("r/socket"));
	if (bind(sock, (struct sockaddr *)&name, sizeof(name)))
		note("no socket could be made");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sp_file none = SP_FILE_INIT;

		ok(sp_root_open(root, bad[i].path, &none, &err) == -1 && none.fd == -1,
		   "%s does not open", bad[i].path);
		if (!ok(strstr(err.msg, bad[i].part) != NULL, "and why"))
			test_value("got: ", err.msg);
	}
	close(sock);
	sp_file_close(&file);
	sp_file_close(&file);
	ok(file.ops == NULL, "closing twice is no matter");
}

static void listing(struct sp_root *root)
{
	const char *const *names;
	struct sp_err err = { 0 };
	size_t nr;

	mkdir(at("r/ls"), 0755);
	make("r/ls/b", "");
	make("r/ls/a", "");
	make("r/ls/B", "");
	make("r/ls/.h", "");
	make("r/ls/\xff", "");
	is_int(sp_root_list(root, "/ls", &names, &nr, &err), 0, "a directory is listed");
	is_int((long long)nr, 5, "without . and ..");
	ok(nr == 5 && !strcmp(names[0], ".h") && !strcmp(names[1], "B") && !strcmp(names[2], "a") &&
	   !strcmp(names[3], "b") && !strcmp(names[4], "\xff"), "by the bytes of the names");
	ok(sp_root_list(root, "/f", &names, &nr, &err) == -1, "a file is not");
	ok(sp_root_list(root, "/none", &names, &nr, &err) == -1 && strstr(err.msg, "/none"),
	   "nor is nothing");
	ok(sp_root_list(root, "/todir", &names, &nr, &err) == -1, "nor a link");
}

static void attributes(struct sp_root *root)
{
	struct sp_arena arena = { 0 };
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_err err = { 0 };
	size_t len = 9;

	if (sp_root_open(root, "/f", &file, &err))
		return;
	ok(!sp_file_xattr(&file, "user.none", &arena, &len) && len == 0, "no attribute");
	if (setxattr(at("r/f"), "user.some", "a\0b", 3, 0))
		skip("no attributes on this file system");
	else
		ok(sp_file_xattr(&file, "user.some", &arena, &len) && len == 3, "one of 3 bytes");
	sp_arena_release(&arena);
}

/* A directory swapped for a link behind our back leads nowhere. */
static void swapped(struct sp_root *root)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_found found;
	struct sp_err err = { 0 };

	mkdir(at("r/swap"), 0755);
	make("r/swap/f", "x");
	if (sp_root_resolve(root, "/swap/f", &found, &err))
		return;
	sp_autofree char *old = sp_strdup(at("r/swap"));
	if (rename(old, at("r/swapped")) || symlink("../out", old))
		return;
	make("out/f", "secret");
	/* at most the file that was looked up, where that is now */
	char text[8] = "x";
	size_t len;
	ok(sp_root_open(root, found.real, &file, &err) == -1 ||
	   (sp_file_pread(&file, text, sizeof(text), 0, &len, &err) == 0 && len == 1 &&
	    text[0] == 'x'), "it is not followed");
}

static void closed_dirs(void)
{
	int status = 0;

	mkdir(at("r/closed"), 0700);
	make("r/closed/f", "x");
	chmod(at("r/closed"), 0);
	chmod(scratch_dir(), 0755);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct sp_root *root;
		struct sp_found found;
		struct sp_err err = { 0 };

		if ((geteuid() == 0 && setuid(65534)) || sp_root_open_dir(at("r"), &root, &err))
			_exit(1);
		_exit(sp_root_resolve(root, "/closed/f", &found, &err) ? 2 : found.real ? 3 : 0);
	}
	waitpid(pid, &status, 0);
	is_int(WEXITSTATUS(status), 0, "what may not be searched is not there");
	chmod(at("r/closed"), 0700);
}

/* By any path, and nothing instead of a failure. */
static void whole(struct sp_root *root)
{
	sp_autobuf struct sp_buf text = { 0 };
	const char *const *names = NULL;
	struct sp_err err = { 0 };
	bool there = false;
	size_t nr = 9;

	is_int(sp_root_names(root, "/todir", &names, &nr, &err), 0, "names behind a link");
	is_int((long long)nr, 3, "are those of the directory");
	is_int(sp_root_names(root, "/f", &names, &nr, &err), 0, "a file has none");
	is_int((long long)nr, 0, "and that is no failure");
	sp_buf_addstr(&text, "before");
	is_int(sp_root_read(root, "/none", 99, &text, &there, &err), 0, "no such file");
	ok(!there && strcmp(text.data, "before") == 0, "leaves the buffer alone");
	is_int(sp_root_read(root, "/d", 99, &text, &there, &err), 0, "a directory");
	ok(!there, "is none");
	is_int(sp_root_read(root, "/rel", 4, &text, &there, &err), 0, "one that is too large");
	ok(!there, "is none either");
	is_int(sp_root_read(root, "/rel", 5, &text, &there, &err), 0, "a file behind a link");
	ok(there && text.len == 5, "of so many bytes");
	is_str(text.data, "inner", "takes the place of what was there");
}

static const char *which(struct sp_root *root, const char *dirs, const char *cwd,
			 const char *name, struct sp_arena *arena)
{
	const char *path = "?";
	struct sp_err err = { 0 };

	ok(sp_root_which(root, dirs, cwd, name, arena, &path, &err) == 0, "%s is looked for in %s",
	   name, dirs ? dirs : "nothing");
	return path;
}

static void programs(struct sp_root *root)
{
	struct sp_arena arena = { 0 };

	mkdir(at("r/w"), 0755);
	make("r/w/prog", "x");
	chmod(at("r/w/prog"), 0755);
	make("r/w/data", "x");
	mkdir(at("r/w/dir"), 0755);
	is_str(which(root, "/none:/w:/d", NULL, "prog", &arena), "/w/prog", "and found");
	is_str(which(root, "/w", NULL, "data", &arena), NULL, "but may not be executed");
	is_str(which(root, "/w", NULL, "dir", &arena), NULL, "but is a directory");
	is_str(which(root, "/w", NULL, "", &arena), NULL, "which is no name");
	is_str(which(root, "w:./w", NULL, "prog", &arena), NULL, "which may be anywhere");
	is_str(which(root, ":/d", "/w", "prog", &arena), "/w/prog", "the current directory");
	is_str(which(root, ":/d", NULL, "prog", &arena), NULL, "when that is not known");
	is_str(which(root, "", "/w", "prog", &arena), NULL, "where nothing is");
	is_str(which(root, NULL, "/w", "prog", &arena), NULL, "where nothing is");
	sp_arena_release(&arena);
}

static void roots(void)
{
	struct sp_root *root = NULL;
	struct sp_err err = { 0 };

	ok(sp_root_open_dir(at("none"), &root, &err) == -1, "a root must be there");
	ok(sp_root_open_dir(at("r/f"), &root, &err) == -1, "and be a directory");
	is_int(sp_root_open_dir("/", &root, &err), 0, "/ is one");
	is_str(sp_root_show(root, "/etc"), "/etc", "shown without a label");
	sp_root_free(root);
	sp_root_free(NULL);
}

int main(void)
{
	struct sp_root *root;
	struct sp_err err = { 0 };

	make_tree();
	if (!ok(sp_root_open_dir(at("r"), &root, &err) == 0, "a directory is a root"))
		return test_done();
	resolving(root);
	resolving(root);
	kernel_agrees();
	links_of(root);
	long_names(root);
	one_look(root);
	opening(root);
	listing(root);
	whole(root);
	programs(root);
	attributes(root);
	swapped(root);
	closed_dirs();
	roots();
	sp_root_free(root);
	return test_done();
}
