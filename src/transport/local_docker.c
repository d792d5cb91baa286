/*
 * Where docker would find its engine: DOCKER_HOST, else the context in use
 * (DOCKER_CONTEXT, or what "docker context use" wrote down), else the usual sockets.
 * What only docker itself can reach (ssh, TLS) is left to the docker command.
 */
#include <string.h>

#include "base/io.h"
#include "image/digest.h"
#include "image/json.h"
#include "transport/local.h"

#define SETTINGS_MAX (1024 * 1024)	/* bytes of a file of settings */

static struct sp_json *settings(const char *path)
{
	struct sp_err ignored = { 0 };
	struct sp_json *doc = NULL;
	struct sp_buf text = { 0 };

	if (sp_read_file(path, SETTINGS_MAX, &text, &ignored) ||
	    sp_json_parse(sp_buf_str(&text), text.len, &doc, &ignored))
		doc = NULL;
	sp_buf_release(&text);
	return doc;
}

/* The folder of docker's settings, malloc'ed, or NULL without a home. */
static char *config_dir(const struct sp_transport_options *options)
{
	const char *dir = sp_command_env(options, "DOCKER_CONFIG");
	const char *home = sp_command_env(options, "HOME");

	return dir ? sp_strdup(dir) : home ? sp_strf("%s/.docker", home) : NULL;
}

/* The address of the context in use, malloc'ed; NULL: the default one. */
static char *context_host(const struct sp_transport_options *options)
{
	sp_autofree char *dir = config_dir(options), *path = NULL, *meta = NULL;
	sp_autojson struct sp_json *config = NULL, *context = NULL;
	const char *name = sp_command_env(options, "DOCKER_CONTEXT"), *host;
	struct sp_digest id;

	if (!dir)
		return NULL;
	if (!name) {
		path = sp_strf("%s/config.json", dir);
		config = settings(path);
		name = sp_json_str(config, "currentContext");
	}
	if (!name || !*name || strcmp(name, "default") == 0)
		return NULL;
	/* docker keeps each under the SHA-256 of its name */
	sp_digest_of(name, strlen(name), &id);
	meta = sp_strf("%s/contexts/meta/%s/meta.json", dir, strchr(id.str, ':') + 1);
	context = settings(meta);
	host = sp_json_str(sp_json_get(sp_json_get(context, "Endpoints"), "docker"), "Host");
	return host ? sp_strdup(host) : NULL;
}

/* An address that the user chose: no other is tried then. */
static void chosen(struct sp_local *local, const char *host)
{
	sp_autofree char *docker = sp_command_find(local->options, "docker"), *where = NULL;

	if (strncmp(host, "unix://", 7) == 0 || !docker) {
		(void)sp_local_speak(local, "docker", host);
		return;
	}
	where = sp_strf("docker at %s", host);
	(void)sp_local_command(local, "docker", where,
			       &(struct sp_local_line){ { docker, "load" } }, 1);
}

void sp_local_docker(struct sp_local *local, const char *rest)
{
	const struct sp_transport_options *options = local->options;
	const char *run = sp_command_env(options, "XDG_RUNTIME_DIR");
	const char *home = sp_command_env(options, "HOME");
	sp_autofree char *context = NULL;

	(void)rest;
	if (options->docker_host && *options->docker_host) {
		chosen(local, options->docker_host);
		return;
	}
	context = context_host(options);
	if (context) {
		chosen(local, context);
		return;
	}
	/* the usual one, rootless Docker, Docker Desktop */
	sp_autofree char *rootless = run ? sp_strf("unix://%s/docker.sock", run) : NULL;
	sp_autofree char *desktop =
		home ? sp_strf("unix://%s/.docker/desktop/docker.sock", home) : NULL;

	if (sp_local_speak(local, "docker", "unix:///var/run/docker.sock") ||
	    (rootless && sp_local_speak(local, "docker", rootless)))
		return;
	if (desktop)
		(void)sp_local_speak(local, "docker", desktop);
}
