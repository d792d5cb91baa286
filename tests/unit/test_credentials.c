/*
 * Credentials: which file, which key, in which order; and the proxies, which come from
 * the same environment.
 */
#include "transport/credentials.h"

#include "test.h"
#include "transport/conns.h"

static struct sp_arena arena;

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
}

/* "user:secret of kind from where", or the error. */
static const char *find(const struct sp_registry_options *o, const char *domain,
			const char *path)
{
	struct sp_credentials c = { 0 };
	struct sp_err err = { 0 };

	if (sp_credentials_find(o, domain, path, NULL, &arena, &c, &err))
		return sp_arena_strf(&arena, "error %d: %s", err.code, err.msg);
	return sp_arena_strf(&arena, "%d %s:%s", c.kind, c.user ? c.user : "",
			     c.secret ? c.secret : "");
}

static void test_keys(void)
{
	struct sp_registry_options o = { .authfile = "keys.json" };

	/* d:w1 ... d:w5 */
	put("keys.json", "{\"auths\":{\"h.io\":{\"auth\":\"ZDp3MQ==\"},"
			 "\"h.io/ns\":{\"auth\":\"ZDp3Mg==\"},\"h.io/ns/repo\":{\"auth\":\"ZDp3Mw==\"},"
			 "\"https://old.io/v1/\":{\"auth\":\"ZDp3NA==\"},"
			 "\"https://index.docker.io/v1/\":{\"auth\":\"ZDp3NQ==\"},"
			 "\"id.io\":{\"identitytoken\":\"it\"},\"rt.io\":{\"registrytoken\":\"rt\"},"
			 "\"plain.io\":{\"username\":\"u\",\"password\":\"p:q\"},"
			 "\"empty.io\":{},\"bad.io\":{\"auth\":\"!\"},\"nocolon.io\":{\"auth\":\"eA==\"}}}");
	is_str(find(&o, "h.io", "ns/repo"), "1 d:w3", "the most specific key");
	is_str(find(&o, "h.io", "ns/other"), "1 d:w2", "a namespace");
	is_str(find(&o, "h.io", "nsx/repo"), "1 d:w1", "the host");
	is_str(find(&o, "old.io", "a"), "1 d:w4", "a key as old dockers wrote it");
	is_str(find(&o, "docker.io", "library/a"), "1 d:w5", "Docker Hub's key");
	is_str(find(&o, "id.io", "a"), "2 :it", "an identity token");
	is_str(find(&o, "rt.io", "a"), "3 :rt", "a registry token");
	is_str(find(&o, "plain.io", "a"), "1 u:p:q", "user and password apart");
	is_str(find(&o, "empty.io", "a"), "0 :", "an empty entry");
	is_str(find(&o, "no.io", "a"), "0 :", "none");
	is_str(find(&o, "io", "a"), "0 :", "nor by the end of a name");
	ok(strstr(find(&o, "bad.io", "a"), "error 6: keys.json, key bad.io"), "no base64");
	ok(strstr(find(&o, "nocolon.io", "a"), "error 6"), "no colon");
}

static void test_creds(void)
{
	const char *creds[] = { "h.io=u:p", "localhost:5000=l:p", "me:a=b" };
	struct sp_registry_options o = { .creds = creds, .creds_nr = 3 };

	is_str(find(&o, "h.io", "a"), "1 u:p", "--creds of a host");
	is_str(find(&o, "localhost:5000", "a"), "1 l:p", "of one with a port");
	is_str(find(&o, "x.io", "a"), "1 me:a=b", "of all others");
	ok(sp_credentials_is_for_all("me:a=b") && sp_credentials_is_for_all("me:p") &&
	   !sp_credentials_is_for_all("h.io=u:p") && !sp_credentials_is_for_all("h:1=u:p") &&
	   !sp_credentials_is_for_all("localhost=u:p") && sp_credentials_is_for_all("local=u:p") &&
	   sp_credentials_is_for_all("=u:p"),
	   "whose they are");
	o.creds_nr = 2;
	is_str(find(&o, "x.io", "a"), "0 :", "another host's are not sent");
}

