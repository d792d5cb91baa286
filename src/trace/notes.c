/*
 * Noting what was used, when a call has succeeded.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "trace/tracer.h"

#define MAPS_MAX ((size_t)1 << 20)	/* bytes of /proc/PID/maps that are read */

unsigned sp_uses_counting(const struct sp_tracee *t, unsigned uses)
{
	return t->inside ? uses : uses & SP_USED_WRITTEN;
}

static void note(struct sp_tracer *tracer, struct sp_tracee *t, const struct sp_name *name,
		 unsigned uses)
{
	uses = sp_uses_counting(t, uses);
	if (uses)
		sp_records_add(&tracer->records, name, uses, t->program);
}

/* A file that is known by its name here. */
static void note_host(struct sp_tracer *tracer, struct sp_tracee *t, const char *host,
		      unsigned uses)
{
	struct sp_name name;

	if (!sp_name_of_host(tracer, t->tid, host, &name))
		return;
	note(tracer, t, &name, uses);
	free(name.host);
}

static void note_via(struct sp_tracer *tracer, struct sp_tracee *t)
{
	const struct sp_buf *via = &t->claims.via;

	for (size_t i = 0; i < via->len; i += strlen(via->data + i) + 1)
		note_host(tracer, t, via->data + i, SP_USED_STAT);
}

void sp_claims_note(struct sp_tracer *tracer, struct sp_tracee *t)
{
	for (size_t i = 0; i < t->claims.nr; i++) {
		const struct sp_claim *claim = &t->claims.all[i];

		note(tracer, t, &claim->name, claim->uses);
		if (claim->watch)
			sp_records_watch(&tracer->records, &claim->name, &claim->before);
	}
	note_via(tracer, t);
}

/* The name that was opened may have been a link: what it led to is written too. */
static void keep_opened(struct sp_tracer *tracer, struct sp_tracee *t, int fd)
{
	const struct sp_claim *claim = &t->claims.all[0];
	bool watch = t->claims.nr && claim->watch;
	char host[SP_PATH_MAX];
	struct sp_name name;

	if (sp_tracee_fd(t->tid, fd, host, sizeof(host)) ||
	    !sp_name_of_host(tracer, t->tid, host, &name))
		return;
	note(tracer, t, &name, t->claims.opens);
	if (watch && strcmp(host, claim->name.host) != 0)
		sp_records_watch(&tracer->records, &name, &claim->before);
	free(name.host);
}

void sp_claims_keep(struct sp_tracer *tracer, struct sp_tracee *t, int64_t result)
{
	struct sp_claims *claims = &t->claims;

	sp_claims_note(tracer, t);
	if (claims->opens || (claims->nr && claims->all[0].watch))
		keep_opened(tracer, t, (int)result);
	if (claims->new_root)
		tracer->views = true;
	sp_claims_reset(claims);
}

/* --- exec ------------------------------------------------------------------------- */

static bool is_program(const struct sp_tracer *tracer, const char *host)
{
	struct stat st;

	return stat(host, &st) == 0 && st.st_dev == tracer->program.st_dev &&
	       st.st_ino == tracer->program.st_ino;
}

/* Does it execute the program that we wait for: itself, or as a script? */
static void look_for_program(struct sp_tracer *tracer, struct sp_tracee *t, const char *exe)
{
	const struct sp_claims *claims = &t->claims;

	if (!tracer->options->program ||
	    !(is_program(tracer, exe) ||
	      (claims->nr && is_program(tracer, claims->all[0].name.host))))
		return;
	t->inside = true;
	tracer->trace->program_ran = true;
}

/* The files that a new program has from the start: itself and its loader.  The kernel
 * opens them without a call. */
static void note_maps(struct sp_tracer *tracer, struct sp_tracee *t)
{
	struct sp_buf text = { 0 };
	struct sp_err ignored = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", t->tid);
	if (sp_read_file(path, MAPS_MAX, &text, &ignored)) {
		sp_buf_release(&text);
		return;
	}
	char *line = text.data;
	while (line && *line) {
		char *end = strchr(line, '\n'), *name = strchr(line, '/');

		if (end)
			*end = '\0';
		if (name && (!end || name < end) && access(name, F_OK) == 0)
			note_host(tracer, t, name, SP_USED_READ);
		line = end ? end + 1 : NULL;
	}
	sp_buf_release(&text);
}

void sp_claims_exec(struct sp_tracer *tracer, struct sp_tracee *t)
{
	char exe[SP_PATH_MAX];
	bool named = sp_tracee_link(t->tid, "exe", exe, sizeof(exe)) == 0;
	const char *program = named ? sp_records_program(&tracer->records, exe) : NULL;

	look_for_program(tracer, t, named ? exe : "");
	if (named)
		sp_foresee_exec(tracer, exe);
	/* the one who executes is the old program, but for the first of all */
	if (!t->program)
		t->program = program;
	sp_claims_note(tracer, t);
	t->program = program;
	if (named)
		note_host(tracer, t, exe, SP_USED_EXEC);
	note_maps(tracer, t);
	sp_claims_reset(&t->claims);
}
