/*
 * Referrers: from the registry, from the tag that takes its place, and written there.
 */
#include "transport/lists.h"

#include "fake_server.h"

#define SUBJECT "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define ONE "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define ENTRY(digest, type)                                                              \
	"{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"" digest \
	"\",\"size\":5,\"artifactType\":\"" type "\"}"
#define LIST(entries)                                                                    \
	"{\"schemaVersion\":2,\"mediaType\":\"" SP_MT_INDEX "\",\"manifests\":[" entries "]}"

static struct fake_server server;
static struct sp_registry *registry;
static struct sp_arena arena;
static struct sp_err err;

static void answer(const char *status, const char *type, const char *body)
{
	fake_answer(&server, sp_arena_strf(&arena, "HTTP/1.1 %s\r\nConnection: close\r\n"
					   "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
					   status, type, strlen(body), body));
}

static const char *list(const char *type, bool *tag)
{
	struct sp_digest subject;
	struct sp_json *found = NULL;

	err = (struct sp_err){ 0 };
	*tag = false;
	if (!sp_digest_parse(SUBJECT, &subject) ||
	    sp_referrers_list(registry, &subject, type, &found, tag, &err))
		return sp_arena_strf(&arena, "error %d", err.code);
	sp_autofree char *text = sp_json_text(found, false);
	sp_json_free(found);
	return sp_arena_strdup(&arena, text);
}

static void test_list(void)
{
	bool tag;

	answer("200 OK", SP_MT_INDEX, LIST(ENTRY(ONE, "a/b") "," ENTRY(SUBJECT, "c/d")));
	is_str(list("a/b", &tag), "[" ENTRY(ONE, "a/b") "]", "those of a type");
	ok(!tag, "by the registry");
	answer("404 Not Found", "text/plain", "no");
	answer("200 OK", SP_MT_INDEX, LIST(ENTRY(ONE, "a/b")));
	is_str(list(NULL, &tag), "[" ENTRY(ONE, "a/b") "]", "without the API: by tag");
	ok(tag, "which is told");
	answer("200 OK", "text/html", "<html>");
	answer("404 Not Found", "text/plain", "no");
	is_str(list(NULL, &tag), "[]", "a page for people is no list");
	answer("400 Bad Request", "text/plain", "no");
	answer("200 OK", SP_MT_MANIFEST, "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}");
	is_str(list(NULL, &tag), "[]", "what stands under the tag may be anybody's");
	answer("200 OK", SP_MT_INDEX, LIST("{\"digest\":\"../x\",\"size\":1,\"mediaType\":\"a/b\"}"));
	is_str(list(NULL, &tag), "error 7", "a digest that is none");
	answer("403 Forbidden", "text/plain", "no");
	is_str(list(NULL, &tag), "error 6", "what may not be seen is no empty list");
}

static void test_add(void)
{
	struct sp_desc desc = { .media_type = SP_MT_MANIFEST, .size = 5 };
	struct sp_digest subject;
	size_t before = server.requests_nr;

	err = (struct sp_err){ 0 };
	answer("200 OK", SP_MT_INDEX, LIST(ENTRY(SUBJECT, "c/d")));
	answer("201 Created", "text/plain", "");
	ok(sp_digest_parse(SUBJECT, &subject) && sp_digest_parse(ONE, &desc.digest) &&
	   sp_referrers_add(registry, &subject, &desc, "a/b", NULL, &err) == 0, "one is added");
	ok(strstr(fake_request(&server, before + 1),
		  "PUT /v2/a/b/manifests/sha256-1111") &&
	   strstr(fake_request(&server, before + 1), LIST(ENTRY(SUBJECT, "c/d") "," ENTRY(ONE, "a/b"))),
	   "behind those that were there");
	answer("200 OK", SP_MT_INDEX, LIST(ENTRY(ONE, "a/b")));
	ok(sp_referrers_add(registry, &subject, &desc, "a/b", NULL, &err) == 0 &&
	   server.requests_nr == before + 3, "one that is there is not written again");
}

int main(void)
{
	sp_autofree char *domain = NULL;

	signal(SIGPIPE, SIG_IGN);
	fake_start(&server, NULL);
	domain = sp_strf("127.0.0.1:%d", server.port);
	const char *hosts[] = { domain };
	struct sp_registry_options settings = { .plain_http = hosts, .plain_http_nr = 1 };
	struct sp_transport_options options = { .registry = &settings };
	struct sp_ref ref = { .domain = domain, .path = "a/b" };

	answer("200 OK", "text/plain", "");
	if (!ok(sp_registry_new(&options, &ref, true, &registry, &err) == 0, "a registry")) {
		note("%s", err.msg);
		return test_done();
	}
	test_list();
	test_add();
	sp_registry_free(registry);
	fake_stop(&server);
	sp_arena_release(&arena);
	return test_done();
}
