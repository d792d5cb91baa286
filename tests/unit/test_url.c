/*
 * URLs that registries give: what is taken, what is refused, what is whose.
 */
#include "transport/url.h"

#include "test.h"

static struct sp_arena arena;

static const char *parsed(const char *text)
{
	struct sp_err err = { 0 };
	struct sp_url url;

	return sp_url_parse(text, &arena, &url, &err) ? "-" : sp_url_text(&url, &arena);
}

static const char *resolved(const char *base_text, const char *text)
{
	struct sp_err err = { 0 };
	struct sp_url base, url;

	if (sp_url_parse(base_text, &arena, &base, &err) ||
	    sp_url_resolve(&base, text, &arena, &url, &err))
		return "-";
	return sp_url_text(&url, &arena);
}

static void test_parse(void)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "https://ghcr.io/v2/", "https://ghcr.io/v2/" },
		{ "HTTPS://GHCR.io:443/v2/?a=b#c", "https://ghcr.io/v2/?a=b" },
		{ "http://localhost:5000", "http://localhost:5000/" },
		{ "http://h?q", "http://h/?q" },
		{ "https://[::1]:5000/x", "https://[::1]:5000/x" },
		{ "http://h:/x", "http://h/x" },
		{ "ftp://h/", "-" }, { "h/x", "-" }, { "", "-" }, { "https://", "-" },
		{ "https://u:p@h/", "-" }, { "https://u@h/", "-" }, { "https://h:1x/", "-" },
		{ "https://h:123456/", "-" }, { "https://a b/", "-" }, { "https://h/a b", "-" },
		{ "https://h/\n", "-" }, { "https://h\\@evil/", "-" }, { "https://[::g]/", "-" },
		{ "https://[::1/", "-" }, { "https://-h/", "-" }, { "https://h%2e/", "-" },
	};
	sp_autofree char *longest = sp_malloc(SP_URL_MAX + 20);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is_str(parsed(cases[i].text), cases[i].want, "\"%s\"", cases[i].text);
	memset(longest, 'a', SP_URL_MAX + 19);
	longest[SP_URL_MAX + 19] = '\0';
	memcpy(longest, "https://h/", 10);
	is_str(parsed(longest), "-", "one that is too long");
}

static void test_resolve(void)
{
	static const char base[] = "https://h:5000/v2/a/blobs/uploads/?x=1";

	is_str(resolved(base, "/v2/b?y#z"), "https://h:5000/v2/b?y", "a path");
	is_str(resolved(base, "id?_state=a%2F="), "https://h:5000/v2/a/blobs/uploads/id?_state=a%2F=",
	       "a name");
	is_str(resolved(base, "?n=2"), "https://h:5000/v2/a/blobs/uploads/?n=2", "a query");
	is_str(resolved(base, ""), "https://h:5000/v2/a/blobs/uploads/", "nothing");
	is_str(resolved(base, "//other/x"), "https://other/x", "another host");
	is_str(resolved(base, "http://o/"), "http://o/", "an absolute one");
	is_str(resolved(base, "file:///etc/passwd"), "-", "another scheme");
	is_str(resolved(base, "/a b"), "-", "a space");
}

static void test_hosts(void)
{
	static const char *const here[] = { "localhost", "LOCALHOST", "a.localhost",
					    "127.0.0.1", "127.9.9.9", "[::1]", "127.1",
					    "2130706433" };
	static const char *const private[] = { "10.1.2.3", "172.16.0.1", "192.168.1.1",
					       "169.254.169.254", "[fe80::1]", "[fd00::1]",
					       "[::ffff:10.0.0.1]", "0.0.0.0", "[::]",
					       "100.64.0.1" };
	static const char *const public[] = { "8.8.8.8", "172.32.0.1", "example.com",
					      "[2001:db8::1]", "10.example", "localhost.example" };

	for (size_t i = 0; i < sizeof(here) / sizeof(*here); i++)
		ok(sp_host_is_loopback(here[i]) && sp_host_is_private(here[i]), "%s is here",
		   here[i]);
	for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++)
		ok(!sp_host_is_loopback(private[i]) && sp_host_is_private(private[i]),
		   "%s is private", private[i]);
	for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
		ok(!sp_host_is_private(public[i]), "%s is public", public[i]);
}

int main(void)
{
	struct sp_err err = { 0 };
	struct sp_url a, b;

	test_parse();
	test_resolve();
	test_hosts();
	ok(sp_url_parse("https://h/x", &arena, &a, &err) == 0 &&
	   sp_url_parse("https://H:443/y", &arena, &b, &err) == 0 && sp_url_same_origin(&a, &b),
	   "the usual port is the same origin");
	b.tls = false;
	ok(!sp_url_same_origin(&a, &b), "another scheme is another origin");
	is_str(sp_url_escape("repository:a/b:pull,push a&b=\"c\"", &arena),
	       "repository:a/b:pull,push%20a%26b%3D%22c%22", "a query value");
	sp_arena_release(&arena);
	return test_done();
}
