/*
 * Archives as destinations: what is in them, judged by GNU tar, Python and
 * skopeo, and what happens when they cannot be written.
 */
#include "transport/archive.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "tiny_image.h"

#define LISTING "tar --numeric-owner --full-time --utc -tvf "

/* Each line of the listing without its date, as "mode owner size name". */
static char *listing(const char *archive)
{
	struct sp_buf text = { 0 };
	struct sp_err err = { 0 };
	sp_autofree char *line = sp_strf(LISTING "%s | awk '{print $1, $2, $4, $5, $6}' "
					 "> list && ! tar -tf %s 2>&1 >/dev/null | grep .",
					 archive, archive);

	if (shell(line) || sp_read_file(in_scratch("list"), 65536, &text, &err))
		return sp_strdup("tar does not like it");
	return sp_buf_detach(&text);
}

static void test_contents(const struct tiny *t)
{
	static const struct {
		const char *text, *file;
		bool layout, docker;
	} forms[] = {
		{ "both.tar", "both.tar", true, true },
		{ "oci-archive:oci.tar", "oci.tar", true, false },
		{ "docker-archive:docker.tar", "docker.tar", false, true },
	};
	struct sp_transport_options options = tiny_options();

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct sp_err err = { 0 };
		sp_autofree char *list = NULL;

		ok(tiny_write(t, forms[i].text, "tiny", "v1", &options, &err) == 0,
		   "%s is written", forms[i].text);
		list = listing(forms[i].file);
		ok(strncmp(list, "drwxr-xr-x 0/0 1970-01-01 00:00:00 blobs/\n"
				 "drwxr-xr-x 0/0 1970-01-01 00:00:00 blobs/sha256/\n"
				 "-rw-r--r-- 0/0 1970-01-01 00:00:00 blobs/sha256/", 133) == 0,
		   "%s: directories first, fixed modes, owners and times", forms[i].text);
		is_int(strstr(list, " oci-layout\n") != NULL, forms[i].layout,
		       "%s: oci-layout", forms[i].text);
		is_int(strstr(list, " index.json\n") != NULL, forms[i].layout,
		       "%s: index.json", forms[i].text);
		is_int(strstr(list, " manifest.json\n") != NULL, forms[i].docker,
		       "%s: manifest.json", forms[i].text);
	}
	is_int(shell("rm -rf x && mkdir x && tar -xf both.tar -C x && cd x/blobs/sha256 && "
		     "sha256sum * | awk '$1 != $2 { exit 1 }' && [ $(ls | wc -l) = 3 ]"), 0,
	       "the name of each blob is its digest");
	is_int(shell("python3 -c 'import tarfile\n"
		     "n = tarfile.open(\"both.tar\").getnames()\n"
		     "assert len(n) == len(set(n)) == 8 and n[-1] == \"oci-layout\", n'"), 0,
	       "Python reads the same names");
}

static void test_consumers(void)
{
	if (!have_program("skopeo")) {
		skip("no skopeo");
		return;
	}
	is_int(shell("skopeo inspect --config oci-archive:both.tar:v1 | grep -q amd64"), 0,
	       "skopeo reads the layout in the archive");
	is_int(shell("skopeo inspect --config docker-archive:both.tar | grep -q amd64"), 0,
	       "and the docker archive in it");
	is_int(shell("skopeo inspect --config oci-archive:oci.tar:v1 | grep -q amd64"), 0,
	       "and a layout alone");
	is_int(shell("skopeo inspect --config docker-archive:docker.tar | grep -q amd64"), 0,
	       "and a docker archive alone");
	is_int(shell("skopeo copy oci-archive:both.tar:v1 dir:copy && "
		     "skopeo copy docker-archive:both.tar dir:copy2"), 0,
	       "and copies all blobs");
}

