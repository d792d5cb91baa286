/*
 * --user: what the configuration says, and the account files that belong to it.
 *
 * Numbers need no file.  "nonroot" is 65532:65532 as in distroless images, with
 * passwd and group entries and a home directory, so that look-ups of the own user
 * work.  Any other name must be known in the image, or no engine starts it.
 */
#include <string.h>

#include "base/vec.h"
#include "rootfs/rootfs.h"

#define NONROOT "65532"

static int add_file(struct sp_plan *plan, const char *path, const char *text,
		    struct sp_err *err)
{
	return sp_plan_add(plan, &(struct sp_entry){
		.path = path, .type = SP_ENTRY_FILE, .mode = 0644,
		.content = text, .size = strlen(text),
		.reason = { SP_BECAUSE_CONFIG, NULL, "--user nonroot" } }, err);
}

/* A number that fits a user id, or false. */
static bool number(const char *s, size_t len)
{
	unsigned long long n = 0;

	if (!len || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	return n <= 0xfffffffe;	/* (uid_t)-1 means "no user" to the kernel */
}

static bool name(const char *s, size_t len)
{
	if (!len || len > 32 || s[0] == '-' || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		      (s[i] >= '0' && s[i] <= '9') || s[i] == '_' || s[i] == '-' ||
		      s[i] == '.'))
			return false;
	return true;
}

static int check_form(const char *user, struct sp_err *err)
{
	size_t len = strcspn(user, ":");
	const char *rest = user[len] ? user + len + 1 : NULL;

	if (!number(user, len) && !name(user, len))
		goto bad;
	if (rest && !number(rest, strlen(rest)) && !name(rest, strlen(rest)))
		goto bad;
	return 0;
bad:
	return sp_err_set(err, SP_EUSAGE,
			  "--user %s: expected UID, UID:GID, NAME, NAME:GROUP or nonroot, with numbers up to 4294967294",
			  user);
}

static bool is_nonroot(const char *user)
{
	return user && (strcmp(user, "nonroot") == 0 || strcmp(user, "nonroot:nonroot") == 0);
}

/* Numbers get a name, so that who looks its own up finds something. */
static void add_numeric(const char *user, struct sp_buf *passwd, struct sp_buf *group)
{
	size_t len = strcspn(user, ":");
	const char *gid = user[len] ? user + len + 1 : "0";
	size_t gid_len = strlen(gid);

	if (!number(user, len) || !number(gid, gid_len))
		return;
	if (strncmp(user, "0:", len + 1) != 0 && strcmp(user, "0") != 0 &&
	    strncmp(user, "65534", len) != 0)
		sp_buf_addf(passwd, "user:x:%.*s:%s:user:/:/sbin/nologin\n", (int)len, user, gid);
	if (strcmp(gid, "0") != 0 && strcmp(gid, "65534") != 0)
		sp_buf_addf(group, "user:x:%s:\n", gid);
}

void sp_accounts_text(const char *user, struct sp_arena *arena, struct sp_accounts *ret)
{
	sp_autobuf struct sp_buf passwd = { 0 }, group = { 0 };

	sp_buf_addstr(&passwd, "root:x:0:0:root:/root:/sbin/nologin\n"
			       "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n");
	/* the group of nobody is called so by some systems, and otherwise by others */
	sp_buf_addstr(&group, "root:x:0:\nnobody:x:65534:\nnogroup:x:65534:\n");
	if (is_nonroot(user)) {
		sp_buf_addstr(&passwd, "nonroot:x:" NONROOT ":" NONROOT
				       ":nonroot:/home/nonroot:/sbin/nologin\n");
		sp_buf_addstr(&group, "nonroot:x:" NONROOT ":\n");
	} else if (user) {
		add_numeric(user, &passwd, &group);
	}
	ret->passwd = sp_arena_strdup(arena, passwd.data);
	ret->group = sp_arena_strdup(arena, group.data);
}

int sp_accounts_apply(struct sp_rootfs *rootfs, const char *user, struct sp_err *err)
{
	struct sp_plan *plan = rootfs->plan;

	if (!user)
		return 0;
	if (check_form(user, err))
		return -1;
	if (!is_nonroot(user)) {
		rootfs->user = sp_arena_strdup(&plan->arena, user);
		return 0;
	}
	struct sp_accounts accounts;

	sp_accounts_text(user, &plan->arena, &accounts);
	/* numbers in the configuration: kubelet's runAsNonRoot refuses names */
	rootfs->user = NONROOT ":" NONROOT;
	if (add_file(plan, "/etc/passwd", accounts.passwd, err) ||
	    add_file(plan, "/etc/group", accounts.group, err))
		return -1;
	return sp_plan_add(plan, &(struct sp_entry){
		.path = "/home/nonroot", .type = SP_ENTRY_DIR, .mode = 0700,
		.uid = 65532, .gid = 65532,
		.reason = { SP_BECAUSE_CONFIG, NULL, "--user nonroot" } }, err);
}

#define ACCOUNT_FILE_MAX (1024 * 1024)

/* Does a passwd or group file of the plan have a line for this name? */
static int has_account(const struct sp_plan *plan, const char *path, const char *who,
		       size_t len, bool *ret, struct sp_err *err)
{
	const struct sp_entry *e = sp_plan_find(plan, path);
	sp_autofile struct sp_file file = SP_FILE_INIT;
	sp_autobuf struct sp_buf text = { 0 };

	*ret = false;
	if (!e || e->type != SP_ENTRY_FILE || e->size > ACCOUNT_FILE_MAX)
		return 0;
	if (e->root) {
		char *room = sp_buf_reserve(&text, e->size);

		if (sp_root_open(e->root, e->source, &file, err) ||
		    sp_file_pread(&file, room, e->size, 0, &text.len, err))
			return -1;
		room[text.len] = '\0';
	} else {
		sp_buf_add(&text, e->content, e->size);
	}
	for (const char *line = sp_buf_str(&text); line && *line;) {
		*ret |= strncmp(line, who, len) == 0 && line[len] == ':';
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return 0;
}

int sp_accounts_check(struct sp_rootfs *rootfs, struct sp_err *err)
{
	const char *user = rootfs->user;
	size_t len = user ? strcspn(user, ":") : 0;
	bool known;

	if (!user) {
		sp_plan_note(rootfs->plan, "runs-as-root",
			     "the program will run as root in its container; --user nonroot makes it an ordinary user");
		return 0;
	}
	if (number(user, len) && !user[len])
		sp_plan_note(rootfs->plan, "runs-with-root-group",
			     "--user %s has no group: engines give it group 0; write %s:%s",
			     user, user, user);
	if (!number(user, len)) {
		if (has_account(rootfs->plan, "/etc/passwd", user, len, &known, err))
			return -1;
		if (!known)
			return sp_err_set(err, SP_EUSAGE,
					  "--user %s: the image has no /etc/passwd with that name, so no engine would start it; use numbers, nonroot, or --add a passwd file",
					  user);
	}
	const char *rest = user[len] ? user + len + 1 : NULL;
	if (rest && !number(rest, strlen(rest))) {
		if (has_account(rootfs->plan, "/etc/group", rest, strlen(rest), &known, err))
			return -1;
		if (!known)
			return sp_err_set(err, SP_EUSAGE,
					  "--user %s: the image has no /etc/group with the group %s; use a number or --add a group file",
					  user, rest);
	}
	return 0;
}
