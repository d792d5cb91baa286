/*
 * Command lines that only lead to another: "sh -c 'exec app -x'", "env A=1 app", and
 * shell scripts that set variables and end in exec.  What a shell would have to decide
 * when the container starts is not guessed at.
 */
#ifndef SP_API_WRAPPER_H
#define SP_API_WRAPPER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"

#define SP_WORDS_MAX 4096	/* of one command line */

/* A word, and whether it came from Cmd, which who runs the container may replace. */
struct sp_word {
	const char *text;
	bool from_cmd;
};

struct sp_words {
	struct sp_word *items;
	size_t items_nr, items_alloc;
};

/* What a wrapper does before it starts something. */
struct sp_wrapper {
	struct sp_words words;		/* what it starts, all words */
	const char **env;		/* NAME=VALUE that it sets */
	size_t env_nr, env_alloc;
	const char *workdir;		/* where it goes first, or NULL */
};

/*
 * Read what a shell does with text, args being "$1" and so on: a single command, or
 * lines that set variables, change the directory, and end in exec.  0 and *ret filled,
 * its strings in the arena; or a phrase in *ret_why that says which line does something
 * else, with 0 as well and no words.
 */
void sp_wrapper_shell(const char *text, bool script, const struct sp_words *args,
		      struct sp_arena *arena, struct sp_wrapper *ret, const char **ret_why);

/* The same for the arguments of env. */
void sp_wrapper_env(const struct sp_words *args, struct sp_arena *arena,
		    struct sp_wrapper *ret, const char **ret_why);

void sp_wrapper_release(struct sp_wrapper *wrapper);

#endif
