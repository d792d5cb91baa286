/*
 * Images as sources: layouts and archives, our own, those of other tools, and
 * hostile ones.
 */
#include "transport/transport.h"

#include <fcntl.h>

#include "base/io.h"
#include "tiny_image.h"

/* All that a reader gives, in pieces of step bytes. */
static int read_all(struct sp_blob_reader *reader, size_t step, struct sp_buf *ret,
		    struct sp_err *err)
{
	size_t n;

	do {
		if (reader->read(reader, sp_buf_reserve(ret, step), step, &n, err))
			return -1;
		ret->len += n;
	} while (n);
	return 0;
}

static bool blob_is(struct sp_source *source, const struct sp_desc *desc,
		    const struct sp_buf *want)
{
	sp_autobuf struct sp_buf got = { 0 };
	struct sp_blob_reader *reader = NULL;
	struct sp_err err = { 0 };
	bool same;

	if (source->open_blob(source, &desc->digest, &reader, &err))
		return false;
	same = read_all(reader, 100, &got, &err) == 0 && got.len == want->len &&
	       memcmp(got.data, want->data, got.len) == 0;
	reader->close(reader);
	return same;
}

/* The text of a document, "" if it is not there; malloc'ed. */
static char *document(struct sp_source *source, const char *name)
{
	struct sp_buf buf = { 0 };
	struct sp_err err = { 0 };

	if (source->read_file(source, name, 65536, &buf, &err))
		return sp_strdup(err.msg);
	sp_buf_addstr(&buf, "");
	return sp_buf_detach(&buf);
}

static const struct {
	const char *text, *ref;
	bool layout, docker;
} readable[] = {
	{ "both.tar", NULL, true, true },
	{ "oci-archive:both.tar", NULL, true, false },
	{ "oci-archive:both.tar:v1", "v1", true, false },
	{ "docker-archive:both.tar:app:v1", "app:v1", false, true },
	{ "dir", NULL, true, false },
	{ "dir/:v1", "v1", true, false },
	{ "oci:dir:docker.io/library/tiny:v1", "docker.io/library/tiny:v1", true, false },
	{ "with:colon", NULL, true, false },
	{ "gnu.tar", NULL, true, false },
	{ "pax.tar", NULL, true, false },
	{ "dot.tar", NULL, true, false },
	{ "cut-mark.tar", NULL, true, true },
};

static void make_readable(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };

	ok(tiny_write(t, "both.tar", "tiny", "v1", &options, &err) == 0 &&
	   tiny_write(t, "dir/", "tiny", "v1", &options, &err) == 0, "what we write");
	is_int(shell("cp -r dir with:colon && cd dir && "
		     "tar --format=gnu -cf ../gnu.tar * && tar --format=pax -cf ../pax.tar * && "
		     "tar -cf ../dot.tar . && cd .. && "
		     "head -c -1024 both.tar > cut-mark.tar"), 0, "and what GNU tar makes of it");
}

static void test_readable(const struct tiny *t)
{
	make_readable(t);
	for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++) {
		const char *text = readable[i].text;
		struct sp_source *source = NULL;
		struct sp_err err = { 0 };
		struct sp_buf buf = { 0 };
		sp_autofree char *ref = NULL, *version = NULL, *index = NULL, *docker = NULL;

		if (!ok(sp_source_open(text, NULL, &source, &ref, &err) == 0, "%s opens", text)) {
			note("%s", err.msg);
			continue;
		}
		is_str(ref, readable[i].ref, "%s: the reference", text);
		version = document(source, "oci-layout");
		index = document(source, "index.json");
		docker = document(source, "manifest.json");
		is_str(version, readable[i].layout ? SP_OCI_LAYOUT_TEXT : "", "%s: oci-layout",
		       text);
		is_int(*index == '{', readable[i].layout, "%s: index.json", text);
		is_int(*docker == '[', readable[i].docker, "%s: manifest.json", text);
		ok(blob_is(source, &t->layer.desc, &t->tar) &&
		   blob_is(source, &t->manifest.config, &t->config_text), "%s: blobs", text);
		ok(!blob_is(source, &(struct sp_desc){
			.digest.str = "sha256:0000000000000000000000000000000000000000"
				      "000000000000000000000000" }, &t->tar),
		   "%s: a blob that is not there", text);
		ok((!readable[i].layout ||
		    source->read_file(source, "index.json", 10, &buf, &err) == -1) &&
		   (!readable[i].layout || err.code == SP_EVERIFY), "%s: a limit", text);
		sp_buf_release(&buf);
		source->close(source);
	}
}

