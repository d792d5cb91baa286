/*
 * Sources: from the text that names an image to the file that reads it.
 */
#include "transport/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define ENGINE "docker-daemon:"

struct kind {
	const char *prefix, *usage;
	unsigned form;
	bool dir;		/* insist on a directory */
};

static const struct kind kinds[] = {
	{ "oci:", "oci:DIR[:REF]", SP_FORM_LAYOUT, true },
	{ "oci-archive:", "oci-archive:FILE[:REF]", SP_FORM_LAYOUT, false },
	{ "docker-archive:", "docker-archive:FILE[:NAME:TAG]", SP_FORM_DOCKER, false },
};
static const struct kind any_kind = { "", "FILE.tar or DIR", SP_FORM_BOTH, false };

static const struct kind *kind_of(const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return &kinds[i];
	return &any_kind;
}

/* Where the path in text ends: all of it if that is there, else the first colon. */
static size_t path_len(const char *text)
{
	struct stat st;
	const char *colon = strchr(text, ':');

	return !colon || stat(text, &st) == 0 ? strlen(text) : (size_t)(colon - text);
}

static int open_kind(const struct kind *kind, const char *path, struct sp_source **ret,
		     struct sp_err *err)
{
	struct stat st;

	if (stat(path, &st))
		return sp_err_sys(err, SP_EFAIL, "%s: cannot open the image", path);
	if (kind->dir && !S_ISDIR(st.st_mode))
		return sp_err_set(err, SP_EVERIFY,
				  "%s: is no directory, as a layout is; say oci-archive:%s",
				  path, path);
	if (S_ISDIR(st.st_mode) && (kind->dir || kind == &any_kind))
		return sp_layout_source_open(path, ret, err);
	return sp_archive_source_open(path, kind->form, ret, err);
}

int sp_source_open(const char *text, const struct sp_transport_options *options,
		   struct sp_source **ret, char **ret_ref, struct sp_err *err)
{
	const struct kind *kind = kind_of(text);
	const char *rest = text + strlen(kind->prefix);
	size_t len = path_len(rest);
	sp_autofree char *path = sp_strndup(rest, len);

	if (strncmp(text, SP_REGISTRY_PREFIX, strlen(SP_REGISTRY_PREFIX)) == 0) {
		if (sp_registry_source_open(text + strlen(SP_REGISTRY_PREFIX), options, ret, err))
			return -1;
		*ret_ref = NULL;
		return 0;
	}
	if (strncmp(text, ENGINE, strlen(ENGINE)) == 0) {
		*ret_ref = NULL;
		return sp_engine_source_open(text + strlen(ENGINE), options, ret, err);
	}
	if (!*path || (rest[len] && !rest[len + 1]))
		return sp_err_set(err, SP_EUSAGE, "%s: expected %s", text, kind->usage);
	if (open_kind(kind, path, ret, err))
		return -1;
	*ret_ref = rest[len] ? sp_strdup(rest + len + 1) : NULL;
	return 0;
}
