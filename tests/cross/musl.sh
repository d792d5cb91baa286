#!/bin/bash
# A tree as Alpine has it, made by hand: musl's loader in /lib with libc a link to it,
# libraries in /usr/lib, no path file.  Programs of it are packed with --sysroot, and
# started in what the image holds.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq musl-gcc
[ "$(id -u)" -eq 0 ] || skip_all "chroot needs root"
[ "$(uname -m)" = x86_64 ] || skip_all "the fixtures are for x86-64"
libc=$(realpath /lib/ld-musl-x86_64.so.1)
CC_FIXTURE=musl-gcc

mkdir -p tree/lib tree/usr/lib tree/usr/bin tree/bin tree/etc
cp "$libc" tree/lib/ld-musl-x86_64.so.1
ln -s ld-musl-x86_64.so.1 tree/lib/libc.musl-x86_64.so.1
echo 'int add(int a, int b) { return a + b; }' |
	compile tree/usr/lib/libadd.so.1.2.3 -shared -fPIC -Wl,-soname,libadd.so.1
ln -s libadd.so.1.2.3 tree/usr/lib/libadd.so.1
echo 'int add(int, int); int twice(int a) { return add(a, a); }' |
	compile tree/usr/lib/libtwice.so.1 -shared -fPIC -Wl,-soname,libtwice.so.1 \
		tree/usr/lib/libadd.so.1

# One program under many names, as busybox is.
compile tree/bin/box tree/usr/lib/libtwice.so.1 -Wl,-rpath-link,tree/usr/lib <<-'END'
	#include <libgen.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>

	int twice(int a);

	int main(int argc, char **argv)
	{
		const char *name = basename(argv[0]);

		if (strcmp(name, "pwd") == 0)
			puts("/");
		else if (strcmp(name, "twice") == 0)
			printf("%d\n", twice(21));
		else
			printf("%s: %s\n", name, access("/etc/passwd", F_OK) ? "alone" : "not alone");
		return 0;
	}
END
ln -s ../../bin/box tree/usr/bin/twice
ln -s /bin/box tree/bin/pwd
echo 'a file of the tree' >tree/etc/passwd

# packs WANT PROGRAM TEXT [ARG...]: its image starts and prints WANT
packs() {
	local want=$1 program=$2 text=$3
	shift 3
	run "$SCRATCHPACK" "$program" -q -o o.tar --sysroot tree "$@"
	exits 0 "$text: packed"
	rm -rf root
	unpack o.tar root
	run_inside root "$(config o.tar | jq -r '.config.Entrypoint[0]')"
	is "$stdout" "$want" "$text: starts"
	run "$SCRATCHPACK" verify o.tar
	exits 0 "$text: verifies"
}

packs 'box: alone' /bin/box "a program of the tree"
is "$(layer o.tar | tar -tf - | grep -v '/$')" "bin/box
lib/ld-musl-x86_64.so.1
usr/lib/libadd.so.1
usr/lib/libadd.so.1.2.3
usr/lib/libtwice.so.1" "a program of the tree: what is in the image"
run "$SCRATCHPACK" inspect --json --sysroot tree /bin/box
exits 0 "inspect"
is "$(jq -r '.program.libc, .objects[].real_path' <<<"$stdout")" "musl
/bin/box
/lib/ld-musl-x86_64.so.1
/usr/lib/libtwice.so.1
/usr/lib/libadd.so.1.2.3" "inspect: the objects, each inside the tree"
is "$(jq -r '.objects[-1].found_by' <<<"$stdout")" "default directory" \
	"inspect: without a path file the default counts"
packs 42 /usr/bin/twice "a name that is a link"
packs / /bin/pwd "a name that is an absolute link"

# the path file of this machine is no business of the tree's
[ -e /etc/ld-musl-x86_64.path ] &&
	unlike "$(layer o.tar | tar -tf -)" 'path' "no path file comes from outside"
mkdir -p tree/usr/local/lib tree/opt/lib
mv tree/usr/lib/libadd.so.1* tree/opt/lib/
run "$SCRATCHPACK" /bin/box -q -o no.tar --sysroot tree
exits 3 "a library outside the path"
like "$stderr" 'libadd\.so\.1: not found, needed by /usr/lib/libtwice\.so\.1' \
	"a library outside the path: is named"
printf '/opt/lib\n/usr/lib\n' >tree/etc/ld-musl-x86_64.path
packs 'box: alone' /bin/box "a path file in the tree"
like "$(layer o.tar | tar -tf -)" 'etc/ld-musl-x86_64.path' "a path file in the tree: is in the image"
rm tree/etc/ld-musl-x86_64.path
mv tree/opt/lib/libadd.so.1* tree/usr/lib/

# a program from elsewhere, with a library of its own that needs one of the tree's
mkdir -p mine/lib
echo 'int twice(int); int four(int a) { return twice(twice(a)); }' |
	compile mine/lib/libfour.so -shared -fPIC -Wl,-soname,libfour.so tree/usr/lib/libtwice.so.1
compile mine/app mine/lib/libfour.so -Wl,-rpath,'$ORIGIN/lib' -Wl,-rpath-link,tree/usr/lib <<-'END'
	#include <stdio.h>
	int four(int a);
	int main(void) { return printf("%d\n", four(3)) < 0; }
END
packs 12 ./mine/app "a program from outside the tree" --at /srv/app

# links that lead out of the tree
cp tree/usr/lib/libadd.so.1.2.3 outside.so
ln -sf "../../../../../../../../../..$T/outside.so" tree/usr/lib/libadd.so.1
run "$SCRATCHPACK" /bin/box -q -o no.tar --sysroot tree
exits 3 "a link above the tree leads nowhere"
ln -sf "$T/outside.so" tree/usr/lib/libadd.so.1
run "$SCRATCHPACK" /bin/box -q -o no.tar --sysroot tree
exits 3 "nor does an absolute one"
not_ok "nothing was written" test -e no.tar
ln -sf /usr/lib/../../../../usr/lib/libadd.so.1.2.3 tree/usr/lib/libadd.so.1
packs 'box: alone' /bin/box "more .. than folders stop at the tree"

# another C library
run "$SCRATCHPACK" /bin/true -q -o no.tar --sysroot tree
exits 3 "a name that only the machine has"
cp /bin/true tree/bin/glibc
run "$SCRATCHPACK" /bin/glibc -q -o no.tar --sysroot tree
exits 3 "a program of glibc in a tree of musl"
like "$stderr" 'ld-linux-x86-64\.so\.2 is not there' "a program of glibc: its loader is named"
done_testing
