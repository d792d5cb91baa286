/*
 * A Dockerfile -> stages -> the state of the target stage.
 *
 * Only the stages that the target needs are carried out, so that RUN in another one
 * is no obstacle.
 */
#include "api/stages.h"

#include <string.h>

#include "api/stage_base.h"
#include "base/root_union.h"
#include "base/vec.h"
#include "rootfs/plan_root.h"

int sp_stages_at(const struct sp_stages *s, const struct sp_instruction *in,
		 struct sp_err *err)
{
	return sp_err_wrap(err, "%s:%u: %s", s->file->name, in->line, in->keyword);
}

struct sp_reason sp_stages_reason(struct sp_stages *s, const struct sp_instruction *in)
{
	return (struct sp_reason){ SP_BECAUSE_ADDED, NULL,
		sp_arena_strf(&s->arena, "%s:%u: %s %.200s", s->file->name, in->line,
			      in->keyword, in->rest) };
}

void sp_stages_source(struct sp_stages *s, const char *path)
{
	sp_strings_add(&s->sources, &s->arena, path);
}

/* --- states --- */

static const char *copy_text(const char *text, struct sp_arena *arena)
{
	return text ? sp_arena_strdup(arena, text) : NULL;
}

/* What a stage hands to one that begins FROM it. */
static void inherit(struct sp_stage_state *to, const struct sp_stage_state *from)
{
	const struct sp_options *f = &from->config;
	struct sp_options *t = &to->config;

	sp_strings_append(&t->env, &t->arena, &f->env);
	sp_strings_append(&t->labels, &t->arena, &f->labels);
	sp_strings_append(&t->ports, &t->arena, &f->ports);
	sp_strings_append(&t->volumes, &t->arena, &f->volumes);
	sp_strings_append(&t->entrypoint, &t->arena, &f->entrypoint);
	sp_strings_append(&t->args, &t->arena, &f->args);
	t->healthcheck = f->healthcheck;
	t->healthcheck.test = (struct sp_strings){ 0 };
	sp_strings_append(&t->healthcheck.test, &t->arena, &f->healthcheck.test);
	t->user = copy_text(f->user, &t->arena);
	t->workdir = copy_text(f->workdir, &t->arena);
	t->stop_signal = copy_text(f->stop_signal, &t->arena);
	t->author = copy_text(f->author, &t->arena);
	sp_strings_append(&to->shell, &t->arena, &from->shell);
	sp_strings_append(&to->onbuild, &t->arena, &from->onbuild);
	sp_strings_append(&to->args, &t->arena, &from->args);
	sp_strings_append(&to->history, &t->arena, &from->history);
	to->entrypoint_by = from->entrypoint_by;
	to->cmd_by = from->cmd_by;
	to->user_by = from->user_by;
	to->health_by = from->health_by;
	to->entrypoint_shell = from->entrypoint_shell;
	to->cmd_shell = from->cmd_shell;
	to->base = from->base;
	to->overlay = sp_overlay_copy(from->overlay);
}

static void state_release(struct sp_stage_state *state)
{
	sp_plan_free(state->plan);
	sp_overlay_free(state->overlay);
	free(state->shell.items);
	free(state->onbuild.items);
	free(state->args.items);
	free(state->history.items);
	sp_options_release(&state->config);
}

int sp_stage_close(struct sp_stages *s, struct sp_stage_state *state, struct sp_err *err)
{
	struct sp_root *made;

	if (state->root)
		return 0;
	if (sp_overlay_plan(state->overlay, &state->plan, err) ||
	    sp_plan_finish(state->plan, err))
		return -1;
	made = sp_plan_root_new(state->plan, NULL);
	*SP_VEC_PUSH(s->roots) = made;
	state->root = made;
	if (state->base) {
		state->root = sp_root_union_new(made, state->base->image.root);
		*SP_VEC_PUSH(s->roots) = state->root;
	}
	return 0;
}

void sp_stages_free(struct sp_stages *s)
{
	if (!s)
		return;
	/* a union before the roots that it is made of */
	for (size_t i = s->roots_nr; i-- > 0;)
		sp_root_free(s->roots[i]);
	for (size_t i = 0; s->file && i < s->file->stages_nr; i++)
		state_release(&s->states[i]);
	for (size_t i = 0; i < s->bases_nr; i++)
		sp_base_free(s->bases[i]);
	for (size_t i = 0; i < s->archives_nr; i++)
		sp_contents_free(s->archives[i]);
	for (size_t i = 0; i < s->triggers_nr; i++)
		sp_dockerfile_free(s->triggers[i]);
	for (size_t i = 0; i < s->contexts_nr; i++)
		sp_root_free(s->contexts[i].root);
	sp_rootfs_free(s->closure);
	sp_plan_free(s->before);
	sp_plan_free(s->proof);
	free(s->roots);
	free(s->bases);
	free(s->archives);
	free(s->triggers);
	free(s->contexts);
	free(s->args.items);
	free(s->used.items);
	free(s->sources.items);
	sp_plan_free(s->notes);
	sp_ignore_free(s->ignore);
	sp_root_free(s->context);
	sp_dockerfile_free(s->file);
	sp_arena_release(&s->arena);
	free(s);
}

/* --- carrying out --- */

