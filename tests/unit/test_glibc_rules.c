/*
 * The rules of glibc's loader, one by one.  Each makes its fixture with gcc and
 * asks twice: our closure, and the loader of this machine.  Where the two must
 * differ (what an image cannot promise), the test says so and why.
 */
#include "closure_files.h"
#include "loader/search.h"

/* An object that is there already, by name or by soname, is not searched for. */
static void reuse(void)
{
	shell("mkdir reuse; cd reuse\n"
	      "so p/libdd.so.1 libdd.so.1\n"
	      "so libcc.so.1 libcc.so.1 p/libdd.so.1\n"
	      "exe first -Wl,-rpath,$PWD/p:$PWD libcc.so.1 p/libdd.so.1\n"
	      "exe last -Wl,-rpath,$PWD/p:$PWD p/libdd.so.1 libcc.so.1\n"
	      "exe alone -Wl,-rpath,$PWD libcc.so.1\n"
	      "so libxx.so libyy.so.7\n"
	      "so libzz.so.1 libzz.so.1 libxx.so\n"
	      "exe soname -Wl,-rpath,$PWD libxx.so libzz.so.1\n"
	      "patchelf --replace-needed libyy.so.7 libxx.so soname\n"
	      "so libreal.so.1 ''; ln -s libreal.so.1 libsym.so.1; ln libreal.so.1 libhard.so.1\n"
	      "exe alias -Wl,-rpath,$PWD libreal.so.1 libsym.so.1 libhard.so.1");
	agree("reuse/first", "a library found for one object serves another");
	agree("reuse/last", "in both orders, since the walk is breadth first");
	agree("reuse/alone", "and is not found where nobody loads it");
	lists("reuse/alone", "libdd.so.1 not found", true, "that is said");
	agree("reuse/soname", "a request is met by the soname of a file of another name");
	agree("reuse/alias", "one inode under three names is one object");

	struct built b = build("reuse/alias");
	is_int(b.closure->objects_nr, 3, "program, loader and that one");
	is_int(b.closure->edges_nr, 4, "with an edge for each name");
	built_free(&b);
	b = build("reuse/first");
	size_t last = b.closure->edges_nr - 1;
	is_str(sp_rule_name(b.closure->edges[last].rule), "already loaded",
	       "the second edge says that the object was there");
	built_free(&b);
	shell("mkdir asked; cd asked; W=$PWD\n"
	      "so p/libnn.so ''; so q/libcc.so libcc.so -Lp -l:libnn.so\n"
	      "exe app -Wl,--enable-new-dtags,-rpath,$W/p:$W/q -Lp -l:libnn.so q/libcc.so");
	agree("asked/app", "one without a soname is known by the name that was asked for");
	lists("asked/app", "not found", false, "so that a library without a path gets it");
}

/* RPATH is inherited, RUNPATH switches it off. */
static void rpath_and_runpath(void)
{
	shell("mkdir rpath; cd rpath; W=$PWD\n"
	      "so a/libin.so libin.so\n"
	      "so b/libmid.so libmid.so a/libin.so -Wl,--enable-new-dtags,-rpath,/nonexistent\n"
	      "so c/libmid.so libmid.so a/libin.so\n"
	      "so d/libmid.so libmid.so a/libin.so -Wl,--enable-new-dtags,-rpath,/none\n"
	      "patchelf --set-rpath '' d/libmid.so\n"
	      "exe hidden -Wl,--disable-new-dtags,-rpath,$W/a:$W/b b/libmid.so\n"
	      "exe inherits -Wl,--disable-new-dtags,-rpath,$W/a:$W/c c/libmid.so\n"
	      "exe emptied -Wl,--disable-new-dtags,-rpath,$W/a:$W/d d/libmid.so\n"
	      "exe runpath -Wl,--enable-new-dtags,-rpath,$W/a:$W/c c/libmid.so\n"
	      "so e/libtop.so libtop.so c/libmid.so -Wl,--disable-new-dtags,-rpath,$W/a:$W/c\n"
	      "exe chain -Wl,--disable-new-dtags,-rpath,$W/e e/libtop.so\n"
	      "so sub/libin.so libin.so\n"
	      "so other/libmid.so libmid.so sub/libin.so\n"
	      "exe owner -Wl,--disable-new-dtags,-rpath,'$ORIGIN/sub:$ORIGIN/other' other/libmid.so\n"
	      /* no linker makes both tags any more: DT_AUDIT becomes DT_RPATH */
	      "exe both -Wl,--enable-new-dtags,-rpath,$W/c,--audit=$W/a c/libmid.so\n"
	      "LC_ALL=C sed -i 's/\\xfc\\xfe\\xff\\x6f\\x00/\\x0f\\x00\\x00\\x00\\x00/' both\n"
	      "readelf -d both | grep -q '(RPATH)'");
	agree("rpath/hidden", "RUNPATH of who asks hides the RPATH of all above it");
	lists("rpath/hidden", "libin.so not found", true, "so that the library is missing");
	agree("rpath/inherits", "RPATH of the program serves its libraries");
	agree("rpath/emptied", "an empty RUNPATH hides RPATH too");
	lists("rpath/emptied", "libin.so not found", true, "although it names no directory");
	agree("rpath/runpath", "RUNPATH of the program serves the program alone");
	agree("rpath/chain", "RPATH of the library in between is inherited");
	agree("rpath/both", "RPATH beside RUNPATH is no RPATH, for libraries neither");
	lists("rpath/both", "libin.so not found", true, "so that it serves nobody");
	agree("rpath/owner", "each RPATH is read with its owner's $ORIGIN");
}

