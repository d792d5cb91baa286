/*
 * The one way to report failure.
 *
 * A function that can fail returns 0 or -1 and takes a struct sp_err last.  On
 * success it leaves err alone; on failure it leaves its outputs alone.  Set the
 * error where it happens, wrap it where that helps:
 *
 *	if (fd < 0)
 *		return sp_err_sys(err, SP_EFAIL, "%s: cannot open", path);
 *	...
 *	if (sp_elf_read(...))
 *		return sp_err_wrap(err, "needed by %s", by);
 *
 * A message names the thing and what was expected, begins with a small letter
 * and ends without a full stop.
 */
#ifndef SP_BASE_ERR_H
#define SP_BASE_ERR_H

#include "scratchpack.h"

#define SP_CHECKED __attribute__((warn_unused_result))
#define SP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SP_NEVER_NULL __attribute__((returns_nonnull))

/* Set code and message; returns -1 so that it can be returned.  An argument may be
 * err->msg itself. */
int sp_err_set(struct sp_err *err, enum sp_code code, const char *fmt, ...)
	SP_PRINTF(3, 4);

/* As sp_err_set(), followed by ": " and what errno says. */
int sp_err_sys(struct sp_err *err, enum sp_code code, const char *fmt, ...)
	SP_PRINTF(3, 4);

/* A diagnosis: SP_EPROGRAM with an identifier that stays the same from version to
 * version and stands in docs/diagnoses.md. */
int sp_err_diagnose(struct sp_err *err, const char *id, const char *fmt, ...)
	SP_PRINTF(3, 4);

/* Give the failure that is there an identifier; returns -1. */
int sp_err_name(struct sp_err *err, const char *id);

/* Put "context: " in front of the message that is there; returns -1. */
int sp_err_wrap(struct sp_err *err, const char *fmt, ...) SP_PRINTF(2, 3);

/* clang's analyzer looks into one file at a time, and would follow what comes of a
 * failure that returns 0. */
#ifdef __clang_analyzer__
static inline int sp_err_returned(int rc)
{
	(void)rc;
	return -1;
}
#define sp_err_set(...) sp_err_returned(sp_err_set(__VA_ARGS__))
#define sp_err_sys(...) sp_err_returned(sp_err_sys(__VA_ARGS__))
#define sp_err_diagnose(...) sp_err_returned(sp_err_diagnose(__VA_ARGS__))
#define sp_err_name(...) sp_err_returned(sp_err_name(__VA_ARGS__))
#define sp_err_wrap(...) sp_err_returned(sp_err_wrap(__VA_ARGS__))
#endif

#endif
