/*
 * The configuration of one platform: what the options say, with the defaults
 * that docker build has for FROM scratch.
 */
#include <string.h>

#include "api/build.h"
#include "base/path.h"
#include "rootfs/plan_root.h"

void sp_target_config_release(struct sp_target *target)
{
	free(target->config.env.items);
	free(target->config.entrypoint.items);
	free(target->config.history);
}

/* Is there a program at path in the image?  NULL, or what is wrong with it. */
static const char *entry_problem(const struct sp_plan *plan, const char *path,
				 struct sp_err *err)
{
	struct sp_root *root = sp_plan_root_new(plan, plan->lower);
	const char *problem = NULL;
	struct sp_found found;

	if (sp_root_resolve(root, path, &found, err))
		problem = err->msg;
	else if (!found.real)
		problem = "no such file in the image";
	else if (found.st.type != SP_FILE)
		problem = "is not a file in the image";
	else if (!(found.st.mode & 0111))
		problem = "is not executable in the image";
	sp_root_free(root);
	return problem;
}

static int set_entrypoint(struct sp_build *build, struct sp_target *target,
			  struct sp_err *err)
{
	const struct sp_strings *words = &build->o->entrypoint;

	if (!words->items_nr) {
		sp_strings_add(&target->config.entrypoint, &build->arena, target->image_path);
		return 0;
	}
	for (size_t i = 0; i < words->items_nr; i++)
		sp_strings_add(&target->config.entrypoint, &build->arena, words->items[i]);
	if (words->items[0][0] != '/')
		return sp_err_set(err, SP_EUSAGE,
				  "--entrypoint %s: expected an absolute path in the image",
				  words->items[0]);
	const char *problem = entry_problem(target->rootfs->plan, words->items[0], err);
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "--entrypoint %s: %s", words->items[0], problem);
	return 0;
}

static int check_healthcheck(struct sp_build *build, struct sp_target *target,
			     struct sp_err *err)
{
	const struct sp_healthcheck *h = &build->o->healthcheck;

	if (!h->set && (h->interval_ns || h->timeout_ns || h->start_period_ns || h->retries))
		return sp_err_set(err, SP_EUSAGE,
				  "a --health option without --healthcheck: say which command to run");
	if (!h->set || h->test.items_nr < 2)
		return 0;
	const char *path = h->test.items[1];
	const char *problem = path[0] == '/' ?
				      entry_problem(target->rootfs->plan, path, err) :
				      "expected an absolute path in the image";
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "--healthcheck %s: %s", path, problem);
	return 0;
}

static void set_env(struct sp_build *build, struct sp_config *config)
{
	if (!sp_pairs_get(&build->o->env, "PATH"))
		sp_strings_add(&config->env, &build->arena, "PATH=" SP_DEFAULT_PATH);
	for (size_t i = 0; i < build->o->env.items_nr; i++)
		sp_strings_add(&config->env, &build->arena, build->o->env.items[i]);
}

int sp_target_config(struct sp_build *build, struct sp_target *target, struct sp_err *err)
{
	const struct sp_options *o = build->o;
	struct sp_config *config = &target->config;

	*config = (struct sp_config){
		.os = target->platform.os, .arch = target->platform.arch,
		.variant = target->platform.variant, .created = o->created,
		.author = o->author, .user = target->rootfs->user, .workdir = o->workdir,
		.stop_signal = o->stop_signal, .cmd = o->args, .labels = o->labels,
		.ports = o->ports, .volumes = o->volumes, .healthcheck = o->healthcheck,
		.annotations = o->annotations,
	};
	set_env(build, config);
	if (set_entrypoint(build, target, err))
		return -1;
	return check_healthcheck(build, target, err);
}
