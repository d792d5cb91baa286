/*
 * The closure of what is added: a program of its own gets one of its own, a library joins
 * that of the main program.
 */
#include <string.h>

#include "base/vec.h"
#include "elf/kind.h"
#include "rootfs/adding.h"
#include "rootfs/needs.h"

/* What the libraries of a plugin may have, which nothing else needs: a compiler at run time
 * has more. */
#define PLUGIN_BYTES ((uint64_t)64 << 20)

/* What is only found may lack something: it is left out then, and that is said. */
bool sp_adding_is_found(const struct adding *a)
{
	return a->reason.kind == SP_BECAUSE_NEED || a->reason.kind == SP_BECAUSE_TRACED;
}

void sp_adding_note_left_out(struct adding *a, const char *path, const char *why)
{
	sp_plan_note(a->rootfs->plan, "left-out", "%s cannot be loaded here and is left out: %s",
		     path, why);
}

static void note_large(struct adding *a, const char *path)
{
	sp_plan_note(a->rootfs->plan, "too-large",
		     "%s needs libraries of more than %u MiB that nothing else needs, and is left out: what needs it will not work; --add it, or --trace a run",
		     path, (unsigned)(PLUGIN_BYTES >> 20));
}

static void closure_freep(struct sp_closure **closure)
{
	sp_closure_free(*closure);
}

/* Is this file, perhaps under another name, a program whose closure is known? */
static bool is_known_program(const struct adding *a, const struct sp_stat *st)
{
	for (size_t i = 0; st->dev && i <= a->rootfs->others_nr; i++) {
		const struct sp_closure *c = i ? a->rootfs->others[i - 1] : a->rootfs->closure;

		if (c->objects[0].found.st.dev == st->dev &&
		    c->objects[0].found.st.ino == st->ino &&
		    strcmp(c->objects[0].path, c->objects[0].image_path) == 0)
			return true;
	}
	return false;
}

/* A program of its own: it has a loader, so it gets a closure of its own.  *ret_out: it
 * cannot start. */
static int add_program(struct adding *a, const char *path, const char *image_path,
		       bool *ret_out, struct sp_err *err)
{
	SP_CLEANUP(closure_freep) struct sp_closure *closure = NULL;
	struct sp_start start = {
		.root = a->add->root, .path = path, .image_path = image_path,
		.libs = a->options->libs, .library_path = a->options->library_path,
		.preload = a->options->preload, .watch = sp_needs_watch(a->rootfs->needs),
	};

	int rc = sp_closure_build(&start, &closure, err);

	if (sp_adding_is_found(a)) {
		if (rc && err->code != SP_EPROGRAM)
			return -1;
		if (rc || sp_closure_check(closure, err)) {
			sp_adding_note_left_out(a, path, err->msg);
			*err = (struct sp_err){ 0 };
			*ret_out = true;
			return 0;
		}
	} else if (rc) {
		return -1;
	}
	*SP_VEC_PUSH(a->rootfs->others) = closure;
	if (a->reason.kind == SP_BECAUSE_TRACED)
		*SP_VEC_PUSH(a->rootfs->traced) = closure;
	return sp_gather_closure(a->rootfs, sp_steal_ptr(&closure), &a->reason, err);
}

static bool same_machine(const struct sp_elf *a, const struct sp_elf *b)
{
	return a->machine == b->machine && a->bits == b->bits &&
	       a->big_endian == b->big_endian;
}

/* What a run used is in at any price. */
static uint64_t bytes_max(const struct adding *a)
{
	return a->reason.kind == SP_BECAUSE_NEED ? PLUGIN_BYTES : 0;
}

static int add_library(struct adding *a, const char *path, const struct sp_stat *st,
		       const char *image_path, bool *ret_out, struct sp_err *err)
{
	struct sp_closure *main = a->rootfs->closure;
	const char *why;
	bool met;

	if (!sp_adding_is_found(a))
		return sp_closure_add(main, a->add->root, path, image_path, err);
	if (sp_closure_try_add(main, a->add->root, path, image_path, bytes_max(a), &met, &why,
			       err))
		return -1;
	*ret_out = !met;
	if (met)
		return 0;
	if (!why)
		note_large(a, path);
	else if (a->later)
		*SP_VEC_PUSH(a->later->waiting) = (struct waiting){ path, image_path, why, *st };
	else
		sp_adding_note_left_out(a, path, why);
	return 0;
}

/* What an added file is decides what it brings along. */
int sp_adding_closure(struct adding *a, const char *path, const struct sp_stat *st,
		       const char *image_path, const struct sp_elf *elf, bool *ret_out,
		       struct sp_err *err)
{
	struct sp_closure *main = a->rootfs->closure;

	/* a library that can be started as well, as the C library, was opened as one */
	bool library = sp_adding_is_found(a) && elf->soname;

	if (elf->interp && !library && sp_kind_of(elf) == SP_KIND_DYNAMIC)
		return sp_adding_is_found(a) && is_known_program(a, st) ?
			       0 : add_program(a, path, image_path, ret_out, err);
	/* one that needs nothing may still be what others need, by its soname */
	if (!elf->has_dynamic || (!elf->needed_nr && !(sp_adding_is_found(a) && elf->soname)))
		return 0;
	if (!same_machine(elf, main->objects[0].elf) || !main->objects[0].elf->interp) {
		sp_plan_note(a->rootfs->plan, "foreign-object",
			     "%s is a library that %s cannot load; it is added without what it needs",
			     image_path, a->rootfs->entry);
		return 0;
	}
	return add_library(a, path, st, image_path, ret_out, err);
}

int sp_adding_waiting(struct adding *a, struct later *later, struct sp_err *err)
{
	size_t before = SIZE_MAX;

	a->later = NULL;
	while (later->waiting_nr < before) {
		before = later->waiting_nr;
		later->waiting_nr = 0;
		for (size_t i = 0; i < before; i++) {
			struct waiting w = later->waiting[i];
			bool met;

			if (sp_closure_try_add(a->rootfs->closure, a->add->root, w.path,
					       w.image_path, bytes_max(a), &met, &w.why,
					       err) ||
			    (met && sp_gather_entry(a->rootfs->plan, a->add->root, NULL, w.path,
						    &w.st, w.image_path, &a->reason, err)))
				return -1;
			if (!met)
				later->waiting[later->waiting_nr++] = w;
		}
	}
	for (size_t i = 0; i < later->waiting_nr; i++) {
		if (later->waiting[i].why)
			sp_adding_note_left_out(a, later->waiting[i].path, later->waiting[i].why);
		else
			note_large(a, later->waiting[i].path);
	}
	return 0;
}
