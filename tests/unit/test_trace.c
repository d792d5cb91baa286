/*
 * What the tracer records of real programs and of single system calls.
 */
#include "trace/trace.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "traced.h"

/* --- what helpers do: each in the directory that it gets --------------------------- */

static int in(const char *dir, const char *name, int flags)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	int fd = open(path, flags | O_CLOEXEC, 0666);
	if (fd >= 0)
		close(fd);
	return fd;
}

static void help_dirfds(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	struct stat st;
	struct statx stx;
	char text[64];

	close(openat(fd, "sub/opened", O_RDONLY));
	fstatat(fd, "sub/found", &st, AT_SYMLINK_NOFOLLOW);
	fstatat(fd, "sub/none", &st, 0);
	statx(fd, "./sub//found_too", 0, STATX_SIZE, &stx);
	(void)!faccessat(fd, "sub/access", R_OK, 0);
	syscall(SYS_faccessat2, fd, "sub/access2", R_OK, AT_EACCESS);
	if (readlinkat(fd, "link", text, sizeof(text)) < 0)
		_exit(1);
	syscall(SYS_openat2, fd, "sub/how", &how, sizeof(how));
	how.resolve = RESOLVE_IN_ROOT;
	syscall(SYS_openat2, fd, "/../sub/in_root", &how, sizeof(how));
	how.resolve = 0;
	syscall(SYS_openat2, fd, "sub/how_none", &how, sizeof(how));
	/* the descriptor itself, which has been opened by name */
	fstatat(fd, "", &st, AT_EMPTY_PATH);
	syscall(SYS_statx, fd, NULL, AT_EMPTY_PATH, STATX_SIZE, &stx);
	close(openat(fd, "sub/path", O_PATH));
}

static void help_relative(const char *dir)
{
	if (chdir(dir))
		_exit(1);
	in(".", "here", O_RDONLY);
	in("sub/..", "up", O_RDONLY);
	/* a link to a directory: its ".." is elsewhere */
	in("far/..", "beside_far", O_RDONLY);
	if (chdir("sub"))
		_exit(1);
	in("..", "..none", O_RDONLY);
	close(open("../dots/", O_RDONLY | O_CLOEXEC));
	in("//proc/..", "/etc/passwd", O_RDONLY);
}

static void help_raw(const char *dir)
{
	char path[8192];
	struct stat st;

	if (chdir(dir))
		_exit(1);
	snprintf(path, sizeof(path), "%s/%s", dir, "raw_open");
#ifdef SYS_open
	syscall(SYS_open, path, O_RDONLY);
	syscall(SYS_stat, "raw_stat", &st);
	syscall(SYS_lstat, "raw_lstat", &st);
	syscall(SYS_access, "raw_access", R_OK);
	syscall(SYS_readlink, "link", path, sizeof(path));
	syscall(SYS_creat, "raw_creat", 0600);
#else
	(void)st;
#endif
	syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY);
	syscall(SYS_openat, AT_FDCWD, (void *)8, O_RDONLY);
	syscall(SYS_openat, -77, "raw_bad", O_RDONLY);
	memset(path, 'x', sizeof(path));
	syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
}

static void help_write(const char *dir)
{
	if (chdir(dir))
		_exit(1);
	int fd = open("created", O_WRONLY | O_CREAT | O_EXCL, 0666);
	close(fd);
	in(dir, "created", O_RDONLY);
	close(open("emptied", O_WRONLY | O_TRUNC));
	/* opened for writing: one is left alone, one is not */
	close(open("untouched", O_RDWR | O_CREAT, 0666));
	fd = open("changed", O_RDWR);
	if (write(fd, "new", 3) < 0)
		_exit(1);
	close(fd);
	close(open("through", O_WRONLY | O_TRUNC));
	in(dir, "target", O_RDONLY);
	fd = open("aside", O_WRONLY | O_CREAT, 0666);
	close(fd);
	if (rename("aside", "placed") || mkdir("made", 0777) || rename("moved_dir", "there") ||
	    link("here", "linked") || symlink("here", "symlinked") || truncate("cut", 0) ||
	    unlink("removed"))
		_exit(1);
	in(dir, "there/inside", O_RDONLY);
	/* by another way to the same place */
	in("alias", "changed", O_RDONLY);
	close(open(".", O_TMPFILE | O_WRONLY, 0600));
}

