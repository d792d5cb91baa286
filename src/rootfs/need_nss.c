/*
 * The modules of glibc's look-ups: built-in ones are files of their own before 2.34, and
 * an nsswitch.conf that the image has may name others.
 *
 * The nsswitch.conf of this machine is never copied: without one, "files" and "dns" are
 * asked, which is what a container has.
 */
#include <stdio.h>
#include <string.h>

#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"

#define FILE_PATH "/etc/nsswitch.conf"
#define MODULES_MAX 64		/* words that are looked up */

/* Is glibc older than 2.minor?  One that does not say is taken for a new one. */
static bool glibc_before(const struct sp_needs *n, unsigned minor)
{
	const struct sp_loader *loader = &sp_need_closure(n)->loader;
	const char *version = loader->version;
	unsigned major = 0, have = 0;

	return version && loader->libc == SP_LIBC_GLIBC && sscanf(version, "%u.%u", &major, &have) == 2 && major == 2 &&
	       have < minor;
}

/* The nsswitch.conf that was added, or else that of the base image, or of the one that the
 * program comes from: that comes along. */
static int read_switch(struct sp_needs *n, struct sp_buf *ret, struct sp_err *err)
{
	const struct sp_plan *plan = n->rootfs->plan;

	for (size_t i = 0; i < plan->entries_nr; i++) {
		const struct sp_entry *e = &plan->entries[i];

		if (e->type == SP_ENTRY_FILE && e->root && strcmp(e->path, FILE_PATH) == 0)
			return sp_accounts_read(e->root, e->source, ret, err);
	}
	if (plan->lower && sp_accounts_read(plan->lower, FILE_PATH, ret, err))
		return -1;
	if (ret->len || !n->options->origin)
		return 0;
	return sp_accounts_read(n->options->origin, FILE_PATH, ret, err) ||
	       sp_need_path(n, FILE_PATH, NULL, err) ? -1 : 0;
}

static int add_module(struct sp_needs *n, const char *service, bool *ret_found,
		      struct sp_err *err)
{
	return sp_need_library(n, sp_arena_strf(sp_need_arena(n), "libnss_%s.so.2", service),
			       ret_found, err);
}

/* "passwd: files [NOTFOUND=return] systemd", from behind the colon to the end of line. */
static int add_services(struct sp_needs *n, const char *line, size_t *left, struct sp_err *err)
{
	for (const char *p = line; *p && *p != '\n' && *p != '#';) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
		bool found;

		if (*p == '[')
			len = strcspn(p, "]\n");
		if (len && *p != '[' && *left) {
			const char *service = sp_arena_strndup(sp_need_arena(n), p, len);

			--*left;
			if (strcmp(service, "files") != 0 && strcmp(service, "dns") != 0) {
				if (add_module(n, service, &found, err))
					return -1;
				if (!found)
					sp_need_note(n, "no-nss-module",
						     FILE_PATH " names %s, but libnss_%s.so.2 is not there: what only it knows will not be found",
						     service, service);
			}
		}
		p += len ? len : 1;
	}
	return 0;
}

int sp_need_add_nss(struct sp_needs *n, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	size_t left = MODULES_MAX;

	if (sp_need_closure(n)->loader.libc != SP_LIBC_GLIBC)
		return 0;
	if (glibc_before(n, 34) &&
	    (add_module(n, "files", NULL, err) || add_module(n, "dns", NULL, err)))
		return -1;
	if (read_switch(n, &text, err))
		return -1;
	for (const char *line = sp_buf_str(&text); *line;) {
		size_t len = strcspn(line, "\n"), colon = strcspn(line, ":#\n");

		if (line[colon] == ':' && add_services(n, line + colon + 1, &left, err))
			return -1;
		line += len + (line[len] == '\n');
	}
	return 0;
}
