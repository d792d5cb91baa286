/*
 * Needs: deciding, and the rounds of adding.  The rows are in needs_table.c, what
 * they add in need_*.c.
 */
#include "rootfs/needs.h"

#include <string.h>

#include "base/vec.h"
#include "rootfs/evidence.h"
#include "rootfs/needs_state.h"

/* A plugin may bring a need that brings plugins; more turns than this is a
 * circle that the "done" marks should have prevented. */
#define ROUNDS_MAX 8

const char *sp_strength_name(enum sp_strength strength)
{
	return strength == SP_PROVED ? "proved" : strength == SP_LIKELY ? "likely" :
	       strength == SP_HINT ? "hint" : "none";
}

void sp_needs_free(struct sp_needs *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < sp_need_table_nr; i++)
		free(n->states[i].files);
	free(n->states);
	free(n->taken);
	free(n->lists);
	free(n->kin);
	sp_map_release(&n->listed);
	free(n->reach);
	sp_evidence_free(n->evidence);
	sp_arena_release(&n->arena);
	free(n);
}

const struct sp_need_state *sp_needs_states(const struct sp_needs *n)
{
	return n->states;
}

static bool listed(const char *const *list, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static const struct sp_need *find(const char *name)
{
	for (size_t i = 0; i < sp_need_table_nr; i++)
		if (strcmp(sp_need_table[i].name, name) == 0)
			return &sp_need_table[i];
	return NULL;
}

/* --without all: what --with does not name. */
static bool without(const struct sp_rootfs_options *o, const char *need)
{
	return listed(o->without, o->without_nr, need) ||
	       (listed(o->without, o->without_nr, "all") && !listed(o->with, o->with_nr, need));
}

bool sp_needs_looks(const struct sp_needs *n)
{
	const struct sp_rootfs_options *o = n->options;

	return !o->no_needs && (o->with_nr || !listed(o->without, o->without_nr, "all"));
}

static int check_names(const char *option, const char *const *list, size_t nr, bool all,
		       struct sp_err *err)
{
	sp_autobuf struct sp_buf known = { 0 };

	for (size_t i = 0; i < nr; i++) {
		if (find(list[i]) || (all && strcmp(list[i], "all") == 0))
			continue;
		for (size_t k = 0; k < sp_need_table_nr; k++)
			sp_buf_addf(&known, "%s%s", k ? ", " : "", sp_need_table[k].name);
		return sp_err_set(err, SP_EUSAGE, "%s %s: there is no such need; expected one of %s%s",
				  option, list[i], known.data, all ? ", or all" : "");
	}
	return 0;
}

int sp_needs_check_options(const struct sp_rootfs_options *o, struct sp_err *err)
{
	if (check_names("--with", o->with, o->with_nr, false, err) ||
	    check_names("--without", o->without, o->without_nr, true, err))
		return -1;
	for (size_t i = 0; i < o->with_nr; i++)
		if (listed(o->without, o->without_nr, o->with[i]))
			return sp_err_set(err, SP_EUSAGE,
					  "--with %s and --without %s contradict each other",
					  o->with[i], o->with[i]);
	return 0;
}

static const char *sign_text(struct sp_needs *n, const struct sp_sign *sign)
{
	static const char *const forms[] = {
		[SP_SIGN_IMPORT] = "imports %s", [SP_SIGN_GO] = "contains %s",
		[SP_SIGN_NOT_GO] = "contains %s", [SP_SIGN_TEXT] = "holds %s",
		[SP_SIGN_PROGRAM_IMPORT] = "imports %s", [SP_SIGN_LIBRARY] = "loads %s",
		[SP_SIGN_CRATE] = "contains the crate %s",
		[SP_SIGN_ENV] = "the image's environment has %s",
	};
	sp_autobuf struct sp_buf text = { 0 };
	const char *form = forms[sign->kind], *hole = strstr(form, "%s");

	sp_buf_addf(&text, "%.*s%s%s", (int)(hole - form), form, sign->name, hole + 2);
	return sp_arena_strdup(&n->arena, text.data);
}

/* What a run used of its programs is in; what it cannot have used is not. */
static bool is_doubtful(const struct sp_need *need, enum sp_doubt doubt)
{
	return doubt == SP_DOUBT_FAR ||
	       (doubt == SP_DOUBT_TRACED && !(need->flags & SP_NEED_UNTRACED)) ||
	       (doubt == SP_DOUBT_CROWD && need->flags & SP_NEED_HEAVY);
}

/* The strongest sign that speaks for a need, or against it. */
static void weigh(struct sp_needs *n, struct sp_need_state *s)
{
	for (const struct sp_sign *sign = s->need->signs; sign->name; sign++) {
		enum sp_doubt doubt = SP_DOUBT_NONE;
		const char *by = sign->kind == SP_SIGN_ENV ?
					 sp_need_env(n, sign->name) :
					 sp_evidence_of(n->evidence, sign, &doubt);
		enum sp_strength strength = sign->strength;

		if (!by)
			continue;
		if (strength == SP_LIKELY && is_doubtful(s->need, doubt))
			strength = SP_HINT;
		if (sign->kind == SP_SIGN_NOT_GO) {
			s->refused = true;
		} else if (strength > s->clue.strength) {
			s->clue = (struct sp_clue){
				strength, sign->kind == SP_SIGN_ENV ? NULL : by,
				sign_text(n, sign) };
		}
	}
}

static enum sp_strength least_wanted(const struct sp_rootfs_options *o)
{
	return o->minimal ? SP_PROVED : o->full ? SP_HINT : SP_LIKELY;
}

/* What the options make of it. */
static void decide(struct sp_needs *n, struct sp_need_state *s)
{
	const struct sp_rootfs_options *o = n->options;

	s->wanted = s->clue.strength >= least_wanted(o) && !s->refused;
	if (listed(o->with, o->with_nr, s->need->name)) {
		s->wanted = true;
		if (s->clue.strength < SP_PROVED)
			s->clue = (struct sp_clue){ SP_PROVED, NULL, "--with" };
	}
	if (without(o, s->need->name)) {
		s->wanted = false;
		s->refused = true;
	}
}

/* From now on s is what things are added for, by this clue. */
static void begin(struct sp_needs *n, struct sp_need_state *s, const struct sp_clue *clue)
{
	s->done = true;
	n->adding = s;
	n->detail = sp_arena_strf(&n->arena, "%s: %s%s%s", s->need->name,
				  clue->by ? clue->by : "", clue->by ? " " : "", clue->text);
}

bool sp_need_wants(const struct sp_needs *n, const char *need, enum sp_strength strength)
{
	const struct sp_rootfs_options *o = n->options;

	if (without(o, need))
		return false;
	return strength >= least_wanted(o) || listed(o->with, o->with_nr, need);
}

bool sp_need_item(struct sp_needs *n, const char *need, enum sp_strength strength,
		  const char *by, const char *text)
{
	struct sp_clue clue = { strength, by, text };
	struct sp_need_state *s = &n->states[find(need) - sp_need_table];

	if (strength > s->clue.strength) {
		s->clue = (struct sp_clue){ strength,
					    by ? sp_arena_strdup(&n->arena, by) : NULL,
					    sp_arena_strdup(&n->arena, text) };
	}
	if (!sp_need_wants(n, need, strength))
		return false;
	begin(n, s, &clue);
	return true;
}

static int add(struct sp_needs *n, struct sp_need_state *s, struct sp_err *err)
{
	begin(n, s, &s->clue);
	if (s->need->add && s->need->add(n, err))
		return sp_err_wrap(err, "what is needed for %s", s->need->name);
	return 0;
}

static size_t objects_of(const struct sp_rootfs *rootfs)
{
	size_t nr = rootfs->closure->objects_nr;

	for (size_t i = 0; i < rootfs->others_nr; i++)
		nr += rootfs->others[i]->objects_nr;
	return nr;
}

void sp_needs_reached(struct sp_needs *n, const struct sp_reach *from)
{
	const struct sp_closure *closure = n->rootfs->closure;

	for (size_t first = n->reach_nr; n->reach_nr < closure->objects_nr;) {
		const struct sp_object *o = &closure->objects[n->reach_nr];
		struct sp_reach reach = { 0 };

		if (from && (o->needed_by == SP_NO_OBJECT || o->opened)) {
			reach = *from;
			reach.opened++;
			reach.steps++;
		} else if (o->needed_by != SP_NO_OBJECT) {
			reach = n->reach[o->needed_by];
			reach.steps++;
			/* one that was there already needs it, for what came now */
			if (from && o->needed_by < first)
				reach.opened++;
		}
		*SP_VEC_PUSH(n->reach) = reach;
	}
}

static int round_of(struct sp_needs *n, bool *ret_added, struct sp_err *err)
{
	size_t before = objects_of(n->rootfs);

	*ret_added = false;
	if (sp_evidence_look(n->evidence, n->rootfs, n->reach, n->others_nr, err))
		return -1;
	for (size_t i = 0; i < sp_need_table_nr; i++) {
		struct sp_need_state *s = &n->states[i];

		weigh(n, s);
		decide(n, s);
		if (!s->wanted || s->done)
			continue;
		if (add(n, s, err))
			return -1;
		*ret_added = true;
	}
	sp_needs_reached(n, &(struct sp_reach){ 0 });
	if (sp_needs_named(n, err))
		return -1;
	*ret_added |= objects_of(n->rootfs) > before;
	return 0;
}

struct sp_needs *sp_needs_new(const struct sp_rootfs_options *options)
{
	struct sp_needs *n = sp_calloc(1, sizeof(*n));

	n->options = options;
	n->evidence = sp_evidence_new();
	n->states = sp_calloc(sp_need_table_nr, sizeof(*n->states));
	for (size_t i = 0; i < sp_need_table_nr; i++) {
		n->states[i].need = &sp_need_table[i];
		for (const struct sp_sign *s = sp_need_table[i].signs; s->name; s++)
			/* these take long to look for, and only what is proved counts */
			if ((s->kind != SP_SIGN_TEXT && s->kind != SP_SIGN_CRATE) ||
			    !options->minimal || s->strength == SP_PROVED)
				sp_evidence_interest(n->evidence, s);
	}
	return n;
}

const struct sp_elf_watch *sp_needs_watch(const struct sp_needs *n)
{
	return sp_needs_looks(n) ? sp_evidence_watch(n->evidence) : NULL;
}

int sp_needs_apply(struct sp_rootfs *rootfs, struct sp_err *err)
{
	struct sp_needs *n = rootfs->needs;
	bool added = true;

	n->rootfs = rootfs;
	n->others_nr = rootfs->others_nr;
	sp_needs_reached(n, NULL);
	for (int round = 0; added && sp_needs_looks(n) && round < ROUNDS_MAX; round++)
		if (round_of(n, &added, err))
			return -1;
	return 0;
}
