/* contents.c: the files of an image as a root, and images that are refused. */
#include "image/contents.h"
#include "image/schema.h"
#include "made_image.h"

static const struct sp_contents_options options = { .temp_dir = "/tmp", .label = "img:" };

static struct sp_stored *open_stored(struct made *m)
{
	struct sp_stored *s = NULL;
	struct sp_err err = { 0 };

	if (sp_stored_open(&m->f.source, NULL, NULL, &s, &err))
		ok(false, "opened: %s", err.msg);
	return s;
}

/* What is at path: "dir", "absent", or the contents of the file; malloc'ed. */
static char *at(struct sp_root *root, const char *path)
{
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_found found;
	struct sp_err err = { 0 };
	size_t got = 0;

	if (sp_root_resolve(root, path, &found, &err))
		return sp_strdup(err.msg);
	if (!found.real)
		return sp_strdup("absent");
	if (found.st.type == SP_DIR)
		return sp_strdup("dir");
	if (sp_root_open(root, found.real, &file, &err))
		return sp_strdup(err.msg);
	char *text = sp_calloc(1, found.st.size + 1);
	if (sp_file_pread(&file, text, found.st.size, 0, &got, &err) || got != found.st.size)
		snprintf(text, found.st.size, "short");
	return text;
}

static void sees(struct sp_root *root, const char *path, const char *want)
{
	char *got = at(root, path);

	is_str(got, want, "%s", path);
	free(got);
}

static void merged(const struct recipe *how, const char *name)
{
	struct recipe r = *how;
	struct sp_contents *c = NULL;
	struct sp_err err = { 0 };
	struct made m;

	r.layers[0] = "d usr/\nd usr/lib/\nf usr/lib/a 644\nf usr/lib/b 644\ns lib usr/lib\n"
		      "d old/\nf old/x\nf old/y\nd gone/\nf gone/z\nf twice";
	r.layers[1] = "d old/\ne old/.wh..wh..opq\nf old/new\ne .wh.gone\nf lib/c\n"
		      "h usr/lib/d usr/lib/a\nf twice 755\ne usr/lib/.wh.b";
	r.layers[2] = "h later usr/lib/a\nf deep/er/file";
	make(&m, &r);
	struct sp_stored *s = open_stored(&m);
	if (!ok(s && !sp_contents_open(s, &options, &c, &err), "%s: %s", name, err.msg)) {
		sp_stored_free(s);
		unmake(&m);
		return;
	}
	sp_stored_free(s);
	struct sp_root *root = sp_contents_root(c);
	sees(root, "/usr/lib/a", "usr/lib/a");
	sees(root, "/lib/a", "usr/lib/a");
	sees(root, "/usr/lib/b", "absent");
	sees(root, "/usr/lib/c", "lib/c");
	sees(root, "/usr/lib/d", "usr/lib/a");
	sees(root, "/later", "usr/lib/a");
	sees(root, "/old/x", "absent");
	sees(root, "/old/new", "old/new");
	sees(root, "/gone/z", "absent");
	sees(root, "/gone", "absent");
	sees(root, "/deep/er", "dir");
	sees(root, "/deep/er/file", "deep/er/file");
	struct sp_found a, d, twice;
	ok(!sp_root_resolve(root, "/lib/a", &a, &err) && !sp_root_resolve(root, "/later", &d, &err) &&
	   a.st.ino == d.st.ino && a.st.dev == d.st.dev && a.st.dev, "hard links are one file");
	ok(!sp_root_resolve(root, "/twice", &twice, &err) && twice.st.mode == 0755,
	   "the upper layer's mode");
	const char *const *names;
	size_t nr;
	ok(!sp_root_list(root, "/old", &names, &nr, &err) && nr == 1 && !strcmp(names[0], "new"),
	   "an opaque directory has what is new");
	is_str(sp_root_show(root, "/x"), "img:/x", "how messages call it");
	sp_contents_free(c);
	unmake(&m);
}

/* Several gzip members, and file capabilities. */
static void members_and_caps(void)
{
	struct sp_buf tar = { 0 }, blob = { 0 }, records = { 0 };
	struct sp_contents *c = NULL;
	struct sp_err err = { 0 };
	struct made m = { 0 };
	const struct recipe r = { 0 };

	fake_init(&m.f);
	pax_bytes(&records, "SCHILY.xattr.security.capability", "\1\0\0\2abc", 7);
	tar_extra(&tar, 'x', records.data, records.len);
	tar_file(&tar, "app", 0755, "hello");
	tar_finish(&tar);
	sp_digest_of(tar.data, tar.len, &m.diff_ids[0]);
	compress_with(&sp_gzip, tar.data, 700, &blob);
	compress_with(&sp_gzip, tar.data + 700, tar.len - 700, &blob);
	m.layers[m.layers_nr++] = fake_blob(&m.f, blob.data, blob.len);
	finish(&m, &r);
	struct sp_stored *s = open_stored(&m);
	ok(!sp_contents_open(s, &options, &c, &err), "two gzip members: %s", err.msg);
	if (c) {
		sp_autofile struct sp_file file = SP_FILE_INIT;
		struct sp_arena arena = { 0 };
		size_t len = 0;

		sees(sp_contents_root(c), "/app", "hello");
		ok(!sp_root_open(sp_contents_root(c), "/app", &file, &err) &&
		   sp_file_xattr(&file, "security.capability", &arena, &len) && len == 7,
		   "its capabilities");
		ok(!sp_file_xattr(&file, "user.x", &arena, &len), "and nothing else");
		sp_arena_release(&arena);
	}
	sp_contents_free(c);
	sp_stored_free(s);
	sp_buf_release(&tar);
	sp_buf_release(&blob);
	sp_buf_release(&records);
	unmake(&m);
}

