/* stored.c, stored_choose.c, stored_docker.c, checked.c: an image is opened, or it is
 * said why not. */
#include "image/schema.h"
#include "image/stored.h"
#include "made_image.h"

static const struct sp_stored_want amd64 = { .os = "linux", .arch = "amd64" };

/* Open; code and a part of the message if it must fail, else 0 and NULL. */
static void opens(struct sp_source *source, const char *ref, const struct sp_stored_want *want,
		  int code, const char *message, const char *name)
{
	struct sp_stored *s = NULL;
	struct sp_err err = { 0 };
	int rc = sp_stored_open(source, ref, want, &s, &err);

	if (!ok(code ? rc < 0 && (int)err.code == code && strstr(err.msg, message) : rc == 0,
		"%s: %s", name, code ? message : "opened"))
		note("rc %d, code %d: %s", rc, (int)err.code, err.msg);
	if (!rc)
		sp_stored_free(s);
}

static void good(void)
{
	struct sp_stored *s = NULL;
	struct sp_err err = { 0 };
	struct made m;

	make(&m, &(struct recipe){ .layers = { "f app 755", "f data" } });
	if (ok(!sp_stored_open(&m.f.source, "app:v1", &amd64, &s, &err), "a layout: %s", err.msg)) {
		is_str(s->name, "docker.io/library/app:v1", "its name");
		is_str(s->manifest.digest.str, m.manifest.str, "its manifest");
		is_str(s->top.digest.str, m.manifest.str, "which is what the name stands for");
		is_str(s->config.digest.str, m.config.str, "its configuration");
		is_str(s->config_text.data, m.config_text, "whose text is kept");
		is_str(s->arch, "amd64", "its platform");
		ok(!s->docker, "of OCI's media types");
		is_int((long long)s->layers_nr, 2, "its layers");
		is_str(s->layers[1].desc.digest.str, m.layers[1].str, "a layer");
		is_str(s->layers[1].diff_id.str, m.diff_ids[1].str, "its diff id");
		sp_stored_free(s);
	}
	opens(&m.f.source, NULL, &amd64, 0, NULL, "without a name");
	opens(&m.f.source, "v1", NULL, 0, NULL, "by tag, any platform");
	opens(&m.f.source, m.manifest.str, &amd64, 0, NULL, "by digest");
	opens(&m.f.source, "other", &amd64, SP_EFAIL, "it has docker.io/library/app:v1",
	      "by another name");
	opens(&m.f.source, NULL, &(struct sp_stored_want){ "linux", "arm64", NULL, false },
	      SP_EFAIL, "linux/arm64; it has linux/amd64", "for another platform");
	opens(&m.f.source, NULL, &(struct sp_stored_want){ "linux", "arm64", NULL, true }, 0, NULL,
	      "for another platform, if need be");
	unmake(&m);
	make(&m, &(struct recipe){ .docker = true, .no_oci = true, .plain = true });
	opens(&m.f.source, NULL, &amd64, 0, NULL, "a docker archive");
	opens(&m.f.source, "app:v2", &amd64, SP_EFAIL, "it has app:v1", "by another name");
	opens(&m.f.source, NULL, &(struct sp_stored_want){ "linux", "arm64", NULL, false },
	      SP_EFAIL, "is for linux/amd64", "for another platform");
	if (!sp_stored_open(&m.f.source, NULL, NULL, &s, &err)) {
		is_str(s->layers[0].desc.digest.str, m.diff_ids[0].str, "a plain layer's digest");
		is_str(s->layers[0].desc.media_type, SP_MT_LAYER, "its media type");
		is_str(s->config.digest.str, m.config.str, "its configuration");
		ok(!s->manifest.media_type, "it has no manifest");
		sp_stored_free(s);
	}
	unmake(&m);
}

