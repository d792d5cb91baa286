/*
 * Running another program that speaks to an engine for us (ctr, podman, docker):
 * with a file as its standard input, in the environment that the caller passed.
 */
#ifndef SP_TRANSPORT_COMMAND_H
#define SP_TRANSPORT_COMMAND_H

#include "base/buf.h"
#include "transport/transport.h"

#define SP_COMMAND_OUTPUT_MAX (64 * 1024)	/* bytes that are kept; the rest is dropped */
#define SP_COMMAND_WORDS_MAX 16			/* of a command line */

/* The value of a variable in the environment that the options carry, or NULL if it
 * is unset or empty. */
const char *sp_command_env(const struct sp_transport_options *options, const char *name);

/* The path of a program, by the PATH of the options' environment, malloc'ed, or NULL. */
char *sp_command_find(const struct sp_transport_options *options, const char *name);

/*
 * Run words[0], an absolute path, with the words and the input from its beginning
 * on (-1: none), until it ends.  What it writes, to either output, is appended to
 * output.  SP_ENETWORK unless it exits with 0, with the end of its output in the
 * message; SP_ECANCELLED after having ended it and what it started.
 */
SP_CHECKED int sp_command_run(const struct sp_transport_options *options,
			      const char *const *words, int input, struct sp_buf *output,
			      struct sp_err *err);

#endif
