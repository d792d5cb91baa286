/*
 * Destinations: from the text after -o to the file that writes it, and the calls
 * that each kind must answer.  Sources are in source.c.
 */
#include "transport/transport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "transport/dest.h"

struct kind {
	sp_dest_opener *open;
	unsigned form;
	bool tag;		/* a bare name after the path is a tag */
};

static const struct kind kinds[] = {
	[SP_AT_LAYOUT] = { sp_layout_open, 0, true },
	[SP_AT_OCI_ARCHIVE] = { sp_archive_open, SP_FORM_LAYOUT, true },
	[SP_AT_DOCKER_ARCHIVE] = { sp_archive_open, SP_FORM_DOCKER, false },
	[SP_AT_ENGINE] = { sp_engine_open, SP_FORM_BOTH, false },
	[SP_AT_REGISTRY] = { sp_registry_dest_open, 0, false },
};
/* what --load stands for; the rest is the engine that --engine names */
static const struct kind local_kind = { .open = sp_local_open, .form = SP_FORM_BOTH };
static const struct kind layout_kind = { .open = sp_layout_open };
static const struct kind archive_kind = { .open = sp_archive_open,
					  .form = SP_FORM_BOTH };
static const struct kind stdout_kind = { .open = sp_stdout_open,
					 .form = SP_FORM_BOTH };

/* What other tools have and we do not, or what one might think of: a path of such a name
 * is a slip. */
static const char *const foreign[] = { "dir:", "containers-storage:", "ostree:",
				       "sif:", "tarball:", "tar:", "docker:", "podman:",
				       "registry:", "archive:" };

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static int begin(const struct kind *kind, const char *where, const char *ref,
		 const struct sp_transport_options *options, struct sp_dest **ret,
		 struct sp_err *err)
{
	struct sp_dest *dest = NULL;

	if (kind->open(where, kind->form, options, &dest, err))
		return -1;
	dest->ref = ref ? sp_strdup(ref) : NULL;
	dest->ref_is_tag = kind->tag;
	*ret = dest;
	return 0;
}

static int unclear(const char *text, enum sp_address address, struct sp_err *err)
{
	return sp_err_set(err, SP_EUSAGE, "%s: expected %s", text, sp_address_usage(address));
}

/* "PATH[:REF]" behind a prefix: the first colon ends the path, as skopeo has it. */
static int begin_prefixed(enum sp_address address, const char *text, const char *rest,
			  const struct sp_transport_options *options,
			  struct sp_dest **ret, struct sp_err *err)
{
	const char *colon = strchr(rest, ':');
	sp_autofree char *path = sp_strndup(rest, colon ? (size_t)(colon - rest)
							: strlen(rest));

	if (!*path || (colon && !colon[1]))
		return unclear(text, address, err);
	return begin(&kinds[address], path, colon ? colon + 1 : NULL, options, ret, err);
}

static int refuse_foreign(const char *text, struct sp_err *err)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		if (starts_with(text, foreign[i]))
			return sp_err_set(err, SP_EUSAGE,
					  "%s: \"%s\" is no destination here; there are "
					  "FILE.tar, DIR/, oci:, oci-archive:, "
					  "docker-archive:, docker-daemon:, docker:// "
					  "and \"-\", and --engine for others",
					  text, foreign[i]);
	if (strstr(text, "://"))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: a URL is no destination; expected NAME.tar, NAME/ "
				  "or docker://NAME", text);
	return 0;
}

/* "ghcr.io/me/app:v1", where there is no directory called ghcr.io: most likely a registry. */
static bool looks_like_name(const char *text)
{
	const char *slash = strchr(text, '/');
	sp_autofree char *first = slash ? sp_strndup(text, (size_t)(slash - text)) : NULL;
	struct stat st;

	return first && *first && text[0] != '.' && stat(first, &st) != 0 &&
	       (strpbrk(first, ".:") || strcmp(first, "localhost") == 0 || strchr(slash, ':'));
}

/*
 * Is this the path of an archive?  A name that only looks like one is refused
 * rather than guessed at: "-o myapp" could mean a file, a directory or an image
 * name, and "-o ./myapp" would take the place of the program itself.
 */
static int check_archive_path(const char *text, bool exists, const struct stat *st,
			      struct sp_err *err)
{
	static const char *const packed[] = { ".gz", ".tgz", ".zst", ".xz", ".bz2" };

	if (exists && !S_ISREG(st->st_mode))
		return 0;
	for (size_t i = 0; i < sizeof(packed) / sizeof(*packed); i++)
		if (ends_with(text, packed[i]))
			return sp_err_set(err, SP_EUSAGE,
					  "%s: archives are written uncompressed (the layers "
					  "in them are compressed); expected NAME.tar", text);
	if (ends_with(text, ".tar"))
		return 0;
	if (looks_like_name(text))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: unclear destination; say docker://%s for a registry, or "
				  "NAME.tar for an archive", text, text);
	if (!strchr(text, '/'))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: unclear destination; say %s.tar for an archive, %s/ "
				  "for a layout or docker://%s for a registry",
				  text, text, text, text);
	if (exists && (st->st_mode & 0111))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: is an executable file and would be overwritten; "
				  "say %s.tar", text, text);
	return 0;
}

