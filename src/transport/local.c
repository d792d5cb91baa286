/*
 * --load: the first engine of this machine that answers gets the image.
 *
 * Docker and podman have the same API on a socket.  containerd has none for
 * archives: ctr or nerdctl hand it over, as k3s ctr does for k3s.  The nodes of kind
 * are containers: ctr is run in each of them; so kind is looked for only when asked
 * for by name.  The order is the one in the table.
 */
#include "transport/local.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NODES_MAX 64		/* of a kind cluster */
#define CONTAINERD_SOCKET "/run/containerd/containerd.sock"
#define K3S_SOCKET "/run/k3s/containerd/containerd.sock"

void sp_local_tried(struct sp_local *local, const char *name, const char *text)
{
	sp_buf_addf(&local->tried, "%s%s (%s)", local->tried.len ? ", " : "", name, text);
}

/* Does somebody listen at a Unix socket?  If not, *ret says why not ("PATH is not
 * there"), malloc'ed. */
static bool listens(const char *path, char **ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	sp_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret = NULL;
	if (strlen(path) >= sizeof(address.sun_path)) {
		*ret = sp_strf("%s is too long for a socket", path);
		return false;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return true;
	if (errno == ENOENT)
		*ret = sp_strf("%s is not there", path);
	else if (errno == EACCES || errno == EPERM)
		*ret = sp_strf("no permission for %s", path);
	else
		*ret = sp_strf("nobody listens at %s", path);
	return false;
}

bool sp_local_speak(struct sp_local *local, const char *name, const char *host)
{
	struct sp_transport_options options = *local->options;
	sp_autofree char *why = NULL;
	struct sp_err err = { 0 };

	if (strncmp(host, "unix://", 7) == 0 && !listens(host + 7, &why)) {
		sp_local_tried(local, name, why);
		return false;
	}
	options.docker_host = host;
	if (sp_engine_open("", local->form, &options, &local->dest, &err)) {
		sp_local_tried(local, name, err.msg);
		return false;
	}
	local->dest->where = sp_strf("%s at %s", name, host);
	return true;
}

static void find_podman(struct sp_local *local, const char *rest)
{
	const struct sp_transport_options *options = local->options;
	const char *run = sp_command_env(options, "XDG_RUNTIME_DIR");
	const char *host = sp_command_env(options, "CONTAINER_HOST");
	sp_autofree char *podman = sp_command_find(options, "podman");
	sp_autofree char *rootless = run ? sp_strf("unix://%s/podman/podman.sock", run) : NULL;

	(void)rest;
	/* root and users have images of their own: one never gets the other's */
	if (!host)
		host = getuid() ? rootless : "unix:///run/podman/podman.sock";
	if (host && strncmp(host, "unix://", 7) == 0 && sp_local_speak(local, "podman", host))
		return;
	if (!podman) {
		sp_local_tried(local, "podman", "no command podman");
		return;
	}
	(void)sp_local_command(local, "podman", "podman",
			       &(struct sp_local_line){ { podman, "load" } }, 1);
}

/* Through ctr, or what is called in its place, or nerdctl. */
static void hand_to_containerd(struct sp_local *local, const char *name, const char *socket,
			       const char *namespace, const char *k3s)
{
	const struct sp_transport_options *options = local->options;
	sp_autofree char *why = NULL, *where = NULL;
	sp_autofree char *ctr = sp_command_find(options, "ctr");
	sp_autofree char *nerdctl = sp_command_find(options, "nerdctl");
	sp_autofree char *own = k3s ? sp_command_find(options, k3s) : NULL;
	struct sp_local_line line;

	if (!listens(socket, &why)) {
		sp_local_tried(local, name, why);
		return;
	}
	if (ctr)
		line = (struct sp_local_line){ { ctr, "-a", socket, "-n", namespace, "images",
						 "import", "--all-platforms", "-" } };
	else if (own)
		line = (struct sp_local_line){ { own, "ctr", "-a", socket, "-n", namespace,
						 "images", "import", "--all-platforms", "-" } };
	else if (nerdctl)
		line = (struct sp_local_line){ { nerdctl, "--address", socket, "--namespace",
						 namespace, "load", "--all-platforms" } };
	else {
		why = sp_strf("%s listens, but there is no command ctr or nerdctl to hand an image to it",
			      socket);
		sp_local_tried(local, name, why);
		return;
	}
	where = sp_strf("%s at %s, namespace %s", name, socket, namespace);
	(void)sp_local_command(local, name, where, &line, 1);
}

static void find_containerd(struct sp_local *local, const char *rest)
{
	const char *socket = sp_command_env(local->options, "CONTAINERD_ADDRESS");
	const char *namespace = sp_command_env(local->options, "CONTAINERD_NAMESPACE");

	if (socket && strncmp(socket, "unix://", 7) == 0)
		socket += 7;
	namespace = *rest ? rest : namespace;
	hand_to_containerd(local, "containerd", socket ? socket : CONTAINERD_SOCKET,
			   namespace ? namespace : "default", NULL);
}

static void find_k3s(struct sp_local *local, const char *rest)
{
	(void)rest;
	hand_to_containerd(local, "k3s", K3S_SOCKET, "k8s.io", "k3s");
}

/* A line of what an engine says that can be the name of a container. */
static bool is_container(const char *line)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	return *line && *line != '-' && !line[strspn(line, letters)];
}

