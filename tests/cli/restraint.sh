#!/bin/bash
# What stays out although somebody names it: plugins with a compiler in tow, what that would
# compile, what one plugin of many would like, and what a traced program never opened.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/system.sh"

# --- plugins ----------------------------------------------------------------

opener='
	#include <dlfcn.h>
	int main(void)
	{
		void *h = dlopen("/usr/lib/plugs/small.so", RTLD_NOW);
		return !h || !dlsym(h, "small");
	}
	const char *where = "/usr/lib/plugs";'
library /usr/lib/plugs/small.so <<<'int small(void) { return 1; }'
library $libdir/libhuge.so.1 -Wl,-soname,libhuge.so.1 <<<'int huge(void) { return 1; }'
library /usr/lib/plugs/jit.so sys$libdir/libhuge.so.1 <<<'int huge(void); int jit(void) { return huge(); }'
truncate -s 80M sys$libdir/libhuge.so.1
program /usr/bin/opener -ldl <<<"$opener"
inspect /usr/bin/opener
is "$(planned)" "/usr/bin/opener /usr/lib/plugs/small.so" "a plugin that needs 80 MB of its own stays out"
like "$(note too-large)" '^/usr/lib/plugs/jit.so needs libraries of more than 64 MiB that nothing else needs, and is left out: .*--add' \
	"with a note"
works /usr/bin/opener
inspect /usr/bin/opener --add sys/usr/lib/plugs/jit.so:/usr/lib/plugs/jit.so
like "$(planned)" "$libdir/libhuge.so.1 .*/usr/lib/plugs/jit.so" "--add brings it"
program /usr/bin/user -Wl,--no-as-needed -ldl sys$libdir/libhuge.so.1 <<<"$opener"
inspect /usr/bin/user
like "$(planned)" "/usr/lib/plugs/jit.so" "and so does a program that has these libraries anyway"

# bitcode
mkdir -p sys/usr/lib/plugs/code
printf 'BC\xc0\xde and more' >sys/usr/lib/plugs/code/small.bc
printf 'BC' >sys/usr/lib/plugs/code/BC
inspect /usr/bin/opener
is "$(planned)" "/usr/bin/opener /usr/lib/plugs/code/BC /usr/lib/plugs/small.so" \
	"what a compiler at run time would read stays out without it"
library $libdir/libLLVM-14.so.1 -Wl,-soname,libLLVM-14.so.1 <<<'int llvm(void) { return 1; }'
program /usr/bin/compiler -Wl,--no-as-needed -ldl sys$libdir/libLLVM-14.so.1 <<<"$opener"
inspect /usr/bin/compiler
like "$(planned)" "/usr/lib/plugs/code/small.bc" "and comes with it"

# headers
for file in CORE/a.h CORE/b.h include/a.h mixed/a.h mixed/b; do
	put /usr/share/built/$file
done
program /usr/bin/builds <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/built/mixed/b", "r"); }
	const char *where = "/usr/share/built";'
inspect /usr/bin/builds
is "$(planned)" "/usr/bin/builds /usr/share/built/include/a.h /usr/share/built/mixed/a.h /usr/share/built/mixed/b" \
	"a directory of headers alone stays out, but not where a compiler has its own"
works /usr/bin/builds

# what was said to the compiler that made the program
put /usr/share/built/data
put /usr/share/read/data
program /usr/bin/built <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/read/data", "r"); }
	const char *how = "cc -I/usr/share/built -L/usr/share/built -Wl,-z,now -lm";'
inspect /usr/bin/built
is "$(planned)" "/usr/bin/built /usr/share/read/data" "directories of a compiler's command line are no data"

# --- one of many ------------------------------------------------------------

library /usr/lib/crowd/0.so <<<'int FcFontMatch(void), puts(const char *); int plug(void) { return puts("") + FcFontMatch(); }'
program /usr/bin/crowd -ldl <<<'#include <dlfcn.h>
	int main(void) { return !dlopen("/usr/lib/crowd/1.so", RTLD_LAZY); }
	const char *where = "/usr/lib/crowd";'
inspect /usr/bin/crowd
is "$(row fonts '[.strength, .by]')" '["likely","/usr/lib/crowd/0.so"]' "a plugin that draws text asks for fonts"
compile plugin.so -shared -fPIC <<<'int plug(void) { return 1; }'
for i in {1..32}; do
	cp plugin.so "sys/usr/lib/crowd/$i.so"
done
inspect /usr/bin/crowd
is "$(row fonts '[.strength, .included]')" '["hint",false]' "one of more than thirty does not"
inspect /usr/bin/crowd --full
is "$(row fonts .included)" true "unless --full"
works /usr/bin/crowd

# --- the zone of this machine -----------------------------------------------

put /usr/share/zoneinfo/Europe/Berlin
put /etc/localtime
ln -s /etc/localtime sys/usr/share/zoneinfo/localtime
program /usr/bin/clock <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/zoneinfo/Europe/Berlin", "r"); }'
inspect /usr/bin/clock
is "$(planned)" "/usr/bin/clock /usr/share/zoneinfo/Europe/Berlin" "all zones, but not the one that this machine is in"
inspect /usr/bin/clock -e TZ=:Europe/Berlin
is "$(jq -r '.plan[] | select(.path == "/etc/localtime") | [.type, .target] | join(" ")' report.json)" \
	"symlink /usr/share/zoneinfo/Europe/Berlin" "TZ says which one the image is in"
inspect /usr/bin/clock -e TZ=Europe/Berlin --add sys/etc/localtime:/etc/localtime
is "$(jq -r '.plan[] | select(.path == "/etc/localtime") | .type' report.json)" file "unless the user adds one"
compile local <<<'#include <stdio.h>
	int main(void) { return !fopen("/etc/localtime", "r") + !fopen("/etc/timezone", "r") > 2; }'
run "$SCRATCHPACK" inspect ./local --json --trace ./local
unlike "$(jq -r '.plan[].path' <<<"$stdout" | xargs)" 'localtime|timezone' "nor does a trace bring it"

# --- after a trace ----------------------------------------------------------

compile converts <<<'#include <iconv.h>
	#include <pwd.h>
	#include <stdio.h>
	int main(int argc, char **argv)
	{
		(void)argv;
		return argc > 9 ? iconv_open("a", "b") == 0 || !getpwnam("x") : puts("converted") < 0;
	}'
compile starts <<<'#include <unistd.h>
	int main(int argc, char **argv)
	{
		return argc > 1 && execl("./converts", "converts", argv[2], (char *)0);
	}'
traced() {
	run "$SCRATCHPACK" inspect ./starts --json --trace './starts x' "$@"
	exits 0 "traced $*"
	cp "$RUN/stdout" report.json
}
traced
ok "what a run started is in" grep -qF "$T/converts" report.json
is "$(row gconv '[.strength, .evidence, .included]')" '["hint","imports iconv_open",false]' \
	"what it may need and did not use is not"
is "$(row users .included)" true "but for what no trace can see"
is "$(jq -r '.needs[] | select(.evidence != null and (.evidence | test("gai.conf"))) | .need' report.json)" "" \
	"the C library, which can be started, is no program"
traced --full
is "$(row gconv .included)" true "--full brings it"
traced --add converts:/bin/converts
is "$(row gconv .strength)" '"likely"' "and so does --add of the program"

done_testing