/* --- what is refused --- */
static void refused(struct made *m, int code, const char *message, const char *name)
{
	struct sp_stored *s = open_stored(m);
	struct sp_contents *c = NULL;
	struct sp_err err = { 0 };
	int rc = s ? sp_contents_open(s, &options, &c, &err) : 0;

	if (!ok(rc < 0 && (int)err.code == code && strstr(err.msg, message), "%s: %s", name, message))
		note("rc %d, code %d: %s", rc, (int)err.code, err.msg);
	if (!rc)
		sp_contents_free(c);
	sp_stored_free(s);
}

static void hostile(void)
{
	static const struct {
		const char *name, *layers[2];
		const char *message;
	} rows[] = {
		{ "..", { "f ../x" }, "has a .. component" },
		{ ".. in the middle", { "f a/../../x" }, "has a .. component" },
		{ "/ as a link", { "s . /tmp" }, "place of /" },
		{ "a hard link out", { "h x ../etc/passwd" }, "hard link whose target" },
		{ "a hard link to nothing", { "h x y" }, "hard link to what is not there" },
		{ "twice", { "f a\nf a" }, "more than once" },
		{ "twice, spelled differently", { "f a\nf ./a" }, "more than once" },
		{ "below a file", { "f a\nf a/b" }, "parent is no directory" },
		{ "below a link to nothing", { "s a /nowhere\nf a/b" }, "leads nowhere" },
		{ "a deletion of nothing", { "f x", "e .wh." }, "deletion of nothing" },
		{ "a deletion with contents", { "f x", "f .wh.x" }, "not an empty regular file" },
		{ "links in a circle", { "s a b\ns b a\nf a/x" }, "leads nowhere" },
	};
	struct made m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make(&m, &(struct recipe){ .layers = { rows[i].layers[0], rows[i].layers[1] } });
		refused(&m, SP_EVERIFY, rows[i].message, rows[i].name);
		unmake(&m);
	}
	/* a link that leads out of the image is resolved inside it */
	struct sp_contents *c = NULL;
	struct sp_err err = { 0 };
	make(&m, &(struct recipe){ .layers = { "s up ../../../etc/passwd\nd etc/\nf etc/passwd" } });
	struct sp_stored *s = open_stored(&m);
	if (ok(s && !sp_contents_open(s, &options, &c, &err), "a link upwards: %s", err.msg))
		sees(sp_contents_root(c), "/up", "etc/passwd");
	sp_contents_free(c);
	sp_stored_free(s);
	unmake(&m);
}

static void lying(void)
{
	struct made m;

	make(&m, &(struct recipe){ .layers = { "f app 755", "f x" } });
	struct fake_file *layer = fake_find(&m.f, m.layers[1].str);
	layer->bytes.data[layer->bytes.len - 6] ^= 1;
	refused(&m, SP_ECHANGED, "its digest is", "a changed layer");
	layer->bytes.len -= 20;
	refused(&m, SP_ECHANGED, "its digest is", "a layer that is cut off");
	sp_buf_addstr(&layer->bytes, "more than there was before");
	refused(&m, SP_ECHANGED, "larger than", "a layer with more");
	layer->name[12] ^= 1;
	refused(&m, SP_EVERIFY, "missing", "a layer that is not there");
	unmake(&m);
	make(&m, &(struct recipe){ .doc = "config", .from = "\"diff_ids\":[\"sha256:",
				   .to = "\"diff_ids\":[\"sha256:"
					 "00000000000000000000000000000000000000000000000000000000"
					 "00000000\"],\"x\":[\"" });
	refused(&m, SP_ECHANGED, "the configuration says sha256:0000", "a diff id of something else");
	unmake(&m);
	make(&m, &(struct recipe){ .layer_type = SP_MT_LAYER "+zstd" });
	refused(&m, SP_EVERIFY, "the media type says zstd", "another compression than claimed");
	unmake(&m);
	make(&m, &(struct recipe){ .doc = "config", .from = "\"os\":\"linux\"",
				   .to = "\"os\":\"windows\"", .docker = true,
				   .no_oci = true });
	refused(&m, SP_EVERIFY, "for windows", "an image for Windows");
	unmake(&m);
}

static void cancelling(void)
{
	static const volatile sig_atomic_t cancelled = 1;
	struct sp_contents_options stop = options;
	struct sp_contents *c = NULL;
	struct sp_err err = { 0 };
	struct made m;

	make(&m, &(struct recipe){ 0 });
	struct sp_stored *s = open_stored(&m);
	stop.cancelled = &cancelled;
	ok(sp_contents_open(s, &stop, &c, &err) < 0 && err.code == SP_ECANCELLED, "cancelled");
	stop.cancelled = NULL;
	stop.temp_dir = "/nonexistent";
	ok(sp_contents_open(s, &stop, &c, &err) < 0 && err.code == SP_EOUTPUT,
	   "no place for the files: %s", err.msg);
	sp_stored_free(s);
	unmake(&m);
}

int main(void)
{
	merged(&(struct recipe){ 0 }, "gzip");
	merged(&(struct recipe){ .zstd = true }, "zstd");
	merged(&(struct recipe){ .plain = true }, "plain");
	merged(&(struct recipe){ .plain = true, .docker = true, .no_oci = true }, "docker archive");
	members_and_caps();
	hostile();
	lying();
	cancelling();
	return test_done();
}
