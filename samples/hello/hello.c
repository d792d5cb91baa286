/*
 * The smallest case: a static program, which needs nothing but itself.
 *
 *	scratchpack hello -o hello.tar
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	printf("Hello from a container with one file in it.\n");
	printf("I am process %d and user %d.\n", (int)getpid(), (int)getuid());
	for (int i = 1; i < argc; i++)
		printf("argument %d: %s\n", i, argv[i]);
	return 0;
}
