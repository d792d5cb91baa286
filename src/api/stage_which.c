/*
 * Which stages there are by name or number, and which of them the target needs.
 */
#include <string.h>
#include <strings.h>

#include "api/stages.h"

static size_t stage_by_name(const struct sp_stages *s, const char *name, size_t below)
{
	for (size_t i = below; i-- > 0;)
		if (s->file->stages[i].name && strcasecmp(s->file->stages[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

/* As for docker, a --build-context stands before a stage of its name: so is one with
 * RUN replaced by what somebody else made of it. */
static bool is_replaced(const struct sp_stages *s, const char *name)
{
	return sp_pairs_get(&s->build->o->build_contexts, name);
}

size_t sp_stages_base(const struct sp_stages *s, const char *name, size_t below)
{
	return is_replaced(s, name) ? SIZE_MAX : stage_by_name(s, name, below);
}

/* By name, else by number. */
static size_t find_stage(const struct sp_stages *s, const char *name, size_t below)
{
	size_t at = stage_by_name(s, name, below), n = 0;
	size_t digits = strspn(name, "0123456789");

	if (at != SIZE_MAX || !digits || name[digits] || digits > 4)
		return at;
	for (const char *p = name; *p; p++)
		n = n * 10 + (size_t)(*p - '0');
	return n < below ? n : SIZE_MAX;
}

size_t sp_stages_find(const struct sp_stages *s, const char *name,
		      const struct sp_stage_state *below)
{
	if (is_replaced(s, name))
		return SIZE_MAX;
	return find_stage(s, name, (size_t)(below - s->states));
}

const struct sp_instruction *sp_stages_from(const struct sp_stages *s, size_t stage)
{
	return &s->file->instructions[s->file->stages[stage].first - 1];
}

int sp_stages_base_name(struct sp_stages *s, size_t stage, const char **ret, struct sp_err *err)
{
	const struct sp_instruction *from = sp_stages_from(s, stage);

	if (sp_stage_expand(s, NULL, from, s->file->stages[stage].base, ret, err))
		return -1;
	if (!**ret)
		return sp_dockerfile_fail(s->file, from, err,
					  "%s: is empty once its variables are replaced; give the ARG a value, here or by --build-arg",
					  s->file->stages[stage].base);
	return 0;
}

/* What a stage needs stands in front of it, so one pass from the end is enough. */
int sp_stages_mark(struct sp_stages *s, struct sp_err *err)
{
	for (size_t i = (size_t)(s->last - s->states) + 1; i-- > 0;) {
		const struct sp_stage *stage = &s->file->stages[i];
		const char *name;
		size_t at;

		if (!s->states[i].needed)
			continue;
		if (sp_stages_base_name(s, i, &name, err))
			return -1;
		at = sp_stages_base(s, name, i);
		if (at != SIZE_MAX)
			s->states[at].needed = true;
		for (size_t k = stage->first; k < stage->end; k++) {
			const char *from = sp_instruction_flag(&s->file->instructions[k], "from");

			at = from && !is_replaced(s, from) ? find_stage(s, from, i) : SIZE_MAX;
			if (at != SIZE_MAX)
				s->states[at].needed = true;
		}
	}
	return 0;
}

int sp_stages_choose(struct sp_stages *s, struct sp_err *err)
{
	const char *target = s->build->o->target;
	size_t nr = s->file->stages_nr, at = target ? find_stage(s, target, nr) : nr - 1;
	sp_autobuf struct sp_buf names = { 0 };

	if (at != SIZE_MAX) {
		s->last = &s->states[at];
		s->last->needed = true;
		return sp_stages_mark(s, err);
	}
	for (size_t i = 0; i < nr; i++)
		if (s->file->stages[i].name)
			sp_buf_addf(&names, " %s", s->file->stages[i].name);
	return sp_err_set(err, SP_EUSAGE, "--target %s: %s has no such stage; it has:%s", target,
			  s->path, names.len ? names.data : " one without a name");
}
