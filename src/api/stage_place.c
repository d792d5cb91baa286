/*
 * Files and trees -> entries of an overlay, with the owners and modes that COPY
 * gives them.
 */
#include "api/stage_place.h"

#include <string.h>

#include "base/path.h"
#include "dockerfile/chmod.h"
#include "rootfs/secrets.h"

#define DEPTH_MAX 256		/* directories below each other */
#define CAPS_XATTR "security.capability"

static bool is_own(const struct sp_place *p, const char *path)
{
	const struct sp_strings *own = &p->s->build->own;
	const char *real = sp_path_join(&p->s->arena, p->s->context_dir, path);

	for (size_t i = 0; i < own->items_nr; i++)
		if (strcmp(own->items[i], sp_path_clean(&p->s->arena, real)) == 0) {
			sp_plan_note(p->s->notes, "own-output",
				     "%s is written by this run; it is left out of what is added", path);
			return true;
		}
	return false;
}

bool sp_place_ignored(const struct sp_place *p, const char *path)
{
	if (!p->is_context)
		return false;
	return sp_ignore_match(p->s->ignore, path + 1) || is_own(p, path);
}

/* What a user's machine keeps to itself does not slip in with "COPY . /". */
static int guard(const struct sp_place *p, struct sp_file *file, const char *path,
		 struct sp_err *err)
{
	const char *why = sp_secret_name(path);
	size_t got;

	if (!p->is_context || p->s->build->o->allow_secrets)
		return 0;
	if (!why) {
		sp_autofree char *head = sp_malloc(SP_SECRET_HEAD);

		if (sp_file_pread(file, head, SP_SECRET_HEAD, 0, &got, err))
			return sp_err_wrap(err, "%s", sp_root_show(p->root, path));
		why = sp_secret_content(head, got);
	}
	if (!why)
		return 0;
	return sp_err_set(err, SP_EUSAGE,
			  "%s: is %s, which belongs into no image; name it in .dockerignore, or say --allow-secrets",
			  sp_root_show(p->root, path), why);
}

/* Owner and mode of what is placed. */
static void dress(const struct sp_place *p, const struct sp_stat *st, struct sp_entry *entry)
{
	entry->uid = p->keep_owner ? st->uid : p->owner.uid;
	entry->gid = p->keep_owner ? st->gid : p->owner.gid;
	entry->mode = st->type == SP_SYMLINK ? 0777 : !p->chmod ? st->mode :
		      sp_chmod_apply(p->chmod, st->mode, st->type == SP_DIR);
	entry->reason = p->reason;
	entry->group = p->group;
}

int sp_place_file(const struct sp_place *p, const char *path, const struct sp_stat *st,
		  const char *target, const char *dest, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_entry entry = { .path = dest };

	dress(p, st, &entry);
	if (st->type == SP_SYMLINK) {
		entry.type = SP_ENTRY_SYMLINK;
		entry.target = target;
		return sp_overlay_put(p->state->overlay, &entry, err);
	}
	if (st->type != SP_FILE) {
		sp_plan_note(p->s->notes, "special-file",
			     "%s is a device, FIFO or socket; it is left out",
			     sp_root_show(p->root, path));
		return 0;
	}
	/* opened here so that what cannot be read is said before anything is written */
	if (sp_root_open(p->root, path, &file, err) || guard(p, &file, path, err))
		return -1;
	entry.type = SP_ENTRY_FILE;
	entry.size = st->size;
	entry.root = p->root;
	entry.source = path;
	entry.source_st = *st;
	if (p->is_local)
		sp_stages_source(p->s, sp_root_show(p->root, path));
	entry.caps = sp_file_xattr(&file, CAPS_XATTR, &p->s->arena, &entry.caps_len);
	return sp_overlay_put(p->state->overlay, &entry, err);
}

/* A directory that waits for its first file: one that is left out, but for what an
 * exception lets in, or that is above what COPY --parents names. */
struct waiting {
	const struct waiting *above;
	const char *path, *dest;
	const struct sp_stat *st;
	bool *made;
};

bool sp_place_excluded(const struct sp_place *p, const char *name)
{
	return p->exclude && sp_ignore_match(p->exclude, name);
}

/* path without the directory that the tree begins with, and the slash. */
static const char *below_top(const struct sp_place *p, const char *path)
{
	size_t len = p->top ? strlen(p->top) : 0;

	return path + (len > 1 ? len : 0) + 1;
}

