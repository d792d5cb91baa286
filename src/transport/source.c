/*
 * Sources: from the text that names an image to the file that reads it.
 */
#include "transport/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Nothing is there.  What could be an image's name is most likely meant as one. */
static int refuse_missing(const char *text, const char *path, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err ignored = { 0 };
	struct sp_ref ref;

	if (strcmp(text, "scratch") == 0)
		return sp_err_set(err, SP_EFAIL,
				  "scratch: is no image, but what an image without one below begins with");
	if (strchr("/.", text[0]) || ends_with(path, ".tar") || ends_with(path, "/") ||
	    sp_ref_parse(text, &arena, &ref, &ignored))
		return sp_err_set(err, SP_EFAIL,
				  "%s: cannot open the image: No such file or directory", path);
	return sp_err_set(err, SP_EFAIL,
			  "%s: no such file or directory; say docker://%s for an image in a registry, "
			  "docker-daemon:%s for one of an engine", text, text, text);
}

static int open_path(enum sp_address address, const char *text, const char *rest,
		     struct sp_source **ret, char **ret_ref, struct sp_err *err)
{
	size_t len = path_len(rest);
	sp_autofree char *path = sp_strndup(rest, len);

	if (!*path || (rest[len] && !rest[len + 1]))
		return sp_err_set(err, SP_EUSAGE, "%s: expected %s", text,
				  sp_address_usage(address));
	if (address == SP_AT_PATH && access(path, F_OK) && errno == ENOENT)
		return refuse_missing(text, path, err);
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
