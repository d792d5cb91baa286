/*
 * Dockerfiles and .dockerignore: any bytes are parsed or refused with a message; what
 * was parsed has stages that hold its instructions, and its words expand or do not.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dockerfile/dockerfile.h"
#include "dockerfile/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *get(void *ctx, const char *name)
{
	(void)ctx;
	return name[0] == 'a' ? "a value" : NULL;
}

static void expand_all(const struct sp_dockerfile *file)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_expand how = { .escape = file->lines.escape, .vars = { get, NULL } };

	for (size_t i = 0; i < file->instructions_nr; i++)
		for (size_t k = 0; k < file->instructions[i].args_nr; k++) {
			const char *arg = file->instructions[i].args[k], *word;
			struct sp_err err = { 0 };

			if (arg && sp_words_expand(arg, &how, &arena, &word, &err) && !err.msg[0])
				abort();
		}
}

static void check_stages(const struct sp_dockerfile *file)
{
	size_t at = file->stages[0].first;

	for (size_t i = 0; i < file->stages_nr; i++) {
		if (file->stages[i].first != at || file->stages[i].end < at)
			abort();
		at = file->stages[i].end + 1;
	}
	if (at != file->instructions_nr + 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sp_dockerfile *file;
	struct sp_ignore *ignore;
	struct sp_err err = { 0 };

	if (sp_dockerfile_parse("f", (const char *)data, size, &file, &err) == 0) {
		check_stages(file);
		expand_all(file);
		sp_dockerfile_free(file);
	} else if (!err.msg[0]) {
		abort();
	}
	if (sp_ignore_read("f", (const char *)data, size, &ignore, &err) == 0) {
		sp_ignore_match(ignore, "a/b/c.d");
		sp_ignore_free(ignore);
	}
	return 0;
}
