/*
 * What the text after -o means, and what is refused with which advice.
 */
#include "tiny_image.h"

#include <fcntl.h>

#include "transport/dest.h"

static const struct {
	const char *text;
	enum sp_code code;
	const char *says;
} refused[] = {
	{ "", SP_EUSAGE, "empty" },
	{ "myapp", SP_EUSAGE, "say myapp.tar for an archive, myapp/ for a layout or "
			      "docker://myapp" },
	{ "myapp:v1", SP_EUSAGE, "unclear" },
	{ "docker://", SP_EUSAGE, "expected docker://NAME[:TAG]" },
	{ "docker://UPPER", SP_EUSAGE, "lower case" },
	{ "docker://127.0.0.1:1/a", SP_ENETWORK, "127.0.0.1:1" },
	{ "https://host/a.tar", SP_EUSAGE, "URL" },
	{ "dir:x", SP_EUSAGE, "no destination" },
	{ "containers-storage:x", SP_EUSAGE, "no destination" },
	{ "oci:", SP_EUSAGE, "expected oci:DIR[:REF]" },
	{ "oci:x:", SP_EUSAGE, "expected oci:DIR[:REF]" },
	{ "oci-archive::x", SP_EUSAGE, "expected oci-archive:FILE[:REF]" },
	{ "docker-archive:", SP_EUSAGE, "expected docker-archive:FILE[:NAME:TAG]" },
	{ "docker-daemon:", SP_EUSAGE, "expected docker-daemon:NAME[:TAG]" },
	{ "a.tar.gz", SP_EUSAGE, "uncompressed" },
	{ "./a.tgz", SP_EUSAGE, "uncompressed" },
	{ "./program", SP_EUSAGE, "executable file and would be overwritten" },
	{ "missing/a.tar", SP_EOUTPUT, "missing/a.tar" },
	{ "oci-archive:missing/a.tar", SP_EOUTPUT, "missing/a.tar" },
	{ "missing/dir/", SP_EOUTPUT, "missing/dir" },
	{ "oci:program", SP_EOUTPUT, "is a file, expected a directory" },
	{ "program/x/", SP_EOUTPUT, "program/x" },
	{ "oci-archive:full", SP_EOUTPUT, "is a directory, expected a file" },
	{ "full", SP_EOUTPUT, "is not empty and is no OCI layout" },
	{ "full/", SP_EOUTPUT, "is not empty and is no OCI layout" },
};

static void test_refused(void)
{
	struct sp_transport_options options = tiny_options();

	put_file("program", "#!/bin/sh\n", 10);
	chmod("program", 0755);
	mkdir("full", 0755);
	put_file("full/notes", "x", 1);
	int before = entries_in(".");

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct sp_err err = { 0 };
		struct sp_dest *dest = NULL;
		int rc = sp_dest_open(refused[i].text, &options, &dest, &err);

		ok(rc == -1 && !dest, "\"%s\" is refused", refused[i].text);
		is_int(err.code, refused[i].code, "\"%s\": code", refused[i].text);
		if (!ok(strstr(err.msg, refused[i].says) != NULL, "\"%s\": the message says "
			"%s", refused[i].text, refused[i].says))
			note("%s", err.msg);
		sp_dest_free(dest);
	}
	is_int(entries_in("."), before, "nothing is left behind");
}

/* What is accepted, the name it carries, and what it becomes on disk. */
static const struct {
	const char *text, *ref, *names, *file;
	bool dir;
} accepted[] = {
	{ "a.tar", NULL, "library/app:v1", "a.tar", false },
	{ "sub/b", NULL, "library/app:v1", "sub/b", false },
	{ "new/", NULL, "library/app:v1", "new", true },
	{ "new2//", NULL, "library/app:v1", "new2", true },
	{ "empty", NULL, "library/app:v1", "empty", true },
	{ "oci:l1", NULL, "library/app:v1", "l1", true },
	{ "oci:l2/:v7", "v7", "library/app:v7", "l2", true },
	{ "oci:l3:other:v8", "other:v8", "library/other:v8", "l3", true },
	{ "oci-archive:o.tar:v7", "v7", "library/app:v7", "o.tar", false },
	{ "oci-archive:bare", NULL, "library/app:v1", "bare", false },
	{ "docker-archive:d.tar:app:v9", "app:v9", "library/app:v9", "d.tar", false },
	{ "docker-archive:e.tar:other", "other", "library/other:latest", "e.tar", false },
};

