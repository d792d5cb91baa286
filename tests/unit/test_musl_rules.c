/*
 * The rules of musl's loader, one by one: our closure, and whether a program that
 * really runs finds what it needs.  Programs exit with the number that the library
 * under test gives, so that which file was taken shows as well.
 */
#include "base/io.h"
#include "closure_files.h"

#define LOADER "/lib/ld-musl-x86_64.so.1"

/* lib FILE NUMBER [ARG...] is a library whose f() gives the number; app FILE ARG...
 * a program that exits with it. */
static const char prelude[] =
	"lib() { place \"$1\"; o=$1 n=$2; shift 2\n"
	"  echo \"int f(void) { return $n; }\" | gcc -shared -fPIC $bare \\\n"
	"    -Wl,-soname,$(basename $o) -o $o -x c - -x none \"$@\"; }\n"
	"via() { place \"$1\"; o=$1; shift\n"
	"  echo 'int f(void); int g(void) { return f(); }' | gcc -shared -fPIC $bare \\\n"
	"    -Wl,-soname,$(basename $o) -o $o -x c - -x none \"$@\"; }\n"
	"app() { place \"$1\"; o=$1; shift\n"
	"  echo \"int ${call-f}(void); int main(void) { return ${call-f}(); }\" |\n"
	"  musl-gcc -w -Wl,--unresolved-symbols=ignore-all -o $o -x c - -x none \"$@\"; }\n"
	"new=-Wl,--enable-new-dtags,-rpath old=-Wl,--disable-new-dtags,-rpath\n";

static bool musl_shell(const char *script)
{
	sp_autofree char *all = sp_strf("%s%s", prelude, script);

	return shell(all);
}

/* Exit status of a run with LD_LIBRARY_PATH or without. */
static int runs(const char *program, const char *library_path)
{
	sp_autofree char *variable =
		library_path ? sp_strf("LD_LIBRARY_PATH=%s", library_path) : NULL;
	const char *env[] = { variable, NULL };
	int status;

	free(run_with(in_scratch(program), env, &status));
	return status;
}

/* The program runs and gives the number; and our closure is whole and holds path. */
static void finds(const char *program, int number, const char *path, const char *what)
{
	struct built b = build(program);
	sp_autofree char *list = listing_of(&b);

	is_int(runs(program, NULL), number, "%s: it runs", what);
	if (!ok(b.closure && sp_closure_complete(b.closure) && strstr(list, path),
		"%s: we find it", what))
		test_value("got: ", list);
	built_free(&b);
}

/* The program does not run; and our closure says that name is missing. */
static void misses(const char *program, const char *name, const char *what)
{
	struct built b = build(program);
	sp_autofree char *list = listing_of(&b);
	sp_autofree char *line = sp_strf("%s not found\n", name);
	int status = runs(program, NULL);

	ok(status == 127 || status > 128, "%s: it does not run (%d)", what, status);
	if (!ok(strstr(list, line) != NULL, "%s: we miss it", what))
		test_value("got: ", list);
	built_free(&b);
}

static void inherited(void)
{
	musl_shell("mkdir inh; cd inh; W=$PWD\n"
		   "lib a/libin.so 3; via b/libmid.so a/libin.so $new,/nonexistent\n"
		   "export call=g\n"
		   "app runpath $new,$W/a:$W/b b/libmid.so\n"
		   "app rpath $old,$W/a:$W/b b/libmid.so\n"
		   "app both $old,/none b/libmid.so; patchelf --set-rpath $W/a:$W/b both\n"
		   "app not $new,$W/b b/libmid.so");
	finds("inh/runpath", 3, "/inh/a/libin.so\n", "RUNPATH is inherited");
	finds("inh/rpath", 3, "/inh/a/libin.so\n", "and so is RPATH");
	misses("inh/not", "libin.so", "what no list of the chain has");
}

static void library_path(void)
{
	musl_shell("mkdir lp; cd lp; W=$PWD\n"
		   "lib r/libin.so 3; lib l/libin.so 4; mkdir 'l$ORIGIN'; lib 'l$x/libin.so' 5\n"
		   "app app $old,$W/r r/libin.so");
	sp_autofree char *l = sp_strf("%s/lp/l", scratch_dir());
	sp_autofree char *odd = sp_strf("/none:%s/lp/l$x", scratch_dir());
	sp_autofree char *got = ours_with("lp/app", l, NULL);
	sp_autofree char *got_odd = ours_with("lp/app", odd, NULL);

	finds("lp/app", 3, "/lp/r/libin.so\n", "RPATH");
	is_int(runs("lp/app", l), 4, "LD_LIBRARY_PATH beats RPATH");
	ok(strstr(got, "/lp/l/libin.so\n") != NULL, "for us too");
	is_int(runs("lp/app", odd), 5, "no token means anything in it");
	ok(strstr(got_odd, "/lp/l$x/libin.so\n") != NULL, "to us neither");
}

