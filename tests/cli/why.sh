#!/bin/bash
# why, why-not and size by cause.  What why-not says was probed is compared with what
# the machine's own loader tries.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# lib FILE NAME [ARG...]: a library with a function NAME
lib() {
	local file=$1 name=$2
	shift 2
	gcc -shared -fPIC -w -o "$file" -Wl,-soname,"lib$name.so.1" -Wl,--no-as-needed \
		-Wl,-rpath-link,one:two:three -x c - -x none "$@" <<<"int $name(void) { return 0; }" ||
		{ echo "Bail out! cannot compile $file"; exit 1; }
}

# program FILE NAME [ARG...]: a program that calls NAME
program() {
	local file=$1 name=$2
	shift 2
	compile "$file" -Wl,--no-as-needed -Wl,-rpath-link,one:two:three "$@" \
		<<<"int $name(void); int main(void) { return $name(); }"
}

rpath() {
	echo "-Wl,--disable-new-dtags,-rpath,$1"
}

runpath() {
	echo "-Wl,--enable-new-dtags,-rpath,$1"
}

mkdir one two three
lib two/libb.so.1 b
lib two/liba.so.1.2 a two/libb.so.1 -lz -lm
ln -s liba.so.1.2 two/liba.so.1
ln -s ../two/liba.so.1 one/liba.so.1
# shellcheck disable=SC2016  # for the loader to expand
program app a two/liba.so.1 "$(rpath '$ORIGIN/three:$ORIGIN/one:$ORIGIN/two')"
ok "the program starts here" ./app

# --- why --------------------------------------------------------------------

# because NAME LINE...: what why prints
because() {
	local name=$1
	shift
	run "$SCRATCHPACK" why ./app "$name"
	exits 0 "why $name"
	is "$stdout" "$(printf '%s\n' "$@")" "why $name: the chain to the program"
}

because /app "/app" "  the program"
because app "/app" "  the program"
a=("/one/liba.so.1" "  needed by /app (liba.so.1, RPATH)" "  the program")
because liba.so.1 "${a[@]}"
because /one/liba.so.1 "${a[@]}"
b=("/two/libb.so.1" "  needed by /one/liba.so.1 (libb.so.1, RPATH)" "${a[@]:1}")
because libb.so.1 "${b[@]}"
because /two/libb.so.1 "${b[@]}"
because one "/one" "  directory of ${a[0]}" "${a[@]:1}"

interp=$(readelf -l app | sed -n 's/.*interpreter: \(.*\)]/\1/p')
real=$(readlink -f "$interp")
because "$interp" "$real" "  starts /app ($interp)" "  the program"
because "$(basename "$interp")" "$real" "  starts /app ($interp)" "  the program"
libz=$(ldd app | awk '$1 == "libz.so.1" { print $3 }')
z=("  needed by /one/liba.so.1 (libz.so.1, ld.so.cache)" "${a[@]:1}")
because libz.so.1 "$(readlink -f "$libz")" "${z[@]}"
because "$(basename "$(readlink -f "$libz")")" "$(readlink -f "$libz")" "${z[@]}"
run "$SCRATCHPACK" inspect --json ./app
link=$(jq -r '[.plan[] | select(.type == "symlink")][0].path' <<<"$stdout")
run "$SCRATCHPACK" why ./app "$link"
exits 0 "why $link, a link"
is "$(head -n 1 <<<"$stdout")" "$link" "the link itself is explained"
like "$stdout" $'\n  [^\n]*link[^\n]* /[^\n]*\n' "by what it leads to"
is "$(tail -n 1 <<<"$stdout")" "  the program" "and so to the program"

# every entry of a plan can be explained, and ends at the program
bad=''
while read -r entry; do
	run "$SCRATCHPACK" why ./app "$entry"
	[ "$status" -eq 0 ] && [ "$(tail -n 1 <<<"$stdout")" = "  the program" ] || bad+=" $entry"
done < <("$SCRATCHPACK" inspect --json ./app | jq -r '.plan[].path')
is "$bad" "" "every entry of the plan leads to the program"

run "$SCRATCHPACK" why ./app nothing
exits 1 "why with a name that is not there"
like "$stderr" 'nothing called nothing is in an image of ./app' "names it"
is "$stdout" "" "and explains nothing"
run "$SCRATCHPACK" why ./app
exits 2 "why without a name"
run "$SCRATCHPACK" why ./app a b
exits 2 "why with two names"
run "$SCRATCHPACK" why ./missing a
exits 3 "why of a program that is not there"

printf '#!%s/inner -x\n' "$T" >outer
printf '#!/usr/bin/env sh\n' >inner
chmod +x outer inner
run "$SCRATCHPACK" why ./outer env
exits 0 "why of a script"
is "$stdout" "/usr/bin/env
  starts $T/inner (/usr/bin/env)
  starts /outer ($T/inner)
  the program" "the interpreter comes by the scripts on the way"
