/*
 * What a mistyped word may have meant: the nearest of the words that would do.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define LONGEST 63
#define PART 4			/* letters of a word that is not another by chance: "why" */

/* How many letters must change, come or go to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1], n = strlen(b);

	if (strlen(a) > LONGEST || n > LONGEST)
		return LONGEST + 1;
	for (size_t k = 0; k <= n; k++)
		row[k] = k;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t k = 1; k <= n; k++) {
			size_t best = diagonal + (a[i] != b[k - 1]);

			best = row[k] + 1 < best ? row[k] + 1 : best;
			best = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
			diagonal = row[k];
			row[k] = best;
		}
	}
	return row[n];
}

/* Do the words between dashes begin or end with name? */
static bool is_part(const char *name, const char *of)
{
	size_t n = strlen(name), len = strlen(of);

	return n >= PART && len > n + 1 && ((of[n] == '-' && strncmp(of, name, n) == 0) ||
			       (of[len - n - 1] == '-' && strcmp(of + len - n, name) == 0));
}

void cli_guess_among(struct cli_guess *guess, const char *name)
{
	size_t d = distance(guess->word, name), len = strlen(guess->word);

	/* a beginning of it is the best guess; so is more than it, as "image-label" */
	if (len >= 2 && (strncmp(guess->word, name, len) == 0 || is_part(name, guess->word)))
		d = 0;
	/* where half of the letters differ it is another word */
	if (d > 2 || d * 2 > len || (guess->best && d >= guess->away))
		return;
	guess->best = name;
	guess->away = d;
}

const char *cli_guess_command(const char *word)
{
	struct cli_guess guess = { .word = word };

	for (size_t i = 0; i < cli_commands_nr; i++)
		cli_guess_among(&guess, cli_commands[i].name);
	return guess.best;
}

char *cli_guess_program(const char *word)
{
	const char *dir = getenv("PATH");

	if (!dir || strchr(word, '/'))
		return NULL;
	for (; *dir; dir += dir[strcspn(dir, ":")] ? strcspn(dir, ":") + 1 : strcspn(dir, ":")) {
		char *path = sp_strf("%.*s/%s", (int)strcspn(dir, ":"), dir, word);

		if (path[0] == '/' && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}
