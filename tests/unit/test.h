/*
 * TAP for unit tests, in one header.
 *
 *	int main(void)
 *	{
 *		is_int(2 + 2, 4, "sums");
 *		is_str(sp_path_basename("/a/b"), "b", "the last component");
 *		ok(access(scratch_dir(), W_OK) == 0, "a directory to play in");
 *		return test_done();
 *	}
 *
 * Each check prints one line, says what it got and wanted when that differs, and
 * returns whether it held.  A program that dies before test_done() prints no
 * plan, which the harness counts as a failure.
 */
#ifndef SP_TEST_H
#define SP_TEST_H

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEST_FN __attribute__((unused)) static
#define TEST_FMT(fmt, args) __attribute__((format(printf, fmt, args)))

static int test_count, test_failures;
static char test_scratch[4096];

TEST_FMT(2, 0) static bool test_line(bool held, const char *fmt, va_list ap)
{
	printf("%sok %d - ", held ? "" : "not ", ++test_count);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	if (!held)
		test_failures++;
	return held;
}

/* A value on a line of its own; a newline in it must not start a TAP line. */
static void test_value(const char *what, const char *s)
{
	printf("# %s ", what);
	for (; s && *s; s++)
		if (*s == '\n')
			printf("\\n");
		else
			putchar(*s);
	puts(s ? "" : "(null)");
	fflush(stdout);
}

/* The condition holds. */
TEST_FN TEST_FMT(2, 3) bool ok(bool cond, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	test_line(cond, fmt, ap);
	va_end(ap);
	return cond;
}

/* Two strings are equal; NULL equals only NULL. */
TEST_FN TEST_FMT(3, 4) bool is_str(const char *got, const char *want, const char *fmt, ...)
{
	bool same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	test_line(same, fmt, ap);
	va_end(ap);
	if (!same) {
		test_value("got: ", got);
		test_value("want:", want);
	}
	return same;
}

/* Two integers are equal. */
TEST_FN TEST_FMT(3, 4) bool is_int(long long got, long long want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	test_line(got == want, fmt, ap);
	va_end(ap);
	if (got != want) {
		printf("# got:  %lld (%#llx)\n", got, (unsigned long long)got);
		printf("# want: %lld (%#llx)\n", want, (unsigned long long)want);
	}
	return got == want;
}

/* A remark in the output, on one line. */
TEST_FN TEST_FMT(1, 2) void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

/* What this machine cannot do: the line counts as held and carries the reason. */
TEST_FN TEST_FMT(1, 2) void skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("ok %d # SKIP ", ++test_count);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	va_end(ap);
}

static int test_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void test_cleanup(void)
{
	if (test_scratch[0])
		nftw(test_scratch, test_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A private directory, made at the first call and removed at exit. */
TEST_FN const char *scratch_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (test_scratch[0])
		return test_scratch;
	snprintf(test_scratch, sizeof(test_scratch), "%s/sp-unit-XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(test_scratch)) {
		printf("Bail out! %s: %s\n", test_scratch, strerror(errno));
		exit(1);
	}
	atexit(test_cleanup);
	return test_scratch;
}

/* Print the plan; the exit code of main(). */
TEST_FN int test_done(void)
{
	printf("1..%d\n", test_count);
	return test_failures > 0;
}

#endif
