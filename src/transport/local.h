/*
 * The engines of this machine, for --load: which there are, in what order they are
 * asked, and the ways to hand an archive to each.
 */
#ifndef SP_TRANSPORT_LOCAL_H
#define SP_TRANSPORT_LOCAL_H

#include "transport/command.h"
#include "transport/dest.h"

/* What one look for an engine found out. */
struct sp_local {
	const struct sp_transport_options *options;
	unsigned form;
	struct sp_dest *dest;		/* the result, or NULL */
	struct sp_buf tried;		/* "docker (/var/run/docker.sock is not there), ..." */
};

/* Note why an engine is none for us: "NAME (TEXT)".  Keeps the order. */
void sp_local_tried(struct sp_local *local, const char *name, const char *text);

/* Speak to an engine with Docker's API at a URL as in DOCKER_HOST; notes why not. */
bool sp_local_speak(struct sp_local *local, const char *name, const char *host);

/*
 * A destination that hands the archive to a command on its standard input, once for
 * each of nr lines of words, which are copied.  where is
 * for the user: "containerd at /run/containerd/containerd.sock".
 */
struct sp_local_line {
	const char *words[SP_COMMAND_WORDS_MAX];	/* NULL behind the last */
};
bool sp_local_command(struct sp_local *local, const char *name, const char *where,
		      const struct sp_local_line *lines, size_t nr);

/* local_docker.c: by DOCKER_HOST, the context in use, the usual sockets. */
void sp_local_docker(struct sp_local *local, const char *rest);

#endif
