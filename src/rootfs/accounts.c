/*
 * --user: what the configuration says, and the account files that belong to it.
 *
 * Numbers need no file.  "nonroot" is 65532:65532 as in distroless images, with
 * passwd and group entries and a home directory, so that look-ups of the own user
 * work.  Any other name must be known in the image, or no engine starts it.
 */
#include <string.h>

#include "rootfs/rootfs.h"

#define NONROOT "65532"
#define ACCOUNT_FILE_MAX (1024 * 1024)	/* bytes of passwd or group */

static int add_file(struct sp_plan *plan, const char *path, const char *text,
		    struct sp_err *err)
{
	return sp_plan_add(plan, &(struct sp_entry){
		.path = path, .type = SP_ENTRY_FILE, .mode = 0644,
		.content = text, .size = strlen(text),
		.reason = { SP_BECAUSE_CONFIG, NULL, "--user nonroot" } }, err);
}

int sp_accounts_read(struct sp_root *root, const char *path, struct sp_buf *ret,
		     struct sp_err *err)
{
	bool there;

	if (sp_root_read(root, path, ACCOUNT_FILE_MAX, ret, &there, err))
		return -1;
	/* a NUL would hide what follows from us, but not from everybody */
	ret->len = strlen(sp_buf_str(ret));
	if (ret->len && ret->data[ret->len - 1] != '\n')
		sp_buf_addch(ret, '\n');
	return 0;
}

/* The field with that number, from 0, of a line that has len bytes. */
static const char *field(const char *line, size_t len, int nr)
{
	const char *p = line;

	for (; nr > 0 && p < line + len; p++)
		nr -= *p == ':';
	return p;
}

