/*
 * A program with a library of its own, found beside it by an RUNPATH of
 * $ORIGIN/lib, which needs a system library in its turn.
 *
 *	scratchpack greet -o greet.tar
 *	scratchpack inspect greet
 */
#include "greet.h"

int main(int argc, char **argv)
{
	greet(argc > 1 ? argv[1] : "world");
	return 0;
}
