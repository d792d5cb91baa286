#!/bin/bash
# Real programs from Debian packages, packed with default options and run in
# dockerd without a network: what they print and how they exit is what they do on
# this machine.  Static, Go, C and C++, with no library to more than a hundred.
. "$(dirname "$0")/lib.sh"

start_dockerd

# One input for the programs that read standard input.
for i in {1..200}; do
	echo "line $i of two hundred, with some words: $((i * i % 97))"
done >text
gzip -nc text >text.gz
xz -c text >text.xz
bzip2 -c text >text.bz2
zstd -q -c text >text.zst
tar -cf text.tar --owner=0 --group=0 --mtime=@0 text
echo '{"a":[1,2,{"b":"c"}],"d":null}' >data.json
echo '<a><b c="d">text</b></a>' >data.xml

programs=0 libraries=0 most=0

# Packs PROGRAM, runs it here and in the engine.  stdin comes from $in.
try() { # PROGRAM ARG...
	local path name=${1##*/} nr
	path=$(PATH=${PATH#"$E/bin:"} type -P -- "$1") || {
		[ "${CI:-}" = true ] && fail "$1 is installed" && return 1
		skip "$1" "not installed"
		return
	}
	shift
	name=$(tr -c 'a-z0-9\n' - <<<"${name,,}")
	run "$SCRATCHPACK" -q "$path" -t "real/$name:test" -o "$name.tar" <"$in"
	exits 0 "$name: packs $path" || return
	ok "$name: docker loads it" docker load -q -i "$name.tar" || return
	rm -f "$name.tar"
	on_host "$path" "$@" <"$in"
	cp "$RUN/stdout" want
	in_engine docker "real/$name:test" "$@" <"$in"
	nr=$(ldd "$path" 2>/dev/null | grep -c '=>')
	programs=$((programs + 1)) libraries=$((libraries + nr))
	[ "$nr" -le "$most" ] || most=$nr
	as_on_host "$name: exits with $want_status here and there ($nr libraries)"
	same want "$RUN/stdout" "$name: prints the same bytes"
	docker rmi -f "real/$name:test" >/dev/null
}

in=/dev/null
diag "static programs"
try busybox sh -c 'echo $((6 * 7)); exit 3'
try ldconfig --version
try qemu-aarch64-static --version
try bash-static -c 'echo $((6 * 7))'

diag "Go programs"
try umoci --version
try skopeo --version
try runc --version
try containerd --version
try ctr --version
try docker --version
try podman --version
try dockerd --version

diag "C programs"
try ls -d /
try echo a b
try printf '%s-%d\n' x 7
try seq 3 9
try expr 6 '*' 7
try false
try bash -c 'echo ${#BASH_VERSINFO[@]} $((2 ** 40)); exit 3'
try dash -c 'echo $((6 * 7)); exit 4'
try perl -e 'print join(",", map { $_ * $_ } 1 .. 9), "\n"; exit 5'
try find / -maxdepth 0
try git --version
try curl --version
try openssl version
try sqlite3 :memory: 'select sum(value) from json_each("[1,2,3]")'
try gcc -dumpfullversion
try ld --version
try objdump --version
try make --version
try strace --version
try file --version
try rsync --version
try msgfmt --version
try ps --version
try tar --version

diag "C programs that read and write"
in=$T/text
try cat
try grep -c two
try sed -n 's/line \([0-9]*\)9 .*/\1/p'
try gawk '{ s += $NF } END { printf "%d %.3f\n", s, sqrt(s) }'
try mawk '{ s += $NF } END { print s }'
try sort -k 9 -n
try wc -w
try sha256sum
try tr a-z A-Z
try od -c
try xxd
try gzip -nc
try xz -c
try bzip2 -c
try lz4 -c
try zstd -q -c
try git hash-object --stdin
try openssl dgst -sha3-256
in=$T/text.gz try gzip -dc
in=$T/text.xz try xz -dc
in=$T/text.bz2 try bzip2 -dc
in=$T/text.zst try zstd -dc
in=$T/text.tar try tar -xO
in=$T/data.json try jq -c '.a[2], (.d | type)'
in=$T/data.xml try xmllint --format -
echo '2^200; sqrt(2)' >sums
in=$T/sums try bc -l

diag "C++ programs, and many libraries"
in=/dev/null
try cmake --version
try ctest --version
try ninja --version
try gdalinfo --version

diag "programs in other languages"
in=$T/text try rg -c two
try shellcheck --version

diag "$programs programs, $libraries libraries in all, at most $most"
ok "at least 30 programs" test "$programs" -ge 30
if have gdalinfo; then
	ok "and one with more than 100 libraries" test "$most" -gt 100
else
	skip "and one with more than 100 libraries" "gdalinfo is not installed"
fi
done_testing
