#!/bin/bash
# Whole-process comparisons with what people use today, and whether scratchpack meets
# its goals on two cores.  Exit 1 if it misses one, 2 if it cannot be found out.
#
#	make bench
#	SCRATCHPACK=build/scratchpack tests/bench/run.sh
#
# What can be set in the environment:
#	BENCH_PROGRAM	the program to pack, a static one; by default a Go program of
#			about 40 MB is built
#	BENCH_ROUNDS	rounds (5); the best one of each command counts.  All commands
#			run in each round, so that a busy moment hits them alike
#	BENCH_BIG_MIB	size of the large input (2048)
#	TMPDIR		where all files go.  scratchpack alone waits for the disk (fsync)
#
# Every command runs once before anything is measured: programs and input are in the
# page cache.
set -u
LC_ALL=C
export LC_ALL

SCRATCHPACK=$(realpath "${SCRATCHPACK:-build/scratchpack}")
ROUNDS=${BENCH_ROUNDS:-5}
BIG_MIB=${BENCH_BIG_MIB:-2048}
here=$(cd "$(dirname "$0")" && pwd)

cannot() {
	echo "bench: $*" >&2
	exit 2
}

[ -x "$SCRATCHPACK" ] || cannot "$SCRATCHPACK: no such command; run make first"
for tool in gzip pigz zstd openssl; do
	command -v $tool >/dev/null || cannot "$tool is needed; ./bootstrap --test installs it"
done

T=$(mktemp -d) || cannot "no temporary directory"
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM

${CC:-cc} -O1 -o "$T/measure" "$here/measure.c" || cannot "measure.c does not compile"

# --- the program ----------------------------------------------------------------

# A static Go program of about 40 MB: a small server that carries the Go compiler
# and two other real Go programs, so that all of it is machine code and tables.
build_program() {
	local tools dir=$T/src
	tools=$(go env GOTOOLDIR) && mkdir -p "$dir" || return 1
	cp "$tools/compile" "$dir/a" && cp "$tools/trace" "$dir/b" || return 1
	cp "$tools/vet" "$dir/c" || return 1
	cat >"$dir/main.go" <<-'EOF2'
		package main

		import (
			"embed"
			"fmt"
			"net/http"
		)

		//go:embed a b c
		var files embed.FS

		func main() {
			fmt.Println(http.ListenAndServe("127.0.0.1:0", http.FileServer(http.FS(files))))
		}
	EOF2
	printf 'module bench\n\ngo 1.18\n' >"$dir/go.mod"
	(cd "$dir" && GOCACHE=${GOCACHE:-$T/gocache} GOFLAGS=-mod=mod CGO_ENABLED=0 go build -o "$1" .)
}

program=$T/program
if [ -n "${BENCH_PROGRAM:-}" ]; then
	program=$BENCH_PROGRAM
elif ! build_program "$program"; then
	cannot "go is not there to build a large program with: set BENCH_PROGRAM"
fi
app=$T/app
cp "$program" "$app" || exit 2

# The goals are for two cores; more would flatter some commands more than others.
pin=()
cores=$(nproc)
if [ "$cores" -gt 2 ] && command -v taskset >/dev/null; then
	two=$(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
		awk -F- '{ for (i = $1; i <= $NF; i++) print i }' | head -n 2 | paste -sd,)
	pin=(taskset -c "$two")
	cores="2 of $cores"
fi

# --- commands -------------------------------------------------------------------

# names in order, and for each the words of the command, one a line, and its output
names=()
declare -A words out best peak size
add() {
	local name=$1
	names+=("$name")
	out[$name]=$2
	shift 2
	words[$name]=$(printf '%s\n' "$@")
}

add 'gzip -6' stdout gzip -6 -c "$app"
add 'pigz -6' stdout pigz -6 -c "$app"
add 'zstd -3 -T0' stdout zstd -q -3 -T0 -c "$app"
add 'openssl dgst -sha256' - openssl dgst -sha256 "$app"
for kind in gzip zstd none; do
	add "scratchpack $kind" image.tar "$SCRATCHPACK" "$app" -q \
		-o "$T/out/image.tar" --compress $kind
done

cat >"$T/umoci.sh" <<'END'
set -e
umoci init --layout "$1/layout"
umoci new --image "$1/layout:app"
umoci insert --image "$1/layout:app" "$2" /app
umoci config --image "$1/layout:app" --config.entrypoint /app
END
cat >"$T/buildah.sh" <<'END'
set -e
b="buildah --root $1/root --runroot $1/run --storage-driver vfs"
export BUILDAH_ISOLATION=chroot
c=$($b from scratch)
$b copy -q "$c" "$2" /app >/dev/null
$b config --entrypoint '["/app"]' "$c"
$b commit -q "$c" "oci-archive:$1/image.tar:app" >/dev/null
END
command -v umoci >/dev/null && [ "$(id -u)" = 0 ] &&
	add 'umoci insert, config' layout sh "$T/umoci.sh" "$T/out" "$app"
command -v buildah >/dev/null && [ "$(id -u)" = 0 ] &&
	add 'buildah copy, commit' image.tar sh "$T/buildah.sh" "$T/out" "$app"

