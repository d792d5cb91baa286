/*
 * Memory: arenas, copies, cleanup, and the end of the process.
 */
#include "base/mem.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "test.h"

static void copies(void)
{
	char *s = sp_strf("%s-%d", "a", 1);

	is_str(s, "a-1", "a formatted string");
	free(s);
	s = sp_strndup("abcdef", 3);
	is_str(s, "abc", "a part of a string");
	free(s);
	s = sp_strdup("");
	is_str(s, "", "an empty one");
	free(s);
	int *zeros = sp_calloc(4, sizeof(int));
	is_int(zeros[0] | zeros[3], 0, "zeroed memory");
	free(zeros);
	free(sp_malloc(0));
	free(sp_calloc(0, 0));
	free(sp_realloc(NULL, 0, 8));
	ok(true, "nothing can be asked for");
}

static void arenas(void)
{
	struct sp_arena arena = { 0 };
	char *first = sp_arena_strdup(&arena, "first"), *strings[3000];
	bool aligned = true, zeroed = true, same = true;

	for (size_t i = 1; i < 3000; i++) {
		char *p = sp_arena_alloc(&arena, i);

		aligned &= (uintptr_t)p % _Alignof(max_align_t) == 0;
		for (size_t k = 0; k < i; k++)
			zeroed &= p[k] == 0;
		memset(p, 'x', i);
		strings[i] = sp_arena_strf(&arena, "%zu", i);
	}
	for (size_t i = 1; i < 3000; i++)
		same &= strtoul(strings[i], NULL, 10) == i;
	ok(aligned, "what an arena gives is aligned");
	ok(zeroed, "and zeroed");
	ok(same, "and nothing overlaps");
	is_str(first, "first", "the first string is where it was");
	char *big = sp_arena_alloc(&arena, 1 << 20);
	big[(1 << 20) - 1] = 1;
	is_str(sp_arena_strndup(&arena, "abcdef", 2), "ab", "a part of a string");
	ok(memcmp(sp_arena_memdup(&arena, "a\0b", 3), "a\0b", 3) == 0, "bytes");
	/* by variables: compilers take the word of the declarations otherwise */
	const void *none = sp_arena_memdup(&arena, NULL, 0), *empty = sp_arena_alloc(&arena, 0);
	ok(none != NULL, "no bytes");
	ok(empty != NULL, "nothing");
	sp_arena_release(&arena);
	ok(arena.blocks == NULL, "released, it is empty");
	sp_arena_release(&arena);
}

static int cleaned_fd(void)
{
	sp_autoclose int fd = open("/dev/null", O_RDONLY);

	return fd;
}

static void cleanup(void)
{
	int fd = cleaned_fd();

	ok(fcntl(fd, F_GETFD) == -1 && errno == EBADF, "a handle is closed on the way out");
	int keep = open("/dev/null", O_RDONLY), taken = sp_steal_fd(&keep);
	is_int(keep, -1, "a stolen handle is gone");
	ok(fcntl(taken, F_GETFD) != -1, "but open");
	errno = ENOSPC;
	sp_close_fd(&taken);
	is_int(errno, ENOSPC, "closing keeps errno");
	sp_close_fd(&keep);
	char *p = sp_strdup("x"), *q = sp_steal_ptr(&p);
	ok(p == NULL && q, "so is a stolen pointer");
	sp_free_ptr(&q);
}

static void ask_too_much(int which)
{
	struct sp_arena arena = { 0 };

	if (which == 0)
		sp_realloc(NULL, SIZE_MAX / 2, 3);
	else if (which == 1)
		sp_arena_alloc(&arena, SIZE_MAX - 8);
	else
		sp_out_of_memory();
}

static void the_end(void)
{
	for (int which = 0; which < 3; which++) {
		int status = 0;

		fflush(stdout);
		pid_t pid = fork();
		if (pid == 0) {
			dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
			ask_too_much(which);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		ok(WIFEXITED(status) && WEXITSTATUS(status) == SP_EFAIL,
		   "memory that cannot be ends the process in order (%d)", which);
	}
}

int main(void)
{
	copies();
	arenas();
	cleanup();
	the_end();
	return test_done();
}
