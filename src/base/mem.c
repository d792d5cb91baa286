/*
 * Memory that cannot fail, and arenas.  The only place of the library that
 * ends the process; see mem.h for the rule that makes it safe.
 */
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Arena blocks start small, since most arenas hold a few strings, and double. */
#define BLOCK_MIN 1024
#define BLOCK_MAX (64 * 1024)

struct sp_arena_block {
	struct sp_arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

_Noreturn void sp_out_of_memory(void)
{
	static const char msg[] = "scratchpack: out of memory\n";

	if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(SP_EFAIL);
	_exit(SP_EFAIL);
}

void *sp_malloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		sp_out_of_memory();
	return p;
}

void *sp_calloc(size_t nr, size_t size)
{
	void *p = calloc(nr ? nr : 1, size ? size : 1);

	if (!p)
		sp_out_of_memory();
	return p;
}

void *sp_realloc(void *old, size_t nr, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(nr, size, &total))
		sp_out_of_memory();
	void *p = realloc(old, total ? total : 1);
	if (!p)
		sp_out_of_memory();
	return p;
}

char *sp_strndup(const char *s, size_t len)
{
	char *copy = sp_malloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *sp_strdup(const char *s)
{
	return sp_strndup(s, strlen(s));
}

char *sp_strf(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		sp_out_of_memory();
	va_end(args);
	return s;
}

static struct sp_arena_block *add_block(struct sp_arena *arena, size_t size)
{
	struct sp_arena_block *top = arena->blocks;
	size_t want = top ? top->size * 2 : BLOCK_MIN;

	if (want > BLOCK_MAX)
		want = BLOCK_MAX;
	if (want < size)
		want = size;
#ifdef __SANITIZE_ADDRESS__
	want = size;	/* one block a string, so that overruns are seen */
#endif
	top = sp_calloc(1, sizeof(*top) + want);
	top->size = want;
	top->next = arena->blocks;
	arena->blocks = top;
	return top;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct sp_arena_block *top = arena->blocks;

	if (size > SIZE_MAX / 2)
		sp_out_of_memory();
	size_t start = top ? (top->used + align - 1) / align * align : 0;
	if (!top || start > top->size || size > top->size - start) {
		top = add_block(arena, size);
		start = 0;
	}
	top->used = start + size;
	return top->data + start;
}

void *sp_arena_memdup(struct sp_arena *arena, const void *data, size_t len)
{
	void *copy = sp_arena_alloc(arena, len);

	if (len)
		memcpy(copy, data, len);
	return copy;
}

char *sp_arena_strndup(struct sp_arena *arena, const char *s, size_t len)
{
	char *copy = sp_arena_alloc(arena, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *sp_arena_strdup(struct sp_arena *arena, const char *s)
{
	return sp_arena_strndup(arena, s, strlen(s));
}

/* Most texts fit into the buffer and are formatted once. */
char *sp_arena_strf(struct sp_arena *arena, const char *fmt, ...)
{
	char buf[256];
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	if (len < 0)
		sp_out_of_memory();
	if ((size_t)len < sizeof(buf))
		return sp_arena_strndup(arena, buf, (size_t)len);
	char *text = sp_arena_alloc(arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

void sp_arena_release(struct sp_arena *arena)
{
	while (arena->blocks) {
		struct sp_arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
}

void sp_free_ptr(void *p)
{
	free(*(void **)p);
}

void sp_close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

int sp_steal_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void *sp_steal_ptr(void *p)
{
	void *taken = *(void **)p;

	*(void **)p = NULL;
	return taken;
}
