/*
 * For tests of the tracer: run something, and ask what was recorded of a file.
 *
 * The test program itself is what is traced: "helper NAME ARG..." on its command line
 * runs one of its functions.
 */
#ifndef SP_TRACED_H
#define SP_TRACED_H

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "trace/trace.h"

#include "test.h"

extern char **environ;

static char traced_text[8][8192];

/* A formatted string that stays for a while. */
__attribute__((format(printf, 1, 2), unused))
static const char *fmt(const char *format, ...)
{
	static unsigned next;
	char *text = traced_text[next++ % 8];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(*traced_text), format, ap);
	va_end(ap);
	return text;
}

/* A path in the scratch directory. */
__attribute__((unused)) static const char *at(const char *name)
{
	return fmt("%s/%s", scratch_dir(), name);
}

__attribute__((unused)) static void make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		note("%s: %s", path, strerror(errno));
	close(fd);
}

/* Options with which most tests begin. */
static struct sp_trace_options traced_options(const char *command)
{
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	return (struct sp_trace_options){
		.command = command, .env = environ, .fds = { null, null, 2 },
		.timeout_ms = 60000, .linger_ms = -1,
	};
}

/* Trace a command that must work; NULL if it did not. */
__attribute__((unused)) static struct sp_trace *traced(const char *command)
{
	struct sp_trace_options options = traced_options(command);
	struct sp_trace *trace = NULL;
	struct sp_err err = { 0 };

	if (sp_trace_run(&options, &trace, &err))
		note("%s: %s", command, err.msg);
	return trace;
}

__attribute__((unused))
static const struct sp_trace_file *file_of(const struct sp_trace *trace, const char *path)
{
	for (size_t i = 0; trace && i < trace->files_nr; i++)
		if (strcmp(trace->files[i].path, path) == 0)
			return &trace->files[i];
	return NULL;
}

/* The uses of a file as letters, "" when there is no record. */
__attribute__((unused))
static const char *uses_of(const struct sp_trace *trace, const char *path)
{
	static const char letters[] = "rwxlskW";
	const struct sp_trace_file *file = file_of(trace, path);
	static char text[8];
	size_t n = 0;

	for (size_t i = 0; file && letters[i]; i++)
		if (file->uses & 1u << i)
			text[n++] = letters[i];
	text[n] = '\0';
	return text;
}

/* This program, as a command. */
__attribute__((unused)) static const char *self(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n < 0 ? 0 : n] = '\0';
	return path;
}

#endif
