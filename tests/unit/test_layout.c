/*
 * Layout directories as destinations: what is in them, what becomes of what was
 * there, and that a failure takes everything back.
 */
#include "transport/layout.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/io.h"
#include "tiny_image.h"

#define FULL_NAME "io.containerd.image.name"
#define REF_NAME "org.opencontainers.image.ref.name"

/* Run Python with "i" being the index.json in dir. */
static int check_index(const char *dir, const char *python)
{
	sp_autofree char *command = sp_strf("python3 -c 'import json\n"
					    "i = json.load(open(\"%s/index.json\"))\n"
					    "a = [m.get(\"annotations\", {}) for m in i[\"manifests\"]]\n"
					    "r = [x.get(\"" REF_NAME "\") for x in a]\n"
					    "f = [x.get(\"" FULL_NAME "\") for x in a]\n%s'",
					    dir, python);

	return shell(command);
}

static void test_new(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };

	ok(tiny_write(t, "oci:new", "tiny", "v1", &options, &err) == 0, "a new layout");
	is_int(entries_in("new"), 3, "has three entries");
	is_int(shell("[ \"$(cat new/oci-layout)\" = '{\"imageLayoutVersion\":\"1.0.0\"}' ]"), 0,
	       "the version");
	is_int(shell("cd new/blobs/sha256 && [ $(ls | wc -l) = 3 ] && "
		     "sha256sum * | awk '$1 != $2 { exit 1 }'"), 0,
	       "and three blobs with their digests as names");
	is_int(check_index("new", "assert r == [\"v1\"]"), 0, "the index names the image");
	is_int(shell("find new -name '.*' | grep ."), 1, "no temporary file is left");
	if (have_program("skopeo"))
		is_int(shell("skopeo copy oci:new:v1 dir:copy"), 0, "skopeo reads it");
	else
		skip("no skopeo");
}

static void test_add(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct tiny other;

	tiny_init(&other, "another text");
	is_int(shell("stat -c '%i %Y %n' new/blobs/sha256/* | sort > before"), 0,
	       "blobs that are there");
	ok(tiny_write(t, "new", "tiny", "v1", &options, &err) == 0, "the same image again");
	is_int(shell("stat -c '%i %Y %n' new/blobs/sha256/* | sort | cmp - before"), 0,
	       "writes no blob again");
	is_int(check_index("new", "assert r == [\"v1\"]"), 0, "and is there once");
	ok(tiny_write(&other, "new/", "tiny", "v2", &options, &err) == 0, "another tag");
	is_int(check_index("new", "assert r == [\"v1\", \"v2\"]"), 0, "joins the first");
	is_int(shell("[ $(ls new/blobs/sha256 | wc -l) = 6 ]"), 0, "with its blobs");
	ok(tiny_write(&other, "oci:new:v1", "tiny", "v9", &options, &err) == 0,
	   "the first tag for another image");
	is_int(check_index("new", "assert r == [\"v2\", \"v1\"] and "
				  "i[\"manifests\"][0][\"digest\"] == i[\"manifests\"][1][\"digest\"]"),
	       0, "takes the place of the old one");
	if (have_program("umoci"))
		is_int(shell("umoci ls --layout new | sort | tr '\\n' ' ' | grep -qx 'v1 v2 '"),
		       0, "umoci lists both");
	else
		skip("no umoci");
	ok(tiny_write(t, "new", "second", "v1", &options, &err) == 0,
	   "another image with the same tag");
	is_int(check_index("new", "assert r == [\"v2\", \"docker.io/library/tiny:v1\", \"v1\"], r\n"
				  "assert f[2] == \"docker.io/library/second:v1\""), 0,
	       "takes the tag, and the old one is kept under its full name");
	ok(tiny_write(t, "new", "tiny", "v1", &options, &err) == 0, "the first image again");
	is_int(check_index("new", "assert r == [\"v2\", \"docker.io/library/second:v1\", \"v1\"], r"),
	       0, "is found by its full name");
	tiny_release(&other);
}

/* What another tool wrote stays as it was. */
static void test_foreign(const struct tiny *t)
{
	static const char index[] =
		"{\"annotations\":{\"who\":\"me \\\"\\u00e9\"},\"schemaVersion\":2,\"x\":[1,null,"
		"2.5,true,9007199254740993],\"manifests\":[{\"mediaType\":\"application/vnd.oci."
		"image.manifest.v1+json\",\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae"
		"41e4649b934ca495991b7852b855\",\"size\":0,\"z\":{\"a\\tb\":[]},\"annotations\":{"
		"\"" REF_NAME "\":\"theirs\"}},{\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb9"
		"2427ae41e4649b934ca495991b7852b855\",\"size\":0}]}";
	static const char layout[] = "{\"imageLayoutVersion\": \"1.0.0\", \"by\": 1}";
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };

	mkdir("foreign", 0755);
	put_file("foreign/oci-layout", layout, strlen(layout));
	put_file("foreign/index.json", index, strlen(index));
	put_file("foreign/README", "mine", 4);
	put_file("old-index", index, strlen(index));
	ok(tiny_write(t, "foreign", "tiny", "v1", &options, &err) == 0, "a foreign layout");
	is_int(check_index("foreign",
			   "o = json.load(open(\"old-index\"))\n"
			   "assert i[\"manifests\"][:2] == o[\"manifests\"]\n"
			   "assert r == [\"theirs\", None, \"v1\"]\n"
			   "assert list(i) == list(o)\n"
			   "assert i[\"annotations\"] == o[\"annotations\"] and i[\"x\"] == o[\"x\"]"),
	       0, "keeps its entries and unknown fields, in their order");
	is_int(shell("grep -q '\"by\": 1' foreign/oci-layout && [ -f foreign/README ]"), 0,
	       "and its other files");
}

