/*
 * Evidence: imports, Go's functions, sonames and texts, as far as somebody asks.
 */
#include "rootfs/evidence.h"

#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "elf/gofuncs.h"
#include "elf/strings.h"

#define TEXTS_MAX 16		/* rows of the table that ask for texts */

/* What is known of one name: who gives it, NULL so far. */
struct sighting {
	const char *by;
	bool program;			/* a program says so itself, not a library */
	size_t last;			/* number of the last object that does */
};

struct sp_evidence {
	struct sp_arena arena;
	struct sp_elf_watch imports;		/* both to sightings */
	struct sp_map functions;
	struct sighting *sightings;
	size_t sightings_nr, sightings_alloc;
	struct soname {
		const char *name, *by;
	} *sonames;
	size_t sonames_nr, sonames_alloc;
	struct text {
		const struct sp_sign *sign;
		const char *by;
	} *texts;
	size_t texts_nr, texts_alloc;
	size_t *looked;				/* objects done, by closure */
	size_t looked_nr, looked_alloc;
	size_t number;				/* counts objects from 1 */
	const char *by;				/* the object that is looked at */
	bool program;				/* it is one */
	bool go;				/* Go's: its library holds texts that nobody uses */
};

struct sp_evidence *sp_evidence_new(void)
{
	return sp_calloc(1, sizeof(struct sp_evidence));
}

void sp_evidence_free(struct sp_evidence *e)
{
	if (!e)
		return;
	sp_map_release(&e->imports.names);
	sp_map_release(&e->functions);
	free(e->sightings);
	free(e->sonames);
	free(e->texts);
	free(e->looked);
	sp_arena_release(&e->arena);
	free(e);
}

static struct sp_map *map_of(struct sp_evidence *e, enum sp_sign_kind kind)
{
	return kind == SP_SIGN_IMPORT ? &e->imports.names :
	       kind == SP_SIGN_GO || kind == SP_SIGN_NOT_GO ? &e->functions : NULL;
}

void sp_evidence_interest(struct sp_evidence *e, const struct sp_sign *sign)
{
	struct sp_map *map = map_of(e, sign->kind);

	if (sign->kind == SP_SIGN_TEXT) {
		*SP_VEC_PUSH(e->texts) = (struct text){ sign, NULL };
		if (sign->with)
			sp_evidence_interest(e, &(struct sp_sign){
				.kind = SP_SIGN_IMPORT, .name = sign->with });
	}
	if (!map || sp_map_get(map, sign->name) != SP_MAP_NONE)
		return;
	if (sign->kind == SP_SIGN_IMPORT)
		sp_elf_watch_add(&e->imports, sign->name, e->sightings_nr);
	else
		sp_map_set(map, sign->name, e->sightings_nr);
	*SP_VEC_PUSH(e->sightings) = (struct sighting){ NULL, false, 0 };
}

const struct sp_elf_watch *sp_evidence_watch(const struct sp_evidence *e)
{
	return &e->imports;
}

static void see(struct sp_evidence *e, size_t at)
{
	if (at == SP_MAP_NONE)
		return;
	if (!e->sightings[at].by || (e->program && !e->sightings[at].program))
		e->sightings[at] = (struct sighting){ e->by, e->program, 0 };
	e->sightings[at].last = e->number;
}

static void see_import(void *ctx, const char *name)
{
	struct sp_evidence *e = ctx;

	see(e, sp_map_get(&e->imports.names, name));
}

static void see_function(void *ctx, const char *name)
{
	struct sp_evidence *e = ctx;

	see(e, sp_map_get(&e->functions, name));
}

/* The C library names every file in /etc and every function of its own: it says
 * nothing of the program.  glibc's parts define versions of its name; musl is
 * its own loader. */
static bool of_c_library(const struct sp_closure *closure, size_t index)
{
	const struct sp_elf *elf = closure->objects[index].elf;

	if (closure->loader.libc != SP_LIBC_NONE && index == 1)
		return true;
	for (size_t i = 0; i < elf->verdef_nr; i++)
		if (strncmp(elf->verdef[i].name, "GLIBC_", 6) == 0)
			return true;
	return false;
}

/*
 * Libraries whose own imports say nothing of the program: the run time of a language
 * offers everything, and libssl's use of libcrypto is no wish to trust anybody.
 */
static bool says_nothing(const struct sp_elf *elf)
{
	static const char *const sonames[] = { "libstdc++.so", "libgcc_s.so", "libc++.so",
					       "libc++abi.so", "libssl.so" };

	for (size_t i = 0; elf->soname && i < sizeof(sonames) / sizeof(*sonames); i++)
		if (strncmp(elf->soname, sonames[i], strlen(sonames[i])) == 0)
			return true;
	return false;
}

