/*
 * Layers: what is in the tar, what the descriptor says of it, and every way in
 * which a source can turn out to be something else than what was planned.
 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "image/tar.h"
#include "test.h"

/* A sink in memory; fail_at is the number of the call that fails, 0 for none. */
struct memory {
	struct sp_sink sink;
	struct sp_buf data;
	uint64_t hint;
	struct sp_desc desc;
	int begun, ended, calls, fail_at;
};

static int count_call(struct memory *m, struct sp_err *err)
{
	return ++m->calls == m->fail_at ? sp_err_set(err, SP_EOUTPUT, "sink is full") : 0;
}

static int memory_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;

	m->begun++;
	m->hint = hint;
	return count_call(m, err);
}

static int memory_write(struct sp_sink *sink, const void *data, size_t len,
			struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;

	sp_buf_add(&m->data, data, len);
	return count_call(m, err);
}

static int memory_end(struct sp_sink *sink, const struct sp_desc *desc,
		      struct sp_err *err)
{
	struct memory *m = (struct memory *)sink;

	m->ended++;
	m->desc = *desc;
	return count_call(m, err);
}

static void memory_release(struct memory *m)
{
	sp_buf_release(&m->data);
}

#define MEMORY                                                             \
	SP_CLEANUP(memory_release) struct memory m = {                     \
		.sink = { .begin = memory_begin, .write = memory_write, .end = memory_end }, \
	}

static const struct sp_layer_options plain = { .compress = { SP_COMPRESS_NONE, 0 } };

/* A list of entries, and pointers to them. */
struct list {
	struct sp_entry entries[8];
	const struct sp_entry *pointers[8];
	size_t nr;
};

static struct sp_entry *add(struct list *list, const struct sp_entry *entry)
{
	list->entries[list->nr] = *entry;
	list->pointers[list->nr] = &list->entries[list->nr];
	return &list->entries[list->nr++];
}

static int write_layer(const struct list *list, const struct sp_layer_options *options,
		       struct memory *m, struct sp_layer *ret, struct sp_err *err)
{
	return sp_layer_write(list->pointers, list->nr, options, &m->sink, ret, err);
}

static char *make_file(const char *name, size_t len)
{
	char *path = sp_strf("%s/%s", scratch_dir(), name);
	FILE *file = fopen(path, "w");

	for (size_t i = 0; file && i < len; i++)
		putc((int)(i * 7 / 13 % 251), file);
	if (!file || fclose(file))
		abort();
	return path;
}

/* An entry for a file in the scratch directory, as a plan would have it. */
static void add_source(struct list *list, const char *path, struct sp_root *root,
		       const char *source)
{
	struct sp_found found = { 0 };
	struct sp_err err = { 0 };

	if (sp_root_resolve(root, source, &found, &err) || !found.real)
		abort();
	add(list, &(struct sp_entry){
		.path = path, .type = SP_ENTRY_FILE, .mode = 0755, .root = root,
		.size = found.st.size, .source = found.real, .source_st = found.st,
	});
}

static void made_up(struct list *list)
{
	*list = (struct list){ 0 };
	add(list, &(struct sp_entry){ .path = "/", .type = SP_ENTRY_DIR, .mode = 0700 });
	add(list, &(struct sp_entry){ .path = "/etc", .type = SP_ENTRY_DIR, .mode = 0755 });
	add(list, &(struct sp_entry){ .path = "/etc/passwd", .type = SP_ENTRY_FILE,
				      .mode = 0644, .size = 28,
				      .content = "root:x:0:0:root:/:/bin/false" });
	add(list, &(struct sp_entry){ .path = "/etc/passwd2", .type = SP_ENTRY_HARDLINK,
				      .mode = 0644, .target = "/etc/passwd" });
	add(list, &(struct sp_entry){ .path = "/link", .type = SP_ENTRY_SYMLINK,
				      .mode = 0777, .target = "/etc/passwd" });
	add(list, &(struct sp_entry){ .path = "/none", .type = SP_ENTRY_FILE,
				      .mode = 0600, .uid = 5, .gid = 6 });
}