static const struct {
	const char *what, *version, *index, *says;
} bad[] = {
	{ "other version", "{\"imageLayoutVersion\":\"2.0.0\"}", "", "expected 1.0.0" },
	{ "version is no JSON", "{", "", "oci-layout" },
	{ "index is no JSON", NULL, "hello", "index.json" },
	{ "index is empty", NULL, "", "index.json" },
	{ "index is a list", NULL, "[]", "no list" },
	{ "no manifests", NULL, "{\"schemaVersion\":2}", "no list" },
	{ "manifests no list", NULL, "{\"schemaVersion\":2,\"manifests\":{}}", "no list" },
	{ "other schema", NULL, "{\"schemaVersion\":1,\"manifests\":[]}", "schemaVersion" },
	{ "other type", NULL, "{\"schemaVersion\":2,\"mediaType\":\"x\",\"manifests\":[]}",
	  "mediaType" },
	{ "index and manifest", NULL, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}",
	  "in one" },
	{ "bad digest", NULL, "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:..\"}]}",
	  "digest" },
	{ "entry no object", NULL, "{\"schemaVersion\":2,\"manifests\":[1]}", "digest" },
};

static void test_bad(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct sp_err err = { 0 };
		const char *version = bad[i].version ? bad[i].version : SP_OCI_LAYOUT_TEXT;

		is_int(shell("rm -rf bad && mkdir bad"), 0, "a layout");
		put_file("bad/oci-layout", version, strlen(version));
		put_file("bad/index.json", bad[i].index, strlen(bad[i].index));
		ok(tiny_write(t, "bad", "tiny", "v1", &options, &err) == -1, "%s is refused",
		   bad[i].what);
		is_int(err.code, SP_EOUTPUT, "%s: an output error", bad[i].what);
		if (!ok(strstr(err.msg, "bad: ") && strstr(err.msg, bad[i].says),
			"%s: the message says %s", bad[i].what, bad[i].says))
			note("%s", err.msg);
		is_int(entries_in("bad"), 2, "%s: nothing was added", bad[i].what);
	}
}

/* Things that are not what they should be, in the way. */
static void test_obstacles(const struct tiny *t)
{
	static const struct {
		const char *what, *setup, *says;
	} obstacles[] = {
		{ "blobs is a file", "echo x > obst/blobs", "is no directory" },
		{ "blobs is a link", "mkdir away && ln -s ../away obst/blobs", "is no directory" },
		{ "sha256 is a file", "mkdir obst/blobs && echo x > obst/blobs/sha256",
		  "is no directory" },
		{ "index.json is a directory", "mkdir obst/index.json", "no regular file" },
		{ "index.json is a FIFO", "mkfifo obst/index.json", "no regular file" },
		{ "index.json is a link", "ln -s /etc/passwd obst/index.json", "no regular file" },
	};
	struct sp_transport_options options = tiny_options();

	for (size_t i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++) {
		struct sp_err err = { 0 };
		sp_autofree char *setup = sp_strf("rm -rf obst away && mkdir obst && echo "
						  "'" SP_OCI_LAYOUT_TEXT "' > obst/oci-layout && "
						  "%s && find obst away > before; :",
						  obstacles[i].setup);

		shell(setup);
		ok(tiny_write(t, "obst", "tiny", "v1", &options, &err) == -1, "%s: an error",
		   obstacles[i].what);
		is_int(err.code, SP_EOUTPUT, "%s: an output error", obstacles[i].what);
		if (!ok(strstr(err.msg, obstacles[i].says) != NULL, "%s: it says %s",
			obstacles[i].what, obstacles[i].says))
			note("%s", err.msg);
		is_int(shell("find obst away > after; cmp before after"), 0,
		       "%s: all is as before", obstacles[i].what);
	}
}

/* A blob with the right name and the wrong size is a broken one. */
static void test_repair(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };

	ok(tiny_write(t, "oci:broken", "tiny", "v1", &options, &err) == 0 &&
	   shell("truncate -s 1 broken/blobs/sha256/*") == 0 &&
	   tiny_write(t, "oci:broken", "tiny", "v1", &options, &err) == 0, "cut blobs");
	is_int(shell("cd broken/blobs/sha256 && sha256sum * | awk '$1 != $2 { exit 1 }'"), 0,
	       "are written anew");
}

