/*
 * Search paths as written -> directories: $ORIGIN, $LIB, $PLATFORM, empty and
 * relative elements.
 *
 * glibc: expand_dynamic_string_token() and fillin_rpath() in elf/dl-load.c.
 * musl: fixup_rpath() in ldso/dynlink.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/vec.h"
#include "loader/search.h"

void sp_search_remark(struct sp_closure *closure, const char *id, const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < closure->remarks_nr; i++)
		if (strcmp(closure->remarks[i].text, text) == 0)
			return;
	*SP_VEC_PUSH(closure->remarks) = (struct sp_remark){
		.id = id,
		.text = sp_arena_strdup(&closure->arena, text),
	};
}

void sp_search_problem(struct sp_closure *closure, const char *id, const char *text)
{
	*SP_VEC_PUSH(closure->problems) = (struct sp_remark){ .id = id, .text = text };
}

/*
 * The directory that $ORIGIN stands for, in both views.  A library: that of the
 * path as it was found, links kept.  The program: that of its real file, since
 * the loader reads it from /proc/self/exe.
 */
static struct sp_dir origin_of(struct sp_closure *closure, size_t owner)
{
	const struct sp_object *o = &closure->objects[owner];
	bool moved = strcmp(o->path, o->image_path) != 0;
	bool program = o->rule == SP_RULE_PROGRAM;
	const char *now = program ? o->found.real : o->path;
	const char *then = moved ? o->image_path : now;

	return (struct sp_dir){
		.root = o->root,
		.path = sp_path_dirname(&closure->arena, now),
		.image_path = sp_path_dirname(&closure->arena, then),
	};
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

/* Does the text at p, behind a '$', begin with this token?  Gives its length.
 * glibc takes the longest identifier, for which $ORIGINAL is no token; musl reads
 * $ORIGIN and goes on with AL. */
static size_t token(const char *p, const char *name, enum sp_tokens how)
{
	size_t len = strlen(name);

	if (p[0] == '{')
		return strncmp(p + 1, name, len) == 0 && p[len + 1] == '}' ? len + 2 : 0;
	if (strncmp(p, name, len) != 0)
		return 0;
	return how == SP_TOKENS_MUSL || !name_char(p[len]) ? len : 0;
}

bool sp_search_has_token(const char *name)
{
	for (const char *p = name; (p = strchr(p, '$')); p++)
		if (token(p + 1, "ORIGIN", SP_TOKENS_GLIBC) ||
		    token(p + 1, "LIB", SP_TOKENS_GLIBC) ||
		    token(p + 1, "PLATFORM", SP_TOKENS_GLIBC))
			return true;
	return false;
}

/* One element with its tokens replaced, in both views. */
struct expansion {
	struct sp_buf now, then;
	struct sp_root *root;
};

static void expansion_release(struct expansion *e)
{
	sp_buf_release(&e->now);
	sp_buf_release(&e->then);
}

static void put(struct expansion *e, const char *now, const char *then)
{
	sp_buf_addstr(&e->now, now);
	sp_buf_addstr(&e->then, then);
}

/* How $ORIGIN reads when it is dir.  "/" is the odd one: before a slash of its own
 * it is left out, which means the same; to musl it is always the empty text. */
static const char *origin_text(const char *dir, char next, enum sp_tokens how)
{
	if (strcmp(dir, "/") != 0)
		return dir;
	return how == SP_TOKENS_GLIBC && next != '/' ? "/" : "";
}

/* Replace the token at p (behind '$'); 0 if there is none here, and *drop when
 * the whole element falls away. */
static size_t replace(struct sp_closure *closure, size_t owner, const char *p,
		      enum sp_tokens how, struct expansion *e, bool *drop)
{
	size_t len = how == SP_TOKENS_MUSL_NONE ? 0 : token(p, "ORIGIN", how);

