/*
 * The roots that COPY and ADD take from.
 */
#include "api/stage_sources.h"

#include <string.h>

#include "api/stage_base.h"
#include "base/vec.h"

int sp_sources_open(struct sp_place *p, const char *from, struct sp_err *err)
{
	struct sp_stages *s = p->s;
	struct sp_base *base;

	if (!from) {
		p->root = s->context;
		p->is_context = p->is_local = true;
		p->root_name = sp_arena_strf(&s->arena, "the context %s", s->directory);
		return 0;
	}
	if (!*from || strchr(from, '$'))
		return sp_dockerfile_fail(s->file, p->in, err,
					  "--from=%s: expected the name or number of a stage, or an image; variables are not replaced here, but a stage \"FROM ... AS NAME\" can have them",
					  from);
	p->keep_owner = true;
	size_t at = sp_stages_find(s, from, p->state);
	if (at != SIZE_MAX) {
		p->root_name = sp_arena_strf(&s->arena, "the stage %s", from);
		if (sp_stage_close(s, &s->states[at], err))
			return sp_stages_at(s, p->in, err);
		p->root = s->states[at].root;
		return 0;
	}
	p->root = sp_base_context(s, from);
	p->root_name = sp_arena_strf(&s->arena, "the context %s", from);
	if (p->root) {
		p->is_local = true;
		p->keep_owner = false;
		return 0;
	}
	if (sp_base_open(s, from, NULL, &base, err))
		return sp_stages_at(s, p->in, err);
	p->root = base->image.root;
	p->root_name = sp_arena_strf(&s->arena, "the image %s", from);
	return 0;
}

int sp_sources_unpack(const struct sp_place *p, const char *path, const char *dest,
		      bool *ret_done, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct scratchpack *job = p->s->build->job;
	struct sp_place inside = *p;
	struct sp_contents_options options = {
		.temp_dir = p->s->build->o->temp_dir, .cancelled = &job->cancelled,
		.label = sp_arena_strf(&p->s->arena, "%s:", sp_root_show(p->root, path)),
		.progress = job->progress, .progress_ctx = job->progress_ctx,
	};
	struct sp_contents *contents = NULL;
	const char *real;

	*ret_done = false;
	if (sp_root_open(p->root, path, &file, err))
		return -1;
	if (sp_contents_open_archive(&file, &options, &contents, err))
		return sp_err_wrap(err, "%s", sp_root_show(p->root, path));
	if (!contents)
		return 0;
	*SP_VEC_PUSH(p->s->archives) = contents;
	*ret_done = true;
	if (p->is_local)
		sp_stages_source(p->s, sp_root_show(p->root, path));
	inside.root = sp_contents_root(contents);
	inside.is_context = inside.is_local = false;
	inside.keep_owner = true;
	inside.chmod = NULL;
	inside.include = inside.exclude = NULL;
	if (sp_overlay_mkdirs(p->state->overlay, dest, &p->owner, &p->reason, &real, err))
		return -1;
	return sp_place_tree(&inside, "/", real, err);
}
