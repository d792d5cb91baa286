#!/bin/bash
# docs/registry.md names a test for each rule; each of them exists.
. "$(dirname "$0")/../lib.sh"

rules=0
while IFS='|' read -r _ rule test _; do
	[[ $test =~ \`(tests/[^\`]*)\`\ \"(.*)\" ]] || continue
	rules=$((rules + 1))
	grep -qF -- "${BASH_REMATCH[2]}" "$TOP/${BASH_REMATCH[1]}" 2>/dev/null ||
		fail "${BASH_REMATCH[1]} has no test \"${BASH_REMATCH[2]}\", which is to cover:$rule"
done <"$TOP/docs/registry.md"
ok "each rule has its test ($rules rules)" test "$rules" -gt 40
is "$rules" "$(grep -cE '^\| ' "$TOP/docs/registry.md" | awk -v h="$(grep -cE '^\| (rule|behaviour) ' "$TOP/docs/registry.md")" '{ print $1 - h }')" \
	"and no row is without one"
done_testing
