/*
 * Which proxy leads to a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as
 * curl and Go read them.  The caller found them in his environment.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "transport/conns.h"
#include "transport/helper.h"

static const char *either(const struct sp_registry_options *options, const char *lower,
			  const char *upper)
{
	const char *value = sp_registry_env(options, lower);

	return value ? value : sp_registry_env(options, upper);
}

/* "10.0.0.0/8" */
static bool in_network(const char *entry, size_t len, const char *host)
{
	sp_autofree char *text = sp_strndup(entry, len);
	char *slash = strchr(text, '/');
	struct in_addr net, address;

	if (!slash || slash[1 + strspn(slash + 1, "0123456789")] || !slash[1] ||
	    strlen(slash + 1) > 2)
		return false;
	*slash = '\0';
	unsigned long bits = strtoul(slash + 1, NULL, 10);

	if (bits > 32 || inet_pton(AF_INET, text, &net) != 1 ||
	    inet_pton(AF_INET, host, &address) != 1)
		return false;
	uint32_t mask = bits ? UINT32_MAX << (32 - bits) : 0;

	return (ntohl(net.s_addr) & mask) == (ntohl(address.s_addr) & mask);
}

/* One entry of NO_PROXY: "*", a network, or a name that stands for itself and what
 * is below it, with a port or without. */
static bool matches(const char *entry, size_t len, const struct sp_url *url)
{
	const char *colon = memrchr(entry, ':', len);
	size_t host_len = strlen(url->host);

	if (len == 1 && *entry == '*')
		return true;
	if (colon && !memchr(entry, ']', len - 1)) {
		size_t port = len - (size_t)(colon + 1 - entry);

		if (strlen(url->port) != port || strncmp(colon + 1, url->port, port) != 0)
			return false;
		len = (size_t)(colon - entry);
	}
	if (in_network(entry, len, url->host))
		return true;
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

const char *sp_proxy_for(const struct sp_registry_options *options, const struct sp_url *url)
{
	const char *no = either(options, "no_proxy", "NO_PROXY");
	const char *proxy = url->tls ? either(options, "https_proxy", "HTTPS_PROXY") :
				       either(options, "http_proxy", "HTTP_PROXY");

	if (!proxy)
		proxy = either(options, "all_proxy", "ALL_PROXY");
	if (!proxy || sp_host_is_loopback(url->host) || (no && is_excepted(no, url)))
		return NULL;
	return proxy;
}
