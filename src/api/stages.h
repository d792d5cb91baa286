/*
 * Carrying out a Dockerfile: its stages, one after the other, as overlays and
 * configurations.  Private to api/.
 *
 *	struct sp_stages *s;
 *
 *	if (sp_stages_run(build, &s, err))
 *		...
 *	... s->last: what the target stage has come to ...
 *	sp_stages_free(s);
 */
#ifndef SP_API_STAGES_H
#define SP_API_STAGES_H

#include "api/build.h"
#include "dockerfile/dockerfile.h"
#include "dockerfile/ignore.h"
#include "image/contents.h"
#include "rootfs/overlay.h"

struct sp_base;			/* an image that stages are built on or copy from */

/* What a stage has come to. */
struct sp_stage_state {
	const struct sp_stage *def;
	bool needed;
	bool done;			/* carried out, from FROM on */
	struct sp_overlay *overlay;
	struct sp_base *base;		/* the image at the bottom, or NULL */
	/* config: env, labels, ports, volumes, entrypoint, args (Cmd), user, workdir,
	 * stop_signal, author and healthcheck are those of the image */
	struct sp_options config;
	struct sp_strings shell, onbuild;
	struct sp_strings args;		/* ARG: NAME=VALUE */
	struct sp_strings history;	/* instructions that changed the configuration */
	bool cmd_set;			/* in this stage, not in one below */
	/* the instructions that they come from, NULL for the base */
	const struct sp_instruction *entrypoint_by, *cmd_by, *user_by, *health_by;
	bool entrypoint_shell, cmd_shell;	/* in shell form */
	struct sp_plan *plan;		/* by sp_stage_close(): finished, */
	struct sp_root *root;		/* and as a root, over the base */
};

/* --build-context NAME=DIR */
struct sp_context {
	const char *name;
	struct sp_root *root;
};

struct sp_stages {
	struct sp_arena arena;
	struct sp_build *build;
	const char *path;		/* of the Dockerfile, as given */
	const char *directory;		/* of the context, for the image's name */
	struct sp_dockerfile *file;
	struct sp_root *context;
	const char *context_dir;	/* absolute */
	struct sp_ignore *ignore;
	const char *ignore_path;
	struct sp_platform platform;	/* that is built for */
	struct sp_strings args;		/* ARG in front of FROM: NAME=VALUE */
	struct sp_strings used;		/* --build-arg that some ARG asked for */
	struct sp_context *contexts;	/* --build-context */
	size_t contexts_nr, contexts_alloc;
	struct sp_base **bases;
	size_t bases_nr, bases_alloc;
	struct sp_root **roots;		/* of stages that were closed */
	size_t roots_nr, roots_alloc;
	struct sp_contents **archives;	/* that ADD has unpacked */
	size_t archives_nr, archives_alloc;
	struct sp_dockerfile **triggers;	/* of ONBUILD, that were carried out */
	size_t triggers_nr, triggers_alloc;
	struct sp_stage_state *states;	/* one a stage */
	struct sp_stage_state *last;	/* the target */
	struct sp_strings sources;	/* files of this machine that were read, for make */
	struct sp_plan *notes;		/* holds notes until there is a plan */
	struct sp_rootfs *closure;	/* what --closure has found, or NULL */
	struct sp_plan *before;		/* the stage's plan before that */
	struct sp_plan *proof;		/* of the files that are proved to start */
	const char *started_by;		/* "Dockerfile:7: ENTRYPOINT" */
	unsigned copies;		/* COPY and ADD so far */
};

/* stages_open.c: options that contradict --file, or mean nothing without it. */
SP_CHECKED int sp_stages_check_options(const struct sp_options *o, struct sp_err *err);

/* stages_open.c: everything that is there before the first instruction. */
SP_CHECKED int sp_stages_open(struct sp_stages *s, struct sp_err *err);

/* Read the Dockerfile that the options name, and carry out the stages that the target
 * needs.  Nothing is written. */
SP_CHECKED int sp_stages_run(struct sp_build *build, struct sp_stages **ret,
			     struct sp_err *err);
void sp_stages_free(struct sp_stages *stages);	/* NULL allowed */

/* Put "FILE:LINE: KEYWORD: " in front of the failure that is there; returns -1. */
int sp_stages_at(const struct sp_stages *s, const struct sp_instruction *in,
		 struct sp_err *err);

/* "Dockerfile:7: COPY app /", the reason of what an instruction puts in. */
struct sp_reason sp_stages_reason(struct sp_stages *s, const struct sp_instruction *in);

