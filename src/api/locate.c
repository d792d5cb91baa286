/*
 * Paths as the user writes them -> a root and a path in it.
 */
#include <string.h>
#include <unistd.h>

#include "api/build.h"
#include "base/path.h"

static int absolute(struct sp_arena *arena, const char *text, const char **ret,
		    struct sp_err *err)
{
	char cwd[SP_PATH_MAX + 1];

	if (text[0] == '/') {
		*ret = text;
		return 0;
	}
	if (!getcwd(cwd, sizeof(cwd)))
		return sp_err_sys(err, SP_EFAIL, "%s: cannot find the current directory", text);
	*ret = sp_path_join(arena, cwd, text);
	return 0;
}

/* A clean path that means the same: ".." behind a link cannot be taken out by
 * its text, so the directory is resolved then. */
static int tidy(struct sp_build *build, struct sp_root *root, const char *path,
		const char **ret, struct sp_err *err)
{
	struct sp_found dir;

	if (!strstr(path, "..")) {
		*ret = sp_path_clean(&build->arena, path);
		return 0;
	}
	const char *name = sp_path_basename(path);
	bool odd = !*name || strcmp(name, "..") == 0 || strcmp(name, ".") == 0;
	const char *parent = odd ? path : sp_path_dirname(&build->arena, path);

	if (sp_root_resolve(root, parent, &dir, err))
		return -1;
	*ret = !dir.real ? sp_path_clean(&build->arena, path) :
	       odd ? dir.real : sp_path_join(&build->arena, dir.real, name);
	return 0;
}

/* The part of path below the sysroot's own directory, or NULL. */
static const char *below_sysroot(struct sp_build *build, const char *path)
{
	const char *sysroot = build->o->sysroot;
	struct sp_err ignored = { 0 };

	if (absolute(&build->arena, sysroot, &sysroot, &ignored))
		return NULL;
	sysroot = sp_path_clean(&build->arena, sysroot);
	const char *clean = sp_path_clean(&build->arena, path);
	if (strcmp(sysroot, "/") == 0 || !sp_path_within(clean, sysroot))
		return NULL;
	return clean[strlen(sysroot)] ? clean + strlen(sysroot) : "/";
}

int sp_locate(struct sp_build *build, const char *text, struct sp_root **ret_root,
	      const char **ret_path, struct sp_err *err)
{
	const char *path;
	struct sp_found found;

	if (absolute(&build->arena, text, &path, err))
		return -1;
	if (build->from.root && text[0] == '/') {
		if (sp_root_resolve(build->libs, text, &found, err))
			return -1;
		if (found.real) {
			*ret_root = build->libs;
			return tidy(build, build->libs, text, ret_path, err);
		}
	}
	if (build->o->sysroot) {
		const char *below = below_sysroot(build, path);
		const char *inside = below ? below : text[0] == '/' ? text : NULL;

		if (inside) {
			if (sp_root_resolve(build->libs, inside, &found, err))
				return -1;
			if (found.real || below) {
				*ret_root = build->libs;
				return tidy(build, build->libs, inside, ret_path, err);
			}
		}
	}
	*ret_root = build->host;
	return tidy(build, build->host, path, ret_path, err);
}

const char *sp_default_image_path(struct sp_arena *arena, const char *path)
{
	static const char *const kept[] = { "/usr", "/bin", "/sbin", "/opt" };

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (sp_path_within(path, kept[i]))
			return path;
	/* /lib, /lib64, /libx32, ... */
	if (strncmp(path, "/lib", 4) == 0 && strchr(path + 1, '/'))
		return path;
	return sp_path_join(arena, "/", sp_path_basename(path));
}

/* The colon between SRC and DST: the last one before a slash. */
static const char *find_dest(const char *text)
{
	const char *found = NULL;

	for (const char *p = text; (p = strstr(p, ":/")); p++)
		found = p;
	return found;
}

int sp_parse_add(struct sp_build *build, const char *text, struct sp_add *ret,
		 struct sp_err *err)
{
	const char *colon = find_dest(text);
	const char *source = colon ? sp_arena_strndup(&build->arena, text,
						      (size_t)(colon - text)) : text;
	struct sp_found found;

	*ret = (struct sp_add){ 0 };
	if (!colon && strchr(text, ':')) {
		/* "a:b": a name with a colon, or a destination without a slash? */
		sp_autofree char *name = sp_strdup(text);

		if (access(name, F_OK) != 0)
			return sp_err_set(err, SP_EUSAGE,
					  "--add %s: expected SRC:/DST with an absolute destination",
					  text);
	}
	if (sp_locate(build, source, &ret->root, &ret->source, err) ||
	    sp_root_resolve(ret->root, ret->source, &found, err))
		return -1;
	if (!colon) {
		ret->keeps_path = source[0] == '/';
		ret->dest = ret->keeps_path ?
				    ret->source :
				    sp_path_join(&build->arena, "/",
						 sp_path_basename(ret->source));
		return 0;
	}
	ret->dest = colon + 1;
	/* as COPY: a file goes into a destination that ends with a slash, of a
	 * directory the contents go */
	if (found.st.type == SP_FILE && ret->dest[strlen(ret->dest) - 1] == '/')
		ret->dest = sp_path_join(&build->arena, ret->dest,
					 sp_path_basename(ret->source));
	const char *problem = sp_path_problem(ret->dest);
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "--add %s: the destination %s", text, problem);
	ret->dest = sp_path_clean(&build->arena, ret->dest);
	return 0;
}
