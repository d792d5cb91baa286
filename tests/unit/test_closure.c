/*
 * The closure as a whole: what it says of itself, what cannot be built, what is
 * added later.  The rules of the loaders have tests of their own.
 */
#include "closure_files.h"

static void fails(const char *program, const char *part, const char *what)
{
	struct built b = build(program);

	ok(!b.closure && b.err.code == SP_EPROGRAM, "%s is an error of the program", what);
	if (!ok(strstr(b.err.msg, part) != NULL, "and the message says it"))
		test_value("got: ", b.err.msg);
	built_free(&b);
}

static void cannot(void)
{
	shell("mkdir cannot; cd cannot\n"
	      "so libin.so libin.so\n"
	      "echo text >text; mkdir dir; ln -s nowhere dangling\n"
	      "exe rel libin.so -Wl,--dynamic-linker=ld.so\n"
	      "exe noloader libin.so -Wl,--dynamic-linker=/none/ld.so\n"
	      "exe textloader libin.so -Wl,--dynamic-linker=$PWD/text\n"
	      "exe liblo libin.so -Wl,--dynamic-linker=$PWD/libin.so\n"
	      "exe nointerp libin.so -Wl,--no-dynamic-linker\n"
	      "so lib32.so lib32.so -m32 -Wl,-m,elf_i386\n"
	      "exe other libin.so -Wl,--dynamic-linker=$PWD/lib32.so");
	fails("cannot/none", "no such file", "a program that is not there");
	fails("cannot/dangling", "leads nowhere", "a link that leads nowhere");
	fails("cannot/dir", "directory", "a directory");
	fails("cannot/text", "text", "a text");
	fails("cannot/rel", "relative path", "a relative loader");
	fails("cannot/noloader", "/none/ld.so", "a loader that is not there");
	fails("cannot/textloader", "loader of", "a loader that is no ELF file");
	fails("cannot/liblo", "neither glibc's nor musl's", "a loader of no kind");
	fails("cannot/nointerp", "names no program loader", "libraries without a loader");
	fails("cannot/other", "another machine", "a loader for another machine");
}

static void static_one(void)
{
	shell("mkdir static; cd static; exe app -static -no-pie");
	struct built b = build("static/app");

	ok(b.closure && b.closure->objects_nr == 1 && sp_closure_complete(b.closure),
	   "a static program is a closure of one");
	built_free(&b);
}

static void incomplete(void)
{
	shell("mkdir inc; cd inc; W=$PWD\n"
	      "so liba.so liba.so; so libb.so libb.so; so libc1.so libc1.so liba.so\n"
	      "mkdir bad; echo text >bad/liba.so\n"
	      "exe app -Wl,--enable-new-dtags,-rpath,/none/x:$W/bad liba.so libb.so; rm liba.so libb.so");
	struct built b = build("inc/app");

	if (!ok(b.closure != NULL, "a closure that is not whole is one"))
		return;
	is_int((long long)b.closure->missing_nr, 2, "that says what is missing");
	is_str(b.closure->missing[0].name, "liba.so", "by name");
	is_int((long long)b.closure->missing[0].from, 0, "for whom");
	is_str(b.closure->missing[0].probes[0].path, "/none/x/liba.so", "what was tried first");
	is_str(b.closure->missing[0].probes[0].result, NULL, "where nothing is");
	ok(b.closure->missing[0].probes[1].result != NULL, "and then, where something else is");
	ok(strstr(b.closure->missing[0].why, "bad/liba.so") != NULL, "which stops the loader");
	is_str(b.closure->missing[1].why, "not found", "the other is just not found");
	ok(b.closure->missing[1].probes_nr >= 4, "in none of many places");
	is_int(sp_closure_check(b.closure, &b.err), -1, "checked, it fails");
	is_int(b.err.code, SP_EPROGRAM, "with the code of the program");
	ok(strstr(b.err.msg, "2 libraries are missing") && strstr(b.err.msg, "/none/x/liba.so") &&
	   strstr(b.err.msg, "needed by"), "and a message that says all that");
	built_free(&b);
}

/* What will be opened at run time joins later, with all that it needs. */
static void additions(void)
{
	shell("mkdir add; cd add; W=$PWD\n"
	      "so libd.so libd.so; so plug.so plug.so libd.so -Wl,--enable-new-dtags,-rpath,$W\n"
	      "so hung.so hung.so libd.so; so liba.so liba.so\n"
	      "exe app -Wl,--enable-new-dtags,-rpath,$W liba.so; exe st -static -no-pie\n"
	      "exe rp -Wl,--disable-new-dtags,-rpath,$W liba.so");
	struct built b = build("add/app"), rp = build("add/rp");
	const char *plug = in_scratch("add/plug.so"), *hung = in_scratch("add/hung.so");

	if (!b.closure || !rp.closure)
		return;
	is_int(sp_closure_add(b.closure, b.root, plug, plug, &b.err), 0, "a plugin is added");
	is_int((long long)b.closure->objects_nr, 5, "with what it needs");
	is_str(sp_rule_name(b.closure->objects[3].rule), "added", "its rule");
	is_int(sp_closure_add(b.closure, b.root, plug, plug, &b.err), 0, "once more");
	is_int((long long)b.closure->objects_nr, 5, "is no change");
	is_int(sp_closure_add(b.closure, b.root, in_scratch("add/none"), "/x", &b.err), -1,
	       "one that is not there is an error");
	ok(sp_closure_complete(b.closure), "which changes nothing");
	/* the name of libd is known by now */
	is_int(sp_closure_add(b.closure, b.root, hung, hung, &b.err), 0, "one without a path");
	ok(sp_closure_complete(b.closure), "finds what is loaded");
	is_int(sp_closure_add(rp.closure, rp.root, hung, hung, &rp.err), 0, "or what");
	ok(sp_closure_complete(rp.closure), "the program's RPATH leads to");
	built_free(&b);
	built_free(&rp);
}

static void rules(void)
{
	for (int rule = SP_RULE_PROGRAM; rule <= SP_RULE_ADDED; rule++)
		ok(sp_rule_name((enum sp_rule)rule) != NULL, "a name for rule %d", rule);
}

int main(void)
{
#ifdef __x86_64__
	cannot();
	static_one();
	incomplete();
	additions();
	in_scratch(NULL);
#endif
	rules();
	return test_done();
}
