/*
 * Sizes for people: powers of a thousand, as disks and registries count.
 */
#include <stdio.h>

#include "cli/cli.h"

const char *cli_size(char *text, size_t len, int64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
	double n = (double)bytes;
	int unit = 0;

	while (n >= 999.95 && unit < 5) {
		n /= 1000;
		unit++;
	}
	snprintf(text, len, unit && n < 99.95 ? "%.1f %s" : "%.0f %s", n, units[unit]);
	return text;
}
