/*
 * Options: one table, from which the library sets them, and the command makes
 * its parser, its help, its completions and its manual page.
 */
#ifndef SP_API_OPTIONS_H
#define SP_API_OPTIONS_H

#include "image/compress.h"
#include "image/image.h"
#include "transport/address.h"

/* What a pack, plan or inspect is asked to do.  Strings live in the arena. */
struct sp_options {
	struct sp_arena arena;
	struct sp_strings programs, outputs, tags;
	struct sp_strings adds, excludes, args;
	const char *at, *sysroot, *from, *base;
	struct sp_compress compress;
	bool split, bind_now, minimal, full;
	bool allow_secrets;
	struct sp_strings with, without;
	struct sp_strings traces, host_env;	/* commands, and their environment */
	struct sp_strings trace_trees;	/* directories */
	int64_t trace_timeout_ns;
	const char *cpu;
	struct sp_strings env, labels, ports, volumes, entrypoint;
	struct sp_strings annotations, index_annotations;
	const char *user, *workdir, *stop_signal, *platform, *author;
	struct sp_healthcheck healthcheck;
	int64_t created;
	const char *digest_file, *metadata_file, *depfile;
	unsigned threads;
	const char *docker_host, *temp_dir, *cwd;
	struct sp_strings creds, insecure, plain_http, mount_from;
	const char *authfile, *ca_file, *cert_dir;
	const char *username, *password;
	bool tls_any;			/* --tls-verify=false */
	bool explain_auth;
	unsigned tries, jobs;
	int64_t retry_ns, stall_ns;
	uint64_t chunk_size;
	const char *file, *target;	/* a Dockerfile, and the stage that is wanted */
	struct sp_strings build_args, build_contexts;	/* NAME=VALUE */
	bool closure;
};

/* What options are about; a command takes those with which it shares a bit. */
enum sp_about {
	SP_ABOUT_IMAGE = 1 << 0,	/* what goes in, and image configuration */
	SP_ABOUT_OUTPUT = 1 << 1,	/* what is written, and files for scripts */
	SP_ABOUT_NETWORK = 1 << 2,	/* registries, as source or destination */
	SP_ABOUT_PLATFORM = 1 << 3,	/* which platform of an image that exists */
	SP_ABOUT_DEST = 1 << 4,		/* where the result goes, and no more of output */
	SP_ABOUT_LOGIN = 1 << 5,	/* where credentials are kept */
	SP_ABOUT_LOAD = 1 << 6,		/* engines of this machine */
	SP_ABOUT_COMPRESS = 1 << 7,	/* how layers are compressed, and sent */
	SP_ABOUT_PASSWORD = 1 << 8	/* who one is */
};

/* One option.  Help is a sentence of one line or two. */
struct sp_option {
	const char *name;	/* long name */
	char letter;		/* short name, or 0 */
	const char *arg;	/* how help calls its value; NULL for a switch */
	const char *group;	/* heading in help; NULL: not shown (set by the command) */
	unsigned about;		/* bits of enum sp_about */
	const char *help;
	bool repeats;		/* may be given more than once */
	int (*set)(struct sp_options *, const char *value, struct sp_err *);
	enum sp_field { SP_FIELD_TEXT = 1, SP_FIELD_LIST, SP_FIELD_FLAG } field;
	size_t at;		/* set NULL: which field of sp_options takes the value */
};

extern const struct sp_option sp_option_table[];
extern const size_t sp_option_table_nr;

void sp_options_init(struct sp_options *options);
void sp_options_release(struct sp_options *options);

/* The needs that --with and --without take, in order: false behind the last. */
bool sp_options_need(size_t index, const char **ret_name, const char **ret_help);

/* Set one by its long name.  SP_EUSAGE. */
SP_CHECKED int sp_options_set(struct sp_options *options, const char *name,
			      const char *value, struct sp_err *err);

#endif
