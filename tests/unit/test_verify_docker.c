/* verify_docker.c: docker archives, alone and in a layout, and what other tools write. */
#include "made_image.h"
#include "transport/transport.h"

/* --- docker archives --- */
static const struct {
	const char *name, *from, *to, *problem;
	bool hybrid;
} docker_cases[] = {
	{ "no entries", "[{", "{", "json", false },
	{ "not a list", "[{\"Config\"", "{\"x\":[{\"Config\"", "json", false },
	{ "Config is no string", "\"Config\":\"", "\"Config\":1,\"x\":\"", "docker-manifest", false },
	{ "no Layers", "\"Layers\"", "\"layers\"", "docker-manifest", false },
	{ "RepoTags is no list", "[\"app:v1\"]", "\"app:v1\"", "docker-manifest", false },
	{ "no RepoTags", "[\"app:v1\"]", "null", NULL, false },
	{ "a layer that is not there", "0/layer.tar", "1/layer.tar", "blob-missing", false },
	{ "a configuration that is not there", ".json\"", ".js\"", "blob-missing", false },
	{ "another name than the index", "app:v1", "app:v2", "names-disagree", true },
	{ "the name in full", "app:v1", "docker.io/library/app:v1", NULL, true },
	{ "no name, but the index has one", "[\"app:v1\"]", "[]", "names-disagree", true },
};

static void docker(void)
{
	struct made m, other;

	for (size_t i = 0; i < sizeof(docker_cases) / sizeof(*docker_cases); i++) {
		struct recipe r = { .docker = true, .no_oci = !docker_cases[i].hybrid,
				    .doc = "docker", .from = docker_cases[i].from,
				    .to = docker_cases[i].to };

		check(&r, docker_cases[i].problem, NULL, docker_cases[i].name);
	}
	make(&m, &(struct recipe){ .docker = true, .no_oci = true });
	judge(&m.f.source, "app:v1", NULL, NULL, "docker archive by name");
	judge(&m.f.source, "app:v2", "name-not-found", NULL, "docker archive by another name");
	put_text(&m.f, "manifest.json", "[]");
	judge(&m.f.source, NULL, "docker-manifest", NULL, "an empty list");
	unmake(&m);
	/* the path claims a digest */
	make(&m, &(struct recipe){ .docker = true, .no_oci = true });
	char *path = sp_strf("%s.json", sp_digest_hex(&m.config));
	fake_find(&m.f, path)->bytes.data[3] ^= 1;
	judge(&m.f.source, NULL, "blob-digest", NULL, "a configuration that was changed");
	fake_find(&m.f, path)->bytes.data[3] ^= 1;
	struct fake_file *layer = fake_find(&m.f, "0/layer.tar");
	sp_buf_addch(&layer->bytes, 'x');
	judge(&m.f.source, NULL, "layer-trailing-data", NULL, "a layer with a tail");
	free(path);
	unmake(&m);
	/* manifest.json of one image, index.json of another */
	make(&m, &(struct recipe){ .docker = true });
	make(&other, &(struct recipe){ .docker = true, .layers = { "f app 755\nf other" } });
	for (size_t i = 0; i < other.f.files_nr; i++)
		if (strcmp(other.f.files[i].name, "index.json") != 0 &&
		    strcmp(other.f.files[i].name, "oci-layout") != 0)
			fake_put(&m.f, other.f.files[i].name, other.f.files[i].bytes.data,
				 other.f.files[i].bytes.len);
	judge(&m.f.source, NULL, "config-disagrees", NULL, "two images in one archive");
	unmake(&m);
	unmake(&other);
}

/* --- what others write --- */
static void judge_path(const char *text, const char *problem, const char *name)
{
	struct sp_source *source;
	struct sp_err err = { 0 };
	char *ref = NULL;

	if (sp_source_open(text, NULL, &source, &ref, &err)) {
		ok(false, "%s: %s", name, err.msg);
		return;
	}
	judge(source, ref, problem, NULL, name);
	source->close(source);
	free(ref);
}

