#!/bin/bash
# What a trace adds to the run time of a program that looks for many files, and whether
# that is at most 30 %.  Exit 1 if the goal is missed.
#
#	make bench				at its end
#	make build/tests/bench/trace_bench && tests/bench/trace.sh
#
# The best of BENCH_TRACE_ROUNDS (60) runs with and without a tracer, each in turn: a run
# takes some 30 ms, and a busy moment that hits one of them would decide.
set -u
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
BUILD=${BUILD:-$here/../../build}
ROUNDS=${BENCH_TRACE_ROUNDS:-60}
python=/usr/bin/python3
command="exec $python -c 'import ssl, json, sqlite3'"

skip() {
	echo "trace: left out: $*"
	exit 0
}

[ -x "$BUILD/tests/bench/trace_bench" ] || skip 'trace_bench was not built'
"$python" -c 'import ssl, json, sqlite3' 2>/dev/null || skip "$python has no ssl, json and sqlite3"
[ "$("$BUILD/tests/bench/trace_bench" true 1 2>&1 | wc -l)" = 3 ] || skip 'tracing is not permitted here'

mapfile -t figures < <("$BUILD/tests/bench/trace_bench" "$command" "$ROUNDS")
[ "${#figures[@]}" = 3 ] || exit 1

echo
echo "trace of python3 -c 'import ssl, json, sqlite3', ${figures[2]} files; best of $ROUNDS runs"
awk -v a="${figures[0]}" -v b="${figures[1]}" 'BEGIN {
	printf "%-22s %9.1f ms\n%-22s %9.1f ms, %.2f times that\n",
		"without", 1000 * a, "with --trace", 1000 * b, b / a }'
echo
if awk -v a="${figures[0]}" -v b="${figures[1]}" 'BEGIN { exit !(b <= 1.3 * a) }'; then
	echo 'PASS a trace adds at most 30 % to the run time'
else
	echo 'FAIL a trace adds at most 30 % to the run time'
	exit 1
fi
