/*
 * Accounts that programs name: a daemon that gives up its rights becomes the user whose
 * name is compiled in, or stands as "user NAME" in the configuration whose path is, and
 * does not start where nobody is called so.
 *
 * Taken is what such a program names, and only if it is an account that was made for a
 * service: never people's, and those that every system has only if configuration says so.
 * What comes is name and numbers; no password, no shell, no home.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/vec.h"
#include "elf/elf.h"
#include "elf/strings.h"
#include "rootfs/evidence.h"
#include "rootfs/need_rows.h"
#include "rootfs/needs_state.h"
#include "rootfs/places.h"

/* Numbers of services (login.defs: SYS_UID_MIN; those below are the system's own). */
#define SYSTEM_MIN 1
#define SERVICE_MIN 100
#define SERVICE_MAX 999
#define NAME_LEN 32		/* as useradd has it */
#define ACCOUNTS_MAX 4096	/* lines of passwd that are looked at */
#define CONFIGS_MAX 16		/* files that one program names */
#define CONFIG_BYTES_MAX (64 * 1024)

struct account {
	const char *name;
	unsigned uid, gid;
	bool named, function;	/* the program has such a constant; imports such a function */
	bool configured;	/* its configuration says so */
};

struct accounts {
	struct sp_map names;		/* to accounts */
	struct account *accounts;
	size_t accounts_nr, accounts_alloc;
	struct sp_arena *arena;
	const char *configs[CONFIGS_MAX];	/* paths of files that the program names */
	size_t configs_nr;
};

static void accounts_release(struct accounts *a)
{
	sp_map_release(&a->names);
	free(a->accounts);
}

/* Calls visit with each line that has a name and numbers: "NAME:x:UID:GID:...". */
static int each_line(struct sp_root *root, const char *path,
		     void (*visit)(void *ctx, const char *name, unsigned id, unsigned gid),
		     void *ctx, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };
	int lines = 0;

	if (sp_accounts_read(root, path, &text, err))
		return -1;
	for (const char *line = sp_buf_str(&text); *line && lines < ACCOUNTS_MAX; lines++) {
		char name[NAME_LEN + 1];
		unsigned id, gid = 0;

		if (sscanf(line, "%32[a-zA-Z0-9_.-]:%*[^:\n]:%9u:%9u", name, &id, &gid) >= 2)
			visit(ctx, name, id, gid);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}

static void collect(void *ctx, const char *name, unsigned uid, unsigned gid)
{
	struct accounts *a = ctx;

	if (uid < SYSTEM_MIN || uid > SERVICE_MAX || sp_map_get(&a->names, name) != SP_MAP_NONE)
		return;
	name = sp_arena_strdup(a->arena, name);
	sp_map_set(&a->names, name, a->accounts_nr);
	*SP_VEC_PUSH(a->accounts) = (struct account){ .name = name, .uid = uid, .gid = gid };
}

/* Linkers put a constant into another one that ends like it: the last part of a path may
 * be a name. */
static bool see_text(void *ctx, const char *text, size_t len)
{
	struct accounts *a = ctx;
	const char *slash = memrchr(text, '/', len);
	const char *name = slash ? slash + 1 : text;
	size_t at = sp_map_get(&a->names, name);

	if (at != SP_MAP_NONE)
		a->accounts[at].named = true;
	if (a->configs_nr < CONFIGS_MAX && strncmp(text, "/etc/", 5) == 0 &&
	    !strstr(text, "//") && !strstr(text, "/.") && sp_place_of(text) == SP_PLACE_OWN)
		a->configs[a->configs_nr++] = sp_arena_strdup(a->arena, text);
	return true;
}

/* "user NAME;", "user = NAME", "username: \"NAME\"": the name, or NULL. */
static const char *user_of_line(const char *line, char name[NAME_LEN + 1])
{
	static const char *const keys[] = { "user", "username", "runas", "run_as", "setuid" };
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, " \t=:\n");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (len == strlen(keys[i]) && strncasecmp(line, keys[i], len) == 0)
			return sscanf(line + len, "%*[ \t=:\"']%32[a-zA-Z0-9_.-]", name) == 1 ?
				       name : NULL;
	return NULL;
}