static void test_bytes(void)
{
	struct sp_layer layer = { 0 };
	struct sp_err err = { 0 };
	struct list list;
	MEMORY;

	made_up(&list);
	struct sp_layer_options options = plain;
	options.mtime = 1700000000;
	if (!is_int(write_layer(&list, &options, &m, &layer, &err), 0, "layer: %s", err.msg))
		return;
	/* 5 headers (the root has none), a block of data, two to end */
	is_int((long long)m.data.len, 8 * SP_TAR_BLOCK, "size of the tar");
	is_str(m.data.data, "etc/", "first name");
	is_str(m.data.data + 512, "etc/passwd", "second name");
	is_str(m.data.data + 1024, "root:x:0:0:root:/:/bin/false", "content");
	is_str(m.data.data + 1536, "etc/passwd2", "hard link");
	is_str(m.data.data + 1536 + 157, "etc/passwd", "its target, relative");
	is_str(m.data.data + 2048 + 157, "/etc/passwd", "a symlink keeps its text");
	is_str(m.data.data + 2560 + 136, "14524770400", "time of all entries");
	ok(m.begun == 1 && m.ended == 1, "one blob");
	is_int((long long)m.hint, (long long)m.data.len, "its size was known beforehand");
	is_int((long long)layer.tar_size, (long long)m.data.len, "tar size");
	is_str(layer.desc.digest.str, layer.diff_id.str, "diff id is the digest");
	/* pinned: the bytes of a layer do not change from release to release */
	is_str(layer.diff_id.str,
	       "sha256:bde0f416610a30be920849a061d44460f962a4d4d3a1dbf351a7060ada5afe56",
	       "the diff id of this plan");
}

static void test_empty(void)
{
	struct sp_layer layer = { 0 };
	struct sp_err err = { 0 };
	struct list list = { .nr = 0 };
	MEMORY;

	is_int(write_layer(&list, &plain, &m, &layer, &err), 0, "no entry at all");
	is_int((long long)m.data.len, 1024, "two blocks");
	/* sha256 of 1024 zero bytes, which is what Docker calls an empty layer */
	is_str(layer.diff_id.str,
	       "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
	       "the empty layer that everybody knows");
}

static void test_compressed(void)
{
	static const struct sp_compress hows[] = {
		{ SP_COMPRESS_GZIP, 6 }, { SP_COMPRESS_ZSTD, 3 }, { SP_COMPRESS_NONE, 0 },
	};
	struct sp_root *root = NULL;
	struct sp_err err = { 0 };
	struct sp_digest diff_id = { "" };

	free(make_file("big", 3 * SP_BLOCK + 100));
	if (sp_root_open_dir(scratch_dir(), &root, &err))
		abort();
	for (size_t i = 0; i < 3; i++) {
		struct sp_layer layer = { 0 }, again = { 0 };
		struct sp_layer_options options = { .compress = hows[i], .threads = 3 };
		struct list list = { .nr = 0 };
		struct sp_digest digest;
		MEMORY;

		add_source(&list, "/big", root, "/big");
		is_int(write_layer(&list, &options, &m, &layer, &err), 0, "%zu: %s", i,
		       err.msg);
		sp_digest_of(m.data.data, m.data.len, &digest);
		is_str(layer.desc.digest.str, digest.str, "%zu: digest of the bytes", i);
		is_str(m.desc.digest.str, digest.str, "%zu: told to the sink", i);
		is_int((long long)layer.desc.size, (long long)m.data.len, "%zu: size", i);
		is_str(layer.desc.media_type, sp_compress_media_type(&hows[i]),
		       "%zu: media type", i);
		if (i > 0)
			is_str(layer.diff_id.str, diff_id.str, "%zu: the same diff id", i);
		diff_id = layer.diff_id;

		options.threads = 1;
		m.calls = 0;
		sp_buf_reset(&m.data);
		is_int(write_layer(&list, &options, &m, &again, &err), 0, "%zu: again", i);
		is_str(again.desc.digest.str, layer.desc.digest.str,
		       "%zu: the same with one thread", i);
	}
	sp_root_free(root);
}

static void test_sparse(void)
{
	sp_autofree char *path = make_file("sparse", 10);
	struct sp_layer layer = { 0 };
	struct sp_err err = { 0 };
	struct list list = { .nr = 0 };
	struct sp_root *root = NULL;
	MEMORY;

	if (truncate(path, 2 * SP_BLOCK) || sp_root_open_dir(scratch_dir(), &root, &err))
		abort();
	add_source(&list, "/sparse", root, "/sparse");
	is_int(write_layer(&list, &plain, &m, &layer, &err), 0, "a file with a hole");
	is_int((long long)m.data.len, 2 * SP_BLOCK + 3 * SP_TAR_BLOCK, "stored whole");
	ok(m.data.data[512 + 9] && !m.data.data[512 + 10] &&
	   !m.data.data[512 + 2 * SP_BLOCK - 1], "the hole as zeros");
	sp_root_free(root);
}

