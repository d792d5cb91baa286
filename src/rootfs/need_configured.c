/*
 * Modules that configuration names, "LoadModule x /usr/lib/app/modules/x.so": who opens
 * libraries and reads such files opens these.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/named.h"
#include "rootfs/need_named.h"
#include "rootfs/needs_state.h"

#define FILE_MAX (64 * 1024)	/* bytes of a file that are looked through */
#define FILES_MAX 512		/* of one tree */
#define DEPTH_MAX 4		/* of directories in it */

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

static int look_at_line(struct search *s, const char *line, size_t len, const char *path,
			struct sp_err *err)
{
	SP_CLEANUP(sp_names_release) struct sp_names names = { 0 };
	size_t blank = strspn(line, " \t");

	if (blank >= len || strchr("#;", line[blank]))
		return 0;
	sp_names_in_text(line, len, &names);
	for (size_t i = 0; i < names.names_nr; i++) {
		const char *text = names.names[i].text, *so = strstr(text, ".so");

		if (names.names[i].kind != SP_NAMED_PATH || names.names[i].pattern || !so ||
		    (so[3] != '\0' && so[3] != '.'))
			continue;
		if (sp_need_named_path(s->who, text, false,
				       sp_arena_strf(&s->who->n->arena, "reads, in %s,", path),
				       err))
			return -1;
	}
	return 0;
}

static int look_at_file(struct search *s, const char *path, const char *real,
			struct sp_err *err)
{
	sp_autofree char *text = sp_calloc(1, FILE_MAX + 1);
	sp_autofile struct sp_file file = SP_FILE_INIT;
	size_t len;

	if (sp_root_open(s->who->closure->libs, real, &file, err) ||
	    sp_file_pread(&file, text, FILE_MAX, 0, &len, err))
		return -1;
	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (look_at_line(s, line, n, path, err))
			return -1;
		line += n + (line[n] == '\n');
	}
	return 0;
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
	if (found.real && found.st.type == SP_FILE && (found.st.mode & 04) &&
	    is_configuration(path))
		return look_at_file(s, path, found.real, err);
	if (!found.real || found.st.type != SP_DIR)
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
