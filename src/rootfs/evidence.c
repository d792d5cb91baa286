/*
 * Evidence: imports, Go's functions, sonames and texts, as far as somebody asks.
 */
#include "rootfs/evidence.h"

#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "elf/gofuncs.h"
#include "elf/rustdeps.h"
#include "elf/strings.h"

#define TEXTS_MAX 16		/* rows of the table that ask for texts */
/* Steps from the program to what still speaks for it, if one of them is an opening. */
#define STEPS_MAX 3

/* What is known of one name: who gives it, NULL so far. */
struct sighting {
	const char *by;
	bool program;			/* a program says so itself, not a library */
	size_t last;			/* number of the last object that does */
	enum sp_doubt doubt;		/* of the best of all who say so */
	unsigned use;			/* SP_USE_*: what this import is used for */
};

struct sp_evidence {
	struct sp_arena arena;
	struct sp_elf_watch imports;		/* both to sightings */
	struct sp_map functions, crates;
	struct sighting *sightings;
	size_t sightings_nr, sightings_alloc;
	struct soname {
		const char *name, *by;
		enum sp_doubt doubt;
	} *sonames;
	size_t sonames_nr, sonames_alloc;
	struct text {
		const struct sp_sign *sign;
		const char *by;
		enum sp_doubt doubt;
	} *texts;
	size_t texts_nr, texts_alloc;
	size_t *looked;				/* objects done, by closure */
	size_t looked_nr, looked_alloc;
	size_t number;				/* counts objects from 1 */
	bool go;				/* Go's: its library holds texts that nobody uses */
	struct sp_looked *objects;
	size_t objects_nr, objects_alloc;
	unsigned uses_now;			/* of the object that is looked at */
	const char *by;				/* its path in the image */
	bool program;				/* it is one */
	enum sp_doubt doubt;			/* ...and what is to be said against it */
};

/* How files are opened: the C library's ways, and those of libraries under which
 * others do it. */
static const struct {
	const char *name;
	unsigned use;
} use_table[] = {
	{ "dlopen", SP_USE_LOAD }, { "dlmopen", SP_USE_LOAD },
	{ "g_module_open", SP_USE_LOAD }, { "g_module_open_full", SP_USE_LOAD },
	{ "lt_dlopen", SP_USE_LOAD }, { "lt_dlopenext", SP_USE_LOAD },
	{ "lt_dlopenadvise", SP_USE_LOAD }, { "PR_LoadLibraryWithFlags", SP_USE_LOAD },
	{ "PR_LoadLibrary", SP_USE_LOAD }, { "apr_dso_load", SP_USE_LOAD },
	{ "uv_dlopen", SP_USE_LOAD }, { "SDL_LoadObject", SP_USE_LOAD },
	{ "DSO_load", SP_USE_LOAD }, { "_ZN8QLibraryC1ERK7QStringP7QObject", SP_USE_LOAD },
	{ "open", SP_USE_READ }, { "open64", SP_USE_READ },
	{ "openat", SP_USE_READ }, { "openat64", SP_USE_READ },
	{ "__open_2", SP_USE_READ }, { "__open64_2", SP_USE_READ },
	{ "__openat_2", SP_USE_READ }, { "__openat64_2", SP_USE_READ },
	{ "fopen", SP_USE_READ }, { "fopen64", SP_USE_READ },
	{ "freopen", SP_USE_READ }, { "freopen64", SP_USE_READ },
	{ "opendir", SP_USE_READ }, { "scandir", SP_USE_READ }, { "scandir64", SP_USE_READ },
	{ "glob", SP_USE_READ }, { "glob64", SP_USE_READ },
	{ "g_file_get_contents", SP_USE_READ }, { "g_dir_open", SP_USE_READ },
	{ "g_mapped_file_new", SP_USE_READ }, { "g_file_new_for_path", SP_USE_READ },
	{ "gzopen", SP_USE_READ }, { "gzopen64", SP_USE_READ },
	{ "apr_file_open", SP_USE_READ }, { "BIO_new_file", SP_USE_READ },
	{ "PerlIO_open", SP_USE_READ }, { "_ZN5QFileC1ERK7QString", SP_USE_READ },
	{ "_ZNSt13basic_filebufIcSt11char_traitsIcEE4openEPKcSt13_Ios_Openmode", SP_USE_READ },
	{ "_ZNSt14basic_ifstreamIcSt11char_traitsIcEEC1EPKcSt13_Ios_Openmode", SP_USE_READ },
	{ "_ZNSt14basic_ifstreamIcSt11char_traitsIcEE4openEPKcSt13_Ios_Openmode", SP_USE_READ },
	{ "execv", SP_USE_START }, { "execve", SP_USE_START }, { "execl", SP_USE_START },
	{ "execle", SP_USE_START }, { "posix_spawn", SP_USE_START },
	{ "execvp", SP_USE_START | SP_USE_SEARCH }, { "execlp", SP_USE_START | SP_USE_SEARCH },
	{ "execvpe", SP_USE_START | SP_USE_SEARCH },
	{ "posix_spawnp", SP_USE_START | SP_USE_SEARCH },
	{ "system", SP_USE_START | SP_USE_SEARCH }, { "popen", SP_USE_START | SP_USE_SEARCH },
	{ "g_spawn_async", SP_USE_START | SP_USE_SEARCH },
	{ "getpwnam", SP_USE_LOOK_UP }, { "getpwnam_r", SP_USE_LOOK_UP },
	{ "setuid", SP_USE_BECOME }, { "setreuid", SP_USE_BECOME },
	{ "setresuid", SP_USE_BECOME }, { "initgroups", SP_USE_BECOME },
};