/* --- one thing wrong at a time --- */
static const struct {
	const char *name, *doc, *from, *to;
	int code;
	const char *message;
} cases[] = {
	{ "a hybrid", "manifest", "{\"schemaVersion\"", "{\"manifests\":[],\"schemaVersion\"",
	  SP_EVERIFY, "as a manifest and as an index" },
	{ "another type than the index says", "manifest", SP_MT_MANIFEST, SP_MT_DOCKER_MANIFEST,
	  SP_EVERIFY, "says of itself" },
	{ "schema 1", "manifest", "\"schemaVersion\":2", "\"fsLayers\":[],\"schemaVersion\":1",
	  SP_EVERIFY, "schema 1" },
	{ "schema 1 in the index", "index", SP_MT_MANIFEST,
	  "application/vnd.docker.distribution.manifest.v1+prettyjws", SP_EVERIFY, "schema 1" },
	{ "an artifact", "manifest", SP_MT_CONFIG, "application/vnd.oci.empty.v1+json",
	  SP_EVERIFY, "an artifact" },
	{ "a layer with urls", "manifest", "+gzip\",", "+gzip\",\"urls\":[\"https://a.example/\"],",
	  SP_EVERIFY, "kept elsewhere" },
	{ "a foreign layer", "manifest", SP_MT_LAYER "+gzip",
	  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", SP_EVERIFY,
	  "kept elsewhere" },
	{ "an encrypted layer", "manifest", "+gzip\",", "+gzip+encrypted\",", SP_EVERIFY,
	  "not one of a layer" },
	{ "too few diff ids", "config", "\"diff_ids\":[", "\"x\":[1],\"diff_ids\":[\"sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000\",", SP_EVERIFY,
	  "2 diff_ids, but there are 1" },
	{ "a diff id that is none", "config", "\"diff_ids\":[\"sha256:", "\"diff_ids\":[\"sha256:A",
	  SP_EVERIFY, "diff_ids" },
	{ "two keys alike", "config", "\"os\":", "\"os\":\"windows\",\"os\":", SP_EVERIFY, "os" },
	{ "an empty list as Go prints it", "config", "{\"Entrypoint\"",
	  "{\"Env\":null,\"Entrypoint\"", 0, NULL },
	{ "no manifest at all", "index", "\"manifests\":[{", "\"manifests\":[],\"x\":[{",
	  SP_EVERIFY, "names no image" },
	{ "only an attestation", "index", "\"architecture\":\"amd64\",\"os\":\"linux\"",
	  "\"architecture\":\"unknown\",\"os\":\"unknown\"", SP_EVERIFY, "names no image" },
	{ "a configuration for another system than the index says", "config", "\"os\":\"linux\"",
	  "\"os\":\"windows\"", SP_EVERIFY, "its configuration windows" },
	{ "a layout of another version", "layout", "1.0.0", "2.0.0", SP_EVERIFY, "oci-layout" },
	{ "a layout file that is no JSON", "layout", "}", "", SP_EVERIFY, "oci-layout" },
	{ "data that is other data", "index", "\"platform\":", "\"data\":\"e30=\",\"platform\":",
	  SP_EVERIFY, "its data is not" },
	{ "the platform is only in the configuration", "index", "\"platform\":{", "\"x\":{", 0, NULL },
};

static void bad_documents(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct recipe r = { .doc = cases[i].doc, .from = cases[i].from, .to = cases[i].to };
		struct made m;

		make(&m, &r);
		opens(&m.f.source, NULL, &amd64, cases[i].code, cases[i].message, cases[i].name);
		unmake(&m);
	}
}

static void bad_blobs(void)
{
	for (int which = 0; which < 2; which++)
		for (int how = 0; how < 4; how++) {
			static const char *const hows[] = { "flipped", "longer", "shorter", "missing" };
			static const char *const messages[] = { "its digest is", "larger than",
								"its digest is", "missing" };
			struct made m;

			make(&m, &(struct recipe){ 0 });
			struct fake_file *file = fake_find(&m.f, which ? m.config.str : m.manifest.str);
			char *name = sp_strf("%s %s", which ? "config" : "manifest", hows[how]);

			if (how == 0)
				file->bytes.data[file->bytes.len / 2] ^= 1;
			else if (how == 1)
				sp_buf_addch(&file->bytes, ' ');
			else if (how == 2)
				file->bytes.len--;
			else
				file->name[10] ^= 1;
			opens(&m.f.source, NULL, &amd64, how < 3 ? SP_ECHANGED : SP_EVERIFY,
			      messages[how], name);
			free(name);
			unmake(&m);
		}
}

/* --- choosing --- */
static char *entry(const struct made *m, const char *platform, const char *name)
{
	return sp_strf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s%s%s%s%s}",
		       SP_MT_MANIFEST, m->manifest.str, strlen(m->manifest_text),
		       platform ? ",\"platform\":" : "", platform ? platform : "",
		       name ? ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" : "",
		       name ? name : "", name ? "\"}" : "");
}

