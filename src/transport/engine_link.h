/*
 * A connection to a local engine (Docker, or podman's service), as a destination and as
 * a source.
 */
#ifndef SP_TRANSPORT_ENGINE_LINK_H
#define SP_TRANSPORT_ENGINE_LINK_H

#include "transport/http.h"
#include "transport/transport.h"

struct sp_engine_link {
	struct sp_http *http;
	char *host;		/* as in DOCKER_HOST, for messages */
	char *socket, *base;	/* path or NULL; URL up to the path */
};

/* Find the engine and see whether it answers.  Disconnect in every case. */
SP_CHECKED int sp_engine_connect(const struct sp_transport_options *options,
				 struct sp_engine_link *ret, struct sp_err *err);
void sp_engine_disconnect(struct sp_engine_link *link);

/* Say what a request that failed means to the user; -1. */
int sp_engine_explain(const struct sp_engine_link *link, struct sp_err *err);

/* What an error document of the engine says, or its start; malloc'ed. */
char *sp_engine_error_text(const struct sp_buf *body);

#endif
