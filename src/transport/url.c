/*
 * URLs, by RFC 3986 as far as registries need it.
 */
#include "transport/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

static int refuse(const char *why, struct sp_err *err)
{
	return sp_err_set(err, SP_ENETWORK, "the URL %s", why);
}

/* The scheme, and where the authority begins; NULL if it is neither of the two. */
static const char *skip_scheme(const char *text, bool *ret_tls)
{
	*ret_tls = strncasecmp(text, "https://", 8) == 0;
	if (*ret_tls)
		return text + 8;
	return strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* Letters, digits and what else a host name or address has: nothing that another
 * reader of the URL could take for an end of it. */
static bool is_host(const char *host)
{
	size_t len = strlen(host);
	struct in6_addr v6;

	if (host[0] == '[') {
		sp_autofree char *inner = sp_strndup(host + 1, len > 1 ? len - 2 : 0);

		return host[len - 1] == ']' && inet_pton(AF_INET6, inner, &v6) == 1;
	}
	return len > 0 && len <= 255 && host[0] != '-' && host[0] != '.' &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0';
}

static int parse_authority(const char *text, size_t len, struct sp_arena *arena,
			   struct sp_url *url, struct sp_err *err)
{
	const char *bracket = memchr(text, ']', len);
	const char *from = bracket ? bracket : text;
	const char *colon = memchr(from, ':', len - (size_t)(from - text));
	size_t host_len = colon ? (size_t)(colon - text) : len;
	char *host = sp_arena_strndup(arena, text, host_len);

	if (memchr(text, '@', len))
		return refuse("carries a user name", err);
	for (char *p = host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!is_host(host))
		return refuse("has no valid host", err);
	url->host = host;
	url->port = url->tls ? "443" : "80";
	if (!colon)
		return 0;
	char *port = sp_arena_strndup(arena, colon + 1, len - host_len - 1);
	size_t digits = strspn(port, "0123456789");

	if (port[digits] || digits > 5)
		return refuse("has no valid port", err);
	if (digits)
		url->port = port;
	return 0;
}

static int check_text(const char *text, struct sp_err *err)
{
	size_t len = strnlen(text, SP_URL_MAX + 1);

	if (len > SP_URL_MAX)
		return refuse("is too long", err);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == '\\')
			return refuse("holds a space or a control character", err);
	return 0;
}

int sp_url_parse(const char *text, struct sp_arena *arena, struct sp_url *ret,
		 struct sp_err *err)
{
	struct sp_url url = { 0 };
	const char *authority, *path;
	size_t len;

	if (check_text(text, err))
		return -1;
	authority = skip_scheme(text, &url.tls);
	if (!authority)
		return refuse("is neither http:// nor https://", err);
	len = strcspn(authority, "/?#");
	if (parse_authority(authority, len, arena, &url, err))
		return -1;
	path = authority + len;
	path = sp_arena_strndup(arena, path, strcspn(path, "#"));
	url.path = *path == '/' ? path : sp_arena_strf(arena, "/%s", path);
	*ret = url;
	return 0;
}

int sp_url_resolve(const struct sp_url *base, const char *text, struct sp_arena *arena,
		   struct sp_url *ret, struct sp_err *err)
{
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789+-.");
	const char *slash;

	if (check_text(text, err))
		return -1;
	if (text[0] == '/' && text[1] == '/')
		return sp_url_parse(sp_arena_strf(arena, "%s:%s", base->tls ? "https" : "http",
						  text), arena, ret, err);
	if (scheme && text[scheme] == ':')
		return sp_url_parse(text, arena, ret, err);
	*ret = *base;
	text = sp_arena_strndup(arena, text, strcspn(text, "#"));
	if (text[0] == '/') {
		ret->path = text;
		return 0;
	}
	/* in the folder of base; a query alone goes behind its path */
	size_t path = strcspn(base->path, "?");

	slash = memrchr(base->path, '/', path);
	if (text[0] != '?' && *text)
		path = (size_t)(slash - base->path) + 1;
	ret->path = sp_arena_strf(arena, "%.*s%s", (int)path, base->path, text);
	return 0;
}

char *sp_url_authority(const struct sp_url *url, struct sp_arena *arena)
{
	if (strcmp(url->port, url->tls ? "443" : "80") == 0)
		return sp_arena_strdup(arena, url->host);
	return sp_arena_strf(arena, "%s:%s", url->host, url->port);
}

char *sp_url_text(const struct sp_url *url, struct sp_arena *arena)
{
	return sp_arena_strf(arena, "%s://%s%s", url->tls ? "https" : "http",
			     sp_url_authority(url, arena), url->path);
}

bool sp_url_same_origin(const struct sp_url *a, const struct sp_url *b)
{
	return a->tls == b->tls && strcmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

/* An IPv4 address that a name resolver would also make of "127.1" or 0x7f000001. */
static bool parse_v4(const char *host, uint32_t *ret)
{
	struct in_addr v4;

	if (!inet_aton(host, &v4))
		return false;
	*ret = ntohl(v4.s_addr);
	return true;
}

static bool parse_v6(const char *host, struct in6_addr *ret)
{
	size_t len = strlen(host);
	sp_autofree char *inner = NULL;

	if (host[0] != '[' || len < 3)
		return false;
	inner = sp_strndup(host + 1, len - 2);
	return inet_pton(AF_INET6, inner, ret) == 1;
}

bool sp_host_is_loopback(const char *host)
{
	struct in6_addr v6;
	uint32_t v4;
	size_t len = strlen(host);

	if (strcasecmp(host, "localhost") == 0 ||
	    (len > 10 && strcasecmp(host + len - 10, ".localhost") == 0))
		return true;
	if (parse_v6(host, &v6))
		return IN6_IS_ADDR_LOOPBACK(&v6);
	return parse_v4(host, &v4) && v4 >> 24 == 127;
}

static bool is_private_v4(uint32_t v4)
{
	return v4 >> 24 == 127 || v4 >> 24 == 10 || v4 >> 24 == 0 || v4 >> 20 == 0xac1 ||
	       v4 >> 16 == 0xc0a8 || v4 >> 16 == 0xa9fe || v4 >> 22 == 0x191;
}

bool sp_host_is_private(const char *host)
{
	struct in6_addr v6;
	uint32_t v4;

	if (sp_host_is_loopback(host))
		return true;
	if (parse_v4(host, &v4))
		return is_private_v4(v4);
	if (!parse_v6(host, &v6))
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
		return is_private_v4(ntohl(v4));
	}
	/* fc00::/7 are the private ones */
	return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ||
	       IN6_IS_ADDR_LINKLOCAL(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc;
}

char *sp_url_escape(const char *text, struct sp_arena *arena)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/:,";
	sp_autobuf struct sp_buf buf = { 0 };

	for (; *text; text++) {
		if (strchr(plain, *text))
			sp_buf_addch(&buf, *text);
		else
			sp_buf_addf(&buf, "%%%02X", (unsigned char)*text);
	}
	return sp_arena_strdup(arena, sp_buf_str(&buf));
}
