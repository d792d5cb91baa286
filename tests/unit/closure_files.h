/*
 * Programs and libraries for tests of the loaders' rules: made by a shell script
 * in the scratch directory, then asked about twice: our closure, and the word of
 * the real loader.
 *
 *	shell("so p/libx.so.1 libx.so.1\n"
 *	      "exe app -Wl,-rpath,$PWD/p p/libx.so.1");
 *	is_str(ours("app", NULL), real("app", NULL), "...");
 *
 * A listing is text: one line for each object but the program and the loader (which
 * traces itself only when somebody needs it), as the loader opens it, sorted;
 * "NAME not found" for one that is missing.
 */
#ifndef SP_TEST_CLOSURE_FILES_H
#define SP_TEST_CLOSURE_FILES_H

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "loader/closure.h"
#include "test.h"

/* Shell functions that every script may use.  Nothing here needs a C library, so
 * that files are small and link fast; what a script says about NEEDED is what the
 * file says, used or not. */
static const char shell_prelude[] =
	"set -e\n"
	"export PATH=\"$PATH:/usr/sbin:/sbin\"\n"
	"bare='-w -nostdlib -Wl,--no-as-needed -Wl,--unresolved-symbols=ignore-all'\n"
	"place() { case $1 in */*) mkdir -p \"${1%/*}\";; esac; }\n"
	/* so FILE SONAME [ARG...]; $code is its C text */
	"start='void _start(void) { __asm__ volatile (\"syscall\" :: \"a\"(231), \"D\"(0)); }'\n"
	"so() { place \"$1\"; o=$1 s=$2; shift 2\n"
	"  echo \"${code-int x;}\" | ${CC-gcc} -shared -fPIC $bare ${s:+-Wl,-soname,$s} \\\n"
	"    -o \"$o\" -x c - -x none \"$@\"; }\n"
	/* drop FILE TYPE: forget the program headers of a type, in a file of 64 bits */
	"drop() { readelf -lW \"$1\" | awk -v t=\"$2\" '/^  Type/ { on = 1; next } /^$/ { if (on) exit }\n"
	"  on && /^  [A-Z]/ { if ($1 == t) print n + 0; n++ }' | while read -r n; do\n"
	"    printf '\\0\\0\\0\\0' | dd of=\"$1\" bs=1 seek=$((64 + 56 * n)) conv=notrunc status=none; done; }\n"
	/* exe FILE [ARG...] */
	"exe() { place \"$1\"; o=$1; shift\n"
	"  echo \"${code-$start}\" | ${CC-gcc} $bare -fPIE -pie -o \"$o\" \\\n"
	"    -x c - -x none \"$@\"; }\n";

/* Run a script in the scratch directory (or say why not, and give false). */
TEST_FN bool shell(const char *script)
{
	sp_autofree char *command = sp_strf("cd '%s'\n%s%s", scratch_dir(), shell_prelude,
					    script);
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(126);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status)
		ok(false, "the fixture is made: %.60s...", script);
	return status == 0;
}

/* An absolute path of something in the scratch directory. */
TEST_FN const char *in_scratch(const char *name)
{
	static struct sp_arena arena;

	if (!name) {
		sp_arena_release(&arena);
		return NULL;
	}
	return name[0] == '/' ? name : sp_arena_strf(&arena, "%s/%s", scratch_dir(), name);
}

/* --- listings --- */

static int line_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of text sorted, each once; the text is used up. */
TEST_FN char *sort_lines(char *text)
{
	struct sp_buf out = { 0 };
	char *lines[4096], *at = text, *line;
	size_t nr = 0;

	while ((line = strsep(&at, "\n")))
		if (*line && nr < 4096)
			lines[nr++] = line;
	qsort(lines, nr, sizeof(*lines), line_order);
	for (size_t i = 0; i < nr; i++)
		if (!i || strcmp(lines[i], lines[i - 1]) != 0)
			sp_buf_addf(&out, "%s\n", lines[i]);
	free(text);
	return sp_buf_detach(&out);
}

/* A closure and the root it was built from, for tests that look closer. */
struct built {
	struct sp_root *root;
	struct sp_closure *closure;
	struct sp_err err;
};

TEST_FN struct built build_with(const char *program, const char *library_path,
				const char *preload)
{
	struct built b = { 0 };
	struct sp_start start = {
		.path = in_scratch(program), .image_path = in_scratch(program),
		.library_path = library_path, .preload = preload,
	};

	if (sp_root_open_dir("/", &b.root, &b.err))
		return b;
	start.root = start.libs = b.root;
	if (sp_closure_build(&start, &b.closure, &b.err))
		b.closure = NULL;
	return b;
}

TEST_FN struct built build(const char *program)
{
	return build_with(program, NULL, NULL);
}

TEST_FN void built_free(struct built *b)
{
	sp_closure_free(b->closure);
	sp_root_free(b->root);
}

