/*
 * Search paths: any text expands, in both loaders' ways, to absolute directories.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "loader/search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum sp_tokens ways[] = { SP_TOKENS_GLIBC, SP_TOKENS_MUSL,
					       SP_TOKENS_MUSL_NONE };
	/* the first byte decides where the program goes */
	struct sp_object object = {
		.path = "/home/me/bin/app", .rule = SP_RULE_PROGRAM,
		.image_path = size && data[0] % 2 ? "/app" : "/opt/app",
		.found = { .real = "/home/me/real/app" },
	};
	struct sp_closure closure = { .objects = &object, .objects_nr = 1,
				      .loader = { .lib = "lib64" } };
	sp_autofree char *text = sp_strndup((const char *)data + (size > 0), size - (size > 0));

	for (size_t w = 0; w < 3; w++)
		for (size_t owner = 0; owner < 2; owner++) {
			struct sp_dirs dirs = { 0 };

			sp_search_expand(&closure, owner ? SP_NO_OBJECT : 0, text, ":;\n",
					 ways[w], &dirs);
			for (size_t i = 0; i < dirs.dirs_nr; i++)
				if (!dirs.dirs[i].left_out &&
				    (dirs.dirs[i].path[0] != '/' || dirs.dirs[i].image_path[0] != '/'))
					abort();
			free(dirs.dirs);
		}
	const struct sp_dir *one = sp_search_expand_one(&closure, 0, text, SP_TOKENS_GLIBC);
	if (one && (one->path[0] != '/' || one->image_path[0] != '/'))
		abort();
	(void)sp_search_has_token(text);
	free(closure.remarks);
	sp_arena_release(&closure.arena);
	return 0;
}
