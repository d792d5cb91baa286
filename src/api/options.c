/*
 * The table of options, and the functions that set simple ones.  What needs
 * parsing of its own (times, ports, health checks) is in values.c.
 */
#include "api/options.h"

#include <stddef.h>
#include <string.h>

#include "api/values.h"
#include "base/path.h"

/* --- setters: one each, in the order of the table --- */

static int add_to(struct sp_strings *list, struct sp_options *o, const char *value)
{
	sp_strings_add(list, &o->arena, value);
	return 0;
}

static int set_program(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (!*value)
		return sp_err_set(err, SP_EUSAGE, "the name of a program is empty");
	return add_to(&o->programs, o, value);
}

static int set_output(struct sp_options *o, const char *value, struct sp_err *err)
{
	static const char *const stdout_names[] = { "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1" };

	if (!*value)
		return sp_err_set(err, SP_EUSAGE, "--output is empty; say FILE.tar or DIR/");
	/* by these names standard output is a file like any other to whoever opens it, and
	 * the result would be printed behind the archive */
	for (size_t i = 0; i < sizeof(stdout_names) / sizeof(*stdout_names); i++)
		if (strcmp(value, stdout_names[i]) == 0)
			value = "-";
	return add_to(&o->outputs, o, value);
}

/* --load and --engine make one destination, in whatever order they come. */
static size_t local_output(const struct sp_options *o)
{
	size_t i = 0;

	while (i < o->outputs.items_nr &&
	       strncmp(o->outputs.items[i], SP_LOCAL_PREFIX, strlen(SP_LOCAL_PREFIX)) != 0)
		i++;
	return i;
}

static int set_load(struct sp_options *o, const char *value, struct sp_err *err)
{
	(void)value, (void)err;
	if (local_output(o) == o->outputs.items_nr)
		sp_strings_add(&o->outputs, &o->arena, SP_LOCAL_PREFIX);
	return 0;
}

static int set_engine(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (!*value)
		return sp_err_set(err, SP_EUSAGE,
				  "--engine is empty; expected docker, podman, containerd, k3s or kind");
	set_load(o, NULL, err);
	o->outputs.items[local_output(o)] = sp_arena_strf(&o->arena, SP_LOCAL_PREFIX "%s", value);
	return 0;
}

static int set_tag(struct sp_options *o, const char *value, struct sp_err *err)
{
	struct sp_ref ref;

	if (sp_ref_parse(value, &o->arena, &ref, err))
		return sp_err_wrap(err, "--tag %s", value);
	if (ref.digest)
		return sp_err_set(err, SP_EUSAGE,
				  "--tag %s: a tag cannot carry a digest; leave out %s",
				  value, ref.digest);
	return add_to(&o->tags, o, value);
}

static int set_at(struct sp_options *o, const char *value, struct sp_err *err)
{
	const char *problem = sp_path_problem(value);

	if (value[0] != '/' || problem)
		return sp_err_set(err, SP_EUSAGE, "--at %s: %s", value,
				  problem ? problem : "expected an absolute path");
	if (value[strlen(value) - 1] == '/')
		return sp_err_set(err, SP_EUSAGE,
				  "--at %s: expected the path of the program itself, not of its directory",
				  value);
	o->at = sp_path_clean(&o->arena, value);
	if (!o->at[1])
		return sp_err_set(err, SP_EUSAGE, "--at %s: is the root directory", value);
	if (sp_path_within(o->at, "/proc") || sp_path_within(o->at, "/sys") ||
	    sp_path_within(o->at, "/dev"))
		return sp_err_set(err, SP_EUSAGE,
				  "--at %s: engines mount a file system of their own there, which would hide the program",
				  value);
	return 0;
}

static int set_add(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (!*value || *value == ':')
		return sp_err_set(err, SP_EUSAGE, "--add %s: expected SRC or SRC:/DST", value);
	return add_to(&o->adds, o, value);
}

static int set_trace_timeout(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--trace-timeout", value, &o->trace_timeout_ns, err);
}

static int set_compress(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_compress_parse(value, &o->compress, err);
}

