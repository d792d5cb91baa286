/*
 * The files that were used: one record for each, and in the end which of them the run
 * itself has written.
 */
#ifndef SP_TRACE_RECORDS_H
#define SP_TRACE_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/map.h"
#include "trace/trace.h"

/* A file by its name seen from here; what stands behind root_len bytes is the name
 * that the process had for it. */
struct sp_name {
	char *host;		/* malloc'ed */
	size_t root_len;
};

/* What a file was before the run could change it. */
struct sp_before {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct sp_record {
	const char *host;
	struct sp_trace_file file;
	bool watched;
	struct sp_before before;
};

struct sp_records {
	struct sp_arena arena;
	struct sp_map map;	/* by host name */
	struct sp_record *all;
	size_t all_nr, all_alloc, max;
	struct sp_map programs;	/* names of executables, each once */
	const char **names;
	size_t names_nr, names_alloc;
	bool full;		/* one more was wanted */
};

/* Look at a file for sp_records_watch(); false if it is not there. */
bool sp_before_take(const char *host, struct sp_before *ret);

/* Have all these uses of the file been recorded? */
bool sp_records_has(const struct sp_records *records, const char *host, unsigned uses);

/* Record uses of a file by a program. */
void sp_records_add(struct sp_records *records, const struct sp_name *name, unsigned uses,
		    const char *program);

/* Compare the file, in the end, with what it was before. */
void sp_records_watch(struct sp_records *records, const struct sp_name *name,
		      const struct sp_before *before);

/* A copy that lives as long as the records, the same for the same text. */
const char *sp_records_program(struct sp_records *records, const char *path);

/* Find out what was written, and hand over the files, the names of the programs, and the
 * arena with all strings. */
void sp_records_finish(struct sp_records *records, struct sp_trace *trace);
void sp_records_release(struct sp_records *records);

#endif
