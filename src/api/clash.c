/*
 * No file of a run may be written over by another of the same run: not an output by
 * the digest file, and not the program by its image.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/build.h"
#include "base/path.h"
#include "base/vec.h"
#include "transport/address.h"

/* A file that is read or written, and what the user called it. */
struct place {
	const char *what, *given;
	char *real;		/* its one name, however it is spelled */
	bool input;
};

struct places {
	struct place *list;
	size_t list_nr, list_alloc;
};

static void places_release(struct places *p)
{
	for (size_t i = 0; i < p->list_nr; i++)
		free(p->list[i].real);
	free(p->list);
}

/* The one name of a file, which need not be there yet; NULL for what nothing can be
 * lost in: devices, FIFOs, and folders, which hold many images. */
static char *real_name(const char *path)
{
	struct sp_arena arena = { 0 };
	struct stat st;
	char *real = NULL;

	if (stat(path, &st) == 0)
		return S_ISREG(st.st_mode) ? realpath(path, NULL) : NULL;
	sp_autofree char *dir = realpath(strchr(path, '/') ? sp_path_dirname(&arena, path) : ".",
					 NULL);
	if (dir)
		real = sp_strf("%s/%s", dir, sp_path_basename(path));
	sp_arena_release(&arena);
	return real;
}

static void add(struct places *p, const char *what, const char *given, const char *path,
		bool input)
{
	char *real = path ? real_name(path) : NULL;

	if (real)
		*SP_VEC_PUSH(p->list) = (struct place){ what, given, real, input };
}

/* The file that an output writes, without its prefix and reference. */
static const char *archive_of(struct sp_build *build, const char *output)
{
	size_t len = strlen(output);
	const char *rest;

	switch (sp_address_of(output, &rest)) {
	case SP_AT_OCI_ARCHIVE:
	case SP_AT_DOCKER_ARCHIVE:
		return sp_address_path(output, &build->arena);
	case SP_AT_PATH:
		return len > 4 && strcmp(output + len - 4, ".tar") == 0 ? output : NULL;
	default:
		return NULL;
	}
}

int sp_clash_check(struct sp_build *build, struct sp_err *err)
{
	SP_CLEANUP(places_release) struct places p = { 0 };
	const struct sp_options *o = build->o;

	build->own.items_nr = 0;
	for (size_t i = 0; i < build->targets_nr; i++)
		if (build->targets[i].root == build->host)
			add(&p, "the program", build->targets[i].given, build->targets[i].path, true);
	for (size_t i = 0; i < build->adds_nr; i++)
		if (build->adds[i].root == build->host)
			add(&p, "--add", build->adds[i].source, build->adds[i].source, true);
	add(&p, "--file", o->file, o->file, true);
	for (size_t i = 0; i < o->outputs.items_nr; i++)
		add(&p, "--output", o->outputs.items[i], archive_of(build, o->outputs.items[i]), false);
	add(&p, "--digest-file", o->digest_file, o->digest_file, false);
	add(&p, "--metadata-file", o->metadata_file, o->metadata_file, false);
	add(&p, "--depfile", o->depfile, o->depfile, false);
	for (size_t i = 0; i < p.list_nr; i++)
		if (!p.list[i].input)
			sp_strings_add(&build->own, &build->arena, p.list[i].real);
	for (size_t i = 0; i < p.list_nr; i++)
		for (size_t k = 0; k < i; k++)
			if (p.list[i].input || strcmp(p.list[i].real, p.list[k].real) != 0)
				continue;
			else if (strcmp(p.list[i].given, p.list[k].given) == 0 &&
				 strcmp(p.list[i].what, p.list[k].what) == 0)
				return sp_err_set(err, SP_EUSAGE, "%s %s is given twice",
						  p.list[i].what, p.list[i].given);
			else
				return sp_err_set(err, SP_EUSAGE,
						  "%s %s: is the same file as %s %s; give it another name",
						  p.list[i].what, p.list[i].given,
						  p.list[k].what, p.list[k].given);
	return 0;
}
