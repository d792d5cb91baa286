/*
 * What configuration names that goes into the image: modules, by their paths or by a
 * directory and bare names ("LoadModule x /usr/lib/app/x.so", "path /usr/lib/app", "load
 * x"), for who opens libraries; and a place for temporary files.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/named.h"
#include "rootfs/need_named.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

#define FILE_MAX (64 * 1024)	/* bytes of a file that are looked through */
#define FILES_MAX 512		/* of one tree */
#define DEPTH_MAX 4		/* of directories in it */
#define DIRS_MAX 8		/* that one file names */

struct search {
	struct namer *who;
	size_t files;
};

/* By their custom names: what else there is may be anything. */
static bool is_configuration(const char *name)
{
	static const char *const ends[] = { ".conf", ".cnf", ".cfg", ".ini", ".load", ".module" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

/* The text of a configuration file, without the lines that are comments. */
static int read_text(struct sp_root *root, const char *real, char text[FILE_MAX + 1],
		     struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	char *to = text;
	size_t len;

	if (sp_root_open(root, real, &file, err) ||
	    sp_file_pread(&file, text, FILE_MAX, 0, &len, err))
		return -1;
	text[len] = '\0';
	for (char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		n += line[n] == '\n';
		if (!strchr("#;", line[strspn(line, " \t")])) {
			memmove(to, line, n);
			to += n;
		}
		line += n;
	}
	*to = '\0';
	return 0;
}

static bool is_of_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("_-./+", c));
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || !is_of_word(at[-1])) && !is_of_word(at[len]))
			return true;
	return false;
}

/* Of the modules in a directory those whose names the text has, with their ending or
 * without. */
static int bare_names(struct search *s, const char *dir, const char *text, const char *path,
		      struct sp_err *err)
{
	struct sp_arena *arena = &s->who->n->arena;
	const char *const *names;
	struct sp_found found;
	size_t nr;

	if (sp_root_resolve(s->who->closure->libs, dir, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_DIR || !sp_place_is_public(&found.st))
		return 0;
	sp_need_list(s->who, found.real, &names, &nr);
	for (size_t i = 0; i < nr; i++) {
		const char *so = strstr(names[i], ".so");

		if (!so || so == names[i] || so[3] != '\0')
			continue;
		if ((has_word(text, names[i]) ||
		     has_word(text, sp_arena_strndup(arena, names[i], (size_t)(so - names[i])))) &&
		    sp_need_named_path(s->who, sp_path_join(arena, dir, names[i]), false,
				       sp_arena_strf(arena, "reads, in %s,", path), err))
			return -1;
	}
	return 0;
}

static int modules(struct search *s, const char *text, const char *path, struct sp_err *err)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	size_t dirs = 0;

	sp_names_in_text(text, strlen(text), &names);
	for (size_t i = 0; i < names.names_nr; i++) {
		const char *name = names.names[i].text;
		int rc = 0;

		if (names.names[i].kind != SP_NAMED_PATH || names.names[i].pattern)
			continue;
		if (sp_place_is_library(sp_path_basename(name)))
			rc = sp_need_named_path(s->who, name, false,
						sp_arena_strf(&s->who->n->arena,
							      "reads, in %s,", path), err);
		else if (sp_place_of(name) == SP_PLACE_OWN && dirs++ < DIRS_MAX)
			rc = bare_names(s, name, text, path, err);
		if (rc)
			return -1;
	}
	return 0;
}

static int look_at_file(struct search *s, struct sp_root *root, const char *path,
			const char *real, struct sp_err *err)
{
	sp_autofree char *text = sp_malloc(FILE_MAX + 1);

	return read_text(root, real, text, err) || modules(s, text, path, err) ? -1 : 0;
}

static int look_at(struct search *s, const char *path, int depth, struct sp_err *err)
{
	struct sp_root *root = s->who->closure->libs;
	const char *const *names;
	struct sp_found found;
	size_t nr;

	if (depth > DEPTH_MAX || ++s->files > FILES_MAX)
		return 0;
	if (sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real || !sp_place_is_public(&found.st))
		return 0;
	if (found.st.type == SP_FILE && is_configuration(path))
		return look_at_file(s, root, path, found.real, err);
	if (found.st.type != SP_DIR)
		return 0;
	if (sp_root_list(root, found.real, &names, &nr, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (look_at(s, sp_path_join(&s->who->n->arena, path, names[i]), depth + 1, err))
			return -1;
	return 0;
}

int sp_need_configured(struct namer *who, const char *path, struct sp_err *err)
{
	struct search s = { who, 0 };

	return who->uses & SP_USE_LOAD ? look_at(&s, path, 0, err) : 0;
}

/* --- what the user added ------------------------------------------------------ */

/* "/tmp", or a path in it. */
static bool names_tmp(const char *text)
{
	for (const char *at = strstr(text, "/tmp"); at; at = strstr(at + 1, "/tmp"))
		if ((at == text || !is_of_word(at[-1])) && (at[4] == '/' || !is_of_word(at[4])))
			return true;
	return false;
}

static int look_at_entry(struct namer *who, const struct sp_entry *e, struct sp_err *err)
{
	struct search s = { who, 0 };
	sp_autofree char *text = sp_malloc(FILE_MAX + 1);
	bool given = e->reason.kind == SP_BECAUSE_ADDED || e->reason.kind == SP_BECAUSE_CONFIG;

	if (read_text(e->root, e->source, text, err))
		return -1;
	if (names_tmp(text) && sp_need_item(who->n, "tmp", SP_LIKELY, e->path, "names /tmp") &&
	    sp_need_add_tmp(who->n, err))
		return -1;
	/* what a need brought was looked through when it came */
	return given && who->uses & SP_USE_LOAD ? modules(&s, text, e->path, err) : 0;
}

int sp_need_texts(struct namer *who, struct sp_err *err)
{
	struct sp_needs *n = who->n;
	const struct sp_plan *plan = n->rootfs->plan;

	if (!sp_need_wants(n, "tmp", SP_LIKELY) && !sp_need_wants(n, "plugins", SP_LIKELY))
		return 0;
	for (; n->entries < plan->entries_nr; n->entries++) {
		/* a copy: more may come meanwhile */
		struct sp_entry e = plan->entries[n->entries];

		if (e.type != SP_ENTRY_FILE || !e.root || !is_configuration(e.path) ||
		    n->texts++ > FILES_MAX)
			continue;
		if (look_at_entry(who, &e, err))
			return -1;
	}
	return 0;
}
