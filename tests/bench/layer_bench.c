/*
 * Time the layer pipeline alone: one file as a layer to a file, without analysis,
 * documents or fsync.
 *
 *	layer_bench FILE OUTPUT COMPRESSION [THREADS]
 *
 * Prints the diff id, the digest, the size and the seconds it took.  FILE is an
 * absolute path.  Build it with
 *
 *	make build/libscratchpack.a build/tests/bench/layer_bench.o
 *	gcc -pthread -o layer_bench build/tests/bench/layer_bench.o \
 *		build/libscratchpack.a -ldeflate -lzstd -lcrypto
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "image/layer.h"

struct file_sink {
	struct sp_sink sink;
	int fd;
	const char *path;
};

static int sink_begin(struct sp_sink *sink, uint64_t hint, struct sp_err *err)
{
	(void)sink, (void)hint, (void)err;
	return 0;
}

static int sink_write(struct sp_sink *sink, const void *data, size_t len,
		      struct sp_err *err)
{
	struct file_sink *file = (struct file_sink *)sink;

	return sp_write_full(file->fd, data, len, file->path, err);
}

static int sink_end(struct sp_sink *sink, const struct sp_desc *desc, struct sp_err *err)
{
	(void)sink, (void)desc, (void)err;
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run(struct sp_root *root, char **argv, struct file_sink *sink,
	       struct sp_err *err)
{
	struct sp_layer_options options = { 0 };
	struct sp_layer layer;
	struct sp_found found;
	double begin = now();

	if (sp_compress_parse(argv[3], &options.compress, err))
		return -1;
	if (argv[4])
		options.threads = (unsigned)strtoul(argv[4], NULL, 10);
	if (sp_root_resolve(root, argv[1], &found, err))
		return -1;
	if (!found.real)
		return sp_err_set(err, SP_EUSAGE, "%s: not found",
				  argv[1]);
	const struct sp_entry entry = {
		.path = "/app", .type = SP_ENTRY_FILE, .mode = 0755,
		.size = found.st.size, .root = root,
		.source = found.real, .source_st = found.st,
	};
	const struct sp_entry *entries[] = { &entry };

	if (sp_layer_write(entries, 1, &options, &sink->sink, &layer, err))
		return -1;
	printf("%s %s %llu bytes %.3f s\n", layer.diff_id.str, layer.desc.digest.str,
	       (unsigned long long)layer.desc.size, now() - begin);
	return 0;
}

int main(int argc, char **argv)
{
	struct file_sink sink = {
		.sink = { sink_begin, sink_write, sink_end },
	};
	struct sp_root *root = NULL;
	struct sp_err err = { 0 };
	int rc = -1;

	if (argc < 4) {
		fprintf(stderr, "usage: layer_bench FILE OUTPUT COMPRESSION [THREADS]\n");
		return 2;
	}
	sink.path = argv[2];
	sink.fd = open(sink.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (sink.fd < 0)
		sp_err_sys(&err, SP_EOUTPUT, "%s: cannot write", sink.path);
	else if (!sp_root_open_dir("/", &root, &err))
		rc = run(root, argv, &sink, &err);
	if (rc)
		fprintf(stderr, "layer_bench: %s\n", err.msg);
	sp_root_free(root);
	sp_close_fd(&sink.fd);
	return rc ? 1 : 0;
}
