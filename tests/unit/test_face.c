/*
 * Every function of the installed header once with success and once with failure, in
 * the order in which a user of the library would meet them.  What the operations do in
 * detail is for the tests of the command; here it is the contract: return values,
 * classes of errors, whose memory is whose, what is in a report.
 */
#include <signal.h>

#include "fake_server.h"
#include "image/image.h"
#include "image/json.h"
#include "scratchpack.h"
#include "tiny_image.h"

static struct scratchpack *job;
static struct sp_err err;

/* A new job with options in pairs of name and value. */
static void start(const char *const *options)
{
	scratchpack_free(job);
	job = scratchpack_new();
	err = (struct sp_err){ 0 };
	for (; *options; options += 2)
		if (scratchpack_set(job, options[0], options[1], &err))
			ok(false, "--%s: %s", options[0], err.msg);
}
#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })
#define BARE() start((const char *const[]){ NULL })

/* The operation succeeded, and its report has each of these keys. */
static void good(int rc, const char *what, const char *const *keys)
{
	const char *text = scratchpack_report(job);
	struct sp_err ignored = { 0 };
	sp_autojson struct sp_json *report = NULL;

	if (!ok(rc == 0, "%s", what))
		test_value("got: ", err.msg);
	ok(err.code == SP_OK && !err.msg[0], "which leaves the error alone");
	if (!ok(text && sp_json_parse(text, strlen(text), &report, &ignored) == 0, "a report"))
		return;
	is_str(scratchpack_report(job), text, "the same when asked again");
	for (; *keys; keys++)
		ok(sp_json_get(report, *keys) != NULL, "with \"%s\"", *keys);
}
#define GOOD(rc, what, ...) good(rc, what, (const char *const[]){ __VA_ARGS__, NULL })

/* It failed with this class, says so in one line, and gave no report. */
static void bad(int rc, enum sp_code code, const char *part, const char *what)
{
	ok(rc == -1, "%s fails", what);
	is_int(err.code, code, "with its class");
	if (!ok(strstr(err.msg, part) && !strchr(err.msg, '\n'), "and says why"))
		test_value("got: ", err.msg);
	is_str(scratchpack_report(job), NULL, "and has no report");
}

static void test_job(void)
{
	scratchpack_free(NULL);
	BARE();
	is_str(scratchpack_report(job), NULL, "a new job has no report");
	bad(scratchpack_set(job, "no-such-option", "x", &err), SP_EUSAGE, "no-such-option",
	    "an option that there is not");
	bad(scratchpack_set(job, "tag", NULL, &err), SP_EUSAGE, "needs a value",
	    "one without its value");
	bad(scratchpack_set(job, "compress", "rar", &err), SP_EUSAGE, "rar",
	    "one with a value that is none");
	char text[] = "/bin/x";
	ok(scratchpack_set(job, "at", text, &err) == 0, "a value");
	memset(text, '?', sizeof(text) - 1);
	ok(scratchpack_set(job, "minimal", NULL, &err) == 0, "a switch takes none");
	scratchpack_set(job, "program", in_scratch("hello"), &err);
	err = (struct sp_err){ 0 };
	GOOD(scratchpack_plan(job, &err), "a plan", "programs");
	ok(scratchpack_report(job) && strstr(scratchpack_report(job), "\"/bin/x\""),
	   "values are copied");
	is_str(scratchpack_version(), SCRATCHPACK_VERSION, "the version is that of the header");
}

/* "NAME/VERSION" for each compressor, with a space between. */
static void test_compressors(void)
{
	sp_autofree char *list = sp_strdup(scratchpack_compressors());
	char *rest = list;
	int nr = 0;

	for (char *word; (word = strtok_r(rest, " ", &rest)); nr++) {
		const char *slash = strchr(word, '/');

		ok(slash && slash > word && slash[1] >= '0' && slash[1] <= '9', "%s", word);
	}
	is_int(nr, 2, "two libraries decide compressed bytes");
}

struct heard {
	struct scratchpack *job;
	int calls, odd;
};

static void hear(void *ctx, const struct sp_progress *p)
{
	struct heard *heard = ctx;

	heard->calls++;
	heard->odd += !p->phase || (p->total && p->done > p->total);
}

static void stop(void *ctx, const struct sp_progress *p)
{
	(void)p;
	scratchpack_cancel(((struct heard *)ctx)->job);
}

