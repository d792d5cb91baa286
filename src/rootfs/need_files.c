/*
 * What the functions of needs call to put things into the plan.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "base/vec.h"
#include "rootfs/evidence.h"
#include "rootfs/needs_state.h"
#include "rootfs/object_strings.h"
#include "rootfs/places.h"

static void brought(struct sp_needs *n, const char *path)
{
	for (size_t i = 0; i < n->adding->files_nr; i++)
		if (strcmp(n->adding->files[i], path) == 0)
			return;
	*SP_VEC_PUSH(n->adding->files) = sp_arena_strdup(&n->arena, path);
}

bool sp_needs_brought(const struct sp_needs *n, const char *real)
{
	for (size_t i = 0; i < sp_need_table_nr; i++)
		for (size_t k = 0; k < n->states[i].files_nr; k++)
			if (strcmp(n->states[i].files[k], real) == 0)
				return true;
	return false;
}

static struct sp_reason reason(struct sp_needs *n)
{
	return (struct sp_reason){ SP_BECAUSE_NEED, NULL, n->detail };
}

/* Does the image's environment name the file, or a directory that it is in? */
static bool is_given(const struct sp_needs *n, const char *path)
{
	for (size_t i = 0; i < n->options->env_nr; i++) {
		const char *value = strchr(n->options->env[i], '=');

		if (value && value[1] == '/' && sp_path_within(path, value + 1))
			return true;
	}
	return false;
}

int sp_need_path(struct sp_needs *n, const char *path, bool *ret_found, struct sp_err *err)
{
	struct sp_add add = {
		.root = n->options->libs, .source = path, .dest = path, .keeps_path = true,
		.follow_links = true, .public = !is_given(n, path), .because = reason(n),
	};
	struct sp_found found;

	if (ret_found)
		*ret_found = false;
	if (sp_root_resolve(add.root, path, &found, err))
		return -1;
	if (!found.real || found.st.type == SP_OTHER)
		return 0;
	if (ret_found)
		*ret_found = true;
	brought(n, found.real);
	return sp_add_apply(n->rootfs, &add, n->options, err);
}

int sp_need_read(struct sp_needs *n, const char *path, size_t limit, struct sp_buf *ret,
		 bool *ret_there, struct sp_err *err)
{
	struct sp_root *root = n->options->libs;
	struct sp_found found;

	*ret_there = false;
	if (sp_root_resolve(root, path, &found, err))
		return -1;
	return found.real && (sp_place_is_public(&found.st) || is_given(n, path)) ?
		       sp_root_read(root, found.real, limit, ret, ret_there, err) : 0;
}

int sp_need_once(struct sp_needs *n, const char *path, bool *ret_known, struct sp_err *err)
{
	struct sp_found found;

	if (sp_root_resolve(n->options->libs, path, &found, err))
		return -1;
	*ret_known = found.real && sp_needs_brought(n, found.real);
	return *ret_known ? 0 : sp_need_path(n, path, NULL, err);
}

int sp_need_opened(struct sp_needs *n, struct sp_closure *closure, size_t objects,
		   size_t edges, struct sp_err *err)
{
	struct sp_reason top = reason(n);

	if (closure->objects_nr > objects) {
		struct sp_object *o = &closure->objects[objects];

		o->because = sp_arena_strdup(&closure->arena, n->detail);
		brought(n, o->found.real);
	}
	/* the main closure is gathered last, the others have been */
	return closure == n->rootfs->closure ?
		       0 : sp_gather_since(n->rootfs, closure, objects, edges, &top, err);
}

int sp_need_library(struct sp_needs *n, const char *name, bool *ret_found,
		    struct sp_err *err)
{
	struct sp_closure *closure = n->rootfs->closure;
	size_t objects = closure->objects_nr, edges = closure->edges_nr;
	const char *why;
	bool found;

	if (sp_closure_try_open(closure, 0, name, &found, &why, err))
		return -1;
	if (why)
		sp_need_note(n, "left-out", "%s cannot be loaded here and is left out: %s", name,
			     why);
	if (ret_found)
		*ret_found = found;
	return sp_need_opened(n, closure, objects, edges, err);
}

/* Is something to be added at this path by the user? */
static bool user_adds(struct sp_needs *n, const char *path)
{
	for (size_t i = 0; i < n->options->adds_nr; i++)
		if (strcmp(n->options->adds[i].dest, path) == 0)
			return true;
	return false;
}

