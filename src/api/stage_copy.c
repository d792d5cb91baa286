/*
 * COPY and ADD, with the rules that BuildKit has for sources and destinations:
 * links of a source are followed when it is named, kept when it is found in a
 * directory; of a directory the contents are copied; what lacks of the destination
 * is made.
 */
#include <string.h>

#include "api/stage_place.h"
#include "api/stage_sources.h"
#include "base/path.h"
#include "base/vec.h"
#include "dockerfile/chmod.h"
#include "dockerfile/glob.h"

#define MATCHES_MAX 100000	/* files that one pattern may name */

/* One COPY or ADD. */
struct copy {
	struct sp_place place;
	struct sp_copy_flags flags;
	const char *dest;		/* absolute; with a slash at its end if a directory */
	size_t heredocs;		/* that were placed already */
	struct sp_err *err;
};

static int fail(struct copy *c, const char *what)
{
	return sp_dockerfile_fail(c->place.s->file, c->place.in, c->err, "%s", what);
}

/* --- destination --- */

static int set_dest(struct copy *c, bool several)
{
	struct sp_stages *s = c->place.s;
	const struct sp_instruction *in = c->place.in;
	const char *workdir = c->place.state->config.workdir, *dest;

	if (sp_stage_expand(s, c->place.state, in, in->args[in->args_nr - 1], &dest, c->err))
		return -1;
	size_t len = strlen(dest);
	const char *name = sp_path_basename(dest);
	bool dir = !len || dest[len - 1] == '/' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

	if (several && !dir)
		return sp_dockerfile_fail(s->file, in, c->err,
					  "has several sources, so its destination must be a directory; expected a slash at the end of %s",
					  dest);
	if (dest[0] != '/')
		dest = sp_path_join(&s->arena, workdir ? workdir : "/", dest);
	dest = sp_path_clean(&s->arena, dest);
	c->dest = dir && dest[1] ? sp_arena_strf(&s->arena, "%s/", dest) : dest;
	return 0;
}

/* Where something that is no directory goes: into the destination if that is one. */
static int place_at(struct copy *c, const char *name, const char **ret)
{
	struct sp_stages *s = c->place.s;
	struct sp_overlay *overlay = c->place.state->overlay;
	bool dir = c->dest[strlen(c->dest) - 1] == '/';
	const char *above = dir ? c->dest : sp_path_dirname(&s->arena, c->dest), *real;
	struct sp_stat st;

	if (sp_overlay_mkdirs(overlay, above, &c->place.owner, &c->place.reason, NULL, c->err) ||
	    sp_overlay_resolve(overlay, c->dest, true, &real, &st, c->err))
		return -1;
	*ret = real;
	if (st.type == SP_DIR)
		*ret = sp_path_join(&s->arena, real, name);
	/* a link that led nowhere: its target's directory may lack */
	else if (st.type == SP_ABSENT)
		return sp_overlay_mkdirs(overlay, sp_path_dirname(&s->arena, real), &c->place.owner,
					 &c->place.reason, NULL, c->err);
	return 0;
}

/* --- sources --- */

static int missing(struct copy *c, const char *path, bool ignored)
{
	struct sp_stages *s = c->place.s;

	if (ignored && s->ignore)
		return sp_dockerfile_fail(s->file, c->place.in, c->err,
					  "%s: is left out by %s; take it out of there", path + 1,
					  s->ignore_path);
	return sp_dockerfile_fail(s->file, c->place.in, c->err,
				  "%s: no such file or directory in %s", path, c->place.root_name);
}

/* One source by its path in the root. */
static int copy_path(struct copy *c, const char *path)
{
	struct sp_place *p = &c->place;
	struct sp_found found;
	const char *dest;
	bool out;

	if (sp_root_resolve(p->root, path, &found, c->err))
		return -1;
	out = found.real && strcmp(path, "/") != 0 &&
	      (sp_place_ignored(p, path) || sp_place_ignored(p, found.real));
	if (!found.real || (out && (found.st.type != SP_DIR ||
				    !sp_ignore_has_exceptions(p->s->ignore))))
		return missing(c, path, out);
	if (found.st.type == SP_DIR) {
		if (sp_overlay_mkdirs(p->state->overlay, c->dest, &p->owner, &p->reason, &dest,
				      c->err))
			return -1;
		return sp_place_tree(p, found.real, dest, c->err);
	}
	if (sp_place_excluded(p, sp_path_basename(path)))
		return 0;
	if (c->flags.unpack && found.st.type == SP_FILE) {
		bool unpacked;

		if (sp_sources_unpack(p, found.real, c->dest, &unpacked, c->err) || unpacked)
			return unpacked ? 0 : -1;
	}
	if (place_at(c, sp_path_basename(path), &dest))
		return -1;
	return sp_place_file(p, found.real, &found.st, NULL, dest, c->err);
}

