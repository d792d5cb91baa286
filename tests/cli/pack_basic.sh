#!/bin/bash
# Programs of every ordinary kind are packed, and run from what was packed.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# packs NAME KIND [ENTRIES]: the program NAME runs alike on the host and from its image.
packs() {
	local name=$1 host code
	run "$SCRATCHPACK" "./$name" -o "$name.tar"
	exits 0 "$2: is packed"
	like "$stdout" "^$name@sha256:[0-9a-f]{64}\$" "$2: the result is one line"
	is "$(config "$name.tar" | jq -c .config.Entrypoint)" "[\"/$name\"]" "$2: entry point"
	ok "$2: the layers unpack" unpack "$name.tar" "root-$name"
	same "$name" "root-$name/$name" "$2: the program itself is there"
	is "$(stat -c %a "root-$name/$name")" 755 "$2: and executable"
	host=$("./$name" one "two words" '')
	code=$?
	run_inside "root-$name" "/$name" one "two words" ''
	is "$stdout" "$host" "$2: prints the same from its image"
	is "$status" "$code" "$2: exits alike"
	run_inside "root-$name" "/$name" exit 42
	is "$status" 42 "$2: hands on its exit code"
}

# holds NAME TEXT PATH...: exactly these files and links are in its image.
holds() {
	local name=$1 text=$2
	shift 2
	is "$(cd "root-$name" && find . ! -type d | sort)" "$(printf '%s\n' "$@" | sort)" "$text"
}

static_hello static
packs static "static, glibc"
holds static "a static program is all there is" ./static

CC_FIXTURE=gcc _hello pie -static-pie
packs pie "static-pie"
holds pie "a static-pie program is all there is" ./pie

dynamic_hello dynamic
packs dynamic "dynamic, glibc"
objects=$(ldd ./dynamic | grep -c ' => /')
is "$(find root-dynamic -type f ! -name dynamic ! -name 'ld-*' | wc -l)" "$objects" \
	"a dynamic program has its libraries, no others"