static void reserved(void)
{
	musl_shell("mkdir res; cd res; W=$PWD\n"
		   "lib libin.so 3\n"
		   "for n in libc.so.6 libm.so.6 libpthread.so.0 librt.x libdl.so.2 libutil. libxnet.so; do\n"
		   "  app app-$n $new,$W libin.so; patchelf --add-needed $n app-$n; done\n"
		   "app app-libcrypt.so $new,$W libin.so; patchelf --add-needed libcx.so.6 app-libcrypt.so\n"
		   "app app-self $new,$W libin.so; patchelf --add-needed " LOADER " app-self");
	static const char *const names[] = { "libc.so.6", "libm.so.6", "libpthread.so.0",
					     "librt.x", "libdl.so.2", "libutil.", "libxnet.so" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		sp_autofree char *program = sp_strf("res/app-%s", names[i]);
		struct built b = build(program);

		is_int(runs(program, NULL), 3, "%s is the loader itself", names[i]);
		ok(b.closure && b.closure->objects_nr == 3 && sp_closure_complete(b.closure),
		   "and no file");
		built_free(&b);
	}
	misses("res/app-libcrypt.so", "libcx.so.6", "a name that only begins like one");
	finds("res/app-self", 3, "/res/libin.so\n", "the loader by its path");
	struct built b = build("res/app-self");
	is_int(b.closure->objects_nr, 3, "is the one that is there");
	built_free(&b);
}

/* Another C library under another name is replaced by the loader. */
static void second_libc(void)
{
	musl_shell("mkdir sec; cd sec; W=$PWD\n"
		   "echo 'int __libc_start_main(void) { return 0; } int stdin; int f(void) { return 9; }' |\n"
		   "gcc -shared -fPIC $bare -w -Wl,-soname,libother.so -o libother.so -x c -\n"
		   "echo 'int stdin; int h(void) { return 9; }' |\n"
		   "gcc -shared -fPIC $bare -w -Wl,-soname,libhalf.so -o libhalf.so -x c -\n"
		   "lib libin.so 3\n"
		   "app app $new,$W libin.so; patchelf --add-needed $W/libother.so app\n"
		   "app half $new,$W libin.so; patchelf --add-needed libhalf.so half");
	struct built b = build("sec/app");

	is_int(runs("sec/app", NULL), 3, "the program runs with musl's own");
	ok(b.closure && b.closure->objects_nr == 3 && sp_closure_complete(b.closure),
	   "and the other is not among its objects");
	built_free(&b);
	finds("sec/half", 3, "/sec/libhalf.so\n", "a library with one of the two marks");
}

static void bad_files(void)
{
	musl_shell("mkdir bad; cd bad; W=$PWD\n"
		   "lib good/libin.so 3\n"
		   "mkdir text short dir dir/libin.so link; echo 'a text that is no library at all, and longer than a header' >text/libin.so\n"
		   "printf '\\177ELF' >short/libin.so; ln -s nowhere link/libin.so\n"
		   "so i386/libin.so libin.so -m32 -Wl,-m,elf_i386\n"
		   "for k in text short dir link i386 arm64; do app $k.app $new,$W/$k:$W/good good/libin.so; done\n"
		   "CC=aarch64-linux-gnu-gcc; ! command -v $CC >/dev/null || so arm64/libin.so libin.so");
	misses("bad/text.app", "libin.so", "a text in the way");
	misses("bad/short.app", "libin.so", "a cut file in the way");
	misses("bad/dir.app", "libin.so", "a directory in the way");
	misses("bad/i386.app", "libin.so", "a file of the other class in the way");
	finds("bad/link.app", 3, "/bad/good/libin.so\n", "a link that leads nowhere");
	if (access(in_scratch("bad/arm64/libin.so"), F_OK))
		skip("there is no compiler for another machine");
	else
		misses("bad/arm64.app", "libin.so", "a file for another machine in the way");
}