struct sp_evidence *sp_evidence_new(void)
{
	struct sp_evidence *e = sp_calloc(1, sizeof(*e));

	for (size_t i = 0; i < sizeof(use_table) / sizeof(*use_table); i++) {
		sp_evidence_interest(e, &(struct sp_sign){
			.kind = SP_SIGN_IMPORT, .name = use_table[i].name });
		e->sightings[i].use = use_table[i].use;
	}
	return e;
}

void sp_evidence_free(struct sp_evidence *e)
{
	if (!e)
		return;
	sp_map_release(&e->imports.names);
	sp_map_release(&e->functions);
	sp_map_release(&e->crates);
	free(e->objects);
	free(e->sightings);
	free(e->sonames);
	free(e->texts);
	free(e->looked);
	sp_arena_release(&e->arena);
	free(e);
}

static struct sp_map *map_of(struct sp_evidence *e, enum sp_sign_kind kind)
{
	return kind == SP_SIGN_IMPORT || kind == SP_SIGN_PROGRAM_IMPORT ? &e->imports.names :
	       kind == SP_SIGN_GO || kind == SP_SIGN_NOT_GO ? &e->functions :
	       kind == SP_SIGN_CRATE ? &e->crates : NULL;
}

void sp_evidence_interest(struct sp_evidence *e, const struct sp_sign *sign)
{
	struct sp_map *map = map_of(e, sign->kind);

	if (sign->kind == SP_SIGN_TEXT) {
		*SP_VEC_PUSH(e->texts) = (struct text){ .sign = sign };
		if (sign->with)
			sp_evidence_interest(e, &(struct sp_sign){
				.kind = SP_SIGN_IMPORT, .name = sign->with });
	}
	if (!map || sp_map_get(map, sign->name) != SP_MAP_NONE)
		return;
	if (map == &e->imports.names)
		sp_elf_watch_add(&e->imports, sign->name, e->sightings_nr);
	else
		sp_map_set(map, sign->name, e->sightings_nr);
	*SP_VEC_PUSH(e->sightings) = (struct sighting){ .by = NULL };
}

const struct sp_elf_watch *sp_evidence_watch(const struct sp_evidence *e)
{
	return &e->imports;
}

static void see(struct sp_evidence *e, size_t at)
{
	if (at == SP_MAP_NONE)
		return;
	struct sighting *s = &e->sightings[at];
	e->uses_now |= s->use;
	if (!s->by || e->doubt < s->doubt ||
	    (e->doubt == s->doubt && e->program && !s->program)) {
		s->by = e->by;
		s->program = e->program;
		s->doubt = e->doubt;
	}
	s->last = e->number;
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

static void see_crate(void *ctx, const char *crate, const char *version)
{
	struct sp_evidence *e = ctx;

	(void)version;
	see(e, sp_map_get(&e->crates, crate));
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
					       "libc++abi.so", "libssl.so",
					       "libltdl.so" };

	for (size_t i = 0; elf->soname && i < sizeof(sonames) / sizeof(*sonames); i++)
		if (strncmp(elf->soname, sonames[i], strlen(sonames[i])) == 0)
			return true;
	return false;
}

