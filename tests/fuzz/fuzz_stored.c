/*
 * The documents of an image: an index, a manifest and a configuration, or those of a
 * docker archive, opened to be used and verified.
 *
 * The input is the three texts with lines of "--" between them.  "@M", "@C" stand for
 * digest of manifest and configuration, "@m", "@c" for their sizes, so that what was
 * changed still fits together.  What can be opened must be within the limits, and its
 * configuration can be inherited.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "image/inherit.h"
#include "image/stored.h"
#include "image/verify.h"

#define PARTS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct sp_source source;
	struct sp_buf parts[PARTS];	/* index.json or manifest.json, manifest, configuration */
	struct sp_digest digests[PARTS];
};

struct reader {
	struct sp_blob_reader reader;
	const struct sp_buf *from;
	size_t at;
};

static int read_blob(struct sp_blob_reader *reader, void *buf, size_t len, size_t *ret_len,
		     struct sp_err *err)
{
	struct reader *r = (struct reader *)reader;
	size_t left = r->from->len - r->at;

	(void)err;
	*ret_len = left < len ? left : len;
	if (*ret_len)
		memcpy(buf, r->from->data + r->at, *ret_len);
	r->at += *ret_len;
	return 0;
}

static void close_blob(struct sp_blob_reader *reader)
{
	free(reader);
}

static int open_part(const struct sp_buf *part, struct sp_blob_reader **ret)
{
	struct reader *r = sp_calloc(1, sizeof(*r));

	*r = (struct reader){ { read_blob, close_blob }, part, 0 };
	*ret = &r->reader;
	return 0;
}

static int open_blob(struct sp_source *source, const struct sp_digest *digest,
		     struct sp_blob_reader **ret, struct sp_err *err)
{
	struct input *in = (struct input *)source;

	for (size_t i = 1; i < PARTS; i++)
		if (sp_digest_equal(digest, &in->digests[i]))
			return open_part(&in->parts[i], ret);
	return sp_err_set(err, SP_EVERIFY, "missing");
}

static int open_path(struct sp_source *source, const char *path, struct sp_blob_reader **ret,
		     struct sp_err *err)
{
	struct input *in = (struct input *)source;

	if (strcmp(path, "c.json") == 0)
		return open_part(&in->parts[2], ret);
	return sp_err_set(err, SP_EVERIFY, "missing");
}

static int read_file(struct sp_source *source, const char *name, size_t limit,
		     struct sp_buf *ret, struct sp_err *err)
{
	struct input *in = (struct input *)source;
	bool docker = in->parts[0].len && in->parts[0].data[0] == '[';

	sp_buf_reset(ret);
	if (strcmp(name, docker ? "manifest.json" : "index.json") != 0)
		return 0;
	if (in->parts[0].len > limit)
		return sp_err_set(err, SP_EVERIFY, "too large");
	sp_buf_add(ret, in->parts[0].data, in->parts[0].len);
	return 0;
}

/* One text, with what stands for the later ones filled in. */
static void fill(struct input *in, size_t part, const char *text, size_t len)
{
	struct sp_buf *to = &in->parts[part];

	for (size_t i = 0; i < len; i++) {
		const char *at = i + 1 < len && text[i] == '@' ? strchr("MCmc", text[i + 1]) : NULL;
		size_t which = at && (text[i + 1] | 0x20) == 'c' ? 2 : 1;

		if (!at || !*at || which <= part) {
			sp_buf_addch(to, text[i]);
			continue;
		}
		if (text[++i] < 'a')
			sp_buf_addstr(to, in->digests[which].str);
		else
			sp_buf_addf(to, "%zu", in->parts[which].len);
	}
	sp_digest_of(sp_buf_str(to), to->len, &in->digests[part]);
}

static void open_it(struct input *in)
{
	const struct sp_stored_want want = { .os = "linux", .arch = "amd64", .flexible = true };
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_stored *stored = NULL;
	struct sp_config config = { 0 };
	struct sp_err err = { 0 };

	if (sp_stored_open(&in->source, NULL, &want, &stored, &err)) {
		if (!err.code || !err.msg[0])
			abort();
		return;
	}
	if (stored->layers_nr > SP_LAYERS_MAX || !stored->os || !stored->arch)
		abort();
	sp_config_inherit(&config, stored->config_doc, &arena);
	free(config.env.items);
	free(config.labels.items);
	free(config.ports.items);
	free(config.volumes.items);
	free(config.entrypoint.items);
	free(config.cmd.items);
	free(config.healthcheck.test.items);
	sp_stored_free(stored);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .source = { open_blob, read_file, open_path, NULL } };
	const struct sp_verify_options options = { 0 };
	struct sp_verify_report found = { 0 };
	const char *text = (const char *)data, *begin[PARTS];
	size_t len[PARTS] = { 0 };
	struct sp_err err = { 0 };

	for (size_t i = 0; i < PARTS; i++) {
		const char *end = size ? memmem(text, size, "\n--\n", 4) : NULL;

		begin[i] = text;
		len[i] = end && i + 1 < PARTS ? (size_t)(end - text) : size;
		size -= len[i];
		text += len[i];
		if (size >= 4) {
			size -= 4;
			text += 4;
		}
	}
	for (size_t i = PARTS; i-- > 0;)
		fill(&in, i, begin[i], len[i]);
	open_it(&in);
	if (sp_verify(&in.source, NULL, &options, &found, &err) && !err.msg[0])
		abort();
	sp_verify_report_release(&found);
	for (size_t i = 0; i < PARTS; i++)
		sp_buf_release(&in.parts[i]);
	return 0;
}