static void put_index(struct made *m, const char *entries)
{
	char *text = sp_strf("{\"schemaVersion\":2,\"manifests\":[%s]}", entries);

	put_text(&m->f, "index.json", text);
	free(text);
}

/* Put an index with these entries as a blob; the entry that names it. */
static char *nest(struct made *m, const char *entries)
{
	char *text = sp_strf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}",
			     SP_MT_INDEX, entries);
	struct sp_digest digest = fake_blob(&m->f, text, strlen(text));
	char *out = sp_strf("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}", SP_MT_INDEX,
			    digest.str, strlen(text));

	free(text);
	return out;
}

static void choosing(void)
{
	struct made m;

	make(&m, &(struct recipe){ 0 });
	char *here = entry(&m, NULL, NULL);
	char *nested = sp_strdup(here);
	for (int depth = 0; depth < 9; depth++) {
		char *next = nest(&m, nested);

		free(nested);
		nested = next;
		put_index(&m, nested);
		if (depth == 7)
			opens(&m.f.source, NULL, &amd64, 0, NULL, "8 indexes deep");
	}
	opens(&m.f.source, NULL, &amd64, SP_EVERIFY, "nested more than 8", "9 indexes deep");
	free(nested);
	free(here);

	/* the platforms of an index; what is not for us need not be there */
	char *list = sp_strf(
		"{\"mediaType\":\"%s\",\"digest\":\"sha256:%064d\",\"size\":9,\"platform\":"
		"{\"os\":\"linux\",\"architecture\":\"arm64\"}},{\"mediaType\":\"%s\",\"digest\":"
		"\"%s\",\"size\":%zu,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}}",
		SP_MT_MANIFEST, 7, SP_MT_MANIFEST, m.manifest.str, strlen(m.manifest_text));
	nested = nest(&m, list);
	put_index(&m, nested);
	opens(&m.f.source, NULL, &amd64, 0, NULL, "one platform of two");
	opens(&m.f.source, NULL, NULL, SP_EFAIL, "say which one: linux/arm64, linux/amd64",
	      "no platform said");
	opens(&m.f.source, NULL, &(struct sp_stored_want){ "linux", "s390x", NULL, true }, SP_EFAIL,
	      "no image for linux/s390x", "a third platform");
	opens(&m.f.source, NULL, &(struct sp_stored_want){ "linux", "arm64", NULL, false },
	      SP_EVERIFY, "missing", "a platform whose manifest is missing");
	free(nested);
	free(list);

	/* several images */
	struct made other;
	make(&other, &(struct recipe){ .layers = { "f other 755" } });
	for (size_t i = 0; i < other.f.files_nr; i++)
		if (strncmp(other.f.files[i].name, "sha", 3) == 0)
			fake_put(&m.f, other.f.files[i].name, other.f.files[i].bytes.data,
				 other.f.files[i].bytes.len);
	char *a = entry(&m, NULL, "a"), *b = entry(&other, NULL, "b");
	list = sp_strf("%s,%s", a, b);
	put_index(&m, list);
	opens(&m.f.source, NULL, &amd64, SP_EFAIL, "say which one: a, b", "two images");
	opens(&m.f.source, "b", &amd64, 0, NULL, "the second of two");
	struct sp_arena arena = { 0 };
	struct sp_desc top;
	const char *name = NULL;
	struct sp_err err = { 0 };
	ok(!sp_stored_find(&m.f.source, "b", &arena, &top, &name, &err), "found by name");
	is_str(top.digest.str, other.manifest.str, "its descriptor");
	is_str(name, "b", "its name");
	ok(sp_stored_find(&m.f.source, NULL, &arena, &top, &name, &err) < 0, "which of two: %s",
	   err.msg);
	sp_arena_release(&arena);
	free(list);
	list = sp_strf("%s,%s", a, a);
	put_index(&m, list);
	opens(&m.f.source, NULL, &amd64, 0, NULL, "one image twice");
	free(list);
	free(a);
	free(b);
	unmake(&other);
	unmake(&m);
}

