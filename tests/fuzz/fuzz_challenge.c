/*
 * What servers send us in headers: challenges and places to go.  A URL that is taken is
 * taken again as it was written out, and base64 that is read is written the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "transport/challenge.h"
#include "transport/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text, struct sp_arena *arena)
{
	struct sp_url base = { true, "h", "443", "/v2/a/" }, url, again;
	struct sp_err err = { 0 };

	if (sp_url_resolve(&base, text, arena, &url, &err))
		return;
	if (sp_url_parse(sp_url_text(&url, arena), arena, &again, &err) ||
	    !sp_url_same_origin(&url, &again) || strcmp(url.path, again.path) != 0)
		abort();
	(void)sp_host_is_private(url.host);
}

static void check_base64(const char *text)
{
	sp_autobuf struct sp_buf bytes = { 0 }, twice = { 0 }, out = { 0 };

	if (!sp_base64_decode(text, &bytes))
		return;
	sp_base64_add(&out, sp_buf_str(&bytes), bytes.len);
	if (!sp_base64_decode(sp_buf_str(&out), &twice) || twice.len != bytes.len ||
	    memcmp(sp_buf_str(&twice), sp_buf_str(&bytes), bytes.len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	struct sp_challenge c = { 0 };
	const char *text;

	if (size > 65536)
		return 0;
	text = sp_arena_strndup(&arena, (const char *)data, size);
	sp_challenge_add(text, &arena, &c);
	if (!c.realm || !c.service || !c.scope)
		abort();
	check_url(text, &arena);
	check_url(c.realm, &arena);
	check_base64(text);
	return 0;
}
