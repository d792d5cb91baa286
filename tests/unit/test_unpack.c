/* unpack.c: which decoder, its failures by class, limits, media types. */
#include "image/unpack.h"

#include "fake_image.h"
#include "test.h"

struct result {
	struct sp_buf out;
	int code;
	const char *problem;
	enum sp_compression kind;
	uint64_t size;
	char msg[256];
};

static struct result unpack_with(struct mem_reader m, const struct sp_unpack_limits *limits,
				 size_t room)
{
	struct sp_unpack *u = sp_unpack_new(&m.reader, limits);
	struct result r = { 0 };
	struct sp_err err = { 0 };
	size_t got;

	do {
		if (sp_unpack_read(u, sp_buf_reserve(&r.out, room), room, &got, &err)) {
			r.code = err.code;
			break;
		}
		r.out.len += got;
	} while (got);
	r.problem = sp_unpack_problem(u);
	r.kind = sp_unpack_kind(u);
	r.size = sp_unpack_size(u);
	snprintf(r.msg, sizeof(r.msg), "%.255s", err.msg);
	sp_unpack_free(u);
	return r;
}

static struct result unpack(const struct sp_buf *in, size_t piece, size_t room)
{
	return unpack_with(mem_reader(in->data ? in->data : "", in->len, piece), NULL, room);
}

static void good(const struct sp_buf *in, enum sp_compression kind, const char *want,
		 size_t len, const char *name)
{
	for (size_t piece = 0; piece < 3; piece++) {
		struct result r = unpack(in, piece, piece == 2 ? 5 : 10000);

		ok(!r.code && r.kind == kind && r.out.len == len && r.size == len &&
			   (!len || memcmp(r.out.data, want, len) == 0),
		   "%s, pieces %zu (%s)", name, piece, r.msg);
		sp_buf_release(&r.out);
	}
}

static void bad(const struct sp_buf *in, const char *problem, const char *name)
{
	struct result r = unpack(in, 0, 10000);

	is_int(r.code, SP_EVERIFY, "%s is refused: %s", name, r.msg);
	is_str(r.problem, problem, "%s: its class", name);
	sp_buf_release(&r.out);
}

static void kinds(void)
{
	struct sp_buf plain = { 0 }, gz = { 0 }, zst = { 0 }, none = { 0 };
	char text[20000];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * i % 23);
	sp_buf_add(&plain, text, sizeof(text));
	good(&none, SP_COMPRESS_NONE, "", 0, "nothing");
	good(&plain, SP_COMPRESS_NONE, text, sizeof(text), "plain");
	compress_with(&sp_gzip, text, 5000, &gz);
	compress_with(&sp_gzip, text + 5000, 15000, &gz);
	good(&gz, SP_COMPRESS_GZIP, text, sizeof(text), "gzip of two members");
	compress_with(&sp_zstd, text, 5000, &zst);
	compress_with(&sp_zstd, text + 5000, 15000, &zst);
	good(&zst, SP_COMPRESS_ZSTD, text, sizeof(text), "zstd of two frames");

	sp_buf_reset(&none);
	sp_buf_add(&none, "\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
	sp_buf_add(&none, zst.data, zst.len);
	good(&none, SP_COMPRESS_ZSTD, text, sizeof(text), "zstd after a skippable frame");

	gz.len -= 3;
	bad(&gz, "layer-truncated", "gzip cut off");
	zst.len -= 3;
	bad(&zst, "layer-truncated", "zstd cut off");
	gz.len = 2;
	bad(&gz, "layer-truncated", "the first two bytes of gzip");
	gz.len = 0;
	compress_with(&sp_gzip, text, 5000, &gz);
	sp_buf_addstr(&gz, "tail");
	bad(&gz, "layer-trailing-data", "gzip with a tail");
	gz.len -= 4;
	gz.data[gz.len - 6] ^= 1;
	bad(&gz, "layer-corrupt", "gzip with a wrong check sum");
	zst.len += 3;
	zst.data[40] ^= 0x55;
	zst.data[41] ^= 0x55;
	struct result r = unpack(&zst, 0, 10000);
	ok(r.code == SP_EVERIFY && r.problem, "damaged zstd: %s", r.msg);
	sp_buf_release(&r.out);
	sp_buf_release(&plain);
	sp_buf_release(&gz);
	sp_buf_release(&zst);
	sp_buf_release(&none);
}