/* The order of the places, for one name that is in all of them. */
static void order(void)
{
	shell("mkdir order; cd order; W=$PWD\n"
	      "for d in r l u; do so $d/libin.so libin.so; done\n"
	      "exe rpath -Wl,--disable-new-dtags,-rpath,$W/r r/libin.so\n"
	      "exe runpath -Wl,--enable-new-dtags,-rpath,$W/u r/libin.so\n"
	      "exe nothing r/libin.so\n"
	      "exe slashes -Wl,--enable-new-dtags,-rpath,$W/u//: r/libin.so");
	sp_autofree char *l = sp_strf("/nonexistent;%s/order/l", scratch_dir());

	agree_with("order/rpath", l, NULL, "RPATH comes before LD_LIBRARY_PATH");
	agree_with("order/runpath", l, NULL, "LD_LIBRARY_PATH comes before RUNPATH");
	agree_with("order/nothing", l, NULL, "LD_LIBRARY_PATH may have semicolons");
	agree("order/nothing", "and without any of them nothing is found");
	agree("order/slashes", "slashes at the end of an element go");

	sp_autofree char *got = ours_with("order/rpath", l, NULL);
	ok(strstr(got, "/order/r/libin.so\n") != NULL, "the one of RPATH");
	sp_autofree char *other = ours_with("order/runpath", l, NULL);
	ok(strstr(other, "/order/l/libin.so\n") != NULL, "the one of LD_LIBRARY_PATH");
}

/* LD_PRELOAD: as if the program itself asked, before all it needs. */
static void preload(void)
{
	shell("mkdir preload; cd preload; W=$PWD\n"
	      "so u/libpre.so libpre.so\n"
	      "so n/libin.so libin.so\n"
	      "so v/libin.so libin.so\n"
	      "exe runpath -Wl,--enable-new-dtags,-rpath,$W/u:$W/n n/libin.so\n"
	      "exe rpath -Wl,--disable-new-dtags,-rpath,$W/u:$W/n n/libin.so");
	sp_autofree char *path = sp_strf("%s/preload/v/libin.so", scratch_dir());

	agree_with("preload/runpath", NULL, "libpre.so", "the program's RUNPATH serves LD_PRELOAD");
	agree_with("preload/rpath", NULL, "libpre.so", "and so does its RPATH");
	agree_with("preload/rpath", NULL, path, "a preloaded soname is not searched again");
	agree_with("preload/rpath", NULL, "$ORIGIN/u/libpre.so", "$ORIGIN is the program's");
	/* the loader warns and goes on without it; an image shall not begin so */
	sp_autofree char *got = ours_with("preload/rpath", NULL, "libnone.so");
	ok(strstr(got, "libnone.so not found") != NULL, "one that is not there is reported");
}

