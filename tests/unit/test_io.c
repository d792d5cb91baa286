/*
 * Files that we write: what may stand in their place, and what is left behind.
 */
#include "base/io.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test.h"

static char path_buf[8192];

static const char *at(const char *name)
{
	snprintf(path_buf, sizeof(path_buf), "%s/%s", scratch_dir(), name);
	return path_buf;
}

/* How many names a directory of the scratch directory holds. */
static int names_in(const char *name)
{
	DIR *dir = opendir(at(name));
	int n = 0;

	for (struct dirent *e; dir && (e = readdir(dir));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (dir)
		closedir(dir);
	return n;
}

static int write_whole(const char *path, const char *text, struct sp_err *err)
{
	struct sp_outfile out = SP_OUTFILE_INIT;
	int rc = sp_outfile_open(&out, path, err);

	if (!rc)
		rc = sp_outfile_write(&out, text, strlen(text), err);
	if (!rc)
		rc = sp_outfile_commit(&out, err);
	sp_outfile_abort(&out);
	return rc;
}

static const char *text_of(const char *path)
{
	static struct sp_buf buf;
	struct sp_err err = { 0 };

	sp_buf_release(&buf);
	return path && sp_read_file(path, 1 << 20, &buf, &err) == 0 ? sp_buf_str(&buf) : NULL;
}

static void plain(void)
{
	struct sp_err err = { 0 };
	struct sp_outfile out = SP_OUTFILE_INIT;
	struct stat st;
	char back[16];
	size_t len;
	mode_t mask = umask(027);

	mkdir(at("plain"), 0777);
	is_int(write_whole(at("plain/f"), "one", &err), 0, "a new file");
	umask(mask);
	is_str(text_of(at("plain/f")), "one", "with its bytes");
	is_int(stat(at("plain/f"), &st) ? 0 : st.st_mode & 07777, 0640, "and the mode of the umask");
	ok(sp_outfile_open(&out, at("plain/f"), &err) == 0 &&
	   sp_outfile_write(&out, "second", 6, &err) == 0, "a second one is begun");
	is_str(text_of(at("plain/f")), "one", "the old is there until the commit");
	is_int(names_in("plain"), 2, "and the new beside it");
	ok(sp_outfile_patch(&out, 2, "XX", 2, &err) == 0, "bytes can be replaced");
	is_int((long long)out.size, 6, "which adds none");
	ok(sp_outfile_read(&out, 1, back, sizeof(back), &len, &err) == 0 && len == 5 &&
	   memcmp(back, "eXXnd", 5) == 0, "and read back");
	ok(sp_outfile_read(&out, 6, back, sizeof(back), &len, &err) == -1 &&
	   strstr(err.msg, "has become shorter"), "but not behind the end");
	is_int(sp_outfile_commit(&out, &err), 0, "commit");
	sp_outfile_abort(&out);
	is_str(text_of(at("plain/f")), "seXXnd", "then the new one is there");
	is_int(names_in("plain"), 1, "alone");
	ok(sp_outfile_open(&out, at("plain/f"), &err) == 0, "a third is begun");
	sp_outfile_abort(&out);
	is_int(names_in("plain"), 1, "and leaves nothing when it is given up");
	is_str(text_of(at("plain/f")), "seXXnd", "nor takes anything");
	sp_outfile_abort(&out);
	ok(out.fd == -1, "giving up twice is no matter");
}

static void fails(const char *path, const char *part, const char *what)
{
	struct sp_err err = { 0 };
	struct sp_outfile out = SP_OUTFILE_INIT;
	sp_autofree char *copy = sp_strdup(path);
	int rc = sp_outfile_open(&out, copy, &err);

	sp_outfile_abort(&out);
	ok(rc == -1 && err.code == SP_EOUTPUT, "%s: refused", what);
	if (!ok(strstr(err.msg, part) != NULL, "%s: with the reason", what))
		test_value("got: ", err.msg);
}

static void in_the_way(void)
{
	char name[300];

	mkdir(at("way"), 0777);
	mkdir(at("way/dir"), 0777);
	fails(at("way/dir"), "is a directory", "a directory");
	fails(at("way/dir/"), "is a directory", "a directory with a slash");
	fails(at("way/none/f"), "No such file", "no such directory");
	fails(at("way/none/"), "No such file", "a slash at the end");
	close(open(at("way/file"), O_WRONLY | O_CREAT, 0666));
	fails(at("way/file/f"), "Not a directory", "a file as directory");
	fails("", "\"\"", "no name at all");
	ok(symlink("loop", at("way/loop")) == 0, "a link to itself");
	fails(at("way/loop"), "Too many", "a link to itself");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	memcpy(name, "way/", 4);
	name[4 + 255] = name[4 + 256] = '\0';
	memset(name + 4, 'n', 255);
	struct sp_err err = { 0 };
	is_int(write_whole(at(name), "x", &err), 0, "the longest name there can be");
	memset(name + 4, 'm', 256);
	name[260] = '\0';
	fails(at(name), "too long", "a longer name");
	is_int(names_in("way"), 4, "nothing else is left");
}

static void links(void)
{
	struct sp_err err = { 0 };
	struct stat st;

	mkdir(at("links"), 0777);
	mkdir(at("links/real"), 0777);
	sp_autofree char *absolute = sp_strdup(at("links/real/abs"));
	ok(symlink("real/f", at("links/l")) == 0 && symlink("l", at("links/ll")) == 0 &&
	   symlink(absolute, at("links/a")) == 0, "three links");
	is_int(write_whole(at("links/ll"), "new", &err), 0, "through a link that dangles");
	is_str(text_of(at("links/real/f")), "new", "the file is where it leads");
	is_int(write_whole(at("links/ll"), "newer", &err), 0, "through one that does not");
	is_str(text_of(at("links/real/f")), "newer", "there too");
	ok(lstat(at("links/l"), &st) == 0 && S_ISLNK(st.st_mode), "the link stays one");
	is_int(write_whole(at("links/a"), "abs", &err), 0, "through an absolute one");
	is_str(text_of(at("links/real/abs")), "abs", "as well");
	is_int(names_in("links/real"), 2, "nothing else is there");
}

static void *read_all(void *name)
{
	static char got[64];
	int fd = open(name, O_RDONLY);
	size_t len = 0;

	for (ssize_t n; fd >= 0 && (n = read(fd, got + len, sizeof(got) - 1 - len)) > 0;)
		len += (size_t)n;
	got[len] = '\0';
	close(fd);
	return got;
}

static void devices(void)
{
	struct sp_err err = { 0 };
	struct sp_outfile out = SP_OUTFILE_INIT;
	sp_autofree char *fifo = sp_strdup(at("fifo"));
	pthread_t thread;
	void *got = NULL;

	is_int(write_whole("/dev/null", "x", &err), 0, "/dev/null takes everything");
	struct stat st;
	ok(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode), "and stays what it is");
	is_int(write_whole("/dev/full", "x", &err), -1, "/dev/full takes nothing");
	is_int(err.code, SP_EOUTPUT, "which is an error of the output");
	ok(strstr(err.msg, "No space") != NULL, "that says why");
	if (mkfifo(fifo, 0600) || pthread_create(&thread, NULL, read_all, fifo))
		return;
	ok(sp_outfile_open(&out, fifo, &err) == 0 && out.stream, "a FIFO is a stream");
	ok(sp_outfile_write(&out, "through", 7, &err) == 0, "that can be written");
	ok(sp_outfile_patch(&out, 0, "x", 1, &err) == -1, "but not changed");
	ok(sp_outfile_commit(&out, &err) == 0, "and needs no sync");
	sp_outfile_abort(&out);
	pthread_join(thread, &got);
	is_str(got, "through", "and the bytes come through");
	ok(stat(fifo, &st) == 0 && S_ISFIFO(st.st_mode), "the FIFO is still there");
}

