/*
 * Whether what a configuration says can be started in the file system that the
 * layers make: the program, its user, its directory.  What the program's loader
 * then asks for is for the witness to say.
 */
#include <string.h>

#include "image/verify_state.h"

struct run {
	struct sp_verify_state *v;
	const char *where;
	const struct sp_json *config;	/* the member "config" */
	struct sp_tree *tree;
};

/* Why the file at path cannot be started, or NULL. */
static const char *cannot_run(const struct run *r, const char *path, const char **ret_id)
{
	uint32_t number = sp_tree_find(r->tree, path, true);

	*ret_id = "entrypoint-missing";
	if (number == SP_TREE_NONE)
		return "is not in the image";
	const struct sp_tree_node *node = sp_tree_node(r->tree, number);
	*ret_id = "entrypoint-not-file";
	if (node->type != SP_TREE_FILE)
		return "is not a regular file";
	*ret_id = "entrypoint-not-executable";
	return node->mode & 0111 ? NULL : "is not executable";
}

static const char *first_word(const struct run *r)
{
	const struct sp_json *words = sp_json_first(sp_json_get(r->config, "Entrypoint"));

	if (!words)
		words = sp_json_first(sp_json_get(r->config, "Cmd"));
	return words ? sp_json_str(words, NULL) : NULL;
}

static const char *workdir(const struct run *r)
{
	const char *dir = sp_json_str(r->config, "WorkingDir");

	return dir && *dir ? dir : "/";
}

static const char *search_path(const struct run *r)
{
	const struct sp_json *i = sp_json_first(sp_json_get(r->config, "Env"));

	for (; i; i = sp_json_next(i)) {
		const char *var = sp_json_str(i, NULL);

		if (var && strncmp(var, "PATH=", 5) == 0)
			return var + 5;
	}
	return SP_DEFAULT_PATH;
}

/* Look for a bare name in all directories of PATH; the malloc'ed path, or NULL. */
static char *in_path(const struct run *r, const char *name)
{
	const char *dir = search_path(r), *id;

	for (;; dir++) {
		size_t len = strcspn(dir, ":");
		sp_autofree char *path = len ?
			sp_strf("%.*s/%s", (int)len, dir, name) :
			sp_strf("%s/%s", workdir(r), name);

		if (!cannot_run(r, path, &id))
			return sp_steal_ptr(&path);
		dir += len;
		if (!*dir)
			return NULL;
	}
}

/* The malloc'ed path of the program that is started, or NULL after a problem. */
static char *check_program(const struct run *r)
{
	const char *word = first_word(r), *why, *id;
	sp_autofree char *shown = NULL, *path = NULL;

	if (!word) {
		sp_verify_note(r->v, "no-entrypoint", r->where,
			       "has no entry point and no command");
		return NULL;
	}
	shown = sp_show(word, strlen(word));
	if (!strchr(word, '/')) {
		path = *word ? in_path(r, word) : NULL;
		if (path)
			return sp_steal_ptr(&path);
		path = sp_show(search_path(r), strlen(search_path(r)));
		sp_verify_problem(r->v, "entrypoint-missing", r->where,
				  "the program \"%s\" is in no directory of PATH (%s)",
				  shown, path);
		return NULL;
	}
	path = word[0] == '/' ? sp_strdup(word) : sp_strf("%s/%s", workdir(r), word);
	why = cannot_run(r, path, &id);
	if (!why)
		return sp_steal_ptr(&path);
	sp_verify_problem(r->v, id, r->where, "the program %s %s", shown, why);
	return NULL;
}

static bool is_number(const char *s, size_t len)
{
	return len > 0 && strspn(s, "0123456789") >= len;
}

static bool has_file(const struct run *r, const char *path)
{
	uint32_t number = sp_tree_find(r->tree, path, true);

	return number != SP_TREE_NONE &&
	       sp_tree_node(r->tree, number)->type == SP_TREE_FILE;
}

/* Engines look names up in the image; where there is no file, the start fails. */
static void check_user(const struct run *r)
{
	const char *user = sp_json_str(r->config, "User");
	const char *colon = user ? strchr(user, ':') : NULL;

	if (!user || !*user)
		return;
	sp_autofree char *shown = sp_show(user, strlen(user));
	size_t len = colon ? (size_t)(colon - user) : strlen(user);
	if (len && !is_number(user, len) && !has_file(r, "/etc/passwd"))
		sp_verify_problem(r->v, "user-without-passwd", r->where,
				  "the user %s is a name, but there is no /etc/passwd", shown);
	if (colon && colon[1] && !is_number(colon + 1, strlen(colon + 1)) &&
	    !has_file(r, "/etc/group"))
		sp_verify_problem(r->v, "user-without-group", r->where,
				  "the group in %s is a name, but there is no /etc/group",
				  shown);
}

static void check_workdir(const struct run *r)
{
	const char *dir = workdir(r);
	uint32_t number = sp_tree_find(r->tree, dir, true);
	sp_autofree char *shown = sp_show(dir, strlen(dir));

	if (number == SP_TREE_NONE)
		sp_verify_note(r->v, "workdir-missing", r->where,
			       "the working directory %s is not in the image; engines make it",
			       shown);
	else if (sp_tree_node(r->tree, number)->type != SP_TREE_DIR)
		sp_verify_problem(r->v, "workdir-not-directory", r->where,
				  "the working directory %s is no directory", shown);
}

static void found(void *ctx, bool is_note, const char *id, const char *what)
{
	const struct run *r = ctx;

	if (is_note)
		sp_verify_note(r->v, id, r->where, "%s", what);
	else
		sp_verify_problem(r->v, id, r->where, "%s", what);
}

int sp_verify_run(struct sp_verify_state *v, const char *where,
		  const struct sp_json *config, const char *platform, struct sp_tree *tree,
		  struct sp_err *err)
{
	struct run r = { v, where, sp_json_get(config, "config"), tree };
	const struct sp_verify_witness *w = v->options->witness;
	sp_autofree char *program = check_program(&r);
	struct sp_verify_view view = {
		.tree = tree, .config = config, .program = program, .platform = platform,
		.found = found, .found_ctx = &r,
	};

	check_user(&r);
	check_workdir(&r);
	return w ? w->image(w->ctx, &view, err) : 0;
}