/* $ORIGIN: links kept for a library, followed for the program. */
static void origin(void)
{
	shell("mkdir origin; cd origin; W=$PWD\n"
	      "so a/libin.so libin.so\n"
	      "so a/libg.so libg.so a/libin.so -Wl,--enable-new-dtags,-rpath,'$ORIGIN'\n"
	      "mkdir b; ln -s ../a/libg.so b/libg.so\n"
	      "exe library -Wl,--enable-new-dtags,-rpath,$W/b a/libg.so\n"
	      "exe file/app -Wl,--enable-new-dtags,-rpath,'$ORIGIN' a/libin.so\n"
	      "cp a/libin.so file/; mkdir bin; ln -s ../file/app bin/app\n"
	      "exe dots/app -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../a' a/libin.so\n"
	      "exe curly -Wl,--enable-new-dtags,-rpath,'${ORIGIN}/a' a/libin.so\n"
	      "mkdir '$ORIGINAL' \"${W}AL\"; cp a/libin.so \"${W}AL/\"\n"
	      "exe grammar -Wl,--enable-new-dtags,-rpath,'$ORIGINAL' a/libin.so\n"
	      "mkdir 'a$b'; cp a/libin.so 'a$b'\n"
	      "exe literal -Wl,--enable-new-dtags,-rpath,\"$W/a\\$b\" a/libin.so");
	agree("origin/library", "a library's $ORIGIN is where it was found");
	lists("origin/library", "libin.so not found", true, "not where the link leads");
	agree("origin/bin/app", "the program's $ORIGIN is where its real file is");
	lists("origin/bin/app", "/origin/file/libin.so", true, "behind the link");
	agree("origin/dots/app", "a path with .. is kept as it is");
	agree("origin/curly", "${ORIGIN} is the same");
	agree("origin/grammar", "$ORIGINAL is no token");
	agree("origin/literal", "and an unknown name stays as it is written");
}

/* What stands in the way of the right file. */
static void candidates(void)
{
	shell("mkdir cand; cd cand; W=$PWD\n"
	      "so good/libin.so libin.so\n"
	      "for k in text short dir type order osabi abi dynamic load pad page self head; do\n"
	      "  exe $k -Wl,--enable-new-dtags,-rpath,$W/bad-$k:$W/good good/libin.so; done\n"
	      "mkdir -p bad-text bad-short bad-dir/libin.so bad-order bad-osabi bad-abi\n"
	      "echo 'this is a text file that is longer than an ELF header has bytes' >bad-text/libin.so\n"
	      "printf '\\177ELF\\002\\001\\001' >bad-short/libin.so\n"
	      "exe bad-type/libin.so -no-pie\n"
	      "mkdir bad-dynamic bad-load bad-pad bad-page bad-self\n"
	      "for k in order osabi abi dynamic load pad page; do cp good/libin.so bad-$k/; done\n"
	      "printf '\\002' | dd of=bad-order/libin.so bs=1 seek=5 conv=notrunc status=none\n"
	      "printf '\\011' | dd of=bad-osabi/libin.so bs=1 seek=7 conv=notrunc status=none\n"
	      "printf '\\007' | dd of=bad-abi/libin.so bs=1 seek=8 conv=notrunc status=none\n"
	      "printf '\001' | dd of=bad-pad/libin.so bs=1 seek=15 conv=notrunc status=none\n"
	      /* p_vaddr of the second program header, a PT_LOAD in all that ld makes */
	      "printf '\010' | dd of=bad-page/libin.so bs=1 seek=136 conv=notrunc status=none\n"
	      "ln self bad-self/libin.so\n"
	      /* a whole header in the other order, but for the machine */
	      "mkdir bad-head; { printf '\\177ELF\\2\\2\\1'; head -c 10 /dev/zero\n"
	      "  printf '\\3\\76\\0\\0\\0\\0\\1'; head -c 40 /dev/zero; } >bad-head/libin.so\n"
	      "drop bad-dynamic/libin.so DYNAMIC; drop bad-load/libin.so LOAD\n"
	      "exe class -Wl,--enable-new-dtags,-rpath,$W/i386:$W/good good/libin.so\n"
	      "so i386/libin.so libin.so -m32 -Wl,-m,elf_i386\n"
	      "exe link -Wl,--enable-new-dtags,-rpath,$W/dangling:$W/good good/libin.so\n"
	      "mkdir dangling; ln -s nowhere dangling/libin.so\n"
	      "mkdir circle; ln -s libin.so circle/libin.so;\n"
	      "exe circles -Wl,--enable-new-dtags,-rpath,$W/circle:$W/good good/libin.so\n"
	      "so libmid.so libmid.so -Wl,--disable-new-dtags,-rpath,$W/circle good/libin.so\n"
	      "exe chained -Wl,--disable-new-dtags,-rpath,$W:$W/good libmid.so");
	static const char *const fatal[] = { "text", "short", "dir", "type", "order",
					     "osabi", "abi", "dynamic", "load",
					     "pad", "page", "self", "head" };

	for (size_t i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
		sp_autofree char *program = sp_strf("cand/%s", fatal[i]);
		const char *env[] = { NULL };
		int status;
		sp_autofree char *said = run_with(in_scratch(program), env, &status);

		ok(status == 127 && strstr(said, "error while loading"),
		   "%s: the loader stops at such a file", fatal[i]);
		lists(program, "libin.so not found", true, "and so do we");
	}
	agree("cand/class", "a file of the other class is passed over");
	lists("cand/class", "/good/libin.so", true, "for the next");
	agree("cand/link", "and so is a link that leads nowhere");
	agree("cand/circles", "for links in a circle the list is left");
	lists("cand/circles", "libin.so not found", true, "so that nothing is found");
	agree("cand/chained", "but not the search");
	lists("cand/chained", "/good/libin.so", true, "which goes on with the next list");
	if (access("/usr/bin/aarch64-linux-gnu-gcc", X_OK)) {
		skip("there is no compiler for another machine");
		return;
	}
	shell("cd cand; W=$PWD\n"
	      "exe machine -Wl,--enable-new-dtags,-rpath,$W/arm64:$W/good good/libin.so\n"
	      "CC=aarch64-linux-gnu-gcc so arm64/libin.so libin.so");
	agree("cand/machine", "a file for another machine is passed over");
	struct built b = build("cand/machine");
	ok(b.closure && sp_closure_complete(b.closure), "and nothing is missing");
	built_free(&b);
}