/* The nodes of a cluster, by the engine that kind itself would ask; they live in
 * names. */
static size_t list_nodes(struct sp_local *local, const char *engine, const char *cluster,
			 struct sp_buf *names, const char **nodes)
{
	sp_autofree char *filter = sp_strf("label=io.x-k8s.kind.cluster=%s", cluster);
	const char *words[] = { engine, "ps", "--filter", filter, "--format", "{{.Names}}",
				NULL };
	struct sp_err err = { 0 };
	char *save = NULL;
	size_t nr = 0;

	if (sp_command_run(local->options, words, -1, names, &err)) {
		sp_local_tried(local, "kind", err.msg);
		return 0;
	}
	for (char *line = names->len ? strtok_r(names->data, "\n", &save) : NULL;
	     line && nr < NODES_MAX; line = strtok_r(NULL, "\n", &save))
		if (is_container(line))
			nodes[nr++] = line;
	if (!nr)
		sp_local_tried(local, "kind", "no node of such a cluster runs");
	return nr;
}

static void find_kind(struct sp_local *local, const char *rest)
{
	const struct sp_transport_options *options = local->options;
	const char *cluster = *rest ? rest : sp_command_env(options, "KIND_CLUSTER_NAME");
	const char *wanted = sp_command_env(options, "KIND_EXPERIMENTAL_PROVIDER");
	sp_autofree char *docker = sp_command_find(options, "docker"), *where = NULL;
	sp_autofree char *podman = sp_command_find(options, "podman");
	const char *engine = podman && (!docker || (wanted && strcmp(wanted, "podman") == 0)) ?
				     podman : docker;
	struct sp_local_line lines[NODES_MAX];
	const char *nodes[NODES_MAX];
	struct sp_buf names = { 0 };

	cluster = cluster ? cluster : "kind";
	if (!engine) {
		sp_local_tried(local, "kind", "no command docker or podman to reach its nodes");
		return;
	}
	size_t nr = list_nodes(local, engine, cluster, &names, nodes);

	for (size_t i = 0; i < nr; i++)
		lines[i] = (struct sp_local_line){
			{ engine, "exec", "-i", nodes[i], "ctr", "-n", "k8s.io", "images",
			  "import", "--all-platforms", "--digests", "-" } };
	where = sp_strf("kind cluster %s, %zu node%s", cluster, nr, nr == 1 ? "" : "s");
	if (nr)
		(void)sp_local_command(local, "kind", where, lines, nr);
	sp_buf_release(&names);
}

static const struct {
	const char *name;
	void (*find)(struct sp_local *, const char *rest);
	bool by_name;		/* only when the user says so */
} engines[] = {
	{ "docker", sp_local_docker, false },
	{ "podman", find_podman, false },
	{ "containerd", find_containerd, false },
	{ "k3s", find_k3s, false },
	{ "kind", find_kind, true },
};
#define ENGINES_NR (sizeof(engines) / sizeof(*engines))

/* where: "", or "ENGINE[:REST]". */
int sp_local_open(const char *where, unsigned form, const struct sp_transport_options *options,
		  struct sp_dest **ret, struct sp_err *err)
{
	struct sp_local local = { .options = options, .form = form };
	size_t len = strcspn(where, ":");
	bool chosen = options->docker_host && *options->docker_host;
	bool known = false;

	for (size_t i = 0; i < ENGINES_NR && !local.dest; i++) {
		bool this = strlen(engines[i].name) == len &&
			    memcmp(engines[i].name, where, len) == 0;

		known |= this;
		if (this || (!len && !engines[i].by_name))
			engines[i].find(&local, this && where[len] ? where + len + 1 : "");
		/* DOCKER_HOST is an order, not a hint */
		if (chosen && !len)
			break;
	}
	int rc = local.dest ? 0 : -1;

	if (rc && len && !known)
		sp_err_set(err, SP_EUSAGE,
			   "--engine %s: expected docker, podman, containerd, k3s or kind[:CLUSTER]",
			   where);
	else if (rc)
		sp_err_set(err, SP_ENETWORK,
			   "no engine to load the image into; tried %s; start one, or write a file with -o FILE.tar",
			   sp_buf_str(&local.tried));
	sp_buf_release(&local.tried);
	*ret = local.dest;
	return rc;
}