/* Does the base image have something there? */
static int is_below(struct sp_needs *n, const char *path, bool *ret, struct sp_err *err)
{
	struct sp_found found = { 0 };

	if (n->options->lower && sp_root_resolve(n->options->lower, path, &found, err))
		return -1;
	*ret = found.real != NULL;
	return 0;
}

/* An entry that no file here stands for, unless the base or the user has it. */
static int bring_made(struct sp_needs *n, struct sp_entry entry, struct sp_err *err)
{
	bool there;

	if (is_below(n, entry.path, &there, err))
		return -1;
	if (there || user_adds(n, entry.path))
		return 0;
	brought(n, entry.path);
	entry.reason = reason(n);
	return sp_plan_add(n->rootfs->plan, &entry, err);
}

int sp_need_text(struct sp_needs *n, const char *path, const char *text, struct sp_err *err)
{
	return bring_made(n, (struct sp_entry){
		.path = path, .type = SP_ENTRY_FILE, .mode = 0644, .content = text,
		.size = strlen(text) }, err);
}

int sp_need_link(struct sp_needs *n, const char *path, const char *target, struct sp_err *err)
{
	return bring_made(n, (struct sp_entry){
		.path = path, .type = SP_ENTRY_SYMLINK, .mode = 0777, .target = target }, err);
}

int sp_need_dir(struct sp_needs *n, const char *path, unsigned mode, struct sp_err *err)
{
	brought(n, path);
	return sp_plan_add(n->rootfs->plan, &(struct sp_entry){
		.path = path, .type = SP_ENTRY_DIR, .mode = mode, .reason = reason(n) }, err);
}

const char *sp_need_env(struct sp_needs *n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n->options->env_nr; i++)
		if (strncmp(n->options->env[i], name, len) == 0 &&
		    n->options->env[i][len] == '=')
			return n->options->env[i] + len + 1;
	return NULL;
}

static const struct sp_object *library(const struct sp_closure *closure, const char *name)
{
	for (size_t i = 0; i < closure->objects_nr; i++) {
		const char *soname = closure->objects[i].elf->soname;

		if (soname && strncmp(soname, name, strlen(name)) == 0)
			return &closure->objects[i];
	}
	return NULL;
}

static const struct sp_object *any_library(const struct sp_needs *n, const char *name)
{
	const struct sp_object *o = library(n->rootfs->closure, name);

	for (size_t i = 0; !o && i < n->rootfs->others_nr; i++)
		o = library(n->rootfs->others[i], name);
	return o;
}

bool sp_need_has_library(const struct sp_needs *n, const char *name)
{
	return any_library(n, name) != NULL;
}

int sp_need_ask(struct sp_needs *n, const char *name, const char *mark, const char **ret,
		struct sp_err *err)
{
	return sp_need_ask_all(n, name, &mark, 1, ret, err);
}

int sp_need_ask_all(struct sp_needs *n, const char *name, const char *const *marks,
		    size_t nr, const char **ret, struct sp_err *err)
{
	const struct sp_object *o = any_library(n, name);

	memset(ret, 0, nr * sizeof(*ret));
	return o ? sp_object_find_strings(o, marks, nr, &n->arena, ret, err) : 0;
}

const struct sp_closure *sp_need_closure(const struct sp_needs *n)
{
	return n->rootfs->closure;
}

bool sp_need_by_library(const struct sp_needs *n)
{
	const char *by = n->adding->clue.by;

	if (!by || strcmp(by, n->rootfs->closure->objects[0].image_path) == 0)
		return false;
	for (size_t i = 0; i < n->rootfs->others_nr; i++)
		if (strcmp(by, n->rootfs->others[i]->objects[0].image_path) == 0)
			return false;
	return true;
}

bool sp_need_shown(const struct sp_needs *n, enum sp_sign_kind kind, const char *name)
{
	return sp_evidence_of(n->evidence, &(struct sp_sign){ .kind = kind, .name = name },
			      NULL);
}

int sp_need_accounts(struct sp_needs *n, struct sp_accounts *ret, struct sp_err *err)
{
	return sp_accounts_text(n->rootfs, n->options, &n->arena, ret, err);
}

struct sp_arena *sp_need_arena(struct sp_needs *n)
{
	return &n->arena;
}

void sp_need_note(struct sp_needs *n, const char *id, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sp_plan_note(n->rootfs->plan, id, "%s", text);
}
