# shellcheck shell=bash
# Shell functions of tests that make a system of their own below sys/, with programs and
# libraries compiled for it.  Sourced after lib.sh.
. "$TOP/tests/image.sh"

need jq

# put FILE [TEXT]: a file of the system, with TEXT or its own path in it
put() {
	[ -d "sys${1%/*}" ] || mkdir -p "sys${1%/*}"
	printf '%s\n' "${2:-$1}" >"sys$1"
}
# program PATH [ARG...], library PATH [ARG...]: C on stdin
program() {
	[ -d "sys${1%/*}" ] || mkdir -p "sys${1%/*}"
	compile "sys$1" "${@:2}"
}
library() {
	program "$1" -shared -fPIC "${@:2}"
}
inspect() { # PROGRAM [ARG...]
	run "$SCRATCHPACK" inspect "$1" --sysroot sys --json "${@:2}"
	cp "$RUN/stdout" report.json
	[ "$status" -eq 0 ] || diag "inspect $*: $stderr"
}
row() { # NEED FILTER
	jq -c ".needs[] | select(.need == \"$1\") | $2" report.json
}
planned() { # the files of the plan that are not loader and C library
	jq -r '.plan[] | select(.type != "directory") | .path' report.json |
		grep -vE 'ld-linux|ld-musl|/libc\.so|^/lib(64)?$|^/etc/ld' | sort | xargs
}
note() { # ID
	jq -r ".notes[] | select(.id == \"$1\") | .text" report.json
}
# works PROGRAM [ARG...]: packed and run in its image, exits with 0
works() {
	rm -rf image image.tar
	run "$SCRATCHPACK" "$1" --sysroot sys -q -o image.tar --compress none "${@:2}"
	[ "$status" -eq 0 ] || diag "pack $*: $stderr"
	unpack image.tar image
	run_inside image "$1"
	exits 0 "$1 works in its image"
}
fails() { # PROGRAM NEED [ARG...]
	rm -rf image image.tar
	run "$SCRATCHPACK" "$1" --sysroot sys -q -o image.tar --compress none --without "$2" "${@:3}"
	unpack image.tar image
	run_inside image "$1"
	isnt "$status" 0 "but not without $2"
}

# The loader and the C library of this machine.
echo 'int main(void) { return 0; }' | compile probe
loader=$("$SCRATCHPACK" inspect ./probe --json | jq -r .program.interpreter)
for file in "$loader" "$("$SCRATCHPACK" inspect ./probe --json |
	jq -r '.objects[] | select(.soname == "libc.so.6") | .path')"; do
	mkdir -p "sys$(dirname "$file")"
	cp -L "$file" "sys$file"
done
libdir=$(dirname "$file")
