/*
 * A child process: found, started, listened to, and ended when we are.
 */
#include "transport/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/dest.h"
#include "transport/registry.h"

#define POLL_MS 100
#define TOLD_MAX 400		/* bytes of the output in a message */

const char *sp_command_env(const struct sp_transport_options *options, const char *name)
{
	const struct sp_registry_options *r = options->registry;
	size_t len = strlen(name);

	for (size_t i = 0; r && i < r->env_nr; i++)
		if (strncmp(r->env[i], name, len) == 0 && r->env[i][len] == '=')
			return r->env[i][len + 1] ? r->env[i] + len + 1 : NULL;
	return NULL;
}

char *sp_command_find(const struct sp_transport_options *options, const char *name)
{
	const char *path = sp_command_env(options, "PATH");
	struct stat st;

	/* a place that is not absolute would be another one in each directory */
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		sp_autofree char *full = sp_strf("%.*s/%s", (int)strcspn(path, ":"), path, name);

		if (*path == '/' && stat(full, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(full, X_OK) == 0)
			return sp_steal_ptr(&full);
	}
	return NULL;
}

/* In a process group of its own, so that what it starts can be ended with it. */
static int spawn(const struct sp_transport_options *options, const char *const *words,
		 int input, int output, pid_t *ret)
{
	const struct sp_registry_options *r = options->registry;
	char **env = sp_calloc(r ? r->env_nr + 1 : 1, sizeof(*env));
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	for (size_t i = 0; r && i < r->env_nr; i++)
		env[i] = (char *)r->env[i];
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawn_file_actions_init(&actions);
	if (input >= 0)
		posix_spawn_file_actions_adddup2(&actions, input, 0);
	else
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, output, 2);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	int rc = posix_spawn(ret, words[0], &actions, &attributes, (char **)words, env);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return rc;
}

/* Until the child, and whoever else has the pipe, closes it. */
static int listen_to(const struct sp_transport_options *options, int fd,
		     struct sp_buf *output, struct sp_err *err)
{
	size_t begin = output->len;
	char piece[4096];

	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int n = poll(&wait, 1, POLL_MS);

		if (sp_dest_cancelled(options))
			return sp_err_set(err, SP_ECANCELLED, "cancelled");
		if (n <= 0)
			continue;
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return 0;
		/* the end of it says why it failed */
		if (output->len - begin + (size_t)got > SP_COMMAND_OUTPUT_MAX)
			output->len = begin;
		sp_buf_add(output, piece, (size_t)got);
	}
}

/* Why a command failed: the end of what it wrote, on one line. */
static int failed(const char *const *words, int status, const struct sp_buf *output,
		  struct sp_err *err)
{
	size_t skip = output->len > TOLD_MAX ? output->len - TOLD_MAX : 0;
	sp_autofree char *told = sp_strdup(output->len ? output->data + skip : "");
	size_t len = strlen(told);

	while (len && (told[len - 1] == '\n' || told[len - 1] == ' '))
		told[--len] = '\0';
	for (char *p = told; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	if (WIFSIGNALED(status))
		return sp_err_set(err, SP_ENETWORK, "%s: was ended by signal %d: %s", words[0],
				  WTERMSIG(status), told);
	return sp_err_set(err, SP_ENETWORK, "%s: exit status %d: %s", words[0],
			  WEXITSTATUS(status), told);
}

int sp_command_run(const struct sp_transport_options *options, const char *const *words,
		   int input, struct sp_buf *output, struct sp_err *err)
{
	sp_autoclose int ours = -1, theirs = -1;
	int pipe_fds[2], status = 0;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return sp_err_sys(err, SP_EFAIL, "cannot make a pipe");
	ours = pipe_fds[0];
	theirs = pipe_fds[1];
	if (input >= 0 && lseek(input, 0, SEEK_SET) < 0)
		return sp_err_sys(err, SP_EFAIL, "cannot read the archive again");
	errno = spawn(options, words, input, theirs, &pid);
	if (errno)
		return sp_err_sys(err, SP_ENETWORK, "%s: cannot run it", words[0]);
	sp_close_fd(&theirs);
	int rc = listen_to(options, ours, output, err);

	if (rc)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc)
		return -1;
	return status ? failed(words, status, output, err) : 0;
}