/* Does the object that is looked at do what gives a text its meaning? */
static bool is_asked_for(const struct sp_evidence *e, const struct text *t)
{
	if (t->by && t->doubt <= e->doubt)
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
		if (found[i]) {
			asked[i]->by = e->by;
			asked[i]->doubt = e->doubt;
		}
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
	e->uses_now = 0;
	if (o->elf->soname)
		*SP_VEC_PUSH(e->sonames) = (struct soname){
			sp_arena_strdup(&e->arena, o->elf->soname), e->by, e->doubt };
	if (of_c_library(closure, index) || says_nothing(o->elf))
		return 0;
	for (size_t i = 0; i < o->elf->imported_nr; i++)
		see(e, o->elf->imported[i]);
	bool rust = o->elf->rust && e->crates.nr;
	if (o->elf->watched && !o->elf->go.version && !rust && !wants_texts(e))
		return 0;
	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    (!o->elf->watched && sp_elf_imports(o->elf, &file, see_import, e, err)) ||
	    (o->elf->go.version &&
	     sp_elf_go_functions(o->elf, &file, see_function, e, err)) ||
	    (rust && sp_elf_rust_crates(o->elf, &file, see_crate, e, err)) ||
	    see_texts(e, o->elf, &file, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	return 0;
}

bool sp_reach_is_far(const struct sp_reach *reach)
{
	return reach->opened > 1 || (reach->opened && reach->steps > STEPS_MAX);
}

static enum sp_doubt doubt_of(const struct sp_reach *reach)
{
	return sp_reach_is_far(reach) ? SP_DOUBT_FAR :
	       reach->traced ? SP_DOUBT_TRACED : reach->crowd ? SP_DOUBT_CROWD : SP_DOUBT_NONE;
}

/* Is a program there only because a run used it? */
static bool is_traced(const struct sp_rootfs *rootfs, const struct sp_closure *closure)
{
	for (size_t i = 0; i < rootfs->traced_nr; i++)
		if (rootfs->traced[i] == closure)
			return true;
	return false;
}

/* Of an object in the closure of another program than the main one. */
static struct sp_reach reach_of(const struct sp_rootfs *rootfs,
				const struct sp_closure *closure, size_t index, bool own)
{
	struct sp_reach reach = { .steps = own ? 0 : 1, .opened = own ? 0 : 1,
				  .traced = is_traced(rootfs, closure) };

	for (size_t i = index; closure->objects[i].needed_by != SP_NO_OBJECT;
	     i = closure->objects[i].needed_by) {
		reach.steps++;
		reach.opened += closure->objects[i].opened;
	}
	return reach;
}

int sp_evidence_look(struct sp_evidence *e, const struct sp_rootfs *rootfs,
		     const struct sp_reach *reach, size_t own_nr, struct sp_err *err)
{
	for (size_t c = 0; c <= rootfs->others_nr; c++) {
		struct sp_closure *closure = c ? rootfs->others[c - 1] : rootfs->closure;

		if (c == e->looked_nr)
			*SP_VEC_PUSH(e->looked) = 0;
		for (; e->looked[c] < closure->objects_nr; e->looked[c]++) {
			struct sp_reach r = c ? reach_of(rootfs, closure, e->looked[c],
							 c <= own_nr) : reach[e->looked[c]];

			e->doubt = doubt_of(&r);
			if (look_at(e, closure, e->looked[c], err))
				return -1;
			*SP_VEC_PUSH(e->objects) = (struct sp_looked){
				closure, e->looked[c], c, e->uses_now, r };
		}
	}
	return 0;
}

static const char *library_of(const struct sp_evidence *e, const char *name,
			      enum sp_doubt *ret_doubt)
{
	const struct soname *best = NULL;

	for (size_t i = 0; i < e->sonames_nr; i++) {
		const struct soname *s = &e->sonames[i];

		if (strncmp(s->name, name, strlen(name)) == 0 && (!best || s->doubt < best->doubt))
			best = s;
	}
	if (best)
		*ret_doubt = best->doubt;
	return best ? best->by : NULL;
}

const char *sp_evidence_of(const struct sp_evidence *e, const struct sp_sign *sign,
			   enum sp_doubt *ret_doubt)
{
	enum sp_doubt ignored;

	if (!ret_doubt)
		ret_doubt = &ignored;
	*ret_doubt = SP_DOUBT_NONE;
	if (sign->kind == SP_SIGN_LIBRARY)
		return library_of(e, sign->name, ret_doubt);
	for (size_t i = 0; sign->kind == SP_SIGN_TEXT && i < e->texts_nr; i++)
		if (e->texts[i].sign == sign) {
			*ret_doubt = e->texts[i].doubt;
			return e->texts[i].by;
		}
	const struct sp_map *map = map_of((struct sp_evidence *)e, sign->kind);
	size_t at = map ? sp_map_get(map, sign->name) : SP_MAP_NONE;

	if (at == SP_MAP_NONE ||
	    (sign->kind == SP_SIGN_PROGRAM_IMPORT && !e->sightings[at].program))
		return NULL;
	*ret_doubt = e->sightings[at].doubt;
	return e->sightings[at].by;
}

size_t sp_evidence_looked(const struct sp_evidence *e, const struct sp_looked **ret)
{
	*ret = e->objects;
	return e->objects_nr;
}
