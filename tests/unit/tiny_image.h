/*
 * An image small enough to make by hand, for tests of destinations and sources:
 * one layer with one file, as plain tar, its configuration and manifest.  And
 * the small tools that these tests share.
 */
#ifndef TINY_IMAGE_H
#define TINY_IMAGE_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "image/image.h"
#include "image/tar.h"
#include "test.h"
#include "transport/transport.h"

struct tiny {
	struct sp_image image;
	struct sp_manifest manifest;
	struct sp_layer layer;
	struct sp_buf tar, config_text, manifest_text;
};

TEST_FN void tiny_init(struct tiny *t, const char *content)
{
	char zeros[SP_TAR_BLOCK] = "";
	struct sp_manifest *m = &t->manifest;

	*t = (struct tiny){ 0 };
	sp_tar_header(&t->tar, &(struct sp_tar_entry){
		.name = "hello", .type = '0', .mode = 0644, .size = strlen(content) });
	sp_buf_addstr(&t->tar, content);
	sp_buf_add(&t->tar, zeros, sp_tar_padding(strlen(content)));
	sp_tar_end(&t->tar);
	t->layer.desc = (struct sp_desc){ .media_type = SP_MT_LAYER, .size = t->tar.len };
	sp_digest_of(t->tar.data, t->tar.len, &t->layer.desc.digest);
	t->layer.diff_id = t->layer.desc.digest;
	sp_buf_addf(&t->config_text,
		    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{},\"rootfs\":"
		    "{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}", t->layer.diff_id.str);
	*m = (struct sp_manifest){ .os = "linux", .arch = "amd64", .layers = &t->layer,
				   .layers_nr = 1 };
	m->config = (struct sp_desc){ .media_type = SP_MT_CONFIG,
				      .size = t->config_text.len };
	sp_digest_of(t->config_text.data, t->config_text.len, &m->config.digest);
	sp_buf_addf(&t->manifest_text,
		    "{\"schemaVersion\":2,\"mediaType\":\"" SP_MT_MANIFEST "\",\"config\":"
		    "{\"mediaType\":\"" SP_MT_CONFIG "\",\"digest\":\"%s\",\"size\":%zu},"
		    "\"layers\":[{\"mediaType\":\"" SP_MT_LAYER "\",\"digest\":\"%s\","
		    "\"size\":%zu}]}", m->config.digest.str, t->config_text.len,
		    t->layer.desc.digest.str, t->tar.len);
	m->manifest = (struct sp_desc){ .media_type = SP_MT_MANIFEST,
					.size = t->manifest_text.len };
	sp_digest_of(t->manifest_text.data, t->manifest_text.len, &m->manifest.digest);
	t->image.manifests = m;
	t->image.manifests_nr = 1;
	t->image.root = m->manifest;
}

TEST_FN void tiny_release(struct tiny *t)
{
	sp_buf_release(&t->tar);
	sp_buf_release(&t->config_text);
	sp_buf_release(&t->manifest_text);
}

TEST_FN int tiny_blob(struct sp_sink *sink, const struct sp_buf *data,
		      const struct sp_desc *desc, struct sp_err *err)
{
	size_t half = data->len / 2;

	if (sink->begin(sink, data->len, err) ||
	    sink->write(sink, data->data, half, err) ||
	    sink->write(sink, data->data + half, data->len - half, err))
		return -1;
	return sink->end(sink, desc, err);
}

TEST_FN int tiny_feed(const struct tiny *t, struct sp_sink *sink, struct sp_err *err)
{
	if (tiny_blob(sink, &t->tar, &t->layer.desc, err) ||
	    tiny_blob(sink, &t->config_text, &t->manifest.config, err))
		return -1;
	return tiny_blob(sink, &t->manifest_text, &t->manifest.manifest, err);
}

TEST_FN struct sp_transport_options tiny_options(void)
{
	return (struct sp_transport_options){ .temp_dir = scratch_dir(), .host_os = "linux",
					 .host_arch = "amd64", .stdout_fd = 1 };
}

/* Write the image to a destination under one name, "docker.io/library/NAME:TAG". */
TEST_FN int tiny_write(const struct tiny *t, const char *text, const char *name,
		       const char *tag, const struct sp_transport_options *options,
		       struct sp_err *err)
{
	sp_autofree char *path = sp_strf("library/%s", name);
	struct sp_ref ref = { .domain = "docker.io", .path = path, .tag = tag };
	const struct sp_ref *refs = &ref;
	struct sp_arena arena = { 0 };
	struct sp_dest *dest = NULL;
	size_t nr = 1;
	int rc = -1;

	if (sp_dest_open(text, options, &dest, err) == 0 &&
	    sp_dest_names(dest, &arena, &refs, &nr, err) == 0 &&
	    tiny_feed(t, sp_dest_sink(dest), err) == 0 &&
	    sp_dest_prepare(dest, &t->image, refs, nr, err) == 0)
		rc = sp_dest_commit(dest, err);
	sp_dest_free(dest);
	sp_arena_release(&arena);
	return rc;
}

/* A path in the scratch directory; the strings live until the end. */
TEST_FN const char *in_scratch(const char *name)
{
	static char *paths[256];
	static size_t nr;

	if (nr == 256)
		abort();
	paths[nr] = sp_strf("%s/%s", scratch_dir(), name);
	return paths[nr++];
}

/* The exit code of a shell command, after "cd" to the scratch directory. */
TEST_FN int shell(const char *command)
{
	sp_autofree char *line = sp_strf("cd '%s' && { %s\n} >shell.out 2>&1", scratch_dir(),
					 command);
	int status = system(line);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Is there such a program?  Tests that need one are skipped otherwise. */
TEST_FN bool have_program(const char *name)
{
	sp_autofree char *line = sp_strf("command -v %s", name);

	return shell(line) == 0;
}

/* How many entries a directory has; -1 if it is none. */
TEST_FN int entries_in(const char *path)
{
	DIR *dir = opendir(path);
	int nr = 0;

	if (!dir)
		return -1;
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr - 2;
}

TEST_FN void put_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		abort();
}

#endif
