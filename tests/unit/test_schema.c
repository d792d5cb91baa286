/*
 * The schema checks (schema.c and check.c) against an independent validator: both
 * must say the same of each changed document, except where schema.h says that we
 * are stricter.
 */
#include "image/schema.h"

#include "oracle.h"
#include "test.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define DIGEST "sha256:" HEX32 HEX32
#define LAYER "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","        \
	      "\"digest\":\"" DIGEST "\",\"size\":7}"

static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

static const char index_json[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
	"\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	"\"digest\":\"" DIGEST "\",\"size\":7,\"platform\":{\"architecture\":\"arm\","
	"\"os\":\"linux\",\"os.version\":\"1\",\"os.features\":[\"x\"],\"variant\":\"v7\"},"
	"\"annotations\":{\"in/ner\":\"x\"}}],\"annotations\":{\"outer\":\"y\"}}";

static const char manifest[] =
	"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
	"\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\","
	"\"digest\":\"" DIGEST "\",\"size\":5},\"layers\":[" LAYER "],"
	"\"annotations\":{\"a\":\"b\"}}";

static const char config[] =
	"{\"created\":\"1970-01-01T00:00:00Z\",\"author\":\"me\",\"architecture\":\"amd64\","
	"\"os\":\"linux\",\"os.version\":\"1\",\"os.features\":[\"f\"],\"variant\":\"v2\","
	"\"config\":{\"User\":\"0\",\"ExposedPorts\":{\"80/tcp\":{}},\"Env\":[\"A=1\"],"
	"\"Entrypoint\":[\"/app\"],\"Cmd\":[\"run\"],\"Volumes\":{\"/data\":{}},"
	"\"WorkingDir\":\"/\",\"Labels\":{\"l\":\"1\"},\"StopSignal\":\"SIGTERM\","
	"\"ArgsEscaped\":true},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" DIGEST "\"]},"
	"\"history\":[{\"created\":\"1970-01-01T00:00:00.5+01:00\",\"author\":\"me\","
	"\"created_by\":\"x\",\"comment\":\"c\",\"empty_layer\":false}]}";

static const char descriptor[] =
	"{\"mediaType\":\"text/plain\",\"digest\":\"" DIGEST "\",\"size\":7,"
	"\"urls\":[\"https://example.org/x\"],\"annotations\":{\"a\":\"b\"}}";

static const char *const bases[] = {
	[SP_SCHEMA_LAYOUT] = layout,
	[SP_SCHEMA_INDEX] = index_json,
	[SP_SCHEMA_MANIFEST] = manifest,
	[SP_SCHEMA_CONFIG] = config,
	[SP_SCHEMA_DESCRIPTOR] = descriptor,
};

enum verdict { FINE, BREACH, STRICTER };	/* stricter: a breach to us alone */

#define L SP_SCHEMA_LAYOUT
#define I SP_SCHEMA_INDEX
#define M SP_SCHEMA_MANIFEST
#define C SP_SCHEMA_CONFIG
#define D SP_SCHEMA_DESCRIPTOR
#define TWICE(x) x x

/* In the base document of this kind from becomes to, once; then the verdict, and
 * where we see the first breach. */
static const struct {
	enum sp_schema kind;
	const char *from, *to;
	enum verdict verdict;
	const char *where;
} rows[] = {
	/* as they are, and more than they are */
	{ L, "", "", FINE, NULL },
	{ I, "", "", FINE, NULL },
	{ M, "", "", FINE, NULL },
	{ C, "", "", FINE, NULL },
	{ D, "", "", FINE, NULL },
	{ L, "{", "{\"extra\":1,", FINE, NULL },
	{ I, "{", "{\"extra\":null,", FINE, NULL },
	{ M, "{", "{\"extra\":[],", FINE, NULL },
	{ C, "{", "{\"container\":{\"x\":1},", FINE, NULL },
	{ D, "{", "{\"extra\":\"\",", FINE, NULL },
	/* oci-layout */
	{ L, "1.0.0", "1.0.1", BREACH, "/imageLayoutVersion" },
	{ L, "\"1.0.0\"", "1", BREACH, "/imageLayoutVersion" },
	{ L, "\"1.0.0\"", "null", BREACH, "/imageLayoutVersion" },
	{ L, "imageLayoutVersion", "version", BREACH, "/imageLayoutVersion" },
	{ L, layout, "[]", BREACH, "" },
	{ L, layout, "null", BREACH, "" },
	/* index */
	{ I, "\"schemaVersion\":2", "\"schemaVersion\":1", BREACH, "/schemaVersion" },
	{ I, "\"schemaVersion\":2", "\"schemaVersion\":3", BREACH, "/schemaVersion" },
	{ I, "\"schemaVersion\":2", "\"schemaVersion\":\"2\"", BREACH, "/schemaVersion" },
	{ I, "\"schemaVersion\":2", "\"schemaVersion\":2.0", BREACH, "/schemaVersion" },
	{ I, "\"schemaVersion\":2", "\"schemaVersion\":true", BREACH, "/schemaVersion" },
	{ I, "\"schemaVersion\":2,", "", BREACH, "/schemaVersion" },
	{ I, "\"mediaType\":\"application/vnd.oci.image.index.v1+json\",", "", FINE, NULL },
	{ I, "application/vnd.oci.image.index.v1+json",
	  "application/vnd.docker.distribution.manifest.list.v2+json", FINE, NULL },
	{ I, "application/vnd.oci.image.index.v1+json",
	  "application/vnd.oci.image.manifest.v1+json", STRICTER, "/mediaType" },
	{ I, "\"application/vnd.oci.image.index.v1+json\"", "7", BREACH, "/mediaType" },
	{ I, "\"manifests\"", "\"images\"", BREACH, "/manifests" },
	{ I, index_json, "{\"schemaVersion\":2,\"manifests\":[]}", FINE, NULL },
	{ I, index_json, "{\"schemaVersion\":2,\"manifests\":{}}", BREACH, "/manifests" },
	{ I, index_json, "{\"schemaVersion\":2,\"manifests\":null}", BREACH, "/manifests" },
	{ I, index_json, "{\"schemaVersion\":2,\"manifests\":[7]}", BREACH, "/manifests/0" },
	{ I, index_json, "[]", BREACH, "" },
	{ I, "\"architecture\":\"arm\",", "", BREACH, "/manifests/0/platform/architecture" },
	{ I, "\"os\":\"linux\",", "", BREACH, "/manifests/0/platform/os" },
	{ I, "\"linux\"", "1", BREACH, "/manifests/0/platform/os" },
	{ I, "\"os.version\":\"1\"", "\"os.version\":1", BREACH,
	  "/manifests/0/platform/os.version" },
	{ I, "[\"x\"]", "\"x\"", BREACH, "/manifests/0/platform/os.features" },
	{ I, "[\"x\"]", "[\"x\",1]", BREACH, "/manifests/0/platform/os.features/1" },
	{ I, "\"v7\"", "null", BREACH, "/manifests/0/platform/variant" },
	{ I, "\"x\"}}]", "1}}]", BREACH, "/manifests/0/annotations/in~1ner" },
	{ I, "\"y\"", "{}", BREACH, "/annotations/outer" },
	{ I, "{\"outer\":\"y\"}", "[]", BREACH, "/annotations" },
	{ I, "{\"outer\":\"y\"}", "null", BREACH, "/annotations" },
	{ I, "{\"outer\":\"y\"}", "{\"\":1}", STRICTER, "/annotations/" },
	{ I, "{", "{\"layers\":[],", STRICTER, "/layers" },
	{ I, "{", "{\"config\":{},", STRICTER, "/config" },
	{ I, "{", "{\"Config\":{},", STRICTER, "/Config" },
	{ I, "{", "{\"subject\":7,", STRICTER, "/subject" },
	{ I, "{", "{\"subject\":" LAYER ",\"artifactType\":\"a/b\",", FINE, NULL },
	/* manifest */
	{ M, "\"schemaVersion\":2,", "", BREACH, "/schemaVersion" },
	{ M, "application/vnd.oci.image.manifest.v1+json",
	  "application/vnd.docker.distribution.manifest.v2+json", FINE, NULL },
	{ M, "application/vnd.oci.image.manifest.v1+json",
	  "application/vnd.oci.image.index.v1+json", STRICTER, "/mediaType" },
	{ M, "\"config\"", "\"konfig\"", BREACH, "/config" },
	{ M, "\"layers\"", "\"levels\"", BREACH, "/layers" },
	{ M, "[" LAYER "]", "[]", BREACH, "/layers" },
	{ M, "[" LAYER "]", LAYER, BREACH, "/layers" },
	{ M, "[" LAYER "]", "[" LAYER "," LAYER ",{}]", BREACH, "/layers/2/mediaType" },
	{ M, "[" LAYER "]", "[" LAYER "," LAYER "]", FINE, NULL },
	{ M, "\"size\":7", "\"size\":\"7\"", BREACH, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":7.5", BREACH, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":1e3", BREACH, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":null", BREACH, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":-1", STRICTER, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":0", FINE, NULL },
	{ M, "\"size\":7", "\"size\":9007199254740991", FINE, NULL },
	{ M, "\"size\":7", "\"size\":9007199254740992", STRICTER, "/layers/0/size" },
	{ M, "\"size\":7", "\"size\":9223372036854777000", BREACH, "/layers/0/size" },
	{ M, ",\"size\":5", "", BREACH, "/config/size" },
	{ M, "\"digest\":\"" DIGEST "\",\"size\":5", "\"size\":5", BREACH, "/config/digest" },
	{ M, "sha256:" HEX32, "sha256:", STRICTER, "/config/digest" },
	{ M, "sha256:01", "sha256:0A", STRICTER, "/config/digest" },
	{ M, "sha256:01", "sha384:01", STRICTER, "/config/digest" },
	{ M, DIGEST, "sha512:" TWICE(HEX32 HEX32), FINE, NULL },
	{ M, DIGEST, "sha256:../../etc/passwd", BREACH, "/config/digest" },
	{ M, "sha256:01", "SHA256:01", BREACH, "/config/digest" },
	{ M, "sha256:01", "sha256-01", BREACH, "/config/digest" },
	{ M, "\"" DIGEST "\"", "7", BREACH, "/config/digest" },
	{ M, "application/vnd.oci.image.config.v1+json", "x/y", FINE, NULL },
	{ M, "application/vnd.oci.image.config.v1+json", "", BREACH, "/config/mediaType" },
	{ M, "application/vnd.oci.image.config.v1+json", "application", BREACH,
	  "/config/mediaType" },
	{ M, "application/vnd.oci.image.config.v1+json", "a/b c", BREACH, "/config/mediaType" },
	{ M, "application/vnd.oci.image.config.v1+json", "/b", BREACH, "/config/mediaType" },
	{ M, "application/vnd.oci.image.config.v1+json", "a/", BREACH, "/config/mediaType" },
	{ M, "application/vnd.oci.image.config.v1+json", "+a/b", BREACH, "/config/mediaType" },
	{ M, "\"a\":\"b\"", "\"a\":[]", BREACH, "/annotations/a" },
	{ M, "{\"a\":\"b\"}", "{}", FINE, NULL },
	{ M, "{", "{\"manifests\":[],", STRICTER, "/manifests" },
	{ M, "{", "{\"Manifest\xc5\xbf\":[],", STRICTER, "/Manifest\xc5\xbf" },
	{ M, "\"annotations\"", "\"Annotations\"", STRICTER, "/Annotations" },
	{ M, "\"size\":7", "\"size\":7,\"URLS\":[]", STRICTER, "/layers/0/URLS" },
	/* configuration */
	{ C, "1970-01-01T00:00:00Z", "yesterday", STRICTER, "/created" },
	{ C, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00Z", STRICTER, "/created" },
	{ C, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00", STRICTER, "/created" },
	{ C, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.Z", STRICTER, "/created" },
	{ C, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+0100", STRICTER, "/created" },
	{ C, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00.123456789Z", FINE, NULL },
	{ C, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00-08:00", FINE, NULL },
	{ C, "\"1970-01-01T00:00:00Z\"", "0", BREACH, "/created" },
	{ C, "\"author\":\"me\",\"architecture\"", "\"author\":1,\"architecture\"", BREACH,
	  "/author" },
	{ C, "\"architecture\":\"amd64\",", "", BREACH, "/architecture" },
	{ C, "\"os\":\"linux\",", "", BREACH, "/os" },
	{ C, "\"linux\"", "[]", BREACH, "/os" },
	{ C, "\"v2\"", "2", BREACH, "/variant" },
	{ C, "[\"f\"]", "[1]", BREACH, "/os.features/0" },
	{ C, "\"config\":{", "\"config\":null,\"k\":{", BREACH, "/config" },
	{ C, "\"User\":\"0\"", "\"User\":0", BREACH, "/config/User" },
	{ C, "\"80/tcp\":{}", "\"80/tcp\":1", BREACH, "/config/ExposedPorts/80~1tcp" },
	{ C, "{\"80/tcp\":{}}", "[\"80/tcp\"]", BREACH, "/config/ExposedPorts" },
	{ C, "{\"80/tcp\":{}}", "null", BREACH, "/config/ExposedPorts" },
	{ C, "[\"A=1\"]", "null", BREACH, "/config/Env" },
	{ C, "[\"A=1\"]", "{\"A\":\"1\"}", BREACH, "/config/Env" },
	{ C, "[\"/app\"]", "null", FINE, NULL },
	{ C, "[\"/app\"]", "[]", FINE, NULL },
	{ C, "[\"/app\"]", "\"/app\"", BREACH, "/config/Entrypoint" },
	{ C, "[\"run\"]", "null", FINE, NULL },
	{ C, "[\"run\"]", "[null]", BREACH, "/config/Cmd/0" },
	{ C, "{\"/data\":{}}", "null", FINE, NULL },
	{ C, "{\"/data\":{}}", "{\"/data\":null}", BREACH, "/config/Volumes/~1data" },
	{ C, "{\"l\":\"1\"}", "null", FINE, NULL },
	{ C, "{\"l\":\"1\"}", "{\"l\":null}", BREACH, "/config/Labels/l" },
	{ C, "{\"l\":\"1\"}", "{\"l\":\"1\",\"L\":\"2\"}", FINE, NULL },
	{ C, "{\"l\":\"1\"}", "{\"l~/~\":1}", BREACH, "/config/Labels/l~0~1~0" },
	{ C, "\"/\"", "false", BREACH, "/config/WorkingDir" },
	{ C, "\"SIGTERM\"", "15", BREACH, "/config/StopSignal" },
	{ C, "true", "\"true\"", BREACH, "/config/ArgsEscaped" },
	{ C, "\"User\":\"0\"", "\"USER\":\"0\"", STRICTER, "/config/USER" },
	{ C, "\"rootfs\"", "\"roots\"", BREACH, "/rootfs" },
	{ C, "\"layers\"", "\"snapshots\"", BREACH, "/rootfs/type" },
	{ C, "\"type\":\"layers\",", "", BREACH, "/rootfs/type" },
	{ C, "\"diff_ids\"", "\"ids\"", BREACH, "/rootfs/diff_ids" },
	{ C, "[\"" DIGEST "\"]", "[]", FINE, NULL },
	{ C, "[\"" DIGEST "\"]", "null", BREACH, "/rootfs/diff_ids" },
	{ C, "[\"" DIGEST "\"]", "[1]", BREACH, "/rootfs/diff_ids/0" },
	{ C, "[\"" DIGEST "\"]", "[\"x\"]", STRICTER, "/rootfs/diff_ids/0" },
	{ C, "\"history\":[", "\"history\":null,\"h\":[", BREACH, "/history" },
	{ C, "\"history\":[", "\"history\":[1,", BREACH, "/history/0" },
	{ C, "1970-01-01T00:00:00.5+01:00", "x", STRICTER, "/history/0/created" },
	{ C, "\"x\",\"comment\"", "[],\"comment\"", BREACH, "/history/0/created_by" },
	{ C, "\"c\"", "3", BREACH, "/history/0/comment" },
	{ C, "false", "0", BREACH, "/history/0/empty_layer" },
	/* descriptor */
	{ D, "\"mediaType\":\"text/plain\",", "", BREACH, "/mediaType" },
	{ D, "[\"https://example.org/x\"]", "[]", FINE, NULL },
	{ D, "[\"https://example.org/x\"]", "[1]", BREACH, "/urls/0" },
	{ D, "[\"https://example.org/x\"]", "\"https://example.org\"", BREACH, "/urls" },
	{ D, "{", "{\"data\":7,", STRICTER, "/data" },
	{ D, "{", "{\"artifactType\":\"x\",", STRICTER, "/artifactType" },
	{ D, descriptor, "\"text\"", BREACH, "" },
};
#define ROWS_NR (sizeof(rows) / sizeof(*rows))

/* base with its first from replaced; to be freed. */
static char *replace(const char *base, const char *from, const char *to)
{
	const char *at = strstr(base, from);

	if (!at) {
		ok(false, "the base document holds %s", from);
		return sp_strdup(base);
	}
	return sp_strf("%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
}

/* What was reported. */
struct seen {
	char first[256];
	int notes;
	size_t problems;
};

static void see(void *ctx, bool is_note, const char *where, const char *what)
{
	struct seen *seen = ctx;

	if (!what[0])
		ok(false, "a report has a text");
	if (is_note)
		seen->notes++;
	else if (!seen->problems++)
		snprintf(seen->first, sizeof(seen->first), "%s", where);
}

static void test_rows(struct oracle *oracle)
{
	for (size_t i = 0; i < ROWS_NR; i++) {
		sp_autofree char *text = replace(bases[rows[i].kind], rows[i].from, rows[i].to);
		sp_autojson struct sp_json *doc = NULL;
		struct sp_err err = { 0 };
		struct seen seen = { .first = "none" };

		if (!ok(!sp_json_parse(text, strlen(text), &doc, &err), "row %zu parses %s", i,
			err.msg))
			continue;
		size_t nr = sp_schema_check(rows[i].kind, doc, see, &seen);
		is_int(nr, seen.problems, "row %zu: as many problems as reports", i);
		is_str(seen.first, rows[i].where ? rows[i].where : "none", "row %zu: %s", i,
		       rows[i].to);
		is_int(sp_schema_check(rows[i].kind, doc, NULL, NULL), nr, "also unreported");
		oracle_add(oracle, rows[i].kind, text);
	}
}

static void test_oracle(struct oracle *oracle)
{
	sp_autofree char (*lines)[ORACLE_LINE] = oracle_ask(oracle);

	if (!lines)
		skip("python3-jsonschema or the schemas of the image-spec are not installed");
	for (size_t i = 0; lines && oracle->nr == ROWS_NR && i < ROWS_NR; i++)
		if (!ok(oracle_said_valid(lines[i]) == (rows[i].verdict != BREACH),
			"row %zu: the validator says %s", i,
			rows[i].verdict == BREACH ? "the same" :
			rows[i].verdict == FINE ? "the same" : "valid, and we are stricter"))
			note("%s", lines[i]);
}

static void test_reports(void)
{
	static const char text[] = "{\"schemaVersion\":1,\"config\":{},\"layers\":[{},{}]}";
	sp_autojson struct sp_json *doc = NULL, *linked = NULL;
	struct seen seen = { .first = "none" };
	struct sp_err err = { 0 };

	ok(!sp_json_parse(text, strlen(text), &doc, &err) &&
	   !sp_json_parse(descriptor, strlen(descriptor), &linked, &err), "parse %s", err.msg);
	is_int(sp_schema_check(SP_SCHEMA_MANIFEST, doc, see, &seen), 10, "every breach counts");
	seen = (struct seen){ .first = "none" };
	is_int(sp_schema_check(SP_SCHEMA_DESCRIPTOR, linked, see, &seen), 0, "urls are allowed");
	is_int(seen.notes, 1, "and noted");
	is_int(sp_schema_check(SP_SCHEMA_DESCRIPTOR, NULL, see, &seen), 1,
	       "no document at all is a breach");
}

static void test_desc_parse(void)
{
	static const struct {
		const char *from, *to, *why;
	} bad[] = {
		{ "\"size\":7", "\"size\":-7", "descriptor /size: expected a size" },
		{ DIGEST, "sha256:../x", "descriptor /digest: expected a digest" },
		{ "\"digest\"", "\"d\"", "descriptor /digest: is missing" },
		{ "text/plain", "text", "descriptor /mediaType: expected a media type" },
		{ descriptor, "[]", "descriptor: expected an object" },
	};
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	sp_autojson struct sp_json *doc = NULL;
	struct sp_err err = { 0 };
	struct sp_desc desc = { .size = 99 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		sp_autofree char *text = replace(descriptor, bad[i].from, bad[i].to);
		sp_autojson struct sp_json *json = NULL;

		ok(!sp_json_parse(text, strlen(text), &json, &err) &&
		   sp_desc_parse(json, &arena, &desc, &err) == -1 && err.code == SP_EVERIFY &&
		   strstr(err.msg, bad[i].why) == err.msg && desc.size == 99, "%s", err.msg);
	}
	ok(sp_desc_parse(NULL, &arena, &desc, &err) == -1, "nothing is no descriptor");
	ok(!sp_json_parse(descriptor, strlen(descriptor), &doc, &err) &&
	   !sp_desc_parse(doc, &arena, &desc, &err), "a descriptor %s", err.msg);
	sp_json_free(doc);
	doc = NULL;
	is_str(desc.media_type, "text/plain", "its type outlives the document");
	is_str(desc.digest.str, DIGEST, "its digest");
	is_int((long long)desc.size, 7, "its size");
}

int main(void)
{
	struct oracle oracle = { 0 };

	test_rows(&oracle);
	test_oracle(&oracle);
	test_reports();
	test_desc_parse();
	return test_done();
}
