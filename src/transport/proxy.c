/*
 * Which proxy leads to a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as
 * curl and Go read them.  The caller found them in his environment.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "transport/conns.h"
#include "transport/helper.h"

struct address {
	int family;
	unsigned char bytes[sizeof(struct in6_addr)];
};

/* An address as it stands in a URL or in NO_PROXY, with brackets or without. */
static bool read_address(const char *text, size_t len, struct address *ret)
{
	bool brackets = len > 1 && *text == '[' && text[len - 1] == ']';
	sp_autofree char *plain = sp_strndup(text + brackets, len - 2 * brackets);

	*ret = (struct address){ .family = strchr(plain, ':') ? AF_INET6 : AF_INET };
	return inet_pton(ret->family, plain, ret->bytes) == 1;
}

/* "10.0.0.0/8", "fd00::/8", and an address alone */
static bool in_network(const char *entry, size_t len, const char *host)
{
	const char *slash = memchr(entry, '/', len);
	struct address net, address;
	unsigned long bits = 0, all;

	if (!read_address(entry, slash ? (size_t)(slash - entry) : len, &net) ||
	    !read_address(host, strlen(host), &address) || net.family != address.family)
		return false;
	all = net.family == AF_INET ? 32 : 128;
	for (const char *p = slash ? slash + 1 : NULL; p && p < entry + len; p++) {
		if (*p < '0' || *p > '9' || bits > all)
			return false;
		bits = bits * 10 + (unsigned long)(*p - '0');
	}
	if (!slash)
		bits = all;
	if (bits > all || (slash && slash + 1 == entry + len))
		return false;
	if (memcmp(net.bytes, address.bytes, bits / 8) != 0)
		return false;
	unsigned shift = 8 - bits % 8;

	return bits % 8 == 0 || net.bytes[bits / 8] >> shift == address.bytes[bits / 8] >> shift;
}

/* One entry of NO_PROXY: "*", a network, or a name that stands for itself and what
 * is below it, with a port or without. */
static bool matches(const char *entry, size_t len, const struct sp_url *url)
{
	const char *colon = memrchr(entry, ':', len);
	size_t host_len = strlen(url->host);

	if ((len == 1 && *entry == '*') || in_network(entry, len, url->host))
		return true;
	if (colon && !memchr(colon, ']', len - (size_t)(colon - entry))) {
		size_t port = len - (size_t)(colon + 1 - entry);

		if (strlen(url->port) != port || strncmp(colon + 1, url->port, port) != 0)
			return false;
		len = (size_t)(colon - entry);
		if (in_network(entry, len, url->host))
			return true;
	}
	for (; len && (*entry == '.' || *entry == '*'); entry++)
		len--;
	return len && len <= host_len &&
	       strncasecmp(url->host + host_len - len, entry, len) == 0 &&
	       (len == host_len || url->host[host_len - len - 1] == '.');
}

static bool is_excepted(const char *list, const struct sp_url *url)
{
	while (*list) {
		size_t len = strcspn(list, ", ");

		if (len && matches(list, len, url))
			return true;
		list += len;
		list += strspn(list, ", ");
	}
	return false;
}

/* The first of these variables that is set, in lower case before upper case; *ret_name
 * says which it was. */
static const char *find(const struct sp_registry_options *options, const char *const *names,
			const char **ret_name)
{
	const char *value = NULL;

	for (; !value && *names; names++) {
		value = sp_registry_env(options, *names);
		*ret_name = *names;
	}
	return value;
}

/* %40 and the like; NULL if something is wrong with it. */
static char *unescape(const char *text, size_t len, struct sp_arena *arena)
{
	char *ret = sp_arena_alloc(arena, len + 1), *to = ret;

	for (const char *p = text, *end = text + len; p < end; p++) {
		unsigned byte = (unsigned char)*p;

		if (*p == '%') {
			char hex[3] = { p + 2 < end ? p[1] : 0, p + 2 < end ? p[2] : 0 };

			if (end - p < 3 || strspn(hex, "0123456789abcdefABCDEF") != 2)
				return NULL;
			byte = (unsigned)strtoul(hex, NULL, 16);
			p += 2;
		}
		if (byte < ' ' || byte == 0x7f)
			return NULL;
		*to++ = (char)byte;
	}
	*to = '\0';
	return ret;
}

/* "USER:PASSWORD@" */
static bool take_user(const char *text, size_t len, struct sp_arena *arena,
		      struct sp_http_proxy *ret)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon ? (size_t)(colon - text) : len;

	ret->user = unescape(text, user, arena);
	ret->password = colon ? unescape(colon + 1, len - user - 1, arena) : "";
	return ret->user && ret->password;
}

/* "[SCHEME://][USER:PASSWORD@]HOST[:PORT][/]" */
static bool parse(const char *text, struct sp_arena *arena, struct sp_http_proxy *ret)
{
	static const struct { const char *scheme, *port; } schemes[] = {
		{ "http", "80" }, { "https", "443" }, { "socks4", "1080" }, { "socks4a", "1080" },
		{ "socks5", "1080" }, { "socks5h", "1080" },
	};
	const char *colon = strstr(text, "://"), *port = NULL, *at;
	size_t scheme = colon ? (size_t)(colon - text) : strlen("http");
	const char *host = colon ? colon + 3 : text;

	for (size_t i = 0; !port && i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strlen(schemes[i].scheme) == scheme &&
		    strncasecmp(colon ? text : "http", schemes[i].scheme, scheme) == 0)
			port = schemes[i].port;
	at = strrchr(host, '@');
	if (!port || (at && !take_user(host, (size_t)(at - host), arena, ret)))
		return false;
	host = at ? at + 1 : host;
	size_t len = strcspn(host, "/"), name = strcspn(host, "]");

	name = *host == '[' && name < len ? name + 1 : strcspn(host, ":/");
	if (!name || host[len + strspn(host + len, "/")] ||
	    len != strspn(host, "[]:.-_%0123456789abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return false;
	if (name < len && (host[name] != ':' ||
			   strspn(host + name + 1, "0123456789") != len - name - 1))
		return false;
	if (len > name + 1)
		port = host + name + 1;
	ret->url = sp_arena_strf(arena, "%.*s://%.*s:%.*s", (int)scheme, colon ? text : "http",
				 (int)name, host, (int)strspn(port, "0123456789"), port);
	return true;
}

int sp_proxy_for(const struct sp_registry_options *options, const struct sp_url *url,
		 struct sp_arena *arena, struct sp_http_proxy *ret, struct sp_err *err)
{
	static const char *const except[] = { "no_proxy", "NO_PROXY", NULL };
	static const char *const clear[] = { "http_proxy", "HTTP_PROXY", "all_proxy",
					     "ALL_PROXY", NULL };
	static const char *const tls[] = { "https_proxy", "HTTPS_PROXY", "all_proxy",
					   "ALL_PROXY", NULL };
	const char *name, *no = find(options, except, &name);
	const char *proxy = find(options, url->tls ? tls : clear, &name);

	*ret = (struct sp_http_proxy){ 0 };
	if (!proxy || sp_host_is_loopback(url->host) || (no && is_excepted(no, url)))
		return 0;
	if (!parse(proxy, arena, ret))
		return sp_err_set(err, SP_EUSAGE,
				  "%s in the environment is not the URL of a proxy; expected "
				  "http://[USER:PASSWORD@]HOST:PORT, https://... or "
				  "socks5h://...", name);
	ret->name = sp_arena_strf(arena, "the proxy %s (%s)", ret->url, name);
	return 0;
}
