/*
 * Taking over a configuration.
 */
#include "image/inherit.h"

#include <string.h>

static const struct sp_json *member(const struct sp_json *doc, const char *key)
{
	return sp_json_get(sp_json_get(doc, "config"), key);
}

/* The strings of a list in "config", as "Entrypoint". */
static void take_words(const struct sp_json *doc, const char *key, struct sp_arena *arena,
		       struct sp_strings *ret)
{
	for (const struct sp_json *i = sp_json_first(member(doc, key)); i; i = sp_json_next(i))
		if (sp_json_str(i, NULL))
			sp_strings_add(ret, arena, sp_json_str(i, NULL));
}

static void take_text(const char **ret, const struct sp_json *doc, const char *key,
		      struct sp_arena *arena)
{
	const char *text = sp_json_str(sp_json_get(doc, "config"), key);

	if (!*ret && text && *text)
		*ret = sp_arena_strdup(arena, text);
}

/* Theirs in their order, each with our value if we have one, then what only we have. */
static void merge_pairs(struct sp_strings *ours, struct sp_strings *theirs,
			struct sp_arena *arena)
{
	sp_pairs_merge(theirs, arena, ours);
	free(ours->items);
	*ours = *theirs;
}

static void take_env(struct sp_config *config, const struct sp_json *doc,
		     struct sp_arena *arena)
{
	struct sp_strings theirs = { 0 };

	for (const struct sp_json *i = sp_json_first(member(doc, "Env")); i; i = sp_json_next(i)) {
		const char *var = sp_json_str(i, NULL);

		/* what is no pair no engine sets either */
		if (var && var[0] != '=' && strchr(var, '='))
			sp_pairs_set(&theirs, arena, var);
	}
	merge_pairs(&config->env, &theirs, arena);
}

static void take_labels(struct sp_config *config, const struct sp_json *doc,
			struct sp_arena *arena)
{
	struct sp_strings theirs = { 0 };
	const struct sp_json *i = sp_json_first(member(doc, "Labels"));

	for (; i; i = sp_json_next(i))
		if (sp_json_str(i, NULL) && *sp_json_key(i) && !strchr(sp_json_key(i), '='))
			sp_strings_add(&theirs, arena, sp_arena_strf(arena, "%s=%s",
					sp_json_key(i), sp_json_str(i, NULL)));
	merge_pairs(&config->labels, &theirs, arena);
}

/* The keys of a set; what both have is there once. */
static void take_set(struct sp_strings *ours, const struct sp_json *doc, const char *key,
		     struct sp_arena *arena)
{
	for (const struct sp_json *i = sp_json_first(member(doc, key)); i; i = sp_json_next(i)) {
		if (!sp_strings_has(ours, sp_json_key(i)))
			sp_strings_add(ours, arena, sp_json_key(i));
	}
}

static void take_healthcheck(const struct sp_json *doc, struct sp_arena *arena,
			     struct sp_healthcheck *ret)
{
	const struct sp_json *check = member(doc, "Healthcheck");
	const struct sp_json *test = sp_json_get(check, "Test");
	struct {
		const char *key;
		int64_t *value;
	} times[] = {
		{ "Interval", &ret->interval_ns }, { "Timeout", &ret->timeout_ns },
		{ "StartPeriod", &ret->start_period_ns },
		{ "StartInterval", &ret->start_interval_ns },
	};
	int64_t n;

	if (!sp_json_is_object(check))
		return;
	ret->set = true;
	ret->test.items_nr = 0;
	for (const struct sp_json *i = sp_json_first(test); i; i = sp_json_next(i))
		if (sp_json_str(i, NULL))
			sp_strings_add(&ret->test, arena, sp_json_str(i, NULL));
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (sp_json_int(check, times[i].key, &n))
			*times[i].value = n;
	if (sp_json_int(check, "Retries", &n) && n <= INT32_MAX)
		ret->retries = (int)n;
}

void sp_config_inherit(struct sp_config *config, const struct sp_json *doc,
		       struct sp_arena *arena)
{
	const char *author = sp_json_str(doc, "author");

	take_env(config, doc, arena);
	take_labels(config, doc, arena);
	take_set(&config->ports, doc, "ExposedPorts", arena);
	take_set(&config->volumes, doc, "Volumes", arena);
	take_text(&config->user, doc, "User", arena);
	take_text(&config->workdir, doc, "WorkingDir", arena);
	take_text(&config->stop_signal, doc, "StopSignal", arena);
	if (!config->entrypoint.items_nr) {
		take_words(doc, "Entrypoint", arena, &config->entrypoint);
		if (!config->cmd.items_nr)
			take_words(doc, "Cmd", arena, &config->cmd);
	}
	if (!config->healthcheck.set)
		take_healthcheck(doc, arena, &config->healthcheck);
	if (!config->author && author && *author)
		config->author = sp_arena_strdup(arena, author);
}