/* Run a command in the scratch directory. */
static bool run(const char *command)
{
	char *line = sp_strf("cd '%s' && { %s; } >/dev/null 2>&1", scratch_dir(), command);
	int status = system(line);

	free(line);
	return status == 0;
}

/* An archive as docker save of 20.10 writes one: the second layer.tar is a
 * symbolic link to the first. */
static void docker_save(void)
{
	struct sp_buf layer = { 0 }, out = { 0 };
	struct sp_digest diff_id, config;
	char *path = sp_strf("%s/save.tar", scratch_dir()), *text, *name;
	FILE *f;

	script("f app 755", &layer);
	sp_digest_of(layer.data, layer.len, &diff_id);
	text = sp_strf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"/app\"]},"
		       "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]}}",
		       diff_id.str, diff_id.str);
	sp_digest_of(text, strlen(text), &config);
	name = sp_strf("%s.json", sp_digest_hex(&config));
	tar_dir(&out, "aaa/");
	tar_block(&out, "aaa/layer.tar", '0', 0644, layer.len, NULL);
	tar_data(&out, layer.data, layer.len);
	tar_dir(&out, "bbb/");
	tar_link(&out, "bbb/layer.tar", '2', "../aaa/layer.tar");
	tar_file(&out, name, 0644, text);
	free(text);
	text = sp_strf("[{\"Config\":\"%s\",\"RepoTags\":[\"app:latest\"],\"Layers\":"
		       "[\"aaa/layer.tar\",\"bbb/layer.tar\"]}]", name);
	tar_file(&out, "manifest.json", 0644, text);
	tar_finish(&out);
	f = fopen(path, "w");
	ok(f && fwrite(out.data, 1, out.len, f) == out.len && !fclose(f), "written");
	judge_path(path, NULL, "docker save with a linked layer");
	free(text);
	free(name);
	free(path);
	sp_buf_release(&layer);
	sp_buf_release(&out);
}

/* The image called form:SCRATCH/rest. */
static void judge_in(const char *form, const char *rest, const char *problem,
		     const char *name)
{
	char *text = sp_strf("%s%s/%s", form, scratch_dir(), rest);

	judge_path(text, problem, name);
	free(text);
}

static void others(void)
{
	if (!run("command -v umoci && command -v skopeo")) {
		skip("umoci and skopeo are not there");
		return;
	}
	if (!run("umoci init --layout u && umoci new --image u:v1 && "
		 "umoci unpack --rootless --image u:v1 b && printf x >b/rootfs/app && "
		 "chmod 755 b/rootfs/app && umoci repack --image u:v1 b && "
		 "umoci config --image u:v1 --config.entrypoint /app")) {
		skip("umoci does not work here");
		return;
	}
	judge_in("oci:", "u:v1", NULL, "an image of umoci");
	if (!run("skopeo copy --insecure-policy oci:u:v1 docker-archive:d.tar:app:v1 && "
		 "skopeo copy --insecure-policy oci:u:v1 oci-archive:o.tar:v1 && "
		 "skopeo copy --insecure-policy --dest-compress-format zstd oci:u:v1 oci:z:v1")) {
		skip("skopeo does not work here");
		return;
	}
	judge_in("", "d.tar", NULL, "skopeo's docker-archive");
	judge_in("oci-archive:", "o.tar:v1", NULL, "skopeo's oci-archive");
	judge_in("", "z", NULL, "skopeo's layout");
	ok(run("f=$(ls -S z/blobs/sha256/* | tail -n 1) && chmod u+w $f && printf x >>$f"),
	   "a blob was changed");
	judge_in("", "z", "blob-size", "skopeo's layout, changed");
}

int main(void)
{
	docker();
	docker_save();
	others();
	return test_done();
}