	if (len) {
		/* in a list from the environment it is the program's */
		struct sp_dir origin =
			origin_of(closure, owner == SP_NO_OBJECT ? 0 : owner);

		e->root = origin.root;
		put(e, origin_text(origin.path, p[len], how),
		    origin_text(origin.image_path, p[len], how));
		return len;
	}
	if (how != SP_TOKENS_GLIBC)
		return 0;
	len = token(p, "LIB", how);
	if (len) {
		put(e, closure->loader.lib, closure->loader.lib);
		return len;
	}
	len = token(p, "PLATFORM", how);
	if (len) {
		*drop = true;
		sp_search_remark(closure, "platform-token",
				 "%s searches a directory by $PLATFORM, which depends on the CPU it will run on; that directory is left out",
				 owner == SP_NO_OBJECT ? "LD_LIBRARY_PATH" :
							 closure->objects[owner].path);
	}
	return len;
}

/* Expand text of len bytes; false if the element is dropped. */
static bool expand(struct sp_closure *closure, size_t owner, const char *text,
		   size_t len, enum sp_tokens how, struct expansion *e)
{
	sp_autofree char *copy = sp_strndup(text, len);
	bool drop = false;

	e->root = closure->libs;
	for (const char *p = copy; *p;) {
		size_t plain = strcspn(p, "$");

		sp_buf_add(&e->now, p, plain);
		sp_buf_add(&e->then, p, plain);
		p += plain;
		if (!*p)
			break;
		size_t used = replace(closure, owner, p + 1, how, e, &drop);
		if (drop)
			return false;
		if (!used)
			put(e, "$", "$");
		p += 1 + used;
	}
	/* musl skips an element that has become empty */
	return how == SP_TOKENS_GLIBC || (e->now.len && e->then.len);
}

/* Is it an absolute path, now and in the image? */
static bool absolute(const struct expansion *e)
{
	return sp_buf_str(&e->now)[0] == '/' && sp_buf_str(&e->then)[0] == '/';
}

static void add_dir(struct sp_closure *closure, struct expansion *e, struct sp_dirs *ret)
{
	*SP_VEC_PUSH(ret->dirs) = (struct sp_dir){
		.root = e->root,
		.path = sp_arena_strdup(&closure->arena, sp_buf_str(&e->now)),
		.image_path = sp_arena_strdup(&closure->arena, sp_buf_str(&e->then)),
	};
}

/* An element as it is written, for those who ask where a library was looked for. */
static void leave_out(struct sp_closure *closure, const char *text, size_t len,
		      const char *why, struct sp_dirs *ret)
{
	const char *path = len ? sp_arena_strndup(&closure->arena, text, len) : ".";

	*SP_VEC_PUSH(ret->dirs) = (struct sp_dir){
		.root = closure->libs, .path = path, .image_path = path, .left_out = why,
	};
}

/* musl drops a whole list that has any token but $ORIGIN. */
static bool musl_refuses(const char *list)
{
	for (const char *p = list; (p = strchr(p, '$')); p++)
		if (strncmp(p + 1, "ORIGIN", 6) != 0 && strncmp(p + 1, "{ORIGIN}", 8) != 0)
			return true;
	return false;
}

/*
 * An empty or relative element means the current directory of the process.  In
 * an image that is its working directory, which nobody can promise to keep.
 */
static void relative(struct sp_closure *closure, size_t owner, const char *list,
		     const char *text, size_t len, struct sp_dirs *ret)
{
	leave_out(closure, text, len, "depends on the current directory", ret);
	sp_search_remark(closure, "relative-search-path",
			 "%s searches for libraries in the current directory (\"%s\" has an empty or relative element); it is left out, since it works in one working directory only",
			 owner == SP_NO_OBJECT ? "LD_LIBRARY_PATH" :
						 closure->objects[owner].path, list);
}

void sp_search_expand(struct sp_closure *closure, size_t owner, const char *list,
		      const char *separators, enum sp_tokens how, struct sp_dirs *ret)
{
	ret->ready = true;
	if (!*list || (how == SP_TOKENS_MUSL && musl_refuses(list)))
		return;
	for (const char *p = list;; p++) {
		SP_CLEANUP(expansion_release) struct expansion e = { 0 };
		size_t len = strcspn(p, separators);

		if (!len) {
			/* musl skips empty elements, glibc takes them for "." */
			if (how == SP_TOKENS_GLIBC)
				relative(closure, owner, list, p, len, ret);
		} else if (expand(closure, owner, p, len, how, &e)) {
			if (absolute(&e))
				add_dir(closure, &e, ret);
			else
				relative(closure, owner, list, p, len, ret);
		} else if (how == SP_TOKENS_GLIBC) {
			leave_out(closure, p, len, "depends on the CPU", ret);
		}
		p += len;
		if (!*p)
			return;
	}
}

const struct sp_dir *sp_search_expand_one(struct sp_closure *closure, size_t owner,
					  const char *text, enum sp_tokens how)
{
	SP_CLEANUP(expansion_release) struct expansion e = { 0 };
	struct sp_dir *dir;

	if (!expand(closure, owner, text, strlen(text), how, &e) || !absolute(&e))
		return NULL;
	dir = sp_arena_alloc(&closure->arena, sizeof(*dir));
	dir->root = e.root;
	dir->path = sp_arena_strdup(&closure->arena, e.now.data);
	dir->image_path = sp_arena_strdup(&closure->arena, e.then.data);
	return dir;
}
