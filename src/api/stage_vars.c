/*
 * Variables of a Dockerfile.  Of an ENV and an ARG of one name the later one counts, as
 * BuildKit has it, though the image keeps what ENV says.
 *
 * An ARG has the value of --build-arg, else its own, else the one that an ARG of
 * that name in front of FROM has, else what the platform says (TARGETARCH and so on).
 */
#include <string.h>
#include <strings.h>

#include "api/stages.h"

/* Where a variable is looked for. */
struct scope {
	struct sp_stages *s;
	struct sp_stage_state *state;	/* NULL in front of FROM */
};

static const char *platform_arg(struct sp_stages *s, const char *name)
{
	struct sp_platform p;

	if (strcmp(name, "TARGETSTAGE") == 0)
		return s->build->o->target ? s->build->o->target : "default";
	bool build = strncmp(name, "BUILD", 5) == 0;
	if (!build && strncmp(name, "TARGET", 6) != 0)
		return NULL;
	name += build ? 5 : 6;
	p = build ? sp_platform_host() : s->platform;
	/* every arm64 is v8 at least, so it is not said */
	if (strcmp(p.arch, "arm64") == 0 && p.variant && strcmp(p.variant, "v8") == 0)
		p.variant = NULL;
	if (strcmp(name, "PLATFORM") == 0)
		return sp_platform_str(&p, &s->arena);
	if (strcmp(name, "OS") == 0)
		return sp_arena_strdup(&s->arena, p.os);
	if (strcmp(name, "ARCH") == 0)
		return sp_arena_strdup(&s->arena, p.arch);
	if (strcmp(name, "VARIANT") == 0)
		return p.variant ? sp_arena_strdup(&s->arena, p.variant) : "";
	return NULL;
}

static const char *global_arg(struct sp_stages *s, const char *name)
{
	const char *value = sp_pairs_get(&s->args, name);

	return value ? value : platform_arg(s, name);
}

static const char *get(void *ctx, const char *name)
{
	const struct scope *scope = ctx;
	const char *value;

	if (!scope->state)
		return global_arg(scope->s, name);
	value = sp_pairs_get(&scope->state->args, name);
	return value ? value : sp_pairs_get(&scope->state->config.env, name);
}

static int expand(struct sp_stages *s, struct sp_stage_state *state,
		  const struct sp_instruction *in, const char *word, bool text,
		  const char **ret, struct sp_err *err)
{
	struct scope scope = { s, state };
	struct sp_expand how = {
		/* a here-document has the backslash, whatever the directive says; what
		 * ONBUILD kept comes without a directive */
		.escape = text || in->trigger ? '\\' : s->file->lines.escape, .keep_quotes = text,
		.vars = { get, &scope },
	};

	return sp_words_expand(word, &how, &s->arena, ret, err) ? sp_stages_at(s, in, err) : 0;
}

int sp_stage_expand(struct sp_stages *s, struct sp_stage_state *state,
		    const struct sp_instruction *in, const char *word, const char **ret,
		    struct sp_err *err)
{
	return expand(s, state, in, word, false, ret, err);
}

int sp_stage_expand_text(struct sp_stages *s, struct sp_stage_state *state,
			 const struct sp_instruction *in, const char *text,
			 const char **ret, struct sp_err *err)
{
	return expand(s, state, in, text, true, ret, err);
}

/* What --build-arg says: NAME=VALUE; the command has looked NAME alone up already. */
static const char *given(struct sp_stages *s, const char *name)
{
	const char *value = sp_pairs_get(&s->build->o->build_args, name);

	if (value)
		sp_pairs_set(&s->used, &s->arena, sp_arena_strf(&s->arena, "%s=", name));
	return value;
}

static int set_arg(struct sp_stages *s, struct sp_stage_state *state,
		   const struct sp_instruction *in, const char *name, const char *word,
		   struct sp_err *err)
{
	const char *value = given(s, name);

	if (!value && word) {
		if (sp_stage_expand(s, state, in, word, &value, err))
			return -1;
	} else if (!value && state) {
		value = global_arg(s, name);
	}
	if (value)
		sp_pairs_set(state ? &state->args : &s->args, &s->arena,
			     sp_arena_strf(&s->arena, "%s=%s", name, value));
	return 0;
}

int sp_stage_arg(struct sp_stages *s, struct sp_stage_state *state,
		 const struct sp_instruction *in, struct sp_err *err)
{
	for (size_t i = 0; i + 1 < in->args_nr; i += 2) {
		const char *name;

		if (sp_stage_expand(s, state, in, in->args[i], &name, err) ||
		    set_arg(s, state, in, name, in->args[i + 1], err))
			return -1;
	}
	return 0;
}

bool sp_stage_arg_predefined(const char *name)
{
	static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
		"NO_PROXY", "ALL_PROXY", "SOURCE_DATE_EPOCH" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "BUILDKIT_", 9) == 0;
}
