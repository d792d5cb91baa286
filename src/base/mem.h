/*
 * Memory that cannot fail, and arenas.
 *
 * Every allocation here ends the process with a message when memory runs out.
 * That is safe under one rule: a size that comes from input is checked against
 * a named limit before it reaches an allocator.
 *
 * Strings live in the arena of the struct that owns them and are never freed
 * alone.  Initialise an arena with { 0 }.
 */
#ifndef SP_BASE_MEM_H
#define SP_BASE_MEM_H

#include <stddef.h>
#include <stdlib.h>

#include "base/err.h"

/* End the process, as the functions below do when memory runs out. */
_Noreturn void sp_out_of_memory(void);

SP_NEVER_NULL void *sp_malloc(size_t size);
SP_NEVER_NULL void *sp_calloc(size_t nr, size_t size);
SP_NEVER_NULL void *sp_realloc(void *old, size_t nr, size_t size);
SP_NEVER_NULL char *sp_strdup(const char *s);
SP_NEVER_NULL char *sp_strndup(const char *s, size_t len);

/* A malloc'ed formatted string; the caller frees it. */
SP_NEVER_NULL char *sp_strf(const char *fmt, ...) SP_PRINTF(1, 2);

struct sp_arena_block;
struct sp_arena {
	struct sp_arena_block *blocks;
};

/* Zeroed memory, aligned for any type, that lives as long as the arena. */
SP_NEVER_NULL void *sp_arena_alloc(struct sp_arena *arena, size_t size);
SP_NEVER_NULL char *sp_arena_strdup(struct sp_arena *arena, const char *s);
SP_NEVER_NULL char *sp_arena_strndup(struct sp_arena *arena, const char *s, size_t len);
SP_NEVER_NULL void *sp_arena_memdup(struct sp_arena *arena, const void *data, size_t len);
SP_NEVER_NULL char *sp_arena_strf(struct sp_arena *arena, const char *fmt, ...) SP_PRINTF(2, 3);
void sp_arena_release(struct sp_arena *arena);

/* Cleanup attributes: the variable must be initialised. */
void sp_free_ptr(void *p);		/* p is a pointer to the pointer */
void sp_close_fd(int *fd);
#define sp_autofree __attribute__((cleanup(sp_free_ptr)))
#define sp_autoclose __attribute__((cleanup(sp_close_fd)))
#define SP_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Take a resource out of a variable that has a cleanup attribute. */
int sp_steal_fd(int *fd);
void *sp_steal_ptr(void *p);		/* p is a pointer to the pointer */

#endif
