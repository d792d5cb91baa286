/*
 * A closure as a tree: each object once, below the one that asked first, so the
 * text is linear in the number of objects.
 */
#include <string.h>

#include "base/buf.h"
#include "cli/cli.h"

struct tree {
	FILE *out;
	bool color;
	const struct sp_json **objects;
	size_t *parent, *first_child, *next, nr;
	const struct sp_json *missing;
};

#define NONE ((size_t)-1)

/* From so many modules of one directory on, one line stands for all. */
#define MODULES_MIN 4

/* Link each object to its parent. */
static void link_objects(struct tree *t)
{
	for (size_t i = 0; i < t->nr; i++)
		t->parent[i] = t->first_child[i] = t->next[i] = NONE;
	/* from the last on, so that each child comes before those after it */
	for (size_t i = t->nr; i-- > 0;) {
		int64_t parent;

		if (!sp_json_int(t->objects[i], "parent", &parent))
			continue;
		t->parent[i] = (size_t)parent;
		t->next[i] = t->first_child[parent];
		t->first_child[parent] = i;
	}
}

static void print_object(const struct tree *t, size_t i)
{
	const struct sp_json *o = t->objects[i];
	const char *name = sp_json_str(o, "name"), *path = sp_json_str(o, "path");
	const char *of = sp_json_str(o, "found_by_object");

	cli_print_safe(t->out, name);
	if (strcmp(name, path) != 0) {
		fputs(" => ", t->out);
		cli_print_safe(t->out, path);
	}
	fprintf(t->out, "%s [%s", t->color ? "\033[2m" : "", sp_json_str(o, "found_by"));
	if (of) {
		fputs(" of ", t->out);
		cli_print_safe(t->out, of);
	}
	fprintf(t->out, "]%s\n", t->color ? "\033[0m" : "");
}

/* The next name that object i misses after m (NULL: the first). */
static const struct sp_json *next_missing(const struct tree *t, size_t i,
					  const struct sp_json *m)
{
	const char *path = sp_json_str(t->objects[i], "path");

	for (m = m ? sp_json_next(m) : sp_json_first(t->missing); m; m = sp_json_next(m)) {
		const char *by = sp_json_str(m, "needed_by");

		if (by && strcmp(by, path) == 0)
			return m;
	}
	return NULL;
}

static void print_branch(const struct tree *t, const struct sp_buf *indent, bool more)
{
	fputs(sp_buf_str(indent), t->out);
	fputs(more ? "├── " : "└── ", t->out);
}

static void print_below(const struct tree *t, size_t i, struct sp_buf *indent)
{
	const struct sp_json *m = next_missing(t, i, NULL);

	for (size_t c = t->first_child[i]; c != NONE; c = t->next[c]) {
		bool more = t->next[c] != NONE || m;
		size_t len = indent->len;

		print_branch(t, indent, more);
		print_object(t, c);
		sp_buf_addstr(indent, more ? "│   " : "    ");
		print_below(t, c, indent);
		indent->len = len;
		indent->data[len] = '\0';
	}
	while (m) {
		const struct sp_json *after = next_missing(t, i, m);

		print_branch(t, indent, after);
		cli_print_safe(t->out, sp_json_str(m, "name"));
		fprintf(t->out, " => %s", t->color ? "\033[1;31m" : "");
		cli_print_safe(t->out, sp_json_str(m, "why"));
		fprintf(t->out, "%s\n", t->color ? "\033[0m" : "");
		m = after;
	}
}

static void print_head(FILE *out, const struct sp_json *p)
{
	const char *libc = sp_json_str(p, "libc"), *version = sp_json_str(p, "libc_version");
	const char *language = sp_json_str(p, "language_version");

	cli_print_safe(out, sp_json_str(p, "path"));
	fprintf(out, ": %s, %s", sp_json_str(p, "kind"), sp_json_str(p, "platform"));
	if (libc)
		fprintf(out, ", %s%s%s", libc, version ? " " : "", version ? version : "");
	if (language) {
		fputs(", ", out);
		cli_print_safe(out, language);
	}
	fputc('\n', out);
}

/* How many objects from i on are modules of one directory that nobody asked for,
 * with nothing missing. */