static void tokens(void)
{
	musl_shell("mkdir tok; cd tok; W=$PWD\n"
		   "lib lib/libin.so 3; lib AL/libin.so 3; mkdir app; lib appAL/libin.so 4\n"
		   "app one $new,'$ORIGIN/lib' lib/libin.so\n"
		   "app curly $new,'${ORIGIN}/lib:/none' lib/libin.so\n"
		   "app other $new,'$ORIGIN/lib:$ORIGIN/$LIB' lib/libin.so\n"
		   "app empty $new,\":$W/lib\" lib/libin.so\n"
		   "app app/al $new,'$ORIGINAL' lib/libin.so\n"
		   "mkdir bin; ln -s ../one bin/one\n"
		   "mkdir b; ln -s ../lib/libg.so b/libg.so; via lib/libg.so lib/libin.so $new,'$ORIGIN'\n"
		   "lib b/libin.so 6; call=g app lnk $new,$W/b lib/libg.so");
	finds("tok/one", 3, "/tok/lib/libin.so\n", "$ORIGIN");
	finds("tok/curly", 3, "/tok/lib/libin.so\n", "${ORIGIN}");
	misses("tok/other", "libin.so", "any other token drops the whole list");
	finds("tok/empty", 3, "/tok/lib/libin.so\n", "an empty element is skipped");
	finds("tok/app/al", 4, "/tok/appAL/libin.so\n", "$ORIGINAL begins with $ORIGIN");
	finds("tok/bin/one", 3, "/tok/lib/libin.so\n", "the program's is that of its real file");
	finds("tok/lnk", 6, "/tok/b/libin.so\n", "a library's is where it was found");
}

/* Names: the base name of what a search found, never the soname. */
static void names(void)
{
	musl_shell("mkdir nam; cd nam; W=$PWD\n"
		   "lib libyy.so.7 3; mv libyy.so.7 libxx.so; via libzz.so libxx.so\n"
		   "app soname $new,$W libxx.so libzz.so\n"
		   "patchelf --replace-needed libyy.so.7 libxx.so soname\n"
		   "lib p/libdd.so 3; via libcc.so p/libdd.so\n"
		   "app reuse $new,$W:$W/p libcc.so p/libdd.so\n"
		   "lib libreal.so 3; ln -s libreal.so libsym.so; ln libreal.so libhard.so\n"
		   "app alias $new,$W libreal.so\n"
		   "patchelf --add-needed libsym.so --add-needed libhard.so alias\n"
		   "lib s/libsl.so 3; via t/libtt.so s/libsl.so\n"
		   "app slash $old,$W/t s/libsl.so t/libtt.so; patchelf --replace-needed libsl.so $W/s/libsl.so slash\n"
		   /* asked by path, then by name, then by name where no list leads there */
		   "via u/libu.so s/libsl.so $new,$W/s\n"
		   "app learnt $new,$W/u:$W/t s/libsl.so u/libu.so t/libtt.so\n"
		   "patchelf --replace-needed libsl.so $W/s/libsl.so learnt\n"
		   "patchelf --set-rpath $W/t t/libtt.so");
	misses("nam/soname", "libyy.so.7", "a soname");
	finds("nam/reuse", 3, "/nam/p/libdd.so\n", "a base name that was found");
	struct built b = build("nam/alias");
	is_int(runs("nam/alias", NULL), 3, "one file under three names");
	is_int(b.closure ? (long long)b.closure->objects_nr : 0, 3, "is one object");
	built_free(&b);
	misses("nam/slash", "libsl.so", "a library loaded by its path has no base name");
	finds("nam/learnt", 3, "/nam/s/libsl.so\n", "until a search leads to it as well");
}

/* --- the path file, in a name space where it is another one --- */

static const char *asked;

static int write_run(void)
{
	struct built b = build(asked);
	struct sp_buf text = { 0 };
	sp_autofree char *list = listing_of(&b);
	struct sp_err err = { 0 };
	struct sp_outfile out = SP_OUTFILE_INIT;

	sp_buf_addf(&text, "%d\n%s", runs(asked, NULL), list);
	built_free(&b);
	int rc = sp_outfile_open(&out, in_scratch("said"), &err) ||
		 sp_outfile_write(&out, text.data, text.len, &err) ||
		 sp_outfile_commit(&out, &err);
	sp_outfile_abort(&out);
	sp_buf_release(&text);
	return rc;
}