interp=$(readelf -l dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
ok "and its loader" test -e "root-dynamic$interp" -o -L "root-dynamic$interp"

_hello nopie -no-pie
packs nopie "dynamic, at a fixed address"

compile maths -lm <<-'END'
	#include <math.h>
	#include <stdio.h>
	#include <stdlib.h>
	int main(int argc, char **argv)
	{
		if (argc == 3)
			return atoi(argv[2]);
		printf("%.6f\n", cos(argc));
		return 0;
	}
END
packs maths "dynamic, with another library"

cp dynamic stripped
strip stripped
packs stripped "stripped"

# Loaders do not read section headers; programs without any are packed too.
cp static sectionless
printf '\0\0\0\0\0\0\0\0' | dd of=sectionless bs=1 seek=40 conv=notrunc status=none
printf '\0\0\0\0' | dd of=sectionless bs=1 seek=60 conv=notrunc status=none
packs sectionless "without section headers"

if have musl-gcc; then
	CC_FIXTURE=musl-gcc
	_hello musl-static -static
	packs musl-static "static, musl"
	holds musl-static "a static musl program is all there is" ./musl-static
	_hello musl-dynamic
	packs musl-dynamic "dynamic, musl"
	interp=$(readelf -l musl-dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
	ok "the musl loader, which is the library" test -e "root-musl-dynamic$interp" -o \
		-L "root-musl-dynamic$interp"
	CC_FIXTURE=gcc
else
	skip "musl programs" "musl-gcc is not installed"
fi

if have g++; then
	g++ -o cxx -x c++ - <<-'END'
		#include <cstdlib>
		#include <iostream>
		#include <stdexcept>
		#include <string>
		int main(int argc, char **argv)
		{
			if (argc == 3)
				return std::atoi(argv[2]);
			try {
				throw std::runtime_error("caught");
			} catch (const std::exception &e) {
				std::cout << e.what() << std::endl;
			}
			return 3;
		}
	END
	packs cxx "C++, with exceptions"
else
	skip "a C++ program" "g++ is not installed"
fi

if have go; then
	cat >main.go <<-'END'
		package main

		import (
			"os"
			"strconv"
		)

		func main() {
			if len(os.Args) == 3 {
				n, _ := strconv.Atoi(os.Args[2])
				os.Exit(n)
			}
			for _, arg := range os.Args[1:] {
				os.Stdout.WriteString(arg + ";")
			}
		}
	END
	export GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
	ok "go builds a program" go build -o go-static main.go
	packs go-static "Go, static"
	holds go-static "a Go program is all there is" ./go-static
	ok "go builds a stripped program" go build -ldflags='-s -w' -o go-stripped main.go
	packs go-stripped "Go, stripped"
	ok "go builds a position-independent program" go build -buildmode=pie -o go-pie main.go
	packs go-pie "Go, position-independent"
else
	skip "Go programs" "go is not installed"
fi

# The layer's form, on which engines depend: sorted, relative, parents first.
run "$SCRATCHPACK" ./dynamic -o dynamic.tar
listing dynamic.tar >list
not_ok "no name is absolute or begins with a dot" grep -E ' (/|\./)' <(awk '{ print " " $6 }' list)
is "$(awk '{ print $2 }' list | sort -u)" 0/0 "all belong to 0:0"
is "$(awk '{ print $4 " " $5 }' list | sort -u)" "1970-01-01 00:00" "all from 1970"
layer dynamic.tar | tar -tf - | sed 's|/$||' >names
LC_ALL=C sort names | ok "sorted by bytes" cmp - names
is "$(sort names | uniq -d)" "" "no name twice"
missing=$(while read -r name; do
	case $name in
	*/*) grep -qxF "${name%/*}" names || echo "$name" ;;
	esac
done <names)
is "$missing" "" "every parent is in the layer"
digest=$(config dynamic.tar | jq -r '.rootfs.diff_ids[0]')
is "sha256:$(layer dynamic.tar | sha256sum | cut -d' ' -f1)" "$digest" "the diff id is that of the tar"
is "$(manifest dynamic.tar | jq -r '.layers[0].size')" \
	"$(blob dynamic.tar "$(layers dynamic.tar)" | wc -c)" "the size is that of the blob"

for how in none gzip gzip:1 gzip:9 zstd zstd:1 zstd:19; do
	run "$SCRATCHPACK" ./dynamic -q -o c.tar --compress "$how"
	exits 0 "--compress $how"
	is "$(config c.tar | jq -r '.rootfs.diff_ids[0]')" "$digest" "--compress $how: the same layer"
	is "sha256:$(layer c.tar | sha256sum | cut -d' ' -f1)" "$digest" "--compress $how: unpacks to it"
	case $how in
	none) type=application/vnd.oci.image.layer.v1.tar ;;
	*) type=application/vnd.oci.image.layer.v1.tar+${how%:*} ;;
	esac
	is "$(manifest c.tar | jq -r '.layers[0].mediaType')" "$type" "--compress $how: media type"
done

run "$SCRATCHPACK" ./dynamic -q -o split.tar --layers split
exits 0 "--layers split"
is "$(layers split.tar | wc -l)" 2 "dependencies and program are two layers"
blob split.tar "$(layers split.tar | tail -n 1)" | gzip -dc | tar -tf - >last
is "$(cat last)" dynamic "the program is alone in the last"
unpack split.tar root-split
run_inside root-split /dynamic
is "$stdout" hello "and runs from both"
run "$SCRATCHPACK" ./static -q -o split.tar --layers split
is "$(layers split.tar | wc -l)" 1 "a static program has one layer all the same"

run "$SCRATCHPACK" pack ./static -q -o named.tar
exits 0 "pack can be said"
same static.tar named.tar "and means the same"
run "$SCRATCHPACK" -q -o first.tar ./static
same static.tar first.tar "options may come first"
run "$SCRATCHPACK" -qofirst.tar ./static
same static.tar first.tar "and in one word"
cp static ./-odd
run "$SCRATCHPACK" -q -o odd.tar -t static ./-odd --at /static
exits 0 "a program whose name begins with a dash"
is "$(litter)" "" "no temporary file is left"
done_testing
