/*
 * A client of one repository of a registry (the distribution specification): requests
 * with what they need around them, which is authentication, redirects, and trying
 * again.  What is asked, and what the answers mean, is in the files that use it.
 */
#ifndef SP_TRANSPORT_CLIENT_H
#define SP_TRANSPORT_CLIENT_H

#include "image/digest.h"
#include "image/ref.h"
#include "transport/auth.h"

#define SP_REDIRECTS_MAX 5
#define SP_ERROR_BODY_MAX (64 * 1024)	/* bytes of an error that are read */

/* Every type of document that can stand under a tag, for the header Accept. */
#define SP_ACCEPT_MANIFESTS                                                     \
	"Accept: application/vnd.oci.image.index.v1+json, "                      \
	"application/vnd.oci.image.manifest.v1+json, "                           \
	"application/vnd.docker.distribution.manifest.list.v2+json, "            \
	"application/vnd.docker.distribution.manifest.v2+json"

struct sp_registry;

struct sp_registry_request {
	const char *method;
	const char *path;		/* behind /v2/NAME/: "manifests/latest" */
	const struct sp_url *url;	/* or a whole URL, as the registry gave it */
	const char *const *headers;	/* "Name: value"; sent to other hosts too: no secrets */
	size_t headers_nr;
	const void *body;
	uint64_t body_len;
	int (*read)(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		    struct sp_err *);
	void *read_ctx;
	size_t limit;			/* bytes of a body that is a success */
	bool once;			/* not sent again when it fails: the body is gone, or
					 * it would count twice */
};

/*
 * Begin to talk to the repository of ref: find out how the registry is spoken to, and
 * show who we are.  push: with the right to write.  SP_ENETWORK, SP_EAUTH.
 */
SP_CHECKED int sp_registry_new(const struct sp_transport_options *options,
			       const struct sp_ref *ref, bool push,
			       struct sp_registry **ret, struct sp_err *err);
void sp_registry_free(struct sp_registry *registry);	/* NULL allowed */

/* Does it let us in?  SP_EAUTH if not. */
SP_CHECKED int sp_registry_check(struct sp_registry *registry, struct sp_err *err);

/* "ghcr.io/me/app", for messages. */
const char *sp_registry_name(const struct sp_registry *registry);
const char *sp_registry_domain(const struct sp_registry *registry);
const struct sp_registry_options *sp_registry_settings(const struct sp_registry *registry);
const struct sp_transport_options *sp_registry_transport(const struct sp_registry *registry);

/* Paths of the same registry whose blobs may be mounted, as the settings named them when
 * it was begun. */
const char *const *sp_registry_mounts(const struct sp_registry *registry, size_t *ret_nr);

/*
 * One request and its whole answer, which may be of any status; *ret_url, if not NULL,
 * is where it came from in the end, with strings in arena.  May be called from
 * several threads.  Only what went wrong on the way is a failure.
 */
SP_CHECKED int sp_registry_do(struct sp_registry *registry,
			      const struct sp_registry_request *request,
			      struct sp_http_response *ret, struct sp_arena *arena,
			      struct sp_url *ret_url, struct sp_err *err);

/*
 * The same for an answer with a long body: the handle to read it from, to be given
 * back with sp_registry_done().  Of an answer that is no success the body is in *ret,
 * and *ret_stream is NULL.
 */
struct sp_stream {
	struct sp_http *http;
	struct sp_url url;
	struct sp_arena arena;
};
SP_CHECKED int sp_registry_start(struct sp_registry *registry,
				 const struct sp_registry_request *request,
				 struct sp_http_response *ret, struct sp_stream **ret_stream,
				 struct sp_err *err);
void sp_registry_done(struct sp_registry *registry, struct sp_stream *stream);

/* Is this the registry itself, and no other host that it sent us to? */
bool sp_registry_is_own(const struct sp_registry *registry, const struct sp_url *url);

/* May what failed with this handle be tried again? */
bool sp_registry_may_retry(const struct sp_http *http);

/*
 * Wait before try number n (1 is the first repetition), as long as the answer asks for
 * or a little longer each time.  -1 with err as it was if there is no more time or no
 * more tries; SP_ECANCELLED.
 */
SP_CHECKED int sp_registry_wait(struct sp_registry *registry, unsigned n,
				const struct sp_http_response *res, struct sp_err *err);

/* Where an answer sends us (Location), checked.  SP_ENETWORK if it names nothing or a
 * place we do not go to. */
SP_CHECKED int sp_registry_location(struct sp_registry *registry, const struct sp_url *from,
				    const struct sp_http_response *res, struct sp_arena *arena,
				    struct sp_url *ret, struct sp_err *err);

/* The failure that an answer of an unexpected status is: SP_EAUTH for 401 and 403, else
 * SP_ENETWORK, with what the registry says.  what: "cannot push blob sha256:...". */
int sp_registry_refused(struct sp_registry *registry, const char *what,
			const struct sp_http_response *res, struct sp_err *err);

/* Does an error answer hold this code ("BLOB_UPLOAD_UNKNOWN")? */
bool sp_registry_has_code(const struct sp_http_response *res, const char *code);

#endif