/* Archives made by Python, whose name is said first: what they hold, and what
 * the refusal says; NULL if they open. */
static const struct {
	const char *name, *python, *says;
	enum sp_code code;
} archives[] = {
	{ "empty", "pass", "neither oci-layout nor manifest.json", SP_EVERIFY },
	{ "good", "add('manifest.json', b'[]')", NULL, 0 },
	{ "twice", "add('manifest.json', b'[]'); add('./manifest.json', b'{}')",
	  "twice", SP_EVERIFY },
	{ "climbing", "add('x/../manifest.json', b'[]')", "neither", SP_EVERIFY },
	{ "only-dir", "add('manifest.json', b'', tarfile.DIRTYPE)", "neither", SP_EVERIFY },
	{ "only-fifo", "add('manifest.json', b'', tarfile.FIFOTYPE)", "neither", SP_EVERIFY },
	{ "loop", "add('manifest.json', b'', tarfile.SYMTYPE, 'manifest.json')", "neither",
	  SP_EVERIFY },
	{ "loop2", "add('manifest.json', b'', tarfile.SYMTYPE, 'a'); "
		   "add('a', b'', tarfile.LNKTYPE, 'manifest.json')", "neither", SP_EVERIFY },
	{ "out", "add('manifest.json', b'', tarfile.SYMTYPE, '../../../etc/passwd')",
	  "neither", SP_EVERIFY },
	{ "nul", "add('manifest.json', b'[]'); add('x', b'', pax={'path': 'a\\0b'})",
	  "NUL", SP_EVERIFY },
	{ "long", "add('manifest.json', b'[]'); add('y' * 5000, b'')", "too long",
	  SP_EVERIFY },
	{ "global", "add('manifest.json', b'[]', tarfile.XGLTYPE)", "neither", SP_EVERIFY },
	{ "many",
	  "h = tarfile.TarInfo('f000000').tobuf()\n"
	  "check = int(h[148:154], 8) - sum(b'000000')\n"
	  "for i in range(100001):\n"
	  "    n = b'%06d' % i\n"
	  "    t.fileobj.write(b'f' + n + h[7:148] + b'%06o' % (check + sum(n)) + h[154:])",
	  "more than 100000", SP_EVERIFY },
	{ "sparse", "add('manifest.json', b'[]', pax={'GNU.sparse.major': '1'})", "neither",
	  SP_EVERIFY },
};

static const char make_archive[] =
	"import io, tarfile\n"
	"t = tarfile.open('%s.tar', 'w', format=tarfile.PAX_FORMAT)\n"
	"def add(name, data, type=tarfile.REGTYPE, link='', pax={}):\n"
	"    i = tarfile.TarInfo(name)\n"
	"    i.type, i.linkname, i.size, i.pax_headers = type, link, len(data), pax\n"
	"    t.addfile(i, io.BytesIO(data))\n"
	"%s\n"
	"t.close()\n";

static void test_hostile(void)
{
	for (size_t i = 0; i < sizeof(archives) / sizeof(*archives); i++) {
		sp_autofree char *program = sp_strf(make_archive, archives[i].name,
						    archives[i].python);
		sp_autofree char *path = sp_strf("%s.tar", archives[i].name);
		sp_autofree char *ref = NULL;
		struct sp_source *source = NULL;
		struct sp_err err = { 0 };

		put_file("make.py", program, strlen(program));
		is_int(shell("python3 make.py"), 0, "%s.tar is made", archives[i].name);
		int rc = sp_source_open(path, NULL, &source, &ref, &err);

		is_int(rc, archives[i].says ? -1 : 0, "%s.tar", archives[i].name);
		is_int(err.code, archives[i].code, "%s.tar: the code", archives[i].name);
		if (archives[i].says &&
		    !ok(strstr(err.msg, archives[i].says) && strstr(err.msg, path),
			"%s.tar: it says %s", archives[i].name, archives[i].says))
			note("%s", err.msg);
		if (rc == 0)
			source->close(source);
	}
}

