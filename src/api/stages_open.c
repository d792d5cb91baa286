/*
 * What carrying out a Dockerfile begins with: the file, the directory that it copies
 * from, what .dockerignore leaves out, other directories, the platform.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/stages.h"
#include "base/io.h"
#include "base/path.h"
#include "base/vec.h"

int sp_stages_check_options(const struct sp_options *o, struct sp_err *err)
{
	const struct { bool given; const char *name, *instead; } others[] = {
		{ o->at != NULL, "at", "COPY says where things go" },
		{ o->base != NULL, "base", "write FROM, with --build-context for its name" },
		{ o->from != NULL, "from", "write COPY --from, with --build-context for its name" },
		{ o->adds.items_nr > 0, "add", "write a COPY" },
		{ o->excludes.items_nr > 0, "exclude", "name it in .dockerignore" },
		{ o->traces.items_nr > 0, "trace", "pack the program itself with it" },
		{ o->workdir != NULL, "workdir", "write a WORKDIR" },
		{ o->sysroot && !o->closure, "sysroot", "it is for --closure" },
	};

	if (!o->file && (o->target || o->closure || o->build_args.items_nr ||
			 o->build_contexts.items_nr))
		return sp_err_set(err, SP_EUSAGE,
				  "--target, --build-arg, --build-context and --closure are for a Dockerfile; say --file");
	for (size_t i = 0; o->file && i < sizeof(others) / sizeof(*others); i++)
		if (others[i].given)
			return sp_err_set(err, SP_EUSAGE, "--%s does not go with --file; %s",
					  others[i].name, others[i].instead);
	return 0;
}

/* docker/dockerfile is the language that is spoken here; another one is a program
 * in a container. */
static int check_syntax(const struct sp_stages *s, struct sp_err *err)
{
	const char *syntax = s->file->lines.syntax;

	if (!syntax)
		return 0;
	if (strncmp(syntax, "docker.io/", 10) == 0)
		syntax += 10;
	if (strncmp(syntax, "docker/dockerfile", 17) == 0)
		return 0;
	return sp_err_set(err, SP_EUSAGE,
			  "%s: \"# syntax=%s\" names another language than that of Dockerfiles, which would have to run in a container; expected docker/dockerfile:1",
			  s->path, s->file->lines.syntax);
}

static int read_file(struct sp_stages *s, struct sp_err *err)
{
	bool in = strcmp(s->path, "-") == 0;
	const char *name = in ? "Dockerfile" : s->path;
	sp_autobuf struct sp_buf text = { 0 };

	if (sp_read_file(in ? "/dev/stdin" : s->path, SP_DOCKERFILE_SIZE_MAX, &text, err))
		return sp_err_wrap(err, "--file");
	if (!in)
		sp_stages_source(s, s->path);
	if (sp_dockerfile_parse(name, sp_buf_str(&text), text.len, &s->file, err))
		return -1;
	s->states = sp_arena_alloc(&s->arena, s->file->stages_nr * sizeof(*s->states));
	for (size_t i = 0; i < s->file->stages_nr; i++)
		s->states[i].def = &s->file->stages[i];
	return check_syntax(s, err);
}

static int open_context(struct sp_stages *s, struct sp_err *err)
{
	const struct sp_strings *operands = &s->build->o->programs;
	const char *dir = operands->items_nr ? operands->items[0] :
			  strchr(s->path, '/') ? sp_path_dirname(&s->arena, s->path) : ".";

	if (operands->items_nr > 1)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: with --file there is one operand at most, the directory that COPY takes from",
				  operands->items[1]);
	sp_autofree char *real = realpath(dir, NULL);
	if (!real)
		return sp_err_sys(err, SP_EUSAGE, "%s: expected the directory that COPY takes from", dir);
	if (sp_root_open_dir(real, &s->context, err)) {
		err->code = SP_EUSAGE;
		return sp_err_wrap(err, "the directory that COPY takes from");
	}
	s->context_dir = sp_arena_strdup(&s->arena, real);
	s->directory = dir;
	return 0;
}

/* Dockerfile.dockerignore beside the file stands before .dockerignore of the context. */
static int read_ignore(struct sp_stages *s, struct sp_err *err)
{
	const char *const paths[] = {
		sp_arena_strf(&s->arena, "%s.dockerignore", s->path),
		sp_path_join(&s->arena, s->context_dir, ".dockerignore"),
	};

	for (int i = strcmp(s->path, "-") == 0; i < 2; i++) {
		sp_autobuf struct sp_buf text = { 0 };

		if (access(paths[i], F_OK) != 0)
			continue;
		s->ignore_path = i ? ".dockerignore" : paths[i];
		if (sp_read_file(paths[i], SP_IGNORE_SIZE_MAX, &text, err))
			return -1;
		sp_stages_source(s, paths[i]);
		return sp_ignore_read(paths[i], sp_buf_str(&text), text.len, &s->ignore, err);
	}
	return 0;
}

/* --build-context NAME=DIR; images among them are opened when they are asked for. */
static int open_contexts(struct sp_stages *s, struct sp_err *err)
{
	const struct sp_strings *list = &s->build->o->build_contexts;

	for (size_t i = 0; i < list->items_nr; i++) {
		const char *equals = strchr(list->items[i], '=');
		sp_autofree char *real = realpath(equals + 1, NULL);
		struct sp_root *root;

		if (!real)
			continue;
		struct stat st;
		if (stat(real, &st) || !S_ISDIR(st.st_mode))
			continue;
		if (sp_root_open_dir(real, &root, err))
			return sp_err_wrap(err, "--build-context %s", list->items[i]);
		*SP_VEC_PUSH(s->contexts) = (struct sp_context){
			sp_arena_strndup(&s->arena, list->items[i],
					 (size_t)(equals - list->items[i])), root };
	}
	return 0;
}

static int choose_platform(struct sp_stages *s, struct sp_err *err)
{
	s->platform = sp_platform_host();
	if (s->build->o->platform &&
	    sp_platform_parse(s->build->o->platform, &s->arena, &s->platform, err))
		return sp_err_wrap(err, "--platform");
	return 0;
}

int sp_stages_open(struct sp_stages *s, struct sp_err *err)
{
	return choose_platform(s, err) || read_file(s, err) || open_context(s, err) ||
	       read_ignore(s, err) || open_contexts(s, err) ? -1 : 0;
}
