/*
 * Instructions that change the configuration: what a stage's image will say.
 */
#include <string.h>

#include "api/stages.h"
#include "api/values.h"
#include "base/path.h"

/* One instruction being carried out. */
struct doing {
	struct sp_stages *s;
	struct sp_stage_state *state;
	const struct sp_instruction *in;
	struct sp_err *err;
};

static int expand(struct doing *d, const char *word, const char **ret)
{
	return sp_stage_expand(d->s, d->state, d->in, word, ret, d->err);
}

/* Put a failure of a value where it belongs. */
static int at(struct doing *d, int rc)
{
	return rc ? sp_stages_at(d->s, d->in, d->err) : 0;
}

/* A variable hides an argument of its name that came before. */
static void hide_args(struct sp_stage_state *state, const char *pair)
{
	char *name = sp_strndup(pair, strcspn(pair, "="));

	if (sp_pairs_get(&state->args, name))
		sp_pairs_set(&state->args, &state->config.arena, pair);
	free(name);
}

/* Words of one instruction see the variables as they were before it. */
static int do_pairs(struct doing *d, struct sp_strings *list)
{
	struct sp_arena *arena = &d->state->config.arena;
	const char **pairs = sp_arena_alloc(&d->s->arena, d->in->args_nr * sizeof(*pairs));
	size_t nr = 0;

	for (size_t i = 0; i + 1 < d->in->args_nr; i += 2) {
		const char *key, *value;

		if (expand(d, d->in->args[i], &key) || expand(d, d->in->args[i + 1], &value))
			return -1;
		if (!*key)
			return sp_dockerfile_fail(d->s->file, d->in, d->err,
						  "%s: the name is empty once its variables are replaced",
						  d->in->args[i]);
		pairs[nr++] = sp_arena_strf(arena, "%s=%s", key, value);
	}
	for (size_t i = 0; i < nr; i++) {
		sp_pairs_set(list, arena, pairs[i]);
		if (d->in->kind == SP_DO_ENV)
			hide_args(d->state, pairs[i]);
	}
	return 0;
}

/* A command in words, or in shell form: the shell, and all of it as one word. */
static void command(struct doing *d, struct sp_strings *list)
{
	struct sp_arena *arena = &d->state->config.arena;
	const struct sp_strings *shell = &d->state->shell;

	list->items_nr = 0;
	if (!d->in->json && d->in->args_nr) {
		for (size_t i = 0; i < shell->items_nr; i++)
			sp_strings_add(list, arena, shell->items[i]);
		if (!shell->items_nr) {
			sp_strings_add(list, arena, "/bin/sh");
			sp_strings_add(list, arena, "-c");
		}
	}
	for (size_t i = 0; i < d->in->args_nr; i++)
		sp_strings_add(list, arena, d->in->args[i]);
}

static int do_cmd(struct doing *d)
{
	command(d, &d->state->config.args);
	d->state->cmd_set = true;
	d->state->cmd_by = d->in;
	d->state->cmd_shell = !d->in->json && d->in->args_nr;
	return 0;
}

/* A new entry point makes a Cmd from below meaningless. */
static int do_entrypoint(struct doing *d)
{
	command(d, &d->state->config.entrypoint);
	if (!d->state->cmd_set) {
		d->state->config.args.items_nr = 0;
		d->state->cmd_by = NULL;
	}
	d->state->entrypoint_by = d->in;
	d->state->entrypoint_shell = !d->in->json && d->in->args_nr;
	return 0;
}

static int do_expose(struct doing *d)
{
	for (size_t i = 0; i < d->in->args_nr; i++) {
		SP_CLEANUP(sp_words_release) struct sp_words words = { 0 };
		const char *text;

		if (expand(d, d->in->args[i], &text))
			return -1;
		/* one variable may hold several ports */
		sp_words_split_blank(text, &d->s->arena, &words);
		for (size_t k = 0; k < words.items_nr; k++) {
			char *port = sp_arena_strdup(&d->s->arena, words.items[k]);

			for (char *p = port; *p; p++)
				if (*p >= 'A' && *p <= 'Z')
					*p = (char)(*p + 32);
			if (at(d, sp_value_ports("port", &d->state->config, port, d->err)))
				return -1;
		}
	}
	return 0;
}

static int do_volume(struct doing *d)
{
	for (size_t i = 0; i < d->in->args_nr; i++) {
		const char *path;

		if (expand(d, d->in->args[i], &path))
			return -1;
		if (!*path)
			return sp_dockerfile_fail(d->s->file, d->in, d->err,
						  "has an empty path; expected a directory in the image");
		if (!sp_strings_has(&d->state->config.volumes, path))
			sp_strings_add(&d->state->config.volumes, &d->state->config.arena, path);
	}
	return 0;
}

static int do_user(struct doing *d)
{
	const char *user;

	if (expand(d, d->in->args[0], &user))
		return -1;
	if (!*user)
		return sp_dockerfile_fail(d->s->file, d->in, d->err,
					  "is empty once its variables are replaced; expected a name or a number");
	d->state->config.user = sp_arena_strdup(&d->state->config.arena, user);
	d->state->user_by = d->in;
	return 0;
}

