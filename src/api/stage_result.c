/*
 * The configuration of a Dockerfile's image: what the target stage has come to, and the
 * command line above it.
 */
#include "api/stage_base.h"
#include "base/vec.h"

static void replace(struct sp_strings *list, const struct sp_strings *by,
		    struct sp_arena *arena)
{
	if (!by->items_nr)
		return;
	list->items_nr = 0;
	sp_strings_append(list, arena, by);
}

void sp_stages_override(struct sp_stages *s)
{
	const struct sp_options *o = s->build->o;
	struct sp_options *c = &s->last->config;

	sp_pairs_merge(&c->env, &c->arena, &o->env);
	sp_pairs_merge(&c->labels, &c->arena, &o->labels);
	sp_strings_append(&c->ports, &c->arena, &o->ports);
	sp_strings_append(&c->volumes, &c->arena, &o->volumes);
	if (o->entrypoint.items_nr)
		c->args.items_nr = 0;
	replace(&c->entrypoint, &o->entrypoint, &c->arena);
	replace(&c->args, &o->args, &c->arena);
	if (o->user)
		c->user = o->user;
	if (o->stop_signal)
		c->stop_signal = o->stop_signal;
	if (o->author)
		c->author = o->author;
	if (o->healthcheck.set) {
		struct sp_strings *test = &c->healthcheck.test;

		c->healthcheck = o->healthcheck;
		c->healthcheck.test = *test;
		replace(&c->healthcheck.test, &o->healthcheck.test, &c->arena);
	}
}

void sp_stages_configure(struct sp_stages *s, struct sp_target *target)
{
	const struct sp_options *c = &s->last->config;
	struct sp_config *config = &target->config;

	*config = (struct sp_config){
		.os = target->platform.os, .arch = target->platform.arch,
		.variant = target->platform.variant, .created = s->build->o->created,
		.author = c->author, .user = c->user, .workdir = c->workdir,
		.stop_signal = c->stop_signal, .healthcheck = c->healthcheck,
		.shell = s->last->shell, .onbuild = s->last->onbuild,
	};
	/* lists are released with the target */
	config->healthcheck.test = (struct sp_strings){ 0 };
	sp_strings_append(&config->healthcheck.test, &s->arena, &c->healthcheck.test);
	sp_strings_append(&config->env, &s->arena, &c->env);
	sp_strings_append(&config->entrypoint, &s->arena, &c->entrypoint);
	sp_strings_append(&config->cmd, &s->arena, &c->args);
	sp_strings_append(&config->labels, &s->arena, &c->labels);
	sp_strings_append(&config->ports, &s->arena, &c->ports);
	sp_strings_append(&config->volumes, &s->arena, &c->volumes);
	sp_strings_append(&config->annotations, &s->arena, &s->build->o->annotations);
	for (size_t i = 0; i < s->last->history.items_nr; i++)
		*SP_VEC_PUSH(config->history) = (struct sp_history){
			.created_by = s->last->history.items[i], .empty = true };
	if (!s->last->base)
		return;
	target->base = s->last->base->image;	/* ours still */
	config->base = target->base.stored->config_doc;
	config->docker = target->base.stored->docker;
	sp_target_base_notes(s->build, target);
}
