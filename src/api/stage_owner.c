/*
 * Owners by name: --chown, and USER where a directory is made for it.
 */
#include <string.h>

#include "api/stages.h"

#define ACCOUNTS_MAX (1024 * 1024)	/* bytes of /etc/passwd or /etc/group */

/* A number that fits a user id. */
static bool number(const char *s, uint32_t *ret)
{
	uint64_t n = 0;

	if (!*s || strlen(s) > 10)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	*ret = (uint32_t)n;
	return n <= 0xfffffffe;
}

/* The field of a line "a:b:c", number from 0, or NULL; the line is cut up. */
static char *field(char *line, int nr)
{
	char *rest = line, *found = NULL;

	for (int i = 0; i <= nr; i++)
		found = strsep(&rest, ":");
	return found;
}

/* The line of that name in a passwd or group file: its third and fourth field. */
static int look_up(struct sp_stage_state *state, const char *path, const char *name,
		   uint32_t *ret_id, uint32_t *ret_group, struct sp_err *err)
{
	sp_autofree char *text = NULL;
	size_t len;

	if (sp_overlay_read(state->overlay, path, ACCOUNTS_MAX, &text, &len, err))
		return -1;
	for (char *rest = text, *line; (line = rest ? strsep(&rest, "\n") : NULL);) {
		size_t n = strlen(name);
		char *id, *group;

		if (strncmp(line, name, n) != 0 || line[n] != ':')
			continue;
		sp_autofree char *copy = sp_strdup(line);
		id = field(line, 2);
		group = field(copy, 3);
		if (!id || !number(id, ret_id) ||
		    (ret_group && (!group || !number(group, ret_group))))
			return sp_err_set(err, SP_EUSAGE, "%s: the line of %s in %s has no number",
					  name, name, path);
		return 0;
	}
	return sp_err_set(err, SP_EUSAGE,
			  "%s: is not in %s of this stage; write a number, or COPY such a file before",
			  name, path);
}

int sp_stage_owner(struct sp_stage_state *state, const char *text, struct sp_owner *ret,
		   struct sp_err *err)
{
	sp_autofree char *user = sp_strdup(text);
	char *group = strchr(user, ':');
	struct sp_owner owner = { 0 };

	if (group)
		*group++ = '\0';
	if (!*user || (group && !*group))
		return sp_err_set(err, SP_EUSAGE, "\"%s\": expected USER or USER:GROUP", text);
	if (number(user, &owner.uid))
		owner.gid = owner.uid;
	else if (look_up(state, "/etc/passwd", user, &owner.uid, &owner.gid, err))
		return -1;
	if (group && !number(group, &owner.gid) &&
	    look_up(state, "/etc/group", group, &owner.gid, NULL, err))
		return -1;
	*ret = owner;
	return 0;
}
