/*
 * A directory as a root on kernels without openat2(2): the same answers from a walk
 * with one handle a component.  A filter makes the system call fail here.
 */
#include "base/root.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "test.h"

/* From now on openat2 gives this errno in this process. */
static bool forbid_openat2(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static const char *at(const char *name)
{
	static char path[8192];

	snprintf(path, sizeof(path), "%s/%s", scratch_dir(), name);
	return path;
}

static void make(const char *name, const char *text)
{
	int fd = open(at(name), O_WRONLY | O_CREAT, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ok(false, "%s is made", name);
	close(fd);
}

/* Look, open and list; count what is as it should be. */
static void look(const char *how)
{
	static const struct { const char *path, *want; } rows[] = {
		{ "/a/b/f", "/a/b/f" }, { "/l/f", "/a/b/f" }, { "/l/../b/f", "/a/b/f" },
		{ "/out", NULL }, { "/a/none", NULL }, { "/a/b/f/x", NULL }, { "/", "/" },
	};
	sp_autofile struct sp_file file = SP_FILE_INIT, bad = SP_FILE_INIT;
	const char *const *names = NULL;
	struct sp_err err = { 0 };
	struct sp_root *root;
	struct sp_found found;
	char text[8] = "";
	size_t nr = 0;

	if (sp_root_open_dir(at("r"), &root, &err))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (sp_root_resolve(root, rows[i].path, &found, &err))
			ok(false, "%s: %s", how, err.msg);
		else
			is_str(found.real, rows[i].want, "%s: %s", how, rows[i].path);
	}
	ok(sp_root_open(root, "/a/b/f", &file, &err) == 0 &&
	   sp_file_pread(&file, text, sizeof(text) - 1, 0, &nr, &err) == 0, "%s: a file opens", how);
	is_str(text, "text", "%s: its bytes", how);
	ok(sp_root_open(root, "/l/f", &bad, &err) == -1, "%s: no link in the middle is followed", how);
	ok(sp_root_open(root, "/out", &bad, &err) == -1, "%s: nor at the end", how);
	ok(sp_root_open(root, "/a", &bad, &err) == -1, "%s: no directory opens", how);
	ok(sp_root_list(root, "/a/b", &names, &nr, &err) == 0 && nr == 2, "%s: a list", how);
	ok(sp_root_list(root, "/", &names, &nr, &err) == 0 && nr == 3, "%s: of the root", how);
	ok(sp_root_list(root, "/l", &names, &nr, &err) == -1, "%s: not of a link", how);
	sp_root_free(root);
}

int main(void)
{
	mkdir(at("r"), 0755);
	mkdir(at("r/a"), 0755);
	mkdir(at("r/a/b"), 0755);
	make("r/a/b/f", "text");
	make("r/a/b/g", "");
	make("secret", "secret");
	if (symlink("a/b", at("r/l")) || symlink("../secret", at("r/out")))
		return 1;
	look("with openat2");
	if (!forbid_openat2(ENOSYS)) {
		skip("system calls cannot be filtered here");
		return test_done();
	}
	errno = 0;
	ok(syscall(SYS_openat2, AT_FDCWD, "/", NULL, 0) == -1 && errno == ENOSYS, "openat2 is gone");
	look("without");
	return test_done();
}
