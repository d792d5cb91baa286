/*
 * Failures: code, message, errno, context, and what does not fit.
 */
#include "base/err.h"

#include "test.h"

int main(void)
{
	struct sp_err err = { 0 };
	char big[5000];

	is_int(sp_err_set(&err, SP_EUSAGE, "%s: expected %d", "x", 3), -1, "set gives -1");
	is_int(err.code, SP_EUSAGE, "the code");
	is_str(err.msg, "x: expected 3", "the message");

	errno = ENOENT;
	is_int(sp_err_sys(&err, SP_EFAIL, "/a: cannot open"), -1, "sys gives -1");
	is_str(err.msg, "/a: cannot open: No such file or directory", "errno in words");
	errno = 99999;
	sp_err_sys(&err, SP_EFAIL, "x");
	is_str(err.msg, "x: unknown error", "and an errno that nobody knows");

	sp_err_set(&err, SP_EPROGRAM, "inner");
	is_int(sp_err_wrap(&err, "%s", "outer"), -1, "wrap gives -1");
	is_str(err.msg, "outer: inner", "context comes first");
	is_int(err.code, SP_EPROGRAM, "and the code stays");

	sp_err_set(&err, SP_EFAIL, "the message");
	sp_err_set(&err, SP_EUSAGE, "--option: %s", err.msg);
	is_str(err.msg, "--option: the message", "an argument may be the old message");
	errno = EIO;
	sp_err_sys(&err, SP_EFAIL, "again: %s", err.msg);
	is_str(err.msg, "again: --option: the message: Input/output error", "in sys too");

	is_int(sp_err_diagnose(&err, "no-loader", "%s: x", "y"), -1, "diagnose gives -1");
	is_str(err.id, "no-loader", "with its identifier");
	is_int(err.code, SP_EPROGRAM, "and one code");
	sp_err_wrap(&err, "context");
	is_str(err.id, "no-loader", "which context does not take away");
	sp_err_set(&err, SP_EFAIL, "other");
	is_str(err.id, "", "but another failure does");
	sp_err_name(&err, "named");
	is_str(err.id, "named", "and a name may be given later");

	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	sp_err_set(&err, SP_EFAIL, "%s", big);
	is_int((long long)strlen(err.msg), sizeof(err.msg) - 1, "a long message is cut");
	errno = EIO;
	sp_err_sys(&err, SP_EFAIL, "%s", big);
	is_int((long long)strlen(err.msg), sizeof(err.msg) - 1, "with errno too");
	sp_err_wrap(&err, "%s", big);
	is_int((long long)strlen(err.msg), sizeof(err.msg) - 1, "and with context");
	is_int(err.msg[0], 'b', "that is cut before the message is");
	for (int i = 0; i < 10; i++)
		sp_err_wrap(&err, "level %d", i);
	ok(strncmp(err.msg, "level 9: level 8: ", 18) == 0, "the outermost context is kept");
	return test_done();
}
