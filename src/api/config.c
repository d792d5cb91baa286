/*
 * The configuration of one platform: what the options say, with the defaults
 * that docker build has for FROM scratch.
 */
#include <string.h>

#include "api/build.h"
#include "image/inherit.h"
#include "rootfs/plan_root.h"

void sp_target_config_release(struct sp_target *target)
{
	struct sp_config *c = &target->config;
	struct sp_strings *const lists[] = {
		&c->env, &c->entrypoint, &c->cmd, &c->labels, &c->ports, &c->volumes,
		&c->annotations, &c->healthcheck.test,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		free(lists[i]->items);
	free(c->history);
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

static int check_entrypoint(struct sp_build *build, struct sp_target *target,
			    struct sp_err *err)
{
	const struct sp_strings *words = &build->o->entrypoint;

	if (!words->items_nr)
		return 0;
	if (words->items[0][0] != '/')
		return sp_err_set(err, SP_EUSAGE,
				  "--entrypoint %s: expected an absolute path in the image",
				  words->items[0]);
	const char *problem = entry_problem(target->rootfs->plan, words->items[0], err);
	if (problem)
		return sp_err_set(err, SP_EUSAGE, "--entrypoint %s: %s", words->items[0], problem);
	return 0;
}

/* One that an image had, and that needs what is not in this one, goes. */
static void drop_healthcheck(struct sp_target *target)
{
	struct sp_healthcheck *h = &target->config.healthcheck;

	sp_plan_note(target->rootfs->plan, "healthcheck-dropped",
		     "the image's health check runs %s, which is not in the new one; it is left out (see --healthcheck, --add)",
		     h->test.items_nr > 1 ? h->test.items[1] : "a shell");
	h->test.items_nr = 0;
	h->set = false;
}

/* Does the command of the health check run?  NULL, or what is wrong with it. */
static const char *healthcheck_problem(struct sp_target *target, struct sp_err *err)
{
	const struct sp_healthcheck *h = &target->config.healthcheck;
	const char *path = h->test.items[1];

	if (strcmp(h->test.items[0], "CMD-SHELL") == 0)
		return entry_problem(target->rootfs->plan, "/bin/sh", err);
	return path[0] == '/' ? entry_problem(target->rootfs->plan, path, err) :
				"expected an absolute path in the image";
}

/* Docker's documents go to engines of docker, and into archives of its kind. */
static bool is_oci(const char *output)
{
	static const char *const dockers[] = { "docker-archive:", "docker-daemon:",
					       "local:docker" };

	for (size_t i = 0; i < sizeof(dockers) / sizeof(*dockers); i++)
		if (strncmp(output, dockers[i], strlen(dockers[i])) == 0)
			return false;
	return true;
}

/* Podman takes a health check out of images of Docker's types alone, and says nothing. */
static void note_healthcheck(const struct sp_build *build, struct sp_target *target)
{
	const struct sp_strings *outputs = &build->o->outputs;

	for (size_t i = 0; i < outputs->items_nr; i++)
		if (is_oci(outputs->items[i])) {
			sp_plan_note(target->rootfs->plan, "healthcheck-oci",
				     "podman drops the health check of an image with OCI's types, as %s is; for podman write docker-archive:FILE, or give podman run --health-cmd",
				     outputs->items[i]);
			return;
		}
}

static int check_healthcheck(struct sp_build *build, struct sp_target *target,
			     struct sp_err *err)
{
	const struct sp_healthcheck *own = &build->o->healthcheck;
	const struct sp_healthcheck *h = &target->config.healthcheck;

	if (!own->set && (own->interval_ns || own->timeout_ns || own->start_period_ns ||
			  own->retries))
		return sp_err_set(err, SP_EUSAGE,
				  "a --health option without --healthcheck: say which command to run");
	/* of a base image all is there that was there */
	if (!h->set || h->test.items_nr < 2 || (!own->set && !build->o->from))
		return 0;
	const char *problem = healthcheck_problem(target, err);
	if (problem && !own->set)
		drop_healthcheck(target);
	else if (problem)
		return sp_err_set(err, SP_EUSAGE, "--healthcheck %s: %s", h->test.items[1], problem);
	/* the types of a base are those of the image */
	if (own->set && !target->base.stored)
		note_healthcheck(build, target);
	return 0;
}

/* Take over the configuration of an image, but for what it starts: that is another
 * program now. */
static void inherit(struct sp_build *build, struct sp_target *target,
		    const struct sp_json *doc)
{
	struct sp_config *c = &target->config;
	struct sp_strings entrypoint = c->entrypoint;
	const char *placeholder[] = { "" };

	c->entrypoint = (struct sp_strings){ .items = placeholder, .items_nr = 1 };
	sp_config_inherit(c, doc, &build->arena);
	c->entrypoint = entrypoint;
}

static void add_path(struct sp_build *build, struct sp_target *target)
{
	struct sp_config *c = &target->config;
	struct sp_strings env = { 0 };

	if (target->base.stored) {
		sp_pairs_set(&c->env, &build->arena, "PATH=" SP_DEFAULT_PATH);
		return;
	}
	sp_strings_add(&env, &build->arena, "PATH=" SP_DEFAULT_PATH);
	sp_strings_append(&env, &build->arena, &c->env);
	free(c->env.items);
	c->env = env;
}

void sp_target_settings(struct sp_build *build, struct sp_target *target)
{
	const struct sp_options *o = build->o;
	struct sp_config *c = &target->config;
	struct sp_arena *arena = &build->arena;

	*c = (struct sp_config){
		.created = o->created, .author = o->author, .user = o->user,
		.workdir = o->workdir, .stop_signal = o->stop_signal,
		.healthcheck = o->healthcheck,
	};
	c->healthcheck.test = (struct sp_strings){ 0 };
	sp_strings_append(&c->healthcheck.test, arena, &o->healthcheck.test);
	sp_strings_append(&c->env, arena, &o->env);
	sp_strings_append(&c->labels, arena, &o->labels);
	sp_strings_append(&c->ports, arena, &o->ports);
	sp_strings_append(&c->volumes, arena, &o->volumes);
	sp_strings_append(&c->annotations, arena, &o->annotations);
	sp_strings_append(&c->cmd, arena, &o->args);
	if (build->o->from)
		inherit(build, target, build->from.stored->config_doc);
}

void sp_target_settings_base(struct sp_build *build, struct sp_target *target)
{
	struct sp_config *c = &target->config;

	if (target->base.stored) {
		inherit(build, target, target->base.stored->config_doc);
		c->base = target->base.stored->config_doc;
		c->docker = target->base.stored->docker;
	}
	/* at its end, as BuildKit puts it; without a base, first */
	if (!sp_pairs_get(&c->env, "PATH"))
		add_path(build, target);
}

int sp_target_config(struct sp_build *build, struct sp_target *target, struct sp_err *err)
{
	struct sp_config *c = &target->config;

	c->os = target->platform.os;
	c->arch = target->platform.arch;
	c->variant = target->platform.variant;
	/* "nonroot" has become numbers; what a base says stays as it says it */
	if (build->o->user || !target->base.stored)
		c->user = target->rootfs->user;
	if (build->o->entrypoint.items_nr) {
		c->entrypoint.items_nr = 0;
		sp_strings_append(&c->entrypoint, &build->arena, &build->o->entrypoint);
	} else if (!c->entrypoint.items_nr) {
		sp_strings_add(&c->entrypoint, &build->arena, target->image_path);
	}
	sp_target_base_notes(build, target);
	if (check_entrypoint(build, target, err))
		return -1;
	return check_healthcheck(build, target, err);
}
