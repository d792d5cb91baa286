/*
 * --from: the program that an image starts, found through what only leads to it, and
 * the files that its command line names.
 */
#include <string.h>

#include "api/build.h"
#include "api/wrapper.h"
#include "base/path.h"
#include "base/vec.h"
#include "rootfs/script.h"

#define WRAPPERS_MAX 8			/* that lead to each other */
#define SCRIPT_MAX (64 * 1024)		/* bytes of one that is read */

/* The command line of the image on its way to a program. */
struct command {
	struct sp_build *build;
	struct sp_target *target;
	struct sp_words words;
	const char *path;		/* of the first word, absolute */
};

static void command_release(struct command *c)
{
	free(c->words.items);
}

static const struct sp_json *config_doc(const struct sp_build *build)
{
	return build->from.stored->config_doc;
}

static void take_words(struct command *c, const char *key, bool from_cmd)
{
	const struct sp_json *list = sp_json_get(sp_json_get(config_doc(c->build), "config"), key);

	for (const struct sp_json *i = sp_json_first(list); i; i = sp_json_next(i))
		if (sp_json_str(i, NULL) && c->words.items_nr < SP_WORDS_MAX)
			*SP_VEC_PUSH(c->words.items) =
				(struct sp_word){ sp_json_str(i, NULL), from_cmd };
}

static const char *workdir_of(const struct command *c)
{
	const char *dir = c->target->config.workdir;

	return dir && dir[0] == '/' ? dir : "/";
}

/* Where a word of a command line leads in the image, as execvp(3) looks for it; *ret
 * NULL if it is in no directory of PATH. */
static int locate_word(const struct command *c, const char *word, const char **ret,
		       struct sp_err *err)
{
	struct sp_arena *arena = &c->build->arena;
	const char *path = sp_pairs_get(&c->target->config.env, "PATH");

	*ret = NULL;
	if (strchr(word, '/')) {
		*ret = word[0] == '/' ? sp_path_clean(arena, word) :
			sp_path_clean(arena, sp_path_join(arena, workdir_of(c), word));
		return 0;
	}
	if (sp_root_which(c->build->from.root, path ? path : SP_DEFAULT_PATH, workdir_of(c), word,
			  arena, ret, err))
		return -1;
	if (*ret)
		*ret = sp_path_clean(arena, *ret);
	return 0;
}

static bool is_shell(const char *path)
{
	static const char *const names[] = { "sh", "bash", "dash", "ash" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(sp_path_basename(path), names[i]) == 0)
			return true;
	return false;
}

/* The text of a shell script at path; NULL if it is none. */
static int read_script(const struct command *c, const char *path, const char **ret,
		       struct sp_err *err)
{
	struct sp_arena *arena = &c->build->arena;
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_script script;
	struct sp_found found;
	size_t got;

	*ret = NULL;
	if (sp_root_resolve(c->build->from.root, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE || found.st.size > SCRIPT_MAX)
		return 0;
	if (sp_root_open(c->build->from.root, found.real, &file, err))
		return -1;
	if (!sp_script_is(&file))
		return 0;
	if (sp_script_read(&file, arena, &script, err))
		return sp_err_wrap(err, "%s", sp_root_show(c->build->from.root, path));
	const char *by = strcmp(sp_path_basename(script.interpreter), "env") == 0 ?
				 sp_script_env_word(script.argument, arena) : script.interpreter;
	if (!by || !is_shell(by))
		return 0;
	char *text = sp_arena_alloc(arena, found.st.size + 1);
	if (sp_file_pread(&file, text, found.st.size, 0, &got, err))
		return -1;
	text[got] = '\0';
	*ret = strlen(text) == got ? text : NULL;
	return 0;
}

/* A wrapper whose effect is not known before it runs. */
static int refuse(const struct command *c, const char *what, const char *why,
		  struct sp_err *err)
{
	const char *program = NULL;
	struct sp_err ignored = { 0 };

