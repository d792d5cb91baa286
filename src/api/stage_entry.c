/*
 * The target stage -> the target of the build: what its image starts, and the proof
 * that it can.  Its configuration: stage_result.c.
 *
 * The proof is the same as for a packed program: the closure of what the container
 * would start, built over the image alone.  With --closure what it lacks comes from
 * this machine (or the sysroot) first.
 */
#include <string.h>

#include "api/stage_base.h"
#include "base/path.h"
#include "base/root_union.h"
#include "base/vec.h"

#define CLOSURE_GROUP 0		/* hard links among what --closure brings */

/* --- what is started --- */

struct entry {
	const struct sp_strings *words;	/* entry point, else Cmd; no items: nothing */
	const struct sp_instruction *by;	/* NULL: the base or an option */
	bool shell;
	const char *path;		/* in the image */
};

static void choose_words(const struct sp_stages *s, struct entry *e)
{
	const struct sp_stage_state *last = s->last;
	const struct sp_options *o = s->build->o;

	if (o->entrypoint.items_nr) {
		e->words = &o->entrypoint;
	} else if (last->config.entrypoint.items_nr) {
		e->words = &last->config.entrypoint;
		e->by = last->entrypoint_by;
		e->shell = last->entrypoint_shell;
	} else if (o->args.items_nr) {
		e->words = &o->args;
	} else {
		e->words = &last->config.args;
		e->by = last->cmd_by;
		e->shell = last->cmd_shell;
	}
}

/* "Dockerfile:7: CMD: ", or where else it comes from. */
static const char *origin(struct sp_stages *s, const struct entry *e)
{
	if (e->by)
		return sp_arena_strf(&s->arena, "%s:%u: %s", s->file->name, e->by->line,
				     e->by->keyword);
	return s->build->o->entrypoint.items_nr ? "--entrypoint" :
	       s->last->base ? "the entry point of the base image" : "the command";
}

static int refuse_entry(struct sp_stages *s, const struct entry *e, struct sp_err *err)
{
	const char *word = e->words->items[0];

	if (e->shell)
		return sp_err_diagnose(err, "missing-shell",
				       "%s: is in shell form, which starts %s, and the image has none; write it as a JSON array, as [\"/app\", \"ARGUMENT\"]%s",
				       origin(s, e), word,
				       e->by && e->by->rest[0] == '[' ?
					       " (it begins with a bracket, but is no JSON: strings want double quotes)" : "");
	return sp_err_diagnose(err, "missing-entry-point",
			       "%s: %s is not in the image%s; COPY it there, or correct its path",
			       origin(s, e), word,
			       strchr(word, '/') ? "" : ", in no directory of its PATH");
}

/* As runc looks for it: a name without a slash in PATH, others from the working
 * directory on. */
static int find_entry(struct sp_stages *s, struct sp_root *root, struct entry *e,
		      struct sp_err *err)
{
	const struct sp_options *config = &s->last->config;
	const char *word = e->words->items[0], *path = sp_pairs_get(&config->env, "PATH");
	const char *workdir = config->workdir ? config->workdir : "/";
	struct sp_found found;

	if (strchr(word, '/')) {
		e->path = word[0] == '/' ? sp_path_clean(&s->arena, word) :
			sp_path_clean(&s->arena, sp_path_join(&s->arena, workdir, word));
		if (sp_root_resolve(root, e->path, &found, err))
			return -1;
		return found.real ? 0 : refuse_entry(s, e, err);
	}
	if (sp_root_which(root, path ? path : SP_DEFAULT_PATH, workdir, word, &s->arena, &e->path,
			  err))
		return -1;
	if (!e->path)
		return refuse_entry(s, e, err);
	e->path = sp_path_clean(&s->arena, e->path);
	return 0;
}

/* --- closure and proof --- */

static void rootfs_options(struct sp_stages *s, const struct entry *e, struct sp_root *root,
			   struct sp_rootfs_options *ret)
{
	const struct sp_options *o = s->build->o, *config = &s->last->config;