/* A variant of ARM: the nearest that runs there. */
static void variants(void)
{
	static const struct {
		const char *arch, *want, *have[3];
		const char *got;
	} rows[] = {
		{ "arm", "v7", { "v5", "v6", "v7" }, "v7" },
		{ "arm", "v6", { "v5", "v6", "v7" }, "v6" },
		{ "arm", NULL, { "v5", "v6", "v8" }, "v6" },
		{ "arm", "v6", { "", "v5", "v8" }, "v5" },
		{ "arm64", NULL, { "v9", "v8" }, "v8" },
		{ "amd64", "v3", { "", "v2", "v4" }, "v2" },
		{ "amd64", NULL, { "v2", "v3" }, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sp_stored *s = NULL;
		struct sp_err err = { 0 };
		struct sp_buf list = { 0 };
		struct sp_digest digests[3];
		struct made m;

		make(&m, &(struct recipe){ 0 });
		for (size_t k = 0; k < 3 && rows[i].have[k]; k++) {
			char *config = sp_strf(
				"{\"architecture\":\"%s\",\"os\":\"linux\",\"variant\":\"%s\",\"rootfs\":"
				"{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}", rows[i].arch,
				rows[i].have[k], m.diff_ids[0].str);
			struct sp_digest d = fake_blob(&m.f, config, strlen(config));
			char *manifest = sp_strf(
				"{\"schemaVersion\":2,\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\","
				"\"size\":%zu},\"layers\":[{\"mediaType\":\"%s+gzip\",\"digest\":\"%s\","
				"\"size\":%zu}]}", SP_MT_CONFIG, d.str, strlen(config), SP_MT_LAYER,
				m.layers[0].str, blob_size(&m, &m.layers[0]));
			digests[k] = fake_blob(&m.f, manifest, strlen(manifest));
			sp_buf_addf(&list, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
				    k ? "," : "", SP_MT_MANIFEST, digests[k].str, strlen(manifest));
			free(manifest);
			free(config);
		}
		put_index(&m, list.data);
		struct sp_stored_want want = { "linux", rows[i].arch, rows[i].want, false };
		int rc = sp_stored_open(&m.f.source, NULL, &want, &s, &err);
		if (rows[i].got)
			is_str(rc ? err.msg : s->variant ? s->variant : "", rows[i].got,
			       "%s %s", rows[i].arch, rows[i].want ? rows[i].want : "");
		else
			ok(rc < 0, "%s %s: none", rows[i].arch, rows[i].want ? rows[i].want : "");
		if (!rc)
			sp_stored_free(s);
		sp_buf_release(&list);
		unmake(&m);
	}
}

static void docker_archives(void)
{
	static const struct {
		const char *name, *from, *to;
		int code;
		const char *message;
	} rows[] = {
		{ "no list", "[{\"Config\"", "{\"x\":[{\"Config\"", SP_EVERIFY, "" },
		{ "no Layers", "\"Layers\"", "\"layers\"", SP_EVERIFY, "expected Config" },
		{ "no names", "[\"app:v1\"]", "null", 0, NULL },
		{ "a layer that is not there", "0/layer.tar", "1/layer.tar", SP_EVERIFY, "missing" },
	};
	struct made m;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make(&m, &(struct recipe){ .docker = true, .no_oci = true, .doc = "docker",
					   .from = rows[i].from, .to = rows[i].to });
		opens(&m.f.source, NULL, &amd64, rows[i].code, rows[i].message, rows[i].name);
		unmake(&m);
	}
	make(&m, &(struct recipe){ .docker = true, .no_oci = true, .plain = true });
	fake_find(&m.f, "0/layer.tar")->bytes.data[1] ^= 1;
	opens(&m.f.source, NULL, &amd64, SP_ECHANGED, "the configuration says", "a changed layer");
	fake_find(&m.f, "0/layer.tar")->bytes.data[1] ^= 1;
	char *path = sp_strf("%s.json", sp_digest_hex(&m.config));
	struct fake_file *config = fake_find(&m.f, path);
	config->bytes.data[config->bytes.len - 1] = ' ';
	opens(&m.f.source, NULL, &amd64, SP_ECHANGED, "its digest is", "a changed configuration");
	free(path);
	unmake(&m);
}

int main(void)
{
	good();
	bad_documents();
	bad_blobs();
	choosing();
	variants();
	docker_archives();
	return test_done();
}
