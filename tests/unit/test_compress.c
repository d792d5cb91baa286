/*
 * Compressing in blocks: what comes out is the input again, whatever the number of
 * threads, and the decoder for zstd streams that others wrote.
 */
#include "image/compress.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "image/unzstd.h"
#include "test.h"

static void test_parse(void)
{
	static const struct {
		const char *text;
		int kind, level;	/* kind -1: refused */
	} cases[] = {
		{ "gzip", SP_COMPRESS_GZIP, 6 },    { "zstd", SP_COMPRESS_ZSTD, 3 },
		{ "none", SP_COMPRESS_NONE, 0 },    { "gzip:1", SP_COMPRESS_GZIP, 1 },
		{ "gzip:12", SP_COMPRESS_GZIP, 12 }, { "zstd:19", SP_COMPRESS_ZSTD, 19 },
		{ "gzip:13", -1, 0 },		    { "zstd:20", -1, 0 },
		{ "gzip:0", -1, 0 },		    { "gzip:", -1, 0 },
		{ "gzip:06", -1, 0 },		    { "gzip:-1", -1, 0 },
		{ "gzip: 6", -1, 0 },		    { "gzip:6 ", -1, 0 },
		{ "gzip:4294967302", -1, 0 },	    { "none:1", -1, 0 },
		{ "none:", -1, 0 },		    { "", -1, 0 },
		{ "gzi", -1, 0 },		    { "gzipp", -1, 0 },
		{ "GZIP", -1, 0 },		    { "xz", -1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sp_compress how = { .level = -7 };
		struct sp_err err = { 0 };
		int rc = sp_compress_parse(cases[i].text, &how, &err);

		is_int(rc, cases[i].kind < 0 ? -1 : 0, "\"%s\"", cases[i].text);
		is_int(err.code, rc ? SP_EUSAGE : SP_OK, "its code");
		is_int(how.level, rc ? -7 : cases[i].level, "its level");
		if (rc)
			ok(strstr(err.msg, cases[i].text) != NULL, "named: %s", err.msg);
		else
			is_int(how.kind, cases[i].kind, "its kind");
	}
}

static void test_names(void)
{
	is_str(sp_compress_media_type(&(struct sp_compress){ SP_COMPRESS_GZIP, 6 }),
	       "application/vnd.oci.image.layer.v1.tar+gzip", "media type of gzip");
	is_str(sp_compress_media_type(&(struct sp_compress){ SP_COMPRESS_ZSTD, 3 }),
	       "application/vnd.oci.image.layer.v1.tar+zstd", "media type of zstd");
	is_str(sp_compress_media_type(&(struct sp_compress){ SP_COMPRESS_NONE, 0 }),
	       "application/vnd.oci.image.layer.v1.tar", "media type of none");
	ok(strncmp(sp_compress_versions(), "libdeflate", 10) == 0 &&
	   strstr(sp_compress_versions(), " zstd") != NULL,
	   "versions: %s", sp_compress_versions());
}

/* Text that compresses, then noise that does not, in turns of 300000 bytes. */
static char *make_input(size_t len)
{
	char *data = sp_malloc(len + 1);
	uint32_t state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (i / 300000) % 2 ? (char)(state >> 24) :
					     "scratch pack layer "[state >> 28];
	}
	return data;
}

static int into_buf(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	(void)err;
	sp_buf_add(ctx, data, len);
	return 0;
}

/* Feed data to a pool, at most chunk bytes at a time. */
static int feed(struct sp_pool *pool, const char *data, size_t len, size_t chunk,
		struct sp_err *err)
{
	while (len > 0) {
		size_t room;
		void *to = sp_pool_room(pool, &room);
		size_t part = chunk < room ? chunk : room;

		part = part < len ? part : len;
		memcpy(to, data, part);
		if (sp_pool_commit(pool, part, err))
			return -1;
		data += part;
		len -= part;
	}
	return sp_pool_finish(pool, err);
}