/* Does the object that is looked at do what gives a text its meaning? */
static bool is_asked_for(const struct sp_evidence *e, const struct text *t)
{
	if (t->by)
		return false;
	if (!t->sign->with)
		return e->program && !e->go;
	return e->sightings[sp_map_get(&e->imports.names, t->sign->with)].last == e->number;
}

static bool wants_texts(const struct sp_evidence *e)
{
	for (size_t i = 0; i < e->texts_nr; i++)
		if (is_asked_for(e, &e->texts[i]))
			return true;
	return false;
}

/* Texts are looked for only where they mean something: reading all constants costs. */
static int see_texts(struct sp_evidence *e, const struct sp_elf *elf, struct sp_file *file,
		     struct sp_err *err)
{
	const char *needles[TEXTS_MAX];
	struct text *asked[TEXTS_MAX];
	bool found[TEXTS_MAX];
	size_t nr = 0;

	for (size_t i = 0; i < e->texts_nr && nr < TEXTS_MAX; i++) {
		if (!is_asked_for(e, &e->texts[i]))
			continue;
		asked[nr] = &e->texts[i];
		needles[nr++] = e->texts[i].sign->name;
	}
	if (!nr)
		return 0;
	if (sp_elf_contains(elf, file, needles, nr, found, err))
		return -1;
	for (size_t i = 0; i < nr; i++)
		if (found[i])
			asked[i]->by = e->by;
	return 0;
}

static int look_at(struct sp_evidence *e, const struct sp_closure *closure, size_t index,
		   struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	const struct sp_object *o = &closure->objects[index];

	e->by = sp_arena_strdup(&e->arena, o->image_path);
	e->program = index == 0;
	e->go = o->elf->go.version != NULL;
	e->number++;
	if (o->elf->soname)
		*SP_VEC_PUSH(e->sonames) = (struct soname){
			sp_arena_strdup(&e->arena, o->elf->soname), e->by };
	if (of_c_library(closure, index) || says_nothing(o->elf))
		return 0;
	for (size_t i = 0; i < o->elf->imported_nr; i++)
		see(e, o->elf->imported[i]);
	if (o->elf->watched && !o->elf->go.version && !wants_texts(e))
		return 0;
	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    (!o->elf->watched && sp_elf_imports(o->elf, &file, see_import, e, err)) ||
	    (o->elf->go.version &&
	     sp_elf_go_functions(o->elf, &file, see_function, e, err)) ||
	    see_texts(e, o->elf, &file, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}

int sp_evidence_look(struct sp_evidence *e, const struct sp_rootfs *rootfs,
		     struct sp_err *err)
{
	for (size_t c = 0; c <= rootfs->others_nr; c++) {
		const struct sp_closure *closure =
			c ? rootfs->others[c - 1] : rootfs->closure;

		if (c == e->looked_nr)
			*SP_VEC_PUSH(e->looked) = 0;
		for (; e->looked[c] < closure->objects_nr; e->looked[c]++)
			if (look_at(e, closure, e->looked[c], err))
				return -1;
	}
	return 0;
}

const char *sp_evidence_of(const struct sp_evidence *e, const struct sp_sign *sign)
{
	if (sign->kind == SP_SIGN_LIBRARY) {
		for (size_t i = 0; i < e->sonames_nr; i++)
			if (strncmp(e->sonames[i].name, sign->name, strlen(sign->name)) == 0)
				return e->sonames[i].by;
		return NULL;
	}
	for (size_t i = 0; sign->kind == SP_SIGN_TEXT && i < e->texts_nr; i++)
		if (e->texts[i].sign == sign)
			return e->texts[i].by;
	const struct sp_map *map = map_of((struct sp_evidence *)e, sign->kind);
	size_t at = map ? sp_map_get(map, sign->name) : SP_MAP_NONE;

	return at == SP_MAP_NONE ? NULL : e->sightings[at].by;
}

struct asking {
	size_t left;
	const char **found;
	struct sp_arena *arena;
};

static bool see_string(void *ctx, size_t mark, const char *text, size_t len)
{
	struct asking *a = ctx;

	if (a->found[mark])
		return true;
	a->found[mark] = sp_arena_strndup(a->arena, text, len);
	return --a->left > 0;
}

int sp_evidence_strings(const struct sp_object *o, const char *const *marks, size_t nr,
			struct sp_arena *arena, const char **ret, struct sp_err *err)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct asking a = { nr, ret, arena };

	memset(ret, 0, nr * sizeof(*ret));
	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    sp_elf_strings_with(o->elf, &file, marks, nr, see_string, &a, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}
