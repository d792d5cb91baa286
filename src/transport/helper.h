/*
 * Credential helpers: programs docker-credential-NAME that keep passwords in the
 * keychain of a system or fetch them from a cloud.
 */
#ifndef SP_TRANSPORT_HELPER_H
#define SP_TRANSPORT_HELPER_H

#include "base/buf.h"
#include "base/err.h"
#include "transport/registry.h"

#include <signal.h>

#define SP_HELPER_SECONDS 60		/* a helper that is silent for longer is ended */
#define SP_HELPER_ANSWER_MAX (256 * 1024)	/* bytes */

/*
 * Run docker-credential-NAME with one argument ("get", "store", "erase"), input on
 * its standard input, in the environment of the options, found in their PATH.
 * *ret_status is its exit status.  SP_EAUTH if it cannot be run; then *ret_missing
 * says whether that is because it is not there.  What it wrote to its standard
 * error is thrown away: it may hold secrets.
 */
SP_CHECKED int sp_helper_run(const struct sp_registry_options *options, const char *name,
			     const char *verb, const char *input,
			     const volatile sig_atomic_t *cancelled, struct sp_buf *answer,
			     int *ret_status, bool *ret_missing, struct sp_err *err);

/* The value of a variable in the options' environment, or NULL if unset or empty. */
const char *sp_registry_env(const struct sp_registry_options *options, const char *name);

#endif