enum choice { TAKE, LEAVE, LOOK_INTO };

/* May something that is included be below the directory? */
static bool on_way(const struct sp_place *p, const char *name)
{
	size_t n = strlen(name), m = strlen(p->way), both = n < m ? n : m;

	return memcmp(name, p->way, both) == 0 && (n == m || !both ||
						   (n < m ? p->way : name)[both] == '/');
}

/* What .dockerignore, --exclude and --parents make of one file or directory. */
static enum choice choose(const struct sp_place *p, const char *path, bool dir)
{
	const char *name = below_top(p, path);

	if (sp_place_ignored(p, path))
		return dir && sp_ignore_has_exceptions(p->s->ignore) ? LOOK_INTO : LEAVE;
	if (sp_place_excluded(p, name))
		return dir && sp_ignore_has_exceptions(p->exclude) ? LOOK_INTO : LEAVE;
	if (!p->include)
		return TAKE;
	if (!sp_ignore_match(p->include, name))
		return dir && on_way(p, name) ? LOOK_INTO : LEAVE;
	*p->included = true;
	return TAKE;
}

static int make_dir(const struct sp_place *p, const struct sp_stat *st, const char *dest,
		    struct sp_err *err)
{
	struct sp_entry entry = { .path = dest, .type = SP_ENTRY_DIR };

	dress(p, st, &entry);
	return sp_overlay_put(p->state->overlay, &entry, err);
}

static int make_waiting(const struct sp_place *p, const struct waiting *w, struct sp_err *err)
{
	if (!w || *w->made)
		return 0;
	*w->made = true;
	return make_waiting(p, w->above, err) || make_dir(p, w->st, w->dest, err) ? -1 : 0;
}

static int place_tree(const struct sp_place *p, const char *path, const char *dest,
		      const struct waiting *waiting, int depth, struct sp_err *err);

static int place_dir(const struct sp_place *p, const char *path, const struct sp_stat *st,
		     const char *dest, const struct waiting *waiting, int depth,
		     struct sp_err *err)
{
	bool made = false;
	struct waiting here = { waiting, path, dest, st, &made };

	switch (choose(p, path, true)) {
	case LEAVE:
		return 0;
	case LOOK_INTO:
		return place_tree(p, path, dest, &here, depth + 1, err);
	case TAKE:
		break;
	}
	if (make_waiting(p, waiting, err) || make_dir(p, st, dest, err))
		return -1;
	return place_tree(p, path, dest, NULL, depth + 1, err);
}

static int place_any(const struct sp_place *p, const char *path, const char *dest,
		     const struct waiting *waiting, int depth, struct sp_err *err)
{
	const char *target;
	struct sp_stat st;

	if (sp_root_lstat(p->root, path, &st, &target, err))
		return -1;
	/* gone since the directory was listed: as if it had never been */
	if (st.type == SP_ABSENT)
		return 0;
	if (st.type == SP_DIR)
		return place_dir(p, path, &st, dest, waiting, depth, err);
	if (choose(p, path, false) != TAKE)
		return 0;
	if (make_waiting(p, waiting, err))
		return -1;
	return sp_place_file(p, path, &st, target, dest, err);
}

static int place_tree(const struct sp_place *p, const char *path, const char *dest,
		      const struct waiting *waiting, int depth, struct sp_err *err)
{
	const char *const *names;
	size_t names_nr;

	if (p->s->build->job->cancelled)
		return sp_err_set(err, SP_ECANCELLED, "interrupted");
	if (depth > DEPTH_MAX)
		return sp_err_set(err, SP_EUSAGE, "%s: more than %d directories deep",
				  sp_root_show(p->root, path), DEPTH_MAX);
	if (sp_root_list(p->root, path, &names, &names_nr, err))
		return -1;
	for (size_t i = 0; i < names_nr; i++)
		if (place_any(p, sp_path_join(&p->s->arena, path, names[i]),
			      sp_path_join(&p->s->arena, dest, names[i]), waiting, depth, err))
			return -1;
	return 0;
}

int sp_place_tree(const struct sp_place *p, const char *path, const char *dest,
		  struct sp_err *err)
{
	struct sp_place below = *p;

	below.top = path;
	return place_tree(&below, path, dest, NULL, 0, err);
}
