/*
 * One run: options -> roots -> programs -> plans.
 */
#include "api/build.h"

#include <string.h>

#include "api/stages.h"
#include "base/path.h"
#include "base/vec.h"

void sp_build_release(struct sp_build *build)
{
	for (size_t i = 0; i < build->targets_nr; i++) {
		struct sp_target *target = &build->targets[i];

		sp_target_config_release(target);
		sp_rootfs_free(target->rootfs);
		if (target->over)
			sp_root_free(target->over);
		if (!build->stages)
			sp_opened_release(&target->base);
		free(target->layers);
	}
	sp_stages_free(build->stages);
	free(build->targets);
	free(build->adds);
	free(build->refs);
	free(build->own.items);
	sp_usage_release(&build->usage);
	if (build->libs != build->host && build->libs != build->from.root)
		sp_root_free(build->libs);
	sp_opened_release(&build->from);
	sp_root_free(build->host);
	sp_arena_release(&build->arena);
}

/* Any platform will do if the image has one alone. */
static int open_from(struct sp_build *build, struct sp_err *err)
{
	struct sp_platform platform = sp_platform_host();

	if (build->o->sysroot)
		return sp_err_set(err, SP_EUSAGE,
				  "--from and --sysroot both say where libraries are; give one of them");
	if (build->o->platform &&
	    sp_platform_parse(build->o->platform, &build->arena, &platform, err))
		return sp_err_wrap(err, "--platform");
	struct sp_stored_want want = { platform.os, platform.arch, platform.variant,
				       !build->o->platform };

	if (sp_opened_open(build->job, build->o->from, &want, &build->from, err))
		return sp_err_wrap(err, "--from");
	build->libs = build->from.root;
	return 0;
}

static int open_roots(struct sp_build *build, struct sp_err *err)
{
	if (sp_root_open_dir("/", &build->host, err))
		return -1;
	build->libs = build->host;
	if (build->o->from)
		return open_from(build, err);
	if (build->o->sysroot && strcmp(build->o->sysroot, "/") != 0)
		return sp_root_open_dir(build->o->sysroot, &build->libs, err);
	return 0;
}

static int add_target(struct sp_build *build, const char *given, struct sp_err *err)
{
	struct sp_target *target = SP_VEC_PUSH(build->targets);

	*target = (struct sp_target){ .given = given };
	sp_target_settings(build, target);
	if (build->o->from)
		return sp_from_program(build, target, given, err);
	if (sp_locate(build, given, &target->root, &target->path, err))
		return -1;
	target->image_path = build->o->at ?
				     build->o->at :
				     sp_default_image_path(&build->arena, target->path);
	const char *problem = sp_path_problem(target->image_path);
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "%s: its path in the image %s", given, problem);
	return 0;
}

static int add_adds(struct sp_build *build, struct sp_err *err)
{
	for (size_t i = 0; i < build->o->adds.items_nr; i++)
		if (sp_parse_add(build, build->o->adds.items[i], SP_VEC_PUSH(build->adds), err))
			return -1;
	return 0;
}

/* The program's name, or that of the directory which a Dockerfile copies from. */
static const char *default_name(const struct sp_build *build)
{
	return sp_path_basename(build->stages ? build->stages->context_dir :
						build->targets[0].image_path);
}

/* The names of the image: --tag, or the program's name. */
static int add_refs(struct sp_build *build, struct sp_err *err)
{
	struct sp_strings *tags = &build->o->tags;

	if (!tags->items_nr)
		sp_strings_add(tags, &build->o->arena,
			       sp_ref_name_from(default_name(build), &build->arena));
	for (size_t i = 0; i < tags->items_nr; i++) {
		struct sp_ref *ref = SP_VEC_PUSH(build->refs);

		if (sp_ref_parse(tags->items[i], &build->arena, ref, err))
			return sp_err_wrap(err, "--tag %s", tags->items[i]);
		sp_ref_complete(ref);
		for (size_t k = 0; k + 1 < build->refs_nr; k++)
			if (strcmp(sp_ref_full(&build->refs[k], &build->arena),
				   sp_ref_full(ref, &build->arena)) == 0) {
				build->refs_nr--;
				break;
			}
	}
	return 0;
}

/* The program is for one kind of machine; what is loaded with it at start may ask for
 * a better one.  What comes by dlopen(), or for some CPUs only, does not. */
static int find_platform(struct sp_target *target, struct sp_err *err)
{
	const struct sp_closure *closure = target->rootfs->closure;
	sp_autofree bool *later = sp_calloc(closure->objects_nr, sizeof(*later));

	if (sp_platform_of(closure->objects[0].elf, &target->platform, err))
		return -1;
	for (size_t i = 1; i < closure->objects_nr; i++) {
		const struct sp_object *o = &closure->objects[i];

		/* who asks stands before what is asked for */
		later[i] = o->opened || o->rule == SP_RULE_ADDED ||
			   o->rule == SP_RULE_VARIANT ||
			   (o->needed_by != SP_NO_OBJECT && later[o->needed_by]);
		if (!later[i])
			sp_platform_raise(&target->platform, o->elf);
	}
	return 0;
}

