/*
 * Catalogs of XML: what a document names by an address is looked up in them, and stands on
 * this machine.  libxml2 says where the first one is; it names others, which name
 * directories with definitions of documents.
 */
#include <string.h>

#include "base/path.h"
#include "rootfs/need_rows.h"

#define CATALOG_MAX (1024 * 1024)	/* bytes of one catalog */
#define DEPTH_MAX 4			/* catalogs that name each other */

static int catalog(struct sp_needs *n, const char *path, int depth, struct sp_err *err);

/* The path of "file:///PATH", or of "/PATH", up to its quote; NULL for other addresses. */
static const char *local_path(struct sp_needs *n, const char *address)
{
	size_t len;

	if (strncmp(address, "file:", 5) == 0)
		address += 5;
	while (address[0] == '/' && address[1] == '/')
		address++;
	len = strcspn(address, "\"'<>");
	if (address[0] != '/' || len >= SP_PATH_MAX)
		return NULL;
	return sp_path_clean(sp_need_arena(n), sp_arena_strndup(sp_need_arena(n), address, len));
}

/* A catalog below /etc is one of the system's lists; elsewhere it is in the middle of what
 * it speaks of. */
static int named(struct sp_needs *n, const char *path, int depth, struct sp_err *err)
{
	if (strncmp(path, "/etc/xml/", 9) == 0 || strncmp(path, "/etc/sgml/", 10) == 0)
		return catalog(n, path, depth + 1, err);
	if (strncmp(path, "/usr/share/xml/", 15) != 0 && strncmp(path, "/usr/share/sgml/", 16) != 0)
		return 0;
	return sp_need_path(n, sp_path_dirname(sp_need_arena(n), path), NULL, err);
}

static int names_in(struct sp_needs *n, const char *text, int depth, struct sp_err *err)
{
	static const char *const attributes[] = { "catalog=\"", "uri=\"", "rewritePrefix=\"" };

	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++) {
		size_t len = strlen(attributes[i]);

		for (const char *p = text; (p = strstr(p, attributes[i])); p += len) {
			const char *path = local_path(n, p + len);

			if (path && named(n, path, depth, err))
				return -1;
		}
	}
	return 0;
}

static int catalog(struct sp_needs *n, const char *path, int depth, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	bool there, known;

	if (depth > DEPTH_MAX)
		return 0;
	if (sp_need_read(n, path, CATALOG_MAX, &text, &there, err))
		return -1;
	if (!there)
		return 0;
	if (sp_need_once(n, path, &known, err))
		return -1;
	return known ? 0 : names_in(n, sp_buf_str(&text), depth, err);
}

int sp_need_add_xml(struct sp_needs *n, struct sp_err *err)
{
	const char *text;

	if (sp_need_ask(n, "libxml2.so", "/xml/catalog", &text, err))
		return -1;
	const char *path = local_path(n, text ? text : "/etc/xml/catalog");
	return path ? catalog(n, path, 0, err) : 0;
}
