/*
 * Which of the files that a run used can belong into an image.
 */
#include "trace/trace_filter.h"

#include <string.h>

#include "base/path.h"

/* What is not a part of programs but of a machine while it runs. */
static const struct rule {
	const char *dir, *why;
	bool always;		/* also when the command runs inside it */
} rules[] = {
	{ "/proc", "comes from the kernel", true },
	{ "/sys", "comes from the kernel", true },
	{ "/dev", "is a device", true },
	{ "/run", "is the state of this machine", true },
	{ "/var/run", "is the state of this machine", true },
	{ "/var/lock", "is the state of this machine", true },
	{ "/tmp", "is a temporary file", false },
	{ "/var/tmp", "is a temporary file", false },
};

/* Files whose text is of this machine; an image has its own if it needs them. */
static const struct { const char *path, *why; } own[] = {
	{ "/etc/passwd", "has the accounts of this machine" },
	{ "/etc/group", "has the accounts of this machine" },
	{ "/etc/passwd-", "has the accounts of this machine" },
	{ "/etc/group-", "has the accounts of this machine" },
	{ "/etc/localtime", "is the time zone of this machine" },
	{ "/etc/timezone", "is the time zone of this machine" },
	{ "/etc/ld.so.cache", "has the libraries of this machine" },
};

/* A current directory says something only when it lies inside the place: being in "/"
 * or in the home directory itself does not ask for all that is there. */
static bool is_kept(const char *path, const char *place, const char *cwd)
{
	return cwd && sp_path_within(cwd, place) && strcmp(cwd, place) != 0 &&
	       sp_path_within(path, cwd);
}

const char *sp_trace_unwanted(const struct sp_trace_file *file,
			      const struct sp_trace_places *places)
{
	const char *path = file->path, *home = places->home, *cwd = places->cwd;

	if (file->root)
		return "was used inside another root directory";
	if (strcmp(path, "/") == 0)
		return "is in every image";
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (sp_path_within(path, rules[i].dir) &&
		    (rules[i].always || !is_kept(path, rules[i].dir, cwd)))
			return rules[i].why;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strcmp(path, own[i].path) == 0)
			return own[i].why;
	/* a home that is "/", as of some system accounts, is no place of its own */
	if (home && strcmp(home, "/") != 0 && sp_path_within(path, home) &&
	    !is_kept(path, home, cwd))
		return "belongs to the user's home directory";
	if (file->uses & SP_USED_WRITTEN)
		return "was written by the run";
	return NULL;
}