static int refuse_run(const struct sp_stages *s, const struct sp_instruction *in,
		      struct sp_err *err)
{
	if (in->trigger)
		return sp_err_diagnose(err, "needs-container",
				       "%s:%u: FROM: the image carries ONBUILD RUN %.200s, which needs a running container, and none is started here: build on an image without it, or build this stage with docker, and say --build-context STAGE=docker-archive:FILE, or STAGE=DIR, for what it made",
				       s->file->name, in->line, in->rest);
	return sp_err_diagnose(err, "needs-container",
			       "%s:%u: RUN needs a running container, and none is started here: COPY what the command would make; or build this stage with docker, and say --build-context STAGE=docker-archive:FILE, or STAGE=DIR, for what it made",
			       s->file->name, in->line);
}

/* Before anything is fetched for a stage that will come to nothing. */
static int refuse_runs(const struct sp_stages *s, struct sp_err *err)
{
	for (const struct sp_stage_state *state = s->states; state <= s->last; state++)
		for (size_t i = state->def->first; state->needed && i < state->def->end; i++)
			if (s->file->instructions[i].kind == SP_DO_RUN)
				return refuse_run(s, &s->file->instructions[i], err);
	return 0;
}

static int begin(struct sp_stages *s, struct sp_stage_state *state, struct sp_err *err)
{
	size_t i = (size_t)(state - s->states), at;
	const struct sp_instruction *from = sp_stages_from(s, i);
	const char *name, *platform = sp_instruction_flag(from, "platform");

	if (sp_stages_base_name(s, i, &name, err) ||
	    (platform && sp_stage_expand(s, NULL, from, platform, &platform, err)))
		return -1;
	at = sp_stages_base(s, name, i);
	if (at != SIZE_MAX) {
		inherit(state, &s->states[at]);
	} else if (strcmp(name, "scratch") == 0) {
		state->overlay = sp_overlay_new(NULL);
		sp_strings_add(&state->config.env, &state->config.arena, "PATH=" SP_DEFAULT_PATH);
		state->config.workdir = "/";
	} else {
		if (sp_base_context(s, name))
			return sp_dockerfile_fail(s->file, from, err,
						  "%s: --build-context says that it is a directory; expected an image, as oci:DIR or FILE.tar",
						  name);
		if (sp_base_open(s, name, platform, &state->base, err))
			return sp_stages_at(s, from, err);
		sp_base_configure(state->base, state);
		state->overlay = sp_overlay_new(state->base->image.root);
		if (!sp_pairs_get(&state->config.env, "PATH"))
			sp_strings_add(&state->config.env, &state->config.arena,
				       "PATH=" SP_DEFAULT_PATH);
	}
	return sp_stage_triggers(s, state, from, err);
}

int sp_stage_do(struct sp_stages *s, struct sp_stage_state *state,
		const struct sp_instruction *in, struct sp_err *err)
{
	switch (in->kind) {
	case SP_DO_RUN:
		return refuse_run(s, in, err);
	case SP_DO_ADD:
	case SP_DO_COPY:
		return sp_stage_copy(s, state, in, err);
	case SP_DO_ARG:
		return sp_stage_arg(s, state, in, err);
	default:
		sp_strings_add(&state->history, &state->config.arena,
			       sp_arena_strf(&s->arena, "%s %s", in->keyword +
					     (in->trigger ? strlen("ONBUILD ") : 0), in->rest));
		return sp_stage_configure(s, state, in, err);
	}
}

static int run_stage(struct sp_stages *s, struct sp_stage_state *state, struct sp_err *err)
{
	state->done = true;
	if (begin(s, state, err))
		return -1;
	for (size_t i = state->def->first; i < state->def->end; i++)
		if (sp_stage_do(s, state, &s->file->instructions[i], err))
			return -1;
	return 0;
}

/* Those in front of one that is being carried out, so this comes to an end. */
int sp_stages_need(struct sp_stages *s, struct sp_stage_state *state, struct sp_err *err)
{
	state->needed = true;
	if (sp_stages_mark(s, err) || refuse_runs(s, err))
		return -1;
	for (struct sp_stage_state *i = s->states; i <= state; i++)
		if (i->needed && !i->done && run_stage(s, i, err))
			return -1;
	return 0;
}

/* An argument that nothing asks for is a misspelt name more often than not. */
static void note_unused(struct sp_stages *s)
{
	const struct sp_strings *given = &s->build->o->build_args;

	for (size_t i = 0; i < given->items_nr; i++) {
		size_t len = strcspn(given->items[i], "=");
		const char *name = sp_arena_strndup(&s->arena, given->items[i], len);

		if (!sp_pairs_get(&s->used, name) && !sp_stage_arg_predefined(name))
			sp_plan_note(s->notes, "build-arg-unused",
				     "--build-arg %s: no ARG of the stages that were built asks for it",
				     name);
	}
}

static int run_all(struct sp_stages *s, struct sp_err *err)
{
	const struct sp_dockerfile *file = s->file;

	for (size_t i = 0; i + 1 < file->stages[0].first; i++)
		if (sp_stage_arg(s, NULL, &file->instructions[i], err))
			return -1;
	if (sp_stages_choose(s, err) || refuse_runs(s, err))
		return -1;
	for (struct sp_stage_state *state = s->states; state <= s->last; state++)
		if (state->needed && !state->done && run_stage(s, state, err))
			return -1;
	note_unused(s);
	return 0;
}

int sp_stages_run(struct sp_build *build, struct sp_stages **ret, struct sp_err *err)
{
	struct sp_stages *s = sp_calloc(1, sizeof(*s));

	s->build = build;
	s->path = build->o->file;
	s->notes = sp_plan_new();
	if (sp_stages_open(s, err) || run_all(s, err)) {
		sp_stages_free(s);
		return -1;
	}
	*ret = s;
	return 0;
}
