/*
 * Run a command and say what it took, as one line in the file FILE:
 *
 *	SECONDS PEAK_KIB STATUS
 *
 *	measure FILE STDOUT COMMAND [ARG...]
 *
 * The command's standard output goes to the file STDOUT.  Peak memory is that of
 * the largest process under it.  A small C program, as the kernel counts what the
 * caller used before exec(2) too: under a shell or Python that would be megabytes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void become(const char *out, char **argv)
{
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	perror(fd < 0 ? out : argv[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: measure FILE STDOUT COMMAND [ARG...]\n");
		return 2;
	}
	double begin = now();
	pid_t pid = fork();
	if (pid == 0)
		become(argv[2], argv + 3);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("measure");
		return 1;
	}
	double took = now() - begin;

	getrusage(RUSAGE_CHILDREN, &usage);
	FILE *file = fopen(argv[1], "w");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	fprintf(file, "%.4f %ld %d\n", took, usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return fclose(file) ? 1 : 0;
}