/* The same blob twice, in the middle and at the end. */
static void test_twice(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;
	bool done;

	done = sp_dest_open("twice.tar", &options, &dest, &err) == 0 &&
	       tiny_blob(sp_dest_sink(dest), &t->tar, &t->layer.desc, &err) == 0 &&
	       tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	       tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	       sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0 &&
	       sp_dest_commit(dest, &err) == 0;
	sp_dest_free(dest);
	ok(done, "a blob may come twice");
	ok(tiny_write(t, "once.tar", "tiny", "v1", &options, &err) == 0, "or once");
	is_int(shell("[ $(tar -tf twice.tar | wc -l) = 8 ] && tar -tf twice.tar > a && "
		     "tar -tf once.tar > b && cmp a b"), 0, "and is in the archive once");
	umask(077);
	ok(tiny_write(t, "again.tar", "tiny", "v1", &options, &err) == 0 &&
	   shell("cmp once.tar again.tar") == 0, "the same image gives the same bytes");
	umask(022);
}

static void test_wrong_size(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;
	struct sp_desc desc = t->layer.desc;

	desc.size++;
	ok(sp_dest_open("size.tar", &options, &dest, &err) == 0 &&
	   tiny_blob(sp_dest_sink(dest), &t->tar, &desc, &err) == -1 &&
	   err.code == SP_EFAIL, "a size that is not so is noticed");
	sp_dest_free(dest);
	desc = t->layer.desc;
	sp_digest_parse("sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
			"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
			&desc.digest);
	dest = NULL;
	ok(sp_dest_open("sha512.tar", &options, &dest, &err) == 0 &&
	   tiny_blob(sp_dest_sink(dest), &t->tar, &desc, &err) == -1 &&
	   err.code == SP_EOUTPUT, "a digest without a place in an archive is refused");
	sp_dest_free(dest);
	ok(access("size.tar", F_OK) && access("sha512.tar", F_OK), "both leave nothing");
}

/* A header for more than octal digits can say, read by others. */
static void test_large(void)
{
	struct sp_desc desc = { .size = (UINT64_C(8) << 30) + 5 };
	sp_autobuf struct sp_buf buf = { 0 };
	struct sp_err err = { 0 };
	uint64_t size = 0;

	sp_digest_of("", 0, &desc.digest);
	ok(sp_archive_blob_header(&buf, &desc, &err) == 0, "a header for 8 GiB and 5 bytes");
	is_int(buf.len, SP_TAR_BLOCK, "is one block");
	ok(sp_tar_number(buf.data + 124, 12, &size) && size == desc.size,
	   "and holds the size");
	put_file("large.tar", buf.data, buf.len);
	if (truncate("large.tar", (off_t)(SP_TAR_BLOCK * 4 + desc.size - 5))) {
		skip("no large files here");
		return;
	}
	is_int(shell("tar -tvf large.tar | grep -q ' 8589934597 .*blobs/sha256/e3b0'"), 0,
	       "GNU tar reads it");
	is_int(shell("python3 -c 'import tarfile\n"
		     "m = tarfile.open(\"large.tar\").next()\n"
		     "assert m.size == 8589934597, m.size'"), 0, "and Python");
	unlink("large.tar");
}

/* A run that fails or is left: the old file is whole, and nothing else is there. */
static void test_old_file_kept(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct rlimit limit, old;
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;

	mkdir("dir", 0755);
	put_file("dir/old.tar", "old", 3);
	ok(sp_dest_open("dir/old.tar", &options, &dest, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	   sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0, "a run that is left");
	sp_dest_free(dest);
	is_int(shell("[ \"$(cat dir/old.tar)\" = old ]"), 0, "keeps the old file");
	is_int(entries_in("dir"), 1, "and leaves nothing beside it");

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	bool failed = true, named = true, advised = true;
	for (rlim_t size = 0; size < 8192; size += 512) {
		limit = old;
		limit.rlim_cur = size;
		setrlimit(RLIMIT_FSIZE, &limit);
		err = (struct sp_err){ 0 };
		failed = failed && tiny_write(t, "dir/old.tar", "tiny", "v1", &options,
					      &err) == -1 && err.code == SP_EOUTPUT;
		setrlimit(RLIMIT_FSIZE, &old);
		named = named && strstr(err.msg, "dir/old.tar");
		advised = advised && strstr(err.msg, "ulimit -f");
	}
	ok(failed, "a limit on file size at every block is an output error");
	ok(named, "that names the file");
	ok(advised, "and says what to do");
	is_int(shell("[ \"$(cat dir/old.tar)\" = old ]"), 0, "the old file is there");
	is_int(entries_in("dir"), 1, "and nothing else");
	ok(tiny_write(t, "dir/old.tar", "tiny", "v1", &options, &err) == 0 &&
	   shell("tar -tf dir/old.tar") == 0, "without the limit it is replaced");
}

static void test_cancel(const struct tiny *t)
{
	volatile sig_atomic_t cancelled = 1;
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };

	options.cancelled = &cancelled;
	ok(tiny_write(t, "cancel.tar", "tiny", "v1", &options, &err) == -1, "cancelled");
	is_int(err.code, SP_ECANCELLED, "is what the error says");
	ok(access("cancel.tar", F_OK) != 0, "and nothing is there");
}

