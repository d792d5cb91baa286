#!/bin/bash
# --bind-now: every symbol is met, as LD_BIND_NOW=1 has the loader find out at start.
# Each program is started so on this machine, and the verdicts are compared.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# lib FILE [ARG...]: a library of the C on stdin; its soname is the file's name
lib() {
	local file=$1
	shift
	"$CC_FIXTURE" -shared -fPIC -w -o "$file" -Wl,-soname,"$(basename "$file")" \
		-Wl,--no-as-needed -x c - -x none "$@" || { echo "Bail out! cannot compile $file"; exit 1; }
}

# program FILE LIB...: C on stdin
program() {
	local file=$1
	shift
	compile "$file" -Wl,--no-as-needed -Wl,-z,lazy -Wl,-rpath,"$T" \
		-Wl,--allow-shlib-undefined "$@"
}

# judged PROGRAM ID TEXT: ID empty: starts with LD_BIND_NOW, and is packed
judged() {
	local host
	LD_BIND_NOW=1 "./$1" >host.out 2>&1
	host=$?
	run "$SCRATCHPACK" "./$1" --bind-now -q -o image.tar --compress none
	if [ -z "$2" ]; then
		is "$host" 0 "$3: starts here"
		exits 0 "$3: is packed"
		return
	fi
	isnt "$host" 0 "$3: does not start here"
	exits 3 "$3: is not packed"
	like "$stderr" " \\[$2\\]\$" "$3: [$2]"
}

lib libone.so <<<'int one(void) { return 0; } int two(void) { return 0; }'
program good ./libone.so <<<'int one(void), two(void); int main(void) { return one() || two(); }'
judged good '' "all symbols"
cp good lacking
lib libone.so <<<'int one(void) { return 0; }'
judged lacking missing-symbol "a function that is not there"
like "$stderr" "$T/lacking: undefined symbol: two" "who asks for what is said"
is "$(grep -c '' "$RUN/stderr")" 1 "in one line"
run "$SCRATCHPACK" ./lacking -q -o image.tar
exits 0 "without --bind-now it is packed: it may never be called"

lib libone.so <<<'int one(void); int two(void) { return one(); } int unused(void) { return three(); }'
program other ./libone.so <<<'int two(void); int one(void) { return 0; } int main(void) { return two(); }'
judged other missing-symbol "a function that a library lacks"
like "$stderr" "$T/libone.so: undefined symbol: three" "the library is named"
lib libone.so <<<'int one(void); int two(void) { return one(); }'
judged other '' "a function that the program has for its library"

lib libdata.so <<<'int data = 1;'
program data ./libdata.so -fPIC <<<'extern int data; int main(void) { return data - 1; }'
judged data '' "data"
lib libdata.so <<<'int other;'
judged data missing-symbol "data that is not there"
program copy ./libdata.so -no-pie <<<'extern int other; int main(void) { return other; }'
judged copy '' "data that the program copies"
lib libdata.so <<<'int data;'
judged copy missing-symbol "a copy is no definition"
lib libcopier.so <<<'int other = 0;'
program copies ./libcopier.so ./libdata.so -no-pie <<<'extern int other, data; int main(void) { return other + data; }'
judged copies '' "each from its library"
lib libtls.so <<<'__thread int counter;'
program tls ./libtls.so <<<'extern __thread int counter; int main(void) { return counter; }'
judged tls '' "a thread's own data"
lib libtls.so <<<'int none;'
judged tls missing-symbol "a thread's own data that is not there"

program weak <<<'__attribute__((weak)) int nowhere(void); int main(void) { return nowhere ? 1 : 0; }'
judged weak '' "a weak symbol may lack"
lib libweak.so <<<'__attribute__((weak)) int nowhere(void); int weak(void) { return nowhere ? 1 : 0; }'
program weaklib ./libweak.so <<<'int weak(void); int main(void) { return weak(); }'
judged weaklib '' "also in a library"
lib libweak.so <<<'__attribute__((weak)) int weak(void) { return 0; }'
judged weaklib '' "a weak definition is one"

