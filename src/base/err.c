/*
 * The one way to report failure: fill the caller's struct sp_err.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The functions have their names in parentheses, for the macros of err.h. */

/* By way of a copy, since an argument may be the message that is there. */
SP_PRINTF(2, 0) static void format(struct sp_err *err, const char *fmt, va_list args)
{
	char msg[sizeof(err->msg)];

	vsnprintf(msg, sizeof(msg), fmt, args);
	memcpy(err->msg, msg, strlen(msg) + 1);
}

int (sp_err_set)(struct sp_err *err, enum sp_code code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err->code = code;
	err->id[0] = '\0';
	format(err, fmt, args);
	va_end(args);
	return -1;
}

int (sp_err_diagnose)(struct sp_err *err, const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err->code = SP_EPROGRAM;
	snprintf(err->id, sizeof(err->id), "%s", id);
	format(err, fmt, args);
	va_end(args);
	return -1;
}

int (sp_err_sys)(struct sp_err *err, enum sp_code code, const char *fmt, ...)
{
	int saved = errno;
	va_list args;
	size_t len;

	va_start(args, fmt);
	err->code = code;
	err->id[0] = '\0';
	format(err, fmt, args);
	va_end(args);
	len = strlen(err->msg);
	/* strerrordesc_np: not translated, unlike strerror (no locale here) */
	const char *what = strerrordesc_np(saved);
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
		 what ? what : "unknown error");
	return -1;
}

int (sp_err_name)(struct sp_err *err, const char *id)
{
	snprintf(err->id, sizeof(err->id), "%s", id);
	return -1;
}

int (sp_err_wrap)(struct sp_err *err, const char *fmt, ...)
{
	char context[1024];
	va_list args;
	size_t len, room = sizeof(err->msg);

	va_start(args, fmt);
	vsnprintf(context, sizeof(context), fmt, args);
	va_end(args);
	len = strlen(context);
	if (len + 3 > room)
		return -1;
	size_t old = strlen(err->msg);
	if (old > room - len - 3)
		old = room - len - 3;
	memmove(err->msg + len + 2, err->msg, old);
	memcpy(err->msg, context, len);
	memcpy(err->msg + len, ": ", 2);
	err->msg[len + 2 + old] = '\0';
	return -1;
}
