/*
 * Manifests, indexes and the documents beside the blobs.  Each document that is
 * made goes through our own checks and through an independent validator.
 */
#include "image/image.h"

#include "base/buf.h"
#include "base/vec.h"
#include "image/json.h"
#include "oracle.h"
#include "test.h"

#define LIST(...)                                                             \
	{ .items = (const char *[]){ __VA_ARGS__ },                           \
	  .items_nr = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *) }

/* A sink in memory that checks the protocol and what it is told. */
struct blob {
	struct sp_desc desc;
	char *data;
};

struct memory {
	struct sp_sink sink;
	struct sp_buf open;
	bool is_open;
	uint64_t hint;
	int fail_at, calls;		/* fail the n-th call, from 1 on */
	struct blob *blobs;
	size_t blobs_nr, blobs_alloc;
};

static int step(struct memory *m, struct sp_err *err)
{
	if (++m->calls == m->fail_at)
		return sp_err_set(err, SP_EOUTPUT, "the disk is full");
	return 0;
}

static int begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;

	if (step(m, err))
		return -1;
	if (m->is_open)
		ok(false, "a blob begins within another");
	m->is_open = true;
	m->hint = hint;
	return 0;
}

static int write_some(struct sp_sink *sink, const void *data, size_t len,
		      struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;

	if (step(m, err))
		return -1;
	sp_buf_add(&m->open, data, len);
	return 0;
}

static int end(struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;
	struct sp_digest digest;

	if (step(m, err))
		return -1;
	sp_digest_of(m->open.data, m->open.len, &digest);
	if (!m->is_open || !sp_digest_equal(&digest, &desc->digest) ||
	    desc->size != m->open.len || m->hint != m->open.len)
		ok(false, "the descriptor is that of the bytes");
	m->is_open = false;
	*SP_VEC_PUSH(m->blobs) = (struct blob){ *desc, sp_buf_detach(&m->open) };
	return 0;
}

static void memory_release(struct memory *m)
{
	for (size_t i = 0; i < m->blobs_nr; i++)
		free(m->blobs[i].data);
	free(m->blobs);
	sp_buf_release(&m->open);
}

#define MEMORY { .sink = { .begin = begin, .write = write_some, .end = end } }

static void image_freep(struct sp_image **image)
{
	sp_image_free(*image);
}
#define auto_image SP_CLEANUP(image_freep)

/* Layers of which only the descriptors are looked at. */
static void fill_layers(struct sp_layer *layers, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		layers[i] = (struct sp_layer){
			.desc = { .media_type = SP_MT_LAYER "+gzip", .size = 1000 + i },
		};
		sp_digest_of(&i, sizeof(i), &layers[i].desc.digest);
		sp_digest_of(&layers[i].desc.size, sizeof(uint64_t), &layers[i].diff_id);
	}
}

/* The text, through our own checks; and to the oracle's queue. */
static void check(struct oracle *oracle, enum sp_schema kind, const char *text,
		  const char *what)
{
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err err = { 0 };

	ok(!sp_json_parse(text, strlen(text), &doc, &err) &&
	   sp_schema_check(kind, doc, NULL, NULL) == 0, "%s keeps our schema %s", what,
	   err.msg);
	oracle_add(oracle, kind, text);
}

static const struct sp_config config_amd64 = {
	.os = "linux", .arch = "amd64", .created = 1700000000,
	.env = LIST("PATH=/bin"), .entrypoint = LIST("/app"), .user = "0",
	.labels = LIST("org.opencontainers.image.title=app"),
	.ports = LIST("80/tcp"), .volumes = LIST("/data"),
	.healthcheck = { .set = true, .test = LIST("CMD", "/app"), .interval_ns = 1000000 },
	.annotations = LIST("z=1", "org.opencontainers.image.title=app", "a=2"),
};

/* domain, path and tag */
static const struct sp_ref refs[] = {
	{ "docker.io", "library/app", "latest", NULL },
	{ "localhost:5000", "me/app", "v1", NULL },
	{ "docker.io", "library/app", "latest", NULL },
};

