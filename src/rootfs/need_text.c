/*
 * Needs of programs that deal with text: zones, languages, character sets,
 * terminals, kinds of files.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_rows.h"

#define TERMINALS_FEW 128

/* A directory that the C library names in its own strings, or what is usual. */
static int libc_dir(struct sp_needs *n, const char *mark, const char *usual,
		    const char **ret, struct sp_err *err)
{
	const char *text;

	if (sp_need_ask(n, "libc.so.6", mark, &text, err))
		return -1;
	*ret = text && text[0] == '/' ? text : usual;
	return 0;
}

/* POSIX zones ("CET-1CEST") and UTC need no file. */
static const char *zone_in_env(struct sp_needs *n)
{
	const char *tz = sp_need_env(n, "TZ");

	if (!tz)
		return NULL;
	return tz[0] == ':' ? tz + 1 : tz;
}

/* Directories of zones, but not the copies of all of them with other leap second
 * rules, which make up two thirds of the tree, and not the zone that this machine is in. */
static int all_zones(struct sp_needs *n, const char *dir, struct sp_err *err)
{
	struct sp_root *root = sp_need_closure(n)->libs;
	struct sp_found found;
	const char *const *names;
	size_t nr;

	if (sp_root_resolve(root, dir, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR) {
		sp_need_note(n, "no-zones",
			     "%s is not there: time zones other than UTC will be unknown; install tzdata",
			     dir);
		return 0;
	}
	if (sp_root_list(root, found.real, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(names[i], "posix") == 0 || strcmp(names[i], "right") == 0 ||
		    strcmp(names[i], "localtime") == 0)
			continue;
		if (sp_need_path(n, sp_path_join(sp_need_arena(n), dir, names[i]), NULL, err))
			return -1;
	}
	return 0;
}

/*
 * The zone that TZ names, and a link to it as /etc/localtime for those who do not ask TZ.
 * Without TZ there is none: the image is in UTC, wherever it was made.
 */
static int local_zone(struct sp_needs *n, const char *path, bool *ret_found,
		      struct sp_err *err)
{
	if (sp_need_path(n, path, ret_found, err))
		return -1;
	return *ret_found && strcmp(path, "/etc/localtime") != 0 ?
		       sp_need_link(n, "/etc/localtime", path, err) : 0;
}

int sp_need_add_zones(struct sp_needs *n, struct sp_err *err)
{
	const char *dir, *zone = zone_in_env(n);
	bool by_name = sp_need_shown(n, SP_SIGN_GO, "time.LoadLocation");
	bool found;

	if (libc_dir(n, "/zoneinfo", "/usr/share/zoneinfo", &dir, err))
		return -1;
	if ((!zone || by_name) && all_zones(n, dir, err))
		return -1;
	/* an empty zone is UTC; one with a comma has its rules with it */
	if (!zone || !*zone || strchr(zone, ',') || strstr(zone, ".."))
		return 0;
	const char *path = zone[0] == '/' ? zone : sp_path_join(sp_need_arena(n), dir, zone);
	if (local_zone(n, path, &found, err))
		return -1;
	/* a name with a slash or without a digit is one of a file */
	if (!found && (strchr(zone, '/') || !strpbrk(zone, "0123456789")))
		sp_need_note(n, "no-zones",
			     "TZ is %s, but %s is not there: times will silently be in UTC",
			     zone, path);
	return 0;
}

/* What libraries convert from and to when nobody asks for anything special; each
 * is a module of a few kB, all of them are 8 MB. */
static int common_charsets(struct sp_needs *n, const char *dir, struct sp_err *err)
{
	static const char *const names[] = {
		"gconv-modules", "gconv-modules.d", "gconv-modules.cache", "ISO8859-1.so",
		"ISO8859-15.so", "CP1252.so", "UTF-7.so", "UTF-16.so", "UTF-32.so", "UNICODE.so",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (sp_need_path(n, sp_path_join(sp_need_arena(n), dir, names[i]), NULL, err))
			return -1;
	return 0;
}

int sp_need_add_gconv(struct sp_needs *n, struct sp_err *err)
{
	const char *dir = NULL, *path = sp_need_env(n, "GCONV_PATH");

	if (sp_need_closure(n)->loader.libc != SP_LIBC_GLIBC)
		return 0;	/* musl has its character sets built in */
	if (path && path[0] == '/' && sp_need_path(n, path, NULL, err))
		return -1;
	if (libc_dir(n, "/gconv", NULL, &dir, err))
		return -1;
	if (!dir)
		return 0;
	/* "/usr/lib/TUPLE/gconv/gconv-modules.cache" is a string as well */
	if (strstr(dir, "/gconv/"))
		dir = sp_arena_strndup(sp_need_arena(n), dir,
				       (size_t)(strstr(dir, "/gconv/") - dir) + 6);
	/* a program that converts for its user takes any; a library seldom does */
	if (sp_need_by_library(n))
		return common_charsets(n, dir, err);
	return sp_need_path(n, dir, NULL, err);
}

/* glibc's normal form of a character set in a locale's name: letters and digits,
 * lower case ("UTF-8" is "utf8"; _nl_normalize_codeset()). */
static const char *normal_form(struct sp_needs *n, const char *locale)
{
	char *name = sp_arena_strdup(sp_need_arena(n), locale);
	char *dot = strchr(name, '.'), *out = dot;

	if (!dot)
		return name;
	for (const char *p = dot; *p && *p != '@'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*out++ = (char)(*p + ('a' - 'A'));
		else if (*p == '.' || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9'))
			*out++ = *p;
	}
	const char *modifier = strchr(locale, '@');
	memmove(out, modifier ? modifier : "", modifier ? strlen(modifier) + 1 : 1);
	return name;
}

static int add_locale(struct sp_needs *n, const char *dir, const char *locale,
		      struct sp_err *err)
{
	struct sp_arena *arena = sp_need_arena(n);
	bool found = false;

	if (!*locale || locale[0] == '.' || strcmp(locale, "C") == 0 ||
	    strcmp(locale, "POSIX") == 0 || strchr(locale, '/'))
		return 0;
	if (sp_need_path(n, sp_path_join(arena, dir, normal_form(n, locale)), &found, err) ||
	    (!found && sp_need_path(n, sp_path_join(arena, dir, locale), &found, err)) ||
	    (!found && sp_need_path(n, sp_path_join(arena, dir, "locale-archive"), &found, err)))
		return -1;
	if (!found)
		sp_need_note(n, "no-locale",
			     "the locale %s is not in %s: the program will run in the C locale; generate it, or set LANG to C.UTF-8",
			     locale, dir);
	return 0;
}

int sp_need_add_locales(struct sp_needs *n, struct sp_err *err)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *dir;
	bool any = false;

	if (sp_need_closure(n)->loader.libc != SP_LIBC_GLIBC)
		return 0;	/* musl's locales are messages alone */
	if (libc_dir(n, "/usr/lib/locale", "/usr/lib/locale", &dir, err))
		return -1;
	if (strstr(dir, "/locale/"))
		dir = sp_arena_strndup(sp_need_arena(n), dir,
				       (size_t)(strstr(dir, "/locale/") - dir) + 7);
	for (size_t i = 0; i < 3; i++) {
		const char *locale = sp_need_env(n, variables[i]);

		any |= locale != NULL;
		if (locale && add_locale(n, dir, locale, err))
			return -1;
	}
	return any ? 0 : add_locale(n, dir, "C.UTF-8", err);
}

/* One terminal's entry: DIR/x/xterm, or DIR/78/xterm on some systems. */
static int add_terminal(struct sp_needs *n, const char *dir, const char *name,
			bool *any, struct sp_err *err)
{
	struct sp_arena *arena = sp_need_arena(n);
	bool found = false;

	if (!*name || name[0] == '.' || strchr(name, '/'))
		return 0;
	if (sp_need_path(n, sp_arena_strf(arena, "%s/%c/%s", dir, *name, name), &found, err) ||
	    (!found && sp_need_path(n, sp_arena_strf(arena, "%s/%02x/%s", dir,
						     (unsigned char)*name, name), &found, err)))
		return -1;
	*any |= found;
	return 0;
}

/* Is that one of the few terminals which a system keeps for its own start?  Another tree has
 * thousands. */
static int is_small(struct sp_needs *n, const char *dir, bool *ret, struct sp_err *err)
{
	struct sp_root *root = sp_need_closure(n)->libs;
	const char *const *letters, *const *names;
	size_t letters_nr, nr, sum = 0;

	*ret = false;
	if (sp_root_names(root, dir, &letters, &letters_nr, err))
		return -1;
	for (size_t i = 0; i < letters_nr && sum <= TERMINALS_FEW; i++) {
		if (sp_root_names(root, sp_path_join(sp_need_arena(n), dir, letters[i]),
				  &names, &nr, err))
			return -1;
		sum += nr;
	}
	*ret = sum > 0 && sum <= TERMINALS_FEW;
	return 0;
}

/* TERM of the image, and what engines and terminals set when asked for a tty. */
static int add_terminals(struct sp_needs *n, const char *dir, bool *any, struct sp_err *err)
{
	static const char *const usual[] = {
		"xterm", "xterm-256color", "linux", "screen", "screen-256color", "tmux",
		"tmux-256color", "vt100", "vt220", "ansi", "dumb",
	};
	const char *term = sp_need_env(n, "TERM");
	bool small = false;

	if (!sp_need_by_library(n) && is_small(n, dir, &small, err))
		return -1;
	if (small) {
		*any = true;
		return sp_need_path(n, dir, NULL, err);
	}
	if (term && add_terminal(n, dir, term, any, err))
		return -1;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (add_terminal(n, dir, usual[i], any, err))
			return -1;
	return 0;
}

/* Each directory of a list between colons. */
static int each_dir(struct sp_needs *n, const char *list, bool *any,
		    int (*fn)(struct sp_needs *, const char *, bool *, struct sp_err *),
		    struct sp_err *err)
{
	for (const char *p = list; p && *p;) {
		size_t len = strcspn(p, ":");
		const char *dir = sp_arena_strndup(sp_need_arena(n), p, len);

		if (dir[0] == '/' && fn(n, dir, any, err))
			return -1;
		p += len + (p[len] == ':');
	}
	return 0;
}

int sp_need_add_terminfo(struct sp_needs *n, struct sp_err *err)
{
	static const char *const libraries[] = { "libtinfo", "libncurses" };
	const char *list = NULL;
	bool any = false;

	if (each_dir(n, sp_need_env(n, "TERMINFO"), &any, add_terminals, err))
		return -1;
	for (size_t i = 0; i < 2 && !list; i++)
		if (sp_need_ask(n, libraries[i], "/terminfo:", &list, err))
			return -1;
	/* the list is one string; without one there are the usual places */
	if (each_dir(n, list, &any, add_terminals, err))
		return -1;
	if (!any && each_dir(n, "/etc/terminfo:/lib/terminfo:/usr/share/terminfo", &any,
			     add_terminals, err))
		return -1;
	if (!any)
		sp_need_note(n, "no-terminfo",
			     "no descriptions of terminals were found: full-screen programs will not start; install ncurses-base");
	return 0;
}

/* "/etc/magic:/usr/share/misc/magic": each a source, or compiled beside it. */
static int add_magic(struct sp_needs *n, const char *path, bool *any, struct sp_err *err)
{
	bool source = false, compiled = false;

	if (sp_need_path(n, path, &source, err) ||
	    sp_need_path(n, sp_arena_strf(sp_need_arena(n), "%s.mgc", path), &compiled, err))
		return -1;
	*any |= source || compiled;
	return 0;
}

int sp_need_add_magic(struct sp_needs *n, struct sp_err *err)
{
	const char *list;
	bool any = false;

	if (sp_need_ask(n, "libmagic", "/misc/magic", &list, err) ||
	    each_dir(n, sp_need_env(n, "MAGIC"), &any, add_magic, err) ||
	    each_dir(n, list ? list : "/etc/magic:/usr/share/misc/magic", &any, add_magic, err))
		return -1;
	if (!any)
		sp_need_note(n, "no-magic",
			     "the descriptions of file types are not there: no file will be recognised; install libmagic-mgc");
	return 0;
}
