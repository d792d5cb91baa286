/*
 * The two messages of one request: the body that goes out, and the headers and the body
 * that come in.  For http.c alone, which gives and takes them piece by piece; nothing
 * here knows how they travel.
 */
#ifndef SP_TRANSPORT_HTTP_MESSAGE_H
#define SP_TRANSPORT_HTTP_MESSAGE_H

#include "transport/http.h"

struct sp_http_message {
	struct sp_http_request request;
	struct sp_http_response *response;	/* NULL: no more headers are wanted */
	struct sp_err *err;	/* of whoever waits for it now */
	uint64_t sent;		/* bytes of the body: where the next one is */
	bool failed;		/* something here has set err */
	bool piecemeal;		/* the body is kept in pending until it is read */
	bool body_begun, paused;
	bool cut;		/* the rest of the body was not wanted */
	struct sp_buf pending;
	size_t pending_read;	/* bytes of pending that were read */
};

/* Up to len bytes of the body to be sent, 0 at its end. */
SP_CHECKED int sp_http_message_give(struct sp_http_message *m, void *buf, size_t len,
				    size_t *ret_len);

/* Take what has come of the body; is_error: the status is one of failure.  A piece that
 * is not to be had now (PAUSE) will come again. */
enum sp_http_taken { SP_HTTP_TAKEN, SP_HTTP_PAUSE, SP_HTTP_STOP };
enum sp_http_taken sp_http_message_take(struct sp_http_message *m, const char *data, size_t len,
					bool is_error);

/* One line of the headers. */
SP_CHECKED int sp_http_message_header(struct sp_http_message *m, const char *line, size_t len);

/* Sets err to "URL: what"; returns -1. */
int sp_http_message_explain(struct sp_http_message *m, const char *what);

/* Bytes of pending that nobody has read; read up to len of them. */
size_t sp_http_message_unread(const struct sp_http_message *m);
size_t sp_http_message_read(struct sp_http_message *m, void *buf, size_t len);

#endif
