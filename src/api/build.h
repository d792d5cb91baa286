/*
 * One run: the options, the roots, and a target for each program.  Private to
 * api/.
 */
#ifndef SP_API_BUILD_H
#define SP_API_BUILD_H

#include "api/opened.h"
#include "api/options.h"
#include "elf/platform.h"
#include "image/json.h"
#include "rootfs/rootfs.h"
#include "transport/registry.h"
#include "transport/transport.h"

struct scratchpack {
	struct sp_options options;
	void (*progress)(void *ctx, const struct sp_progress *);
	void *progress_ctx;
	volatile sig_atomic_t cancelled;
	struct sp_json *document;		/* the report, and its text when asked for */
	char *report;
	bool brief;			/* document.h */
	void (*note)(void *ctx, const char *text);
	void *note_ctx;
	struct sp_strings mount_from;	/* full names of repositories: sp_job_name() */
	const char *domain;		/* of the first registry that was named */
	struct sp_registry_options registry;	/* both by sp_job_transport() */
	struct sp_transport_options transport;
};

/* A program on its way to become one platform of the image. */
struct sp_target {
	const char *given;		/* as the user wrote it */
	struct sp_root *root;
	const char *path;		/* in root */
	const char *image_path;
	struct sp_rootfs *rootfs;
	struct sp_platform platform;
	struct sp_config config;
	struct sp_opened base;		/* --base: stored NULL if there is none */
	struct sp_root *over;		/* base over build->libs, or NULL */
	struct sp_root *libs;		/* one of the two: where libraries are looked for */
	struct sp_layer *layers;	/* those of the base, then ours */
	size_t layers_nr, layers_alloc;
};

/* A file that some --trace used. */
struct sp_used {
	const char *path;		/* as the processes named it */
	const char *real;		/* where that is, or NULL: it is gone */
	const char *command;		/* which used it first */
	const char *unwanted;		/* why it stays out, or NULL */
	unsigned uses;			/* enum sp_use, of all runs */
	bool is_file;			/* no directory, device, ... */
};

/* What the runs of --trace used, each file once. */
struct sp_usage {
	struct sp_used *files;
	size_t files_nr, files_alloc;
	struct sp_map by_path;
	struct sp_map written;		/* real paths that a run wrote */
	struct sp_note *notes;		/* for the plan, when there is one */
	size_t notes_nr, notes_alloc;
};

struct sp_build {
	struct sp_arena arena;
	struct scratchpack *job;
	struct sp_options *o;
	struct sp_root *host, *libs;	/* one and the same without --sysroot and --from */
	struct sp_opened from;		/* --from: stored NULL if there is none */
	struct sp_target *targets;
	size_t targets_nr, targets_alloc;
	struct sp_add *adds;
	size_t adds_nr, adds_alloc;
	struct sp_ref *refs;
	size_t refs_nr, refs_alloc;
	struct sp_strings own;		/* files that are written, by their real names */
	struct sp_usage usage;
	struct sp_stages *stages;	/* --file; see stages.h */
	bool explain;			/* keep what searches tried, for the report */
};

/* Open the roots, find the programs, plan each; nothing is proved yet. */
SP_CHECKED int sp_build_open(struct sp_build *build, struct scratchpack *job,
			     bool explain, struct sp_err *err);
void sp_build_release(struct sp_build *build);

/* Prove every target, choose its platform, make its configuration. */
SP_CHECKED int sp_build_prove(struct sp_build *build, struct sp_err *err);

/* locate.c: where a path of the user is: which root, which path in it.  Absolute
 * paths mean the sysroot, or the image of --from, first. */
SP_CHECKED int sp_locate(struct sp_build *build, const char *text,
			 struct sp_root **ret_root, const char **ret_path,
			 struct sp_err *err);
/* locate.c: where a program goes by default. */
const char *sp_default_image_path(struct sp_arena *arena, const char *path);
/* locate.c: "SRC[:DST]". */
SP_CHECKED int sp_parse_add(struct sp_build *build, const char *text,
			    struct sp_add *ret, struct sp_err *err);

