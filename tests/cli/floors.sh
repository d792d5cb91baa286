#!/bin/bash
# What an image asks of the machine that runs it: CPU level, kernel, glibc.  Each is the
# highest that any object names, and it is said which.
. "$(dirname "$0")/../lib.sh"
need jq readelf

[ "$(uname -m)" = x86_64 ] || skip_all "the fixtures are for x86-64"

# lib NAME ARG...: a library with a function NAME
lib() {
	echo "int $1(void) { return 0; }" |
		gcc -shared -fPIC -Wl,-soname,lib$1.so -o lib$1.so -x c - -x none "${@:2}" ||
		exit 1
}

# app FILE NAME...: a program that calls them
app() {
	local file=$1 name calls='' declared=''
	shift
	for name; do
		calls="$calls + $name()" declared="$declared int $name(void);"
	done
	echo "$declared int main(void) { return 0$calls; }" | gcc -o "$file" -x c - -x none \
		"${@/%/.so}" -Wl,-rpath,"$T" || exit 1
}

# floor PROGRAM KEY [OPTION...]: the floor and who sets it
floor() {
	"$SCRATCHPACK" inspect --json --minimal "${@:3}" "$1" |
		jq -r --arg key "$2" '.floors | "\(.[$key]) \(.[$key + "_by"])"'
}

platform() { # PROGRAM [OPTION...]: of its image
	"$SCRATCHPACK" -q "$@" -o o.tar >/dev/null &&
		tar -xOf o.tar index.json | jq -r '.manifests[0].platform | [.os, .architecture, .variant] | join("/")'
}

# --- CPU -----------------------------------------------------------------------

lib v2 -Wl,-z,x86-64-v2
lib v3 -Wl,-z,x86-64-v3
like "$(readelf -n libv3.so)" 'ISA needed: .*x86-64-v3' "the fixture has the mark"
for n in v2 v3; do ln -s lib$n.so $n.so; done
app plain
app two v2
app three v2 v3
is "$(platform ./plain)" linux/amd64/ "no mark: any amd64"
is "$(floor ./two isa)" "x86-64-v2 $T/libv2.so" "a library that asks for a level"
is "$(platform ./two)" linux/amd64/v2 "makes it that of the image"
is "$(floor ./three isa)" "x86-64-v3 $T/libv3.so" "of two the higher"
is "$(platform ./three)" linux/amd64/v3 "for the image too"
is "$(platform ./plain --add ./libv3.so:/plugins/libv3.so)" linux/amd64/ \
	"a plugin, which may never be loaded, does not"
run "$SCRATCHPACK" ./three --platform linux/amd64/v2 -o no.tar
exits 2 "a lower level than the libraries ask for cannot be claimed"

# The loader of this machine says the same of what this CPU lacks.
lib v4 -Wl,-z,x86-64-v4
ln -s libv4.so v4.so
app four v4
best=$($(realpath /lib64/ld-linux-x86-64.so.2) --help | sed -n 's/^ *x86-64-\(v[234]\) (supported.*/\1/p' | sort | tail -n 1)
run ./four
if [ "$best" = v4 ]; then
	exits 0 "this CPU has all levels"
else
	isnt "$status" 0 "the loader refuses a level that its CPU lacks"
	like "$stderr" 'ISA level is lower than required' "for that reason"
fi
is "$(platform ./four)" linux/amd64/v4 "and such an image says which it needs"

# --- kernel --------------------------------------------------------------------

cat >tag.s <<-'END'
	.section .note.ABI-tag, "a", @note
	.balign 4
	.long 4, 16, 1
	.asciz "GNU"
	.long 0, 9, 8, 7
	.section .note.GNU-stack, "", @progbits
END
lib tagged -x assembler tag.s
ln -s libtagged.so tagged.so
app new tagged
is "$(floor ./new kernel)" "9.8.7 $T/libtagged.so" "the newest kernel that an object asks for"
like "$(floor ./plain kernel)" '^[0-9.]+ /' "every program of this machine names one"

# --- glibc ---------------------------------------------------------------------

lib old -nostdlib
ln -s libold.so old.so
app user old
like "$(floor ./user glibc)" "^2\.[0-9]+ $T/user\$" "the program asks for a glibc; its library for none"

# The flags of each record of .gnu.version_r, of 16 bytes behind a head of 16, say that
# the version is asked for weakly: a loader only warns if it is not there.
read -r at nr < <(readelf -VW user | awk '/needs section/ { on = 1 } on && /Offset:/ { at = $4 }
	on && /Cnt:/ { print at, $NF; exit }')
cp user weak
for ((i = 0; i < nr; i++)); do
	printf '\2' | dd of=weak bs=1 seek=$((at + 16 + 16 * i + 4)) conv=notrunc status=none
done
like "$(readelf -V weak)" 'Flags: WEAK' "the fixture asks weakly"
is "$(floor ./weak glibc)" "null null" "who asks weakly asks for no glibc"

done_testing
