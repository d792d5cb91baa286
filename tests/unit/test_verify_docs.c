/* verify_docs.c, verify_manifest.c, verify_image.c: documents, one breach each. */
#include "made_image.h"

/* --- documents --- */
static const struct {
	const char *name, *doc, *from, *to, *problem, *note;
} doc_cases[] = {
	{ "layout of another version", "layout", "1.0.0", "2.0.0", "schema", NULL },
	{ "layout that is no JSON", "layout", "}", "", "json", NULL },
	{ "index that is no JSON", "index", "{", "[", "json", NULL },
	{ "a key twice", "index", "{", "{\"schemaVersion\":2,", "json", NULL },
	{ "index of another version", "index", "\"schemaVersion\":2", "\"schemaVersion\":1",
	  "schema", NULL },
	{ "index with layers", "index", "\"manifests\"", "\"layers\":[],\"manifests\"",
	  "hybrid-document", NULL },
	{ "manifest with manifests", "manifest", "\"layers\"", "\"manifests\":[],\"layers\"",
	  "hybrid-document", NULL },
	{ "manifest without its own type", "manifest", "\"mediaType\":\"" SP_MT_MANIFEST "\",",
	  "", NULL, NULL },
	{ "manifest that says it is an index", "manifest", SP_MT_MANIFEST, SP_MT_INDEX,
	  "media-type-mismatch", NULL },
	{ "a digest in capitals", "manifest", "sha256:", "SHA256:", "schema", NULL },
	{ "a digest with a path", "manifest", "sha256:", "sha256:../", "schema", NULL },
	{ "a size below zero", "manifest", "\"size\":", "\"size\":-", "schema", NULL },
	{ "config for another platform", "config", "\"amd64\"", "\"arm64\"",
	  "platform-mismatch", NULL },
	{ "config without os", "config", "\"os\":\"linux\",", "", "schema", NULL },
	{ "an option that is null, as Docker has it", "config", "{\"Entrypoint\"",
	  "{\"Env\":null,\"Entrypoint\"", NULL, "schema" },
	{ "an option of another type", "config", "{\"Entrypoint\"",
	  "{\"Env\":\"A=b\",\"Entrypoint\"", "schema", NULL },
	{ "config with no diff ids", "config", "\"diff_ids\":[", "\"diff_ids\":[],\"x\":[",
	  "diff-id-count", NULL },
	{ "config with a history that is longer", "config", "\"history\":[",
	  "\"history\":[{\"created_by\":\"x\"},", NULL, "history-count" },
	{ "config with an empty layer in its history", "config", "\"history\":[",
	  "\"history\":[{\"created_by\":\"x\",\"empty_layer\":true},", NULL, NULL },
	{ "an artifact: config of another type", "manifest", SP_MT_CONFIG,
	  "application/vnd.example+json", NULL, NULL },
	{ "a layer of another type", "manifest", SP_MT_LAYER "+gzip",
	  "application/vnd.example+gzip", "layer-media-type", NULL },
	{ "data that is no base64", "manifest", "\"config\":{",
	  "\"config\":{\"data\":\"a===\",", "descriptor-data", NULL },
	{ "data that is another blob", "manifest", "\"config\":{",
	  "\"config\":{\"data\":\"e30=\",", "descriptor-data", NULL },
	{ "an attestation: blobs alone", "index", "\"architecture\":\"amd64\",\"os\":\"linux\"",
	  "\"architecture\":\"unknown\",\"os\":\"unknown\"", NULL, NULL },
	{ "a manifest that is not there", "index", "\"manifests\":[",
	  "\"manifests\":[{\"mediaType\":\"" SP_MT_MANIFEST "\",\"digest\":\"sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000\",\"size\":2,"
	  "\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"}},", "blob-missing", NULL },
	{ "a manifest over the limit", "index", "\"manifests\":[",
	  "\"manifests\":[{\"mediaType\":\"" SP_MT_MANIFEST "\",\"digest\":\"sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000\","
	  "\"size\":5000000},", "document-size", NULL },
	{ "something else that is not there", "index", "\"manifests\":[",
	  "\"manifests\":[{\"mediaType\":\"application/vnd.example\",\"digest\":\"sha256:"
	  "0000000000000000000000000000000000000000000000000000000000000000\",\"size\":2},",
	  "blob-missing", NULL },
};

static void documents(void)
{
	for (size_t i = 0; i < sizeof(doc_cases) / sizeof(*doc_cases); i++) {
		struct recipe r = { .doc = doc_cases[i].doc, .from = doc_cases[i].from,
				    .to = doc_cases[i].to };

		check(&r, doc_cases[i].problem, doc_cases[i].note, doc_cases[i].name);
	}
}

static void missing_documents(void)
{
	struct made m;

	make(&m, &(struct recipe){ 0 });
	fake_find(&m.f, "oci-layout")->name[0] = 'x';
	judge(&m.f.source, NULL, "oci-layout-missing", NULL, "no oci-layout");
	fake_find(&m.f, "index.json")->name[0] = 'x';
	judge(&m.f.source, NULL, "no-image", NULL, "no document at all");
	fake_find(&m.f, "xci-layout")->name[0] = 'o';
	judge(&m.f.source, NULL, "index-missing", NULL, "no index.json");
	unmake(&m);
}

static void diff_ids(void)
{
	struct sp_verify_report r = { 0 };
	struct sp_err err = { 0 };
	struct made m;

	make(&m, &(struct recipe){ .doc = "config", .from = "\"diff_ids\":[\"sha256:",
				   .to = "\"diff_ids\":[\"sha256:00000000000000000000000000000000"
					 "00000000000000000000000000000000\",\"sha256:" });
	ok(sp_verify(&m.f.source, NULL, NULL, &r, &err) < 0, "diff ids that are others");
	is_int((long long)count(r.problems, r.problems_nr, "diff-id"), 1, "a wrong one");
	is_int((long long)count(r.problems, r.problems_nr, "diff-id-count"), 1, "one too many");
	is_int((long long)r.problems_total, 2, "and no other problem");
	ok(strncmp(err.msg, "the image has 2 problems; the first: ", 37) == 0, "%s", err.msg);
	sp_verify_report_release(&r);
	unmake(&m);
}

int main(void)
{
	documents();
	missing_documents();
	diff_ids();
	return test_done();
}
