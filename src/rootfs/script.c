/*
 * Scripts: the first line of a file as the kernel reads it.
 */
#include "rootfs/script.h"

#include <string.h>

bool sp_script_is(struct sp_file *file)
{
	struct sp_err ignored = { 0 };
	char head[2];
	size_t got;

	return sp_file_pread(file, head, sizeof(head), 0, &got, &ignored) == 0 &&
	       got == sizeof(head) && memcmp(head, "#!", 2) == 0;
}

int sp_script_read(struct sp_file *file, struct sp_arena *arena, struct sp_script *ret,
		   struct sp_err *err)
{
	char line[SP_SCRIPT_LINE_MAX + 1] = "";
	size_t got;

	if (sp_file_pread(file, line, SP_SCRIPT_LINE_MAX, 0, &got, err))
		return -1;
	line[got] = '\0';
	size_t end = strcspn(line, "\n");
	bool cut = end == SP_SCRIPT_LINE_MAX;
	line[end] = '\0';
	if (!cut && end && line[end - 1] == '\r')
		return sp_err_diagnose(err, "bad-script-line",
				  "the first line ends in a carriage return, which the kernel takes for a part of the interpreter's name or argument; save the script with Unix line ends");
	char *path = line + 2 + strspn(line + 2, " \t");
	size_t len = strcspn(path, " \t");
	if (!len)
		return sp_err_diagnose(err, "bad-script-line", "the first line names no interpreter");
	if (cut && !path[len])
		return sp_err_diagnose(err, "bad-script-line",
				  "the interpreter's name is longer than the 255 bytes that the kernel reads of the first line");
	if (path[0] != '/')
		return sp_err_diagnose(err, "bad-script-line",
				  "the interpreter %.*s is a relative path, which depends on the current directory; write an absolute one",
				  (int)len, path);
	/* what is cut off is the end of the argument; the interpreter may read the
	 * line itself, as perl does */
	if (cut)
		line[SP_SCRIPT_LINE_MAX - 1] = '\0';
	char *argument = path + len + strspn(path + len, " \t");
	size_t left = strlen(argument);
	while (left && (argument[left - 1] == ' ' || argument[left - 1] == '\t'))
		left--;
	ret->interpreter = sp_arena_strndup(arena, path, len);
	ret->argument = left ? sp_arena_strndup(arena, argument, left) : NULL;
	return 0;
}

/* What "env -S" makes of a backslash and the character behind it; '\0' if that is
 * nothing of its own. */
static char unescape(char c)
{
	static const char from[] = "fnrtv#$_\"'\\", to[] = "\f\n\r\t\v#$ \"'\\";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : '\0';
}

/*
 * The next word of what stands behind -S (GNU coreutils, "env: -S/--split-string
 * syntax"); NULL at the end.  A ${VARIABLE} is left as it is written.
 */
static const char *next_word(const char **at, struct sp_arena *arena)
{
	static const char space[] = " \t\n\v\f\r";
	const char *p = *at + strspn(*at, space);
	char *word = sp_arena_alloc(arena, strlen(p) + 1), quote = '\0';
	size_t len = 0;

	if (!*p || *p == '#')
		return NULL;
	for (; *p && (quote || !strchr(space, *p)); p++) {
		char escaped = *p == '\\' ? unescape(p[1]) : '\0';

		if (quote == '\'' && p[1] != '\\' && p[1] != '\'')
			escaped = '\0';
		if (*p == '\\' && p[1] == 'c' && quote != '\'')
			p += strlen(p) - 1;
		else if (*p == '\\' && p[1] == '_' && !quote)
			break;
		else if (escaped)
			word[len++] = escaped, p++;
		else if (*p == quote)
			quote = '\0';
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else
			word[len++] = *p;
	}
	*at = p + (*p == '\\' ? 2 : 0);
	return word;
}

/* Does the option take the next word for its value?  "-u NAME", "-iC DIR". */
static bool takes_next(const char *option)
{
	if (option[1] == '-')
		return strcmp(option, "--unset") == 0 || strcmp(option, "--chdir") == 0;
	const char *with_value = strpbrk(option, "uCS");
	return with_value && !with_value[1];
}

/* Where the text to split begins, or NULL: "-S text", "-vStext", "--split-string=". */
static const char *behind_split(const char *argument)
{
	static const char name[] = "--split-string=";
	size_t flags = strspn(argument + 1, "iv0");

	if (strncmp(argument, name, strlen(name)) == 0)
		return argument + strlen(name);
	return argument[0] == '-' && argument[1 + flags] == 'S' ? argument + flags + 2 : NULL;
}

const char *sp_script_env_word(const char *argument, struct sp_arena *arena)
{
	const char *text, *word;
	bool options = true;

	if (!argument || !*argument)
		return NULL;
	text = behind_split(argument);
	if (!text)
		return argument[0] == '-' || strchr(argument, '=') ? NULL : argument;
	while ((word = next_word(&text, arena))) {
		if (options && word[0] == '-') {
			options = strcmp(word, "--") != 0;
			if (takes_next(word))
				next_word(&text, arena);
			continue;
		}
		options = false;
		if (!strchr(word, '='))
			return word;
	}
	return NULL;
}