	/* what is behind it is what the user most likely wants */
	for (size_t i = 1; i < c->words.items_nr && !program; i++)
		if (c->words.items[i].from_cmd &&
		    locate_word(c, c->words.items[i].text, &program, &ignored))
			program = NULL;
	return sp_err_diagnose(err, "entry-is-wrapper",
			       "%s: what it starts goes through %s, and that does more than start a program: %s; give the PROGRAM in the image that is to be packed%s%s, or the script itself with --add for all it uses",
			       c->build->from.text, what, why, program ? ", perhaps " : "",
			       program ? program : "");
}

static void shift(const struct sp_words *words, size_t nr, struct sp_words *ret)
{
	for (size_t i = nr; i < words->items_nr; i++)
		*SP_VEC_PUSH(ret->items) = words->items[i];
}

/* "-c" among options that do not change what is started ("-ec"). */
static bool is_c_option(const char *word)
{
	size_t len = strlen(word);

	return len >= 2 && word[0] == '-' && word[len - 1] == 'c' &&
	       strspn(word + 1, "eux") == len - 2;
}

/* Put what the wrapper starts in the place of the command line. */
static void step_into(struct command *c, struct sp_wrapper *w)
{
	struct sp_config *config = &c->target->config;

	for (size_t i = 0; i < w->env_nr; i++) {
		size_t len = strcspn(w->env[i], "=");
		const char *name = sp_arena_strndup(&c->build->arena, w->env[i], len);

		if (!sp_pairs_get(&c->build->o->env, name))
			sp_pairs_set(&config->env, &c->build->arena, w->env[i]);
	}
	if (w->workdir && !c->build->o->workdir)
		config->workdir = w->workdir;
	free(c->words.items);
	c->words = w->words;
	w->words = (struct sp_words){ 0 };
}

/* One wrapper; *ret_more false if the first word is no wrapper. */
static int unwrap(struct command *c, bool *ret_more, struct sp_err *err)
{
	SP_CLEANUP(sp_wrapper_release) struct sp_wrapper w = { 0 };
	const struct sp_word *words = c->words.items;
	struct sp_words args = { 0 };
	const char *text = NULL, *why = NULL, *what = c->path;
	bool shell = is_shell(c->path) && c->words.items_nr > 1;

	*ret_more = true;
	if (shell && is_c_option(words[1].text) && c->words.items_nr > 2) {
		shift(&c->words, 4, &args);	/* the word behind the text is $0 */
		sp_wrapper_shell(words[2].text, false, &args, &c->build->arena, &w, &why);
		what = "a shell";
	} else if (shell && words[1].text[0] == '/') {
		if (read_script(c, words[1].text, &text, err))
			return -1;
		shift(&c->words, 2, &args);
		what = words[1].text;
	} else if (strcmp(sp_path_basename(c->path), "env") == 0) {
		shift(&c->words, 1, &args);
		sp_wrapper_env(&args, &c->build->arena, &w, &why);
	} else {
		if (read_script(c, c->path, &text, err))
			return -1;
		shift(&c->words, 1, &args);
		*ret_more = text != NULL;
	}
	if (text)
		sp_wrapper_shell(text, true, &args, &c->build->arena, &w, &why);
	free(args.items);
	if (why)
		return refuse(c, what, why, err);
	if (*ret_more && !w.words.items_nr)
		*ret_more = false;
	if (*ret_more)
		step_into(c, &w);
	return 0;
}

static int find_first(struct command *c, struct sp_err *err)
{
	const char *word = c->words.items[0].text;

	if (locate_word(c, word, &c->path, err))
		return -1;
	if (c->path)
		return 0;
	return sp_err_diagnose(err, "missing-file",
			       "%s: it starts \"%s\", which is in no directory of its PATH",
			       c->build->from.text, word);
}

/* The program that the image starts. */
static int follow_entry(struct command *c, struct sp_err *err)
{
	bool more = true;

	if (!c->words.items_nr)
		return sp_err_set(err, SP_EUSAGE,
				  "%s: has no entry point and no command; give the PROGRAM in it that is to be packed",
				  c->build->from.text);
	for (int times = 0; more; times++) {
		if (times == WRAPPERS_MAX)
			return sp_err_diagnose(err, "entry-is-wrapper",
					       "%s: more than %d wrappers lead to each other; give the PROGRAM in the image that is to be packed",
					       c->build->from.text, WRAPPERS_MAX);
		if (find_first(c, err) || unwrap(c, &more, err))
			return -1;
	}
	return 0;
}

/* A program that the user names: the words behind it count if the image starts it. */
static int take_given(struct command *c, const char *given, struct sp_err *err)
{
	struct sp_root *root = c->build->from.root;
	struct sp_words rest = { 0 };
	struct sp_found wanted, found;
	const char *path;

	if (locate_word(c, given, &c->path, err))
		return -1;
	if (!c->path)
		return sp_err_diagnose(err, "missing-file",
				       "%s: there is no %s in the directories of its PATH",
				       c->build->from.text, given);
	if (sp_root_resolve(root, c->path, &wanted, err))
		return -1;
	for (size_t i = 0; i < c->words.items_nr && !rest.items_nr; i++) {
		if (locate_word(c, c->words.items[i].text, &path, err))
			return -1;
		if (!path || sp_root_resolve(root, path, &found, err))
			continue;
		if (found.real && wanted.real && strcmp(found.real, wanted.real) == 0)
			shift(&c->words, i, &rest);
	}
	if (!rest.items_nr)
		*SP_VEC_PUSH(rest.items) = (struct sp_word){ c->path, false };
	free(c->words.items);
	c->words = rest;
	return 0;
}

/* A file that the command line names comes along: its configuration, its script. */
static int add_named(struct command *c, const char *word, bool program, struct sp_err *err)
{
	const char *path = word;
	struct sp_found found;

	if (program && locate_word(c, word, &path, err))
		return -1;
	if (!program && path[0] != '/' && strchr(path, '='))
		path = strchr(path, '=') + 1;
	if (!path || path[0] != '/' || strlen(path) > SP_PATH_MAX)
		return 0;
	path = sp_path_clean(&c->build->arena, path);
	if (sp_path_is_kernels(path))
		return 0;
	if (sp_root_resolve(c->build->from.root, path, &found, err))
		return -1;
	if (!found.real || found.st.type != SP_FILE)
		return 0;
	*SP_VEC_PUSH(c->build->adds) = (struct sp_add){
		.root = c->build->from.root, .source = path, .dest = path, .keeps_path = true,
		.because = { SP_BECAUSE_CONFIG, NULL, "the image's command line" } };
	return 0;
}

/* Entry point and Cmd of the new image: what came from Cmd and stands last stays Cmd. */
static int set_command(struct command *c, struct sp_err *err)
{
	struct sp_config *config = &c->target->config;
	size_t nr = c->words.items_nr, first_cmd = nr;
	bool own_args = c->build->o->args.items_nr;

	while (first_cmd > 1 && c->words.items[first_cmd - 1].from_cmd)
		first_cmd--;
	for (size_t i = 1; i < nr; i++) {
		const char *word = c->words.items[i].text;
		bool program = strcmp(c->words.items[i - 1].text, "--") == 0;

		if (!(own_args && i >= first_cmd) && add_named(c, word, program, err))
			return -1;
		if (i < first_cmd)
			sp_strings_add(&config->entrypoint, &c->build->arena, word);
		else if (!own_args)
			sp_strings_add(&config->cmd, &c->build->arena, word);
	}
	return 0;
}

int sp_from_program(struct sp_build *build, struct sp_target *target, const char *given,
		    struct sp_err *err)
{
	SP_CLEANUP(command_release) struct command c = { .build = build, .target = target };

	take_words(&c, "Entrypoint", false);
	take_words(&c, "Cmd", true);
	if (given ? take_given(&c, given, err) : follow_entry(&c, err))
		return -1;
	target->given = given ? given : c.path;
	target->root = build->from.root;
	target->path = c.path;
	target->image_path = build->o->at ? build->o->at : c.path;
	sp_strings_add(&target->config.entrypoint, &build->arena, target->image_path);
	return set_command(&c, err);
}
