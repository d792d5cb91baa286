/*
 * Words of a Dockerfile: splitting, quotes, and variables.
 *
 * This is the small shell language of the Dockerfile format, not that of /bin/sh:
 * $NAME, ${NAME}, ${NAME:-word}, ${NAME-word}, ${NAME:+word}, ${NAME+word},
 * ${NAME:?word}, ${NAME?word}, and those with patterns (words_pattern.h).
 */
#ifndef SP_DOCKERFILE_WORDS_H
#define SP_DOCKERFILE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

#define SP_WORD_MAX (1024 * 1024)	/* bytes that one word may expand to */
#define SP_WORD_DEPTH_MAX 32		/* ${a:-${b:-...}} */

struct sp_words {
	const char **items;
	size_t items_nr, items_alloc;
};
void sp_words_release(struct sp_words *words);

/* The value of a variable, or NULL if it is not set. */
struct sp_vars {
	const char *(*get)(void *ctx, const char *name);
	void *ctx;
};

struct sp_expand {
	char escape;
	bool keep_quotes;	/* quotes are ordinary characters (here-documents) */
	struct sp_vars vars;
};

/* Replace variables and take quotes and escapes away.  SP_EUSAGE says what is
 * wrong with the word. */
SP_CHECKED int sp_words_expand(const char *word, const struct sp_expand *how,
			       struct sp_arena *arena, const char **ret,
			       struct sp_err *err);

/* Take quotes and escapes away; '$' is an ordinary character. */
SP_CHECKED int sp_words_unquote(const char *word, char escape, struct sp_arena *arena,
				const char **ret, struct sp_err *err);

/* Split at white space outside of quotes; quotes and escapes stay in the words. */
void sp_words_split(const char *text, char escape, struct sp_arena *arena,
		    struct sp_words *ret);

/* Split at white space, whatever stands there. */
void sp_words_split_blank(const char *text, struct sp_arena *arena, struct sp_words *ret);

/*
 * A JSON array of strings.  *ret_json is false, and nothing is added, if text is
 * no JSON array at all: then it is the other form of an instruction.  SP_EUSAGE
 * for an array that holds something else than strings.
 */
SP_CHECKED int sp_words_json(const char *text, struct sp_arena *arena,
			     struct sp_words *ret, bool *ret_json, struct sp_err *err);

#endif