static void *open_it(void *name)
{
	in(".", name, O_RDONLY);
	return NULL;
}

static void *move_alone(void *dir)
{
	/* a thread with a current directory of its own */
	if (unshare(CLONE_FS) || chdir(dir))
		_exit(1);
	in(".", "own", O_RDONLY);
	return NULL;
}

static void help_threads(const char *dir)
{
	pthread_t threads[3];
	char sub[8192], name1[] = "t1", name2[] = "t2";

	snprintf(sub, sizeof(sub), "%s/sub", dir);
	if (chdir(dir) || pthread_create(&threads[0], NULL, open_it, name1) ||
	    pthread_create(&threads[1], NULL, open_it, name2) ||
	    pthread_create(&threads[2], NULL, move_alone, sub))
		_exit(1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	in(".", "t3", O_RDONLY);
}

/* A thread that is not the first one becomes another program. */
static void *become_cat(void *dir)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/catted", (char *)dir);
	execl("/bin/cat", "cat", path, NULL);
	return NULL;
}

static void help_thread_exec(const char *dir)
{
	pthread_t thread;
	char copy[8192];

	snprintf(copy, sizeof(copy), "%s", dir);
	if (pthread_create(&thread, NULL, become_cat, copy))
		_exit(1);
	pause();
}

static void help_exec_fd(const char *dir)
{
	int fd = open("/bin/true", O_RDONLY | O_CLOEXEC);
	char *const argv[] = { (char *)"true", NULL };

	(void)dir;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
}

static void help_list(const char *dir)
{
	DIR *stream = opendir(dir);

	while (stream && readdir(stream))
		;
	/* opened, but not read */
	in(dir, "sub", O_RDONLY | O_DIRECTORY);
}

static void help_chroot(const char *dir)
{
	int fd = open("/etc/passwd", O_RDONLY);

	if (chroot(dir) || chdir("/"))
		_exit(77);
	in("/", "here", O_RDONLY);
	in("", "sub/opened", O_RDONLY);
	in("sub/../..", "up", O_RDONLY);
	close(fd);
}