static int set_layers(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (strcmp(value, "one") != 0 && strcmp(value, "split") != 0)
		return sp_err_set(err, SP_EUSAGE, "--layers %s: expected one or split", value);
	o->split = strcmp(value, "split") == 0;
	return 0;
}

static int set_env(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (sp_value_pair("--env", value, err))
		return -1;
	sp_pairs_set(&o->env, &o->arena, value);
	return 0;
}

static int set_workdir(struct sp_options *o, const char *value, struct sp_err *err)
{
	const char *problem = sp_path_problem(value);

	if (value[0] != '/' || problem)
		return sp_err_set(err, SP_EUSAGE, "--workdir %s: %s", value,
				  problem ? problem : "expected an absolute path");
	o->workdir = sp_path_clean(&o->arena, value);
	return 0;
}

static int set_label(struct sp_options *o, const char *value, struct sp_err *err)
{
	/* as docker: a label without "=" is an empty one */
	const char *pair = strchr(value, '=') ? value :
						sp_arena_strf(&o->arena, "%s=", value);

	if (sp_value_pair("--label", pair, err))
		return -1;
	sp_pairs_set(&o->labels, &o->arena, pair);
	return 0;
}

static int set_expose(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_ports("--expose", o, value, err);
}

static int set_volume(struct sp_options *o, const char *value, struct sp_err *err)
{
	const char *problem = sp_path_problem(value);

	if (value[0] != '/' || problem)
		return sp_err_set(err, SP_EUSAGE, "--volume %s: %s", value,
				  problem ? problem : "expected an absolute path");
	return add_to(&o->volumes, o, sp_path_clean(&o->arena, value));
}

static int set_stop_signal(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_signal("--stop-signal", o, value, err);
}

static int set_healthcheck(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_healthcheck(o, value, err);
}

static int set_health_interval(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--health-interval", value, &o->healthcheck.interval_ns, err);
}

static int set_health_timeout(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--health-timeout", value, &o->healthcheck.timeout_ns, err);
}

static int set_health_start(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--health-start-period", value,
				 &o->healthcheck.start_period_ns, err);
}

static int set_health_retries(struct sp_options *o, const char *value, struct sp_err *err)
{
	uint64_t n;

	if (sp_value_number("--health-retries", value, 1000, &n, err))
		return -1;
	o->healthcheck.retries = (int)n;
	return 0;
}

static int set_annotation(struct sp_options *o, const char *value, struct sp_err *err)
{
	struct sp_strings *list = &o->annotations;
	const char *pair = value;

	if (strncmp(value, "index:", 6) == 0) {
		list = &o->index_annotations;
		pair += 6;
	} else if (strncmp(value, "manifest:", 9) == 0) {
		pair += 9;
	}
	if (sp_value_pair("--annotation", pair, err))
		return -1;
	sp_pairs_set(list, &o->arena, pair);
	return 0;
}

static int set_entrypoint(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_words("--entrypoint", &o->entrypoint, &o->arena, value, err);
}

static int set_created(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_time("--created", value, &o->created, err);
}

static int set_threads(struct sp_options *o, const char *value, struct sp_err *err)
{
	uint64_t n;

	if (sp_value_number("--threads", value, 64, &n, err))
		return -1;
	o->threads = (unsigned)n;
	return 0;
}

static int set_tls_verify(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
		return sp_err_set(err, SP_EUSAGE, "--tls-verify %s: expected true or false",
				  value);
	o->tls_any = strcmp(value, "false") == 0;
	return 0;
}

static int set_creds(struct sp_options *o, const char *value, struct sp_err *err)
{
	/* the value is a secret, so that it is in no message */
	if (!strchr(value, ':') || *value == ':')
		return sp_err_set(err, SP_EUSAGE, "--creds: expected [HOST=]USER:PASSWORD");
	return add_to(&o->creds, o, value);
}

static int set_count(const char *name, unsigned *to, const char *value, uint64_t max,
		     struct sp_err *err)
{
	uint64_t n;

	if (sp_value_number(name, value, max, &n, err))
		return -1;
	if (!n)
		return sp_err_set(err, SP_EUSAGE, "%s 0: expected a number from 1", name);
	*to = (unsigned)n;
	return 0;
}