/* "docker save" of old engines: a layer that is a link to the one of another image. */
static void test_docker_save(void)
{
	static const char make[] =
		"add('aa/layer.tar', b'layer')\n"
		"add('bb/layer.tar', b'', tarfile.SYMTYPE, '../aa/layer.tar')\n"
		"add('cc/layer.tar', b'', tarfile.LNKTYPE, 'bb/layer.tar')\n"
		"add('dd/layer.tar', b'', tarfile.SYMTYPE, '/aa/layer.tar')\n"
		"add('%s/layer.tar' % ('e' * 150), b'layer')\n"
		"add('manifest.json', b'[]')";
	static const char *const paths[] = { "aa/layer.tar", "./bb/layer.tar", "cc/layer.tar",
					     "dd/layer.tar" };
	sp_autofree char *program = sp_strf(make_archive, "saved", make);
	sp_autofree char *ref = NULL;
	struct sp_source *source = NULL;
	struct sp_blob_reader *reader;
	struct sp_err err = { 0 };
	char longest[200];

	put_file("make.py", program, strlen(program));
	is_int(shell("python3 make.py"), 0, "an archive as docker save writes it");
	if (!ok(sp_source_open("saved.tar", NULL, &source, &ref, &err) == 0, "opens"))
		return;
	memset(longest, 'e', 150);
	memcpy(longest + 150, "/layer.tar", 11);
	for (size_t i = 0; i < 5; i++) {
		const char *path = i < 4 ? paths[i] : longest;
		sp_autobuf struct sp_buf buf = { 0 };

		reader = NULL;
		if (source->open_path(source, path, &reader, &err) == 0) {
			read_all(reader, 2, &buf, &err);
			reader->close(reader);
		}
		ok(buf.len == 5 && memcmp(buf.data, "layer", 5) == 0, "%.20s is read", path);
	}
	ok(source->open_path(source, "ff/layer.tar", &reader, &err) == -1 &&
	   err.code == SP_EVERIFY && strstr(err.msg, "ff/layer.tar"), "a path that is not there");
	ok(source->open_path(source, "../saved.tar", &reader, &err) == -1, "a path that climbs");
	source->close(source);
}

/* Every cut of an archive is refused or gives whole documents and blobs. */
static void test_truncated(const struct tiny *t)
{
	sp_autobuf struct sp_buf whole = { 0 };
	struct sp_err err = { 0 };
	int opened = 0, wrong_code = 0;

	if (sp_read_file("both.tar", 1 << 20, &whole, &err))
		abort();
	for (size_t len = 0; len < whole.len; len += len % 512 < 2 || len % 512 > 510 ? 1 : 101) {
		struct sp_source *source = NULL;
		char *ref = NULL;

		put_file("cut.tar", whole.data, len);
		err = (struct sp_err){ 0 };
		if (sp_source_open("cut.tar", NULL, &source, &ref, &err)) {
			wrong_code += err.code != SP_EVERIFY || !strstr(err.msg, "cut.tar");
			continue;
		}
		opened++;
		wrong_code += !blob_is(source, &t->layer.desc, &t->tar);
		source->close(source);
	}
	is_int(wrong_code, 0, "all others are refused with a message");
	ok(opened > 0 && opened < 40, "only cuts behind the documents open (%d)", opened);
	put_file("cut.tar", whole.data, 2048);
	struct sp_source *source = NULL;
	char *ref = NULL;
	err = (struct sp_err){ 0 };
	ok(sp_source_open("cut.tar", NULL, &source, &ref, &err) == -1 &&
	   strstr(err.msg, "is cut off") && strstr(err.msg, "ends at 2048"),
	   "the message says where");
	note("%s", err.msg);
}

static const struct {
	const char *what, *setup, *text;
	enum sp_code code;
	const char *says;
} refused[] = {
	{ "nothing", ":", "nothing.tar", SP_EFAIL, "nothing.tar: cannot open" },
	{ "no text", ":", "", SP_EUSAGE, "expected FILE.tar or DIR" },
	{ "no path", ":", "oci:", SP_EUSAGE, "expected oci:DIR" },
	{ "no reference", ":", "oci-archive:both.tar:", SP_EUSAGE, "expected oci-archive:FILE" },
	{ "a registry", ":", "docker://localhost/B", SP_EUSAGE, "lower case" },
	{ "an engine", ":", "docker-daemon:A", SP_EUSAGE, "lower" },
	{ "gzip", "gzip -k both.tar", "both.tar.gz", SP_EVERIFY, "gzip -d first" },
	{ "zstd", "zstd -q both.tar", "both.tar.zst", SP_EVERIFY, "zstd -d first" },
	{ "no archive", "echo hello > hello", "hello", SP_EVERIFY,
	  "hello: is no tar archive, expected an image" },
	{ "an empty file", ": > void", "void", SP_EVERIFY, "is empty" },
	{ "zeros", "head -c 10240 /dev/zero > zeros", "zeros", SP_EVERIFY, "holds no image" },
	{ "a FIFO", "mkfifo fifo", "fifo", SP_EFAIL, "no regular file" },
	{ "a device", ":", "/dev/null", SP_EFAIL, "no regular file" },
	{ "a file as layout", ":", "oci:both.tar", SP_EVERIFY, "oci-archive:both.tar" },
	{ "a directory as archive", ":", "oci-archive:dir", SP_EFAIL, "no regular file" },
	{ "no layout", "mkdir plain", "plain", SP_EVERIFY, "no OCI layout" },
	{ "no docker archive", ":", "docker-archive:gnu.tar", SP_EVERIFY, "no docker archive" },
	{ "no layout archive", ":", "oci-archive:good.tar", SP_EVERIFY, "no OCI layout" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		sp_autofree char *ref = NULL;
		struct sp_source *source = NULL;
		struct sp_err err = { 0 };

		shell(refused[i].setup);
		ok(sp_source_open(refused[i].text, NULL, &source, &ref, &err) == -1, "%s is refused",
		   refused[i].what);
		is_int(err.code, refused[i].code, "%s: the code", refused[i].what);
		if (!ok(strstr(err.msg, refused[i].says) != NULL, "%s: it says %s",
			refused[i].what, refused[i].says))
			note("%s", err.msg);
	}
}

