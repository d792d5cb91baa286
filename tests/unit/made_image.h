/*
 * Whole images in memory for the tests of verification: made by a recipe, one
 * thing wrong at a time, and judged.
 */
#ifndef SP_TEST_MADE_IMAGE_H
#define SP_TEST_MADE_IMAGE_H

#include "fake_image.h"
#include "image/image.h"
#include "image/verify.h"
#include "test.h"

#define LAYERS 4		/* of an image that recipes make, at most */

/* How to make an image.  Zero means as usual. */
struct recipe {
	const char *layers[LAYERS];	/* scripts, see script() */
	const char *config;		/* the member "config" */
	const char *layer_type;		/* media type */
	const char *doc;		/* "config", "manifest", "index" or "layout": */
	const char *from, *to;		/* text to replace there before it is hashed */
	bool zstd, plain;
	bool docker, no_oci;		/* with manifest.json; without the layout */
};

struct made {
	struct fake f;
	struct sp_digest layers[LAYERS], diff_ids[LAYERS], config, manifest;
	size_t layers_nr;
	char *config_text, *manifest_text, *index_text;
};

/*
 * Entries from text: "TYPE NAME[ TARGET or MODE]" a line; types d f s h and
 * c (device) p (FIFO).  A file holds its own name, an empty one is "e".
 */
FAKE void script(const char *text, struct sp_buf *tar)
{
	char *copy = sp_strdup(text), *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *name = line + 2, *more = strchr(name, ' ');
		char type = line[0];

		if (more)
			*more++ = '\0';
		unsigned mode = more ? (unsigned)strtoul(more, NULL, 8) : 0644;
		if (type == 'd')
			tar_dir(tar, name);
		else if (type == 'f')
			tar_file(tar, name, mode, name);
		else if (type == 'e')
			tar_file(tar, name, mode, "");
		else if (type == 'c' || type == 'p')
			tar_block(tar, name, type == 'c' ? '3' : '6', 0644, 0, NULL);
		else
			tar_link(tar, name, type == 's' ? '2' : '1', more ? more : "");
	}
	tar_finish(tar);
	free(copy);
}

/* The text with recipe's replacement, if it is for this document. */
FAKE char *edited(const struct recipe *r, const char *doc, char *text)
{
	const char *at;

	if (!r->doc || strcmp(r->doc, doc) != 0)
		return text;
	at = strstr(text, r->from);
	if (!at) {
		ok(false, "no %s in %s", r->from, text);
		return text;
	}
	char *out = sp_strf("%.*s%s%s", (int)(at - text), text, r->to, at + strlen(r->from));
	free(text);
	return out;
}

FAKE void put_text(struct fake *f, const char *name, const char *text)
{
	fake_put(f, name, text, strlen(text));
}

FAKE void add_layer(struct made *m, const struct recipe *r, const struct sp_buf *tar)
{
	struct sp_buf blob = { 0 };

	sp_digest_of(tar->data, tar->len, &m->diff_ids[m->layers_nr]);
	if (r->plain)
		sp_buf_add(&blob, tar->data, tar->len);
	else
		compress_with(r->zstd ? &sp_zstd : &sp_gzip, tar->data, tar->len, &blob);
	m->layers[m->layers_nr++] = fake_blob(&m->f, blob.data, blob.len);
	sp_buf_release(&blob);
}

FAKE size_t blob_size(struct made *m, const struct sp_digest *digest)
{
	return fake_find(&m->f, digest->str)->bytes.len;
}

FAKE char *config_text(struct made *m, const struct recipe *r)
{
	struct sp_buf t = { 0 };

	sp_buf_addf(&t, "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\","
			"\"os\":\"linux\",\"config\":%s,\"rootfs\":{\"type\":\"layers\","
			"\"diff_ids\":[",
		    r->config ? r->config : "{\"Entrypoint\":[\"/app\"]}");
	for (size_t i = 0; i < m->layers_nr; i++)
		sp_buf_addf(&t, "%s\"%s\"", i ? "," : "", m->diff_ids[i].str);
	sp_buf_addstr(&t, "]},\"history\":[");
	for (size_t i = 0; i < m->layers_nr; i++)
		sp_buf_addf(&t, "%s{\"created_by\":\"test\"}", i ? "," : "");
	sp_buf_addstr(&t, "]}");
	return edited(r, "config", sp_buf_detach(&t));
}

FAKE char *manifest_text(struct made *m, const struct recipe *r)
{
	const char *type = r->layer_type ? r->layer_type :
			   r->zstd	 ? SP_MT_LAYER "+zstd" :
			   r->plain	 ? SP_MT_LAYER :
					   SP_MT_LAYER "+gzip";
	struct sp_buf t = { 0 };

	sp_buf_addf(&t, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":"
			"\"%s\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
		    SP_MT_MANIFEST, SP_MT_CONFIG, m->config.str, blob_size(m, &m->config));
	for (size_t i = 0; i < m->layers_nr; i++)
		sp_buf_addf(&t, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
			    i ? "," : "", type, m->layers[i].str,
			    blob_size(m, &m->layers[i]));
	sp_buf_addstr(&t, "]}");
	return edited(r, "manifest", sp_buf_detach(&t));
}

