#!/bin/bash
# Programs for other machines, with the libraries of a sysroot: packed here, unpacked
# from their image into an empty folder and run there by qemu, which finds nothing
# but what the image holds.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq
[ "$(id -u)" -eq 0 ] || skip_all "chroot needs root"

# platform FILTER: "linux/arm64/v8" of image/ according to one of its documents
platform() {
	jq -r "$1"' | [.os, .architecture, .variant // empty] | join("/")'
}

# image_of PLATFORM TEXT ARG...: packs ARG... as image/, whose documents name PLATFORM
image_of() {
	local want=$1 text=$2
	shift 2
	rm -rf image
	run "$SCRATCHPACK" "$@" -q -o image/
	exits 0 "$text: packed"
	[ "$status" -eq 0 ] || return 1
	is "$(config image | platform .)" "$want" "$text: the platform in its configuration"
	is "$(jq '.manifests[0].platform' image/index.json | platform .)" "$want" \
		"$text: the platform in its index"
	run "$SCRATCHPACK" verify image/
	exits 0 "$text: verifies"
}

# starts QEMU WANT TEXT ARG...: the entry point of image/ prints WANT
starts() {
	local qemu=$1 want=$2 text=$3
	shift 3
	rm -rf root
	unpack image root
	cp "$(command -v "$qemu")" root/qemu
	run_inside root /qemu "$(config image | jq -r '.config.Entrypoint[0]')" "$@"
	is "$stdout" "$want" "$text: prints what it should"
	exits 0 "$text: runs"
}

# A program and two libraries of its own: $ORIGIN/lib has libfirst, which finds
# libsecond by its own RUNPATH.  build FOLDER COMPILER [RUNPATH]
build() {
	local dir=$1 compiler=$2 runpath=${3:-'$ORIGIN/lib'}
	mkdir -p "$dir/lib/more"
	echo 'int second(int n) { return n * 2; }' |
		CC_FIXTURE=$compiler compile "$dir/lib/more/libsecond.so.2" -shared -fPIC \
			-Wl,-soname,libsecond.so.2
	echo 'int second(int); int first(int n) { return second(n) + 1; }' |
		CC_FIXTURE=$compiler compile "$dir/lib/libfirst.so.1" -shared -fPIC \
			-Wl,-soname,libfirst.so.1 "$dir/lib/more/libsecond.so.2" \
			-Wl,--enable-new-dtags,-rpath,'$ORIGIN/more'
	CC_FIXTURE=$compiler compile "$dir/app" "$dir/lib/libfirst.so.1" \
		-Wl,--enable-new-dtags,-rpath,"$runpath" \
		-Wl,-rpath-link,"$dir/lib/more" <<-'END'
			#include <math.h>
			#include <stdio.h>
			#include <stdlib.h>

			int first(int n);

			int main(int argc, char **argv)
			{
				printf("%d %s\n", first(20 + argc), argc > 1 ? argv[1] : "");
				return 0;
			}
		END
}

build_cxx() { # FILE COMPILER
	"$2" -x c++ -o "$1" - <<-'END'
		#include <iostream>
		#include <stdexcept>
		#include <string>

		int main()
		{
			try {
				throw std::runtime_error(std::string("thrown and ") + "caught");
			} catch (const std::exception &e) {
				std::cout << e.what() << std::endl;
			}
		}
	END
}

# The libraries of a compiler's sysroot, and a program that is installed beside them
# with an absolute RUNPATH.
sysroot_with_program() { # DIR TRIPLET
	mkdir -p "$1/opt/app"
	cp -a "/usr/$2/lib" "$1/lib"
	build "$1/opt/app" "$2-gcc" /opt/app/lib
}