/* A root whose one file does as it is told. */
struct fake {
	uint64_t size, holds;		/* what it says, and what can be read */
	int read_error;			/* an errno, or 0 */
	int64_t mtime_later;		/* what it says once it has been read */
	bool read;
};

static struct sp_stat fake_stat(const struct fake *fake)
{
	return (struct sp_stat){ .type = SP_FILE, .mode = 0644, .size = fake->size,
				 .dev = 1, .ino = 1,
				 .mtime_ns = fake->read ? fake->mtime_later : 0 };
}

static ssize_t fake_pread(struct sp_file *file, void *buf, size_t len, uint64_t offset)
{
	struct fake *fake = file->ctx;

	fake->read = true;
	if (fake->read_error)
		return -fake->read_error;
	if (offset >= fake->holds)
		return 0;
	if (len > fake->holds - offset)
		len = fake->holds - offset;
	memset(buf, 'f', len);
	return (ssize_t)len;
}

static int fake_restat(struct sp_file *file, struct sp_stat *ret)
{
	*ret = fake_stat(file->ctx);
	return 0;
}

static void fake_close(struct sp_file *file)
{
	file->ctx = NULL;
}

static const struct sp_file_ops fake_file_ops = {
	.pread = fake_pread, .restat = fake_restat, .close = fake_close,
};

static int fake_open(void *ctx, const char *path, struct sp_file *ret)
{
	(void)path;
	ret->ops = &fake_file_ops;
	ret->ctx = ctx;
	ret->st = fake_stat(ctx);
	return 0;
}

static void fake_free(void *ctx)
{
	(void)ctx;
}

static const struct sp_root_ops fake_ops = { .open = fake_open, .free = fake_free };

