/*
 * PAM: the services whose names are constants of the program, the modules that their files
 * name, with all files that these include, and what the modules name in turn.
 */
#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"
#include "rootfs/object_strings.h"
#include "rootfs/places.h"

#define FILE_MAX (64 * 1024)	/* bytes of a service's file */
#define SERVICES_MAX 256	/* files of services, with those that are included */

struct pam {
	struct sp_needs *n;
	const char *dir, *modules;	/* "/etc/pam.d", "/lib/x86_64-linux-gnu/security" */
	struct sp_map known;		/* names: 0 there, 2 named by the program, 1 wanted */
	const char **services;		/* names of files in dir, to be read */
	size_t services_nr, services_alloc;
};

static void pam_release(struct pam *p)
{
	sp_map_release(&p->known);
	free(p->services);
}

static void want(struct pam *p, const char *service)
{
	if (!*service || strchr(service, '/') || *service == '.' ||
	    p->services_nr == SERVICES_MAX || sp_map_get(&p->known, service) != SP_MAP_NONE)
		return;
	service = sp_arena_strdup(&p->n->arena, service);
	sp_map_set(&p->known, service, 1);
	*SP_VEC_PUSH(p->services) = service;
}

/* "/lib/x86_64-linux-gnu/security/" and "/etc/pam.d/%s", as libpam has them. */
static int ask_dirs(struct pam *p, struct sp_err *err)
{
	struct sp_arena *arena = &p->n->arena;
	const char *text;

	p->dir = "/etc/pam.d";
	p->modules = "/lib/security";
	if (sp_need_ask(p->n, "libpam.so", "/pam.d/%s", &text, err))
		return -1;
	if (text && text[0] == '/')
		p->dir = sp_path_dirname(arena, text);
	if (sp_need_ask(p->n, "libpam.so", "/security/", &text, err))
		return -1;
	if (text && text[0] == '/')
		p->modules = sp_path_clean(arena, text);
	return 0;
}

/* One word of a line; NULL at its end.  A control in brackets is one. */
static const char *word(struct sp_arena *arena, const char **line)
{
	const char *p = *line + strspn(*line, " \t");
	size_t len = *p == '[' ? strcspn(p, "]\n") + 1 : strcspn(p, " \t\n");

	if (*p == '#' || *p == '\n' || *p == '\0')
		return NULL;
	if (len > strcspn(p, "\n"))
		len = strcspn(p, "\n");
	*line = p + len;
	return sp_arena_strndup(arena, p, len);
}

static int add_module(struct pam *p, const char *module, struct sp_err *err)
{
	const char *path = module[0] == '/' ? module :
					      sp_path_join(&p->n->arena, p->modules, module);
	bool found;

	if (sp_need_path(p->n, path, &found, err))
		return -1;
	if (!found)
		sp_need_note(p->n, "no-pam-module",
			     "%s, which PAM's configuration names, is not there: services that require it will refuse everybody",
			     path);
	return 0;
}

/* "TYPE CONTROL MODULE ARGS...", "TYPE include SERVICE", "@include SERVICE" */
static int read_line(struct pam *p, const char *line, struct sp_err *err)
{
	struct sp_arena *arena = &p->n->arena;
	const char *type = word(arena, &line), *control = word(arena, &line);
	const char *module = word(arena, &line);

	if (type && control && strcmp(type, "@include") == 0)
		want(p, control);
	if (!type || !control || !module || *type == '@')
		return 0;
	if (strcmp(control, "include") == 0 || strcmp(control, "substack") == 0) {
		want(p, module);
		return 0;
	}
	return add_module(p, module, err);
}

static int read_service(struct pam *p, const char *service, struct sp_err *err)
{
	struct sp_root *root = p->n->options->libs;
	const char *path = sp_path_join(&p->n->arena, p->dir, service);
	sp_autofree char *text = sp_calloc(1, FILE_MAX + 1);
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_found found;
	size_t len;

	if (sp_root_resolve(root, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE)
		return 0;
	if (sp_need_path(p->n, path, NULL, err))
		return -1;
	/* then it was left out */
	if (!sp_place_is_public(&found.st))
		return 0;
	if (sp_root_open(root, found.real, &file, err) ||
	    sp_file_pread(&file, text, FILE_MAX, 0, &len, err))
		return -1;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (read_line(p, line, err))
			return -1;
	}
	return 0;
}

static bool see(void *ctx, const char *text, size_t len)
{
	struct pam *p = ctx;

	(void)len;
	if (sp_map_get(&p->known, text) == 0)
		sp_map_set(&p->known, sp_arena_strdup(&p->n->arena, text), 2);
	return true;
}

/* Which services are there, and which of these does a program that starts PAM name? */
static int find_services(struct pam *p, struct sp_err *err)
{
	const struct sp_object *o = &p->n->rootfs->closure->objects[0];
	const char *const *names;
	bool any = false;
	size_t nr;

	if (sp_root_names(p->n->options->libs, p->dir, &names, &nr, err))
		return -1;
	if (!nr)
		return 0;
	for (size_t i = 0; i < nr; i++)
		sp_map_set(&p->known, names[i], 0);
	if (sp_object_strings(o, 2, see, p, err))
		return -1;
	if (sp_map_get(&p->known, sp_path_basename(o->found.real)) == 0)
		sp_map_set(&p->known, sp_path_basename(o->found.real), 2);
	for (size_t i = 0; i < nr; i++)
		any |= sp_map_get(&p->known, names[i]) == 2;
	/* who takes the name from elsewhere may mean any */
	for (size_t i = 0; i < nr && p->services_nr < SERVICES_MAX; i++)
		if (!any || sp_map_get(&p->known, names[i]) == 2 || strcmp(names[i], "other") == 0)
			*SP_VEC_PUSH(p->services) = names[i];
	for (size_t i = 0; i < nr; i++)
		sp_map_set(&p->known, names[i], SP_MAP_NONE);
	for (size_t i = 0; i < p->services_nr; i++)
		sp_map_set(&p->known, p->services[i], 1);
	return 0;
}

int sp_need_add_pam(struct sp_needs *n, struct sp_err *err)
{
	SP_CLEANUP(pam_release) struct pam p = { .n = n };

	if (ask_dirs(&p, err) || find_services(&p, err) ||
	    sp_need_path(n, "/etc/security", NULL, err) ||
	    sp_need_path(n, "/usr/sbin/unix_chkpwd", NULL, err))
		return -1;
	for (size_t i = 0; i < p.services_nr; i++)
		if (read_service(&p, p.services[i], err))
			return -1;
	if (!p.services_nr)
		sp_need_note(n, "no-pam", "%s is not there: PAM will refuse everybody", p.dir);
	return 0;
}