/* $LIB and $PLATFORM. */
static void tokens(void)
{
	shell("mkdir tok; cd tok; W=$PWD\n"
	      "for d in lib lib64 lib/x86_64-linux-gnu; do so $d/libin.so libin.so; done\n"
	      "exe dst -Wl,--enable-new-dtags,-rpath,'$ORIGIN/$LIB' lib/libin.so\n"
	      "exe platform -Wl,--enable-new-dtags,-rpath,'$ORIGIN/no/$PLATFORM:$ORIGIN/lib' lib/libin.so");
	agree("tok/dst", "$LIB is what is compiled into the loader");
	agree("tok/platform", "an element with $PLATFORM that leads nowhere is nothing");

	/* an image cannot know the CPU it will run on */
	struct built b = build("tok/platform");
	ok(b.closure->remarks_nr == 1 &&
	   strcmp(b.closure->remarks[0].id, "platform-token") == 0,
	   "but it is said that one was left out");
	built_free(&b);
}

/* An empty or a relative element is the current directory: no image has one. */
static void relative(void)
{
	shell("mkdir rel; cd rel; W=$PWD\n"
	      "so a/libin.so libin.so\n"
	      "exe empty -Wl,--enable-new-dtags,-rpath,/none: a/libin.so\n"
	      "exe middle -Wl,--enable-new-dtags,-rpath,/none::$W/a a/libin.so\n"
	      "exe dotted -Wl,--enable-new-dtags,-rpath,a:./a a/libin.so\n"
	      "exe slash a/libin.so; patchelf --replace-needed libin.so a/libin.so slash");
	agree("rel/empty", "an empty element finds nothing from /");
	agree("rel/middle", "and does not hide the next");
	agree("rel/dotted", "nor does a relative one");
	agree("rel/slash", "nor a relative name");
	struct built b = build("rel/empty");
	ok(b.closure->remarks_nr == 1 &&
	   strcmp(b.closure->remarks[0].id, "relative-search-path") == 0, "with a remark");
	built_free(&b);
	b = build("rel/slash");
	ok(b.closure->missing_nr == 1 && strstr(b.closure->missing[0].why, "relative"),
	   "and a reason");
	built_free(&b);
}

