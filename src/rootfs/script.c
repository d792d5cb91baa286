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
	char line[SP_SCRIPT_LINE_MAX + 1];
	size_t got;

	if (sp_file_pread(file, line, SP_SCRIPT_LINE_MAX, 0, &got, err))
		return -1;
	line[got] = '\0';
	char *end = memchr(line, '\n', got);
	if (!end && got == SP_SCRIPT_LINE_MAX)
		return sp_err_diagnose(err, "bad-script-line",
				  "the first line is longer than the 255 bytes that the kernel reads of it");
	if (end)
		*end = '\0';
	if (end && end[-1] == '\r')
		return sp_err_diagnose(err, "bad-script-line",
				  "the first line ends in a carriage return, which the kernel takes for a part of the interpreter's name; save the script with Unix line ends");
	char *path = line + 2 + strspn(line + 2, " \t");
	size_t len = strcspn(path, " \t");
	if (!len)
		return sp_err_diagnose(err, "bad-script-line", "the first line names no interpreter");
	char *argument = path + len + strspn(path + len, " \t");
	size_t left = strlen(argument);
	while (left && (argument[left - 1] == ' ' || argument[left - 1] == '\t'))
		left--;
	if (path[0] != '/')
		return sp_err_diagnose(err, "bad-script-line",
				  "the interpreter %.*s is a relative path, which depends on the current directory; write an absolute one",
				  (int)len, path);
	ret->interpreter = sp_arena_strndup(arena, path, len);
	ret->argument = left ? sp_arena_strndup(arena, argument, left) : NULL;
	return 0;
}

const char *sp_script_env_word(const char *argument, struct sp_arena *arena)
{
	for (const char *p = argument; p && *p;) {
		p += strspn(p, " \t");
		size_t len = strcspn(p, " \t");

		/* "-S" may stand alone or be glued to the first word */
		if (len > 2 && strncmp(p, "-S", 2) == 0) {
			p += 2;
			continue;
		}
		if (len && p[0] != '-' && !memchr(p, '=', len))
			return sp_arena_strndup(arena, p, len);
		p += len;
	}
	return NULL;
}
