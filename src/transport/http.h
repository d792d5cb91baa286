/*
 * HTTP requests over TCP, TLS or a Unix socket.
 *
 *	struct sp_http *http;
 *	struct sp_http_response res = { 0 };
 *
 *	sp_http_new(&options, &http, err);
 *	sp_http_do(http, &(struct sp_http_request){
 *		.method = "GET", .url = "http://localhost/_ping", .limit = 1024,
 *	}, &res, err);
 *	... res.status, sp_http_header(&res, "Location"), res.body ...
 *	sp_http_response_release(&res);
 *	sp_http_free(http);
 *
 * or with the body read piece by piece:
 *
 *	sp_http_start(http, &request, &res, err);	// res has status and headers
 *	while (sp_http_read(http, buf, sizeof(buf), &len, err) == 0 && len)
 *		...
 *	sp_http_stop(http);
 *
 * A handle keeps its connection for the next request, and belongs to one thread at
 * a time.  Only http and https are spoken, no redirect is followed, no proxy, netrc or
 * cookie is used unless the caller says so: each would be a way for a server or
 * the environment to decide where data and credentials go.
 */
#ifndef SP_TRANSPORT_HTTP_H
#define SP_TRANSPORT_HTTP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SP_HTTP_HEADERS_MAX (256 * 1024)	/* bytes of all response headers */

struct sp_http_proxy {
	const char *url;		/* without who we are; NULL for none */
	const char *name;		/* for messages */
	const char *user, *password;	/* NULL for none */
};

/* What is the same for all requests.  The strings are borrowed. */
struct sp_http_options {
	const char *unix_socket;	/* path, or NULL for TCP */
	struct sp_http_proxy proxy;
	const char *ca_pem;		/* certificates to trust besides the system's, or NULL */
	const char *client_cert, *client_key;	/* paths of PEM files, or NULL */
	bool insecure;			/* any certificate will do */
	const char *user_agent;		/* NULL for none */
	unsigned connect_seconds;	/* 0: 10; no more than stall_seconds */
	unsigned stall_seconds;		/* fail after so long ... 0: 60 */
	unsigned stall_bytes;		/* ... with fewer bytes a second than this; 0: 1 */
	const volatile sig_atomic_t *cancelled;	/* may be NULL */
};

struct sp_http_request {
	const char *method;		/* "GET", "HEAD", "POST", ... */
	const char *url;		/* "https://..."; the host is for the Host header
					 * alone with a Unix socket */
	const char *const *headers;	/* "Name: value" */
	size_t headers_nr;

	/* The body: body_len bytes at body, or if read is set what it gives: up
	 * to len bytes from offset on.  Offsets start again at 0 if the request
	 * has to be sent again. */
	const void *body;
	uint64_t body_len;
	int (*read)(void *ctx, void *buf, size_t len, uint64_t offset, size_t *ret_len,
		    struct sp_err *);
	void *read_ctx;

	/* The answer's body: up to limit bytes are kept, more is an error; or if
	 * write is set it gets them all. */
	size_t limit;
	bool cut_errors;		/* of an error status, no more than limit is read */
	int (*write)(void *ctx, const void *data, size_t len, struct sp_err *);
	void *write_ctx;
};

struct sp_http_response {
	long status;			/* 200, 404, ... */
	struct sp_buf headers;		/* "Name: value", each with a NUL at its end */
	struct sp_buf body;
};

struct sp_http;

/* SP_EFAIL if the HTTP library is not installed. */
SP_CHECKED int sp_http_new(const struct sp_http_options *options, struct sp_http **ret,
			   struct sp_err *err);

/*
 * Do one request.  Any status is a success here; SP_ENETWORK if there was no
 * whole answer, SP_ECANCELLED, or what a callback said.
 */
SP_CHECKED int sp_http_do(struct sp_http *http, const struct sp_http_request *request,
			  struct sp_http_response *ret, struct sp_err *err);

/*
 * Begin a request and wait for the headers of its answer, which go to ret without a
 * body.  Then read up to len bytes of the body; *ret_len is 0 at its end.  Stop ends
 * the request wherever it stands; it does nothing if none was started.
 */
SP_CHECKED int sp_http_start(struct sp_http *http, const struct sp_http_request *request,
			     struct sp_http_response *ret, struct sp_err *err);
SP_CHECKED int sp_http_read(struct sp_http *http, void *buf, size_t len, size_t *ret_len,
			    struct sp_err *err);
void sp_http_stop(struct sp_http *http);

/* The errno of a connection that failed in the last request, else 0. */
int sp_http_errno(const struct sp_http *http);

/* Seconds that the last request waited in vain before it was given up. */
unsigned sp_http_lost_seconds(const struct sp_http *http);

/* Why the last request has no answer, for who wants to try again. */
enum sp_http_failure {
	SP_HTTP_OK,		/* it has one */
	SP_HTTP_NO_CONNECTION,	/* no such host, or nobody listens there */
	SP_HTTP_NO_TLS,		/* the other side does not speak it, or not with us */
	SP_HTTP_UNTRUSTED,	/* its certificate */
	SP_HTTP_NO_AUTHORITIES,	/* no certificate can be trusted on this machine */
	SP_HTTP_BROKEN,		/* began, and broke off or stood still */
	SP_HTTP_OWN		/* a callback, a limit, cancelled; a proxy that does not let us */
};
enum sp_http_failure sp_http_failure(const struct sp_http *http);

/* The value of the first header of this name (any case), or NULL; of the next one
 * after value. */
const char *sp_http_header(const struct sp_http_response *response, const char *name);
const char *sp_http_header_next(const struct sp_http_response *response, const char *name,
				const char *value);
void sp_http_response_release(struct sp_http_response *response);
void sp_http_free(struct sp_http *http);	/* NULL allowed */

#endif
