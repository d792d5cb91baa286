/*
 * verify.c, verify_blob.c, verify_index.c, verify_report.c: a good image has no
 * problems; then blobs and indexes with one breach each.
 */
#include <signal.h>

#include "made_image.h"

/* --- what is right --- */
static void good_images(void)
{
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	struct made m;

	make(&m, &(struct recipe){ .layers = { "f app 755\nd dir/", "f dir/data 644" } });
	ok(!sp_verify(&m.f.source, NULL, NULL, &r, &err), "a good image: %s", err.msg);
	is_int((long long)r.images_nr, 1, "one image");
	is_str(r.images[0].name, "docker.io/library/app:v1", "its name");
	is_str(r.images[0].digest, m.manifest.str, "its digest");
	is_str(r.images[0].config, m.config.str, "its configuration");
	is_str(r.images[0].platform, "linux/amd64", "its platform");
	is_str(r.images[0].media_type, SP_MT_MANIFEST, "its media type");
	is_int((long long)r.images[0].layers_nr, 2, "its layers");
	is_str(r.images[0].layers[1].digest, m.layers[1].str, "a layer's digest");
	is_str(r.images[0].layers[1].diff_id, m.diff_ids[1].str, "its diff id");
	is_str(r.images[0].layers[1].media_type, SP_MT_LAYER "+gzip", "its media type");
	is_int((long long)r.images[0].layers[0].entries, 2, "the entries of the other");
	is_int((long long)r.images[0].layers[0].tar_size, 2560, "its size unpacked");
	is_int((long long)r.notes_nr, 0, "no notes");
	sp_verify_report_release(&r);
	judge(&m.f.source, "app:v1", NULL, NULL, "by its name");
	judge(&m.f.source, "docker.io/library/app:v1", NULL, NULL, "by its full name");
	judge(&m.f.source, "v1", NULL, NULL, "by its tag");
	judge(&m.f.source, m.manifest.str, NULL, NULL, "by its digest");
	judge(&m.f.source, "app", "name-not-found", NULL, "by another name");
	unmake(&m);
	check(&(struct recipe){ .zstd = true }, NULL, NULL, "zstd");
	check(&(struct recipe){ .plain = true }, NULL, NULL, "not compressed");
	check(&(struct recipe){ .layer_type = "application/vnd.docker.image.rootfs.diff.tar.gzip" },
	      NULL, NULL, "Docker's layer type");
	check(&(struct recipe){ .docker = true }, NULL, NULL, "layout and docker archive");
	check(&(struct recipe){ .docker = true, .no_oci = true }, NULL, NULL, "docker archive");
	check(&(struct recipe){ .docker = true, .no_oci = true, .plain = true }, NULL, NULL,
	      "docker archive, not compressed");
}

/* --- blobs --- */
static void blobs(void)
{
	static const char *const names[] = { "layer", "config", "manifest" };

	for (int which = 0; which < 3; which++) {
		for (int how = 0; how < 5; how++) {
			static const char *const hows[] = { "flipped", "longer", "shorter",
							    "empty", "missing" };
			static const char *const ids[] = { "blob-digest", "blob-size",
							   "blob-digest", "blob-digest",
							   "blob-missing" };
			struct made m;
			make(&m, &(struct recipe){ 0 });
			const struct sp_digest *d = which == 0 ? &m.layers[0] :
						    which == 1 ? &m.config :
								 &m.manifest;
			struct fake_file *file = fake_find(&m.f, d->str);
			char *name = sp_strf("%s %s", names[which], hows[how]);

			if (how == 0)
				file->bytes.data[file->bytes.len / 2] ^= 1;
			else if (how == 1)
				sp_buf_addch(&file->bytes, ' ');
			else if (how == 2)
				file->bytes.len--;
			else if (how == 3)
				file->bytes.len = 0;
			else
				file->name[10] ^= 1;
			judge(&m.f.source, NULL, ids[how], NULL, name);
			free(name);
			unmake(&m);
		}
	}
}

/* --- indexes in indexes, names --- */
static struct sp_digest wrap(struct made *m, const struct sp_digest *inner, const char *type,
			     char **text)
{
	size_t size = blob_size(m, inner);

	free(*text);
	*text = sp_strf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":"
			"\"%s\",\"size\":%zu}]}", type, inner->str, size);
	return fake_blob(&m->f, *text, strlen(*text));
}

