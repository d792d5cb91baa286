/*
 * What a name means that a process gives to the kernel: relative to where, below which
 * root.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "trace/tracer.h"

/* The root of the process as a path from here; "" if it is ours. */
static bool root_of(struct sp_tracer *tracer, pid_t tid, char *buf, size_t size)
{
	buf[0] = '\0';
	if (!tracer->views)
		return true;
	if (sp_tracee_link(tid, "root", buf, size))
		return false;
	if (strcmp(buf, "/") == 0)
		buf[0] = '\0';
	return true;
}

static bool is_symlink(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/*
 * ".." at the end of a path: its parent by the text if that is the same, else that of
 * the directory that is meant.  What is left has to be there for the name to work.
 */
static bool go_up(char *path, size_t *len, size_t root_len, struct sp_buf *via)
{
	char real[PATH_MAX];

	if (*len == root_len)
		return true;		/* "/.." is "/" */
	path[*len] = '\0';
	sp_buf_add(via, path, *len + 1);
	if (is_symlink(path)) {
		if (!realpath(path, real) || strlen(real) < root_len)
			return false;
		*len = strlen(real);
		memcpy(path, real, *len);
	}
	while (*len > root_len && path[--*len] != '/')
		;
	return true;
}

/* Add the components of text to path.  Needs room for both and a slash. */
static bool add_text(char *path, size_t *len, size_t root_len, const char *text,
		     struct sp_buf *via)
{
	while (*text) {
		size_t n = strcspn(text, "/");

		if (n == 2 && memcmp(text, "..", 2) == 0) {
			if (!go_up(path, len, root_len, via))
				return false;
		} else if (n > 0 && !(n == 1 && text[0] == '.')) {
			path[(*len)++] = '/';
			memcpy(path + *len, text, n);
			*len += n;
		}
		text += n;
		text += *text == '/';
	}
	path[*len] = '\0';
	return true;
}

static void set_name(struct sp_name *name, const char *host, size_t root_len)
{
	name->host = sp_strdup(*host ? host : "/");
	name->root_len = root_len;
}

bool sp_name_find(struct sp_tracer *tracer, pid_t tid, int dir, const char *text,
		  struct sp_buf *via, struct sp_name *ret)
{
	char path[SP_TRACE_NAME_MAX + SP_PATH_MAX];
	size_t len, root_len;

	if (!*text || strlen(text) >= SP_PATH_MAX ||
	    !root_of(tracer, tid, path, SP_PATH_MAX))
		return false;
	root_len = len = strlen(path);
	if (text[0] != '/') {
		char from[SP_PATH_MAX];
		int rc = dir == AT_FDCWD ? sp_tracee_link(tid, "cwd", from, sizeof(from)) :
					   sp_tracee_fd(tid, dir, from, sizeof(from));

		if (rc)
			return false;
		/* a directory from before a chroot lies outside: then it is ours */
		if (root_len && !(strncmp(from, path, root_len) == 0 &&
				  (from[root_len] == '/' || !from[root_len])))
			root_len = 0;
		len = strcmp(from, "/") == 0 ? 0 : strlen(from);
		memcpy(path, from, len);
	}
	if (!add_text(path, &len, root_len, text, via) || len > SP_PATH_MAX)
		return false;
	set_name(ret, path, root_len);
	return true;
}

bool sp_name_of_host(struct sp_tracer *tracer, pid_t tid, const char *host,
		     struct sp_name *ret)
{
	char root[SP_PATH_MAX];

	if (!root_of(tracer, tid, root, sizeof(root)))
		return false;
	set_name(ret, host, sp_path_within(host, root) ? strlen(root) : 0);
	return true;
}