static int set_tries(struct sp_options *o, const char *value, struct sp_err *err)
{
	return set_count("--tries", &o->tries, value, 100, err);
}

static int set_jobs(struct sp_options *o, const char *value, struct sp_err *err)
{
	return set_count("--jobs", &o->jobs, value, 16, err);
}

static int set_retry_time(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--retry-time", value, &o->retry_ns, err);
}

static int set_net_timeout(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_duration("--net-timeout", value, &o->stall_ns, err);
}

static int set_chunk_size(struct sp_options *o, const char *value, struct sp_err *err)
{
	return sp_value_number("--chunk-size", value, 16 * 1024 * 1024, &o->chunk_size, err);
}

static int set_build_arg(struct sp_options *o, const char *value, struct sp_err *err)
{
	/* NAME alone means the environment, which the command has put in already */
	if (!strchr(value, '='))
		return *value ? 0 : sp_err_set(err, SP_EUSAGE, "--build-arg is empty; expected NAME or NAME=VALUE");
	if (sp_value_pair("--build-arg", value, err))
		return -1;
	sp_pairs_set(&o->build_args, &o->arena, value);
	return 0;
}

static int set_build_context(struct sp_options *o, const char *value, struct sp_err *err)
{
	if (sp_value_pair("--build-context", value, err))
		return -1;
	sp_pairs_set(&o->build_contexts, &o->arena, value);
	return 0;
}

/* Options whose value is kept as it is, is appended to a list, or is a switch. */
#define TEXT(field) NULL, SP_FIELD_TEXT, offsetof(struct sp_options, field)
#define LIST(field) NULL, SP_FIELD_LIST, offsetof(struct sp_options, field)
#define FLAG(field) NULL, SP_FIELD_FLAG, offsetof(struct sp_options, field)

/* The heading in help, and which commands take the option. */
#define OUT "Output", SP_ABOUT_OUTPUT
#define FILES "What goes in", SP_ABOUT_IMAGE
#define DOCKERFILE "From a Dockerfile", SP_ABOUT_IMAGE
#define CONFIG "Image configuration", SP_ABOUT_IMAGE
#define NETWORK "Registries", SP_ABOUT_NETWORK
#define ACCOUNT "Registries", SP_ABOUT_NETWORK | SP_ABOUT_LOGIN
#define UPLOAD "Registries", SP_ABOUT_OUTPUT | SP_ABOUT_COMPRESS
#define SCRIPTS "For scripts", SP_ABOUT_OUTPUT
#define HIDDEN NULL, 0