static bool compress(const struct sp_compress *how, unsigned threads, const char *data,
		     size_t len, size_t chunk, struct sp_buf *ret,
		     struct sp_digest *ret_plain)
{
	sp_autohash struct sp_hash *hash = sp_hash_new();
	sp_autopool struct sp_pool *pool = sp_pool_new(how, threads, hash, into_buf, ret);
	struct sp_err err = { 0 };

	if (feed(pool, data, len, chunk, &err)) {
		note("%s", err.msg);
		return false;
	}
	sp_hash_done(hash, ret_plain);
	return true;
}

/* Decode with room for a few bytes only, and input in small pieces. */
static int unzstd(const void *data, size_t len, size_t piece, struct sp_buf *ret,
		  bool *ret_whole, struct sp_err *err)
{
	struct sp_unzstd *z = sp_unzstd_new();
	char out[7001];
	int rc = 0;
	bool ended = false;
	size_t got = 0, at = 0;
	const void *in = data;
	size_t in_len = 0;

	while (rc == 0 && (at < len || in_len || got == sizeof(out))) {
		if (in_len == 0 && at < len) {
			in = (const char *)data + at;
			in_len = len - at < piece ? len - at : piece;
			at += in_len;
		}
		rc = sp_unzstd_run(z, &in, &in_len, out, sizeof(out), &got, &ended, err);
		if (rc == 0)
			sp_buf_add(ret, out, got);
	}
	sp_unzstd_free(z);
	*ret_whole = ended;
	return rc;
}

/* Undo gzip with the gzip of the system. */
static bool gunzip(const struct sp_buf *packed, struct sp_buf *ret)
{
	sp_autofree char *file = sp_strf("%s/packed", scratch_dir());
	sp_autofree char *command = sp_strf("gzip -dc <%s", file);
	sp_autoclose int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct sp_err err = { 0 };
	char part[65536];
	size_t n;

	if (fd < 0 || sp_write_full(fd, packed->data, packed->len, file, &err))
		return false;
	FILE *pipe = popen(command, "r");
	while (pipe && (n = fread(part, 1, sizeof(part), pipe)) > 0)
		sp_buf_add(ret, part, n);
	return pipe && pclose(pipe) == 0;
}

static bool undo(const struct sp_compress *how, const struct sp_buf *packed,
		 struct sp_buf *ret)
{
	struct sp_err err = { 0 };
	bool whole = false;

	if (how->kind == SP_COMPRESS_GZIP)
		return gunzip(packed, ret);
	if (how->kind == SP_COMPRESS_ZSTD)
		return unzstd(packed->data, packed->len, 65536, ret, &whole, &err) == 0 &&
		       whole;
	sp_buf_add(ret, packed->data, packed->len);
	return true;
}

static void test_round_trip(const char *text, const char *data, size_t len)
{
	sp_autobuf struct sp_buf packed = { 0 }, plain = { 0 };
	struct sp_digest digest, want;
	struct sp_compress how;
	struct sp_err err = { 0 };

	sp_digest_of(data, len, &want);
	if (!is_int(sp_compress_parse(text, &how, &err), 0, "%s", text) ||
	    !ok(compress(&how, 2, data, len, 100000, &packed, &digest), "%s: %zu bytes",
		text, len))
		return;
	ok(undo(&how, &packed, &plain), "%s: %zu bytes: a whole stream", text, len);
	ok(plain.len == len && (!len || memcmp(plain.data, data, len) == 0),
	   "%s: %zu bytes: the same again", text, len);
	is_str(digest.str, want.str, "%s: %zu bytes: hash", text, len);
	/* a stored block costs 5 bytes in 64 KiB, a member 18 */
	ok(packed.len <= len + len / 4096 + 64, "%s: %zu bytes: %zu when compressed",
	   text, len, packed.len);
	for (unsigned threads = 0; threads < 5; threads = 2 * threads + 1) {
		sp_autobuf struct sp_buf again = { 0 };

		ok(compress(&how, threads, data, len, 333333 * (threads + 1), &again,
			    &digest) &&
		   again.len == packed.len &&
		   (!len || memcmp(again.data, packed.data, packed.len) == 0) &&
		   sp_digest_equal(&digest, &want),
		   "%s: %zu bytes: the same with %u threads", text, len, threads);
	}
}