machine() { # TRIPLET QEMU PLATFORM
	local triplet=$1 qemu=$2 want=$3 sysroot=/usr/$1
	need "$triplet-gcc" "$qemu"
	mkdir "$triplet"
	build "$triplet/c" "$triplet-gcc"
	image_of "$want" "$triplet" "$triplet/c/app" --sysroot "$sysroot" &&
		starts "$qemu" '45 one' "$triplet" one
	sysroot_with_program "$triplet/root" "$triplet"
	image_of "$want" "$triplet, installed in its sysroot" /opt/app/app \
		--sysroot "$triplet/root" && {
		is "$(config image | jq -r '.config.Entrypoint[0]')" /opt/app/app \
			"$triplet, installed in its sysroot: where it was"
		starts "$qemu" '47 x' "$triplet, installed in its sysroot" x y
	}
	if [ "${CI:-}" != true ] && ! have "$triplet-g++"; then
		skip "$triplet, C++" "$triplet-g++ is not installed"
		return
	fi
	need "$triplet-g++"
	build_cxx "$triplet/cxx" "$triplet-g++"
	image_of "$want" "$triplet, C++" "$triplet/cxx" --sysroot "$sysroot" &&
		starts "$qemu" 'thrown and caught' "$triplet, C++"
}

machine aarch64-linux-gnu qemu-aarch64-static linux/arm64/v8
machine arm-linux-gnueabihf qemu-arm-static linux/arm/v7
machine riscv64-linux-gnu qemu-riscv64-static linux/riscv64

# --- what does not fit --------------------------------------------------------------

arm=aarch64-linux-gnu/c/app
run "$SCRATCHPACK" $arm -q -o no.tar --sysroot /usr/riscv64-linux-gnu
exits 3 "a sysroot of another machine"
like "$stderr" 'ld-linux-aarch64\.so\.1 is not there.*--sysroot' \
	"a sysroot of another machine: the message says what is missing and what to do"
mkdir -p wrong/lib
cp -a /usr/riscv64-linux-gnu/lib/. wrong/lib/
cp -a wrong/lib/ld-linux-riscv64-lp64d.so.1 wrong/lib/ld-linux-aarch64.so.1
run "$SCRATCHPACK" $arm -q -o no.tar --sysroot wrong
exits 3 "a loader of another machine under the right name"
like "$stderr" 'loader.*another machine' "a loader of another machine: is said"
cp -a /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1 wrong/lib/
run "$SCRATCHPACK" $arm -q -o no.tar --sysroot wrong
exits 3 "libraries of another machine"
like "$stderr" 'libc\.so\.6: not found.*/lib/libc\.so\.6 .*for another machine' \
	"libraries of another machine: are named"
run "$SCRATCHPACK" $arm -q -o no.tar --sysroot /usr/aarch64-linux-gnu --platform linux/amd64
isnt "$status" 0 "--platform of another machine"
like "$stderr" 'linux/amd64.*arm64|arm64.*linux/amd64' "--platform of another machine: both are named"
not_ok "nothing was written" test -e no.tar

# --- links that lead out --------------------------------------------------------------

# climb SYSROOT LIBRARY TARGET: the library is a link out of the sysroot
mkdir -p out/real
triplet=aarch64-linux-gnu
cp -a /usr/$triplet/lib out/lib
cp -L /usr/$triplet/lib/libc.so.6 out/real/
ups=../../../../../../../../../..
ln -sf $ups/real/libc.so.6 out/lib/libc.so.6
image_of linux/arm64/v8 "a link that climbs above the sysroot" $arm --sysroot out &&
	starts qemu-aarch64-static '45 z' "a link that climbs above the sysroot" z
ln -sf /real/libc.so.6 out/lib/libc.so.6
image_of linux/arm64/v8 "an absolute link" $arm --sysroot out &&
	starts qemu-aarch64-static '45 z' "an absolute link" z
for target in $ups/etc/passwd /etc/passwd "$ups$T/secret" "$T/secret"; do
	echo secret >secret
	ln -sf "$target" out/lib/libc.so.6
	run "$SCRATCHPACK" $arm -q -o no.tar --sysroot out
	exits 3 "a link to $target leads nowhere in the sysroot"
	ln -sf /real/libc.so.6 out/lib/libc.so.6
	ln -sf "$target" out/wanted
	run "$SCRATCHPACK" $arm -q -o no.tar --sysroot out --add /wanted
	isnt "$status" 0 "--add does not follow one to $target"
done
mkdir -p out/etc
echo inside >out/etc/passwd
ln -sf $ups/etc/passwd out/wanted
run "$SCRATCHPACK" $arm -q -o yes.tar --sysroot out --add /wanted
exits 0 "--add follows it inside"
rm -rf root
unpack yes.tar root
is "$(cat root/etc/passwd)" inside "--add follows it inside: to the sysroot's own file"
done_testing
