# shellcheck shell=bash
# TAP for tests written in bash.  A test script reads as a list of what must hold:
#
#	#!/bin/bash
#	# What the script is about, in a line or two.
#	. "$(dirname "$0")/../lib.sh"
#
#	static_hello hello
#	run "$SCRATCHPACK" hello -o hello.tar
#	exits 0 "packs a static program"
#	like "$stdout" '^hello:latest@sha256:[0-9a-f]{64}$' "the result is one line"
#	is "$stderr" "" "and nothing else is said"
#	ok "the archive is there" test -s hello.tar
#	done_testing
#
# Set for the script:
#	$SCRATCHPACK	the command, an absolute path (default build/scratchpack)
#	$TOP $BUILD	the sources and the build folder, absolute paths
#	$T		an empty directory, the current one; removed at exit
#
# Running:
#	run CMD...	sets $status, $stdout, $stderr (without the last newlines); the bytes
#			are in $RUN/stdout and $RUN/stderr.  Killed after $RUN_TIMEOUT
#			seconds (60), which is status 124.  Reads our stdin: run X <FILE.
#	background CMD...  starts CMD, sets $pid, and has it killed at exit
#	at_exit CMD	runs CMD (one word, usually a function) at exit, last added first
#	wait_for SECONDS CMD...  tries CMD every tenth of a second until it holds
#
# Checking (each prints one line, and why when it failed; each returns 0 or 1):
#	ok TEXT		the command before it succeeded
#	ok TEXT CMD...	CMD succeeds; what it printed is shown if it does not
#	not_ok TEXT CMD...	CMD fails
#	exits N TEXT	the last run exited with N; shows its stderr if not
#	is GOT WANT TEXT		equal strings
#	isnt GOT UNWANTED TEXT		different strings
#	like GOT REGEX TEXT		an extended regular expression matches
#	unlike GOT REGEX TEXT		it does not
#	same FILE FILE TEXT		equal bytes
#	pass TEXT, fail TEXT		what was found out in another way
#
# What a machine cannot do:
#	skip TEXT REASON	counts as held, and says why
#	skip_all REASON		the whole script
#	have CMD...		all commands exist
#	need CMD...		skip_all unless they do; under CI=true a failure, because there
#				a missing tool must never look like a passed test
#
# Fixtures (C on standard input where none is given):
#	compile FILE [ARG...]	gcc -o FILE, with ARGs after the source; compiler in $CC_FIXTURE
#	static_hello FILE	a static program: prints "hello" and its arguments, exits 0;
#				"exit N" as arguments exits with N
#	dynamic_hello FILE	the same, dynamic
#
# done_testing prints the plan; without it the script counts as died half-way.

# Some vocabularies build on this one; the first to read it counts.
[ -z "${_lib_read-}" ] || return 0
_lib_read=1
set -u
TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$TOP/build}
SCRATCHPACK=${SCRATCHPACK:-$BUILD/scratchpack}
CC_FIXTURE=${CC_FIXTURE:-gcc}
RUN_TIMEOUT=${RUN_TIMEOUT:-60}
T=$(mktemp -d "${TMPDIR:-/tmp}/sp-test.XXXXXXXX") || exit 1
RUN=$(mktemp -d "${TMPDIR:-/tmp}/sp-run.XXXXXXXX") || exit 1
status=0 stdout='' stderr='' pid=''

# The tests decide what the command sees, not the shell they were started from.
export LC_ALL=C TZ=UTC PATH="$PATH:/usr/sbin:/sbin" GOCACHE="${GOCACHE:-$TOP/build/go-cache}"
unset SOURCE_DATE_EPOCH DOCKER_HOST DOCKER_CONFIG CONTAINER_HOST NO_COLOR COLUMNS CDPATH
umask 022
exec </dev/null
cd "$T" || exit 1

_planned='' _at_exit=()
# Counts are kept in files, so that checks in a subshell count too.
echo 0 >"$RUN/count"
: >"$RUN/failed"

