/*
 * Running a credential helper.  It gets an environment, pipes and a process group
 * of its own, so that one that hangs is ended with whatever it started.
 */
#include "transport/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 100

struct helper {
	pid_t pid;
	int in, out;		/* our ends of its standard input and output */
	const char *name;
};

const char *sp_registry_env(const struct sp_registry_options *options, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < options->env_nr; i++)
		if (strncmp(options->env[i], name, len) == 0 && options->env[i][len] == '=')
			return options->env[i][len + 1] ? options->env[i] + len + 1 : NULL;
	return NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The helper's path, malloc'ed, or NULL. */
static char *find(const struct sp_registry_options *options, const char *name)
{
	const char *path = sp_registry_env(options, "PATH");

	path = path ? path : "/usr/local/bin:/usr/bin:/bin";
	for (; *path; path += strcspn(path, ":"), path += *path == ':') {
		int len = (int)strcspn(path, ":");
		sp_autofree char *full = sp_strf("%.*s/docker-credential-%s", len, path, name);

		/* a relative place would be another one in each directory */
		if (*path == '/' && is_program(full))
			return sp_steal_ptr(&full);
	}
	return NULL;
}

/* A pipe whose end for the helper is not kept open by other children. */
static int make_pipe(int fds[2], struct sp_err *err)
{
	if (pipe2(fds, O_CLOEXEC))
		return sp_err_sys(err, SP_EFAIL, "cannot make a pipe");
	return 0;
}

static int spawn(const struct sp_registry_options *options, const char *path,
		 const char *verb, const int in[2], const int out[2], pid_t *ret)
{
	char *argv[] = { (char *)path, (char *)verb, NULL };
	char **env = sp_calloc(options->env_nr + 1, sizeof(*env));
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	if (options->env_nr)
		memcpy(env, options->env, options->env_nr * sizeof(*env));
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	int rc = posix_spawn(ret, path, &actions, &attributes, argv, env);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return rc;
}

static int start(const struct sp_registry_options *options, const char *path,
		 const char *verb, struct helper *h, struct sp_err *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, rc;

	if (make_pipe(in, err))
		return -1;
	if (make_pipe(out, err)) {
		close(in[0]);
		close(in[1]);
		return -1;
	}
	rc = spawn(options, path, verb, in, out, &h->pid);
	close(in[0]);
	close(out[1]);
	h->in = in[1];
	h->out = out[0];
	fcntl(h->in, F_SETFL, O_NONBLOCK);
	fcntl(h->out, F_SETFL, O_NONBLOCK);
	if (!rc)
		return 0;
	h->pid = 0;
	errno = rc;
	return sp_err_sys(err, SP_EAUTH, "docker-credential-%s: cannot run it", h->name);
}

/* Write what is left of the input; a helper need not read all of it. */
static void feed(struct helper *h, const char **input)
{
	ssize_t n = write(h->in, *input, strlen(*input));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	*input = n < 0 ? "" : *input + n;
	if (!**input)
		sp_close_fd(&h->in);
}

/* Until it closes its output. */
static int talk(struct helper *h, const char *input, const volatile sig_atomic_t *cancelled,
		struct sp_buf *answer, struct sp_err *err)
{
	int silent_ms = 0;

	for (;;) {
		struct pollfd fds[2] = { { .fd = h->out, .events = POLLIN },
					 { .fd = h->in, .events = POLLOUT } };
		int n = poll(fds, h->in >= 0 ? 2 : 1, POLL_MS);

		if (cancelled && *cancelled)
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		silent_ms = n > 0 ? 0 : silent_ms + POLL_MS;
		if (silent_ms >= SP_HELPER_SECONDS * 1000)
			return sp_err_set(err, SP_EAUTH,
					  "docker-credential-%s: gives no answer", h->name);
		if (n > 0 && fds[1].revents && h->in >= 0)
			feed(h, &input);
		if (n <= 0 || !fds[0].revents)
			continue;
		ssize_t got = read(h->out, sp_buf_reserve(answer, 4096), 4096);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return 0;
		answer->len += (size_t)got;
		answer->data[answer->len] = '\0';
		if (answer->len > SP_HELPER_ANSWER_MAX)
			return sp_err_set(err, SP_EAUTH,
					  "docker-credential-%s: its answer is too long", h->name);
	}
}

/* Wait for it, but not for ever: one that closed its output can still hang. */
static int reap(const struct helper *h, bool kill_it)
{
	int status = 0;

	for (int ms = 0; !kill_it && ms < 5000; ms += POLL_MS) {
		if (waitpid(h->pid, &status, WNOHANG) == h->pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
		poll(NULL, 0, ms ? POLL_MS : 5);
	}
	kill(-h->pid, SIGKILL);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	return 128;
}

int sp_helper_run(const struct sp_registry_options *options, const char *name,
		  const char *verb, const char *input, const volatile sig_atomic_t *cancelled,
		  struct sp_buf *answer, int *ret_status, bool *ret_missing,
		  struct sp_err *err)
{
	struct helper h = { .in = -1, .out = -1, .name = name };
	sp_autofree char *path = NULL;

	*ret_missing = false;
	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789._-")])
		return sp_err_set(err, SP_EAUTH, "\"%s\" is no name of a credential helper",
				  name);
	path = find(options, name);
	if (!path) {
		*ret_missing = true;
		return sp_err_set(err, SP_EAUTH,
				  "docker-credential-%s: is not in PATH; install it, or "
				  "take it out of the file that names it", name);
	}
	sp_buf_reset(answer);
	if (start(options, path, verb, &h, err)) {
		sp_close_fd(&h.in);
		sp_close_fd(&h.out);
		return -1;
	}
	int rc = talk(&h, input, cancelled, answer, err);

	sp_close_fd(&h.in);
	sp_close_fd(&h.out);
	*ret_status = reap(&h, rc);
	return rc;
}