# Run one command; sets $seconds and $kib.  Its output is in $T/out afterwards.
measure() {
	local status
	rm -rf "$T/out"
	mkdir "$T/out"
	"${pin[@]}" "$T/measure" "$T/took" "$T/out/stdout" "$@" 2>"$T/stderr" || exit 2
	read -r seconds kib status <"$T/took"
	[ "$status" = 0 ] && return
	cat "$T/stderr" >&2
	return 1
}

round() {
	local name command
	for name in "${names[@]}"; do
		[ "${best[$name]-}" = failed ] && continue
		mapfile -t command <<<"${words[$name]}"
		if ! measure "${command[@]}"; then
			echo "bench: $name failed" >&2
			best[$name]=failed
			continue
		fi
		[ "$1" = warm ] && continue
		if [ -z "${best[$name]-}" ] || less "$seconds" "${best[$name]}"; then
			best[$name]=$seconds
		fi
		[ "${peak[$name]:-0}" -ge "$kib" ] || peak[$name]=$kib
		[ "${out[$name]}" = - ] ||
			size[$name]=$(du -sb --apparent-size "$T/out/${out[$name]}" | cut -f1)
	done
}

less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

echo "program  $program, $(stat -c %s "$app") bytes"
echo "machine  $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $cores cores," \
	"$(stat -f -c %T "$T") in ${TMPDIR:-/tmp}"
echo "rounds   $ROUNDS, the best one counts; memory is the worst"
echo
round warm
for ((i = 0; i < ROUNDS; i++)); do
	round "$i"
done

pigz=${best[pigz -6]}
printf '%-22s %9s %9s %12s %9s\n' command seconds 'x pigz -6' 'output bytes' 'peak MiB'
for name in "${names[@]}"; do
	if [ "${best[$name]-failed}" = failed ]; then
		printf '%-22s %9s\n' "$name" failed
		continue
	fi
	printf '%-22s %9.3f %9s %12s %9s\n' "$name" "${best[$name]}" \
		"$(ratio "$pigz" "${best[$name]}")" "${size[$name]--}" \
		"$(ratio "${peak[$name]}" 1024)"
done

# --- a large input --------------------------------------------------------------

# A static program with data behind it, as an installer has: no holes, and about as
# compressible as programs are.
make_big() {
	local want=$((BIG_MIB * 1024 * 1024)) have
	echo 'int main(void) { return 0; }' >"$T/tiny.c"
	${CC:-cc} -static -o "$T/big" "$T/tiny.c" || cp "$app" "$T/big" || return
	have=$(stat -c %s "$T/big")
	while [ "$have" -lt "$want" ]; do
		head -c $((want - have)) "$app" >>"$T/big" || return
		have=$(stat -c %s "$T/big")
	done
}

most=0
for kind in gzip zstd none; do
	[ "${peak[scratchpack $kind]:-0}" -le "$most" ] || most=${peak[scratchpack $kind]}
done
big_failed=
echo
if make_big; then
	printf '%-22s %9s %9s %12s %9s\n' "$BIG_MIB MiB program" seconds 'MiB/s' \
		'output bytes' 'peak MiB'
	for kind in gzip zstd none; do
		if ! measure "$SCRATCHPACK" "$T/big" -q -o "$T/out/image.tar" --compress $kind
		then
			printf '%-22s %9s\n' "scratchpack $kind" failed
			big_failed=1
			continue
		fi
		printf '%-22s %9.3f %9.0f %12s %9s\n' "scratchpack $kind" "$seconds" \
			"$(ratio "$BIG_MIB" "$seconds")" \
			"$(stat -c %s "$T/out/image.tar")" "$(ratio "$kib" 1024)"
		[ "$kib" -le "$most" ] || most=$kib
	done
else
	echo "the large input could not be made in ${TMPDIR:-/tmp}"
	big_failed=1
fi

# --- the goals ------------------------------------------------------------------

missed=0
goal() {	# goal TEXT: is what the command before it says
	if [ $? = 0 ]; then
		echo "PASS $1"
	else
		echo "FAIL $1"
		missed=1
	fi
}

# at_least FACTOR A B: B takes at least that times as long as A
at_least() {
	[ "${best[$2]-failed}" != failed ] && [ "${best[$3]-failed}" != failed ] &&
		awk -v f="$1" -v a="${best[$2]}" -v b="${best[$3]}" \
			'BEGIN { exit !(b >= f * a) }'
}

echo
at_least 2.3 'scratchpack gzip' 'pigz -6' &&
	[ "${size[scratchpack gzip]}" -le "${size[gzip -6]}" ]
goal 'gzip:6 is at least 2.3 times as fast as pigz -6 and no larger than gzip -6'
at_least 4.5 'scratchpack zstd' 'pigz -6'
goal 'zstd:3 is at least 4.5 times as fast as pigz -6'
at_least 0.5 'scratchpack none' 'openssl dgst -sha256'
goal 'none takes at most twice as long as openssl dgst -sha256'
[ -z "$big_failed" ] && [ "$most" -gt 0 ] && [ "$most" -lt $((48 * 1024)) ]
goal "peak memory is below 48 MiB, also for $BIG_MIB MiB of input"

SCRATCHPACK=$SCRATCHPACK "$here/analysis.sh" || missed=1
SCRATCHPACK=$SCRATCHPACK "$here/registry.sh" "$app" || missed=1
SCRATCHPACK=$SCRATCHPACK "$here/images.sh" || missed=1
"$here/trace.sh" || missed=1
exit $missed