static int plan(struct sp_build *build, struct sp_target *target, struct sp_err *err)
{
	const struct sp_options *o = build->o;
	const struct sp_config *c = &target->config;
	struct sp_rootfs_options options = {
		.root = target->root, .program = target->path,
		.image_path = target->image_path, .libs = target->libs,
		.lower = target->base.root, .origin = build->from.root,
		.adds = build->adds, .adds_nr = build->adds_nr,
		.excludes = o->excludes.items, .excludes_nr = o->excludes.items_nr,
		.own = build->own.items, .own_nr = build->own.items_nr,
		.user = c->user,
		/* that of a base is the base's affair */
		.workdir = o->workdir || o->from ? c->workdir : NULL,
		.volumes = c->volumes.items, .volumes_nr = c->volumes.items_nr,
		.library_path = sp_pairs_get(&c->env, "LD_LIBRARY_PATH"),
		.preload = sp_pairs_get(&c->env, "LD_PRELOAD"),
		.path = sp_pairs_get(&c->env, "PATH"),
		.keep_probes = build->explain && !build->job->brief,
		.bind_now = o->bind_now, .cpu = o->cpu,
		.env = c->env.items, .env_nr = c->env.items_nr,
		.with = o->with.items, .with_nr = o->with.items_nr,
		.without = o->without.items, .without_nr = o->without.items_nr,
		.allow_secrets = o->allow_secrets, .minimal = o->minimal, .full = o->full,
	};

	if (o->minimal && o->full)
		return sp_err_set(err, SP_EUSAGE, "--minimal and --full contradict each other");
	sp_job_progress(build->job, "analyse", target->given, 0, 0);
	if (sp_rootfs_build(&options, &target->rootfs, err))
		return -1;
	sp_reconcile_notes(build, target->rootfs->plan);
	return find_platform(target, err);
}

/* --file: the Dockerfile says what goes in, and what is started. */
static int open_file(struct sp_build *build, struct sp_err *err)
{
	if (open_roots(build, err) ||
	    sp_clash_check(build, err) || sp_stages_run(build, &build->stages, err) ||
	    sp_stages_target(build->stages, err))
		return -1;
	return add_refs(build, err);
}

static int open_base(struct sp_build *build, struct sp_target *target, struct sp_err *err)
{
	if (sp_target_base(build, target, err))
		return -1;
	sp_target_settings_base(build, target);
	return 0;
}

int sp_build_open(struct sp_build *build, struct scratchpack *job, bool explain,
		  struct sp_err *err)
{
	*build = (struct sp_build){ .job = job, .o = &job->options, .explain = explain };
	if (sp_stages_check_options(build->o, err))
		return -1;
	if (build->o->file)
		return open_file(build, err);
	if (!build->o->programs.items_nr && !build->o->from)
		return sp_err_set(err, SP_EUSAGE, "no program was given");
	if (build->o->programs.items_nr > SP_PLATFORMS_MAX)
		return sp_err_set(err, SP_EUSAGE, "more than %d programs", SP_PLATFORMS_MAX);
	if (open_roots(build, err))
		return -1;
	for (size_t i = 0; i < build->o->programs.items_nr; i++)
		if (add_target(build, build->o->programs.items[i], err))
			return -1;
	if (!build->targets_nr && add_target(build, NULL, err))
		return -1;
	if (add_adds(build, err) || add_refs(build, err) || sp_clash_check(build, err))
		return -1;
	if (sp_traces_run(build, err))
		return -1;
	for (size_t i = 0; i < build->targets_nr; i++)
		if (open_base(build, &build->targets[i], err) ||
		    plan(build, &build->targets[i], err))
			return -1;
	return 0;
}

/* --platform must agree with the header; a higher variant may be asked for. */
static int choose_platform(struct sp_build *build, struct sp_target *target,
			   struct sp_err *err)
{
	struct sp_platform wanted;

	if (!build->o->platform)
		return 0;
	if (build->targets_nr > 1)
		return sp_err_set(err, SP_EUSAGE,
				  "--platform with several programs: each program's header decides; leave it out");
	if (sp_platform_parse(build->o->platform, &build->arena, &wanted, err))
		return sp_err_wrap(err, "--platform");
	if (!sp_platform_fits(&wanted, &target->platform))
		return sp_err_set(err, SP_EUSAGE, "--platform %s: %s is a program for %s",
				  build->o->platform, target->given,
				  sp_platform_str(&target->platform, &build->arena));
	if (wanted.variant)
		target->platform.variant = wanted.variant;
	return 0;
}

static bool same_platform(const struct sp_platform *a, const struct sp_platform *b)
{
	return strcmp(a->os, b->os) == 0 && strcmp(a->arch, b->arch) == 0 &&
	       strcmp(a->variant ? a->variant : "", b->variant ? b->variant : "") == 0;
}

static int check_platforms(struct sp_build *build, struct sp_err *err)
{
	for (size_t i = 0; i < build->targets_nr; i++)
		for (size_t k = i + 1; k < build->targets_nr; k++)
			if (same_platform(&build->targets[i].platform,
					  &build->targets[k].platform))
				return sp_err_set(err, SP_EUSAGE,
						  "%s and %s are both for %s: an image has one program a platform; --add the second",
						  build->targets[i].given, build->targets[k].given,
						  sp_platform_str(&build->targets[i].platform,
								  &build->arena));
	return 0;
}

int sp_build_prove(struct sp_build *build, struct sp_err *err)
{
	for (size_t i = 0; i < build->targets_nr; i++)
		if (choose_platform(build, &build->targets[i], err))
			return -1;
	if (check_platforms(build, err))
		return -1;
	if (build->stages)
		return sp_stages_prove(build->stages, &build->targets[0], err);
	for (size_t i = 0; i < build->targets_nr; i++)
		if (sp_rootfs_prove(build->targets[i].rootfs, err) ||
		    sp_target_config(build, &build->targets[i], err))
			return -1;
	return 0;
}
