/*
 * scratchpack.h - turn a compiled program into a container image.
 *
 * This is the installed face of libscratchpack.  The scratchpack command is
 * written on it and on nothing else of the library's inside.
 *
 * The calling sequence is the same for every operation:
 *
 *	struct sp_err err = { 0 };
 *	struct scratchpack *job = scratchpack_new();
 *
 *	if (scratchpack_set(job, "program", "./myapp", &err) ||
 *	    scratchpack_set(job, "output", "myapp.tar", &err) ||
 *	    scratchpack_pack(job, &err))
 *		fprintf(stderr, "%s\n", err.msg);
 *	else
 *		puts(scratchpack_report(job));	// JSON: results, plan, notes
 *	scratchpack_free(job);
 *
 * The library prints nothing and reads no environment, clock or locale; what it
 * noticed comes back in the report.  Two things follow from its being written
 * for a command: it ends the process when memory runs out, and it expects
 * SIGPIPE to be ignored.  A job belongs to one thread at a time, except for
 * scratchpack_cancel().
 */
#ifndef SCRATCHPACK_H
#define SCRATCHPACK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCRATCHPACK_VERSION "0.1.0"

#if defined(__GNUC__)
#define SP_API __attribute__((visibility("default")))
#else
#define SP_API
#endif

/* What went wrong, by class.  The command's exit codes are these numbers. */
enum sp_code {
	SP_OK = 0,
	SP_EFAIL = 1,		/* none of the others */
	SP_EUSAGE = 2,		/* an option, or two that contradict each other */
	SP_EPROGRAM = 3,	/* the program cannot be packed */
	SP_ECHANGED = 4,	/* input changed under us, or a digest is not what it should be */
	SP_ENETWORK = 5,	/* network, registry or engine */
	SP_EAUTH = 6,		/* authentication */
	SP_EVERIFY = 7,		/* an image is not what it claims to be */
	SP_EOUTPUT = 8,		/* output could not be written */
	SP_ECANCELLED = 9	/* scratchpack_cancel() was called (exit code 128+signal) */
};

/*
 * One failure.  The caller owns it; zero it before the first call.  A call that
 * succeeds leaves it alone.  The message is one line without a full stop, reads
 * from the general to the particular and is large because truncation would cut
 * the innermost cause.  Bytes of file names appear as they are.
 */
struct sp_err {
	enum sp_code code;
	char id[32];		/* of a diagnosis (docs/diagnoses.md), for scripts; else "" */
	char msg[4096];
};

/* What a running operation is doing; sizes in bytes, total 0 when unknown. */
struct sp_progress {
	const char *phase;	/* "analyse", "layer", "load", "verify" */
	const char *item;	/* what is being worked on, or NULL */
	uint64_t done, total;
};

struct scratchpack;		/* one job: options in, a report out */

/* A new job without options.  Never fails; free it with scratchpack_free(). */
SP_API struct scratchpack *scratchpack_new(void);

/* Release a job and the report it owns.  NULL is allowed. */
SP_API void scratchpack_free(struct scratchpack *job);

/*
 * Set an option by the long name it has on the command line, without dashes:
 * "program" (repeatable), "output", "tag", "env", ...  Repeatable options append.
 * A switch takes NULL for value.  Both strings are copied.
 * Returns 0, or -1 with SP_EUSAGE for an unknown name or a malformed value.
 */
SP_API int scratchpack_set(struct scratchpack *job, const char *name,
			   const char *value, struct sp_err *err);

/*
 * Call fn with progress now and then, from the thread that runs the operation.
 * The argument is valid during the call only.  fn NULL turns it off.
 */
SP_API void scratchpack_on_progress(struct scratchpack *job,
				    void (*fn)(void *ctx, const struct sp_progress *),
				    void *ctx);

/*
 * Call fn with a line of text that a user may want to read while the operation runs:
 * a warning of a registry, or with "explain-auth" where credentials come from.  The
 * text is valid during the call only, and may come from another thread.
 */
SP_API void scratchpack_on_note(struct scratchpack *job,
				void (*fn)(void *ctx, const char *text), void *ctx);

/*
 * Ask the running operation to stop; it fails soon with SP_ECANCELLED, having
 * removed what it had begun.  Safe in a signal handler and from other threads.
 */
SP_API void scratchpack_cancel(struct scratchpack *job);

/*
 * The operations.  Each returns 0, or -1 with err filled in, whose class is the kind of
 * failure (below: those that are particular to it; each may also fail with SP_EUSAGE for
 * options that contradict each other, and with SP_ECANCELLED).  Each begins by releasing
 * the report of the one before, and may be called again with the same job.  Strings that
 * are passed in stay the caller's and are not kept; sizes in reports are in bytes, times
 * in options as on the command line ("30s", "5m").
 */