const struct sp_option sp_option_table[] = {
	{ "program", 0, "PROGRAM", HIDDEN, "a program to pack", true, set_program, 0, 0 },
	{ "output", 'o', "DEST", "Output", SP_ABOUT_OUTPUT | SP_ABOUT_DEST,
	  "where the image goes: FILE.tar, DIR/, oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:NAME:TAG], docker-daemon:NAME[:TAG], docker://NAME[:TAG] (a registry), or - for the archive on stdout",
	  true, set_output, 0, 0 },
	{ "load", 0, NULL, OUT | SP_ABOUT_LOAD,
	  "hand the image to the first engine of this machine that answers: docker, podman, containerd, k3s",
	  false, set_load, 0, 0 },
	{ "engine", 0, "docker|podman|containerd|k3s|kind", OUT | SP_ABOUT_LOAD,
	  "load into this one; containerd:NAMESPACE and kind:CLUSTER say where in it",
	  false, set_engine, 0, 0 },
	{ "tag", 't', "NAME[:TAG]", OUT,
	  "name of the image; by default the program's name and latest", true, set_tag, 0, 0 },
	{ "compress", 0, "gzip|zstd|none", OUT | SP_ABOUT_COMPRESS,
	  "how layers are compressed, with a level as in zstd:19 (default gzip:6)",
	  false, set_compress, 0, 0 },
	{ "layers", 0, "one|split", OUT,
	  "one layer (default), or dependencies and program in layers of their own",
	  false, set_layers, 0, 0 },
	{ "threads", 0, "N", OUT | SP_ABOUT_COMPRESS,
	  "threads that compress; by default one a CPU. The bytes do not depend on it",
	  false, set_threads, 0, 0 },

	{ "at", 0, "PATH", FILES,
	  "where the program goes; by default /NAME, or its own path if that is under /usr, /bin, /sbin, /lib or /opt",
	  false, set_at, 0, 0 },
	{ "add", 0, "SRC[:DST]", FILES,
	  "add a file or a tree; ELF files bring what they need", true, set_add, 0, 0 },
	{ "exclude", 0, "GLOB", FILES, "leave out what matches", true, LIST(excludes) },
	{ "with", 0, "NEED", FILES,
	  "put in what a need asks for, whatever the evidence; \"help needs\" lists them",
	  true, LIST(with) },
	{ "without", 0, "NEED", FILES, "leave a need out; all: put in only what --with names, and look for nothing else", true, LIST(without) },
	{ "trace", 0, "COMMAND", FILES,
	  "run COMMAND with sh -c and add every file that the program and its children use", true,
	  LIST(traces) },
	{ "trace-tree", 0, "DIR", FILES,
	  "take DIR whole if a --trace uses anything in it, as parts of a language's library", true,
	  LIST(trace_trees) },
	{ "trace-timeout", 0, "TIME", FILES, "how long a --trace may take, as 2m (default 10m)",
	  false, set_trace_timeout, 0, 0 },
	{ "allow-secrets", 0, NULL, FILES, "pack private keys and the like, which are refused otherwise",
	  false, FLAG(allow_secrets) },
	{ "minimal", 0, NULL, FILES, "only needs that are proved", false, FLAG(minimal) },
	{ "full", 0, NULL, FILES, "also needs that are only hinted at", false, FLAG(full) },
	{ "from", 0, "IMAGE", FILES,
	  "take the program out of an image, with its libraries and its configuration; by default the program that it starts",
	  false, TEXT(from) },
	{ "base", 'b', "IMAGE", FILES,
	  "put the program on top of an image, whose layers stay as they are", false, TEXT(base) },
	{ "sysroot", 0, "DIR", FILES,
	  "look for the loader and the libraries in DIR instead of /", false, TEXT(sysroot) },

	{ "cpu", 0, "LEVEL|all", FILES,
	  "add the variants of libraries for CPUs up to LEVEL (glibc-hwcaps, as x86-64-v3), or all of them; by default the ones that run everywhere",
	  false, TEXT(cpu) },
	{ "bind-now", 0, NULL, FILES,
	  "check that every symbol that the program and its libraries ask for is defined",
	  false, FLAG(bind_now) },

	{ "file", 'f', "FILE", DOCKERFILE,
	  "make the image of a Dockerfile (- for standard input) without RUN; the operand is the directory that COPY takes from, by default that of FILE",
	  false, TEXT(file) },
	{ "target", 0, "STAGE", DOCKERFILE, "the stage to build, by default the last one", false,
	  TEXT(target) },
	{ "build-arg", 0, "NAME[=VALUE]", DOCKERFILE,
	  "value of an ARG; without VALUE that of the environment", true, set_build_arg, 0, 0 },
	{ "build-context", 0, "NAME=DIR|IMAGE", DOCKERFILE,
	  "what FROM NAME or COPY --from=NAME stands for: a directory, or an image as oci:DIR or FILE.tar",
	  true, set_build_context, 0, 0 },
	{ "closure", 0, NULL, DOCKERFILE,
	  "add what the entry point needs at run time: loader, libraries, data", false,
	  FLAG(closure) },

	{ "env", 'e', "NAME=VALUE", CONFIG, "set an environment variable", true, set_env, 0, 0 },
	{ "user", 'u', "USER[:GROUP]", CONFIG,
	  "who the program runs as; nonroot is 65532:65532 with account entries",
	  false, TEXT(user) },
	{ "workdir", 'w', "DIR", CONFIG, "working directory", false, set_workdir, 0, 0 },
	{ "label", 'l', "KEY=VALUE", CONFIG, "set a label", true, set_label, 0, 0 },
	{ "expose", 'p', "PORT[/PROTO]", CONFIG, "declare a port, or a range A-B", true,
	  set_expose, 0, 0 },
	{ "volume", 0, "PATH", CONFIG, "declare a volume", true, set_volume, 0, 0 },
	{ "stop-signal", 0, "SIGNAL", CONFIG, "signal that stops the program", false,
	  set_stop_signal, 0, 0 },
	{ "healthcheck", 0, "COMMAND", CONFIG,
	  "command that tells whether the program is well (words, a JSON array, or NONE); it runs without a shell",
	  false, set_healthcheck, 0, 0 },
	{ "health-interval", 0, "TIME", CONFIG, "time between health checks, as 30s", false,
	  set_health_interval, 0, 0 },
	{ "health-timeout", 0, "TIME", CONFIG, "time that one check may take", false,
	  set_health_timeout, 0, 0 },
	{ "health-start-period", 0, "TIME", CONFIG, "time to start in which failures do not count",
	  false, set_health_start, 0, 0 },
	{ "health-retries", 0, "N", CONFIG, "failures in a row that make it unhealthy", false,
	  set_health_retries, 0, 0 },
	{ "annotation", 'a', "[index:|manifest:]KEY=VALUE", CONFIG,
	  "annotate the manifest (default) or the index", true, set_annotation, 0, 0 },
	{ "entrypoint", 0, "WORD", CONFIG,
	  "entry point instead of the program: a path, again for each argument, or a JSON array",
	  true, set_entrypoint, 0, 0 },
	{ "platform", 0, "OS/ARCH[/VARIANT]", "Image configuration",
	  SP_ABOUT_IMAGE | SP_ABOUT_PLATFORM,
	  "one platform: of a program it must agree with its header, of an index it chooses", false, TEXT(platform) },
	{ "author", 0, "TEXT", CONFIG, "author of the image", false, TEXT(author) },
	{ "created", 0, "TIME", CONFIG,
	  "time stamp of image and files: seconds since 1970, RFC 3339, or now; by default SOURCE_DATE_EPOCH, else 1970-01-01T00:00:00Z",
	  false, set_created, 0, 0 },

	{ "digest-file", 0, "FILE", SCRIPTS, "write the digest of the image to FILE", false,
	  TEXT(digest_file) },
	{ "metadata-file", 0, "FILE", SCRIPTS, "write digests and descriptor as JSON to FILE",
	  false, TEXT(metadata_file) },
	{ "depfile", 0, "FILE", SCRIPTS,
	  "write a make rule that names every file that went into the image", false,
	  TEXT(depfile) },

	{ "authfile", 0, "FILE", ACCOUNT,
	  "file with credentials, instead of those that docker and podman keep", false,
	  TEXT(authfile) },
	{ "creds", 0, "[HOST=]USER:PASSWORD", NETWORK,
	  "credentials, of all registries named or of one; - reads them from standard input, since other users of the machine can see a command line; or use login",
	  true, set_creds, 0, 0 },
	{ "explain-auth", 0, NULL, ACCOUNT,
	  "say which file, key or helper has the credentials, and what is asked for with them",
	  false, FLAG(explain_auth) },
	{ "ca-file", 0, "FILE", ACCOUNT, "trust the certificates in FILE too", false,
	  TEXT(ca_file) },
	{ "cert-dir", 0, "DIR", ACCOUNT,
	  "certificates for the registry: *.crt to trust, *.cert with *.key to show; by default the directory of its name in certs.d of containers or docker",
	  false, TEXT(cert_dir) },
	{ "tls-verify", 0, "true|false", ACCOUNT,
	  "false: whatever certificate the registries named have will do", false,
	  set_tls_verify, 0, 0 },
	{ "insecure", 0, "HOST[:PORT]", ACCOUNT, "take whatever certificate this registry has", true,
	  LIST(insecure) },
	{ "plain-http", 0, "HOST[:PORT]", ACCOUNT,
	  "talk to this registry in the clear; one on this machine needs no word", true,
	  LIST(plain_http) },
	{ "mount-from", 0, "NAME", UPLOAD,
	  "repository on the same registry from which blobs may be taken over", true,
	  LIST(mount_from) },
	{ "jobs", 0, "N", NETWORK, "blobs that are copied at a time (default 4)", false,
	  set_jobs, 0, 0 },
	{ "tries", 0, "N", NETWORK, "how often a request is tried (default 5)", false,
	  set_tries, 0, 0 },
	{ "retry-time", 0, "TIME", NETWORK,
	  "how long to wait between tries, all in all (default 5m)", false, set_retry_time, 0, 0 },
	{ "net-timeout", 0, "TIME", NETWORK,
	  "how long a server may be silent (default 2m)", false, set_net_timeout, 0, 0 },
	{ "chunk-size", 0, "BYTES", UPLOAD,
	  "push blobs in chunks of this size, up to 16 MiB, whatever the registry says", false,
	  set_chunk_size, 0, 0 },
	{ "username", 'u', "USER", "Registries", SP_ABOUT_PASSWORD, "user name to log in with", false,
	  TEXT(username) },
	{ "password", 'p', "PASSWORD", "Registries", SP_ABOUT_PASSWORD,
	  "password; other users of the machine can see it, so use --password-stdin", false,
	  TEXT(password) },
	{ "arg", 0, "ARG", HIDDEN, "an argument for Cmd", true, LIST(args) },
	{ "host-env", 0, "NAME=VALUE", HIDDEN,
	  "the environment of --trace, and of the search for credentials", true, LIST(host_env) },
	{ "docker-host", 0, "URL", HIDDEN, "DOCKER_HOST", false, TEXT(docker_host) },
	{ "temp-dir", 0, "DIR", HIDDEN, "TMPDIR", false, TEXT(temp_dir) },
};
const size_t sp_option_table_nr = sizeof(sp_option_table) / sizeof(*sp_option_table);

