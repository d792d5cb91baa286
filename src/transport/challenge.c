/*
 * Challenges: "Bearer realm="https://...",service="...",scope="..."", several of
 * them in one header or in several.
 */
#include "transport/challenge.h"

#include <string.h>
#include <strings.h>

#define SPACE " \t"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~"

/* A quoted string with its escapes undone, or a bare word; moves *at behind it. */
static const char *read_value(const char **at, struct sp_arena *arena)
{
	const char *p = *at;
	char *value;
	size_t n = 0;

	if (*p != '"') {
		size_t len = strcspn(p, SPACE ",");

		*at = p + len;
		return sp_arena_strndup(arena, p, len);
	}
	value = sp_arena_alloc(arena, strlen(p) + 1);
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		value[n++] = *p;
	}
	*at = *p ? p + 1 : p;
	return value;
}

static void take(struct sp_challenge *c, const char *name, size_t len, const char *value)
{
	const struct { const char *name; const char **to; } known[] = {
		{ "realm", &c->realm }, { "service", &c->service }, { "scope", &c->scope },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == len && strncasecmp(name, known[i].name, len) == 0 &&
		    !**known[i].to)
			*known[i].to = value;
}

/* The parameters behind a scheme, up to the next scheme; moves *at there. */
static void read_parameters(const char **at, struct sp_arena *arena, struct sp_challenge *c,
			    bool wanted)
{
	const char *p = *at;

	for (;;) {
		p += strspn(p, SPACE ",");
		size_t len = strspn(p, TOKEN);
		const char *equals = p + len + strspn(p + len, SPACE);

		if (!len || *equals != '=')
			break;
		const char *name = p, *value;

		p = equals + 1;
		p += strspn(p, SPACE);
		value = read_value(&p, arena);
		if (wanted)
			take(c, name, len, value);
	}
	*at = p;
}

void sp_challenge_add(const char *value, struct sp_arena *arena, struct sp_challenge *ret)
{
	const char *p = value;

	ret->realm = ret->realm ? ret->realm : "";
	ret->service = ret->service ? ret->service : "";
	ret->scope = ret->scope ? ret->scope : "";
	for (int n = 0; n < SP_CHALLENGES_MAX; n++) {
		p += strspn(p, SPACE ",");
		size_t len = strspn(p, TOKEN);

		if (!len)
			return;
		bool basic = len == 5 && strncasecmp(p, "Basic", len) == 0;
		bool bearer = len == 6 && strncasecmp(p, "Bearer", len) == 0;
		bool first = bearer && !ret->bearer;

		ret->basic |= basic;
		ret->bearer |= bearer;
		p += len;
		read_parameters(&p, arena, ret, first);
	}
}

void sp_challenge_read(const struct sp_http_response *response, struct sp_arena *arena,
		       struct sp_challenge *ret)
{
	const char *value = sp_http_header(response, "WWW-Authenticate");

	*ret = (struct sp_challenge){ .realm = "", .service = "", .scope = "" };
	for (int n = 0; value && n < SP_CHALLENGES_MAX; n++) {
		sp_challenge_add(value, arena, ret);
		value = sp_http_header_next(response, "WWW-Authenticate", value);
	}
}