struct matches {
	const char **list;
	size_t list_nr, list_alloc;
};

/* All paths below dir that the pattern matches; a directory that does is not looked
 * into.  rel is dir without what stands in front of the pattern. */
static int find_matches(struct copy *c, const char *dir, const char *rel,
			const char *pattern, int depth, struct matches *m)
{
	struct sp_stages *s = c->place.s;
	const char *const *names;
	size_t names_nr, deep = 0;

	/* only as deep as the pattern has components */
	for (const char *p = pattern; *p; p++)
		deep += *p == '/';
	if ((size_t)depth > deep)
		return 0;
	if (sp_root_list(c->place.root, dir, &names, &names_nr, c->err))
		return -1;
	for (size_t i = 0; i < names_nr; i++) {
		const char *path = sp_path_join(&s->arena, dir, names[i]), *target;
		const char *name = *rel ? sp_path_join(&s->arena, rel, names[i]) : names[i];
		struct sp_stat st;

		if (sp_root_lstat(c->place.root, path, &st, &target, c->err))
			return -1;
		if (sp_glob_match(pattern, name)) {
			if (m->list_nr == MATCHES_MAX)
				return sp_dockerfile_fail(s->file, c->place.in, c->err,
							  "%s: matches more than %d files",
							  pattern, MATCHES_MAX);
			if (!sp_place_ignored(&c->place, path))
				*SP_VEC_PUSH(m->list) = path;
		} else if (st.type == SP_DIR &&
			   find_matches(c, path, name, pattern, depth + 1, m)) {
			return -1;
		}
	}
	return 0;
}

/* "a/b*c/d": the directory in front of the first component with a pattern, and the
 * pattern from there on. */
static int copy_pattern(struct copy *c, const char *path,
			int (*copy)(struct copy *c, const char *path))
{
	struct sp_stages *s = c->place.s;
	struct matches m = { 0 };
	size_t front = 0;
	struct sp_found found;
	int rc = 0;

	if (!sp_glob_valid(path))
		return sp_dockerfile_fail(s->file, c->place.in, c->err,
					  "%s: expected a pattern with each [ closed; write [[] for the character itself",
					  path + 1);
	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		if (sp_glob_has_magic(sp_arena_strndup(&s->arena, path, i)))
			break;
		front = i;
	}
	if (sp_root_resolve(c->place.root, front ? sp_arena_strndup(&s->arena, path, front) : "/",
			    &found, c->err))
		return -1;
	if (found.real && found.st.type == SP_DIR)
		rc = find_matches(c, found.real, "", path + front + 1, 0, &m);
	if (!rc && !m.list_nr)
		sp_plan_note(s->notes, "pattern-unmatched", "%s:%u: %s matches nothing in %s",
			     s->file->name, c->place.in->line, path + 1, c->place.root_name);
	for (size_t i = 0; !rc && i < m.list_nr; i++)
		rc = copy(c, m.list[i]);
	free(m.list);
	return rc;
}

/* --- --parents --- */

/* "packages/a*.x/b" -> "packages": the directories that need no looking for. */
static const char *fixed_part(struct sp_stages *s, const char *pattern)
{
	size_t front = 0;

	for (size_t i = 0; pattern[i]; i++) {
		if (pattern[i] == '\\' || strchr("*?[", pattern[i]))
			break;
		if (pattern[i] == '/' || !pattern[i + 1])
			front = pattern[i + 1] ? i : i + 1;
	}
	return sp_arena_strndup(&s->arena, pattern, front);
}

/* What the pattern matches below one directory, with the directories on the way. */
static int copy_below(struct copy *c, const char *path)
{
	struct sp_place *p = &c->place;
	struct sp_found found;
	const char *dest;

	if (sp_root_resolve(p->root, path, &found, c->err))
		return -1;
	if (!found.real)
		return missing(c, path, false);
	if (sp_overlay_mkdirs(p->state->overlay, c->dest, &p->owner, &p->reason, &dest, c->err))
		return -1;
	return found.st.type != SP_DIR ? 0 : sp_place_tree(p, found.real, dest, c->err);
}

/* "a/./b*c": what matches "b*c" below a keeps its path below there.  Without the
 * pivot that path begins in the root. */
