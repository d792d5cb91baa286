/*
 * Growable typed arrays by the convention x, x_nr, x_alloc.
 *
 *	struct { struct thing *things; size_t things_nr, things_alloc; } s = { 0 };
 *	*SP_VEC_PUSH(s.things) = (struct thing){ ... };
 *	free(s.things);
 */
#ifndef SP_BASE_VEC_H
#define SP_BASE_VEC_H

#include "base/mem.h"

/* Append one zeroed element and give a pointer to it, valid until the next push. */
#define SP_VEC_PUSH(x)                                                        \
	((x) = sp_vec_grow((x), x##_nr, &x##_alloc, sizeof(*(x))), &(x)[x##_nr++])

SP_NEVER_NULL void *sp_vec_grow(void *array, size_t nr, size_t *alloc, size_t size);

#endif
