/*
 * Names in a text, as of a script: paths are absolute and clean, each comes once, and what
 * is said of their places fits them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rootfs/named.h"
#include "rootfs/places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || strstr(path, "//") || strstr(path, "/../") ||
	    sp_place_of(path) == SP_PLACE_NONE)
		abort();
	if (sp_place_package(path) > len || sp_place_home(path) > len)
		abort();
	if (sp_place_is_base(path) && sp_place_of(path) != SP_PLACE_BASE &&
	    sp_place_of(path) != SP_PLACE_SHARED)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	SP_CLEANUP(sp_map_release) struct sp_map seen = { 0 };

	sp_names_in_text((const char *)data, size, &names);
	if (names.names_nr > SP_NAMED_MAX)
		abort();
	for (size_t i = 0; i < names.names_nr; i++) {
		const struct sp_named *name = &names.names[i];

		if (sp_map_get(&seen, name->text) != SP_MAP_NONE)
			abort();
		sp_map_set(&seen, name->text, i);
		if (name->kind == SP_NAMED_PATH)
			check_path(name->text);
		else if (name->kind == SP_NAMED_LIBRARY || name->text[0] == '/')
			abort();
	}
	return 0;
}