/* Who the configuration that the program names says it becomes. */
static int read_configs(struct sp_needs *n, struct accounts *a, struct sp_err *err)
{
	for (size_t i = 0; i < a->configs_nr; i++) {
		sp_autobuf struct sp_buf text = { 0 };
		char name[NAME_LEN + 1];
		bool there;

		if (sp_need_read(n, a->configs[i], CONFIG_BYTES_MAX, &text, &there, err))
			return -1;
		for (const char *line = sp_buf_str(&text); *line; line += *line == '\n') {
			const char *user = user_of_line(line, name);
			size_t at = user ? sp_map_get(&a->names, user) : SP_MAP_NONE;

			if (at != SP_MAP_NONE)
				a->accounts[at].configured = true;
			line += strcspn(line, "\n");
		}
	}
	return 0;
}

static bool is_wanted(const struct account *account)
{
	return account->configured ||
	       (account->uid >= SERVICE_MIN && account->named && !account->function);
}

/* "bind" is what a message says of bind(2). */
static void see_function(void *ctx, const char *name)
{
	struct accounts *a = ctx;
	size_t at = sp_map_get(&a->names, name);

	if (at != SP_MAP_NONE)
		a->accounts[at].function = true;
}

struct naming {
	struct sp_needs *n;
	const struct account *account;
};

static void add_group(void *ctx, const char *name, unsigned gid, unsigned unused)
{
	struct naming *naming = ctx;

	(void)unused;
	if (gid == naming->account->gid)
		sp_buf_addf(&naming->n->rootfs->named_groups, "%s:x:%u:\n", name, gid);
}

/* One program and the libraries that it needs itself: do they become somebody by name? */
static bool becomes_somebody(const struct sp_needs *n, const struct sp_closure *closure)
{
	const struct sp_looked *looked;
	size_t nr = sp_evidence_looked(n->evidence, &looked);
	unsigned uses = 0;

	for (size_t i = 0; i < nr; i++)
		if (looked[i].closure == closure && looked[i].reach.steps <= 1 &&
		    !looked[i].reach.opened)
			uses |= looked[i].uses;
	return (uses & SP_USE_LOOK_UP) && (uses & SP_USE_BECOME);
}

static int of_program(struct sp_needs *n, const struct sp_closure *closure,
		      struct accounts *a, struct sp_err *err)
{
	const struct sp_object *o = &closure->objects[0];
	sp_autofile struct sp_file file = SP_FILE_INIT;
	struct sp_root *root = n->options->libs;

	if (o->elf->go.version || !becomes_somebody(n, closure))
		return 0;
	for (size_t i = 0; i < a->accounts_nr; i++)
		a->accounts[i].named = a->accounts[i].function = a->accounts[i].configured = false;
	a->configs_nr = 0;
	if (sp_root_open(o->root, o->found.real, &file, err) ||
	    sp_elf_strings(o->elf, &file, 2, see_text, a, err) ||
	    sp_elf_imports(o->elf, &file, see_function, a, err))
		return sp_err_wrap(err, "%s", sp_root_show(o->root, o->path));
	if (read_configs(n, a, err))
		return -1;
	for (size_t i = 0; i < a->accounts_nr; i++) {
		const struct account *account = &a->accounts[i];
		struct naming naming = { n, account };

		if (!is_wanted(account))
			continue;
		sp_buf_addf(&n->rootfs->named_users, "%s:x:%u:%u:%s:/nonexistent:/sbin/nologin\n",
			    account->name, account->uid, account->gid, account->name);
		if (each_line(root, "/etc/group", add_group, &naming, err))
			return -1;
	}
	return 0;
}

int sp_need_find_accounts(struct sp_needs *n, struct sp_err *err)
{
	SP_CLEANUP(accounts_release) struct accounts a = { .arena = &n->arena };

	if (each_line(n->options->libs, "/etc/passwd", collect, &a, err))
		return -1;
	if (!a.accounts_nr)
		return 0;
	if (of_program(n, n->rootfs->closure, &a, err))
		return -1;
	for (size_t i = 0; i < n->others_nr; i++)
		if (of_program(n, n->rootfs->others[i], &a, err))
			return -1;
	return 0;
}
