/*
 * The closure: every object that the loader will map for a program, and why.
 *
 * Objects refer to each other by index; 0 is the program, and 1 its interpreter
 * if it has one.  The closure owns its strings and facts.  A library that is not
 * found is no error: it stands in missing, with every place that was tried.
 *
 *	struct sp_closure *closure;
 *	struct sp_start start = { .root = host, .path = "/home/me/app",
 *				  .image_path = "/app", .libs = host };
 *
 *	if (sp_closure_build(&start, &closure, err) == 0) {
 *		for (size_t i = 0; i < closure->objects_nr; i++)
 *			... closure->objects[i].path ...
 *		sp_closure_free(closure);
 *	}
 *
 * Two views run through all of it: path is where an object is found now, in its
 * root; image_path is where it will stand in the image.  They differ for a
 * program that is moved and for what it finds through $ORIGIN.
 */
#ifndef SP_LOADER_CLOSURE_H
#define SP_LOADER_CLOSURE_H

#include "base/map.h"
#include "base/root.h"
#include "elf/elf.h"
#include "loader/ask.h"
#include "loader/cache.h"

#define SP_OBJECTS_MAX 4096
#define SP_NO_OBJECT SIZE_MAX

/* The rule by which an object was found. */
enum sp_rule {
	SP_RULE_PROGRAM,	/* it was given */
	SP_RULE_INTERPRETER,	/* PT_INTERP */
	SP_RULE_LOADED,		/* an object of that name was there already */
	SP_RULE_PATH,		/* the name has a slash */
	SP_RULE_RPATH,
	SP_RULE_LIBRARY_PATH,	/* LD_LIBRARY_PATH of the image */
	SP_RULE_RUNPATH,
	SP_RULE_CACHE,		/* /etc/ld.so.cache */
	SP_RULE_DEFAULT,	/* built-in directories of the loader */
	SP_RULE_MUSL_PATH,	/* /etc/ld-musl-ARCH.path */
	SP_RULE_SELF,		/* musl: the loader is the C library */
	SP_RULE_PRELOAD,	/* LD_PRELOAD of the image */
	SP_RULE_VARIANT,	/* glibc-hwcaps: a better one for some CPUs */
	SP_RULE_ADDED		/* --add */
};

/* "RUNPATH", "ld.so.cache", ... */
const char *sp_rule_name(enum sp_rule rule);

/* One place that was looked at: what the loader would open, and what came of it. */
struct sp_probe {
	enum sp_rule rule;
	const char *path, *result;	/* result NULL: nothing is there */
};

/* A directory that is searched: where it is now, and in the image. */
struct sp_dir {
	struct sp_root *root;
	const char *path, *image_path;
	const char *left_out;	/* why it is not looked into, though the loader might; or NULL */
};

/* A search path in its expanded form. */
struct sp_dirs {
	bool ready;
	struct sp_dir *dirs;
	size_t dirs_nr, dirs_alloc;
};

struct sp_object {
	const char *name;	/* as it was asked for */
	const char *path;	/* as the loader opens it */
	const char *image_path;
	struct sp_root *root;
	struct sp_found found;	/* what path leads to */
	struct sp_elf *elf;
	bool borrowed;		/* elf is somebody else's (struct sp_facts) */
	size_t needed_by;	/* who asked first; SP_NO_OBJECT if nobody */
	enum sp_rule rule;
	size_t rule_of;		/* whose RPATH or RUNPATH it was, else SP_NO_OBJECT */
	bool opened;		/* asked for at run time, by dlopen() */
	const char *because;	/* ...and what for, NULL if nobody said */
	bool by_search;		/* found by a search, so musl knows it by base name */
	struct sp_dirs rpath, runpath;
};

struct sp_edge {
	size_t from, to;
	const char *name;
	enum sp_rule rule;
	/* the file was found at another path than to's, a link to it; else NULL */
	const struct sp_dir *also;
	struct sp_probe *probes;	/* with keep_probes: what was tried, in order */
	size_t probes_nr;
};

struct sp_missing {
	size_t from;
	const char *name;
	const char *why;	/* "not found", or what made the loader stop */
	struct sp_probe *probes;
	size_t probes_nr;
};

/* What should be known, and its identifier in docs/diagnoses.md. */
struct sp_remark {
	const char *id, *text;
};

/* Facts that somebody has read before: find() gives those of a file, or NULL, and is
 * asked first.  They must outlive the closure. */
struct sp_facts {
	struct sp_elf *(*find)(void *ctx, const struct sp_found *found);
	void *ctx;
};

