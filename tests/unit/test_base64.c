/*
 * Base64, both ways (the vectors of RFC 4648).
 */
#include "base/base64.h"

#include "test.h"

int main(void)
{
	static const char *const vectors[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "user:pass:word", "dXNlcjpwYXNzOndvcmQ=" },
	};
	static const char *const bad[] = { "Z", "Zg===", "Zg=x", "Zm9v!", "Z m8", "Zm9vY", "\xff" };
	sp_autobuf struct sp_buf buf = { 0 };

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		sp_buf_reset(&buf);
		sp_base64_add(&buf, vectors[i][0], strlen(vectors[i][0]));
		is_str(sp_buf_str(&buf), vectors[i][1], "\"%s\" is written", vectors[i][0]);
		sp_buf_reset(&buf);
		ok(sp_base64_decode(vectors[i][1], &buf), "and read");
		ok(buf.len == strlen(vectors[i][0]) &&
		   memcmp(sp_buf_str(&buf), vectors[i][0], buf.len) == 0, "as it was");
	}
	sp_buf_reset(&buf);
	ok(sp_base64_decode("Zg", &buf) && buf.len == 1, "padding may be missing");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!sp_base64_decode(bad[i], &buf) && buf.len == 1, "\"%s\" is refused", bad[i]);
	return test_done();
}
