/*
 * Reading .note.dlopen.  The image layer has a reader of JSON, which this layer may not
 * know; what is read here is one array of flat objects, so that little is needed.
 */
#include "rootfs/dlopen_json.h"

#include <string.h>

#include "base/buf.h"

#define DEPTH_MAX 16		/* of values that mean nothing here */

struct parser {
	const char *at, *end;
	struct sp_arena *arena;
};

static void blanks(struct parser *p)
{
	while (p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at)
		p->at++;
}

static bool next_is(struct parser *p, char c)
{
	blanks(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* A string; of escapes only those that stand for one ASCII character, since names of
 * libraries have no others. */
static const char *string(struct parser *p)
{
	sp_autobuf struct sp_buf text = { 0 };

	if (!next_is(p, '"'))
		return NULL;
	for (; p->at < p->end && *p->at != '"'; p->at++) {
		char c = *p->at;

		if (c == '\\') {
			if (++p->at == p->end)
				return NULL;
			c = *p->at == 'n' ? '\n' : *p->at == 't' ? '\t' : *p->at;
		}
		sp_buf_addch(&text, c);
	}
	if (p->at == p->end)
		return NULL;
	p->at++;
	return sp_arena_strdup(p->arena, sp_buf_str(&text));
}

static bool skip_value(struct parser *p, int depth);

static bool skip_members(struct parser *p, char close, int depth)
{
	if (next_is(p, close))
		return true;
	do {
		if (close == '}' && (!string(p) || !next_is(p, ':')))
			return false;
		if (!skip_value(p, depth + 1))
			return false;
	} while (next_is(p, ','));
	return next_is(p, close);
}

static bool skip_value(struct parser *p, int depth)
{
	blanks(p);
	if (p->at == p->end || depth > DEPTH_MAX)
		return false;
	if (*p->at == '"')
		return string(p) != NULL;
	if (next_is(p, '['))
		return skip_members(p, ']', depth);
	if (next_is(p, '{'))
		return skip_members(p, '}', depth);
	const char *start = p->at;
	while (p->at < p->end && *p->at && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *p->at))
		p->at++;
	return p->at > start;
}

static bool sonames(struct parser *p, struct sp_dlopen_entry *entry)
{
	if (!next_is(p, '['))
		return false;
	if (next_is(p, ']'))
		return true;
	do {
		const char *name = string(p);

		if (!name)
			return false;
		if (entry->sonames_nr < SP_DLOPEN_SONAMES_MAX)
			entry->sonames[entry->sonames_nr++] = name;
	} while (next_is(p, ','));
	return next_is(p, ']');
}

static bool member(struct parser *p, struct sp_dlopen_entry *entry)
{
	const char *name = string(p);

	if (!name || !next_is(p, ':'))
		return false;
	if (strcmp(name, "soname") == 0)
		return sonames(p, entry);
	if (strcmp(name, "priority") == 0)
		return (entry->priority = string(p)) != NULL;
	if (strcmp(name, "feature") == 0)
		return (entry->feature = string(p)) != NULL;
	return skip_value(p, 0);
}

static bool object(struct parser *p, struct sp_dlopen_entry *entry)
{
	*entry = (struct sp_dlopen_entry){ .priority = "recommended" };
	if (!next_is(p, '{'))
		return false;
	if (next_is(p, '}'))
		return true;
	do {
		if (!member(p, entry))
			return false;
	} while (next_is(p, ','));
	return next_is(p, '}');
}

bool sp_dlopen_json(const char *text, size_t len, struct sp_arena *arena,
		    int (*visit)(void *ctx, const struct sp_dlopen_entry *entry,
				 struct sp_err *err),
		    void *ctx, int *ret_rc, struct sp_err *err)
{
	struct parser p = { text, text + len, arena };
	struct sp_dlopen_entry entry;

	*ret_rc = 0;
	if (!next_is(&p, '['))
		return false;
	if (next_is(&p, ']'))
		return true;
	do {
		if (!object(&p, &entry))
			return false;
		*ret_rc = visit(ctx, &entry, err);
	} while (!*ret_rc && next_is(&p, ','));
	return *ret_rc || next_is(&p, ']');
}
