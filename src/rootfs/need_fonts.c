/*
 * Fonts: the configuration of fontconfig, and the directories that it names.
 *
 * Which font a program takes is decided by that configuration among all fonts that are
 * there, so all of them come along.  The cache does not: it is bound to the times of the
 * directories, which are others in the image.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_rows.h"

#define CONF_MAX (256 * 1024)	/* bytes of one file of configuration */

/* The elements <dir>PATH</dir> of a text; those below the home directory have an attribute
 * or a "~". */
static int named_dirs(struct sp_needs *n, const char *text, bool *any, struct sp_err *err)
{
	static const char open[] = "<dir>";

	for (const char *p = text; (p = strstr(p, open));) {
		const char *path = p + sizeof(open) - 1;
		size_t len = strcspn(path, "<");
		bool found = false;

		p = path + len;
		if (path[0] == '/' && strncmp(p, "</dir>", 6) == 0 && len < SP_PATH_MAX &&
		    sp_need_path(n, sp_arena_strndup(sp_need_arena(n), path, len), &found, err))
			return -1;
		*any |= found;
	}
	return 0;
}

static int read_conf(struct sp_needs *n, const char *path, bool *any, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	bool there;

	if (sp_need_read(n, path, CONF_MAX, &text, &there, err))
		return -1;
	return there ? named_dirs(n, sp_buf_str(&text), any, err) : 0;
}

/* The directory of configuration stands in the library in front of "/conf.d", or is the
 * usual one. */
static int conf_dir(struct sp_needs *n, const char **ret, struct sp_err *err)
{
	const char *text, *end, *start;

	*ret = "/etc/fonts";
	if (sp_need_ask(n, "libfontconfig.so", "/conf.d</include>", &text, err))
		return -1;
	end = text ? strstr(text, "/conf.d</include>") : NULL;
	for (start = end; start && start > text && start[-1] != '>';)
		start--;
	if (start && *start == '/' && start < end)
		*ret = sp_arena_strndup(sp_need_arena(n), start, (size_t)(end - start));
	return 0;
}

static int conf_files(struct sp_needs *n, const char *dir, bool *any, struct sp_err *err)
{
	const char *parts = sp_path_join(sp_need_arena(n), dir, "conf.d");
	const char *const *names;
	size_t nr;

	if (read_conf(n, sp_path_join(sp_need_arena(n), dir, "fonts.conf"), any, err) ||
	    sp_root_names(sp_need_closure(n)->libs, parts, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (read_conf(n, sp_path_join(sp_need_arena(n), parts, names[i]), any, err))
			return -1;
	return 0;
}

int sp_need_add_fonts(struct sp_needs *n, struct sp_err *err)
{
	const char *dir, *own = sp_need_env(n, "FONTCONFIG_FILE");
	bool any = false;

	if (own && own[0] == '/' &&
	    (sp_need_path(n, own, NULL, err) || read_conf(n, own, &any, err)))
		return -1;
	if (conf_dir(n, &dir, err) || sp_need_path(n, dir, NULL, err) ||
	    conf_files(n, dir, &any, err))
		return -1;
	if (!any)
		sp_need_note(n, "no-fonts",
			     "no directory of fonts that %s names is there: text will not be drawn; install fontconfig and some fonts",
			     dir);
	return 0;
}
