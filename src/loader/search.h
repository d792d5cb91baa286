/*
 * What the rules of glibc and musl are made of: expanding search paths, trying
 * candidates.  Private to loader/.
 */
#ifndef SP_LOADER_SEARCH_H
#define SP_LOADER_SEARCH_H

#include "loader/closure.h"

/* What came of trying one candidate. */
enum sp_try {
	SP_TRY_ABSENT,		/* nothing there, or not for this program: go on */
	SP_TRY_TAKEN,		/* found; *ret_object says which object it is */
	SP_TRY_FATAL		/* the loader stops here; why is set */
};

/* One search: who asks for which name, and what has been tried. */
struct sp_search {
	struct sp_closure *closure;
	size_t from;			/* SP_NO_OBJECT for LD_PRELOAD */
	const char *name;
	const char *known_as;		/* glibc: the name with its tokens expanded */
	enum sp_rule rule;		/* of the phase that is running */
	size_t rule_of;			/* whose list it is, or SP_NO_OBJECT */
	bool by_search;
	struct sp_probe *probes;
	size_t probes_nr, probes_alloc;
	size_t object;			/* the result, SP_NO_OBJECT so far */
	bool list_ends;			/* no more directories of this list are looked at */
	const struct sp_dir *also;	/* where it was found, if it was loaded from elsewhere */
	const char *why;		/* set when the loader would stop */
};

/*
 * Try one candidate: where it is now and where it would be in the image.  A file
 * that becomes an object is read and added to the closure.  Returns -1 only for
 * errors of ours (reading failed); the loader's own verdict is in *ret.
 */
SP_CHECKED int sp_search_try(struct sp_search *s, const struct sp_dir *candidate,
			     enum sp_try *ret, struct sp_err *err);

/* Try the name in each directory of a list, in order. */
SP_CHECKED int sp_search_dirs(struct sp_search *s, const struct sp_dirs *dirs,
			      enum sp_try *ret, struct sp_err *err);

/* Read the object at path and put it into the closure without any search. (closure.c) */
SP_CHECKED int sp_closure_push_file(struct sp_closure *closure, struct sp_object *object,
				    size_t *ret_index, struct sp_err *err);

/* Find one name for one object (SP_NO_OBJECT: for LD_PRELOAD), and note the edge, or
 * unless it may lack, the lack of it.  (closure.c) */
SP_CHECKED int sp_closure_need(struct sp_closure *closure, size_t from, const char *name,
			       bool may_lack, struct sp_err *err);

/* Find what the objects from that one on need, and what those need.  (closure.c) */
SP_CHECKED int sp_closure_work(struct sp_closure *closure, size_t from,
			       struct sp_err *err);

/* How tokens are treated; the two loaders differ, and musl has lists in which no
 * token means anything (its path file, LD_LIBRARY_PATH). */
enum sp_tokens { SP_TOKENS_GLIBC, SP_TOKENS_MUSL, SP_TOKENS_MUSL_NONE };

/* Does a needed name have a token of glibc's in it? */
bool sp_search_has_token(const char *name);

/*
 * Expand a search path as written in the object owner (SP_NO_OBJECT for one that
 * comes from the environment) into directories.
 */
void sp_search_expand(struct sp_closure *closure, size_t owner, const char *list,
		      const char *separators, enum sp_tokens how, struct sp_dirs *ret);

/* Expand one string (a NEEDED name with a slash); NULL if it loses its meaning. */
const struct sp_dir *sp_search_expand_one(struct sp_closure *closure, size_t owner,
					  const char *text, enum sp_tokens how);

/* Where the build for CPUs of this level would be of the library at path. */
const char *sp_search_variant(struct sp_closure *closure, const char *path,
			      const char *level);

void sp_search_remark(struct sp_closure *closure, const char *id, const char *fmt, ...)
	SP_PRINTF(3, 4);

/* Note what the loader would refuse; the text is the closure's. */
void sp_search_problem(struct sp_closure *closure, const char *id, const char *text);

/* Add an object to the closure (after all checks) and return its index. */
size_t sp_closure_push(struct sp_closure *closure, const struct sp_object *object);

/* Read the object that is described up to its path, put it into the closure, and
 * then all that it needs. */
SP_CHECKED int sp_closure_load(struct sp_closure *closure, struct sp_object *object,
			       struct sp_err *err);

/* The two loaders: find name for the object from.  s->object is the result. */
SP_CHECKED int sp_glibc_find(struct sp_search *s, struct sp_err *err);
/* Is this the name of what the kernel maps into every process, and no file is? */
bool sp_glibc_has_vdso(const struct sp_closure *closure, const char *name);

/* Say why it was not found, if there is more to say: glibc, builds for some CPUs. */
SP_CHECKED int sp_glibc_explain(struct sp_search *s, struct sp_err *err);
SP_CHECKED int sp_musl_find(struct sp_search *s, struct sp_err *err);

/* glibc: every version need met by the object bound to that name, for the objects
 * that came since from; and the one that relocations need. */
void sp_glibc_check_versions(struct sp_closure *closure, size_t from);

/* The same for what the version of musl knows of. */
void sp_musl_check_relocations(struct sp_closure *closure, size_t from);

#endif
