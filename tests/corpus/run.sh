#!/bin/bash
# The corpus: real programs of Debian, each packed and run in a container of its own
# under dockerd, and compared with this machine.  ONLY=REGEX runs those whose "class
# name" matches.  Programs in known-failures are not to run yet.  The table is left in build/corpus.md.
. "$(dirname "$0")/../engines/lib.sh"

need unshare python3
corpus=$TOP/tests/corpus
made=$BUILD/corpus
report=$BUILD/corpus.md

# They are kept, until what makes them changes: half a minute is Go's compiler.
make_fixtures() {
	[ "$made/done" -nt "$corpus/fixtures.sh" ] && [ "$made/done" -nt "$corpus/go" ] && return
	rm -rf "$made"
	"$corpus/fixtures.sh" "$made/fixtures" "$made/built" >"$T/fixtures.log" 2>&1 &&
		touch "$made/done" && return
	diag "$(tail -n 20 "$T/fixtures.log")"
	[ "${CI:-}" = true ] || skip_all "the fixtures cannot be made: ./bootstrap --corpus"
	fail "the fixtures are made"
	done_testing
}

start_dockerd
make_fixtures
env SCRATCHPACK="$SCRATCHPACK" python3 "$corpus/corpus.py" --tmp "$T" --made "$made" \
	--report "$report" --known "$corpus/known-failures" --only "${ONLY:-}" "$corpus"/*.list
code=$?
_planned=yes
exit "$code"
