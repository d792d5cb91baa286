/*
 * What ONBUILD has kept in the image or stage below: instructions that are carried out
 * in front of those of the stage that is built on it.
 */
#include "api/stages.h"

#include "base/vec.h"

/* A stage that the trigger copies from, and that nothing has needed so far. */
static int run_source(struct sp_stages *s, struct sp_stage_state *state,
		      const struct sp_instruction *in, struct sp_err *err)
{
	const char *from = sp_instruction_flag(in, "from");
	size_t at = from ? sp_stages_find(s, from, state) : SIZE_MAX;

	return at == SIZE_MAX ? 0 : sp_stages_need(s, &s->states[at], err);
}

static int run_one(struct sp_stages *s, struct sp_stage_state *state,
		   const struct sp_instruction *from, const char *text, struct sp_err *err)
{
	struct sp_dockerfile *file;

	if (sp_dockerfile_parse_trigger(s->file->name, from->line, text, &file, err))
		return -1;
	*SP_VEC_PUSH(s->triggers) = file;
	const struct sp_instruction *in = &file->instructions[0];

	return run_source(s, state, in, err) ? -1 : sp_stage_do(s, state, in, err);
}

int sp_stage_triggers(struct sp_stages *s, struct sp_stage_state *state,
		      const struct sp_instruction *from, struct sp_err *err)
{
	struct sp_strings kept = state->onbuild;
	int rc = 0;

	/* a trigger works once: they are not in the image that is made */
	state->onbuild = (struct sp_strings){ 0 };
	for (size_t i = 0; !rc && i < kept.items_nr; i++)
		rc = run_one(s, state, from, kept.items[i], err);
	free(kept.items);
	return rc;
}