static void test_files(void)
{
	const char *env[] = { "DOCKER_CONFIG=dc", "XDG_RUNTIME_DIR=run", "XDG_CONFIG_HOME=conf",
			      "HOME=home", "REGISTRY_AUTH_FILE=raf.json" };
	struct sp_registry_options o = { .env = env, .env_nr = 4 };

	ok(system("mkdir -p dc run/containers conf/containers home/.docker") == 0, "files");
	put("home/.docker/config.json", "{\"auths\":{\"h.io\":{\"username\":\"home\",\"password\":\"p\"}}}");
	is_str(find(&o, "h.io", "a"), "0 :", "HOME's is not read with DOCKER_CONFIG");
	env[0] = "DOCKER_CONFIG=";
	is_str(find(&o, "h.io", "a"), "1 home:p", "without it it is");
	put("conf/containers/auth.json", "{\"auths\":{\"h.io\":{\"username\":\"conf\",\"password\":\"p\"}}}");
	is_str(find(&o, "h.io", "a"), "1 conf:p", "podman's comes before");
	put("run/containers/auth.json", "{\"auths\":{\"h.io\":{\"username\":\"run\",\"password\":\"p\"}}}");
	is_str(find(&o, "h.io", "a"), "1 run:p", "the one of this session first");
	put("dc/config.json", "{\"auths\":{\"h.io\":{\"username\":\"dc\",\"password\":\"p\"}}}");
	env[0] = "DOCKER_CONFIG=dc";
	is_str(find(&o, "h.io", "a"), "1 dc:p", "DOCKER_CONFIG before all");
	o.env_nr = 5;
	ok(strstr(find(&o, "h.io", "a"), "error 6: raf.json"), "a file that is named must be there");
	put("raf.json", "");
	is_str(find(&o, "h.io", "a"), "0 :", "an empty one is none");
	put("raf.json", "{\"auths\":");
	ok(strstr(find(&o, "h.io", "a"), "error 6: raf.json: cannot be understood"), "no JSON");
	put("raf.json", "[]");
	ok(strstr(find(&o, "h.io", "a"), "error 6: raf.json: cannot be understood"), "no object");
	put("raf.json", "{\"credHelpers\":{\"h.io\":\"../evil\"}}");
	ok(strstr(find(&o, "h.io", "a"), "no name of a credential helper"), "a helper with a path");
	put("raf.json", "{\"credHelpers\":{\"h.io\":\"nowhere\",\"x.io\":\"y\"}}");
	ok(strstr(find(&o, "h.io", "a"), "docker-credential-nowhere: is not in PATH"),
	   "a helper that is not there");
	is_str(find(&o, "z.io", "a"), "0 :", "is nothing to others");
}

static const char *proxy(const char *const *env, size_t nr, const char *text)
{
	struct sp_registry_options o = { .env = env, .env_nr = nr };
	struct sp_http_proxy found;
	struct sp_err err = { 0 };
	struct sp_url url;

	if (sp_url_parse(text, &arena, &url, &err) ||
	    sp_proxy_for(&o, &url, &arena, &found, &err))
		return strstr(err.msg, "secret") ? "a secret was told" : "bad";
	if (!found.url || !found.user)
		return found.url;
	return sp_arena_strf(&arena, "%s as %s/%s", found.url, found.user, found.password);
}

static void test_proxies(void)
{
	const char *env[] = { "HTTPS_PROXY=http://p:1", "http_proxy=http://q:2",
			      ("NO_PROXY=a.io, .b.io,10.0.0.0/8,c.io:8443,2001:db8::/33,"
			       "fd00::1,192.0.2.1:444,[fd00::2]:444,1.2.3.4/,1.2.3.4/99") };
	static const char *const none[] = { "https://a.io/", "https://x.a.io/", "https://x.b.io/",
					    "https://10.1.2.3/", "https://c.io:8443/",
					    "https://[2001:db8:7fff::1]/", "https://[fd00::1]/",
					    "https://192.0.2.1:444/", "https://[fd00::2]:444/",
					    "https://localhost/", "https://127.0.0.1:5000/" };
	static const char *const some[] = { "https://xa.io/", "https://11.1.2.3/", "https://c.io/",
					    "https://a.io.evil/", "https://[2001:db8:8000::1]/",
					    "https://[fd00::2]/", "https://192.0.2.1/",
					    "https://1.2.3.4/" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		ok(!proxy(env, 3, none[i]), "%s: no proxy", none[i]);
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		is_str(proxy(env, 3, some[i]), "http://p:1", "%s: by proxy", some[i]);
	is_str(proxy(env, 3, "http://d.io/"), "http://q:2", "in the clear by its own");
	env[2] = "no_proxy=*";
	ok(!proxy(env, 3, "https://d.io/"), "none for all");
	env[0] = "ALL_PROXY=http://all:1";
	is_str(proxy(env, 2, "https://d.io/"), "http://all:1", "one for all");
}

/* How the variables may be written; who we are is apart from the URL. */
static void test_proxy_urls(void)
{
	static const char *const rows[][2] = {
		{ "p.io:3128", "http://p.io:3128" },
		{ "http://p.io", "http://p.io:80" },
		{ "HTTPS://p.io/", "HTTPS://p.io:443" },
		{ "socks5h://p.io", "socks5h://p.io:1080" },
		{ "http://[fd00::1]:3128/", "http://[fd00::1]:3128" },
		{ "http://[fd00::1]", "http://[fd00::1]:80" },
		{ "http://u:secret@p.io:1", "http://p.io:1 as u/secret" },
		{ "u:sec@ret@p.io:1", "http://p.io:1 as u/sec@ret" },
		{ "http://a%40b:c%3Ad@p.io:1", "http://p.io:1 as a@b/c:d" },
		{ "http://u@p.io:1", "http://p.io:1 as u/" },
		{ "ftp://u:secret@p.io", "bad" },
		{ "http://", "bad" },
		{ "http://:1", "bad" },
		{ "http://p.io:1/path", "bad" },
		{ "http://p.io:port", "bad" },
		{ "http://p.io secret", "bad" },
		{ "http://u:secret%0a@p.io", "bad" },
		{ "http://u:secret%4@p.io", "bad" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *env[] = { sp_arena_strf(&arena, "https_proxy=%s", rows[i][0]) };

		is_str(proxy(env, 1, "https://r.io/"), rows[i][1], "%s", rows[i][0]);
	}
}

int main(void)
{
	if (chdir(scratch_dir()))
		return 1;
	test_keys();
	test_creds();
	test_files();
	test_proxies();
	test_proxy_urls();
	sp_arena_release(&arena);
	return test_done();
}
