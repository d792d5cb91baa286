/*
 * Messages: how much of the headers of an answer is taken.
 */
#include "transport/http_message.h"

#include "test.h"

/* Headers that fill the room to its last byte, and one more. */
static void headers_to_the_brim(void)
{
	struct sp_http_response response = { 0 };
	struct sp_err err = { 0 };
	struct sp_http_message m = { .request = { .url = "http://h/" }, .response = &response,
				     .err = &err };
	char *line = malloc(SP_HTTP_HEADERS_MAX);

	if (!line)
		abort();
	memset(line, 'x', SP_HTTP_HEADERS_MAX);
	is_int(sp_http_message_header(&m, line, SP_HTTP_HEADERS_MAX - 1), 0,
	       "a header as long as all may be");
	is_int((long long)response.headers.len, SP_HTTP_HEADERS_MAX, "fills the room");
	is_int(sp_http_message_header(&m, line, 1), -1, "and there is none for another");
	ok(m.failed && strstr(err.msg, "too long"), "which is said: %s", err.msg);
	sp_http_response_release(&response);

	err = (struct sp_err){ 0 };
	is_int(sp_http_message_header(&m, line, SP_HTTP_HEADERS_MAX), -1,
	       "one that is a byte longer is refused");
	is_int(sp_http_message_header(&m, "HTTP/1.1 200 OK", 15), 0, "a status line begins anew");
	is_int((long long)response.headers.len, 16, "with itself alone");
	sp_http_response_release(&response);
	free(line);
}

int main(void)
{
	headers_to_the_brim();
	return test_done();
}