static void test_single(struct oracle *oracle)
{
	SP_CLEANUP(memory_release) struct memory m = MEMORY;
	auto_image struct sp_image *image = sp_image_new();
	struct sp_layer layers[2];
	struct sp_err err = { 0 };

	fill_layers(layers, 2);
	ok(!sp_image_add(image, &config_amd64, layers, 2, &m.sink, &err) &&
	   !sp_image_finish(image, NULL, false, &m.sink, &err), "an image of one platform %s",
	   err.msg);
	if (!is_int(m.blobs_nr, 2, "two blobs: no index"))
		return;
	is_str(m.blobs[0].desc.media_type, SP_MT_CONFIG, "the configuration first");
	is_str(m.blobs[1].desc.media_type, SP_MT_MANIFEST, "then the manifest");
	ok(sp_digest_equal(&image->root.digest, &m.blobs[1].desc.digest) &&
	   image->root.size == m.blobs[1].desc.size, "which is the root");
	sp_autofree char *want = sp_strf(
		"{\"schemaVersion\":2,\"mediaType\":\"" SP_MT_MANIFEST "\","
		"\"config\":{\"mediaType\":\"" SP_MT_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
		"\"layers\":[{\"mediaType\":\"" SP_MT_LAYER "+gzip\",\"digest\":\"%s\","
		"\"size\":1000},{\"mediaType\":\"" SP_MT_LAYER "+gzip\",\"digest\":\"%s\","
		"\"size\":1001}],\"annotations\":{\"a\":\"2\","
		"\"org.opencontainers.image.title\":\"app\",\"z\":\"1\"}}",
		m.blobs[0].desc.digest.str, strlen(m.blobs[0].data),
		layers[0].desc.digest.str, layers[1].desc.digest.str);
	is_str(m.blobs[1].data, want, "the manifest");
	check(oracle, SP_SCHEMA_CONFIG, m.blobs[0].data, "the configuration");
	check(oracle, SP_SCHEMA_MANIFEST, m.blobs[1].data, "the manifest");
	is_int(image->manifests[0].layers_nr, 2, "the layers are kept");
	ok(image->manifests[0].layers != layers && sp_digest_equal(
		   &image->manifests[0].layers[1].desc.digest, &layers[1].desc.digest),
	   "as copies");

	sp_autofree char *index = sp_image_layout_index(image, refs, 3);
	sp_autofree char *root = sp_strf(
		"{\"mediaType\":\"" SP_MT_MANIFEST "\",\"digest\":\"%s\",\"size\":%llu,"
		"\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}",
		image->root.digest.str, (unsigned long long)image->root.size);
	sp_autofree char *want_index = sp_strf(
		"{\"schemaVersion\":2,\"mediaType\":\"" SP_MT_INDEX "\",\"manifests\":["
		"%s,\"annotations\":{"
		"\"io.containerd.image.name\":\"docker.io/library/app:latest\","
		"\"org.opencontainers.image.ref.name\":\"latest\"}},"
		"%s,\"annotations\":{"
		"\"io.containerd.image.name\":\"localhost:5000/me/app:v1\","
		"\"org.opencontainers.image.ref.name\":\"v1\"}}]}", root, root);
	is_str(index, want_index, "index.json: a descriptor a name, each once");
	check(oracle, SP_SCHEMA_INDEX, index, "index.json");
	sp_autofree char *nameless = sp_image_layout_index(image, NULL, 0);
	sp_autofree char *want_nameless = sp_strf(
		"{\"schemaVersion\":2,\"mediaType\":\"" SP_MT_INDEX "\",\"manifests\":[%s}]}",
		root);
	is_str(nameless, want_nameless, "index.json without names");
	check(oracle, SP_SCHEMA_INDEX, nameless, "it");
	check(oracle, SP_SCHEMA_LAYOUT, SP_OCI_LAYOUT_TEXT, "oci-layout");

	sp_autofree char *docker = sp_image_docker_manifest(image, refs, 3, "linux", "arm64");
	sp_autofree char *want_docker = sp_strf(
		"[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":["
		"\"docker.io/library/app:latest\",\"localhost:5000/me/app:v1\"],\"Layers\":["
		"\"blobs/sha256/%s\",\"blobs/sha256/%s\"]}]",
		sp_digest_hex(&m.blobs[0].desc.digest), sp_digest_hex(&layers[0].desc.digest),
		sp_digest_hex(&layers[1].desc.digest));
	is_str(docker, want_docker, "manifest.json");
	sp_autofree char *untagged = sp_image_docker_manifest(image, NULL, 0, NULL, NULL);
	ok(strstr(untagged, "\"RepoTags\":null"), "manifest.json without names");
}

static void test_several(struct oracle *oracle)
{
	SP_CLEANUP(memory_release) struct memory m = MEMORY;
	auto_image struct sp_image *image = sp_image_new();
	const struct sp_strings annotations = LIST("b=2", "a=1");
	struct sp_config config = config_amd64;
	struct sp_layer layers[1];
	struct sp_err err = { 0 };
	char arch[] = "amd64";

	fill_layers(layers, 1);
	config.arch = arch;
	int rc = sp_image_add(image, &config, layers, 1, &m.sink, &err);
	memset(arch, '#', sizeof(arch) - 1);	/* strings are borrowed for the call only */
	config.arch = "arm64";
	config.variant = "v8";
	rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	config.arch = "arm";
	config.variant = "v6";
	rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	config.variant = "v7";
	rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	rc |= sp_image_finish(image, &annotations, false, &m.sink, &err);
	ok(!rc, "an image of four platforms %s", err.msg);
	if (!is_int(m.blobs_nr, 9, "four pairs and an index"))
		return;
	is_str(image->root.media_type, SP_MT_INDEX, "the index is the root");
	const char *index = m.blobs[8].data;
	ok(strstr(index, "\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\","
			 "\"variant\":\"v8\"}"), "with platforms");
	ok(strstr(index, "],\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}"), "and annotations");
	check(oracle, SP_SCHEMA_INDEX, index, "the index");
	for (size_t i = 0; i < 8; i++)
		check(oracle, i % 2 ? SP_SCHEMA_MANIFEST : SP_SCHEMA_CONFIG, m.blobs[i].data,
		      "each of its documents");
	sp_autofree char *layout = sp_image_layout_index(image, refs, 1);
	ok(strstr(layout, SP_MT_INDEX "\",\"digest\"") && !strstr(layout, "platform"),
	   "index.json holds the index, which is of no platform");
	check(oracle, SP_SCHEMA_INDEX, layout, "it");

	static const struct {
		const char *os, *arch;
		size_t config;		/* the blob */
	} hosts[] = { { "linux", "arm64", 2 }, { "linux", "arm", 4 }, { "linux", "amd64", 0 },
		      { "linux", "s390x", 0 }, { "windows", "arm64", 0 }, { NULL, NULL, 0 } };
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		sp_autofree char *docker = sp_image_docker_manifest(image, refs, 1, hosts[i].os,
								    hosts[i].arch);
		ok(strstr(docker, sp_digest_hex(&m.blobs[hosts[i].config].desc.digest)),
		   "manifest.json shows the platform for %s", hosts[i].arch ? hosts[i].arch : "none");
	}
}