/*
 * Analyse the programs and say what an image of them would hold, without writing
 * anything; "output" is not looked at.  The report's "programs" has an object for each:
 * facts, "plan" (entries by path, each with its reason), "needs", "notes".  SP_EPROGRAM
 * if one cannot be packed, SP_ECHANGED if one changed meanwhile; where the plan stands but
 * would not start, the report has it and an "error" too.  With "from" or "base" also the
 * errors of scratchpack_verify() and of registries.
 */
SP_API int scratchpack_plan(struct scratchpack *job, struct sp_err *err);

/*
 * Plan, prove and write the image to every "output", and to no one of them if that fails
 * before all are prepared.  The report has "results": one object a destination with
 * "name", "digest" and "destination"; "layers"; and of each program the facts, sizes and
 * notes, without the plan.  The errors of scratchpack_plan(), SP_EUSAGE without an
 * "output", SP_EOUTPUT if a file, SP_ENETWORK or SP_EAUTH if a registry or engine does
 * not take the image.  There is no report of a failure.
 */
SP_API int scratchpack_pack(struct scratchpack *job, struct sp_err *err);

/*
 * Describe the one program of the job: facts, closure, plan, floors, notes.
 * An incomplete closure is reported in full and fails with SP_EPROGRAM; where there is none,
 * as without a loader, the report has what the file says of itself: "program", "needed".
 */
SP_API int scratchpack_inspect(struct scratchpack *job, struct sp_err *err);

/*
 * Check every digest, document and layer of an image: a layout directory, an
 * OCI archive or a docker archive, also one that another tool wrote.  Fails
 * with SP_EVERIFY if anything is wrong; the report lists all "problems".
 */
SP_API int scratchpack_verify(struct scratchpack *job, const char *image,
			      struct sp_err *err);

/*
 * The same, and what the image is made of: its "config", and as "program" what
 * scratchpack_inspect() says of the program that it starts (an "error" in there if that
 * cannot be told, which is no failure).
 */
SP_API int scratchpack_inspect_image(struct scratchpack *job, const char *image,
				     struct sp_err *err);

/*
 * Copy an image, byte for byte, to every "output": from an archive, a layout, an engine
 * or a registry ("docker://NAME").  An index is copied whole, or with "platform" that
 * one image of it.  The report has "results", as that of scratchpack_pack().
 */
SP_API int scratchpack_copy(struct scratchpack *job, const char *image,
			    struct sp_err *err);

/*
 * Make one multi-platform index of several images and write it with them to every
 * "output".  Each image is for a platform of its own; SP_EUSAGE if two are for the
 * same one.  The report has "results".
 */
SP_API int scratchpack_index(struct scratchpack *job, const char *const *images, int nr,
			     struct sp_err *err);

/*
 * What the repository NAME ("ghcr.io/me/app", with "docker://" before it or not) has: the
 * report's "tags" are the names of its tags in the registry's order, "name" is NAME as
 * people write it.  SP_EUSAGE if NAME is none or has a tag, SP_ENETWORK if there is no such
 * repository or no answer, SP_EAUTH if it may not be seen.
 */
SP_API int scratchpack_tags(struct scratchpack *job, const char *name, struct sp_err *err);

/*
 * What refers to the image NAME in a registry (signatures, SBOMs): the report's
 * "referrers" are descriptors, "from" says whether the registry listed them ("api") or
 * a tag did ("tag"), "digest" which image NAME stands for.  Without a tag or digest
 * that is "latest".  None is an empty list; SP_ENETWORK if there is no such image, or no
 * answer, SP_EAUTH if it may not be seen, SP_EVERIFY if what came is no list.
 */
SP_API int scratchpack_referrers(struct scratchpack *job, const char *name,
				 struct sp_err *err);

/*
 * Keep "username" and "password" for a registry ("ghcr.io", "localhost:5000"), after
 * seeing whether it takes them: in "authfile", or where docker and podman look for them,
 * which is found by "host-env" (HOME, DOCKER_CONFIG, ...) and may be a helper program that
 * is run; or forget what is kept.  Of the report "registry" is its name, "where" says for
 * people where that is.  Login: SP_EUSAGE without both options, SP_EAUTH if the registry
 * does not take them, SP_ENETWORK if it cannot be asked; then nothing was kept.
 * Logout asks no registry; SP_EFAIL if nothing is kept for it.
 */
SP_API int scratchpack_login(struct scratchpack *job, const char *registry,
			     struct sp_err *err);
SP_API int scratchpack_logout(struct scratchpack *job, const char *registry,
			      struct sp_err *err);

/*
 * The report of the last operation, a JSON object as UTF-8 text, or NULL when
 * there is none.  It belongs to the job and lives until the next operation.
 */
SP_API const char *scratchpack_report(struct scratchpack *job);

/* The version of the library, as in "0.1.0". */
SP_API const char *scratchpack_version(void);

/* The libraries that decide compressed bytes: "libdeflate/1.14 zstd/1.5.4". */
SP_API const char *scratchpack_compressors(void);

#ifdef __cplusplus
}
#endif

#endif
