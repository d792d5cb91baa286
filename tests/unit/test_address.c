/*
 * Addresses: which kind a text is, and the path in it.
 */
#include "transport/address.h"

#include "test.h"

static const struct row {
	const char *text;
	enum sp_address address;
	const char *rest, *path;
} rows[] = {
	{ "a.tar", SP_AT_PATH, "a.tar", NULL },
	{ "", SP_AT_PATH, "", NULL },
	{ "-", SP_AT_PATH, "-", NULL },
	{ "oci", SP_AT_PATH, "oci", NULL },
	{ "docker.tar", SP_AT_PATH, "docker.tar", NULL },
	{ "docker:/x", SP_AT_PATH, "docker:/x", NULL },
	{ "./oci:x", SP_AT_PATH, "./oci:x", NULL },
	{ "local:podman", SP_AT_PATH, "local:podman", NULL },
	{ "oci:", SP_AT_LAYOUT, "", "" },
	{ "oci:dir", SP_AT_LAYOUT, "dir", "dir" },
	{ "oci:dir:v1", SP_AT_LAYOUT, "dir:v1", "dir" },
	{ "oci-archive:a:v1", SP_AT_OCI_ARCHIVE, "a:v1", "a" },
	{ "docker-archive:a:n:v1", SP_AT_DOCKER_ARCHIVE, "a:n:v1", "a" },
	{ "docker-daemon:n:v1", SP_AT_ENGINE, "n:v1", NULL },
	{ "docker://host:5000/n:v1", SP_AT_REGISTRY, "host:5000/n:v1", NULL },
};

int main(void)
{
	struct sp_arena arena = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		const char *rest = NULL, *path = sp_address_path(r->text, &arena);

		is_int(sp_address_of(r->text, &rest), r->address, "\"%s\": its kind", r->text);
		is_str(rest, r->rest, "\"%s\": what follows", r->text);
		is_str(path, r->path, "\"%s\": its path", r->text);
	}
	is_str(sp_address_usage(SP_AT_REGISTRY), "docker://NAME[:TAG]", "how one is written");
	sp_arena_release(&arena);
	return test_done();
}