struct sp_closure {
	struct sp_arena arena;
	struct sp_object *objects;
	size_t objects_nr, objects_alloc;
	struct sp_edge *edges;
	size_t edges_nr, edges_alloc;
	struct sp_missing *missing;
	size_t missing_nr, missing_alloc;
	/* what the loader would refuse although every file is there (versions) */
	struct sp_remark *problems;
	size_t problems_nr, problems_alloc;
	/* what should be known */
	struct sp_remark *remarks;
	size_t remarks_nr, remarks_alloc;

	struct sp_root *libs;		/* where libraries are looked for */
	struct sp_loader loader;	/* what the interpreter file says of itself */
	struct sp_cache *cache;		/* /etc/ld.so.cache of libs, or NULL */
	struct sp_dirs library_path, builtin;
	bool builtin_from_file;		/* musl: builtin was read from its path file */
	struct sp_map by_name;		/* names by which objects were asked for */
	struct sp_map by_soname;	/* glibc: what they call themselves */
	struct sp_map by_inode;		/* "dev:ino" */
	struct sp_facts known;
	const struct sp_elf_watch *watch;
	bool keep_probes;
};

/* Where a closure begins. */
struct sp_start {
	struct sp_root *root;		/* where the program is */
	const char *path;		/* in root */
	const char *image_path;		/* in the image */
	struct sp_root *libs;		/* where its loader and libraries are */
	const char *library_path;	/* LD_LIBRARY_PATH of the image, or NULL */
	const char *preload;		/* LD_PRELOAD of the image, or NULL */
	bool keep_probes;		/* for explanations: keep what searches tried */
	struct sp_facts known;
	const struct sp_elf_watch *watch;	/* for facts; or NULL.  Outlives the closure */
};

/*
 * Build the closure.  SP_EPROGRAM when the program cannot be read, its
 * interpreter is not there or is of no known kind; the roots must outlive the
 * closure.  A program without interpreter is a closure of one.
 */
SP_CHECKED int sp_closure_build(const struct sp_start *start,
				struct sp_closure **ret, struct sp_err *err);

/*
 * Add an object that will be opened at run time, as dlopen() would, with all
 * that it needs.  One that is there already is left alone.
 */
SP_CHECKED int sp_closure_add(struct sp_closure *closure, struct sp_root *root,
			      const char *path, const char *image_path,
			      struct sp_err *err);

/*
 * Add a library that the object from opens by name at run time, found by the
 * rules for dlopen() in it, with all that it needs.  *ret_found false if it is
 * not there, which is no error.
 */
SP_CHECKED int sp_closure_open(struct sp_closure *closure, size_t from, const char *name,
			       bool *ret_found, struct sp_err *err);

/*
 * The same two where it is no disaster if it cannot be: *ret_met is false, and the closure
 * is as it was, if the file cannot be read as a library, something that it needs is not
 * there, or a version.  *ret_why (may be NULL) then says what, in the closure's arena.
 * bytes_max is how much the libraries that it brings may have together, 0 for any; if they
 * have more, it is not met, and *ret_why is NULL.
 */
SP_CHECKED int sp_closure_try_add(struct sp_closure *closure, struct sp_root *root,
				  const char *path, const char *image_path,
				  uint64_t bytes_max, bool *ret_met, const char **ret_why,
				  struct sp_err *err);
SP_CHECKED int sp_closure_try_open(struct sp_closure *closure, size_t from,
				   const char *name, bool *ret_met, const char **ret_why,
				   struct sp_err *err);

/*
 * Add the glibc-hwcaps variants of every library that was found by a search, for
 * CPUs up to level ("x86-64-v3") or for "all".  The baseline stays: on a lesser
 * CPU the loader takes that.  SP_EUSAGE for a level that the loader has not.
 */
SP_CHECKED int sp_closure_add_variants(struct sp_closure *closure, const char *level,
				       struct sp_err *err);

void sp_closure_free(struct sp_closure *closure);

/*
 * Look for a definition of every strong symbol that any object asks for; those
 * without go into problems.  SP_EPROGRAM if a symbol table cannot be read.
 */
SP_CHECKED int sp_closure_check_symbols(struct sp_closure *closure, struct sp_err *err);

/*
 * What would go if a direct dependency of the program went: bytes and objects
 * that only this edge leads to.  edge is an index; its from is 0.
 */
struct sp_cause {
	size_t edge, objects;
	uint64_t bytes;
};
size_t sp_closure_causes(const struct sp_closure *closure, struct sp_arena *arena,
			 struct sp_cause **ret);

/* Is it whole: nothing missing, no problem? */
bool sp_closure_complete(const struct sp_closure *closure);

/*
 * Fail with SP_EPROGRAM and a message that names the first missing library, who
 * needs it and every place that was tried, if the closure is not complete.
 */
SP_CHECKED int sp_closure_check(const struct sp_closure *closure, struct sp_err *err);

#endif
