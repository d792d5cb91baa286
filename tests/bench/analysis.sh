#!/bin/bash
# How long it takes to look at a program with more than a hundred libraries, against
# tools that list them, and how much memory.  Exit 1 if a goal is missed.
#
#	make bench				at its end
#	tests/bench/analysis.sh [PROGRAM]
#
# inspect does more than those tools: it looks through the constants of all libraries for
# what they name, brings plugins with their libraries, plans the image and proves that it
# starts.  --minimal leaves the constants alone, but looks at what is imported; with
# --without all it does what those tools do, the closure, and still the versions, the plan
# and the proof.  For that the goal holds, over programs of about a hundred libraries: how
# long libtree takes depends on where they lie.
#
# Means of BENCH_RUNS (20) runs, each command in turn, so that a busy moment hits all
# alike; each ran once before.
set -u
LC_ALL=C
export LC_ALL

SCRATCHPACK=$(realpath "${SCRATCHPACK:-build/scratchpack}")
RUNS=${BENCH_RUNS:-20}
here=$(cd "$(dirname "$0")" && pwd)
libraries=100

skip() {
	echo "analysis: left out: $*"
	exit 0
}

count() { # PROGRAM: objects that the loader maps; ldd asks it
	ldd "$1" 2>/dev/null | grep -c '=> /'
}

find_program() {
	local path
	for path in /usr/bin/ffmpeg /usr/bin/mpv /usr/bin/gimp /usr/bin/ogrinfo; do
		[ -x "$path" ] && [ "$(count "$path")" -ge "$libraries" ] && echo "$path" && return
	done
	return 1
}

command -v libtree >/dev/null || skip "libtree is not installed; ./bootstrap --oracle does that"
program=${1:-$(find_program)} || skip "no program with $libraries libraries is installed"

T=$(mktemp -d) || exit 2
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
${CC:-cc} -O1 -o "$T/measure" "$here/measure.c" || exit 2

all=('scratchpack inspect' 'scratchpack --minimal' 'scratchpack --without all' 'libtree -p' 'ld.so --list' 'ldd' 'lddtree')
declare -A sum peak
interpreter=$("$SCRATCHPACK" inspect --json --without all "$program" |
	sed -n 's/^.*"interpreter":[^"]*"\(.*\)",$/\1/p' | head -n 1)
command_of() { # NAME: sets words
	case $1 in
	'scratchpack inspect') words=("$SCRATCHPACK" inspect -q "$program") ;;
	'scratchpack --minimal') words=("$SCRATCHPACK" inspect -q --minimal "$program") ;;
	'scratchpack --without all') words=("$SCRATCHPACK" inspect -q --without all "$program") ;;
	'libtree -p') words=(libtree -p "$program") ;;
	'ld.so --list') words=("$interpreter" --list "$program") ;;
	ldd) words=(ldd "$program") ;;
	lddtree) words=(lddtree "$program") ;;
	esac
	command -v "${words[0]}" >/dev/null
}

run() { # NAME: adds to its figures, unless warm; who fails then does not take part
	local words seconds kib status
	[ "${sum[$1]-}" != none ] || return
	if ! command_of "$1"; then
		sum[$1]=none
		return
	fi
	"$T/measure" "$T/took" "$T/stdout" "${words[@]}" 2>/dev/null || exit 2
	read -r seconds kib status <"$T/took"
	[ "$status" = 0 ] || sum[$1]=none
	[ "$status" = 0 ] && [ "$2" != warm ] || return
	sum[$1]=$(awk -v a="${sum[$1]:-0}" -v b="$seconds" 'BEGIN { printf "%.6f", a + b }')
	[ "${peak[$1]:-0}" -ge "$kib" ] || peak[$1]=$kib
}

measure() { # NAME...: each on $program
	local name
	sum=() peak=()
	for ((i = 0; i <= RUNS; i++)); do
		for name in "$@"; do
			run "$name" "$([ "$i" = 0 ] && echo warm)"
		done
	done
}

measure "${all[@]}"
echo
echo "analysis of $program, $(count "$program") libraries; means of $RUNS runs"
printf '%-26s %9s %9s\n' command ms 'peak MiB'
for name in "${all[@]}"; do
	if [ "${sum[$name]}" = none ]; then
		printf '%-26s %9s\n' "$name" 'no'
		continue
	fi
	awk -v name="$name" -v s="${sum[$name]}" -v n="$RUNS" -v k="${peak[$name]}" \
		'BEGIN { printf "%-26s %9.1f %9.1f\n", name, 1000 * s / n, k / 1024 }'
done

whole=${sum[scratchpack inspect]} most=${peak[scratchpack inspect]:-99999999}

# Programs of a hundred libraries and more, in the standard directories and in others.
echo
printf '%-26s %9s %9s %9s %9s\n' program libraries ms libtree times
ours=0 theirs=0
for program in /usr/bin/pdbedit /usr/sbin/nmbd /usr/bin/octave-cli /usr/bin/gdal_contour \
	/usr/bin/inkscape /usr/bin/gnome-shell /usr/bin/ffmpeg; do
	libraries=$(count "$program")
	[ "$libraries" -ge 100 ] || continue
	measure 'scratchpack --without all' 'libtree -p'
	a=${sum[scratchpack --without all]} b=${sum[libtree -p]}
	if [ "$a" = none ] || [ "$b" = none ]; then
		continue
	fi
	awk -v p="${program##*/}" -v l="$libraries" -v a="$a" -v b="$b" -v n="$RUNS" \
		'BEGIN { printf "%-26s %9d %9.1f %9.1f %9.2f\n", p, l, 1000 * a / n, 1000 * b / n, a / b }'
	ours=$(awk -v a="$ours" -v b="$a" 'BEGIN { printf "%.6f", a + b }')
	theirs=$(awk -v a="$theirs" -v b="$b" 'BEGIN { printf "%.6f", a + b }')
done
awk -v a="$ours" -v b="$theirs" -v n="$RUNS" \
	'BEGIN { printf "%-26s %9s %9.1f %9.1f %9.2f\n", "all", "", 1000 * a / n, 1000 * b / n, b ? a / b : 0 }'

missed=0
goal() { # goal TEXT: is what the command before it says
	if [ $? = 0 ]; then
		echo "PASS $1"
	else
		echo "FAIL $1"
		missed=1
	fi
}
echo
awk -v a="$ours" -v b="$theirs" 'BEGIN { exit !(b > 0 && a <= 1.5 * b) }'
goal 'the closure and its proof (--without all) take at most 1.5 times as long as libtree'
[ "$whole" != none ] && awk -v a="$whole" -v n="$RUNS" 'BEGIN { exit !(a / n <= 0.5) }'
goal 'all that inspect looks for takes at most half a second'
[ "$most" -lt $((32 * 1024)) ]
goal 'inspect takes less than 32 MiB'
exit $missed
