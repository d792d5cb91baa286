/* The library: built as lib/libgreet.so.1 beside the program. */
#include "greet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void greet(const char *name)
{
	printf("Good day, %s (%.3f)\n", name, sqrt((double)strlen(name)));
}