/* A name with a slash is opened as it stands; tokens are read in any name. */
static void slashes(void)
{
	shell("mkdir slash; cd slash; W=$PWD\n"
	      "so lib/libin.so libin.so\n"
	      "so libhas.so libhas.so\n"
	      "for k in token absolute twice dst platform; do exe $k -Wl,-rpath,$W lib/libin.so; done\n"
	      "patchelf --replace-needed libin.so '$ORIGIN/lib/libin.so' token\n"
	      "patchelf --replace-needed libin.so $W/lib/libin.so absolute\n"
	      "patchelf --replace-needed libin.so $W/lib/../lib/libin.so --add-needed libin.so twice\n"
	      "mkdir -p x/lib/x86_64-linux-gnu; cp lib/libin.so x/lib/x86_64-linux-gnu/\n"
	      "patchelf --replace-needed libin.so '$ORIGIN/x/$LIB/libin.so' dst\n"
	      "patchelf --replace-needed libin.so '$ORIGIN/$PLATFORM/libin.so' platform");
	agree("slash/token", "$ORIGIN in a needed name");
	agree("slash/absolute", "an absolute name");
	agree("slash/twice", "is known by its soname afterwards");
	agree("slash/dst", "$LIB in a needed name");
	lists("slash/platform", "not found", true, "$PLATFORM in a name cannot be promised");
}

/* DF_1_NODEFLIB: no built-in directory, and nothing in one through the cache. */
static void nodeflib(void)
{
	shell("mkdir nodef; cd nodef\n"
	      "so libin.so libin.so\n"
	      "exe app -Wl,-z,nodefaultlib libin.so\n"
	      "patchelf --replace-needed libin.so libc.so.6 app\n"
	      "exe plain libin.so; patchelf --replace-needed libin.so libc.so.6 plain");
	agree("nodef/plain", "the C library is found without any path");
	agree("nodef/app", "but not by a program that refuses the built-in directories");
	lists("nodef/app", "libc.so.6 not found", true, "so it is missing");
}

/* glibc-hwcaps: an image gets the file that every CPU can run. */
static void hwcaps(void)
{
	shell("mkdir hwcaps; cd hwcaps; W=$PWD\n"
	      "so d/libin.so libin.so\n"
	      "so d/glibc-hwcaps/x86-64-v2/libin.so libin.so\n"
	      "so e/glibc-hwcaps/x86-64-v2/libin.so libin.so\n"
	      "exe app -Wl,--enable-new-dtags,-rpath,$W/d d/libin.so\n"
	      "exe only -Wl,--enable-new-dtags,-rpath,$W/e d/libin.so");
	lists("hwcaps/app", "/hwcaps/d/libin.so\n", true, "the baseline file is taken");
	lists("hwcaps/app", "glibc-hwcaps", false, "and no other");
	lists("hwcaps/only", "libin.so not found", true,
	      "one that is for some CPUs only is none");
	struct built b = build("hwcaps/only");
	ok(b.closure && b.closure->missing_nr == 1 &&
	   strstr(b.closure->missing[0].why, "/e/glibc-hwcaps/x86-64-v2/libin.so alone"),
	   "but is named");
	built_free(&b);
}

/* The exit code of a program that is really started. */
static int starts(const char *program)
{
	const char *env[] = { NULL };
	int status;

	free(run_with(in_scratch(program), env, &status));
	return status;
}

/* DT_FILTER must be there, DT_AUXILIARY may. */
static void filters(void)
{
	shell("mkdir filter; cd filter; W=$PWD\n"
	      "R=-Wl,--enable-new-dtags,-rpath,$W\n"
	      "so libimpl.so.1 libimpl.so.1; so libaux.so.1 libaux.so.1\n"
	      "so libf.so libf.so -Wl,--filter=libimpl.so.1 $R\n"
	      "so liba.so liba.so -Wl,--auxiliary=libaux.so.1 $R\n"
	      "so libfx.so libfx.so -Wl,--filter=libnone.so.1 $R\n"
	      "so libax.so libax.so -Wl,--auxiliary=libnone.so.1 $R\n"
	      "so libat.so libat.so -Wl,--auxiliary='$ORIGIN/libaux.so.1' $R\n"
	      "echo text >libbad.so.1; so libab.so libab.so -Wl,--auxiliary=libbad.so.1 $R\n"
	      "for k in f a ax at ab fx; do exe app-$k $R lib$k.so; done");
	agree("filter/app-f", "a filtee is loaded");
	lists("filter/app-f", "libimpl.so.1", true, "and listed");
	agree("filter/app-a", "so is an auxiliary one");
	lists("filter/app-a", "libaux.so.1", true, "and listed");
	lists("filter/app-ax", "not found", false, "an auxiliary one that is missing is no matter");
	is_int(starts("filter/app-ax"), 0, "to the loader neither");
	agree("filter/app-at", "it may have tokens");
	agree("filter/app-ab", "and may be no library at all");
	lists("filter/app-fx", "libnone.so.1 not found", true, "a filtee that is missing is");

	/* libg and libb ask for libq.so, each by a path of its own: who comes first? */
	shell("cd filter; W=$PWD; R=-Wl,--enable-new-dtags,-rpath\n"
	      "so 1/libq.so libq.so; so 2/libq.so libq.so\n"
	      "so libb.so libb.so $R,$W/2 2/libq.so\n"
	      "for k in filter auxiliary; do\n"
	      "  so libg.so libg.so $R,$W/1 1/libq.so\n"
	      "  so lib$k.so lib$k.so -Wl,--$k=libg.so $R,$W\n"
	      "  exe first-$k $R,$W lib$k.so libb.so\n"
	      "  exe last-$k $R,$W libb.so lib$k.so\n"
	      "  exe moved-$k $R,$W lib$k.so libb.so libg.so; done");
	agree("filter/first-filter", "a filtee's needs come before those of what is behind the filter");
	lists("filter/first-filter", "/1/libq.so", true, "so its library is loaded");
	agree("filter/last-filter", "and after those of what is before it");
	agree("filter/moved-filter", "it is drawn forward if it waits already");
	agree("filter/first-auxiliary", "an auxiliary one likewise");
	agree("filter/moved-auxiliary", "is drawn forward too");
}

