/*
 * An HTTP server for tests: one thread, one answer a connection.  What the client
 * sent is kept.
 *
 *	struct fake_server s;
 *
 *	fake_start(&s, "/path/to/socket");	// NULL: a port of 127.0.0.1
 *	fake_answer(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
 *	...
 *	fake_stop(&s);
 */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"
#include "test.h"

#define FAKE_MAX 32

struct fake_server {
	int fd, port, quit[2];
	pthread_t thread;
	pthread_mutex_t lock;
	const char *answers[FAKE_MAX];	/* in turn; NULL: accept and be silent */
	size_t answers_nr, taken;
	struct sp_buf requests[FAKE_MAX];
	size_t requests_nr;
};

/* The value of Content-Length, 0 if there is none. */
TEST_FN size_t fake_length(const char *headers)
{
	const char *at = strcasestr(headers, "\r\nContent-Length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Read a whole request; false when the client goes away before. */
TEST_FN bool fake_read(struct fake_server *s, int fd, struct sp_buf *buf)
{
	for (;;) {
		const char *end = buf->len ? memmem(buf->data, buf->len, "\r\n\r\n", 4) : NULL;

		if (end && buf->len - (size_t)(end + 4 - buf->data) >= fake_length(buf->data))
			return true;
		struct pollfd wait[2] = { { .fd = fd, .events = POLLIN },
					  { .fd = s->quit[0], .events = POLLIN } };
		if (poll(wait, 2, -1) < 0 || wait[1].revents)
			return false;
		ssize_t n = read(fd, sp_buf_reserve(buf, 65537), 65536);
		if (n <= 0)
			return false;
		buf->len += (size_t)n;
		buf->data[buf->len] = '\0';
	}
}

TEST_FN void fake_serve(struct fake_server *s, int fd)
{
	struct sp_buf buf = { 0 };
	bool whole = fake_read(s, fd, &buf);
	const char *answer = NULL;

	pthread_mutex_lock(&s->lock);
	if (whole && s->requests_nr < FAKE_MAX) {
		s->requests[s->requests_nr++] = buf;
		buf = (struct sp_buf){ 0 };
	}
	if (s->taken < s->answers_nr)
		answer = s->answers[s->taken++];
	pthread_mutex_unlock(&s->lock);
	sp_buf_release(&buf);
	if (answer) {
		size_t len = strlen(answer);

		while (len > 0) {
			ssize_t n = send(fd, answer, len, MSG_NOSIGNAL);

			if (n <= 0)
				break;
			answer += n;
			len -= (size_t)n;
		}
	} else {
		char c;
		struct pollfd wait[2] = { { .fd = fd, .events = POLLIN },
					  { .fd = s->quit[0], .events = POLLIN } };

		while (poll(wait, 2, -1) > 0 && !wait[1].revents && read(fd, &c, 1) > 0)
			;
	}
	shutdown(fd, SHUT_WR);
	close(fd);
}

TEST_FN void *fake_run(void *arg)
{
	struct fake_server *s = arg;

	for (;;) {
		struct pollfd wait[2] = { { .fd = s->fd, .events = POLLIN },
					  { .fd = s->quit[0], .events = POLLIN } };

		if (poll(wait, 2, -1) < 0 || wait[1].revents)
			return NULL;
		int fd = accept(s->fd, NULL, NULL);
		if (fd >= 0)
			fake_serve(s, fd);
	}
}

TEST_FN void fake_start(struct fake_server *s, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int rc;

	*s = (struct fake_server){ 0 };
	s->fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (path) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
		unlink(path);	/* of a server before */
		rc = bind(s->fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		rc = bind(s->fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (rc || listen(s->fd, 8) || pipe(s->quit))
		abort();
	if (!path && getsockname(s->fd, (struct sockaddr *)&in, &len) == 0)
		s->port = ntohs(in.sin_port);
	pthread_mutex_init(&s->lock, NULL);
	pthread_create(&s->thread, NULL, fake_run, s);
}

TEST_FN void fake_answer(struct fake_server *s, const char *answer)
{
	pthread_mutex_lock(&s->lock);
	s->answers[s->answers_nr++] = answer;
	pthread_mutex_unlock(&s->lock);
}

/* The text of a request, "" if there was none; good until the server stops. */
TEST_FN const char *fake_request(struct fake_server *s, size_t i)
{
	pthread_mutex_lock(&s->lock);
	const char *text = i < s->requests_nr ? sp_buf_str(&s->requests[i]) : "";
	pthread_mutex_unlock(&s->lock);
	return text;
}

TEST_FN void fake_stop(struct fake_server *s)
{
	if (write(s->quit[1], "", 1) != 1)
		abort();
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->quit[0]);
	close(s->quit[1]);
	for (size_t i = 0; i < s->requests_nr; i++)
		sp_buf_release(&s->requests[i]);
}

#endif