void sp_options_init(struct sp_options *options)
{
	*options = (struct sp_options){
		.compress = { SP_COMPRESS_GZIP, 6 },
		.temp_dir = "/tmp",
		.trace_timeout_ns = INT64_C(600000000000),
	};
}

void sp_options_release(struct sp_options *o)
{
	struct sp_strings *const lists[] = {
		&o->programs, &o->outputs, &o->tags, &o->adds, &o->excludes, &o->args,
		&o->env, &o->labels, &o->ports, &o->volumes, &o->entrypoint,
		&o->annotations, &o->index_annotations, &o->with, &o->without, &o->traces,
		&o->trace_trees, &o->host_env,
		&o->healthcheck.test, &o->creds, &o->insecure, &o->plain_http, &o->mount_from,
		&o->build_args, &o->build_contexts,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		free(lists[i]->items);
	sp_arena_release(&o->arena);
}

static int set_field(struct sp_options *options, const struct sp_option *option,
		     const char *value, struct sp_err *err)
{
	void *field = (char *)options + option->at;

	if (option->field == SP_FIELD_FLAG) {
		*(bool *)field = true;
		return 0;
	}
	/* an argument for Cmd may be empty */
	if (!*value && option->group)
		return sp_err_set(err, SP_EUSAGE, "--%s is empty; expected %s", option->name,
				  option->arg);
	if (option->field == SP_FIELD_LIST)
		sp_strings_add(field, &options->arena, value);
	else
		*(const char **)field = sp_arena_strdup(&options->arena, value);
	return 0;
}

int sp_options_set(struct sp_options *options, const char *name, const char *value,
		   struct sp_err *err)
{
	for (size_t i = 0; i < sp_option_table_nr; i++) {
		const struct sp_option *option = &sp_option_table[i];

		if (strcmp(option->name, name) != 0)
			continue;
		if (option->arg && !value)
			return sp_err_set(err, SP_EUSAGE, "--%s needs a value: %s", name,
					  option->arg);
		return option->set ? option->set(options, value, err) :
				     set_field(options, option, value, err);
	}
	return sp_err_set(err, SP_EUSAGE, "there is no option --%s", name);
}
