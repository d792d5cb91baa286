/*
 * Names in strings: lists are taken apart, patterns are cut to their directory.
 */
#include "rootfs/named.h"

#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "elf/names.h"
#include "rootfs/places.h"

/* What stands between the parts of a list, or around a path in a sentence. */
#define SEPARATORS " \t\n:;,=\"'`()<>|[]{}"
/* What a program fills in before it opens the file. */
#define HOLES "%*?$@~\\"

void sp_names_release(struct sp_names *names)
{
	free(names->names);
	sp_map_release(&names->known);
	sp_arena_release(&names->arena);
}

static void keep(struct sp_names *names, enum sp_named_kind kind, const char *text,
		 bool pattern)
{
	if (names->names_nr == SP_NAMED_MAX ||
	    sp_map_get(&names->known, text) != SP_MAP_NONE)
		return;
	sp_map_set(&names->known, text, names->names_nr);
	*SP_VEC_PUSH(names->names) = (struct sp_named){ kind, text, pattern };
}

/* An absolute path, up to the component that has a hole in it. */
static void take_path(struct sp_names *names, const char *text, size_t len)
{
	char buf[SP_PATH_MAX];
	size_t hole;

	if (len >= sizeof(buf))
		return;
	memcpy(buf, text, len);
	buf[len] = '\0';
	hole = strcspn(buf, HOLES);
	if (hole < len) {
		while (hole > 0 && buf[hole] != '/')
			hole--;
		buf[hole] = '\0';
	}
	while (buf[0] && buf[strlen(buf) - 1] == '.')
		buf[strlen(buf) - 1] = '\0';	/* the end of a sentence */
	const char *path = sp_path_clean(&names->arena, buf);
	if (sp_place_of(path) != SP_PLACE_NONE)
		keep(names, SP_NAMED_PATH, path, hole < len);
}

static bool is_absolute(const char *p, size_t len)
{
	static const char *const roots[] = { "/usr/", "/etc/", "/lib", "/opt/", "/bin/",
					     "/sbin/", "/var/cache/" };

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (len > strlen(roots[i]) && memcmp(p, roots[i], strlen(roots[i])) == 0)
			return true;
	return false;
}

/* Bytes of a number that the compiler put right in front of a path, and that look like
 * letters: "R@/etc/app.conf".  The path is what begins behind them, if it exists. */
static size_t stray_bytes(const char *p, size_t len)
{
	const char *slash = memchr(p, '/', len);
	size_t stray = slash ? (size_t)(slash - p) : 0;

	/* "-I/usr/lib/app/include" was said to a compiler */
	return stray && *p != '-' && stray < sizeof(double) && is_absolute(slash, len - stray) ? stray : 0;
}

/* A text from a file has no NUL behind it. */
static bool has_hole(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (strchr(HOLES, text[i]))
			return true;
	return false;
}

static bool is_relative(const char *text, size_t len)
{
	static const char *const roots[] = { "share/", "lib/", "lib64/", "libexec/", "../" };

	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots); i++)
		if (len > strlen(roots[i]) && memcmp(text, roots[i], strlen(roots[i])) == 0)
			return !has_hole(text, len);
	return false;
}

static void take_part(struct sp_names *names, const char *p, size_t len)
{
	size_t stray = stray_bytes(p, len);

	if (stray || is_absolute(p, len))
		take_path(names, p + stray, len - stray);
	else if (is_relative(p, len))
		keep(names, SP_NAMED_RELATIVE, sp_arena_strndup(&names->arena, p, len), false);
}

/* A NUL separates as well. */
static bool separates(char c)
{
	return strchr(SEPARATORS, c) != NULL;
}

/* All parts that have a slash in them. */
static void take_parts(struct sp_names *names, const char *text, size_t len)
{
	const char *end = text + len, *slash;

	for (const char *p = text; (slash = memchr(p, '/', (size_t)(end - p)));) {
		const char *start = slash, *stop = slash;

		while (start > p && !separates(start[-1]))
			start--;
		while (stop < end && !separates(*stop))
			stop++;
		take_part(names, start, (size_t)(stop - start));
		if (stop == end)
			return;
		p = stop + 1;
	}
}

/* "libfoo.so", "libfoo.so.1.2", "foo.so": a name as a loader takes it. */
static bool is_library(const char *text, size_t len)
{
	const char *so = NULL, *p = text;

	/* "-filter.so" is an ending, to which a name is put in front */
	if (len > SP_NAME_LIMIT || strchr("._+-", *text))
		return false;
	for (; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			     (*p >= 'A' && *p <= 'Z') || strchr("._+-", *p);

		if (!plain)
			return false;
		if (strncmp(p, ".so", 3) == 0 && (p[3] == '\0' || p[3] == '.'))
			so = p;
	}
	return so && so > text && so[3 + strspn(so + 3, ".0123456789")] == '\0' &&
	       text[len - 1] != '.';
}

struct reading {
	struct sp_names *names;
	bool libraries;
};

static bool see(void *ctx, const char *text, size_t len)
{
	struct reading *r = ctx;

	if (!memchr(text, '/', len)) {
		if (r->libraries && is_library(text, len))
			keep(r->names, SP_NAMED_LIBRARY,
			     sp_arena_strndup(&r->names->arena, text, len), false);
	} else {
		take_parts(r->names, text, len);
	}
	return r->names->names_nr < SP_NAMED_MAX;
}

int sp_names_read(const struct sp_object *o, bool libraries, struct sp_names *names,
		  struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct reading r = { names, libraries };

	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    sp_elf_names(o->elf, &file, see, &r, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}

void sp_names_in_text(const char *text, size_t len, struct sp_names *names)
{
	take_parts(names, text, len);
}