static void test_forced(struct oracle *oracle)
{
	SP_CLEANUP(memory_release) struct memory m = MEMORY;
	auto_image struct sp_image *image = sp_image_new();
	const struct sp_strings annotations = LIST("a=1");
	struct sp_layer layers[1];
	struct sp_err err = { 0 };

	fill_layers(layers, 1);
	ok(!sp_image_add(image, &config_amd64, layers, 1, &m.sink, &err) &&
	   !sp_image_finish(image, &annotations, true, &m.sink, &err),
	   "an index of one platform %s", err.msg);
	is_int(m.blobs_nr, 3, "three blobs");
	is_str(image->root.media_type, SP_MT_INDEX, "the index is the root");
	check(oracle, SP_SCHEMA_INDEX, m.blobs[2].data, "the index");
}

/* One refusal: nothing is written, and the image stays as it was. */
static void refused(const struct sp_config *config, size_t layers_nr, const char *why)
{
	SP_CLEANUP(memory_release) struct memory m = MEMORY;
	auto_image struct sp_image *image = sp_image_new();
	struct sp_layer *layers = sp_calloc(layers_nr, sizeof(*layers));
	struct sp_err err = { 0 };

	fill_layers(layers, layers_nr);
	ok(sp_image_add(image, config, layers, layers_nr, &m.sink, &err) == -1 &&
	   err.code == SP_EUSAGE && strstr(err.msg, why) && image->manifests_nr == 0,
	   "refused: %s", why);
	if (!strstr(err.msg, why))
		note("%s", err.msg);
	free(layers);
}