static void test_pack(void)
{
	struct heard heard = { 0 };

	START("program", in_scratch("hello"), "output", in_scratch("i.tar"), "tag", "a/b:1");
	scratchpack_on_progress(job, hear, &heard);
	GOOD(scratchpack_pack(job, &err), "an image", "results", "layers", "programs");
	ok(heard.calls > 0 && !heard.odd, "progress is told");
	heard.calls = 0;
	scratchpack_on_progress(job, NULL, NULL);
	ok(scratchpack_pack(job, &err) == 0 && heard.calls == 0, "and is not when it is turned off");

	START("program", in_scratch("hello"));
	bad(scratchpack_pack(job, &err), SP_EUSAGE, "no output", "a pack to nowhere");
	START("program", in_scratch("none"));
	bad(scratchpack_plan(job, &err), SP_EPROGRAM, "none", "a plan of what is not there");
	is_str(err.id, "missing-file", "with the identifier of the diagnosis");
	START("program", in_scratch("hello"), "output", in_scratch("none/i.tar"));
	bad(scratchpack_pack(job, &err), SP_EOUTPUT, "none", "an output that cannot be");

	START("program", in_scratch("hello"), "output", in_scratch("stopped.tar"));
	heard.job = job;
	scratchpack_on_progress(job, stop, &heard);
	bad(scratchpack_pack(job, &err), SP_ECANCELLED, "", "a pack that is cancelled");
	ok(access(in_scratch("stopped.tar"), F_OK) == -1, "and leaves nothing");
}

static void test_read(void)
{
	const char *image = in_scratch("i.tar"), *bad_image = in_scratch("bad.tar");

	START("program", in_scratch("hello"));
	GOOD(scratchpack_inspect(job, &err), "inspect", "program", "plan", "needs");
	START("program", in_scratch("text"));
	ok(scratchpack_inspect(job, &err) == -1 && err.code == SP_EPROGRAM, "not of a text");
	BARE();
	bad(scratchpack_inspect(job, &err), SP_EUSAGE, "no program", "inspect of nothing");

	BARE();
	GOOD(scratchpack_verify(job, image, &err), "verify", "problems");
	bad(scratchpack_verify(job, in_scratch("none.tar"), &err), SP_EFAIL, "none.tar",
	    "verify of nothing");
	BARE();
	ok(scratchpack_verify(job, bad_image, &err) == -1 && err.code == SP_EVERIFY,
	   "a byte that changed fails with its class");
	ok(scratchpack_report(job) && strstr(scratchpack_report(job), "problems"),
	   "and the report says what is wrong");
	BARE();
	GOOD(scratchpack_inspect_image(job, image, &err), "inspect_image", "config", "program");
	BARE();
	ok(scratchpack_inspect_image(job, bad_image, &err) == -1 && err.code == SP_EVERIFY,
	   "inspect_image checks too");
}

static void test_write(void)
{
	const char *image = in_scratch("i.tar"), *two[] = { image, image };

	START("output", in_scratch("copy/"));
	GOOD(scratchpack_copy(job, image, &err), "copy", "results");
	BARE();
	bad(scratchpack_copy(job, image, &err), SP_EUSAGE, "no destination", "copy to nowhere");
	START("output", in_scratch("copy/"));
	bad(scratchpack_copy(job, in_scratch("none.tar"), &err), SP_EFAIL, "none.tar",
	    "copy of nothing");
	START("output", in_scratch("index.tar"));
	GOOD(scratchpack_index(job, two, 1, &err), "index", "results");
	START("output", in_scratch("index2.tar"));
	bad(scratchpack_index(job, two, 2, &err), SP_EUSAGE, "already", "one platform twice");
	bad(scratchpack_index(job, two, 0, &err), SP_EUSAGE, "no image", "an index of nothing");
	ok(access(in_scratch("index2.tar"), F_OK) == -1, "and nothing is written");
}

/* --- a registry --- */

#define DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"

static struct fake_server server;
static struct sp_arena arena;
static const char *domain;

static void answer(const char *status, const char *more, const char *type, const char *body)
{
	fake_answer(&server, sp_arena_strf(&arena, "HTTP/1.1 %s\r\nConnection: close\r\n%s"
					   "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
					   status, more, type, strlen(body), body));
}

/* A job that speaks to the registry here, and does not wait long for it. */
#define CLIENT(...)                                                                      \
	START("plain-http", domain, "authfile", in_scratch("auth.json"), "tries", "1",     \
	      "net-timeout", "5s", __VA_ARGS__)

