/*
 * Image references: what is accepted reads the same again, in full and in short;
 * and any file name gives a name that is accepted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_mean(const char *text, const char *full, struct sp_arena *arena)
{
	struct sp_err err = { 0 };
	struct sp_ref ref;

	if (sp_ref_parse(text, arena, &ref, &err) || strcmp(sp_ref_full(&ref, arena), full) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const char *text = sp_arena_strndup(&arena, (const char *)data, size);
	struct sp_err err = { 0 };
	struct sp_ref ref;

	if (sp_ref_parse(text, &arena, &ref, &err) == 0) {
		const char *full = sp_ref_full(&ref, &arena);

		must_mean(full, full, &arena);
		must_mean(sp_ref_familiar(&ref, &arena), full, &arena);
		ref.tag = ref.digest = NULL;
		full = sp_ref_name_full(&ref, &arena);
		must_mean(sp_ref_name_familiar(&ref, &arena), full, &arena);
	} else if (!err.msg[0]) {
		abort();
	}
	if (sp_ref_parse(sp_ref_name_from(text, &arena), &arena, &ref, &err))
		abort();
	return 0;
}