static size_t count_modules(const struct tree *t, size_t i)
{
	const char *first = sp_json_str(t->objects[i], "path");
	const char *slash = strrchr(first, '/');
	size_t len = slash ? (size_t)(slash - first) + 1 : 0, n = 0;

	for (; i < t->nr; i++) {
		const char *path = sp_json_str(t->objects[i], "path");

		if (t->parent[i] != NONE)
			continue;	/* a library of one of them */
		if (strncmp(path, first, len) != 0 || strchr(path + len, '/') ||
		    next_missing(t, i, NULL))
			break;
		n++;
	}
	return n;
}

/* A directory of modules in one line; returns the last object that it told of. */
static size_t print_modules(const struct tree *t, size_t i, size_t nr)
{
	const char *path = sp_json_str(t->objects[i], "path");
	size_t last = i;
	sp_autofree char *dir = sp_strndup(path, (size_t)(strrchr(path, '/') - path));

	for (size_t n = 0; n < nr; last++)
		n += t->parent[last] == NONE;
	cli_print_safe(t->out, dir);
	fprintf(t->out, ": %zu modules %s[%s; -v shows each]%s\n", nr,
		t->color ? "\033[2m" : "", sp_json_str(t->objects[i], "found_by"),
		t->color ? "\033[0m" : "");
	return last - 1;
}

/* One closure.  with_program: the program gets a line of its own, below which
 * the rest is indented. */
static void print_closure(FILE *out, const struct sp_json *closure, bool with_program,
			  bool color, bool all)
{
	const struct sp_json *objects = sp_json_get(closure, "objects");
	struct sp_arena arena = { 0 };
	sp_autobuf struct sp_buf indent = { 0 };
	size_t nr = sp_json_len(objects), i = 0;
	struct tree t = {
		.out = out, .color = color, .nr = nr,
		.objects = sp_arena_alloc(&arena, nr * sizeof(*t.objects)),
		.parent = sp_arena_alloc(&arena, nr * sizeof(size_t)),
		.first_child = sp_arena_alloc(&arena, nr * sizeof(size_t)),
		.next = sp_arena_alloc(&arena, nr * sizeof(size_t)),
		.missing = sp_json_get(closure, "missing"),
	};

	for (const struct sp_json *o = sp_json_first(objects); o; o = sp_json_next(o))
		t.objects[i++] = o;
	link_objects(&t);
	/* objects that nobody asked for: the program, and what was added */
	for (i = 0; i < nr; i++) {
		if (t.parent[i] != NONE)
			continue;
		size_t modules = i && !all ? count_modules(&t, i) : 0;
		if (modules >= MODULES_MIN) {
			i = print_modules(&t, i, modules);
			continue;
		}
		if (i || with_program)
			print_object(&t, i);
		print_below(&t, i, &indent);
	}
	sp_arena_release(&arena);
}

static void print_scripts(FILE *out, const struct sp_json *scripts)
{
	for (const struct sp_json *s = sp_json_first(scripts); s; s = sp_json_next(s)) {
		const char *argument = sp_json_str(s, "argument");

		cli_print_safe(out, sp_json_str(s, "path"));
		fputs(" is run by ", out);
		cli_print_safe(out, sp_json_str(s, "interpreter"));
		if (argument) {
			fputc(' ', out);
			cli_print_safe(out, argument);
		}
		fputc('\n', out);
	}
}

void cli_print_glance(FILE *out, const struct sp_json *program)
{
	const struct sp_json *needed = sp_json_get(program, "needed");
	const char *loader = sp_json_str(sp_json_get(program, "program"), "interpreter");

	print_head(out, sp_json_get(program, "program"));
	if (loader) {
		fputs("loader ", out);
		cli_print_safe(out, loader);
		fputc('\n', out);
	}
	for (const struct sp_json *n = sp_json_first(needed); n; n = sp_json_next(n)) {
		fputs("needs ", out);
		cli_print_safe(out, sp_json_str(n, NULL));
		fputc('\n', out);
	}
}

void cli_print_tree(FILE *out, const struct sp_json *program, bool color, bool all)
{
	const struct sp_json *scripts = sp_json_get(program, "scripts");
	const struct sp_json *others = sp_json_get(program, "others");

	print_head(out, sp_json_get(program, "program"));
	print_scripts(out, scripts);
	print_closure(out, program, sp_json_len(scripts) > 0, color, all);
	for (const struct sp_json *o = sp_json_first(others); o; o = sp_json_next(o))
		print_closure(out, o, true, color, all);
}