/* What only an ordinary user can be refused. */
static int as_nobody(void)
{
	struct sp_err err = { 0 };

	if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
		return 9;
	if (write_whole(at("closed/f"), "x", &err) != -1 || err.code != SP_EOUTPUT)
		return 1;
	return strstr(err.msg, "Permission denied") ? 0 : 2;
}

static void closed_dir(void)
{
	int status = 0;

	chmod(scratch_dir(), 0755);
	mkdir(at("closed"), 0555);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		_exit(as_nobody());
	waitpid(pid, &status, 0);
	is_int(WEXITSTATUS(status), 0, "a directory that may not be written");
}

/* A write that ends half-way leaves nothing. */
static void full_disk(void)
{
	struct rlimit old, small = { 1000, 1000 };
	struct sp_err err = { 0 };
	char text[4000];

	mkdir(at("full"), 0777);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	int rc = write_whole(at("full/f"), text, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(rc == -1 && err.code == SP_EOUTPUT, "a file that grows too large is an error");
	is_int(names_in("full"), 0, "and leaves nothing");
}

static void unnamed(void)
{
	struct sp_err err = { 0 };
	struct sp_outfile out = SP_OUTFILE_INIT;
	char back[6] = "";

	mkdir(at("tmp"), 0777);
	ok(sp_outfile_open_unnamed(&out, at("tmp"), &err) == 0, "a file without a name");
	is_int(names_in("tmp"), 0, "is seen by nobody");
	ok(sp_outfile_write(&out, "bytes", 5, &err) == 0 &&
	   sp_outfile_patch(&out, 0, "B", 1, &err) == 0 &&
	   pread(out.fd, back, 5, 0) == 5, "and can be written and read");
	is_str(back, "Bytes", "its bytes");
	sp_outfile_abort(&out);
	ok(sp_outfile_open_unnamed(&out, at("none"), &err) == -1 && err.code == SP_EOUTPUT,
	   "no such directory");
}

static void reading(void)
{
	struct sp_err err = { 0 };
	struct sp_buf buf = { 0 };

	is_int(write_whole(at("r"), "12345", &err), 0, "a file to read");
	is_int(sp_read_file(at("r"), 5, &buf, &err), 0, "as large as is allowed");
	is_str(sp_buf_str(&buf), "12345", "its bytes");
	sp_buf_reset(&buf);
	is_int(sp_read_file(at("r"), 4, &buf, &err), -1, "larger than is allowed");
	ok(strstr(err.msg, "larger than 4 bytes") != NULL, "and that is said");
	sp_buf_release(&buf);
	is_int(write_whole(at("r"), "", &err), 0, "an empty file");
	is_int(sp_read_file(at("r"), 4, &buf, &err), 0, "can be read");
	is_str(sp_buf_str(&buf), "", "as an empty string");
	is_int(sp_read_file(at("nothing"), 4, &buf, &err), -1, "no file");
	is_int(sp_read_file(scratch_dir(), 4, &buf, &err), -1, "a directory");
	is_int(sp_read_file("/dev/zero", 100000, &buf, &err), -1, "a file without end");
	sp_buf_release(&buf);
}

int main(void)
{
	plain();
	in_the_way();
	links();
	devices();
	closed_dir();
	full_disk();
	unnamed();
	reading();
	text_of(NULL);
	return test_done();
}