/* What cannot seek gets the archive when it is whole. */
static void test_streams(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *dest = NULL;
	int fds[2], before = entries_in(".");

	options.stdout_fd = open("stdout.tar", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	ok(sp_dest_open("-", &options, &dest, &err) == 0 &&
	   tiny_feed(t, sp_dest_sink(dest), &err) == 0 &&
	   sp_dest_prepare(dest, &t->image, NULL, 0, &err) == 0 &&
	   lseek(options.stdout_fd, 0, SEEK_END) == 0, "nothing is written before the commit");
	sp_dest_free(dest);
	ok(tiny_write(t, "-", "tiny", "v1", &options, &err) == 0 &&
	   shell("cmp stdout.tar once.tar") == 0, "the archive on standard output");
	close(options.stdout_fd);

	signal(SIGPIPE, SIG_IGN);
	if (pipe(fds))
		abort();
	close(fds[0]);
	options.stdout_fd = fds[1];
	ok(tiny_write(t, "-", "tiny", "v1", &options, &err) == -1, "a closed pipe");
	is_int(err.code, SP_EOUTPUT, "is an output error");
	is_str(err.msg, "standard output: the reader went away", "said quietly");
	close(fds[1]);

	ok(tiny_write(t, "/dev/full", "tiny", "v1", &options, &err) == -1, "a full device");
	is_int(err.code, SP_EOUTPUT, "is an output error");
	ok(strstr(err.msg, "/dev/full") && strstr(err.msg, "free some space"),
	   "that names it and says what to do");
	ok(tiny_write(t, "/dev/null", "tiny", "v1", &options, &err) == 0, "/dev/null takes all");
	is_int(entries_in("."), before + 1, "and no temporary file is left");

	options.temp_dir = "/nonexistent";
	options.stdout_fd = 1;
	ok(sp_dest_open("/dev/null", &options, &dest, &err) == -1 &&
	   strstr(err.msg, "/nonexistent"), "a temporary directory that is not there");
}

static void test_fifo(const struct tiny *t)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	pid_t pid;
	int status;

	if (mkfifo("pipe", 0600))
		abort();
	pid = fork();
	if (pid == 0) {
		execlp("sh", "sh", "-c", "cat pipe > from-pipe.tar", NULL);
		_exit(127);
	}
	ok(tiny_write(t, "pipe", "tiny", "v1", &options, &err) == 0, "a FIFO is written to");
	waitpid(pid, &status, 0);
	is_int(shell("cmp from-pipe.tar once.tar"), 0, "and the reader gets the archive");
}

int main(void)
{
	struct tiny t;

	umask(022);
	if (chdir(scratch_dir()))
		abort();
	tiny_init(&t, "some text in a file of the layer");
	test_contents(&t);
	test_consumers();
	test_twice(&t);
	test_wrong_size(&t);
	test_large();
	test_old_file_kept(&t);
	test_cancel(&t);
	test_streams(&t);
	test_fifo(&t);
	tiny_release(&t);
	return test_done();
}
