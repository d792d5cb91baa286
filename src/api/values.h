/*
 * Values of options that have a grammar of their own.  All fail with SP_EUSAGE,
 * naming the option, the value and what was expected.
 */
#ifndef SP_API_VALUES_H
#define SP_API_VALUES_H

#include "api/options.h"

/* KEY=VALUE with a key that is not empty. */
SP_CHECKED int sp_value_pair(const char *option, const char *value, struct sp_err *err);

/* A decimal number from 1 to max. */
SP_CHECKED int sp_value_number(const char *option, const char *value, uint64_t max,
			       uint64_t *ret, struct sp_err *err);

/* "30s", "1m30s", "500ms", "2h" in nanoseconds, as Go and docker write them. */
SP_CHECKED int sp_value_duration(const char *option, const char *value, int64_t *ret,
				 struct sp_err *err);

/* Seconds since 1970, or RFC 3339 ("2024-05-01T12:00:00Z", "...+02:00"). */
SP_CHECKED int sp_value_time(const char *option, const char *value, int64_t *ret,
			     struct sp_err *err);

/* Words as a JSON array, or one word. */
SP_CHECKED int sp_value_words(const char *option, struct sp_strings *list,
			      struct sp_arena *arena, const char *value, struct sp_err *err);

/* "80", "53/udp", "8000-8010/tcp": one item a port. */
SP_CHECKED int sp_value_ports(const char *option, struct sp_options *o,
			      const char *value, struct sp_err *err);

/* "SIGTERM", "TERM", "15", "SIGRTMIN+3". */
SP_CHECKED int sp_value_signal(const char *option, struct sp_options *o,
			       const char *value, struct sp_err *err);

/* "NONE", a JSON array of words, or words between spaces. */
SP_CHECKED int sp_value_healthcheck(struct sp_options *o, const char *value,
				    struct sp_err *err);

#endif
