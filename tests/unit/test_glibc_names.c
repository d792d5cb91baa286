/*
 * Names and the objects that they stand for, with glibc's loader: one file under
 * several names, several files under one, files that are no libraries, and version
 * needs of a name that nothing has.  (The rules of searching: test_glibc_rules.c.)
 */
#include "closure_files.h"

/* The loader stops, and the closure is not complete either. */
static void both_refuse(const char *program, const char *loader, const char *text,
			const char *what)
{
	const char *env[] = { NULL };
	struct built b = build(program);
	int status;
	sp_autofree char *said = run_with(in_scratch(program), env, &status);

	ok(status == 127 && strstr(said, loader), "%s: the loader stops", what);
	ok(b.closure && sp_closure_check(b.closure, &b.err) == -1 &&
	   strstr(b.err.msg, text), "%s: and so do we", what);
	if (!strstr(b.err.msg, text))
		printf("# %s\n", b.err.msg);
	built_free(&b);
}

/* "$ORIGIN/libin.so" of one object is not that of another. */
static void same_name_two_origins(void)
{
	shell("mkdir -p origins/a origins/b; cd origins; W=$PWD\n"
	      "so a/libin.so ''; so b/libin.so ''\n"
	      "so a/libone.so libone.so a/libin.so; so b/libtwo.so libtwo.so b/libin.so\n"
	      "patchelf --replace-needed a/libin.so '$ORIGIN/libin.so' a/libone.so\n"
	      "patchelf --replace-needed b/libin.so '$ORIGIN/libin.so' b/libtwo.so\n"
	      "exe app -Wl,-rpath,$W/a:$W/b a/libone.so b/libtwo.so\n"
	      "exe again -Wl,-rpath,$W/a:$W/b a/libone.so\n"
	      "patchelf --add-needed '$ORIGIN/a/libin.so' again");
	agree("origins/app", "one $ORIGIN in a name is not another");
	lists("origins/app", "/b/libin.so", true, "so that both files are there");
	agree("origins/again", "what it stands for is what counts");
	struct built b = build("origins/again");
	is_int(b.closure->objects_nr, 4, "not two objects of one file");
	built_free(&b);
}

/* Another path to the same file is known, since it must be in an image as well. */
static void same_file_two_paths(void)
{
	shell("mkdir paths; cd paths; W=$PWD\n"
	      "so libx.so.1 ''; ln -s libx.so.1 libx.so; ln libx.so.1 libhard.so\n"
	      "exe app -Wl,-rpath,$W libx.so.1 libx.so libhard.so\n"
	      "exe one -Wl,-rpath,$W libx.so.1");
	agree("paths/app", "one inode is one object");
	struct built b = build("paths/app");
	size_t others = 0;

	for (size_t i = 0; i < b.closure->edges_nr; i++)
		others += b.closure->edges[i].also != NULL;
	is_int(others, 2, "with two more paths");
	built_free(&b);
	b = build("paths/one");
	for (size_t i = 0; i < b.closure->edges_nr; i++)
		others += b.closure->edges[i].also != NULL;
	is_int(others, 2, "and none where there is one name");
	built_free(&b);
}

/* A program can be started, not loaded. */
static void programs_as_libraries(void)
{
	shell("mkdir programs; cd programs; W=$PWD\n"
	      "so libin.so libin.so; exe app -Wl,-rpath,$W libin.so\n"
	      "rm libin.so; exe libin.so");
	both_refuse("programs/app", "cannot dynamically load position-independent executable",
		    "position-independent", "a program as a library");
}

/* What tools do that edit NEEDED and forget .gnu.version_r. */
static void versions_of_nothing(void)
{
	shell("mkdir versions; cd versions; W=$PWD\n"
	      "echo 'V1 { f; };' >one.map\n"
	      "export code='int f(void) { return 1; }'\n"
	      "so libv.so libv.so -Wl,--version-script=one.map\n"
	      "export code='int f(void); void _start(void) { f(); }'\n"
	      "exe app -Wl,-rpath,$W libv.so; cp app gone; cp app renamed\n"
	      "patchelf --remove-needed libv.so gone\n"
	      "ln libv.so libother.so");
	both_refuse("versions/gone", "needed != NULL", "version `V1' of libv.so",
		    "a version of a library that is not needed");
	agree("versions/app", "and without such an edit all is well");
	shell("cd versions; rm libv.so");
	struct built b = build("versions/app");
	is_int(b.closure->problems_nr, 0, "a missing library is not said twice");
	is_int(b.closure->missing_nr, 1, "but once");
	built_free(&b);
}

int main(void)
{
#ifdef __x86_64__
	same_name_two_origins();
	same_file_two_paths();
	programs_as_libraries();
	versions_of_nothing();
	in_scratch(NULL);
#else
	skip("the fixtures are for x86-64");
#endif
	return test_done();
}