static void nesting(void)
{
	char *text = NULL;
	struct made m;

	make(&m, &(struct recipe){ 0 });
	struct sp_digest d = wrap(&m, &m.manifest, SP_MT_MANIFEST, &text);
	for (int i = 0; i < 7; i++)
		d = wrap(&m, &d, SP_MT_INDEX, &text);
	wrap(&m, &d, SP_MT_INDEX, &text);
	put_text(&m.f, "index.json", text);
	judge(&m.f.source, NULL, NULL, NULL, "8 indexes in one another");
	d = wrap(&m, &d, SP_MT_INDEX, &text);
	wrap(&m, &d, SP_MT_INDEX, &text);
	put_text(&m.f, "index.json", text);
	judge(&m.f.source, NULL, "index-depth", NULL, "9 indexes in one another");

	/* two names for one image: both are listed, one is walked */
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	free(text);
	text = sp_strf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":"
		       "\"%s\",\"size\":%zu,\"annotations\":{\"org.opencontainers.image.ref.name\":"
		       "\"one\"}},{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu,"
		       "\"annotations\":{\"org.opencontainers.image.ref.name\":\"two\"}}]}",
		       SP_MT_MANIFEST, m.manifest.str, strlen(m.manifest_text), SP_MT_MANIFEST,
		       m.manifest.str, strlen(m.manifest_text));
	put_text(&m.f, "index.json", text);
	m.f.opened = 0;
	ok(!sp_verify(&m.f.source, NULL, NULL, &r, &err), "two names: %s", err.msg);
	is_int((long long)r.images_nr, 2, "two images in the report");
	is_str(r.images_nr > 1 ? r.images[1].name : NULL, "two", "the second name");
	is_int(m.f.opened, 4, "manifest, config, and the layer twice, were opened");
	sp_verify_report_release(&r);
	judge(&m.f.source, "two", NULL, NULL, "one of the names");
	judge(&m.f.source, "three", "name-not-found", NULL, "a third name");
	free(text);
	unmake(&m);
}

/* Fans of indexes: 2^depth ways lead to one manifest. */
static void fan(void)
{
	struct made m;
	char *text = NULL;

	make(&m, &(struct recipe){ 0 });
	struct sp_digest d = m.manifest;
	size_t size = strlen(m.manifest_text);
	for (int level = 0; level < 8; level++) {
		struct sp_buf t = { 0 };

		sp_buf_addstr(&t, "{\"schemaVersion\":2,\"manifests\":[");
		for (int i = 0; i < 1000; i++)
			sp_buf_addf(&t, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
				    i ? "," : "", level ? SP_MT_INDEX : SP_MT_MANIFEST, d.str,
				    size);
		sp_buf_addstr(&t, "]}");
		free(text);
		size = t.len;
		text = sp_buf_detach(&t);
		d = fake_blob(&m.f, text, size);
	}
	put_text(&m.f, "index.json", text);
	judge(&m.f.source, NULL, NULL, NULL, "1000^8 ways to one manifest");
	free(text);
	unmake(&m);
}

/* --- cancelling, failing sources --- */
static volatile sig_atomic_t cancelled;

static void cancel_now(void *ctx, const struct sp_progress *p)
{
	++*(int *)ctx;
	cancelled = p->done > 0;
}

static int fail_open(struct sp_source *s, const struct sp_digest *d,
		     struct sp_blob_reader **ret, struct sp_err *err)
{
	(void)s;
	(void)d;
	(void)ret;
	return sp_err_set(err, SP_EFAIL, "permission denied");
}

static void failures(void)
{
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	struct made m;
	int calls = 0;
	struct sp_verify_options o = {
		.cancelled = &cancelled, .progress = cancel_now, .progress_ctx = &calls };

	make(&m, &(struct recipe){ 0 });
	ok(sp_verify(&m.f.source, NULL, &o, &r, &err) < 0, "cancelled");
	is_int(err.code, SP_ECANCELLED, "and says so");
	ok(calls > 0, "progress was told");
	sp_verify_report_release(&r);
	m.f.source.open_blob = fail_open;
	ok(sp_verify(&m.f.source, NULL, NULL, &r, &err) < 0, "a source that fails");
	is_int(err.code, SP_EFAIL, "is no fault of the image: %s", err.msg);
	is_int((long long)r.problems_nr, 0, "so there are no problems");
	sp_verify_report_release(&r);
	unmake(&m);
}

/* A thousand faults and more: not all are kept, all are counted. */
static void many(void)
{
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	struct sp_buf text = { 0 };
	struct made m;

	sp_buf_addstr(&text, "f app 755");
	for (int i = 0; i < 1500; i++)
		sp_buf_addf(&text, "\nf ../\x1b[31m%d", i);
	make(&m, &(struct recipe){ .layers = { text.data } });
	ok(sp_verify(&m.f.source, NULL, NULL, &r, &err) < 0, "many faults");
	is_int((long long)r.problems_total, 1500, "all counted");
	is_int((long long)r.problems_nr, SP_VERIFY_FINDINGS_MAX, "some kept");
	ok(r.problems_nr && strstr(r.problems[0].where, "../\\x1b[31m0"),
	   "control characters are shown as text");
	sp_verify_report_release(&r);
	sp_buf_release(&text);
	unmake(&m);
}

int main(void)
{
	good_images();
	blobs();
	nesting();
	fan();
	failures();
	many();
	return test_done();
}