/* The directory is made at once, for the user at this point, as BuildKit does. */
static int do_workdir(struct doing *d)
{
	struct sp_stage_state *state = d->state;
	struct sp_reason reason = sp_stages_reason(d->s, d->in);
	struct sp_owner owner = { 0 };
	const char *path;

	if (expand(d, d->in->args[0], &path))
		return -1;
	if (!*path)
		return sp_dockerfile_fail(d->s->file, d->in, d->err,
					  "is empty once its variables are replaced; expected a directory");
	if (path[0] != '/')
		path = sp_path_join(&d->s->arena,
				    state->config.workdir ? state->config.workdir : "/", path);
	state->config.workdir = sp_path_clean(&state->config.arena, path);
	if (state->config.user && at(d, sp_stage_owner(state, state->config.user, &owner, d->err)))
		return -1;
	return at(d, sp_overlay_mkdirs(state->overlay, state->config.workdir, &owner, &reason,
				       NULL, d->err));
}

/* Names may be in small letters; what the image says is what was written. */
static int do_stopsignal(struct doing *d)
{
	struct sp_options *config = &d->state->config;
	const char *text;

	if (expand(d, d->in->args[0], &text))
		return -1;
	char *capitals = sp_arena_strdup(&d->s->arena, text);
	for (char *p = capitals; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 32);
	if (at(d, sp_value_signal("signal", config, capitals, d->err)))
		return -1;
	config->stop_signal = sp_arena_strdup(&config->arena, text);
	return 0;
}

static int do_shell(struct doing *d)
{
	d->state->shell.items_nr = 0;
	for (size_t i = 0; i < d->in->args_nr; i++)
		sp_strings_add(&d->state->shell, &d->state->config.arena, d->in->args[i]);
	return 0;
}

static int health_times(struct doing *d, struct sp_healthcheck *check)
{
	static const char *const names[] = { "interval", "timeout", "start-period",
					     "start-interval" };
	int64_t *const times[] = { &check->interval_ns, &check->timeout_ns,
				   &check->start_period_ns, &check->start_interval_ns };
	const char *retries = sp_instruction_flag(d->in, "retries");
	uint64_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		const char *value = sp_instruction_flag(d->in, names[i]);

		if (value && at(d, sp_value_duration(sp_arena_strf(&d->s->arena, "--%s", names[i]),
						     value, times[i], d->err)))
			return -1;
	}
	/* 0 stands for the engine's default */
	if (retries && strcmp(retries, "0") != 0 &&
	    at(d, sp_value_number("--retries", retries, INT32_MAX, &n, d->err)))
		return -1;
	check->retries = (int)n;
	return 0;
}

static int do_healthcheck(struct doing *d)
{
	struct sp_options *config = &d->state->config;
	struct sp_healthcheck check = { .set = true };
	bool none = !d->in->json && strcmp(d->in->args[0], "NONE") == 0 &&
		    strncasecmp(d->in->rest, "NONE", 4) == 0;

	if (health_times(d, &check))
		return -1;
	if (!none)
		sp_strings_add(&check.test, &config->arena, d->in->json ? "CMD" : "CMD-SHELL");
	for (size_t i = 0; i < d->in->args_nr; i++)
		sp_strings_add(&check.test, &config->arena, d->in->args[i]);
	free(config->healthcheck.test.items);
	config->healthcheck = check;
	d->state->health_by = none ? NULL : d->in;
	return 0;
}

/* The instruction is kept as text, and its here-documents below it. */
static void do_onbuild(struct doing *d)
{
	sp_autobuf struct sp_buf text = { 0 };

	sp_buf_addstr(&text, d->in->args[0]);
	for (size_t i = 0; i < d->in->heredocs_nr; i++)
		sp_buf_addf(&text, "\n%s%s", d->in->heredocs[i].text, d->in->heredocs[i].name);
	sp_strings_add(&d->state->onbuild, &d->state->config.arena, sp_buf_str(&text));
}

int sp_stage_configure(struct sp_stages *s, struct sp_stage_state *state,
		       const struct sp_instruction *in, struct sp_err *err)
{
	struct doing d = { s, state, in, err };

	switch (in->kind) {
	case SP_DO_ENV:
		return do_pairs(&d, &state->config.env);
	case SP_DO_LABEL:
		return do_pairs(&d, &state->config.labels);
	case SP_DO_CMD:
		return do_cmd(&d);
	case SP_DO_ENTRYPOINT:
		return do_entrypoint(&d);
	case SP_DO_EXPOSE:
		return do_expose(&d);
	case SP_DO_VOLUME:
		return do_volume(&d);
	case SP_DO_USER:
		return do_user(&d);
	case SP_DO_WORKDIR:
		return do_workdir(&d);
	case SP_DO_STOPSIGNAL:
		return do_stopsignal(&d);
	case SP_DO_SHELL:
		return do_shell(&d);
	case SP_DO_HEALTHCHECK:
		return do_healthcheck(&d);
	case SP_DO_MAINTAINER:
		state->config.author = sp_arena_strdup(&state->config.arena, in->args[0]);
		return 0;
	case SP_DO_ONBUILD:
		do_onbuild(&d);
		return 0;
	default:
		return 0;
	}
}