static void test_limits(void)
{
	struct sp_config config = config_amd64;

	refused(&config, 0, "0 layers");
	refused(&config, SP_LAYERS_MAX + 1, "126 layers");
	config.user = "\xff";
	refused(&config, 1, "user");
	config.user = NULL;
	config.annotations = (struct sp_strings)LIST("a=\xff");
	refused(&config, 1, "annotation \"");
	config.annotations = (struct sp_strings)LIST("a=1", "a=2");
	refused(&config, 1, "annotation \"a\" is given twice");

	const char *many[SP_ANNOTATIONS_MAX + 1];
	char text[SP_ANNOTATIONS_MAX + 1][8];
	for (size_t i = 0; i <= SP_ANNOTATIONS_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "%zu=x", i);
		many[i] = text[i];
	}
	config.annotations = (struct sp_strings){ many, SP_ANNOTATIONS_MAX + 1, 0 };
	refused(&config, 1, "1025 annotations");
	config.annotations = (struct sp_strings){ 0 };

	char *large = sp_malloc(SP_DOCUMENT_MAX + 1);
	memset(large, 'x', SP_DOCUMENT_MAX);
	large[SP_DOCUMENT_MAX] = '\0';
	config.cmd = (struct sp_strings)LIST(large);
	refused(&config, 1, "read 4194304 at most");
	free(large);
}

static void test_platforms(void)
{
	SP_CLEANUP(memory_release) struct memory m = MEMORY;
	auto_image struct sp_image *image = sp_image_new();
	struct sp_config config = config_amd64;
	struct sp_layer layers[1];
	struct sp_err err = { 0 };
	int rc = 0;

	fill_layers(layers, 1);
	config.variant = "v1";
	rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	ok(sp_image_add(image, &config, layers, 1, &m.sink, &err) == -1 &&
	   strstr(err.msg, "linux/amd64/v1 is in the image twice"), "%s", err.msg);
	config.variant = NULL;
	rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	ok(sp_image_add(image, &config, layers, 1, &m.sink, &err) == -1 &&
	   strstr(err.msg, "linux/amd64 is in the image twice"), "%s", err.msg);
	for (int i = 2; i < SP_PLATFORMS_MAX; i++) {
		char arch[8];

		snprintf(arch, sizeof(arch), "a%d", i);
		config.arch = arch;
		rc |= sp_image_add(image, &config, layers, 1, &m.sink, &err);
	}
	ok(!rc, "%d platforms", SP_PLATFORMS_MAX);
	config.arch = "one more";
	ok(sp_image_add(image, &config, layers, 1, &m.sink, &err) == -1 &&
	   strstr(err.msg, "more than 64 platforms"), "%s", err.msg);
}

/* Each of the sink's calls fails once: two documents and an index, three calls each. */
static void test_sink_failures(void)
{
	struct sp_layer layers[1];

	fill_layers(layers, 1);
	for (int n = 1; n <= 10; n++) {
		SP_CLEANUP(memory_release) struct memory m = MEMORY;
		auto_image struct sp_image *image = sp_image_new();
		struct sp_err err = { 0 };

		m.fail_at = n;
		int rc = sp_image_add(image, &config_amd64, layers, 1, &m.sink, &err);
		is_int(image->manifests_nr, rc ? 0 : 1, "added or not, call %d", n);
		if (!rc)
			rc = sp_image_finish(image, NULL, true, &m.sink, &err);
		is_int(rc, n < 10 ? -1 : 0, "call %d fails", n);
		is_int(err.code, n < 10 ? SP_EOUTPUT : SP_OK, "with the sink's error");
		ok(rc == 0 || !image->root.media_type, "and there is no root");
	}
	sp_image_free(NULL);
}

static void ask(struct oracle *oracle)
{
	sp_autofree char (*lines)[ORACLE_LINE] = oracle_ask(oracle);

	if (!lines)
		skip("python3-jsonschema or the schemas of the image-spec are not installed");
	for (size_t i = 0; lines && i < oracle->nr; i++)
		if (!ok(oracle_said_valid(lines[i]), "document %zu keeps the published schema",
			i))
			note("%s", lines[i]);
}

int main(void)
{
	struct oracle oracle = { 0 };

	test_single(&oracle);
	test_several(&oracle);
	test_forced(&oracle);
	test_limits();
	test_platforms();
	test_sink_failures();
	ask(&oracle);
	return test_done();
}