static void test_changing(void)
{
	static const struct {
		const char *what;
		struct fake fake;
		uint64_t planned;
		enum sp_code code;
	} cases[] = {
		{ "unchanged", { 5000, 5000, 0, 0, false }, 5000, SP_OK },
		{ "larger than planned", { 6000, 6000, 0, 0, false }, 5000, SP_ECHANGED },
		{ "smaller than planned", { 40, 40, 0, 0, false }, 5000, SP_ECHANGED },
		{ "shorter while read", { 5000, 4999, 0, 0, false }, 5000, SP_ECHANGED },
		{ "gone while read", { 5000, 0, 0, 0, false }, 5000, SP_ECHANGED },
		{ "written to while read", { 5000, 5000, 0, 9, false }, 5000, SP_ECHANGED },
		{ "read error", { 5000, 5000, EIO, 0, false }, 5000, SP_EFAIL },
		{ "large and cut", { 3 * SP_BLOCK, 2 * SP_BLOCK, 0, 0, false },
		  3 * SP_BLOCK, SP_ECHANGED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake fake = cases[i].fake, planned = { .size = cases[i].planned };
		struct sp_root *root = sp_root_new(&fake_ops, &fake, "/sys");
		struct sp_layer layer = { .tar_size = 42 };
		struct sp_err err = { 0 };
		struct list list = { .nr = 0 };
		MEMORY;

		add(&list, &(struct sp_entry){
			.path = "/app", .type = SP_ENTRY_FILE, .mode = 0755, .root = root,
			.size = planned.size, .source = "/opt/app",
			.source_st = fake_stat(&planned) });
		int rc = write_layer(&list, &plain, &m, &layer, &err);
		is_int(rc, cases[i].code ? -1 : 0, "%s: %s", cases[i].what, err.msg);
		is_int(err.code, cases[i].code, "%s: code", cases[i].what);
		if (rc) {
			ok(strncmp(err.msg, "/sys/opt/app: ", 14) == 0,
			   "%s: the source is named", cases[i].what);
			is_int((long long)layer.tar_size, 42, "%s: output left alone",
			       cases[i].what);
			is_int(m.ended, 0, "%s: no blob", cases[i].what);
		}
		sp_root_free(root);
	}
}

static void test_gone(void)
{
	sp_autofree char *path = make_file("gone", 100);
	struct sp_layer layer = { 0 };
	struct sp_err err = { 0 };
	struct list list = { .nr = 0 };
	struct sp_root *root = NULL;
	MEMORY;

	if (sp_root_open_dir(scratch_dir(), &root, &err))
		abort();
	add_source(&list, "/gone", root, "/gone");
	unlink(path);
	is_int(write_layer(&list, &plain, &m, &layer, &err), -1, "%s", err.msg);
	ok(strstr(err.msg, path) == err.msg, "a file that is gone is named");

	/* another file under the same name, of the same size */
	free(make_file("gone", 100));
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	utimensat(AT_FDCWD, path, times, 0);
	is_int(write_layer(&list, &plain, &m, &layer, &err), -1, "%s", err.msg);
	is_int(err.code, SP_ECHANGED, "a file that was replaced");
	sp_root_free(root);
}

static void test_sink_failure(void)
{
	struct sp_root *root = NULL;
	struct sp_err err = { 0 };
	int failed = 0;

	free(make_file("four", 4 * SP_BLOCK));
	if (sp_root_open_dir(scratch_dir(), &root, &err))
		abort();
	/* begin, 5 writes, end */
	for (int at = 1; at <= 8; at++) {
		struct sp_layer layer = { .tar_size = 42 };
		struct list list = { .nr = 0 };
		MEMORY;

		err = (struct sp_err){ 0 };
		m.fail_at = at;
		add_source(&list, "/four", root, "/four");
		if (write_layer(&list, &plain, &m, &layer, &err)) {
			failed++;
			is_str(err.msg, "sink is full", "call %d: message as it was", at);
			is_int(err.code, SP_EOUTPUT, "call %d: code", at);
			is_int((long long)layer.tar_size, 42, "call %d: output left", at);
		}
	}
	is_int(failed, 7, "each call to the sink is checked");
	sp_root_free(root);
}

struct seen {
	uint64_t last;
	unsigned nr;
	bool sound;
	volatile sig_atomic_t cancelled;
	uint64_t cancel_at;
};

static void see(void *ctx, const struct sp_progress *progress)
{
	struct seen *seen = ctx;

	seen->nr++;
	if (progress->done < seen->last || progress->done > progress->total ||
	    strcmp(progress->phase, "layer") != 0 ||
	    (progress->done < progress->total && !progress->item))
		seen->sound = false;
	seen->last = progress->done;
	if (progress->done >= seen->cancel_at)
		seen->cancelled = 1;
}

static void test_progress(void)
{
	struct fake fake = { .size = 20 * SP_BLOCK, .holds = 20 * SP_BLOCK };
	struct sp_root *root = sp_root_new(&fake_ops, &fake, "");
	struct seen seen = { .sound = true, .cancel_at = UINT64_MAX };
	struct sp_layer_options options = plain;
	struct sp_layer layer;
	struct sp_err err = { 0 };
	struct list list = { .nr = 0 };
	MEMORY;

	options.progress = see;
	options.progress_ctx = &seen;
	options.cancelled = &seen.cancelled;
	add(&list, &(struct sp_entry){ .path = "/app", .type = SP_ENTRY_FILE, .root = root,
				       .size = fake.size, .source = "/app",
				       .source_st = fake_stat(&fake) });
	is_int(write_layer(&list, &options, &m, &layer, &err), 0, "with progress");
	ok(seen.sound, "never backwards, never over the total");
	ok(seen.nr >= 19 && seen.nr <= 21, "once a block: %u times", seen.nr);
	is_int((long long)seen.last, 20 * SP_BLOCK, "all is done at the end");

	seen.cancel_at = 5 * SP_BLOCK;
	seen.last = 0;
	sp_buf_reset(&m.data);
	is_int(write_layer(&list, &options, &m, &layer, &err), -1, "cancelled");
	is_int(err.code, SP_ECANCELLED, "its code");
	ok(m.data.len < 7 * SP_BLOCK, "within a block");
	is_int(m.ended, 1, "no second blob");
	sp_root_free(root);
}

int main(void)
{
	test_bytes();
	test_empty();
	test_compressed();
	test_sparse();
	test_changing();
	test_gone();
	test_sink_failure();
	test_progress();
	return test_done();
}
