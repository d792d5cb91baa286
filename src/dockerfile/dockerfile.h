/*
 * A Dockerfile as a typed list of instructions, in the order of the file.
 *
 *	struct sp_dockerfile *file;
 *
 *	if (sp_dockerfile_parse("./Dockerfile", text, len, &file, err))
 *		...
 *	for (size_t i = 0; i < file->instructions_nr; i++)
 *		... file->instructions[i] ...
 *	sp_dockerfile_free(file);
 *
 * Variables are not replaced here: their values are known only when the stages are
 * carried out.  Nothing here touches the disk.
 */
#ifndef SP_DOCKERFILE_DOCKERFILE_H
#define SP_DOCKERFILE_DOCKERFILE_H

#include "base/err.h"
#include "dockerfile/lines.h"
#include "dockerfile/words.h"

#define SP_STAGES_MAX 1000

enum sp_instruction_kind {
	SP_DO_ADD, SP_DO_ARG, SP_DO_CMD, SP_DO_COPY, SP_DO_ENTRYPOINT, SP_DO_ENV,
	SP_DO_EXPOSE, SP_DO_FROM, SP_DO_HEALTHCHECK, SP_DO_LABEL, SP_DO_MAINTAINER,
	SP_DO_ONBUILD, SP_DO_RUN, SP_DO_SHELL, SP_DO_STOPSIGNAL, SP_DO_USER,
	SP_DO_VOLUME, SP_DO_WORKDIR
};

/* "--chown=1:2": name "chown", value "1:2"; value NULL for "--link". */
struct sp_flag {
	const char *name, *value;
};

struct sp_instruction {
	enum sp_instruction_kind kind;
	unsigned line;			/* in the file, from 1 */
	const char *keyword;		/* in capitals */
	const char *rest;		/* all that follows the flags */
	struct sp_flag *flags;
	size_t flags_nr;
	bool json;			/* the JSON form */
	bool trigger;			/* kept by ONBUILD below; keyword is "ONBUILD COPY" */
	/*
	 * ENV, LABEL: key and value in turn.  ARG: name and value in turn, the value
	 * NULL if there is none.  FROM: the image, and the stage's name if it has
	 * one.  HEALTHCHECK: "NONE", or the words of the command in JSON form, or the
	 * command in one.  Others: the words of a list or of the JSON form, else all
	 * of it in one.  Words of no JSON form have quotes and variables in them.
	 */
	const char **args;
	size_t args_nr;
	const struct sp_heredoc *heredocs;
	size_t heredocs_nr;
};

/* One FROM and what follows it. */
struct sp_stage {
	const char *base;		/* as written, variables not replaced */
	const char *name;		/* in small letters; NULL if it has none */
	size_t first, end;		/* instructions after FROM: first..end-1 */
};

struct sp_dockerfile {
	struct sp_lines lines;		/* owns the strings */
	const char *name;		/* for messages */
	struct sp_instruction *instructions;
	size_t instructions_nr, instructions_alloc;
	struct sp_stage *stages;	/* at least one */
	size_t stages_nr, stages_alloc;
};

/* Parse len bytes.  name is what messages call the file.  SP_EUSAGE, with NAME:LINE
 * in front, says what was expected. */
SP_CHECKED int sp_dockerfile_parse(const char *name, const char *text, size_t len,
				   struct sp_dockerfile **ret, struct sp_err *err);
/* Parse what an ONBUILD has kept: one instruction, without stages.  Messages name the
 * line of the FROM that it is carried out at. */
SP_CHECKED int sp_dockerfile_parse_trigger(const char *name, unsigned number,
					   const char *text, struct sp_dockerfile **ret,
					   struct sp_err *err);
void sp_dockerfile_free(struct sp_dockerfile *file);	/* NULL allowed */

/* The value of a flag of an instruction: "" for one without a value, NULL if it was
 * not given. */
const char *sp_instruction_flag(const struct sp_instruction *in, const char *name);

/* An error of this instruction: "FILE:LINE: " and the message.  Returns -1. */
int sp_dockerfile_fail(const struct sp_dockerfile *file, const struct sp_instruction *in,
		       struct sp_err *err, const char *fmt, ...) SP_PRINTF(4, 5);

#endif
