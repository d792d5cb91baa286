/*
 * Lines -> instructions -> stages.
 */
#include "dockerfile/dockerfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/vec.h"
#include "dockerfile/instruction.h"

int sp_dockerfile_fail(const struct sp_dockerfile *file, const struct sp_instruction *in,
		       struct sp_err *err, const char *fmt, ...)
{
	char text[3072];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return sp_err_set(err, SP_EUSAGE, "%s:%u: %s %s", file->name, in->line, in->keyword,
			  text);
}

static int check_place(const struct sp_dockerfile *file, const struct sp_instruction *in,
		       struct sp_err *err)
{
	if (in->kind == SP_DO_FROM && file->stages_nr == SP_STAGES_MAX)
		return sp_dockerfile_fail(file, in, err, "is one stage too many");
	if (!file->stages_nr && in->kind != SP_DO_FROM && in->kind != SP_DO_ARG)
		return sp_dockerfile_fail(file, in, err,
					  "stands before the first FROM, where only ARG can; expected FROM scratch or FROM IMAGE");
	return 0;
}

static void open_stage(struct sp_dockerfile *file, const struct sp_instruction *in)
{
	struct sp_stage *stage = SP_VEC_PUSH(file->stages);

	*stage = (struct sp_stage){ .base = in->args[0], .first = file->instructions_nr };
	if (in->args_nr < 2)
		return;
	char *name = sp_arena_strdup(&file->lines.arena, in->args[1]);
	for (char *c = name; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	stage->name = name;
}

/* The first word of what ONBUILD keeps for later. */
static int check_trigger(const struct sp_dockerfile *file, const struct sp_instruction *in,
			 struct sp_err *err)
{
	static const char *const not_later[] = { "ONBUILD", "FROM", "MAINTAINER" };
	size_t len = strcspn(in->args[0], " \t\v\f\r");

	for (size_t i = 0; i < sizeof(not_later) / sizeof(*not_later); i++)
		if (strlen(not_later[i]) == len && strncasecmp(in->args[0], not_later[i], len) == 0)
			return sp_dockerfile_fail(file, in, err, "cannot keep %s for later",
						  not_later[i]);
	return 0;
}

static int add_instruction(struct sp_dockerfile *file, const struct sp_line *line,
			   struct sp_err *err)
{
	struct sp_instruction in;

	if (sp_instruction_read(file, line, &in, err) || check_place(file, &in, err))
		return -1;
	if (in.kind == SP_DO_ONBUILD && check_trigger(file, &in, err))
		return -1;
	*SP_VEC_PUSH(file->instructions) = in;
	if (in.kind == SP_DO_FROM)
		open_stage(file, &in);
	if (file->stages_nr)
		file->stages[file->stages_nr - 1].end = file->instructions_nr;
	return 0;
}

void sp_dockerfile_free(struct sp_dockerfile *file)
{
	if (!file)
		return;
	free(file->instructions);
	free(file->stages);
	sp_lines_release(&file->lines);
	free(file);
}

int sp_dockerfile_parse(const char *name, const char *text, size_t len,
			struct sp_dockerfile **ret, struct sp_err *err)
{
	struct sp_dockerfile *file = sp_calloc(1, sizeof(*file));
	int rc = sp_lines_read(name, text, len, &file->lines, err);

	file->name = sp_arena_strdup(&file->lines.arena, name);
	for (size_t i = 0; !rc && i < file->lines.lines_nr; i++)
		rc = add_instruction(file, &file->lines.lines[i], err);
	if (!rc && !file->stages_nr)
		rc = sp_err_set(err, SP_EUSAGE,
				"%s: there is no FROM in it; expected FROM scratch or FROM IMAGE",
				name);
	if (rc) {
		sp_dockerfile_free(file);
		return -1;
	}
	*ret = file;
	return 0;
}

int sp_dockerfile_parse_trigger(const char *name, unsigned number, const char *text,
				struct sp_dockerfile **ret, struct sp_err *err)
{
	struct sp_dockerfile *file = sp_calloc(1, sizeof(*file));
	struct sp_arena *arena = &file->lines.arena;
	struct sp_instruction in;

	int rc = sp_lines_read(name, text, strlen(text), &file->lines, err);
	file->name = sp_arena_strdup(arena, name);
	if (!rc && file->lines.lines_nr != 1)
		rc = sp_err_set(err, SP_EUSAGE, "%s:%u: ONBUILD of the image below: expected one instruction",
				name, number);
	if (!rc) {
		struct sp_line *line = &file->lines.lines[0];

		line->number = number;
		rc = sp_instruction_read(file, line, &in, err);
	}
	if (!rc && (in.kind == SP_DO_FROM || in.kind == SP_DO_ONBUILD))
		rc = sp_dockerfile_fail(file, &in, err, "cannot stand behind ONBUILD");
	if (rc) {
		sp_err_wrap(err, "ONBUILD %.200s, of the image below", text);
		sp_dockerfile_free(file);
		return -1;
	}
	in.trigger = true;
	in.keyword = sp_arena_strf(arena, "ONBUILD %s", in.keyword);
	*SP_VEC_PUSH(file->instructions) = in;
	*ret = file;
	return 0;
}