_finish() {
	local code=$? i
	trap - EXIT
	for ((i = ${#_at_exit[@]} - 1; i >= 0; i--)); do
		${_at_exit[i]}
	done
	cd /
	chmod -R u+rwx "$T" 2>/dev/null
	rm -rf "$T" "$RUN"
	[ -n "$_planned" ] || [ "$code" -ne 0 ] || code=1
	exit "$code"
}
trap _finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

at_exit() {
	_at_exit+=("$1")
}

# --- TAP --------------------------------------------------------------------

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

_next() { # sets $_count
	read -r _count <"$RUN/count"
	echo $((_count += 1)) >"$RUN/count"
}

_line() { # STATUS TEXT
	_next
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$_count" "$2"
		return 0
	fi
	echo "$_count" >>"$RUN/failed"
	printf 'not ok %d - %s\n' "$_count" "$2"
	return 1
}

# At most 60 lines of a value, in printable bytes, so that a failure can be read.
_value() { # LABEL VALUE
	printf '%s\n' "$2" | head -n 60 | cat -v | cut -c 1-300 | sed "s/^/# $1 /"
}

pass() {
	_line 0 "$1"
}

fail() {
	_line 1 "$1"
}

ok() {
	local code=$? text=$1
	shift
	if [ $# -eq 0 ]; then
		_line "$code" "$text"
		return
	fi
	"$@" >"$RUN/check" 2>&1
	code=$?
	_line "$code" "$text" && return 0
	diag "exit $code: $*"
	_value '|' "$(<"$RUN/check")"
	return 1
}

not_ok() {
	local text=$1
	shift
	if "$@" >"$RUN/check" 2>&1; then
		fail "$text"
		diag "succeeded: $*"
		_value '|' "$(<"$RUN/check")"
		return 1
	fi
	pass "$text"
}

is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
		return
	fi
	fail "$3"
	_value 'got: ' "$1"
	_value 'want:' "$2"
	return 1
}

isnt() {
	if [ "$1" != "$2" ]; then
		pass "$3"
		return
	fi
	fail "$3"
	_value 'got what it should not be:' "$1"
	return 1
}

like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
		return
	fi
	fail "$3"
	_value 'got: ' "$1"
	_value 'want a match of:' "$2"
	return 1
}

unlike() {
	if [[ ! $1 =~ $2 ]]; then
		pass "$3"
		return
	fi
	fail "$3"
	_value 'got: ' "$1"
	_value 'want no match of:' "$2"
	return 1
}

same() {
	if cmp -s -- "$1" "$2"; then
		pass "$3"
		return
	fi
	fail "$3"
	diag "$(cmp -- "$1" "$2" 2>&1)"
	return 1
}

exits() {
	if [ "$status" -eq "$1" ]; then
		pass "$2"
		return
	fi
	fail "$2"
	diag "exit code $status, want $1"
	_value 'stderr:' "$stderr"
	return 1
}

skip() { # TEXT REASON
	_next
	printf 'ok %d - %s # SKIP %s\n' "$_count" "$1" "$2"
}

skip_all() {
	if [ "$(<"$RUN/count")" -gt 0 ]; then
		skip "the rest of the script" "$*"
		done_testing
	fi
	printf '1..0 # SKIP %s\n' "$*"
	_planned=yes
	exit 0
}

done_testing() {
	printf '1..%d\n' "$(<"$RUN/count")"
	_planned=yes
	[ ! -s "$RUN/failed" ]
	exit
}

# --- running ----------------------------------------------------------------

run() {
	timeout -k 5 "$RUN_TIMEOUT" "$@" >"$RUN/stdout" 2>"$RUN/stderr"
	status=$?
	# bash leaves out NUL bytes, and says so
	# shellcheck disable=SC2034  # $stdout is for the script
	{
		stdout=$(<"$RUN/stdout")
		stderr=$(<"$RUN/stderr")
	} 2>/dev/null
	return 0
}

_pids=()
_kill_background() {
	local p i
	for p in "${_pids[@]}"; do
		kill "$p" 2>/dev/null
	done
	for p in "${_pids[@]}"; do
		for ((i = 0; i < 100; i++)); do
			kill -0 "$p" 2>/dev/null || break
			sleep 0.1
		done
		kill -9 "$p" 2>/dev/null
		wait "$p" 2>/dev/null
	done
}

# shellcheck disable=SC2034  # $pid is for the script
background() {
	[ ${#_pids[@]} -gt 0 ] || at_exit _kill_background
	"$@" &
	pid=$!
	_pids+=("$pid")
}

wait_for() { # SECONDS CMD...
	local tries=$(($1 * 10))
	shift
	while ((tries-- > 0)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}

# --- what is there ----------------------------------------------------------

have() {
	local c
	for c in "$@"; do
		command -v "$c" >/dev/null || return 1
	done
}

need() {
	local c
	for c in "$@"; do
		have "$c" && continue
		[ "${CI:-}" = true ] || skip_all "$c is not installed"
		fail "$c is installed"
		done_testing
	done
}

# --- fixtures ---------------------------------------------------------------

compile() { # FILE [ARG...], C on stdin
	local file=$1
	shift
	"$CC_FIXTURE" -x c -w -O1 -o "$file" - -x none "$@" && return 0
	echo "Bail out! cannot compile the fixture $file"
	exit 1
}

_hello() { # FILE [ARG...]
	compile "$@" <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>

		int main(int argc, char **argv)
		{
			if (argc > 2 && strcmp(argv[1], "exit") == 0)
				return atoi(argv[2]);
			printf("hello");
			for (int i = 1; i < argc; i++)
				printf(" %s", argv[i]);
			putchar('\n');
			return 0;
		}
	END
}

static_hello() {
	_hello "$1" -static
}

dynamic_hello() {
	_hello "$1"
}
