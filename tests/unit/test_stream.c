/*
 * Ranges in blocks: what is left over comes again, reading stops when asked to, and no
 * file makes constants larger than itself.
 */
#include "elf/stream.h"

#include "base/buf.h"
#include "elf_files.h"

#define BLOCK (128 * 1024)	/* as stream.c reads */

struct taker {
	struct sp_buf all;	/* what was done with */
	size_t calls, longest, lasts;
	size_t keep, stop_at;	/* bytes left over each time; the call that stops */
};

static size_t take(void *ctx, const char *data, size_t len, bool last)
{
	struct taker *t = ctx;
	size_t done = last ? len : len < t->keep ? 0 : len - t->keep;

	t->calls++;
	t->lasts += last;
	t->longest = len > t->longest ? len : t->longest;
	if (t->calls == t->stop_at)
		return SP_STREAM_STOP;
	sp_buf_add(&t->all, data, done);
	return done;
}

static void taker_reset(struct taker *t)
{
	sp_buf_release(&t->all);
	*t = (struct taker){ .keep = 0 };
}

static struct blob numbers(size_t len)
{
	struct blob b = { .data = sp_malloc(len), .len = len, .fail_after = -1 };

	for (size_t i = 0; i < len; i++)
		b.data[i] = (uint8_t)(i * 7 + i / 251);
	return b;
}

static void ranges(void)
{
	static const size_t lens[] = { 0, 1, 100, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5 };
	static const size_t keeps[] = { 0, 1, 1000, SP_STREAM_KEEP };
	struct blob b = numbers(4 * BLOCK);
	struct sp_file file = blob_file(&b);
	struct sp_reader r = { .file = &file, .size = b.len };
	struct taker t = { .keep = 0 };
	struct sp_err err = { 0 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++)
		for (size_t k = 0; k < sizeof(keeps) / sizeof(*keeps); k++) {
			bool stopped = true;

			t.keep = keeps[k];
			ok(sp_stream_range(&r, "it", 33, lens[i], take, &t, &stopped, &err) == 0 &&
			   !stopped && t.all.len == lens[i] &&
			   memcmp(sp_buf_str(&t.all), b.data + 33, lens[i]) == 0,
			   "%zu bytes, %zu come again", lens[i], keeps[k]);
			is_int((long long)t.lasts, lens[i] > 0, "the last block says so");
			ok(t.longest <= BLOCK + keeps[k], "and none is too large");
			taker_reset(&t);
		}
	t.stop_at = 2;
	bool stopped = false;
	ok(sp_stream_range(&r, "it", 0, b.len, take, &t, &stopped, &err) == 0 && stopped &&
	   t.calls == 2, "it stops");
	taker_reset(&t);
	ok(sp_stream_range(&r, "it", b.len - 10, 11, take, &t, NULL, &err) == -1 &&
	   err.code == SP_EPROGRAM && strstr(err.msg, "it: "), "beyond the end: %s", err.msg);
	b.fail_after = 1;
	err = (struct sp_err){ 0 };
	ok(sp_stream_range(&r, "it", 0, b.len, take, &t, NULL, &err) == -1 &&
	   err.code == SP_EFAIL, "a failing read");
	taker_reset(&t);
	blob_free(&b);
}

/* The constants of a made file; the caller resets t. */
static int constants(struct maker *m, struct taker *t)
{
	struct blob b = maker_finish(m);
	struct sp_file file = blob_file(&b);
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_err err = { 0 };
	struct sp_reader r;
	int rc = sp_reader_open(&r, &file, &arena, &err);

	if (rc == 0)
		rc = sp_stream_constants(&r, take, t, &err);
	blob_free(&b);
	return rc;
}

static void segments(void)
{
	struct taker t = { .keep = 0 };
	struct maker m;

	/* The maker's own segment may be executed. */
	maker_init(&m, 64, false);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "constants among the code");
	taker_reset(&t);
	maker_phdr(&m, PT_LOAD, PF_R | PF_W, MAKER_FREE, 0x100, 0x1000);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "but not among variables");
	taker_reset(&t);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_FREE, 0, 0x1000);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "an empty segment is none");
	taker_reset(&t);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_FREE, 0x200, 0x1000);
	maker_phdr(&m, PT_LOAD, PF_R, MAKER_FREE + 0x200, 0x100, 0x1000);
	ok(constants(&m, &t) == 0 && t.all.len == 0x300 && t.lasts == 2,
	   "segments of their own");
	taker_reset(&t);
	t.stop_at = 1;
	ok(constants(&m, &t) == 0 && t.calls == 1, "it stops between segments");
	taker_reset(&t);
	for (int i = 0; i < 10; i++)
		maker_phdr(&m, PT_LOAD, PF_R, 0, MAKER_LEN, 0x1000);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN,
	   "segments that overlap come to no more than the file");
	taker_reset(&t);
	maker_init(&m, 64, false);
	maker_put(&m, MAKER_PHDRS + 4, 4, PF_R | PF_W | PF_X);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "one segment for all");
	taker_reset(&t);
}

static void blanks(void)
{
	struct taker t = { .keep = 0 };
	struct maker m;
	const char *got;

	maker_init(&m, 64, false);
	maker_string(&m, "libsecret.so");
	memcpy(m.data + MAKER_FREE, "/lib/ld.so\0kept", 16);
	maker_phdr(&m, PT_INTERP, PF_R, MAKER_FREE, 11, 1);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "constants");
	got = sp_buf_str(&t.all);
	is_str(got + MAKER_STRINGS + 1, "", "no dynamic strings");
	is_str(got + MAKER_FREE, "", "no interpreter");
	is_str(got + MAKER_FREE + 11, "kept", "and what follows it");
	taker_reset(&t);
	/* A string table that leads out of its segment hides what is in it. */
	maker_put(&m, MAKER_DYNAMIC + 16 + 8, 8, -1ull);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN, "a table too large");
	taker_reset(&t);
	maker_put(&m, MAKER_DYNAMIC + 8, 8, -1ull);
	ok(constants(&m, &t) == 0 && t.all.len == MAKER_LEN &&
	   strcmp(sp_buf_str(&t.all) + MAKER_STRINGS + 1, "libsecret.so") == 0,
	   "a damaged dynamic section hides nothing");
	taker_reset(&t);
}

int main(void)
{
	ranges();
	segments();
	blanks();
	return test_done();
}