static void test_round_trips(void)
{
	static const char *const hows[] = { "gzip", "zstd", "none" };
	static const size_t lens[] = { 0, 1, SP_BLOCK - 1, SP_BLOCK, SP_BLOCK + 1,
				       2 * SP_BLOCK, 7 * SP_BLOCK + 777 };
	sp_autofree char *data = make_input(7 * SP_BLOCK + 777);

	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++)
		for (size_t n = 0; n < sizeof(lens) / sizeof(*lens); n++)
			test_round_trip(hows[i], data, lens[n]);
	/* noise alone, and the ends of the levels */
	test_round_trip("gzip", data + 300000, 300000);
	test_round_trip("zstd", data + 300000, 300000);
	test_round_trip("gzip:1", data, 400000);
	test_round_trip("gzip:12", data, 400000);
	test_round_trip("zstd:1", data, 400000);
	test_round_trip("zstd:19", data, 400000);
}

/* The header of each member is ours, byte by byte. */
static void test_gzip_header(void)
{
	static const struct {
		int level, xfl;
	} cases[] = { { 1, 4 }, { 2, 0 }, { 6, 0 }, { 8, 0 }, { 9, 2 }, { 12, 2 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct sp_compress how = { SP_COMPRESS_GZIP, cases[i].level };
		const char want[10] = { 0x1f, '\213', 8, 0, 0, 0, 0, 0,
					(char)cases[i].xfl, '\377' };
		sp_autobuf struct sp_buf packed = { 0 };
		struct sp_digest digest;

		ok(compress(&how, 1, "abc", 3, 3, &packed, &digest) &&
		   memcmp(packed.data, want, 10) == 0, "gzip:%d: header", cases[i].level);
		ok(memcmp(packed.data + packed.len - 8, "\302\101\044\065\3\0\0\0", 8) == 0,
		   "gzip:%d: CRC-32 and length", cases[i].level);
	}
}

/* The header of a frame: single segment, its size, no checksum (RFC 8878, 3.1.1.1). */
static void test_zstd_header(void)
{
	sp_autobuf struct sp_buf packed = { 0 };
	struct sp_digest digest;
	const struct sp_compress how = { SP_COMPRESS_ZSTD, 3 };

	ok(compress(&how, 1, "abc", 3, 3, &packed, &digest) && packed.len > 6 &&
	   memcmp(packed.data, "\050\265\057\375\040\003", 6) == 0, "zstd: frame header");
}

static int count_down(void *ctx, const void *data, size_t len, struct sp_err *err)
{
	int *left = ctx;

	(void)data;
	(void)len;
	return (*left)-- > 0 ? 0 : sp_err_set(err, SP_EOUTPUT, "full");
}

static void test_failing(const char *text)
{
	sp_autofree char *data = make_input(9 * SP_BLOCK);
	struct sp_compress how = { 0 };

	for (int good = 0; good < 9; good++) {
		struct sp_err err = { 0 };
		int left = good;

		ok(sp_compress_parse(text, &how, &err) == 0, "%s", text);
		struct sp_pool *pool = sp_pool_new(&how, 3, NULL, count_down, &left);
		is_int(feed(pool, data, 9 * SP_BLOCK, SP_BLOCK, &err), -1,
		       "%s: fails at block %d", text, good);
		is_int(err.code, SP_EOUTPUT, "the failure of the output, as it was");
		is_str(err.msg, "full", "its text");
		sp_pool_free(pool);
	}
	/* given up half-way, with blocks at work */
	for (unsigned blocks = 0; blocks < 6; blocks++) {
		sp_autobuf struct sp_buf packed = { 0 };
		struct sp_pool *pool = sp_pool_new(&how, 4, NULL, into_buf, &packed);
		struct sp_err err = { 0 };
		size_t room;
		int rc = 0;

		for (unsigned i = 0; i < blocks && !rc; i++) {
			memcpy(sp_pool_room(pool, &room), data, SP_BLOCK);
			rc = sp_pool_commit(pool, SP_BLOCK, &err);
		}
		sp_pool_free(pool);
		ok(rc == 0, "%s: given up after %u blocks", text, blocks);
	}
	sp_pool_free(NULL);
}

/* No thread can be had, since a stack of this size cannot. */
static void test_no_threads(void)
{
	sp_autofree char *data = make_input(5 * SP_BLOCK);
	sp_autobuf struct sp_buf packed = { 0 }, again = { 0 };
	const struct sp_compress how = { SP_COMPRESS_GZIP, 6 };
	struct sp_digest digest;
	pthread_attr_t usual, huge;
	pthread_t thread;

	ok(compress(&how, 3, data, 5 * SP_BLOCK, SP_BLOCK, &packed, &digest), "with threads");
	pthread_getattr_default_np(&usual);
	pthread_attr_init(&huge);
	if (pthread_attr_setstacksize(&huge, (size_t)1 << 46) ||
	    pthread_setattr_default_np(&huge) ||
	    pthread_create(&thread, NULL, (void *(*)(void *))abort, NULL) == 0) {
		skip("thread creation cannot be made to fail here");
		return;
	}
	ok(compress(&how, 3, data, 5 * SP_BLOCK, SP_BLOCK, &again, &digest) &&
	   again.len == packed.len && memcmp(again.data, packed.data, packed.len) == 0,
	   "the same without");
	pthread_setattr_default_np(&usual);
	pthread_attr_destroy(&usual);
	pthread_attr_destroy(&huge);
}

static void test_unzstd(void)
{
	static const char skippable[] = "\120\052\115\030\4\0\0\0junk";
	const struct sp_compress how = { SP_COMPRESS_ZSTD, 3 };
	sp_autobuf struct sp_buf packed = { 0 }, plain = { 0 };
	struct sp_digest digest;
	struct sp_err err = { 0 };
	bool whole = false, sound = true;

	/* a frame, one to skip, a frame; byte by byte */
	compress(&how, 1, "hello ", 6, 6, &packed, &digest);
	size_t first = packed.len;
	sp_buf_add(&packed, skippable, sizeof(skippable) - 1);
	size_t second = packed.len;
	compress(&how, 1, "world", 5, 5, &packed, &digest);
	is_int(unzstd(packed.data, packed.len, 1, &plain, &whole, &err), 0, "frames: %s",
	       err.msg);
	ok(whole, "frames: at an end");
	is_str(sp_buf_str(&plain), "hello world", "frames: the bytes");

	for (size_t len = 0; len < packed.len && sound; len++) {
		sp_buf_reset(&plain);
		sound = unzstd(packed.data, len, 3, &plain, &whole, &err) == 0 &&
			whole == (len == first || len == second);
		if (!sound)
			note("cut off after %zu bytes: %s", len, err.msg);
	}
	ok(sound, "a stream that is cut off is not at an end");
}

static void test_bad_zstd(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} cases[] = {
		{ "this is no zstd stream", 22, "not a sound zstd stream" },
		/* a window of 256 MiB: exponent 18 (RFC 8878, 3.1.1.1.2) */
		{ "\050\265\057\375\000\220\1\0\0", 9, "window of more than 32 MiB" },
		/* reserved block type */
		{ "\050\265\057\375\040\3\007\0\0", 9, "not a sound zstd stream" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		sp_autobuf struct sp_buf plain = { 0 };
		struct sp_err err = { 0 };
		bool whole;

		is_int(unzstd(cases[i].bytes, cases[i].len, 64, &plain, &whole, &err), -1,
		       "bad zstd %zu", i);
		is_int(err.code, SP_EVERIFY, "its code");
		ok(strstr(err.msg, cases[i].says) != NULL, "%s", err.msg);
	}
	sp_unzstd_free(NULL);
}

int main(void)
{
	test_parse();
	test_names();
	test_round_trips();
	test_gzip_header();
	test_zstd_header();
	test_failing("gzip:1");
	test_failing("none");
	test_no_threads();
	test_unzstd();
	test_bad_zstd();
	return test_done();
}