/* status: of the run; part: of our listing. */
static void under(const char *path_file, const char *program, const char *status,
		  const char *part, const char *what)
{
	sp_autobuf struct sp_buf said = { 0 };
	struct sp_err err = { 0 };

	asked = program;
	if (with_bind(path_file, "/etc/ld-musl-x86_64.path", write_run) != 0) {
		skip("%s: no mount name space here, or no path file", what);
		return;
	}
	if (sp_read_file(in_scratch("said"), 1 << 20, &said, &err))
		return;
	if (!ok(strncmp(sp_buf_str(&said), status, strlen(status)) == 0 &&
		strstr(sp_buf_str(&said), part), "%s", what))
		test_value("got: ", sp_buf_str(&said));
}

static void path_file(void)
{
	musl_shell("mkdir pf; cd pf; W=$PWD\n"
		   "lib a/libin.so 3; lib 'b$ORIGIN/libin.so' 4; app app a/libin.so\n"
		   "printf '%s\\n' /none $W/a >lines; printf '%s' /none:$W/a >colons; : >empty\n"
		   "printf '%s\\n' \"$W/b\\$ORIGIN\" >token\n"
		   );
	under("pf/lines", "pf/app", "3\n", "/pf/a/libin.so\n", "lines of the path file");
	under("pf/colons", "pf/app", "3\n", "/pf/a/libin.so\n", "or colons");
	under("pf/empty", "pf/app", "127\n", "libin.so not found\n", "an empty file is an empty path");
	under("pf/token", "pf/app", "4\n", "/pf/b$ORIGIN/libin.so\n", "no token means anything");
	misses("pf/app", "libin.so", "without such a file");
}

/* In a root of its own, what is in "/" can be asked for real with chroot. */
static int in_jail(void)
{
	const char *env[] = { NULL };
	int status;

	if (chroot(in_scratch("jail")) || chdir("/"))
		return 99;
	free(run_with(asked, env, &status));
	return status;
}

static int jailed(const char *program)
{
	asked = program;
	return with_bind("jail/proc-here", "/etc/hostname", in_jail);
}

static struct built build_in_jail(const char *program)
{
	struct built b = { 0 };
	struct sp_start start = { .path = program, .image_path = program };

	if (sp_root_open_dir(in_scratch("jail"), &b.root, &b.err))
		return b;
	start.root = start.libs = b.root;
	if (sp_closure_build(&start, &b.closure, &b.err))
		b.closure = NULL;
	return b;
}