TEST_FN char *listing_of(const struct built *b)
{
	struct sp_buf text = { 0 };
	const struct sp_closure *c = b->closure;

	if (!c) {
		sp_buf_addf(&text, "error: %s\n", b->err.msg);
		return sp_buf_detach(&text);
	}
	for (size_t i = 2; i < c->objects_nr; i++)
		sp_buf_addf(&text, "%s\n", c->objects[i].path);
	for (size_t i = 0; i < c->missing_nr; i++)
		sp_buf_addf(&text, "%s not found\n", c->missing[i].name);
	return sort_lines(sp_buf_detach(&text));
}

/* What our rules say of a program of the scratch directory; the caller frees. */
TEST_FN char *ours_with(const char *program, const char *library_path, const char *preload)
{
	struct built b = build_with(program, library_path, preload);
	char *text = listing_of(&b);

	built_free(&b);
	return text;
}

TEST_FN char *ours(const char *program)
{
	return ours_with(program, NULL, NULL);
}

/* --- the real loader --- */

/* One line of the loader's trace, in our words; "" for what is no file. */
TEST_FN void translate(const char *line, struct sp_buf *out)
{
	const char *arrow = strstr(line, " => "), *end = strstr(line, " (0x");

	if (strstr(line, "/ld-linux"))
		return;
	if (arrow && strcmp(arrow, " => not found") == 0)
		sp_buf_addf(out, "%.*s not found\n", (int)(arrow - line), line);
	else if (arrow && end)
		sp_buf_addf(out, "%.*s\n", (int)(end - arrow - 4), arrow + 4);
	else if (end && line[0] == '/')
		sp_buf_addf(out, "%.*s\n", (int)(end - line), line);
	else if (!end)
		sp_buf_addf(out, "%s\n", line);
}

/* Run a program with one or two variables of the loader's; its output and error
 * text together, and the exit status (128 + signal). */
TEST_FN char *run_with(const char *program, const char *const *env, int *ret_status)
{
	struct sp_buf text = { 0 };
	int pipe_fd[2], status = 0;
	char *const argv[] = { (char *)program, NULL };
	ssize_t n;

	if (pipe(pipe_fd))
		return NULL;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fd[1], STDOUT_FILENO);
		dup2(pipe_fd[1], STDERR_FILENO);
		if (chdir("/"))
			_exit(126);
		execve(program, argv, (char *const *)env);
		_exit(126);
	}
	close(pipe_fd[1]);
	while ((n = read(pipe_fd[0], sp_buf_reserve(&text, 4096), 4096)) > 0)
		text.len += (size_t)n;
	close(pipe_fd[0]);
	waitpid(pid, &status, 0);
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return sp_buf_detach(&text);
}

/* What glibc's loader says, started by the kernel so that $ORIGIN is that of a
 * real start.  library_path and preload may be NULL; the caller frees. */
TEST_FN char *real_with(const char *program, const char *library_path, const char *preload)
{
	sp_autofree char *lib = sp_strf("LD_LIBRARY_PATH=%s", library_path ? library_path : "");
	sp_autofree char *pre = sp_strf("LD_PRELOAD=%s", preload ? preload : "");
	const char *env[4] = { "LD_TRACE_LOADED_OBJECTS=1" };
	struct sp_buf out = { 0 };
	size_t n = 1;
	int status;

	if (library_path)
		env[n++] = lib;
	if (preload)
		env[n++] = pre;
	char *text = run_with(in_scratch(program), env, &status), *at = text, *line;
	while ((line = strsep(&at, "\n")))
		if (*line)
			translate(line + (*line == '\t'), &out);
	free(text);
	return sort_lines(sp_buf_detach(&out));
}

TEST_FN char *real(const char *program)
{
	return real_with(program, NULL, NULL);
}

/* Ours and the loader's listing are the same text. */
TEST_FN bool agree(const char *program, const char *what)
{
	sp_autofree char *got = ours(program), *want = real(program);

	return is_str(got, want, "%s", what);
}

TEST_FN bool agree_with(const char *program, const char *library_path, const char *preload,
			const char *what)
{
	sp_autofree char *got = ours_with(program, library_path, preload);
	sp_autofree char *want = real_with(program, library_path, preload);

	return is_str(got, want, "%s", what);
}

/* Our listing has (or lacks) this line or part of one. */
TEST_FN bool lists(const char *program, const char *part, bool wanted, const char *what)
{
	sp_autofree char *got = ours(program);
	bool held = (strstr(got, part) != NULL) == wanted;

	if (!ok(held, "%s", what))
		test_value("got: ", got);
	return held;
}

/* --- another file in the place of one of this machine --- */

/*
 * Run fn in a child whose name space has the file from (of the scratch directory)
 * where to is; what it returns is given back, or -1 where that cannot be done.
 */
TEST_FN int with_bind(const char *from, const char *to, int (*fn)(void))
{
	int status = -1;

	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (access(to, F_OK) ||
		    (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount(in_scratch(from), to, NULL, MS_BIND, NULL))
			_exit(99);
		_exit(fn());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) != 99 ? WEXITSTATUS(status) : -1;
}

#endif