static void test_accepted(void)
{
	struct sp_transport_options options = tiny_options();
	struct tiny t;

	tiny_init(&t, "text");
	mkdir("sub", 0755);
	mkdir("empty", 0755);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		struct sp_ref ref = { .domain = "docker.io", .path = "library/app", .tag = "v1" };
		const struct sp_ref *refs = &ref;
		size_t nr = 1;
		struct sp_err err = { 0 };
		struct sp_arena arena = { 0 };
		struct sp_dest *dest = NULL;
		struct stat st;

		if (!ok(sp_dest_open(accepted[i].text, &options, &dest, &err) == 0,
			"\"%s\" is accepted", accepted[i].text)) {
			note("%s", err.msg);
			continue;
		}
		is_str(dest->ref, accepted[i].ref, "\"%s\": its own name",
		       accepted[i].text);
		ok(sp_dest_names(dest, &arena, &refs, &nr, &err) == 0 && nr == 1,
		   "\"%s\": one name", accepted[i].text);
		is_str(sp_arena_strf(&arena, "%s:%s", refs->path,
				     refs->tag ? refs->tag : "-"),
		       accepted[i].names, "\"%s\": the name it gets", accepted[i].text);
		ok(tiny_feed(&t, sp_dest_sink(dest), &err) == 0 &&
		   sp_dest_prepare(dest, &t.image, refs, nr, &err) == 0 &&
		   sp_dest_commit(dest, &err) == 0, "\"%s\" is written", accepted[i].text);
		sp_dest_free(dest);
		sp_arena_release(&arena);
		ok(stat(accepted[i].file, &st) == 0 &&
		   !!S_ISDIR(st.st_mode) == accepted[i].dir, "\"%s\" is a %s",
		   accepted[i].file, accepted[i].dir ? "directory" : "file");
	}
	tiny_release(&t);
}

static void test_bad_name(void)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_arena arena = { 0 };
	struct sp_dest *dest = NULL;
	const struct sp_ref *refs = NULL;
	size_t nr = 0;

	ok(sp_dest_open("docker-archive:bad.tar:UPPER CASE", &options, &dest, &err) == 0 &&
	   sp_dest_names(dest, &arena, &refs, &nr, &err) == -1, "a bad name is refused");
	is_int(err.code, SP_EUSAGE, "as a slip in usage");
	sp_dest_free(dest);
	sp_arena_release(&arena);
	ok(access("bad.tar", F_OK) != 0, "and no file is left");
	sp_dest_free(NULL);
}

/* All or nothing: a destination that fails keeps the others from appearing. */
static void test_two_phases(void)
{
	struct sp_transport_options options = tiny_options();
	struct sp_err err = { 0 };
	struct sp_dest *a = NULL, *b = NULL;
	struct tiny t;

	tiny_init(&t, "two");
	ok(sp_dest_open("both.tar", &options, &a, &err) == 0 &&
	   sp_dest_open("oci:both:v1", &options, &b, &err) == 0, "two destinations");
	struct sp_sink *sinks[] = { sp_dest_sink(a), sp_dest_sink(b) };
	struct sp_sink *tee = sp_sink_tee_new(sinks, 2);

	ok(tiny_feed(&t, tee, &err) == 0, "fed at once");
	ok(sp_dest_prepare(a, &t.image, NULL, 0, &err) == 0 &&
	   sp_dest_prepare(b, &t.image, NULL, 0, &err) == 0, "prepared");
	ok(access("both.tar", F_OK) && access("both/index.json", F_OK),
	   "nothing can be seen yet");
	sp_sink_tee_free(tee);
	sp_dest_free(b);
	sp_dest_free(a);
	ok(access("both.tar", F_OK) && access("both", F_OK), "nothing stays when it is left");
	tiny_release(&t);
}

int main(void)
{
	if (chdir(scratch_dir()))
		abort();
	test_refused();
	test_accepted();
	test_bad_name();
	test_two_phases();
	return test_done();
}