static void limits(void)
{
	const struct sp_unpack_limits ratio = { 100, 1 << 20, SP_UNPACK_SIZE_MAX };
	const struct sp_unpack_limits total = { SP_UNPACK_RATIO_MAX, SP_UNPACK_RATIO_FROM,
						3000000 };
	size_t len = 4 << 20;
	char *zeros = sp_calloc(1, len);
	struct sp_buf gz = { 0 }, zst = { 0 };
	struct result r;

	compress_with(&sp_gzip, zeros, len, &gz);
	compress_with(&sp_zstd, zeros, len, &zst);
	r = unpack(&gz, 0, 65536);
	ok(!r.code && r.size == len, "zeros in gzip are within the limits");
	sp_buf_release(&r.out);
	r = unpack_with(mem_reader(gz.data, gz.len, 0), &ratio, 65536);
	is_str(r.problem, "layer-bomb", "over the ratio: %s", r.msg);
	ok(r.size > ratio.ratio_from && r.size < 2 * ratio.ratio_from,
	   "and soon after the first MiB");
	sp_buf_release(&r.out);
	r = unpack_with(mem_reader(zst.data, zst.len, 0), &ratio, 65536);
	is_str(r.problem, "layer-bomb", "zstd over the ratio: %s", r.msg);
	sp_buf_release(&r.out);
	r = unpack_with(mem_reader(zst.data, zst.len, 0), &total, 65536);
	is_str(r.problem, "layer-bomb", "zstd over the total: %s", r.msg);
	sp_buf_release(&r.out);
	r = unpack_with(mem_reader(zeros, len, 0), &total, 65536);
	is_str(r.problem, "layer-bomb", "plain bytes over the total");
	sp_buf_release(&r.out);
	struct mem_reader broken = mem_reader(gz.data, gz.len / 2, 0);
	broken.broken = true;
	r = unpack_with(broken, NULL, 65536);
	is_int(r.code, SP_EFAIL, "the reader's own failure comes through");
	is_str(r.problem, NULL, "and is not the stream's fault");
	sp_buf_release(&r.out);
	free(zeros);
	sp_buf_release(&gz);
	sp_buf_release(&zst);
}

static const struct {
	const char *type;
	int kind;	/* -1: no layer */
} types[] = {
	{ "application/vnd.oci.image.layer.v1.tar", SP_COMPRESS_NONE },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", SP_COMPRESS_GZIP },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", SP_COMPRESS_ZSTD },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", SP_COMPRESS_GZIP },
	{ "application/vnd.docker.image.rootfs.diff.tar", SP_COMPRESS_NONE },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", SP_COMPRESS_GZIP },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", SP_COMPRESS_GZIP },
	{ "application/vnd.oci.image.layer.v1.tar.gzip", -1 },
	{ "application/vnd.oci.image.layer.v1.tar+xz", -1 },
	{ "application/vnd.oci.image.layer.v1.tarball", -1 },
	{ "application/vnd.in-toto+json", -1 },
	{ "", -1 },
};

int main(void)
{
	struct sp_err err = { 0 };
	enum sp_compression kind;

	kinds();
	limits();
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int got = sp_unpack_layer_type(types[i].type, &kind) ? (int)kind : -1;

		is_int(got, types[i].kind, "media type \"%s\"", types[i].type);
	}
	ok(!sp_unpack_check_type(SP_COMPRESS_GZIP, types[1].type, &err), "gzip as promised");
	ok(sp_unpack_check_type(SP_COMPRESS_NONE, types[1].type, &err) < 0,
	   "gzip was promised and did not come");
	is_str(err.msg, "the media type says gzip, the bytes are not compressed", "message");
	sp_unpack_free(NULL);
	return test_done();
}
