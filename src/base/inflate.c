/*
 * gzip, read with zlib; the only file that includes it.  What we write is
 * compressed elsewhere, with libdeflate, which cannot read a stream in pieces.
 */
#include "base/inflate.h"

#include <limits.h>
#include <zlib.h>

#include "base/mem.h"

#define GZIP_ONLY (16 + MAX_WBITS)	/* inflateInit2: gzip headers, no zlib ones */

#define GZIP_ID1 0x1f

struct sp_inflate {
	z_stream stream;
	bool between;		/* a member has ended, none has begun */
};

static void *allocate(void *opaque, unsigned nr, unsigned size)
{
	(void)opaque;
	return sp_calloc(nr, size);
}

static void release(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

struct sp_inflate *sp_inflate_new(void)
{
	struct sp_inflate *z = sp_calloc(1, sizeof(*z));

	z->stream.zalloc = allocate;
	z->stream.zfree = release;
	/* fails for want of memory, which cannot be, or for a foreign zlib */
	if (inflateInit2(&z->stream, GZIP_ONLY) != Z_OK)
		z->stream.state = NULL;
	return z;
}

static unsigned clamp(size_t len)
{
	return len > UINT_MAX ? UINT_MAX : (unsigned)len;
}

static int fail(const struct sp_inflate *z, int code, struct sp_err *err)
{
	if (code == Z_NEED_DICT)
		return sp_err_set(err, SP_EVERIFY, "gzip: wants a dictionary");
	if (code == Z_DATA_ERROR)
		return sp_err_set(err, SP_EVERIFY, "gzip: %s",
				  z->stream.msg ? z->stream.msg : "damaged");
	return sp_err_set(err, SP_EFAIL, "gzip: zlib does not work (%s)", zError(code));
}

int sp_inflate_run(struct sp_inflate *z, const void **in, size_t *in_len, void *out,
		   size_t room, size_t *ret_len, bool *ret_member_end,
		   struct sp_err *err)
{
	z_stream *s = &z->stream;
	int code = Z_OK;

	if (!s->state)
		return fail(z, Z_VERSION_ERROR, err);
	if (z->between && *in_len > 0) {
		/* zlib would wait for a second byte before it said so */
		if (*(const unsigned char *)*in != GZIP_ID1)
			return sp_err_set(err, SP_EVERIFY,
					  "gzip: what follows a member is not another");
		inflateReset(s);
		z->between = false;
	}
	s->next_in = (unsigned char *)(uintptr_t)*in;
	s->avail_in = clamp(*in_len);
	s->next_out = out;
	s->avail_out = clamp(room);
	unsigned in_before = s->avail_in, out_before = s->avail_out;
	if (!z->between)
		code = inflate(s, Z_NO_FLUSH);
	/* Z_BUF_ERROR: nothing to do without more input, which is no error */
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return fail(z, code, err);
	if (code == Z_STREAM_END)
		z->between = true;
	*in = s->next_in;
	*in_len -= in_before - s->avail_in;
	*ret_len = out_before - s->avail_out;
	*ret_member_end = z->between;
	return 0;
}

int sp_inflate_zlib(const void *data, size_t len, size_t max, struct sp_buf *ret,
		    struct sp_err *err)
{
	z_stream s = { .zalloc = allocate, .zfree = release,
		       .next_in = (unsigned char *)(uintptr_t)data, .avail_in = clamp(len) };
	unsigned char out[4096];
	size_t total = 0;
	int code = inflateInit2(&s, MAX_WBITS);

	while (code == Z_OK && total <= max) {
		s.next_out = out;
		s.avail_out = sizeof(out);
		code = inflate(&s, Z_NO_FLUSH);
		sp_buf_add(ret, out, sizeof(out) - s.avail_out);
		total += sizeof(out) - s.avail_out;
	}
	inflateEnd(&s);
	if (code != Z_STREAM_END || total > max)
		return sp_err_set(err, SP_EVERIFY, "zlib: damaged, or more than %zu bytes",
				  max);
	return 0;
}

void sp_inflate_free(struct sp_inflate *z)
{
	if (!z)
		return;
	inflateEnd(&z->stream);
	free(z);
}