/* Look-ups that fail though the file is there. */
static void help_fails(const char *dir)
{
	struct stat st;
	char text[64];

	if (chdir(dir))
		_exit(1);
	int failed = (open("odd_slash/", O_RDONLY | O_CLOEXEC) < 0) +
		     (open("odd_dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0) +
		     (open("odd_link", O_RDONLY | O_NOFOLLOW | O_CLOEXEC) < 0) +
		     (stat("odd_broken", &st) < 0) + (stat("odd_slash/.", &st) < 0) +
		     (access("odd_exec", X_OK) < 0) + (readlink("odd_file", text, 64) < 0);
	if (failed != 7)
		_exit(2);
	lstat("broken", &st);
}

/* Who gives up rights cannot see what was there to see before. */
static void help_rights(const char *dir)
{
	struct stat st;

	if (chdir(dir) || setuid(65534))
		_exit(77);
	if (open("rights_read", O_RDONLY | O_CLOEXEC) >= 0 || stat("rights_dir/file", &st) == 0 ||
	    access("rights_asked", R_OK) == 0)
		_exit(2);
	stat("rights_found", &st);
}

static const struct { const char *name; void (*fn)(const char *dir); } helpers[] = {
	{ "dirfds", help_dirfds }, { "relative", help_relative }, { "raw", help_raw },
	{ "write", help_write }, { "threads", help_threads }, { "list", help_list },
	{ "thread_exec", help_thread_exec }, { "exec_fd", help_exec_fd },
	{ "chroot", help_chroot }, { "fails", help_fails }, { "rights", help_rights },
};

static int help(const char *name, const char *dir)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
		if (strcmp(helpers[i].name, name) == 0) {
			helpers[i].fn(dir);
			return 0;
		}
	return 99;
}

/* --- checks ----------------------------------------------------------------------- */

static const char *dir;

static void is_used(const struct sp_trace *trace, const char *name, const char *want)
{
	is_str(uses_of(trace, fmt("%s/%s", dir, name)), want, "%s: %s", name,
	       *want ? want : "no record");
}

static struct sp_trace *helped(const char *name)
{
	struct sp_trace *trace = traced(fmt("exec %s helper %s %s", self(), name, dir));

	is_int(trace ? trace->exit_code : -1, 0, "%s runs", name);
	if (trace)
		is_int((long long)trace->lost, 0, "%s: no name is lost", name);
	return trace;
}

static void make_tree(void)
{
	static const char *const files[] = {
		"here", "up", "t1", "t2", "t3", "own", "raw_open", "raw_stat", "raw_lstat",
		"raw_access", "catted", "emptied", "untouched", "changed", "target", "cut",
		"removed", "sub/opened", "sub/found", "sub/found_too", "sub/access",
		"sub/access2", "sub/how", "sub/in_root", "sub/path", "sub/own",
		"far_away/beside_far", "moved_dir/inside",
	};
	static const char *const dirs[] = {
		"sub", "dots", "far_away", "far_away/deep", "moved_dir",
	};

	dir = strdup(at("tree"));
	mkdir(dir, 0777);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mkdir(fmt("%s/%s", dir, dirs[i]), 0777);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		make_file(fmt("%s/%s", dir, files[i]), "text\n");
	ok(symlink("here", fmt("%s/link", dir)) == 0 &&
	   symlink("far_away/deep", fmt("%s/far", dir)) == 0 &&
	   symlink("target", fmt("%s/through", dir)) == 0 &&
	   symlink(".", fmt("%s/alias", dir)) == 0, "links");
}

static void descriptors(void)
{
	struct sp_trace *trace = helped("dirfds");

	is_used(trace, "sub/opened", "r");
	is_used(trace, "sub/found", "s");
	is_used(trace, "sub/none", "");
	is_used(trace, "sub/found_too", "s");
	is_used(trace, "sub/access", "s");
	is_used(trace, "sub/access2", "s");
	is_used(trace, "link", "k");
	is_used(trace, "sub/how", "r");
	is_used(trace, "sub/how_none", "");
	is_used(trace, "sub/in_root", "r");
	is_used(trace, "sub/path", "s");
	is_str(uses_of(trace, dir), "r", "the directory was opened");
	sp_trace_free(trace);
}

static void relative(void)
{
	struct sp_trace *trace = helped("relative");

	is_str(uses_of(trace, dir), "s", "a directory to be in");
	is_used(trace, "here", "r");
	is_used(trace, "up", "r");
	is_used(trace, "sub", "s");
	is_used(trace, "far_away/beside_far", "r");
	is_used(trace, "far", "s");
	is_used(trace, "beside_far", "");
	is_used(trace, "..none", "");
	is_used(trace, "dots", "r");
	is_str(uses_of(trace, "/etc/passwd"), "r", "an absolute path with slashes and dots");
	sp_trace_free(trace);
}

static void raw(void)
{
	struct sp_trace *trace = helped("raw");

#ifdef SYS_open
	is_used(trace, "raw_open", "r");
	is_used(trace, "raw_stat", "s");
	is_used(trace, "raw_lstat", "s");
	is_used(trace, "raw_access", "s");
	is_used(trace, "link", "k");
	is_used(trace, "raw_creat", "wW");
#endif
	is_used(trace, "raw_bad", "");
	sp_trace_free(trace);
}

static void written(void)
{
	struct sp_trace *trace = helped("write");

	is_used(trace, "created", "rwW");
	is_used(trace, "emptied", "wW");
	is_used(trace, "untouched", "rw");
	is_used(trace, "changed", "rwW");
	is_used(trace, "alias/changed", "rW");
	is_used(trace, "through", "wW");
	is_used(trace, "target", "rW");
	is_used(trace, "aside", "wW");
	is_used(trace, "placed", "W");
	is_used(trace, "made", "W");
	is_used(trace, "there", "W");
	is_used(trace, "there/inside", "rW");
	is_used(trace, "here", "s");
	is_used(trace, "linked", "W");
	is_used(trace, "symlinked", "W");
	is_used(trace, "cut", "W");
	is_used(trace, "removed", "W");
	is_str(uses_of(trace, dir), "s", "a file without a name is made in no file");
	sp_trace_free(trace);
}

static void threads(void)
{
	struct sp_trace *trace = helped("threads");
	const struct sp_trace_file *file;

	is_used(trace, "t1", "r");
	is_used(trace, "t2", "r");
	is_used(trace, "t3", "r");
	is_used(trace, "sub/own", "r");
	is_used(trace, "own", "");
	file = file_of(trace, fmt("%s/t1", dir));
	is_str(file ? file->program : NULL, self(), "a thread has the program of its process");
	sp_trace_free(trace);

	trace = helped("thread_exec");
	is_used(trace, "catted", "r");
	file = file_of(trace, fmt("%s/catted", dir));
	is_str(file ? strrchr(file->program, '/') : NULL, "/cat", "read by the new program");
	sp_trace_free(trace);
}

static void executed(void)
{
	struct sp_trace *trace = helped("exec_fd");
	char *real = realpath("/bin/true", NULL);

	is_str(uses_of(trace, real), "rx", "executed by its descriptor");
	free(real);
	sp_trace_free(trace);

	/* what the kernel opens by itself: the interpreter of a script, and the loader */
	make_file(at("tree/script"), "#!/bin/cat\ntext\n");
	trace = traced(fmt("%s/script; exec %s/none 2>/dev/null", dir, dir));
	real = realpath("/bin/cat", NULL);
	is_used(trace, "script", "rx");
	is_used(trace, "none", "");
	is_str(uses_of(trace, real), "rx", "the interpreter of a script");
	const struct sp_trace_file *file = file_of(trace, fmt("%s/script", dir));
	ok(file && strstr(file->program, "sh"), "a script is executed by who asked for it");
	free(real);
	real = realpath("/lib64/ld-linux-x86-64.so.2", NULL);
	if (real)
		is_str(uses_of(trace, real), "r", "the loader, which the kernel maps");
	is_int(trace ? trace->exit_code : 0, 127, "what is not there is not executed");
	free(real);
	sp_trace_free(trace);
}

static void listed(void)
{
	struct sp_trace *trace = helped("list");

	is_str(uses_of(trace, dir), "rl", "a directory whose names were read");
	is_used(trace, "sub", "r");
	is_used(trace, "here", "");
	sp_trace_free(trace);
	trace = traced(fmt("ls %s; find %s/sub -newer %s/here; cat %s/none %s/up 2>/dev/null",
			   dir, dir, dir, dir, dir));
	ok(strchr(uses_of(trace, dir), 'l') != NULL, "ls lists a directory");
	ok(strchr(uses_of(trace, fmt("%s/sub", dir)), 'l') != NULL, "so does find");
	ok(strchr(uses_of(trace, fmt("%s/sub/found", dir)), 's') != NULL, "and looks at files");
	is_used(trace, "up", "r");
	is_used(trace, "none", "");
	sp_trace_free(trace);
}

static void other_root(void)
{
	if (geteuid() != 0) {
		skip("chroot needs root");
		return;
	}
	struct sp_trace *trace = helped("chroot");
	const struct sp_trace_file *file = file_of(trace, "/here");

	is_str(uses_of(trace, "/here"), "r", "a file by its name in another root");
	is_str(file ? file->root : NULL, dir, "and which root that is");
	is_str(uses_of(trace, "/sub/opened"), "r", "another");
	is_str(uses_of(trace, "/up"), "r", "\"..\" does not lead out of it");
	file = file_of(trace, "/etc/passwd");
	ok(file && !file->root, "a file from before belongs to our root");
	sp_trace_free(trace);
}

static void failing(void)
{
	static const char *const names[] = {
		"odd_slash", "odd_dir", "odd_file", "odd_exec", "rights_read", "rights_asked",
		"rights_found", "rights_dir/file",
	};

	mkdir(fmt("%s/rights_dir", dir), 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		make_file(fmt("%s/%s", dir, names[i]), "text\n");
		chmod(fmt("%s/%s", dir, names[i]), 0600);
	}
	ok(symlink("odd_file", fmt("%s/odd_link", dir)) == 0 &&
	   symlink("nothing", fmt("%s/odd_broken", dir)) == 0 &&
	   symlink("nothing", fmt("%s/broken", dir)) == 0, "links that lead nowhere");
	struct sp_trace *trace = helped("fails");
	is_used(trace, "odd_slash", "");
	is_used(trace, "odd_dir", "");
	is_used(trace, "odd_link", "");
	is_used(trace, "odd_broken", "");
	is_used(trace, "odd_exec", "");
	is_used(trace, "odd_file", "");
	is_used(trace, "broken", "s");
	sp_trace_free(trace);
	if (geteuid() != 0) {
		skip("only root can give up rights");
		return;
	}
	/* so that another user comes here */
	chmod(scratch_dir(), 0755);
	trace = helped("rights");
	is_used(trace, "rights_read", "");
	is_used(trace, "rights_dir/file", "");
	is_used(trace, "rights_asked", "");
	is_used(trace, "rights_found", "s");
	sp_trace_free(trace);
	chmod(scratch_dir(), 0700);
}

/* Only what a certain program used, and what it started. */
static void one_program(void)
{
	struct sp_trace_options options;
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	make_file(at("tree/wanted"), fmt("#!/bin/sh\ncat %s/t1; echo x >%s/t2\n", dir, dir));
	options = traced_options(fmt("cat %s/here; echo >%s/t3; %s/wanted; cat %s/up", dir, dir,
				     dir, dir));
	options.program = at("tree/wanted");
	is_int(sp_trace_run(&options, &trace, &err), 0, "with a program to wait for");
	ok(trace && trace->program_ran, "it has run");
	is_used(trace, "here", "");
	is_used(trace, "wanted", "rx");
	is_used(trace, "t1", "r");
	is_used(trace, "up", "");
	is_used(trace, "t2", "wW");
	is_used(trace, "t3", "W");
	sp_trace_free(trace);
	trace = NULL;
	options.command = "true";
	is_int(sp_trace_run(&options, &trace, &err), 0, "a command that does not run it");
	ok(trace && !trace->program_ran, "is known");
	is_int(trace ? (long long)trace->files_nr : -1, 0, "and has no files");
	sp_trace_free(trace);
	options.program = at("tree/nothing");
	is_int(sp_trace_run(&options, &trace, &err), -1, "a program that is not there");
	ok(strstr(err.msg, "tree/nothing") != NULL, "is named");
}

/* 32-bit calls, by a program without a library. */
static void narrow(void)
{
	static const char source[] =
		"static int call(int n, int a, const void *b, int c)\n"
		"{ int r; __asm__ volatile(\"int $0x80\" : \"=a\"(r) :\n"
		"  \"a\"(n), \"b\"(a), \"c\"(b), \"d\"(c) : \"memory\"); return r; }\n"
		"void _start(void) {\n"
		"  static char st[256];\n"
		"  call(5, (int)\"" "%s/t1\", 0, 0);\n"		/* open */
		"  call(12, (int)\"" "%s/sub\", 0, 0);\n"	/* chdir */
		"  call(195, (int)\"found\", st, 0);\n"	/* stat64 */
		"  call(295, -100, \"../up\", 0);\n"		/* openat */
		"  call(33, (int)\"none\", 0, 0);\n"		/* access */
		"  call(8, (int)\"new\", (void *)0600, 0);\n"	/* creat */
		"  call(1, 7, 0, 0); }\n";			/* exit */
	make_file(at("narrow.c"), fmt(source, dir, dir));
	if (system(fmt("gcc -m32 -nostdlib -static -fno-pie -fno-pic -fno-stack-protector -o "
		       "%s/narrow %s/narrow.c -no-pie 2>/dev/null",
		       scratch_dir(), scratch_dir())) ||
	    WEXITSTATUS(system(fmt("%s/narrow", scratch_dir()))) != 7) {
		skip("no 32-bit programs here");
		return;
	}
	unlink(at("tree/sub/new"));
	struct sp_trace *trace = traced(fmt("exec %s/narrow", scratch_dir()));
	is_int(trace ? trace->exit_code : -1, 7, "a 32-bit program runs");
	is_used(trace, "t1", "r");
	is_used(trace, "sub", "s");
	is_used(trace, "sub/found", "s");
	is_used(trace, "up", "r");
	is_used(trace, "sub/none", "");
	is_used(trace, "sub/new", "wW");
	sp_trace_free(trace);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "helper") == 0)
		_exit(help(argv[2], argv[3]));
	make_tree();
	descriptors();
	relative();
	raw();
	threads();
	executed();
	listed();
	other_root();
	failing();
	one_program();
	narrow();
	written();
	return test_done();
}
