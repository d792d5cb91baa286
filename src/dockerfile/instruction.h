/*
 * One line of a Dockerfile as an instruction.  Private to dockerfile/.
 */
#ifndef SP_DOCKERFILE_INSTRUCTION_H
#define SP_DOCKERFILE_INSTRUCTION_H

#include "dockerfile/dockerfile.h"

/* Read the line into ret, whose strings live as long as file.  SP_EUSAGE, with
 * NAME:LINE in front: a keyword or flag that nobody knows, and words that it does not
 * take. */
SP_CHECKED int sp_instruction_read(struct sp_dockerfile *file, const struct sp_line *line,
				   struct sp_instruction *ret, struct sp_err *err);

#endif