/* Add a line unless its name is there already; NULL allowed. */
static void add_line(struct sp_buf *text, const char *line)
{
	size_t len = line ? strcspn(line, ":") + 1 : 0;

	if (!line || !*line)
		return;
	for (const char *p = sp_buf_str(text); *p;) {
		if (strncmp(p, line, len) == 0)
			return;
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	sp_buf_addstr(text, line);
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

/* The line of a passwd or group file whose first field is who (or, with number, whose
 * third is), with its newline, in the arena; *ret NULL if there is none.  No root, or no
 * file: none. */
static int find_line(struct sp_root *root, const char *path, const char *who, bool by_number,
		     struct sp_arena *arena, const char **ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf text = { 0 };

	*ret = NULL;
	if (!root || sp_accounts_read(root, path, &text, err))
		return root ? -1 : 0;
	for (const char *line = sp_buf_str(&text); *line && !*ret;) {
		size_t len = strcspn(line, "\n");
		const char *key = by_number ? field(line, len, 2) : line;
		size_t key_len = strcspn(key, ":\n");

		if (key_len == strlen(who) && memcmp(key, who, key_len) == 0)
			*ret = sp_arena_strf(arena, "%.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	return 0;
}

/* What the source image says of the user it runs as: just those lines. */
static int add_known(const struct sp_rootfs_options *o, struct sp_arena *arena,
		     struct sp_buf *passwd, struct sp_buf *group, struct sp_err *err)
{
	size_t len = strcspn(o->user, ":");
	const char *user = sp_arena_strndup(arena, o->user, len);
	const char *wanted = o->user[len] ? o->user + len + 1 : NULL;
	const char *line, *own = NULL, *other = NULL;

	if (find_line(o->origin, "/etc/passwd", user, false, arena, &line, err))
		return -1;
	if (line) {
		const char *gid = field(line, strlen(line), 3);

		gid = sp_arena_strndup(arena, gid, strcspn(gid, ":\n"));
		if (find_line(o->origin, "/etc/group", gid, true, arena, &own, err))
			return -1;
		add_line(passwd, line);
	}
	if (wanted && !number(wanted, strlen(wanted)) &&
	    find_line(o->origin, "/etc/group", wanted, false, arena, &other, err))
		return -1;
	add_line(group, own);
	add_line(group, other);
	return 0;
}

/* Several lines, each as add_line() does. */
static void add_lines(struct sp_buf *text, const struct sp_buf *lines)
{
	sp_autofree char *copy = sp_strdup(sp_buf_str(lines));

	for (char *line = copy, *end; (end = strchr(line, '\n')); line = end + 1) {
		char first = end[1];

		end[1] = '\0';
		add_line(text, line);
		end[1] = first;
	}
}

int sp_accounts_text(const struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		     struct sp_arena *arena, struct sp_accounts *ret, struct sp_err *err)
{
	sp_autobuf struct sp_buf passwd = { 0 }, group = { 0 };

	/* on top of a base, what it has stays, and only what it lacks is added */
	if (o->lower && (sp_accounts_read(o->lower, "/etc/passwd", &passwd, err) ||
			 sp_accounts_read(o->lower, "/etc/group", &group, err)))
		return -1;
	if (!passwd.len) {
		add_line(&passwd, "root:x:0:0:root:/root:/sbin/nologin\n");
		add_line(&passwd, "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n");
	}
	if (!group.len) {
		add_line(&group, "root:x:0:\n");
		/* the group of nobody is called so by some systems, and otherwise by others */
		add_line(&group, "nobody:x:65534:\n");
		add_line(&group, "nogroup:x:65534:\n");
	}
	add_lines(&passwd, &rootfs->named_users);
	add_lines(&group, &rootfs->named_groups);
	if (is_nonroot(o->user)) {
		add_line(&passwd, "nonroot:x:" NONROOT ":" NONROOT
				  ":nonroot:/home/nonroot:/sbin/nologin\n");
		add_line(&group, "nonroot:x:" NONROOT ":\n");
	} else if (o->user && number(o->user, strcspn(o->user, ":"))) {
		add_numeric(o->user, &passwd, &group);
	} else if (o->user && add_known(o, arena, &passwd, &group, err)) {
		return -1;
	}
	ret->passwd = sp_arena_strdup(arena, passwd.data);
	ret->group = sp_arena_strdup(arena, group.data);
	return 0;
}

/* Add the file, unless the base image has it word for word. */
static int add_unless_there(struct sp_plan *plan, const char *path, const char *text,
			    struct sp_err *err)
{
	sp_autobuf struct sp_buf there = { 0 };

	if (plan->lower && sp_accounts_read(plan->lower, path, &there, err))
		return -1;
	return strcmp(sp_buf_str(&there), text) == 0 ? 0 : add_file(plan, path, text, err);
}

static int add_files(struct sp_plan *plan, const struct sp_accounts *accounts,
		     struct sp_err *err)
{
	return add_unless_there(plan, "/etc/passwd", accounts->passwd, err) ||
	       add_unless_there(plan, "/etc/group", accounts->group, err) ? -1 : 0;
}

/* A name that the source image knows takes its lines along, and its home directory
 * if there is one. */
static int apply_known(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		       struct sp_err *err)
{
	struct sp_plan *plan = rootfs->plan;
	const char *user = sp_arena_strndup(&plan->arena, o->user, strcspn(o->user, ":"));
	struct sp_accounts accounts;
	struct sp_found home;
	const char *line;

	if (number(user, strlen(user)) ||
	    find_line(o->origin, "/etc/passwd", user, false, &plan->arena, &line, err))
		return number(user, strlen(user)) ? 0 : -1;
	if (!line)
		return 0;
	if (sp_accounts_text(rootfs, o, &plan->arena, &accounts, err) || add_files(plan, &accounts, err))
		return -1;
	const char *dir = field(line, strlen(line), 5);
	dir = sp_arena_strndup(&plan->arena, dir, strcspn(dir, ":\n"));
	if (dir[0] != '/' || !dir[1] || sp_root_resolve(o->origin, dir, &home, err))
		return dir[0] != '/' || !dir[1] ? 0 : -1;
	if (!home.real || home.st.type != SP_DIR)
		return 0;
	return sp_plan_add(plan, &(struct sp_entry){
		.path = home.real, .type = SP_ENTRY_DIR, .mode = home.st.mode,
		.uid = home.st.uid, .gid = home.st.gid,
		.reason = { SP_BECAUSE_CONFIG, NULL, "--user" } }, err);
}

int sp_accounts_apply(struct sp_rootfs *rootfs, const struct sp_rootfs_options *o,
		      struct sp_err *err)
{
	struct sp_plan *plan = rootfs->plan;
	struct sp_accounts accounts;

	if (!o->user)
		return 0;
	if (check_form(o->user, err))
		return -1;
	if (!is_nonroot(o->user)) {
		rootfs->user = sp_arena_strdup(&plan->arena, o->user);
		return o->origin ? apply_known(rootfs, o, err) : 0;
	}
	if (sp_accounts_text(rootfs, o, &plan->arena, &accounts, err))
		return -1;
	/* numbers in the configuration: kubelet's runAsNonRoot refuses names */
	rootfs->user = NONROOT ":" NONROOT;
	if (add_files(plan, &accounts, err))
		return -1;
	return sp_plan_add(plan, &(struct sp_entry){
		.path = "/home/nonroot", .type = SP_ENTRY_DIR, .mode = 0700,
		.uid = 65532, .gid = 65532,
		.reason = { SP_BECAUSE_CONFIG, NULL, "--user nonroot" } }, err);
}

/* Does a passwd or group file of the image to be have a line for this name? */
static int has_account(struct sp_root *image, const char *path, const char *who, size_t len,
		       bool *ret, struct sp_err *err)
{
	SP_CLEANUP(sp_arena_release) struct sp_arena arena = { 0 };
	const char *line = NULL;

	if (find_line(image, path, sp_arena_strndup(&arena, who, len), false, &arena, &line, err))
		return -1;
	*ret = line != NULL;
	return 0;
}

int sp_accounts_check(struct sp_rootfs *rootfs, struct sp_root *image, struct sp_err *err)
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
		if (has_account(image, "/etc/passwd", user, len, &known, err))
			return -1;
		if (!known)
			return sp_err_set(err, SP_EUSAGE,
					  "--user %s: the image has no /etc/passwd with that name, so no engine would start it; use numbers, nonroot, or --add a passwd file",
					  user);
	}
	const char *rest = user[len] ? user + len + 1 : NULL;
	if (rest && !number(rest, strlen(rest))) {
		if (has_account(image, "/etc/group", rest, strlen(rest), &known, err))
			return -1;
		if (!known)
			return sp_err_set(err, SP_EUSAGE,
					  "--user %s: the image has no /etc/group with the group %s; use a number or --add a group file",
					  user, rest);
	}
	return 0;
}