static const char *at_registry(const char *name)
{
	return sp_arena_strf(&arena, "%s/%s", domain, name);
}

/* What every client asks first. */
static void greet(void)
{
	answer("200 OK", "", "text/plain", "");
}

static void take_note(void *ctx, const char *text)
{
	*(int *)ctx += strlen(text) > 0;
}

static void test_ask(void)
{
	static const char warning[] = "Warning: 299 - \"read only soon\"\r\n";
	int notes = 0;

	CLIENT(NULL);
	scratchpack_on_note(job, take_note, &notes);
	greet();
	answer("200 OK", warning, "application/json", "{\"name\":\"a/b\",\"tags\":[\"v1\",\"v2\"]}");
	GOOD(scratchpack_tags(job, at_registry("a/b"), &err), "tags", "name", "tags");
	ok(scratchpack_report(job) && strstr(scratchpack_report(job), "\"v2\""), "all of them");
	ok(notes > 0, "what the registry warns of is a note");
	bad(scratchpack_tags(job, at_registry("a/b:v1"), &err), SP_EUSAGE, "without a tag",
	    "tags of a tag");
	greet();
	answer("404 Not Found", "", "text/plain", "no");
	bad(scratchpack_tags(job, at_registry("a/none"), &err), SP_ENETWORK, "a/none",
	    "tags of a repository that is not there");

	CLIENT(NULL);
	greet();
	answer("200 OK", "", SP_MT_INDEX, "{\"schemaVersion\":2,\"manifests\":[]}");
	GOOD(scratchpack_referrers(job, at_registry("a/b@" DIGEST), &err), "referrers",
	     "name", "digest", "from", "referrers");
	greet();
	answer("404 Not Found", "", "text/plain", "no");
	bad(scratchpack_referrers(job, at_registry("a/b:none"), &err), SP_ENETWORK, "no such image",
	    "referrers of nothing");
	bad(scratchpack_referrers(job, "UPPER", &err), SP_EUSAGE, "UPPER", "a name that is none");
}

static void test_login(void)
{
	static const char challenge[] = "WWW-Authenticate: Basic realm=\"x\"\r\n";
	const char *file = in_scratch("auth.json");

	CLIENT("username", "me", "password", "secret");
	answer("401 Unauthorized", challenge, "text/plain", "");
	answer("401 Unauthorized", challenge, "text/plain", "");
	bad(scratchpack_login(job, domain, &err), SP_EAUTH, domain, "a password that is wrong");
	ok(access(file, F_OK) == -1, "and it is not kept");
	err = (struct sp_err){ 0 };
	answer("401 Unauthorized", challenge, "text/plain", "");
	answer("200 OK", "", "text/plain", "");
	GOOD(scratchpack_login(job, domain, &err), "login", "registry", "where");
	ok(access(file, F_OK) == 0, "is kept");
	CLIENT(NULL);
	bad(scratchpack_login(job, domain, &err), SP_EUSAGE, "user name", "login without a name");
	bad(scratchpack_login(job, "no registry", &err), SP_EUSAGE, "no registry",
	    "login to a name that is none");
	err = (struct sp_err){ 0 };
	GOOD(scratchpack_logout(job, domain, &err), "logout", "registry", "where");
	bad(scratchpack_logout(job, domain, &err), SP_EFAIL, "nobody", "logout of nobody");
}

/* What the operations read: a program, a text, and an image with a byte that is wrong. */
static bool make_files(void)
{
	if (shell("echo 'int main(void) { return 0; }' | gcc -static -o hello -x c -"))
		return false;
	put_file(in_scratch("text"), "words\n", 6);
	return true;
}

static void damage_image(void)
{
	FILE *f;

	if (shell("cp i.tar bad.tar") || !(f = fopen(in_scratch("bad.tar"), "r+")))
		abort();
	/* in the layer, which comes first and is the largest part */
	if (fseek(f, 20000, SEEK_SET) || fputs("damage", f) < 0 || fclose(f))
		abort();
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!make_files()) {
		skip("no compiler makes a static program");
		return test_done();
	}
	test_job();
	test_compressors();
	test_pack();
	damage_image();
	test_read();
	test_write();
	fake_start(&server, NULL);
	domain = sp_arena_strf(&arena, "127.0.0.1:%d", server.port);
	test_ask();
	test_login();
	fake_stop(&server);
	scratchpack_free(job);
	sp_arena_release(&arena);
	return test_done();
}