FAKE void add_docker(struct made *m, const struct recipe *r)
{
	struct sp_buf t = { 0 };

	sp_buf_addf(&t, "[{\"Config\":\"%s.json\",\"RepoTags\":[\"app:v1\"],\"Layers\":[",
		    sp_digest_hex(&m->config));
	for (size_t i = 0; i < m->layers_nr; i++) {
		char *path = sp_strf("%zu/layer.tar", i);
		struct fake_file *blob = fake_find(&m->f, m->layers[i].str);
		struct sp_buf copy = { 0 };

		sp_buf_add(&copy, blob->bytes.data, blob->bytes.len);
		fake_put(&m->f, path, copy.data, copy.len);
		sp_buf_release(&copy);
		sp_buf_addf(&t, "%s\"%s\"", i ? "," : "", path);
		free(path);
	}
	sp_buf_addstr(&t, "]}]");
	char *text = edited(r, "docker", sp_buf_detach(&t));
	put_text(&m->f, "manifest.json", text);
	char *path = sp_strf("%s.json", sp_digest_hex(&m->config));
	put_text(&m->f, path, m->config_text);
	free(path);
	free(text);
}

/* The documents above the layers that were added. */
FAKE void finish(struct made *m, const struct recipe *r)
{
	m->config_text = config_text(m, r);
	m->config = fake_blob(&m->f, m->config_text, strlen(m->config_text));
	m->manifest_text = manifest_text(m, r);
	m->manifest = fake_blob(&m->f, m->manifest_text, strlen(m->manifest_text));
	m->index_text = edited(r, "index", sp_strf(
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\","
		"\"digest\":\"%s\",\"size\":%zu,\"platform\":{\"architecture\":\"amd64\","
		"\"os\":\"linux\"},\"annotations\":{\"io.containerd.image.name\":"
		"\"docker.io/library/app:v1\",\"org.opencontainers.image.ref.name\":\"v1\"}}]}",
		SP_MT_INDEX, SP_MT_MANIFEST, m->manifest.str, strlen(m->manifest_text)));
	if (!r->no_oci) {
		char *layout = edited(r, "layout", sp_strdup(SP_OCI_LAYOUT_TEXT));

		put_text(&m->f, "oci-layout", layout);
		put_text(&m->f, "index.json", m->index_text);
		free(layout);
	}
	if (r->docker)
		add_docker(m, r);
}

FAKE void make(struct made *m, const struct recipe *r)
{
	*m = (struct made){ 0 };
	fake_init(&m->f);
	for (size_t i = 0; i < LAYERS && (i == 0 || r->layers[i]); i++) {
		struct sp_buf tar = { 0 };

		script(r->layers[i] ? r->layers[i] : "f app 755", &tar);
		add_layer(m, r, &tar);
		sp_buf_release(&tar);
	}
	finish(m, r);
}

FAKE void unmake(struct made *m)
{
	fake_release(&m->f);
	free(m->config_text);
	free(m->manifest_text);
	free(m->index_text);
}

FAKE size_t count(const struct sp_verify_finding *list, size_t nr, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		n += strcmp(list[i].id, id) == 0;
	return n;
}

FAKE void show(const struct sp_verify_report *r)
{
	for (size_t i = 0; i < r->problems_nr; i++)
		note("problem %s: %s: %s", r->problems[i].id, r->problems[i].where,
		     r->problems[i].what);
	for (size_t i = 0; i < r->notes_nr; i++)
		note("note %s: %s: %s", r->notes[i].id, r->notes[i].where, r->notes[i].what);
}

/* Verify; problem is the only id that may and must occur, NULL for none. */
FAKE void judge(struct sp_source *s, const char *ref, const char *problem,
		  const char *remark, const char *name)
{
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	int rc = sp_verify(s, ref, NULL, &r, &err);
	bool good = problem ? rc < 0 && err.code == SP_EVERIFY && r.problems_nr > 0 &&
				      count(r.problems, r.problems_nr, problem) ==
					      r.problems_nr :
			      rc == 0 && r.problems_nr == 0;

	ok(good, "%s: %s", name, problem ? problem : "no problem");
	if (!good) {
		note("rc %d: %s", rc, err.msg);
		show(&r);
	}
	if (remark && !ok(count(r.notes, r.notes_nr, remark) > 0, "%s: note %s", name, remark))
		show(&r);
	sp_verify_report_release(&r);
}

FAKE void check(const struct recipe *recipe, const char *problem, const char *remark,
		  const char *name)
{
	struct made m;

	make(&m, recipe);
	judge(&m.f.source, NULL, problem, remark, name);
	unmake(&m);
}

#endif