/* Symbol versions: of the object bound to that name, used or not. */
static void versions(void)
{
	shell("mkdir ver; cd ver; W=$PWD\n"
	      "echo 'V1 { f; };' >one.map; echo 'V1 { f; }; V2 { g; } V1;' >two.map\n"
	      "export code='int f(void) { return 1; } int g(void) { return 2; }'\n"
	      "so new/libv.so libv.so -Wl,--version-script=two.map\n"
	      "so old/libv.so libv.so -Wl,--version-script=one.map\n"
	      "so bare/libv.so libv.so\n"
	      "export code='int f(void), g(void); void _start(void) { f(); g(); }'\n"
	      "for k in old new bare; do\n"
	      "  exe $k-app -Wl,-z,lazy,--enable-new-dtags,-rpath,$W/$k:$W/new new/libv.so; done\n"
	      /* VER_FLG_WEAK, in the first record of .gnu.version_r: V2 */
	      "cp old-app weak-app\n"
	      "at=$(readelf -SW weak-app | sed -n 's/.*version_r *VERNEED *[0-9a-f]* *\\([0-9a-f]*\\).*/\\1/p')\n"
	      "printf '\\002' | dd of=weak-app bs=1 seek=$((0x$at + 20)) conv=notrunc status=none\n"
	      /* and the hash of its name */
	      "cp new-app hash-app\n"
	      "printf 'xx' | dd of=hash-app bs=1 seek=$((0x$at + 16)) conv=notrunc status=none");
	const char *env[] = { NULL };
	int status;
	sp_autofree char *said = run_with(in_scratch("ver/old-app"), env, &status);
	struct built b = build("ver/old-app");

	ok(strstr(said, "version `V2' not found") != NULL, "the loader wants every version");
	ok(b.closure && b.closure->problems_nr == 1 &&
	   strstr(b.closure->problems[0].text, "version `V2' not found"), "and so do we");
	ok(sp_closure_check(b.closure, &b.err) == -1 && b.err.code == SP_EPROGRAM,
	   "which is an error");
	built_free(&b);
	b = build("ver/new-app");
	ok(b.closure && sp_closure_complete(b.closure), "all versions there: none");
	built_free(&b);
	b = build("ver/bare-app");
	ok(b.closure && sp_closure_complete(b.closure), "no versions at all: only a warning");
	built_free(&b);
	b = build("ver/weak-app");
	ok(b.closure && sp_closure_complete(b.closure), "one asked for weakly may lack");
	built_free(&b);
	sp_autofree char *hash_said = run_with(in_scratch("ver/hash-app"), env, &status);
	b = build("ver/hash-app");
	ok(strstr(hash_said, "version `V2' not found") != NULL,
	   "the loader finds no version by a wrong hash");
	ok(b.closure && b.closure->problems_nr == 1 &&
	   strstr(b.closure->problems[0].text, "version `V2' not found"), "nor do we");
	built_free(&b);
}