/* In "/" $ORIGIN is the empty text, and an empty element is none. */
static void root_directory(void)
{
	musl_shell("mkdir -p jail/lib jail/sub jail/usr/local/lib; cd jail; : >proc-here\n"
		   "cp -L " LOADER " lib/; lib libin.so 3; cp libin.so sub/\n"
		   "lib lib/libdef.so 4; lib usr/local/lib/libloc.so 5; lib lib64/libno.so 6\n"
		   "app app $new,'$ORIGIN' libin.so; cp app sub/\n"
		   "app dot $new,'$ORIGIN/.' libin.so\n"
		   "app def lib/libdef.so; app loc usr/local/lib/libloc.so; app no lib64/libno.so");
	struct built b = build_in_jail("/app");
	sp_autofree char *list = listing_of(&b);
	ok(strstr(list, "libin.so not found") != NULL, "$ORIGIN in / is nothing to musl");
	ok(b.closure->missing_nr && strstr(b.closure->missing[0].why, "--at"),
	   "and what to do is said");
	built_free(&b);
	b = build_in_jail("/sub/app");
	ok(b.closure && sp_closure_complete(b.closure), "in another directory it is one");
	built_free(&b);
	static const struct { const char *program; int status; bool whole; } rows[] = {
		{ "/def", 4, true }, { "/loc", 5, true }, { "/no", 127, false },
		{ "/app", 127, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int status = jailed(rows[i].program);

		b = build_in_jail(rows[i].program);
		ok(b.closure && sp_closure_complete(b.closure) == rows[i].whole,
		   "%s: what we say of a root without a path file", rows[i].program);
		built_free(&b);
		if (status < 0 || status == 99)
			skip("%s: cannot chroot here", rows[i].program);
		else
			is_int(status, rows[i].status, "%s: what musl says", rows[i].program);
	}
}

/* A program that moves to "/" loses what it found through $ORIGIN alone. */
static void moved(void)
{
	struct sp_err err = { 0 };
	struct built b = { 0 };

	if (sp_root_open_dir("/", &b.root, &err))
		return;
	static const struct { const char *to; bool whole; } rows[] = {
		{ "/app", false }, { "/opt/app", true },
	};
	for (size_t i = 0; i < 2; i++) {
		struct sp_start start = { .root = b.root, .libs = b.root,
					  .path = in_scratch("jail/sub/app"),
					  .image_path = rows[i].to };

		if (sp_closure_build(&start, &b.closure, &err))
			b.closure = NULL;
		ok(b.closure && sp_closure_complete(b.closure) == rows[i].whole,
		   "%s: %s", rows[i].to, rows[i].whole ? "keeps its library" : "loses it");
		sp_closure_free(b.closure);
	}
	sp_root_free(b.root);
}

/* musl knows no symbol versions and no filters. */
static void unknown_to_musl(void)
{
	musl_shell("mkdir ver; cd ver; W=$PWD\n"
		   "echo 'V1 { f; };' >one.map; echo 'V1 { f; }; V2 { g; } V1;' >two.map\n"
		   "lib old/libv.so 3 -Wl,--version-script=one.map\n"
		   "echo 'int f(void) { return 3; } int g(void) { return 4; }' |\n"
		   "gcc -shared -fPIC $bare -Wl,-soname,libv.so -Wl,--version-script=two.map -o libv.so -x c -\n"
		   "app app $new,$W/old libv.so\n"
		   "lib libf.so 3 -Wl,--filter=libnone.so; app filter $new,$W libf.so");
	finds("ver/app", 3, "/ver/old/libv.so\n", "a library without a version that is asked for");
	finds("ver/filter", 3, "/ver/libf.so\n", "a filter whose filtee is missing");
}

/* LD_PRELOAD is a list with any white space. */
static void preload(void)
{
	musl_shell("mkdir pre; cd pre\n"
		   "lib libf.so 3; lib x/libf.so 6; via libg.so\n"
		   "app app $new,$PWD libf.so");
	sp_autofree char *list = sp_strf("%s/pre/libg.so\n\t%s/pre/x/libf.so", scratch_dir(),
					 scratch_dir());
	sp_autofree char *variable = sp_strf("LD_PRELOAD=%s", list);
	const char *env[] = { variable, NULL };
	struct built b = build_with("pre/app", NULL, list);
	int status;

	free(run_with(in_scratch("pre/app"), env, &status));
	is_int(status, 6, "two libraries are preloaded, a line and a tab between them");
	ok(b.closure && sp_closure_complete(b.closure) && b.closure->objects_nr == 5,
	   "and here too");
	built_free(&b);
}

/* The buffer for a path has 512 bytes; and links in a circle end a search. */
static void long_paths(void)
{
	musl_shell("mkdir long; cd long; W=$PWD\n"
		   "deep() { d=$W; while [ $(($1 - 8 - ${#d})) -gt 201 ]; do d=$d/$(printf %0100d 0); done\n"
		   "  echo $d/$(printf %0$(($1 - 9 - ${#d}))d 0); }\n"
		   "for len in 511 512; do D=$(deep $len); lib $D/libv.so 3; app app$len $new,$D $D/libv.so\n"
		   "  [ $(printf %s $D/libv.so | wc -c) = $len ]; done\n"
		   "lib good/libv.so 4; mkdir circle; ln -s libv.so circle/libv.so\n"
		   "app circles $new,$W/circle:$W/good good/libv.so");
	finds("long/app511", 3, "/libv.so\n", "a path of 511 bytes");
	misses("long/app512", "libv.so", "one that is longer");
	misses("long/circles", "libv.so", "behind links in a circle");
}

/* DT_RELR is known since 1.2.4. */
static void compact_relocations(void)
{
	musl_shell("mkdir relr; cd relr\n"
		   "echo 'static int x = 5; int *p = &x, *q = &x; int main(void) { return *p; }' |\n"
		   "musl-gcc -fPIE -pie -Wl,-z,pack-relative-relocs -o app -x c -\n"
		   "readelf -d app | grep -q RELR");
	struct built b = build("relr/app");
	bool works = runs("relr/app", NULL) == 5;

	ok(b.closure && sp_closure_complete(b.closure) == works,
	   "DT_RELR: musl %s %s", b.closure ? b.closure->loader.version : "?",
	   works ? "knows it, and we say nothing" : "does not, and we say so");
	built_free(&b);
}

int main(void)
{
#ifdef __x86_64__
	if (access(LOADER, X_OK) || access("/usr/bin/musl-gcc", X_OK)) {
		skip("musl is not installed");
		return test_done();
	}
	inherited();
	library_path();
	reserved();
	second_libc();
	bad_files();
	tokens();
	names();
	path_file();
	root_directory();
	moved();
	unknown_to_musl();
	preload();
	long_paths();
	compact_relocations();
	in_scratch(NULL);
#else
	skip("the fixtures are for x86-64");
#endif
	return test_done();
}
