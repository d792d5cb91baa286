/*
 * The same source with another C library: musl, static and dynamic.  The
 * dynamic one asks for /lib/ld-musl-MACHINE.so.1, which is loader and C library
 * in one file.
 *
 *	scratchpack musl-dynamic -o musl.tar
 */
#include <stdio.h>
#include <time.h>

int main(void)
{
	struct tm tm = { 0 };
	time_t epoch = 0;
	char text[64];

	strftime(text, sizeof(text), "%Y-%m-%d", gmtime_r(&epoch, &tm));
	printf("Time began on %s.\n", text);
	return 0;
}
