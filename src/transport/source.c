/*
 * Sources: from the text that names an image to the file that reads it.
 */
#include "transport/source.h"

#include <string.h>
#include <sys/stat.h>

/* How what is at a path is opened. */
static const struct kind {
	unsigned form;
	bool dir;		/* insist on a directory */
} kinds[] = {
	[SP_AT_PATH] = { SP_FORM_BOTH, false },
	[SP_AT_LAYOUT] = { SP_FORM_LAYOUT, true },
	[SP_AT_OCI_ARCHIVE] = { SP_FORM_LAYOUT, false },
	[SP_AT_DOCKER_ARCHIVE] = { SP_FORM_DOCKER, false },
};

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
	if (S_ISDIR(st.st_mode) && (kind->dir || kind == &kinds[SP_AT_PATH]))
		return sp_layout_source_open(path, ret, err);
	return sp_archive_source_open(path, kind->form, ret, err);
}

static int open_path(enum sp_address address, const char *text, const char *rest,
		     struct sp_source **ret, char **ret_ref, struct sp_err *err)
{
	size_t len = path_len(rest);
	sp_autofree char *path = sp_strndup(rest, len);

	if (!*path || (rest[len] && !rest[len + 1]))
		return sp_err_set(err, SP_EUSAGE, "%s: expected %s", text,
				  sp_address_usage(address));
	if (open_kind(&kinds[address], path, ret, err))
		return -1;
	*ret_ref = rest[len] ? sp_strdup(rest + len + 1) : NULL;
	return 0;
}

int sp_source_open(const char *text, const struct sp_transport_options *options,
		   struct sp_source **ret, char **ret_ref, struct sp_err *err)
{
	const char *rest;
	enum sp_address address = sp_address_of(text, &rest);

	switch (address) {
	case SP_AT_REGISTRY:
		*ret_ref = NULL;
		return sp_registry_source_open(rest, options, ret, err);
	case SP_AT_ENGINE:
		*ret_ref = NULL;
		return sp_engine_source_open(rest, options, ret, err);
	default:
		return open_path(address, text, rest, ret, ret_ref, err);
	}
}
