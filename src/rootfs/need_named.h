/*
 * Who names things, shared by the parts of need_named.c.
 */
#ifndef SP_ROOTFS_NEED_NAMED_H
#define SP_ROOTFS_NEED_NAMED_H

#include "rootfs/evidence.h"

struct sp_names;

struct namer {
	struct sp_needs *n;
	struct sp_closure *closure;
	size_t index;
	unsigned uses;			/* SP_USE_* */
	bool program;			/* the program, not a library */
	struct sp_reach reach;		/* how far away it is */
	const char *by;			/* its path in the image */
};

/* A path that who names: taken if it is there and its own, reported if it is shared.  how
 * says in what way ("names"); of a pattern only a directory counts. */
SP_CHECKED int sp_need_named_path(struct namer *who, const char *path, bool pattern,
				  const char *how, struct sp_err *err);

/* How much what it names counts. */
enum sp_strength sp_namer_strength(const struct namer *who);
const struct sp_object *sp_namer_object(const struct namer *who);

/* need_beside.c: a path that is counted from the object's own place. */
SP_CHECKED int sp_need_relative_path(struct namer *who, const char *text, struct sp_err *err);
/* By custom a library keeps its plugins and data beside itself under its name. */
SP_CHECKED int sp_need_named_like(struct namer *who, struct sp_err *err);
/* A program in a directory of its own finds the rest of it from where it is, real. */
SP_CHECKED int sp_need_home(struct namer *who, const char *real, struct sp_err *err);

/* The names in a directory of the root of libraries, which is listed once only.  One that
 * we may not list has none, and a note says so: nobody asked for what is there. */
void sp_need_list(struct namer *who, const char *dir, const char *const **ret,
		  size_t *ret_nr);

/* need_started.c: programs that it starts by a bare name. */
SP_CHECKED int sp_need_started(struct namer *who, const struct sp_names *names,
			       struct sp_err *err);

/* need_joined.c: what who names in parts. */
SP_CHECKED int sp_need_joined(struct namer *who, const struct sp_names *names,
			      struct sp_err *err);

/* need_versions.c: directories of one version, of which who names several parts. */
SP_CHECKED int sp_need_versions(struct namer *who, const struct sp_names *names,
				struct sp_err *err);

/* need_configured.c: the modules that configuration at path names, a file or tree that
 * who has brought. */
SP_CHECKED int sp_need_configured(struct namer *who, const char *path, struct sp_err *err);

/* need_configured.c: what the configuration names that came into the plan since the last
 * call, by the user or otherwise; who is the program. */
SP_CHECKED int sp_need_texts(struct namer *who, struct sp_err *err);

#endif