run "$SCRATCHPACK" why ./outer sh
like "$stdout" "
  starts $T/inner \\(sh\\)
  starts /outer" "and the program that env starts"

# --- why-not ----------------------------------------------------------------

# What the loader says with LD_DEBUG=libs -> what it tries for a name, without the
# directories for some CPUs.
tried() { # NAME, stdin
	awk -v name="$1" '
		/find library=/ { split($0, part, /find library=| \[/); wanted = part[2] == name }
		/trying file=/ && wanted { sub(/.*trying file=/, ""); print }' |
		grep -Ev '/(glibc-hwcaps|tls|haswell|avx512_1|x86_64)/'
}

# probes PROGRAM NAME TEXT [OPTION...]: the same places in the same order.
probes() {
	local program=$1 name=$2 text=$3
	shift 3
	run "$SCRATCHPACK" why-not "$program" "$name" "$@"
	exits 0 "why-not: $text"
	is "$(sed -n 's/^  \(.*\) \[.*/\1/p' <<<"$stdout")" \
		"$(LD_DEBUG=libs "$program" 2>&1 | tried "$name")" "$text: as the loader probes"
}

probes ./app liba.so.1 "RPATH"
is "$stdout" "liba.so.1, needed by $T/app: RPATH
  $T/three/liba.so.1 [RPATH] not there
  $T/one/liba.so.1 [RPATH] found" "each place, the rule, and what was there"
probes ./app libb.so.1 "RPATH of who loaded the asker"
probes ./app libz.so.1 "RPATH, then the cache"
like "$stdout" '\[ld\.so\.cache\] found' "the cache is called so"
probes ./app libc.so.6 "a name that several ask for"
like "$stdout" "libc.so.6, needed by $T/two/liba.so.1.2?: already loaded|libc.so.6, needed by $T/one/liba.so.1: already loaded" \
	"who asks later gets the same"

# what is passed over is said as well
program elsewhere a one/liba.so.1 "$(runpath "lib:$T/none:/opt/\$PLATFORM:")"
run "$SCRATCHPACK" why-not ./elsewhere liba.so.1
like "$stdout" '  lib/liba.so.1 \[RUNPATH\] depends on the current directory
'"  $T/none/liba.so.1 \\[RUNPATH\\] not there"'
  /opt/\$PLATFORM/liba.so.1 \[RUNPATH\] depends on the CPU
  ./liba.so.1 \[RUNPATH\] depends on the current directory' "why-not: elements that are left out"
run "$SCRATCHPACK" ./elsewhere -q -o image.tar
like "$stderr" 'tried lib/liba.so.1 \(RUNPATH: depends on the current directory\)' "and so does the error"
mkdir none
ln -s ../gone/liba.so.1 none/
run "$SCRATCHPACK" why-not ./elsewhere liba.so.1
like "$stdout" 'none/liba.so.1 \[RUNPATH\] a link to \.\./gone/liba.so.1, which is not there' \
	"why-not: a link that leads nowhere"

# three levels of RPATH: the asker's, its loader's, the program's
lib three/libd.so.1 d
lib two/libc3.so.1 c3 three/libd.so.1
lib one/libe.so.1 e two/libc3.so.1 "$(rpath "$T/two:$T/one")"
program deep e one/libe.so.1 "$(rpath "$T/one:$T/three")"
probes ./deep libe.so.1 "RPATH of the program"
probes ./deep libc3.so.1 "RPATH of a library"
probes ./deep libd.so.1 "RPATH of the library above, then of the program"

# RUNPATH counts for its own object only, and shadows all RPATHs
program run a two/liba.so.1 "$(runpath "$T/three:$T/one")"
probes ./run liba.so.1 "RUNPATH"
probes ./run libb.so.1 "not the program's RUNPATH for a library"
like "$stdout" "libb.so.1, needed by $T/one/liba.so.1: not found" "the library is missing"
like "$stdout" '\[default directory\] not there' "after the default directories"
run "$SCRATCHPACK" why ./run libb.so.1
exits 1 "why of a missing library"
like "$stderr" 'why-not' "points to why-not"
lib one/libf.so.1 f three/libd.so.1 "$(runpath "$T/two:$T/three")"
program mixed f one/libf.so.1 "$(rpath "$T/one:$T/three")"
probes ./mixed libd.so.1 "RUNPATH of a library in a program with RPATH"
lib one/libg.so.1 g three/libd.so.1 "$(runpath "$T/two")"
program shadow g one/libg.so.1 "$(rpath "$T/one:$T/three")"
probes ./shadow libd.so.1 "RPATH of the program is out of sight behind a RUNPATH"
like "$stdout" 'not found' "and the library is missing"

# LD_LIBRARY_PATH stands between RPATH and RUNPATH
export LD_LIBRARY_PATH=$T/two:$T/three
probes ./run liba.so.1 "LD_LIBRARY_PATH before RUNPATH" -e "LD_LIBRARY_PATH=$LD_LIBRARY_PATH"
probes ./app libb.so.1 "LD_LIBRARY_PATH behind RPATH" -e "LD_LIBRARY_PATH=$LD_LIBRARY_PATH"
probes ./run libz.so.1 "LD_LIBRARY_PATH, then the cache" -e "LD_LIBRARY_PATH=$LD_LIBRARY_PATH"
like "$stdout" '\[LD_LIBRARY_PATH\] not there' "the rule is named"
unset LD_LIBRARY_PATH

# -z nodefaultlib: neither default directories nor what the cache has of them
lib one/libh.so.1 h
program nodeflib h one/libh.so.1 "$(runpath "$T/three")" -Wl,-z,nodefaultlib
probes ./nodeflib libh.so.1 "-z nodefaultlib"
unlike "$stdout" 'default directory' "no default directory"

# Without a cache it is the default directories: the image of a program, where
# LD_DEBUG is set from inside.
compile one/debug -static <<-'END'
	#include <stdlib.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		setenv("LD_DEBUG", "libs", 1);
		execv(argv[1], argv + 1);
		return 126;
	}