static int begin_path(const char *text, const struct sp_transport_options *options,
		      struct sp_dest **ret, struct sp_err *err)
{
	struct stat st = { 0 };

	if (strcmp(text, "-") == 0)
		return begin(&stdout_kind, text, NULL, options, ret, err);
	if (starts_with(text, SP_LOCAL_PREFIX))
		return begin(&local_kind, text + strlen(SP_LOCAL_PREFIX), NULL, options, ret,
			     err);
	if (refuse_foreign(text, err))
		return -1;
	if (!*text)
		return sp_err_set(err, SP_EUSAGE,
				  "the destination is empty; expected NAME.tar or NAME/");

	bool exists = stat(text, &st) == 0;

	if (ends_with(text, "/") || (exists && S_ISDIR(st.st_mode)))
		return begin(&layout_kind, text, NULL, options, ret, err);
	if (check_archive_path(text, exists, &st, err))
		return -1;
	return begin(&archive_kind, text, NULL, options, ret, err);
}

int sp_dest_open(const char *text, const struct sp_transport_options *options,
		 struct sp_dest **ret, struct sp_err *err)
{
	const char *rest;
	enum sp_address address = sp_address_of(text, &rest);

	switch (address) {
	case SP_AT_PATH:
		return begin_path(text, options, ret, err);
	case SP_AT_ENGINE:
	case SP_AT_REGISTRY:
		return *rest ? begin(&kinds[address], rest, rest, options, ret, err) :
			       unclear(text, address, err);
	default:
		return begin_prefixed(address, text, rest, options, ret, err);
	}
}

struct sp_sink *sp_dest_sink(struct sp_dest *dest)
{
	return dest->sink;
}

bool sp_dest_is_final(const struct sp_dest *dest)
{
	return dest->final;
}

const char *sp_dest_where(const struct sp_dest *dest)
{
	return dest->where;
}

int sp_dest_names(const struct sp_dest *dest, struct sp_arena *arena,
		  const struct sp_ref **refs, size_t *refs_nr, struct sp_err *err)
{
	struct sp_ref ref = { 0 };

	if (!dest->ref)
		return 0;
	if (dest->ref_is_tag && *refs_nr > 0 && sp_ref_is_tag(dest->ref)) {
		ref = (*refs)[0];
		ref.tag = sp_arena_strdup(arena, dest->ref);
		ref.digest = NULL;
	} else if (sp_ref_parse(dest->ref, arena, &ref, err)) {
		return -1;
	}
	sp_ref_complete(&ref);
	*refs = sp_arena_memdup(arena, &ref, sizeof(ref));
	*refs_nr = 1;
	return 0;
}

int sp_dest_prepare(struct sp_dest *dest, const struct sp_image *image,
		    const struct sp_ref *refs, size_t refs_nr, struct sp_err *err)
{
	return dest->ops->prepare(dest, image, refs, refs_nr, err);
}

int sp_dest_commit(struct sp_dest *dest, struct sp_err *err)
{
	return dest->ops->commit(dest, err);
}

void sp_dest_free(struct sp_dest *dest)
{
	if (!dest)
		return;
	free(dest->ref);
	free(dest->where);
	dest->ops->free(dest);
}

bool sp_dest_knows(const struct sp_dest *dest, const struct sp_digest *diff_id,
		   struct sp_desc *ret)
{
	return dest->ops->knows && dest->ops->knows(dest, diff_id, ret);
}

bool sp_dest_again(const struct sp_dest *dest)
{
	return dest->ops->again && dest->ops->again(dest);
}

bool sp_dest_follow(struct sp_dest *dest, struct sp_dest *leader)
{
	dest->follows = dest->ops->follow && dest->ops == leader->ops &&
			!leader->follows && dest->ops->follow(dest, leader);
	return dest->follows;
}

bool sp_dest_follows(const struct sp_dest *dest)
{
	return dest->follows;
}

bool sp_dest_can_take(const struct sp_dest *dest)
{
	return dest->ops->take;
}

int sp_dest_take(struct sp_dest *dest, struct sp_source *source, const struct sp_desc *desc,
		 bool *ret_taken, struct sp_err *err)
{
	if (dest->ops->take && dest->ops->take(dest, source, desc, err))
		return -1;
	*ret_taken = dest->ops->take;
	return 0;
}

bool sp_dest_cancelled(const struct sp_transport_options *options)
{
	return options->cancelled && *options->cancelled;
}

int sp_dest_advise(int errnum, struct sp_err *err)
{
	size_t len = strlen(err->msg);
	const char *advice = NULL;

	if (errnum == ENOSPC || errnum == EDQUOT)
		advice = "free some space or choose another place";
	else if (errnum == EFBIG)
		advice = "raise the limit on file sizes (ulimit -f) or choose a "
			 "file system that holds larger files";
	if (advice)
		snprintf(err->msg + len, sizeof(err->msg) - len, "; %s", advice);
	return -1;
}
