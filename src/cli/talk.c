/*
 * Messages to people, on stderr.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static bool quiet, color_err;

bool cli_color_on(FILE *out, const struct cli *cli)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (cli->color != CLI_AUTO)
		return cli->color == CLI_ALWAYS;
	return isatty(fileno(out)) && !(none && *none) && term && strcmp(term, "dumb") != 0;
}

void cli_talk_init(const struct cli *cli)
{
	quiet = cli->quiet;
	color_err = cli_color_on(stderr, cli);
}

/* How many bytes at p make one character of UTF-8 that is safe to print. */
static size_t printable(const unsigned char *p)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
		     p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (len == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	/* U+0080 to U+009F are control characters as well */
	if (!len || !sp_json_is_utf8((const char *)p, strnlen((const char *)p, len)) ||
	    (p[0] == 0xc2 && p[1] < 0xa0))
		return 0;
	return len;
}

void cli_print_safe(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *start = p;

	for (size_t len; *p; p += len ? len : 1) {
		len = printable(p);
		if (len)
			continue;
		fwrite(start, 1, (size_t)(p - start), out);
		start = p + 1;
		if (*p == '\n')
			fputs("\\n", out);
		else
			fprintf(out, "\\x%02x", *p);
	}
	fwrite(start, 1, (size_t)(p - start), out);
}

static void message(const char *kind, const char *color, const char *text, const char *id)
{
	cli_progress_done();
	fprintf(stderr, "scratchpack: %s%s:%s ", color_err ? color : "", kind,
		color_err ? "\033[0m" : "");
	cli_print_safe(stderr, text);
	if (*id)
		fprintf(stderr, " [%s]", id);
	fputc('\n', stderr);
}

void cli_error(const char *text, const char *id)
{
	message("error", "\033[1;31m", text, id);
}

void cli_note(const char *text)
{
	if (!quiet)
		message("note", "\033[36m", text, "");
}

void cli_say(const char *fmt, ...)
{
	char text[4096];
	va_list args;

	if (quiet)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	cli_progress_done();
	cli_print_safe(stderr, text);
	fputc('\n', stderr);
}
