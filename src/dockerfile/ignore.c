/*
 * .dockerignore as docker reads it: filepath.Match with "**" for any number of
 * components, '!' for exceptions, the last match decides, parents count.
 */
#include "dockerfile/ignore.h"

#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "dockerfile/glob.h"

struct pattern {
	const char *glob;
	bool exception;
};

struct sp_ignore {
	struct sp_arena arena;
	struct pattern *patterns;
	size_t patterns_nr, patterns_alloc;
	bool exceptions;
};

void sp_ignore_free(struct sp_ignore *ignore)
{
	if (!ignore)
		return;
	free(ignore->patterns);
	sp_arena_release(&ignore->arena);
	free(ignore);
}

static void ignore_freep(struct sp_ignore **ignore)
{
	sp_ignore_free(*ignore);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A pattern, with white space around it; where it stands is for messages. */
static int add_pattern(struct sp_ignore *ignore, const char *where, const char *s, size_t len,
		       struct sp_err *err)
{
	bool exception;

	while (len && blank(*s))
		s++, len--;
	while (len && blank(s[len - 1]))
		len--;
	if (!len)
		return 0;
	exception = *s == '!';
	for (s += exception, len -= exception; len && blank(*s); )
		s++, len--;
	if (!len)
		return sp_err_set(err, SP_EUSAGE, "%s: \"!\" alone; expected a pattern behind it", where);
	const char *glob = sp_path_clean(&ignore->arena,
					 sp_arena_strndup(&ignore->arena, s, len)) + 1;
	if (!sp_glob_valid(glob))
		return sp_err_set(err, SP_EUSAGE,
				  "%s: %s: expected a pattern with each [ closed, and nothing behind a last backslash",
				  where, glob);
	if (ignore->patterns_nr == SP_IGNORE_PATTERNS_MAX)
		return sp_err_set(err, SP_EUSAGE, "%s: more than %d patterns", where,
				  SP_IGNORE_PATTERNS_MAX);
	/* "." and "/" say nothing: the context itself cannot be left out */
	if (!*glob)
		return 0;
	*SP_VEC_PUSH(ignore->patterns) = (struct pattern){ glob, exception };
	ignore->exceptions |= exception;
	return 0;
}

/* One line without its newline: a comment, nothing, or a pattern. */
static int add_line(struct sp_ignore *ignore, const char *name, unsigned number,
		    const char *s, size_t len, struct sp_err *err)
{
	if (!len || *s == '#')
		return 0;
	return add_pattern(ignore, sp_arena_strf(&ignore->arena, "%s:%u", name, number), s, len,
			   err);
}

int sp_ignore_of(const char *name, const char *const *patterns, size_t nr,
		 struct sp_ignore **ret, struct sp_err *err)
{
	SP_CLEANUP(ignore_freep) struct sp_ignore *ignore = sp_calloc(1, sizeof(*ignore));

	for (size_t i = 0; i < nr; i++)
		if (add_pattern(ignore, name, patterns[i], strlen(patterns[i]), err))
			return -1;
	*ret = sp_steal_ptr(&ignore);
	return 0;
}

int sp_ignore_read(const char *name, const char *text, size_t len, struct sp_ignore **ret,
		   struct sp_err *err)
{
	SP_CLEANUP(ignore_freep) struct sp_ignore *ignore = sp_calloc(1, sizeof(*ignore));
	const char *end = text + len;

	if (len > SP_IGNORE_SIZE_MAX || memchr(text, '\0', len))
		return sp_err_set(err, SP_EUSAGE, "%s: expected a text of at most %d bytes", name,
				  SP_IGNORE_SIZE_MAX);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	for (unsigned number = 1; text < end; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (add_line(ignore, name, number, text, (size_t)(stop - text), err))
			return -1;
		text = newline ? newline + 1 : end;
	}
	*ret = sp_steal_ptr(&ignore);
	return 0;
}

/* The pattern against path and each directory above it. */
static bool match_any(const char *glob, const char *path, char *part)
{
	for (size_t i = 1; ; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		char kept = part[i];

		part[i] = '\0';
		bool hit = sp_glob_match_deep(glob, part);
		part[i] = kept;
		if (hit || !path[i])
			return hit;
	}
}

bool sp_ignore_match(const struct sp_ignore *ignore, const char *path)
{
	bool out = false;

	if (!ignore || !*path)
		return false;
	sp_autofree char *part = sp_strdup(path);
	for (size_t i = 0; i < ignore->patterns_nr; i++) {
		const struct pattern *p = &ignore->patterns[i];

		if (p->exception == out && match_any(p->glob, path, part))
			out = !p->exception;
	}
	return out;
}

bool sp_ignore_has_exceptions(const struct sp_ignore *ignore)
{
	return ignore && ignore->exceptions;
}
