/*
 * The report of a verification: problems and notes, each kept once and no more
 * of them than a limit.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "image/verify_state.h"

static bool is_known(const struct sp_verify_finding *list, size_t nr, const char *id,
		     const char *where, const char *what)
{
	for (size_t i = 0; i < nr; i++)
		if (strcmp(list[i].id, id) == 0 && strcmp(list[i].where, where) == 0 &&
		    strcmp(list[i].what, what) == 0)
			return true;
	return false;
}

void sp_verify_problem(struct sp_verify_state *v, const char *id, const char *where,
		       const char *fmt, ...)
{
	struct sp_verify_report *r = v->report;
	char what[4096];
	va_list args;

	if (r->problems_nr == SP_VERIFY_FINDINGS_MAX) {
		r->problems_total++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (is_known(r->problems, r->problems_nr, id, where, what))
		return;
	r->problems_total++;
	*SP_VEC_PUSH(r->problems) = (struct sp_verify_finding){
		.id = sp_arena_strdup(&r->arena, id),
		.where = sp_arena_strdup(&r->arena, where),
		.what = sp_arena_strdup(&r->arena, what),
	};
}

void sp_verify_note(struct sp_verify_state *v, const char *id, const char *where,
		    const char *fmt, ...)
{
	struct sp_verify_report *r = v->report;
	char what[4096];
	va_list args;

	if (r->notes_nr == SP_VERIFY_FINDINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (is_known(r->notes, r->notes_nr, id, where, what))
		return;
	*SP_VEC_PUSH(r->notes) = (struct sp_verify_finding){
		.id = sp_arena_strdup(&r->arena, id),
		.where = sp_arena_strdup(&r->arena, where),
		.what = sp_arena_strdup(&r->arena, what),
	};
}

int sp_verify_absorb(struct sp_verify_state *v, const char *id, const char *where,
		     struct sp_err *err)
{
	if (err->code != SP_EVERIFY)
		return -1;
	sp_verify_problem(v, id, where, "%s", err->msg);
	*err = (struct sp_err){ 0 };
	return 0;
}

void sp_verify_report_release(struct sp_verify_report *report)
{
	sp_arena_release(&report->arena);
	free(report->images);
	free(report->problems);
	free(report->notes);
	*report = (struct sp_verify_report){ 0 };
}