/* Remember a file of this machine that the image depends on. */
void sp_stages_source(struct sp_stages *s, const char *path);

/* A stage as a root: the plan of what it has made over its base.  For COPY --from,
 * and for the result. */
SP_CHECKED int sp_stage_close(struct sp_stages *s, struct sp_stage_state *state,
			      struct sp_err *err);

/* stage_which.c: the number of the stage of that name, or number, in front of another one;
 * SIZE_MAX if there is none, or if a --build-context stands before it. */
size_t sp_stages_find(const struct sp_stages *s, const char *name,
		      const struct sp_stage_state *below);
/* stage_which.c: the stage below that number which a FROM of that name goes on with;
 * SIZE_MAX as above. */
size_t sp_stages_base(const struct sp_stages *s, const char *name, size_t below);
/* stage_which.c: the FROM of a stage, and what it names once variables are replaced. */
const struct sp_instruction *sp_stages_from(const struct sp_stages *s, size_t stage);
SP_CHECKED int sp_stages_base_name(struct sp_stages *s, size_t stage, const char **ret,
				   struct sp_err *err);
/* stage_which.c: mark as needed what the stages that are, need. */
SP_CHECKED int sp_stages_mark(struct sp_stages *s, struct sp_err *err);
/* stage_which.c: set s->last by --target, and mark what it needs. */
SP_CHECKED int sp_stages_choose(struct sp_stages *s, struct sp_err *err);

/* Carry out a stage that is needed after all, and those that it needs. */
SP_CHECKED int sp_stages_need(struct sp_stages *s, struct sp_stage_state *state,
			      struct sp_err *err);

/* One instruction of a stage; not FROM. */
SP_CHECKED int sp_stage_do(struct sp_stages *s, struct sp_stage_state *state,
			   const struct sp_instruction *in, struct sp_err *err);

/* stage_triggers.c: carry out, and forget, what ONBUILD has kept below; from is the
 * FROM of the stage. */
SP_CHECKED int sp_stage_triggers(struct sp_stages *s, struct sp_stage_state *state,
				 const struct sp_instruction *from, struct sp_err *err);

/* stage_vars.c: words with the variables of a stage replaced; state NULL: those in
 * front of FROM. */
SP_CHECKED int sp_stage_expand(struct sp_stages *s, struct sp_stage_state *state,
			       const struct sp_instruction *in, const char *word,
			       const char **ret, struct sp_err *err);
/* The same for the text of a here-document. */
SP_CHECKED int sp_stage_expand_text(struct sp_stages *s, struct sp_stage_state *state,
				    const struct sp_instruction *in, const char *text,
				    const char **ret, struct sp_err *err);
/* stage_vars.c: ARG; state NULL in front of FROM. */
SP_CHECKED int sp_stage_arg(struct sp_stages *s, struct sp_stage_state *state,
			    const struct sp_instruction *in, struct sp_err *err);

/* stage_vars.c: is it an argument that docker build takes without any ARG, for RUN or
 * for itself? */
bool sp_stage_arg_predefined(const char *name);

/* stage_config.c: every instruction that changes the configuration. */
SP_CHECKED int sp_stage_configure(struct sp_stages *s, struct sp_stage_state *state,
				  const struct sp_instruction *in, struct sp_err *err);

/* stage_copy.c: COPY and ADD. */
SP_CHECKED int sp_stage_copy(struct sp_stages *s, struct sp_stage_state *state,
			     const struct sp_instruction *in, struct sp_err *err);

/*
 * stage_owner.c: "NAME", "NAME:GROUP" or numbers, names by the stage's passwd and
 * group files.  A number without a group has the group of the same number, a name
 * its own.
 */
SP_CHECKED int sp_stage_owner(struct sp_stage_state *state, const char *text,
			      struct sp_owner *ret, struct sp_err *err);

/* stage_entry.c: the target stage becomes the target of the build. */
SP_CHECKED int sp_stages_target(struct sp_stages *s, struct sp_err *err);

/* stage_result.c: what the command line says, above what the stage says. */
void sp_stages_override(struct sp_stages *s);

/* stage_result.c: the configuration of the target stage becomes that of the target. */
void sp_stages_configure(struct sp_stages *s, struct sp_target *target);

/* stage_entry.c: the proof that what the image starts can start, and then its
 * configuration. */
SP_CHECKED int sp_stages_prove(struct sp_stages *s, struct sp_target *target,
			       struct sp_err *err);

#endif