	*ret = (struct sp_rootfs_options){
		.root = root, .program = e->path, .image_path = e->path, .libs = root,
		.library_path = sp_pairs_get(&config->env, "LD_LIBRARY_PATH"),
		.preload = sp_pairs_get(&config->env, "LD_PRELOAD"),
		.path = sp_pairs_get(&config->env, "PATH"),
		.keep_probes = s->build->explain, .bind_now = o->bind_now, .cpu = o->cpu,
		.env = config->env.items, .env_nr = config->env.items_nr,
		.with = o->with.items, .with_nr = o->with.items_nr,
		.without = o->without.items, .without_nr = o->without.items_nr,
		.allow_secrets = o->allow_secrets, .minimal = o->minimal, .full = o->full,
		.no_needs = true,
	};
}

/* One entry of the closure into the overlay, unless the Dockerfile has put something
 * there. */
static int add_entry(struct sp_stages *s, const struct sp_plan *plan,
		     const struct sp_entry *e, struct sp_err *err)
{
	struct sp_overlay *overlay = s->last->overlay;
	struct sp_owner root = { 0, 0 };
	struct sp_entry copy = e->type == SP_ENTRY_HARDLINK ?
				       *sp_plan_find(plan, e->target) : *e;
	const char *dir;
	struct sp_stat st;

	if (sp_overlay_mkdirs(overlay, sp_path_dirname(&s->arena, e->path), &root, &e->reason,
			      &dir, err))
		return -1;
	const char *path = sp_path_join(&s->arena, dir, sp_path_basename(e->path));
	if (sp_overlay_resolve(overlay, path, false, &copy.path, &st, err))
		return -1;
	copy.group = CLOSURE_GROUP;
	if (st.type != SP_ABSENT)
		return 0;
	if (copy.root)
		sp_stages_source(s, copy.source);
	return sp_overlay_put(overlay, &copy, err);
}

/* --closure: the image's own files before those of this machine. */
static int add_closure(struct sp_stages *s, const struct entry *e, struct sp_err *err)
{
	struct sp_rootfs_options options;
	struct sp_root *both = sp_root_union_new(s->last->root, s->build->libs);

	*SP_VEC_PUSH(s->roots) = both;
	rootfs_options(s, e, both, &options);
	options.no_needs = false;
	if (sp_rootfs_build(&options, &s->closure, err))
		return -1;
	const struct sp_plan *plan = s->closure->plan;
	for (size_t i = 0; i < plan->entries_nr; i++)
		if (add_entry(s, plan, &plan->entries[i], err))
			return sp_err_wrap(err, "--closure");
	/* the stage is another one now */
	s->before = s->last->plan;
	s->last->plan = NULL;
	s->last->root = NULL;
	return sp_stage_close(s, s->last, err);
}

/* --- what could not work, though no loader would say so --- */

/* A user by name must be known in the image, or no engine starts it. */
static int check_user(struct sp_stages *s, struct sp_err *err)
{
	const char *user = s->last->config.user;
	struct sp_owner owner;

	if (!user) {
		sp_plan_note(s->notes, "runs-as-root",
			     "the program will run as root in its container; USER with numbers makes it an ordinary user");
		return 0;
	}
	if (sp_stage_owner(s->last, user, &owner, err) == 0)
		return 0;
	return s->last->user_by ? sp_stages_at(s, s->last->user_by, err) :
				  sp_err_wrap(err, "the user of the image");
}

static void note_health(struct sp_stages *s, struct sp_root *root)
{
	const struct sp_strings *test = &s->last->config.healthcheck.test;
	struct sp_err ignored = { 0 };
	struct sp_found found;
	bool shell = test->items_nr && strcmp(test->items[0], "CMD-SHELL") == 0;
	const char *path = shell ? "/bin/sh" : test->items_nr > 1 ? test->items[1] : NULL;

	if (!path || !test->items_nr || strcmp(test->items[0], "NONE") == 0 || path[0] != '/')
		return;
	if (sp_root_resolve(root, path, &found, &ignored) == 0 && !found.real)
		sp_plan_note(s->notes, "healthcheck-cannot-run",
			     "the health check starts %s, which the image has not: it will always fail",
			     path);
}

/* --- together --- */

static void copy_notes(struct sp_plan *to, const struct sp_plan *from)
{
	for (size_t i = 0; i < from->notes_nr; i++)
		sp_plan_note(to, from->notes[i].id, "%s", from->notes[i].text);
}

