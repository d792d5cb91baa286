/*
 * Growable typed arrays: the growing.
 */
#include "base/vec.h"

#include <string.h>

void *sp_vec_grow(void *array, size_t nr, size_t *alloc, size_t size)
{
	if (nr == *alloc) {
		*alloc = *alloc ? *alloc * 2 : 8;
		array = sp_realloc(array, *alloc, size);
	}
	memset((char *)array + nr * size, 0, size);
	return array;
}