/* What the real loader and we say of a program that must not start. */
static void refused(const char *program, const char *theirs, const char *id)
{
	const char *env[] = { NULL };
	int status;
	sp_autofree char *said = run_with(in_scratch(program), env, &status);
	struct built b = build(program);

	ok(status && strstr(said, theirs), "%s: the loader refuses it", program);
	if (!ok(b.closure && sp_closure_check(b.closure, &b.err) && strcmp(b.err.id, id) == 0,
		"and so do we"))
		note("%s: %s", b.err.id, b.err.msg);
	built_free(&b);
}

/* DT_RELR: who has it must ask for a version that glibc has since it knows it. */
static void compact_relocations(void)
{
	shell("mkdir relr; cd relr; W=$PWD; R=-Wl,-rpath,$W\n"
	      "echo 'V1 { f; };' >map; echo 'V1 { f; }; GLIBC_ABI_DT_RELR { g; };' >marked.map\n"
	      "export code='int f(void) { return 1; } int g(void) { return 2; }'\n"
	      "so libc.so.9 libc.so.9 -Wl,--version-script=map\n"
	      "so libother.so libother.so -Wl,--version-script=map\n"
	      "so marked/libc.so.9 libc.so.9 -Wl,--version-script=marked.map\n"
	      "export code='int f(void), g(void); static int x; int *p = &x, *q = &x;\n"
	      "  void _start(void) { f(); if (*p) g(); __asm__ volatile (\"syscall\" :: \"a\"(231), \"D\"(0)); }'\n"
	      "Z=-Wl,-z,pack-relative-relocs\n"
	      "exe plain $R libc.so.9; exe compact $Z $R libc.so.9; exe other $Z $R libother.so\n"
	      "exe marked-app $Z $R/marked marked/libc.so.9\n"
	      "readelf -d compact | grep -q RELR; readelf -d marked-app | grep -q RELR");
	refused("relr/compact", "DT_RELR without GLIBC_ABI_DT_RELR", "compact-relocations");
	static const char *const good[] = { "relr/plain", "relr/other", "relr/marked-app" };
	for (size_t i = 0; i < 3; i++) {
		struct built b = build(good[i]);

		is_int(starts(good[i]), 0, "%s starts", good[i]);
		ok(b.closure && sp_closure_complete(b.closure), "and is complete");
		built_free(&b);
	}
}

/* The loader as a needed library is the one that runs. */
static void loader_itself(void)
{
	shell("mkdir self; cd self\n"
	      "so libin.so libin.so; exe app libin.so\n"
	      "patchelf --replace-needed libin.so ld-linux-x86-64.so.2 app");
	agree("self/app", "the loader is not loaded twice");
	struct built b = build("self/app");
	is_int(b.closure->objects_nr, 2, "there are the program and the loader");
	is_str(b.closure->objects[1].path, b.closure->objects[0].elf->interp,
	       "which has the path that the kernel opens");
	built_free(&b);
	/* a listing has no vdso, but a start would fail without it */
	shell("cd self; exe vdso; patchelf --add-needed linux-vdso.so.1 vdso");
	b = build("self/vdso");
	is_int(starts("self/vdso"), 0, "what the kernel maps may be asked for");
	ok(b.closure && sp_closure_complete(b.closure), "and is no file");
	built_free(&b);
}

/* Programs that nobody made for a test. */
static void real_programs(void)
{
	static const char *const programs[] = {
		"/bin/ls", "/bin/bash", "/usr/bin/python3", "/usr/bin/git", "/usr/bin/perl",
		"/usr/bin/as", "/usr/bin/curl", "/usr/bin/clang", "/usr/bin/gdb",
		"/usr/bin/podman", "/usr/bin/dockerd", "/usr/lib/systemd/systemd",
		"/usr/bin/openssl", "/usr/sbin/ldconfig.real",
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct built b = { 0 };

		if (access(programs[i], X_OK))
			continue;
		b = build(programs[i]);
		if (b.closure && b.closure->objects_nr > 1)
			agree(programs[i], programs[i]);
		built_free(&b);
	}
}

int main(void)
{
#ifdef __x86_64__
	reuse();
	rpath_and_runpath();
	order();
	preload();
	origin();
	candidates();
	tokens();
	relative();
	slashes();
	nodeflib();
	hwcaps();
	filters();
	versions();
	compact_relocations();
	loader_itself();
	real_programs();
	in_scratch(NULL);
#else
	skip("the fixtures are for x86-64");
#endif
	return test_done();
}
