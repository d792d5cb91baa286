/*
 * Addresses of images.
 */
#include "transport/address.h"

#include <string.h>

static const struct {
	const char *prefix, *usage;
} kinds[] = {
	[SP_AT_PATH] = { "", "FILE.tar or DIR" },
	[SP_AT_LAYOUT] = { "oci:", "oci:DIR[:REF]" },
	[SP_AT_OCI_ARCHIVE] = { "oci-archive:", "oci-archive:FILE[:REF]" },
	[SP_AT_DOCKER_ARCHIVE] = { "docker-archive:", "docker-archive:FILE[:NAME:TAG]" },
	[SP_AT_ENGINE] = { "docker-daemon:", "docker-daemon:NAME[:TAG]" },
	[SP_AT_REGISTRY] = { SP_REGISTRY_PREFIX, SP_REGISTRY_PREFIX "NAME[:TAG]" },
};

enum sp_address sp_address_of(const char *text, const char **ret_rest)
{
	enum sp_address i = SP_AT_REGISTRY;

	/* the empty prefix of a path is that of every text */
	while (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
		i--;
	*ret_rest = text + strlen(kinds[i].prefix);
	return i;
}

const char *sp_address_usage(enum sp_address address)
{
	return kinds[address].usage;
}

const char *sp_address_path(const char *text, struct sp_arena *arena)
{
	const char *rest;

	switch (sp_address_of(text, &rest)) {
	case SP_AT_LAYOUT:
	case SP_AT_OCI_ARCHIVE:
	case SP_AT_DOCKER_ARCHIVE:
		return sp_arena_strndup(arena, rest, strcspn(rest, ":"));
	default:
		return NULL;
	}
}
