/*
 * The flags of COPY and ADD.
 */
#include <string.h>

#include "api/stage_place.h"
#include "dockerfile/chmod.h"

/* One reading. */
struct reading {
	struct sp_place *place;
	struct sp_copy_flags *ret;
	struct sp_err *err;
};

static int fail(struct reading *r, const char *what)
{
	return sp_dockerfile_fail(r->place->s->file, r->place->in, r->err, "%s", what);
}

static int expand(struct reading *r, const char *word, const char **ret)
{
	return sp_stage_expand(r->place->s, r->place->state, r->place->in, word, ret, r->err);
}

/* What the flag says, NULL if it is not there. */
static int expanded_flag(struct reading *r, const char *name, const char **ret)
{
	const char *text = sp_instruction_flag(r->place->in, name);

	*ret = NULL;
	return text ? expand(r, text, ret) : 0;
}

static int read_mode(struct reading *r)
{
	const char *text;

	if (expanded_flag(r, "chmod", &text))
		return -1;
	if (!text)
		return 0;
	if (!sp_chmod_valid(text))
		return sp_dockerfile_fail(r->place->s->file, r->place->in, r->err,
					  "--chmod=%s: expected an octal number such as 755, or what chmod takes, as u=rwX,go=rX",
					  text);
	r->place->chmod = text;
	return 0;
}

static int read_owner(struct reading *r)
{
	const char *text;

	if (expanded_flag(r, "chown", &text))
		return -1;
	if (!text)
		return 0;
	if (sp_stage_owner(r->place->state, text, &r->place->owner, r->err)) {
		sp_err_wrap(r->err, "--chown");
		return sp_stages_at(r->place->s, r->place->in, r->err);
	}
	r->place->keep_owner = false;
	return 0;
}

/* What is for the network alone; BuildKit refuses it for local files as well. */
static int refuse_flags(struct reading *r)
{
	static const struct { const char *flag, *what; } unknown[] = {
		{ "checksum", "--checksum is for files of a network, which are not fetched; get the file first" },
		{ "keep-git-dir", "--keep-git-dir is for repositories of a network, which are not fetched; clone it first" },
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (sp_instruction_flag(r->place->in, unknown[i].flag))
			return fail(r, unknown[i].what);
	return 0;
}

static int read_bool(struct reading *r, const char *name, bool *ret)
{
	const char *text = sp_instruction_flag(r->place->in, name);

	if (!text)
		return 0;
	*ret = !*text || strcmp(text, "true") == 0;
	if (!*ret && strcmp(text, "false") != 0)
		return sp_dockerfile_fail(r->place->s->file, r->place->in, r->err,
					  "--%s=%s: expected true or false", name, text);
	return 0;
}

static int read_exclude(struct reading *r)
{
	const struct sp_instruction *in = r->place->in;
	const char **patterns = sp_arena_alloc(&r->place->s->arena,
					       (in->flags_nr + 1) * sizeof(*patterns));
	size_t nr = 0;

	for (size_t i = 0; i < in->flags_nr; i++) {
		if (strcmp(in->flags[i].name, "exclude") != 0)
			continue;
		if (!in->flags[i].value || !*in->flags[i].value)
			return fail(r, "--exclude has no pattern; expected --exclude=PATTERN");
		if (expand(r, in->flags[i].value, &patterns[nr++]))
			return -1;
	}
	if (!nr)
		return 0;
	if (sp_ignore_of("--exclude", patterns, nr, &r->ret->exclude, r->err))
		return sp_stages_at(r->place->s, in, r->err);
	r->place->exclude = r->ret->exclude;
	return 0;
}

int sp_copy_flags_read(struct sp_place *place, struct sp_copy_flags *ret, struct sp_err *err)
{
	struct reading r = { place, ret, err };
	bool link;

	*ret = (struct sp_copy_flags){ .unpack = place->in->kind == SP_DO_ADD };
	return refuse_flags(&r) || read_owner(&r) || read_mode(&r) || read_exclude(&r) ||
	       read_bool(&r, "link", &link) || read_bool(&r, "parents", &ret->parents) ||
	       read_bool(&r, "unpack", &ret->unpack) ? -1 : 0;
}