/* Blobs of a layout that are no files must neither block nor lead out. */
static void test_layout_obstacles(const struct tiny *t)
{
	static const struct {
		const char *what, *setup;
	} obstacles[] = {
		{ "missing", "rm $blob" },
		{ "a directory", "rm $blob && mkdir $blob" },
		{ "a FIFO", "rm $blob && mkfifo $blob" },
		{ "a link", "mv $blob keep && ln -s $PWD/keep $blob" },
		{ "in a linked directory", "mv l/blobs/sha256 l/x && ln -s ../x l/blobs/sha256" },
		{ "in a linked tree", "mv l/blobs l/x && ln -s x l/blobs" },
	};

	for (size_t i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++) {
		sp_autofree char *setup =
			sp_strf("rm -rf l && cp -r dir l && blob=l/blobs/sha256/%s && %s",
				sp_digest_hex(&t->layer.desc.digest), obstacles[i].setup);
		struct sp_source *source = NULL;
		struct sp_blob_reader *reader = NULL;
		sp_autofree char *ref = NULL;
		struct sp_err err = { 0 };

		is_int(shell(setup), 0, "a blob that is %s", obstacles[i].what);
		if (!ok(sp_source_open("l", NULL, &source, &ref, &err) == 0, "opens"))
			continue;
		ok(source->open_blob(source, &t->layer.desc.digest, &reader, &err) == -1,
		   "is refused");
		if (!is_int(err.code, SP_EVERIFY, "as not what it claims"))
			note("%s", err.msg);
		source->close(source);
	}
	is_int(shell("rm -rf l && cp -r dir l && rm l/index.json && mkfifo l/index.json"), 0,
	       "an index.json that is a FIFO");
	struct sp_source *source = NULL;
	struct sp_buf buf = { 0 };
	struct sp_err err = { 0 };
	char *ref = NULL;

	ok(sp_source_open("l", NULL, &source, &ref, &err) == 0 &&
	   source->read_file(source, "index.json", 1000, &buf, &err) == -1 &&
	   err.code == SP_EVERIFY, "is refused without waiting");
	source->close(source);
	sp_buf_release(&buf);
}

/* A blob that grows while it is read: one byte too many shows it, no more come. */
static void test_growing(const struct tiny *t)
{
	sp_autofree char *path = sp_strf("dir/blobs/sha256/%s",
					 sp_digest_hex(&t->layer.desc.digest));
	struct sp_source *source = NULL;
	struct sp_blob_reader *reader = NULL;
	sp_autobuf struct sp_buf buf = { 0 };
	struct sp_err err = { 0 };
	char *ref = NULL;

	if (sp_source_open("dir", NULL, &source, &ref, &err) ||
	    source->open_blob(source, &t->layer.desc.digest, &reader, &err))
		abort();
	sp_autofree char *grow = sp_strf("head -c 5000 /dev/zero >> %s", path);
	shell(grow);
	ok(read_all(reader, 4096, &buf, &err) == 0, "a blob that grows");
	is_int(buf.len, t->tar.len + 1, "gives one byte more than it should");
	reader->close(reader);
	source->close(source);
}

int main(void)
{
	struct tiny t;

	umask(022);
	if (chdir(scratch_dir()))
		abort();
	tiny_init(&t, "some text in a file of the layer");
	test_readable(&t);
	test_hostile();
	test_docker_save();
	test_truncated(&t);
	test_refused();
	test_layout_obstacles(&t);
	test_growing(&t);
	tiny_release(&t);
	return test_done();
}
