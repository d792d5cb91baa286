/*
 * Messages: limits of what comes in, and where it goes.
 */
#include "transport/http_message.h"

#include <string.h>
#include <strings.h>

#define PENDING_MAX (512 * 1024)	/* bytes of a body that nobody has read yet */

int sp_http_message_explain(struct sp_http_message *m, const char *what)
{
	/* a query can be as good as a password */
	return sp_err_set(m->err, SP_ENETWORK, "%.*s: %s", (int)strcspn(m->request.url, "?#"),
			  m->request.url, what);
}

static int fail(struct sp_http_message *m, const char *what)
{
	m->failed = true;
	return sp_http_message_explain(m, what);
}

size_t sp_http_message_unread(const struct sp_http_message *m)
{
	return m->pending.len - m->pending_read;
}

size_t sp_http_message_read(struct sp_http_message *m, void *buf, size_t len)
{
	size_t there = sp_http_message_unread(m);

	len = len < there ? len : there;
	memcpy(buf, m->pending.data + m->pending_read, len);
	m->pending_read += len;
	if (len == there) {
		sp_buf_reset(&m->pending);
		m->pending_read = 0;
	}
	return len;
}

int sp_http_message_give(struct sp_http_message *m, void *buf, size_t len, size_t *ret_len)
{
	const struct sp_http_request *r = &m->request;
	uint64_t left = r->body_len - m->sent;

	*ret_len = len < left ? len : (size_t)left;
	if (!*ret_len)
		return 0;
	if (!r->read) {
		memcpy(buf, (const char *)r->body + m->sent, *ret_len);
	} else if (r->read(r->read_ctx, buf, *ret_len, m->sent, ret_len, m->err)) {
		m->failed = true;
		return -1;
	}
	m->sent += *ret_len;
	return 0;
}

/* Into memory, up to the limit. */
static enum sp_http_taken keep(struct sp_http_message *m, const char *data, size_t len,
			       bool is_error)
{
	const struct sp_http_request *r = &m->request;
	struct sp_buf *body = &m->response->body;
	size_t room = r->limit - body->len;

	if (len <= room) {
		sp_buf_add(body, data, len);
		return SP_HTTP_TAKEN;
	}
	if (r->cut_errors && is_error) {
		sp_buf_add(body, data, room);
		m->cut = true;
	} else {
		fail(m, "the answer is longer than it may be");
	}
	return SP_HTTP_STOP;
}

enum sp_http_taken sp_http_message_take(struct sp_http_message *m, const char *data, size_t len,
					bool is_error)
{
	const struct sp_http_request *r = &m->request;

	m->body_begun = true;
	if (m->piecemeal) {
		m->paused = sp_http_message_unread(m) >= PENDING_MAX;
		if (m->paused)
			return SP_HTTP_PAUSE;
		sp_buf_add(&m->pending, data, len);
		return SP_HTTP_TAKEN;
	}
	if (!r->write)
		return keep(m, data, len, is_error);
	m->failed = r->write(r->write_ctx, data, len, m->err);
	return m->failed ? SP_HTTP_STOP : SP_HTTP_TAKEN;
}

int sp_http_message_header(struct sp_http_message *m, const char *line, size_t len)
{
	struct sp_buf *headers = m->response ? &m->response->headers : NULL;

	if (!headers)
		return 0;
	/* a status line: what came before was a "100 Continue" or the like */
	if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0)
		sp_buf_reset(headers);
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	/* with the NUL behind it */
	if (len >= SP_HTTP_HEADERS_MAX - headers->len)
		return fail(m, "the headers of the answer are too long");
	if (len && !memchr(line, '\0', len)) {
		sp_buf_add(headers, line, len);
		sp_buf_addch(headers, '\0');
	}
	return 0;
}

/* --- an answer that is here --- */

const char *sp_http_header(const struct sp_http_response *response, const char *name)
{
	return sp_http_header_next(response, name, NULL);
}

const char *sp_http_header_next(const struct sp_http_response *response, const char *name,
				const char *value)
{
	const char *p = response->headers.data, *end = p + response->headers.len;
	size_t len = strlen(name);

	if (value)
		p = value + strlen(value) + 1;
	for (; p && p < end; p += strlen(p) + 1)
		if (strncasecmp(p, name, len) == 0 && p[len] == ':')
			return p + len + 1 + strspn(p + len + 1, " \t");
	return NULL;
}

void sp_http_response_release(struct sp_http_response *response)
{
	sp_buf_release(&response->headers);
	sp_buf_release(&response->body);
	response->status = 0;
}
