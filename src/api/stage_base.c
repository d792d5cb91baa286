/*
 * Images as the ground of stages.
 */
#include "api/stage_base.h"

#include <string.h>

#include "api/dests.h"
#include "base/vec.h"

void sp_base_free(struct sp_base *base)
{
	if (!base)
		return;
	sp_opened_release(&base->image);
	free(base);
}

/* What --build-context says of the name, or NULL. */
static const char *given(struct sp_stages *s, const char *name)
{
	return sp_pairs_get(&s->build->o->build_contexts, name);
}

struct sp_root *sp_base_context(struct sp_stages *s, const char *name)
{
	for (size_t i = 0; i < s->contexts_nr; i++)
		if (strcmp(s->contexts[i].name, name) == 0)
			return s->contexts[i].root;
	return NULL;
}

/* The text that a source is opened by. */
static const char *source_text(struct sp_stages *s, const char *name)
{
	const char *text = given(s, name);

	if (!text)
		return sp_arena_strf(&s->arena, SP_REGISTRY_PREFIX "%s", name);
	if (strncmp(text, "docker-image://", 15) == 0)
		return sp_arena_strf(&s->arena, SP_REGISTRY_PREFIX "%s", text + 15);
	if (strncmp(text, "oci-layout://", 13) == 0)
		return sp_arena_strf(&s->arena, "oci:%s", text + 13);
	return text;
}

int sp_base_open(struct sp_stages *s, const char *name, const char *platform,
		 struct sp_base **ret, struct sp_err *err)
{
	struct sp_platform wanted = s->platform;
	struct sp_stored_want want;

	if (platform && sp_platform_parse(platform, &s->arena, &wanted, err))
		return sp_err_wrap(err, "--platform");
	for (size_t i = 0; i < s->bases_nr; i++)
		if (strcmp(s->bases[i]->name, name) == 0 &&
		    (!platform || strcmp(s->bases[i]->image.stored->arch, wanted.arch) == 0)) {
			*ret = s->bases[i];
			return 0;
		}
	struct sp_base *base = sp_calloc(1, sizeof(*base));

	base->name = sp_arena_strdup(&s->arena, name);
	want = (struct sp_stored_want){ wanted.os, wanted.arch, wanted.variant, false };
	const char *text = source_text(s, name);

	if (sp_job_name(s->build->job, text, true, err) ||
	    sp_opened_open(s->build->job, text, &want, &base->image, err)) {
		sp_base_free(base);
		return -1;
	}
	*SP_VEC_PUSH(s->bases) = base;
	*ret = base;
	return 0;
}

/* --- its configuration --- */

static void add_list(const struct sp_json *config, const char *key, struct sp_strings *list,
		     struct sp_arena *arena)
{
	const struct sp_json *array = sp_json_get(config, key);

	for (const struct sp_json *i = sp_json_first(array); i; i = sp_json_next(i))
		if (sp_json_str(i, NULL))
			sp_strings_add(list, arena, sp_json_str(i, NULL));
}

/* The keys of an object, with their values behind a '=' if with_values says so. */
static void add_keys(const struct sp_json *config, const char *key, bool with_values,
		     struct sp_strings *list, struct sp_arena *arena)
{
	const struct sp_json *object = sp_json_get(config, key);

	for (const struct sp_json *i = sp_json_first(object); i; i = sp_json_next(i)) {
		const char *value = sp_json_str(i, NULL);

		sp_strings_add(list, arena, with_values ?
			sp_arena_strf(arena, "%s=%s", sp_json_key(i), value ? value : "") :
			sp_json_key(i));
	}
}

static const char *text_of(const struct sp_json *config, const char *key, struct sp_arena *arena)
{
	const char *text = sp_json_str(config, key);

	return text && *text ? sp_arena_strdup(arena, text) : NULL;
}

static void add_healthcheck(const struct sp_json *config, struct sp_healthcheck *check,
			    struct sp_arena *arena)
{
	const struct sp_json *json = sp_json_get(config, "Healthcheck");
	int64_t retries = 0;

	if (!json)
		return;
	check->set = true;
	add_list(json, "Test", &check->test, arena);
	sp_json_int(json, "Interval", &check->interval_ns);
	sp_json_int(json, "Timeout", &check->timeout_ns);
	sp_json_int(json, "StartPeriod", &check->start_period_ns);
	sp_json_int(json, "StartInterval", &check->start_interval_ns);
	if (sp_json_int(json, "Retries", &retries) && retries > 0 && retries <= INT32_MAX)
		check->retries = (int)retries;
}

void sp_base_configure(const struct sp_base *base, struct sp_stage_state *state)
{
	const struct sp_json *config = sp_json_get(base->image.stored->config_doc, "config");
	struct sp_options *o = &state->config;

	add_list(config, "Env", &o->env, &o->arena);
	add_list(config, "Entrypoint", &o->entrypoint, &o->arena);
	add_list(config, "Cmd", &o->args, &o->arena);
	add_list(config, "Shell", &state->shell, &o->arena);
	add_list(config, "OnBuild", &state->onbuild, &o->arena);
	add_keys(config, "Labels", true, &o->labels, &o->arena);
	add_keys(config, "ExposedPorts", false, &o->ports, &o->arena);
	add_keys(config, "Volumes", false, &o->volumes, &o->arena);
	o->user = text_of(config, "User", &o->arena);
	o->workdir = text_of(config, "WorkingDir", &o->arena);
	o->stop_signal = text_of(config, "StopSignal", &o->arena);
	o->author = text_of(base->image.stored->config_doc, "author", &o->arena);
	add_healthcheck(config, &o->healthcheck, &o->arena);
}