static int copy_parents(struct copy *c, const char *source)
{
	struct sp_stages *s = c->place.s;
	const char *pivot = strstr(source, "/./"), *top = "/";
	struct sp_ignore *include;
	bool included = false;
	int rc;

	if (pivot) {
		top = sp_path_clean(&s->arena, sp_arena_strndup(&s->arena, source,
								(size_t)(pivot - source)));
		source = pivot + 3;
	}
	const char *pattern = sp_path_clean(&s->arena, source) + 1;
	bool several = sp_glob_has_magic(top) || sp_glob_has_magic(pattern);
	if (!*pattern)	/* all of it */
		pattern = "**";
	if (sp_ignore_of("--parents", &pattern, 1, &include, c->err))
		return -1;
	c->place.include = include;
	c->place.way = fixed_part(s, pattern);
	c->place.included = &included;
	rc = sp_glob_has_magic(top) ? copy_pattern(c, top, copy_below) : copy_below(c, top);
	c->place.include = NULL;
	c->place.included = NULL;
	sp_ignore_free(include);
	if (!rc && !included && !several)
		return missing(c, sp_path_join(&s->arena, top, pattern), false);
	if (!rc && !included)
		sp_plan_note(s->notes, "pattern-unmatched", "%s:%u: %s matches nothing in %s",
			     s->file->name, c->place.in->line, source, c->place.root_name);
	return rc;
}

/* --- together --- */

static int copy_heredoc(struct copy *c, const struct sp_heredoc *doc)
{
	struct sp_place *p = &c->place;
	const char *text = doc->text, *dest;
	struct sp_entry entry = {
		.type = SP_ENTRY_FILE, .mode = p->chmod ? sp_chmod_apply(p->chmod, 0644, false) : 0644,
		.uid = p->owner.uid, .gid = p->owner.gid, .reason = p->reason,
	};

	if (strchr(doc->name, '/'))
		return sp_dockerfile_fail(p->s->file, p->in, c->err,
					  "<<%s: expected a name without slashes", doc->name);
	if (doc->expand && sp_stage_expand_text(p->s, p->state, p->in, text, &text, c->err))
		return -1;
	if (place_at(c, doc->name, &dest))
		return sp_stages_at(p->s, p->in, c->err);
	entry.path = dest;
	entry.content = text;
	entry.size = strlen(text);
	return sp_overlay_put(p->state->overlay, &entry, c->err) ?
		       sp_stages_at(p->s, p->in, c->err) : 0;
}

static bool is_remote(const char *source)
{
	static const char *const starts[] = { "http://", "https://", "ftp://", "git://", "git@", "ssh://" };
	size_t len = strlen(source);

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(source, starts[i], strlen(starts[i])) == 0)
			return true;
	return len > 4 && strncmp(source, "github.com/", 11) == 0 &&
	       strcmp(source + len - 4, ".git") == 0;
}

/* Wrap what has no place in the Dockerfile yet. */
static int located(struct copy *c, int rc)
{
	const char *name = c->place.s->file->name;
	size_t len = strlen(name);

	if (!rc || (strncmp(c->err->msg, name, len) == 0 && c->err->msg[len] == ':'))
		return rc;
	return sp_stages_at(c->place.s, c->place.in, c->err);
}

static int copy_source(struct copy *c, const char *word)
{
	struct sp_stages *s = c->place.s;
	const struct sp_instruction *in = c->place.in;
	const char *source;

	if (c->heredocs < in->heredocs_nr &&
	    strncmp(word + strspn(word, "0123456789"), "<<", 2) == 0)
		return copy_heredoc(c, &in->heredocs[c->heredocs++]);
	if (sp_stage_expand(s, c->place.state, in, word, &source, c->err))
		return -1;
	if (is_remote(source))
		return sp_dockerfile_fail(s->file, in, c->err,
					  "%s: is not fetched, since an image is made of what is on this machine; fetch it first and COPY it",
					  source);
	if (!*source)
		return fail(c, "has an empty source");
	if (c->flags.parents)
		return located(c, copy_parents(c, source));
	/* "../a" means "a": the context is all there is */
	const char *path = sp_path_clean(&s->arena, source);
	return located(c, sp_glob_has_magic(path) ? copy_pattern(c, path, copy_path) :
						    copy_path(c, path));
}

int sp_stage_copy(struct sp_stages *s, struct sp_stage_state *state,
		  const struct sp_instruction *in, struct sp_err *err)
{
	struct copy c = {
		.place = { .s = s, .state = state, .in = in, .group = ++s->copies,
			   .reason = sp_stages_reason(s, in) },
		.err = err,
	};
	const char *from = sp_instruction_flag(in, "from");
	int rc = 0;

	if (from && in->heredocs_nr)
		return fail(&c, "has a here-document and --from, which contradict each other");
	if (sp_sources_open(&c.place, from, err) ||
	    sp_copy_flags_read(&c.place, &c.flags, err) ||
	    set_dest(&c, in->args_nr > 2))
		rc = -1;
	for (size_t i = 0; !rc && i + 1 < in->args_nr; i++)
		rc = copy_source(&c, in->args[i]);
	sp_ignore_free(c.flags.exclude);
	return rc;
}