static void test_taken_back(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct rlimit limit, old;
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;

	ok(sp_dest_open("left/", &options, &dest, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	   sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0, "a run that is left");
	sp_dest_free(dest);
	ok(access("left", F_OK) != 0, "takes its directory away");
	dest = NULL;
	ok(sp_dest_open("left/", &options, &dest, &err) == 0 &&
	   sp_dest_sink(dest)->begin(sp_dest_sink(dest), 0, &err) == 0, "also inside a blob");
	sp_dest_free(dest);
	ok(access("left", F_OK) != 0, "it takes its directory away");

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	is_int(shell("find new -exec stat -c '%i %Y %n' {} + | sort > before"), 0,
	       "a layout as it is");
	for (rlim_t size = 0; size < 2048; size += 128) {
		limit = old;
		limit.rlim_cur = size;
		setrlimit(RLIMIT_FSIZE, &limit);
		err = (struct sp_err){ 0 };
		int fresh = tiny_write(t, "left/", "tiny", "v1", &options, &err);
		enum sp_code code = err.code;

		tiny_write(t, "new/", "third", "v3", &options, &err);
		setrlimit(RLIMIT_FSIZE, &old);
		ok(fresh == -1 && code == SP_EOUTPUT && strstr(err.msg, "ulimit -f"),
		   "files of at most %d bytes are an output error", (int)size);
	}
	ok(access("left", F_OK) != 0, "a new layout is taken away");
	is_int(check_index("new", "assert \"v3\" not in r"), 0, "an old one is as it was");
	is_int(shell("find new -name '.*.tmp' | grep ."), 1, "without temporary files");
}

/* A commit that fails at its last step, the index, takes back blobs and directories. */
static void test_commit_fails(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;

	ok(sp_dest_open("late/", &options, &dest, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	   sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0 &&
	   shell("mkdir -p late/index.json") == 0, "an index.json that came in between");
	ok(sp_dest_commit(dest, &err) == -1 && err.code == SP_EOUTPUT, "fails the commit");
	sp_dest_free(dest);
	is_int(entries_in("late"), 1, "and nothing of ours is left");
}

/* Two destinations, or two runs, that add to one layout at the same time. */
static void test_together(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *a = NULL, *b = NULL;
	struct sp_ref one = { "docker.io", "library/tiny", "one", NULL };
	struct sp_ref two = { "docker.io", "library/tiny", "two", NULL };

	ok(sp_dest_open("oci:both:one", &options, &a, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(a), &err) == 0 &&
	   sp_dest_open("oci:both:two", &options, &b, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(b), &err) == 0 &&
	   sp_dest_prepare(a, &t->image, &one, 1, &err) == 0 &&
	   sp_dest_prepare(b, &t->image, &two, 1, &err) == 0 &&
	   sp_dest_commit(a, &err) == 0 && sp_dest_commit(b, &err) == 0,
	   "two destinations in one directory");
	sp_dest_free(b);
	sp_dest_free(a);
	is_int(check_index("both", "assert r == [\"one\", \"two\"]"), 0, "are both there");
	is_int(entries_in("both"), 3, "without temporary files");

	a = b = NULL;
	ok(sp_dest_open("oci:half", &options, &a, &err) == 0 &&
	   sp_dest_open("oci:half", &options, &b, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(a), &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(b), &err) == 0 &&
	   sp_dest_prepare(a, &t->image, &one, 1, &err) == 0 &&
	   sp_dest_prepare(b, &t->image, &two, 1, &err) == 0 &&
	   sp_dest_commit(b, &err) == 0, "one of two is committed");
	sp_dest_free(b);
	sp_dest_free(a);
	is_int(shell("cd half && [ $(ls -A | wc -l) = 3 ] && [ $(ls blobs/sha256 | wc -l) = 3 ]"),
	       0, "and the other takes nothing of it away");
}

static void test_parallel(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	int status, bad_runs = 0;

	for (int i = 0; i < 8; i++) {
		if (fork() == 0) {
			struct sp_err err = { 0 };
			sp_autofree char *tag = sp_strf("t%d", i);

			_exit(tiny_write(t, "many/", "tiny", tag, &options, &err) ? 1 : 0);
		}
	}
	while (wait(&status) > 0)
		bad_runs += status != 0;
	is_int(bad_runs, 0, "eight runs at once write one layout");
	is_int(check_index("many", "assert sorted(r) == [\"t%d\" % n for n in range(8)], r"), 0,
	       "and all are in it");
	is_int(entries_in("many"), 3, "without temporary files");
}

int main(void)
{
	struct tiny t;

	umask(022);
	if (chdir(scratch_dir()))
		abort();
	tiny_init(&t, "some text in a file of the layer");
	test_new(&t);
	test_add(&t);
	test_foreign(&t);
	test_bad(&t);
	test_obstacles(&t);
	test_repair(&t);
	test_taken_back(&t);
	test_commit_fails(&t);
	test_together(&t);
	test_parallel(&t);
	tiny_release(&t);
	return test_done();
}
