/* inflate.c: members, their end, and what is not one. */
#include "base/inflate.h"

#include "fake_image.h"
#include "test.h"

struct result {
	struct sp_buf out;
	bool ended, failed;
	struct sp_err err;
};

/* Decode all of in, given in pieces of in_piece, into room bytes a call. */
static struct result decode(const void *data, size_t len, size_t in_piece, size_t room)
{
	struct sp_inflate *z = sp_inflate_new();
	struct result r = { 0 };
	const char *p = data, *end = p + len;
	size_t got = 0;

	do {
		size_t left = (size_t)(end - p) < in_piece ? (size_t)(end - p) : in_piece;
		const void *in = p;
		size_t before = left;

		if (sp_inflate_run(z, &in, &left, sp_buf_reserve(&r.out, room), room, &got,
				   &r.ended, &r.err)) {
			r.failed = true;
			break;
		}
		r.out.len += got;
		p += before - left;
	} while (p < end || got == room);
	sp_inflate_free(z);
	return r;
}

static void whole(const struct sp_buf *gz, const char *text, size_t len, const char *name)
{
	static const size_t pieces[] = { 1, 2, 7, 100, 1 << 20 };

	for (size_t i = 0; i < 5; i++) {
		struct result r = decode(gz->data, gz->len, pieces[i], i % 2 ? 3 : 4096);

		ok(!r.failed && r.ended && r.out.len == len &&
			   memcmp(r.out.data, text, len) == 0,
		   "%s, in pieces of %zu", name, pieces[i]);
		sp_buf_release(&r.out);
	}
}

static void refused(const struct sp_buf *gz, const char *name)
{
	struct result r = decode(gz->data, gz->len, 4096, 4096);

	ok(r.failed, "%s is refused", name);
	is_int(r.err.code, SP_EVERIFY, "%s: %s", name, r.err.msg);
	sp_buf_release(&r.out);
}

/* "hello", stored, in zlib's own frame (RFC 1950) */
static void zlib_frame(void)
{
	static const char z[] = "x\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15";
	struct sp_buf out = { 0 };
	struct sp_err err = { 0 };
	size_t len = sizeof(z) - 1, wrong = 0;

	ok(sp_inflate_zlib(z, len, 5, &out, &err) == 0 && out.len == 5 &&
	   memcmp(out.data, "hello", 5) == 0, "zlib's frame");
	ok(sp_inflate_zlib(z, len, 4, &out, &err) == -1 && err.code == SP_EVERIFY,
	   "more than was wanted: %s", err.msg);
	for (size_t cut = 0; cut < len; cut++)
		wrong += sp_inflate_zlib(z, cut, 5, &out, &err) == 0;
	is_int((long long)wrong, 0, "cut at every length");
	ok(sp_inflate_zlib("hello", 5, 5, &out, &err) == -1, "text is none");
	sp_buf_release(&out);
}

int main(void)
{
	const char *text = "hello, hello, hello";
	struct sp_buf gz = { 0 }, two = { 0 }, bad = { 0 };
	struct result r;

	compress_with(&sp_gzip, text, strlen(text), &gz);
	whole(&gz, text, strlen(text), "one member");
	compress_with(&sp_gzip, "one ", 4, &two);
	compress_with(&sp_gzip, "", 0, &two);
	compress_with(&sp_gzip, "two", 3, &two);
	whole(&two, "one two", 7, "three members, one of them empty");

	for (size_t len = 0; len < gz.len; len++) {
		r = decode(gz.data, len, 4096, 4096);
		if (r.failed || r.ended)
			ok(false, "cut to %zu bytes: neither an error nor whole", len);
		sp_buf_release(&r.out);
	}
	ok(true, "cut at every length");

	sp_buf_add(&bad, gz.data, gz.len);
	bad.data[gz.len - 8] ^= 1;
	refused(&bad, "a wrong check sum");
	sp_buf_reset(&bad);
	sp_buf_add(&bad, gz.data, gz.len);
	bad.data[gz.len - 1] ^= 1;
	refused(&bad, "a wrong length");
	sp_buf_reset(&bad);
	sp_buf_add(&bad, gz.data, gz.len);
	sp_buf_addstr(&bad, "garbage");
	refused(&bad, "garbage after the member");
	sp_buf_reset(&bad);
	sp_buf_add(&bad, gz.data, gz.len);
	sp_buf_add(&bad, "\0\0\0\0", 4);
	refused(&bad, "zeros after the member");
	sp_buf_reset(&bad);
	sp_buf_addstr(&bad, "this is no gzip at all");
	refused(&bad, "text");
	sp_inflate_free(NULL);
	zlib_frame();
	sp_buf_release(&gz);
	sp_buf_release(&two);
	sp_buf_release(&bad);
	return test_done();
}
