#!/bin/bash
# Programs for other machines, and several of them in one image.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq
static_hello hello

# cross COMPILER FILE [ARG...]: a static program, or false if that is not installed
cross() {
	local cc=$1 file=$2
	shift 2
	have "$cc" || return 1
	# the compiler may be there without its C library
	echo '#include <stdio.h>' | "$cc" -x c -E - >/dev/null 2>&1 || return 1
	CC_FIXTURE=$cc _hello "$file" -static "$@"
}
platform() { # IMAGE [N]
	config "$@" | jq -r '[.os, .architecture, .variant // empty] | join("/")'
}
# for_machine FILE PLATFORM TEXT
for_machine() {
	run "$SCRATCHPACK" "./$1" -q -o "$1.tar"
	exits 0 "$3"
	is "$(platform "$1.tar")" "$2" "$3: platform"
	is "$(member "$1.tar" index.json | jq -r '.manifests[0].platform |
		[.os, .architecture, .variant // empty] | join("/")')" "$2" "$3: the same in the index"
	run "$SCRATCHPACK" verify "$1.tar"
	exits 0 "$3: verifies"
}

[ "$(uname -m)" = x86_64 ] && for_machine hello linux/amd64 "a program of this machine"
present=()
while read -r cc file want text; do
	if cross "$cc" "$file"; then
		for_machine "$file" "$want" "$text"
		present+=("$file")
	else
		skip "$text" "$cc is not installed"
	fi
done <<'END'
aarch64-linux-gnu-gcc arm64 linux/arm64/v8 a program for 64-bit ARM
arm-linux-gnueabihf-gcc armhf linux/arm/v7 a program for 32-bit ARM
riscv64-linux-gnu-gcc riscv64 linux/riscv64 a program for RISC-V
END

# Go needs no other compiler for other machines: these are told by header alone.
if have go; then
	cat >main.go <<-'END'
		package main

		func main() { println("hello") }
	END
	export GO111MODULE=off GOFLAGS='' CGO_ENABLED=0
	go_for() { # FILE PLATFORM TEXT VAR...
		ok "go builds for $3" env "${@:4}" go build -o "$1" main.go
		for_machine "$1" "$2" "Go for $3"
	}
	go_for go-386 linux/386 386 GOARCH=386
	go_for go-armv6 linux/arm/v6 "ARM v6" GOARCH=arm GOARM=6
	if [ "${CI:-}" = true ]; then
		go_for go-armv5 linux/arm/v5 "ARM v5" GOARCH=arm GOARM=5
		go_for go-s390x linux/s390x s390x GOARCH=s390x
		go_for go-ppc64le linux/ppc64le ppc64le GOARCH=ppc64le
		go_for go-mips64le linux/mips64le mips64le GOARCH=mips64le
		go_for go-v3 linux/amd64/v3 "amd64 v3" GOARCH=amd64 GOAMD64=v3
	fi
fi

# --platform agrees or is refused; it may ask for more than the header says.
run "$SCRATCHPACK" ./hello -q -o p.tar --platform linux/amd64
exits 0 "--platform that agrees"
run "$SCRATCHPACK" ./hello -q -o p.tar --platform linux/amd64/v2
is "$(platform p.tar)" linux/amd64/v2 "--platform with a variant"
rm -f p.tar
for wrong in linux/arm64 linux/386 linux/arm/v7 windows/amd64 darwin/amd64 linux/riscv64; do
	run "$SCRATCHPACK" ./hello -q -o p.tar --platform $wrong
	exits 2 "--platform $wrong for a program of amd64"
	like "$stderr" 'linux/amd64' "names what the program is for"
done
not_ok "nothing was written" test -e p.tar

# Several programs make one index.
if [ "${#present[@]}" -ge 2 ]; then
	programs=(./hello)
	for file in "${present[@]}"; do
		programs+=("./$file")
	done
	run "$SCRATCHPACK" "${programs[@]}" --at /app -t multi -q -o multi.tar --annotation index:a=b
	exits 0 "${#programs[@]} programs"
	like "$stdout" '^multi@sha256:[0-9a-f]{64}$' "one line of result"
	digest=${stdout#*@}
	is "$(member multi.tar index.json | jq -r '.manifests[0].digest')" "$digest" \
		"it is the digest of the index"
	is "$(blob multi.tar "$digest" | jq -r .mediaType)" application/vnd.oci.image.index.v1+json \
		"an index"
	is "$(blob multi.tar "$digest" | jq -r '.manifests | length')" "${#programs[@]}" \
		"with a manifest for each"
	is "$(blob multi.tar "$digest" | jq -r '.annotations.a')" b "and the annotation"
	i=0
	for program in "${programs[@]}"; do
		plat=$(blob multi.tar "$digest" | jq -r ".manifests[$i].platform |
			[.os, .architecture, .variant // empty] | join(\"/\")")
		is "$(platform multi.tar $i)" "$plat" "$plat: configuration and index agree"
		ok "$plat: has its own program" cmp "$program" <(layer multi.tar $i | tar -xOf - app)
		is "$(config multi.tar $i | jq -r '.config.Entrypoint[0]')" /app "$plat: entry point"
		i=$((i + 1))
	done
	run "$SCRATCHPACK" verify multi.tar
	exits 0 "it verifies"
	run "$SCRATCHPACK" "${programs[@]}" --at /app -t multi -q -o multi/ --annotation index:a=b
	is "${stdout#*@}" "$digest" "a layout of it has the same digest"
	run "$SCRATCHPACK" "${programs[@]}" --at /app -t multi -q -o docker-archive:multi.d.tar
	if [ "$status" -eq 0 ]; then
		is "$(member multi.d.tar manifest.json | jq length)" 1 \
			"a docker archive has the one program of this machine"
	else
		exits 2 "a docker archive cannot hold several, and that is said"
	fi
	# an engine of this machine loads the archive through the docker documents
	config=$(member multi.tar manifest.json | jq -r '.[0].Config')
	is "$(member multi.tar "$config" | jq -r .architecture)" amd64 \
		"docker load gets the program of this machine"
	run "$SCRATCHPACK" "${programs[@]}" --platform linux/amd64 -o none.tar
	exits 2 "--platform with several programs"
	run "$SCRATCHPACK" ./hello "./${present[0]}" -q -o none.tar
	exits 0 "programs of different names"
	is "$(config none.tar 1 | jq -r '.config.Entrypoint[0]')" "/${present[0]}" "keep them"
	rm none.tar
else
	skip "several programs" "fewer than two cross compilers"
fi
cp hello second
run "$SCRATCHPACK" ./hello ./second -o none.tar
exits 2 "two programs for one platform"
like "$stderr" 'hello.*second.*linux/amd64' "both and the platform are named"
like "$stderr" '--add' "and what to do"
not_ok "nothing was written" test -e none.tar

# A dynamic program for another machine finds its own libraries.
if have aarch64-linux-gnu-gcc && [ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ]; then
	CC_FIXTURE=aarch64-linux-gnu-gcc _hello arm64-dynamic
	run "$SCRATCHPACK" ./arm64-dynamic -o none.tar
	exits 3 "a dynamic program for ARM does not get this machine's libraries"
	run "$SCRATCHPACK" ./arm64-dynamic -q -o arm.tar --sysroot /usr/aarch64-linux-gnu
	exits 0 "it gets those of a sysroot"
	is "$(platform arm.tar)" linux/arm64/v8 "and is an image for ARM"
	mkdir root
	unpack arm.tar root
	is "$(find root -type f -name '*.so*' -exec readelf -h {} + | grep -c 'Machine:.*AArch64')" \
		"$(find root -type f -name '*.so*' | wc -l)" "with libraries for ARM alone"
	if have qemu-aarch64-static; then
		run qemu-aarch64-static -L root root/arm64-dynamic works
		is "$stdout" "hello works" "it runs"
	fi
fi
done_testing