/* traces.c: --trace: what the program uses in a run is added. */
SP_CHECKED int sp_traces_run(struct sp_build *build, struct sp_err *err);

void sp_usage_release(struct sp_usage *usage);

/* reconcile.c: compare what the runs used with what is in the plan: as notes in it, and
 * as lists in the report. */
void sp_reconcile_notes(struct sp_build *build, struct sp_plan *plan);
void sp_reconcile_report(struct sp_build *build, const struct sp_plan *plan,
			 struct sp_json *report);

/* transport.c: what every source and destination of the job is opened with; it
 * stands until the options change. */
const struct sp_transport_options *sp_job_transport(struct scratchpack *job);

/* from.c: the program of the image of --from: given, or what it starts (NULL).  Fills in
 * where it is, and the entry point and Cmd of the target's configuration. */
SP_CHECKED int sp_from_program(struct sp_build *build, struct sp_target *target,
			       const char *given, struct sp_err *err);

/* base.c: open the base of a target; its annotations and notes; copy its layers to sink;
 * give our layers the media types that go with it. */
SP_CHECKED int sp_target_base(struct sp_build *build, struct sp_target *target,
			      struct sp_err *err);
void sp_target_base_notes(struct sp_build *build, struct sp_target *target);
SP_CHECKED int sp_target_base_layers(struct sp_build *build, struct sp_target *target,
				     struct sp_sink *sink, struct sp_err *err);
void sp_target_base_types(struct sp_target *target);

/* config.c: the image configuration of one target: first what the options and the images
 * below and behind it say, then, when the plan is made, the rest of it. */
void sp_target_settings(struct sp_build *build, struct sp_target *target);
void sp_target_settings_base(struct sp_build *build, struct sp_target *target);
SP_CHECKED int sp_target_config(struct sp_build *build, struct sp_target *target,
				struct sp_err *err);
void sp_target_config_release(struct sp_target *target);

/* write.c: layers, documents, destinations; results go into the report. */
SP_CHECKED int sp_build_write(struct sp_build *build, struct sp_json *report,
			      struct sp_err *err);

/* clash.c: does anything that is written take the place of something else? */
SP_CHECKED int sp_clash_check(struct sp_build *build, struct sp_err *err);

/* side_files.c: --digest-file, --metadata-file, --depfile. */
SP_CHECKED int sp_side_files_check(const struct sp_build *build, struct sp_err *err);
SP_CHECKED int sp_side_files_write(const struct sp_build *build,
				   const struct sp_image *image, struct sp_err *err);

/* report.c: the plan and what stands behind it, as JSON. */
void sp_report_build(struct sp_build *build, struct sp_json *report);

/* The same in short: facts, sizes and notes of each program. */
void sp_report_summary(struct sp_build *build, struct sp_json *report);
/* The parts of that which a file says of itself. */
void sp_report_elf(const struct sp_elf *elf, struct sp_json *program);
void sp_report_hardening(const struct sp_elf *elf, struct sp_json *report);

/* report_closure.c: a closure; brief as scratchpack_set_brief() has it. */
void sp_report_closure(const struct sp_closure *closure, bool brief, struct sp_json *report);
/* What system it needs at least, and which object asks for that. */
void sp_report_floors(struct sp_build *build, const struct sp_closure *closure,
		      struct sp_json *report);

/* glance.c: the same for one program of which there is no closure; false if even that
 * cannot be read. */
bool sp_glance(const struct sp_build *build, struct sp_json *report);

void sp_report_program(struct sp_build *build, const struct sp_target *target,
		       struct sp_json *report);

/* Put a report, which the job owns from then on, or NULL in the place of the last one. */
void sp_job_report(struct scratchpack *job, struct sp_json *report);
void sp_job_progress(struct scratchpack *job, const char *phase, const char *item,
		     uint64_t done, uint64_t total);

#endif