/* The plan of the stage takes the place of the one that the proof stands on, which
 * is kept for that. */
static void swap_plans(struct sp_stages *s, struct sp_target *target)
{
	s->proof = target->rootfs->plan;
	target->rootfs->plan = s->last->plan;
	s->last->plan = NULL;
}

/* What is missing may be on this machine. */
static int hint_closure(struct sp_stages *s, struct sp_err *err)
{
	sp_autofree char *id = sp_strdup(err->id);

	if (s->build->o->closure ||
	    (strcmp(id, "missing-library") != 0 && strcmp(id, "missing-loader") != 0))
		return -1;
	return sp_err_diagnose(err, id, "%s; --closure adds what is missing from this machine",
			       err->msg);
}

/* The program's header decides, unless a platform was asked for or the base has one. */
static int check_platform(struct sp_stages *s, struct sp_target *target, struct sp_err *err)
{
	const struct sp_base *base = s->last->base;
	struct sp_platform wanted = s->platform;

	if (base)
		wanted = (struct sp_platform){ base->image.stored->os, base->image.stored->arch,
					       base->image.stored->variant };
	else if (!s->build->o->platform)
		return 0;
	if (!sp_platform_fits(&wanted, &target->platform))
		return sp_err_diagnose(err, "wrong-platform",
				       "%s: is a program for %s, and the image is for %s; see --platform",
				       target->path,
				       sp_platform_str(&target->platform, &s->arena),
				       sp_platform_str(&wanted, &s->arena));
	if (wanted.variant)
		target->platform.variant = wanted.variant;
	return 0;
}

static int make_rootfs(struct sp_stages *s, struct sp_target *target, struct sp_err *err)
{
	struct sp_rootfs_options options;
	struct entry e = { 0 };

	choose_words(s, &e);
	if (!e.words->items_nr) {
		sp_plan_note(s->notes, "no-entry-point",
			     "the image has neither an entry point nor a command: it starts nothing by itself");
		target->rootfs = sp_calloc(1, sizeof(*target->rootfs));
		target->rootfs->plan = sp_plan_new();
		target->platform = s->platform;
		return 0;
	}
	if (find_entry(s, s->last->root, &e, err) ||
	    (s->build->o->closure && add_closure(s, &e, err)))
		return -1;
	rootfs_options(s, &e, s->last->root, &options);
	target->given = target->path = target->image_path = e.path;
	target->root = s->last->root;
	s->started_by = origin(s, &e);
	if (sp_rootfs_build(&options, &target->rootfs, err)) {
		sp_err_wrap(err, "%s", s->started_by);
		return hint_closure(s, err);
	}
	if (sp_platform_of(target->rootfs->closure->objects[0].elf, &target->platform, err))
		return -1;
	return check_platform(s, target, err);
}

int sp_stages_target(struct sp_stages *s, struct sp_err *err)
{
	struct sp_target *target = SP_VEC_PUSH(s->build->targets);

	target->given = target->path = target->image_path = s->path;
	sp_stages_override(s);
	if (sp_stage_close(s, s->last, err))
		return -1;
	if (!s->last->plan->entries_nr && !s->last->base)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: nothing is in its image; expected a COPY, since an image has a layer at least",
				  s->file->name);
	if (make_rootfs(s, target, err))
		return -1;
	swap_plans(s, target);
	if (check_user(s, err))
		return -1;
	note_health(s, s->last->root);
	copy_notes(target->rootfs->plan, s->notes);
	copy_notes(target->rootfs->plan, s->proof);
	if (s->closure)
		copy_notes(target->rootfs->plan, s->closure->plan);
	return 0;
}

int sp_stages_prove(struct sp_stages *s, struct sp_target *target, struct sp_err *err)
{
	struct sp_plan *plan = target->rootfs->plan;
	int rc = 0;

	if (target->rootfs->closure) {
		target->rootfs->plan = s->proof;
		rc = sp_rootfs_prove(target->rootfs, err);
		target->rootfs->plan = plan;
		if (rc) {
			sp_err_wrap(err, "%s", s->started_by);
			hint_closure(s, err);
		}
	}
	if (!rc)
		sp_stages_configure(s, target);
	return rc;
}
