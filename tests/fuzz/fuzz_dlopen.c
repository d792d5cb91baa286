/*
 * .note.dlopen: what is visited has at least what it must have, and a refused text is
 * refused again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rootfs/dlopen_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visit(void *ctx, const struct sp_dlopen_entry *e, struct sp_err *err)
{
	size_t *visited = ctx, len = 0;

	(void)err;
	if (!e->priority || e->sonames_nr > SP_DLOPEN_SONAMES_MAX)
		abort();
	for (size_t i = 0; i < e->sonames_nr; i++)
		len += strlen(e->sonames[i]);
	*visited += len + strlen(e->priority) + (e->feature ? strlen(e->feature) : 0) + 1;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	size_t visited[2] = { 0, 0 };
	bool good[2];
	int rc = 0;

	for (int i = 0; i < 2; i++)
		good[i] = sp_dlopen_json((const char *)data, size, &arena, visit, &visited[i],
					 &rc, &err);
	if (good[0] != good[1] || visited[0] != visited[1] || rc)
		abort();
	return 0;
}