END
compile zlib -Wl,--no-as-needed -lz -lm <<<'int main(void) { return 0; }'
run "$SCRATCHPACK" ./zlib -q -o zlib.tar
unpack zlib.tar root
not_ok "an image with default directories only has no cache" test -e root/etc/ld.so.cache
cp one/debug root/debug
for name in libz.so.1 libm.so.6 libc.so.6; do
	run_inside root /debug /zlib
	cp "$RUN/stderr" loader.out
	run "$SCRATCHPACK" why-not --sysroot root /zlib "$name"
	exits 0 "why-not $name without a cache"
	is "$(sed -n 's/^  \(.*\) \[default directory\].*/\1/p' <<<"$stdout")" \
		"$(tried "$name" <loader.out)" "$name: default directories as the loader probes"
done

lib three/libgone.so.1 gone
program gone gone three/libgone.so.1
rm three/libgone.so.1
probes ./gone libgone.so.1 "no path, no cache: the default directories"
run "$SCRATCHPACK" why-not ./app libnothing.so
exits 1 "why-not of a name that nobody asks for"
like "$stderr" 'neither ./app nor a library that it loads asks for libnothing.so' "says so"
run "$SCRATCHPACK" why-not ./app
exits 2 "why-not without a name"
run "$SCRATCHPACK" why-not ./outer libc.so.6
exits 0 "why-not of a script looks at its interpreters"
like "$stdout" 'needed by /usr/bin/env: .*needed by /(usr/)?bin/(sh|dash): ' "env, and what it starts"

# --- size by cause ----------------------------------------------------------

# top needs left and right; left needs only and shared, right needs shared
mkdir size
size() { # NAME BYTES [ARG...]: a library with so much in it
	local name=$1 bytes=$2
	shift 2
	gcc -shared -fPIC -w -nostdlib -o "size/lib$name.so" -Wl,-soname,"lib$name.so" \
		-Wl,--no-as-needed -Wl,-rpath,"$T/size" -x c - -x none "$@" \
		<<<"char ${name}_data[$bytes] = { 1 }; int $name(void) { return 0; }"
}
size shared 40000
size only 50000
size left 60000 size/libshared.so size/libonly.so
size right 70000 size/libshared.so
compile top -Wl,--no-as-needed size/libleft.so size/libright.so -Wl,-rpath,"$T/size" \
	<<<'int left(void); int main(void) { return left(); }'
of() {
	local sum=0 name
	for name; do
		sum=$((sum + $(stat -c %s "size/lib$name.so")))
	done
	echo $sum
}
run "$SCRATCHPACK" inspect --json ./top
exits 0 "inspect"
cause() {
	jq -c ".causes[] | select(.name == \"$1\") | [.objects, .bytes]" <<<"$stdout"
}
is "$(cause libleft.so)" "[2,$(of left only)]" "a library goes with what only it needs"
is "$(cause libright.so)" "[1,$(of right)]" "without what others need too"
is "$(cause libc.so.6)" "[1,$(stat -Lc %s "$(ldd top | awk '$1 == "libc.so.6" { print $3 }')")]" \
	"the C library, which only the program asks for"
is "$(cause "$interp")" "[0,0]" "but not the loader, which that one asks for too"
run "$SCRATCHPACK" inspect ./top
like "$stdout" $'size by cause\n' "inspect prints them"
like "$stdout" 'libleft\.so \(2 objects\)' "with the number of objects"
is "$(litter)" "" "no temporary file is left"
done_testing
