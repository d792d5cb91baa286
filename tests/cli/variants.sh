#!/bin/bash
# --cpu: the builds of a library for better CPUs, which the loader looks for in
# glibc-hwcaps/LEVEL, come along; what it takes in the image is what it takes here.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq ldconfig
[ "$(uname -m)" = x86_64 ] || skip_all "the levels are those of x86-64"

# lib FILE NUMBER [ARG...]: libv.so.1 whose function gives NUMBER
lib() {
	local file=$1 number=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	gcc -shared -fPIC -w -o "$file" -Wl,-soname,libv.so.1 -Wl,--no-as-needed -x c - -x none "$@" \
		<<<"int level(void) { return $number; }"
}
caps=glibc-hwcaps/x86-64
lib lib/libv.so.1 10
lib lib/$caps-v2/libv.so.1 12
gcc -shared -o lib/libextra.so.1 -Wl,-soname,libextra.so.1 -x c - <<<'int extra;'
lib lib/$caps-v3/libv.so.1 13 lib/libextra.so.1 -Wl,-rpath,"$T/lib"
lib lib/$caps-v4/libv.so.1 14
lib lib/glibc-hwcaps/other/libv.so.1 99
compile app lib/libv.so.1 -Wl,-rpath,"$T/lib" \
	<<<'int level(void); int main(void) { return level(); }'

# The best level of this machine, as its loader says.
interp=$(readelf -l app | sed -n 's/.*interpreter: \(.*\)]/\1/p')
best=10
for n in 2 3 4; do
	"$interp" --help | grep -q "x86-64-v$n (supported" && best=1$n
done
./app
is $? $best "the loader here takes the best that it can"

# holds ROOT LEVEL...: exactly these variants are in the image, and one of them runs
holds() {
	local root=$1 n want=10
	shift
	is "$(cd "$root" && find . -path '*glibc-hwcaps/*' -name 'libv*' | sort)" \
		"$(for n; do echo ".$T/lib/$caps-v$n/libv.so.1"; done)" "these variants: ${*:-none}"
	for n; do
		[ "1$n" -le $best ] && want=1$n
	done
	ok "and the baseline" test -f "$root$T/lib/libv.so.1"
	run_inside "$root" /app
	is "$status" "$want" "the loader takes the best of them"
}

run "$SCRATCHPACK" ./app -q -o none.tar
exits 0 "without --cpu"
unpack none.tar none
holds none
not_ok "nothing that only a variant needs" test -e "none$T/lib/libextra.so.1"
run "$SCRATCHPACK" ./app -q -o v2.tar --cpu x86-64-v2
exits 0 "--cpu x86-64-v2"
unpack v2.tar v2
holds v2 2
not_ok "nothing that only a better variant needs" test -e "v2$T/lib/libextra.so.1"
run "$SCRATCHPACK" ./app -q -o v3.tar --cpu x86-64-v3
exits 0 "--cpu x86-64-v3"
unpack v3.tar v3
holds v3 2 3
ok "with what a variant needs" test -f "v3$T/lib/libextra.so.1"
run "$SCRATCHPACK" ./app -q -o v4.tar --cpu x86-64-v4
unpack v4.tar v4
holds v4 2 3 4
run "$SCRATCHPACK" ./app -q -o all.tar --cpu all
exits 0 "--cpu all"
same v4.tar all.tar "is the same as the best level"

run "$SCRATCHPACK" why ./app "$T/lib/$caps-v3/libv.so.1" --cpu all
exits 0 "why a variant is there"
like "$stdout" 'libv\.so\.1, glibc-hwcaps' "by its rule"
run "$SCRATCHPACK" inspect --json ./app --cpu all
is "$(jq -r '[.objects[] | select(.found_by == "glibc-hwcaps")] | length' <<<"$stdout")" 3 \
	"inspect lists them"
run "$SCRATCHPACK" verify v3.tar
exits 0 "verify is content"

# mistakes
for level in x86-64-v5 v3 X86-64-V3 x86-64 other; do
	run "$SCRATCHPACK" ./app -q -o bad.tar --cpu "$level"
	exits 2 "--cpu '$level': exit code 2"
	like "$stderr" 'knows x86-64-v4, x86-64-v3, x86-64-v2,? and all' "with the levels that there are"
done
not_ok "nothing is written" test -e bad.tar

# A variant that lacks something is a program that does not start on some machine.
rm lib/libextra.so.1
run "$SCRATCHPACK" ./app -q -o bad.tar --cpu x86-64-v3
exits 3 "a variant whose library is missing"
like "$stderr" "libextra.so.1: not found, needed by $T/lib/$caps-v3/libv.so.1.*\\[missing-library\\]\$" \
	"is named"
run "$SCRATCHPACK" ./app -q -o good.tar --cpu x86-64-v2
exits 0 "but only where it is wanted"
echo text >lib/$caps-v2/libv.so.1
run "$SCRATCHPACK" ./app -q -o bad.tar --cpu x86-64-v2
exits 3 "a variant that is text"
rm lib/$caps-v2/libv.so.1
mkdir lib/$caps-v2/libv.so.1
run "$SCRATCHPACK" ./app -q -o good.tar --cpu x86-64-v2
exits 0 "a directory of that name is none"

# In a default directory, without a cache.
unpack none.tar root
rm -rf "root$T"
mkdir -p root/usr/lib/$caps-v2
cp none"$T"/lib/libv.so.1 root/usr/lib/
cp v2"$T"/lib/$caps-v2/libv.so.1 root/usr/lib/$caps-v2/
compile root/app2 lib/libv.so.1 <<<'int level(void); int main(void) { return level(); }'
run_inside root /app2
is "$status" $((best > 10 ? 12 : 10)) "in a default directory, before"
run "$SCRATCHPACK" --sysroot root /app2 -q -o default.tar --cpu all
exits 0 "variants in a default directory"
unpack default.tar default
run_inside default /app2
is "$status" $((best > 10 ? 12 : 10)) "and from the image"
run "$SCRATCHPACK" --sysroot root /app2 -q -o default.tar
unpack default.tar default-none
run_inside default-none /app2
is "$status" 10 "without --cpu the baseline"

# Programs that know no variants.
static_hello static
run "$SCRATCHPACK" ./static -q -o static.tar --cpu all
exits 0 "a static program has none"
if have musl-gcc; then
	CC_FIXTURE=musl-gcc _hello musl
	run "$SCRATCHPACK" ./musl -q -o musl.tar --cpu all
	exits 0 "musl has none"
else
	skip "musl" "musl-gcc is not installed"
fi
is "$(litter)" "" "no temporary file is left"
done_testing