# Versions.  A program that was built with the library of libver.so's first form.
map() {
	printf '%s\n' "$1" >map
}
map 'V1 { global: old; }; V2 { global: new; } V1;'
versioned='int old(void) { return 0; } int new(void) { return 0; } int base(void) { return 0; }'
lib libver.so -Wl,--version-script=map <<<"$versioned"
program ver ./libver.so <<<'int old(void), new(void); int main(void) { return old() || new(); }'
judged ver '' "versions"
map 'V1 { global: old; new; };'
lib libver.so -Wl,--version-script=map <<<"$versioned"
judged ver missing-version "a version that is not there"
like "$stderr" "libver.so: version .V2' not found \\(required by $T/ver\\)" "as the loader says it"
run "$SCRATCHPACK" ./ver -q -o image.tar
exits 3 "nor without --bind-now"
map 'V1 { global: old; new; }; V2 { global: other; } V1;'
lib libver.so -Wl,--version-script=map <<<"$versioned int other(void) { return 0; }"
judged ver missing-symbol "a version that is there, without the symbol"
like "$stderr" "undefined symbol: new, version V2" "named with the version"
map 'V1 { global: old; }; V2 { global: other; } V1;'
lib libver.so -Wl,--version-script=map <<<"$versioned int other(void) { return 0; }"
judged ver '' "a symbol without version beside versions serves who asks for one"
lib libver.so <<<"$versioned"
judged ver '' "a library without versions serves who asks for one"
lib libver.so <<<'int old(void) { return 0; }'
judged ver missing-symbol "unless the symbol is not there"
program nover ./libver.so <<<'int old(void); int main(void) { return old(); }'
map 'V1 { global: old; };'
lib libver.so -Wl,--version-script=map <<<"$versioned"
judged nover '' "who asks without a version gets any"
old='__asm__(".symver old_1, old@V1"); int old_1(void) { return 0; } int other(void) { return 0; }'
map 'V1 { global: old; }; V2 { global: other; } V1;'
lib libver.so -Wl,--version-script=map <<<"$old"
judged nover '' "also an old one of the first version"
map 'V0 { global: other; }; V1 { global: old; } V0;'
lib libver.so -Wl,--version-script=map <<<"$old"
judged nover missing-symbol "but no other old one"
lib libver.so -Wl,--version-script=map <<<'int old(void) { return 0; } int other(void) { return 0; }'
program ver ./libver.so <<<'int old(void); int main(void) { return old(); }'
lib libver.so -Wl,--version-script=map <<<"$old"
judged ver '' "who asks for the old version gets it"

# The name is in the table, and nothing looks it up.
lib libleft.so <<<'__asm__(".section .note.x, \"\"\n.quad nowhere\n.text"); int left(void) { return 0; }'
ok "a linker leaves a symbol behind" grep -q 'UND nowhere' <(readelf -W --dyn-syms libleft.so)
program left ./libleft.so <<<'int left(void); int main(void) { return left(); }'
judged left '' "a symbol that no relocation names"

# Where else a definition may be.
lib libpre.so <<<'int two(void) { return 0; }'
lib libone.so <<<'int one(void) { return 0; }'
run "$SCRATCHPACK" ./lacking --bind-now -q -o image.tar -e "LD_PRELOAD=$T/libpre.so"
exits 0 "LD_PRELOAD brings the symbol"
unpack image.tar root
LD_BIND_NOW=1 LD_PRELOAD=$T/libpre.so ./lacking
is $? 0 "as it does here"
lib libplugin.so <<<'int plugin(void) { return nowhere(); }'
run "$SCRATCHPACK" ./good --bind-now -q -o image.tar
exits 3 "the library has changed under the first program"
lib libone.so <<<'int one(void) { return 0; } int two(void) { return 0; }'
run "$SCRATCHPACK" ./good --bind-now -q -o image.tar --add "$T/libplugin.so"
exits 3 "an added library is checked too"
like "$stderr" 'libplugin.so: undefined symbol: nowhere' "and named"
run "$SCRATCHPACK" ./good -q -o image.tar --add "$T/libplugin.so"
exits 0 "only with --bind-now"

static_hello static
run "$SCRATCHPACK" ./static --bind-now -q -o image.tar
exits 0 "a static program has no symbols to meet"
printf '#!/bin/sh\n' >script
chmod +x script
run "$SCRATCHPACK" ./script --bind-now -q -o image.tar
exits 0 "a script: its interpreter's"
printf '#!%s/lacking\n' "$T" >script
lib libone.so <<<'int one(void) { return 0; }'
run "$SCRATCHPACK" ./script --bind-now -q -o image.tar
exits 3 "a script whose interpreter lacks a symbol"
like "$stderr" 'undefined symbol: two.*\[missing-symbol\]$' "is diagnosed so"

# Whole programs of this machine, which work here.
for p in /bin/sh /usr/bin/env /usr/bin/perl /usr/bin/python3 /usr/bin/gdb /usr/bin/curl /usr/bin/jq; do
	[ -x "$p" ] || continue
	run "$SCRATCHPACK" "$p" --bind-now -n
	exits 0 "$p lacks nothing"
done

if have musl-gcc; then
	CC_FIXTURE=musl-gcc
	lib libmusl.so <<<'int one(void) { return 0; } int two(void) { return 0; }'
	program musl ./libmusl.so <<<'int one(void), two(void); int main(void) { return one() || two(); }'
	judged musl '' "musl"
	lib libmusl.so <<<'int one(void) { return 0; }'
	judged musl missing-symbol "musl: a function that is not there"
	map 'V1 { global: one; }; V2 { global: two; } V1;'
	lib libmusl.so -Wl,--version-script=map <<<'int one(void) { return 0; } int two(void) { return 0; }'
	program muslver ./libmusl.so <<<'int one(void), two(void); int main(void) { return one() || two(); }'
	map 'V1 { global: one; two; };'
	lib libmusl.so -Wl,--version-script=map <<<'int one(void) { return 0; } int two(void) { return 0; }'
	judged muslver '' "musl knows no versions"
	program muslweak ./libmusl.so <<<'__attribute__((weak)) int nowhere(void); int main(void) { return nowhere ? 1 : 0; }'
	judged muslweak '' "musl: a weak symbol may lack"
else
	skip "musl" "musl-gcc is not installed"
fi
is "$(litter)" "" "no temporary file is left"
done_testing
