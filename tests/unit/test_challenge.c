/*
 * Challenges: what servers really send, and what they should not.
 */
#include "transport/challenge.h"

#include "test.h"
#include "transport/auth.h"

static struct sp_arena arena;

static struct sp_challenge of(const char *value)
{
	struct sp_challenge c = { 0 };

	sp_challenge_add(value, &arena, &c);
	return c;
}

/* Where a server may send us. */
static void test_follow(void)
{
	static const struct { const char *from, *to; bool may; } cases[] = {
		{ "https://r.example/", "https://auth.example/", true },
		{ "https://r.example/", "http://auth.example/", false },
		{ "https://r.example/", "http://r.example/", false },
		{ "http://r.example/", "https://r.example/", true },
		{ "https://r.example/", "https://127.0.0.1/", false },
		{ "https://r.example/", "https://169.254.169.254/", false },
		{ "https://r.example/", "https://[fd00::1]/", false },
		{ "https://r.example/", "https://localhost/", false },
		{ "http://127.0.0.1:5000/", "http://127.0.0.1:6000/", true },
		{ "http://10.0.0.1/", "http://192.168.0.1/", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_err err = { 0 };
		struct sp_url from, to;

		ok(sp_url_parse(cases[i].from, &arena, &from, &err) == 0 &&
		   sp_url_parse(cases[i].to, &arena, &to, &err) == 0 &&
		   (sp_may_follow(&from, &to, "it", &err) == 0) == cases[i].may,
		   "from %s to %s", cases[i].from, cases[i].to);
	}
}

int main(void)
{
	static const char *const odd[] = {
		"", ",", " , ,", "=", "\"", "Bearer", "Bearer realm", "Bearer realm=", "Bearer =x",
		"Bearer realm=\"", "Bearer realm=\"\\", "Bearer realm=\"a", "\x80\xff", "Basic,Basic",
	};
	struct sp_challenge c = of("Bearer realm=\"https://auth.docker.io/token\",service=\"registry"
				   ".docker.io\",scope=\"repository:a/b:pull\",error=\"invalid_token\"");

	ok(c.bearer && !c.basic, "Bearer");
	is_str(c.realm, "https://auth.docker.io/token", "its realm");
	is_str(c.service, "registry.docker.io", "its service");
	is_str(c.scope, "repository:a/b:pull", "its scope");
	c = of("Basic realm=\"a, b\", Bearer Realm=x , SERVICE = \"q\\\"uoted\"");
	ok(c.bearer && c.basic, "two in one header");
	is_str(c.realm, "x", "the realm is that of Bearer");
	is_str(c.service, "q\"uoted", "an escape in a quoted string");
	is_str(c.scope, "", "what is not there is empty");
	c = of("bearer realm=one");
	sp_challenge_add("Bearer realm=two,service=s", &arena, &c);
	is_str(c.realm, "one", "the first of a kind counts");
	is_str(c.service, "", "whole");
	c = of("Negotiate, NTLM, Digest realm=\"d\", nonce=\"n\"");
	ok(!c.bearer && !c.basic && !*c.realm, "others are not taken for ours");
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		c = of(odd[i]);
		ok(!c.bearer || c.realm, "\"%s\" does no harm", odd[i]);
	}
	test_follow();
	sp_arena_release(&arena);
	return test_done();
}
