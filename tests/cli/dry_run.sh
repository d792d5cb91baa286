#!/bin/bash
# --dry-run prints the plan that a real run would carry out, and writes nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

dynamic_hello hello
mkdir -p tree/sub
echo data >tree/sub/file
echo old >old.tar
before=$(snapshot)
run "$SCRATCHPACK" ./hello -n -o old.tar -o new.tar -o layout/ --add tree -u nonroot -w /work \
	--digest-file d --metadata-file m --depfile dep
exits 0 "--dry-run"
is "$(snapshot)" "$before" "nothing is written, and nothing changed"
plan=$stdout
like "$plan" "file +0755 .* /hello  \(the program\)" "the program, its mode and why"
like "$plan" "needed by /hello \(libc\.so\.6" "a library and why"
like "$plan" "symlink +0777 .* -> " "links and where they lead"
like "$plan" "/tree/sub/file  \(" "what was added"
like "$plan" "/etc/passwd  \(" "accounts"
like "$plan" "directory 0755 .* /work  \(" "the working directory"
not_ok "every line has a reason" grep -vE '\)$' <<<"$plan"

run "$SCRATCHPACK" ./hello -q -o new.tar --add tree -u nonroot -w /work
exits 0 "the real run"
is "$(sed -E 's/^[a-z ]+[0-7]{4} +([0-9.]+ [kM]?B)? *//; s/  \(.*//; s/ -> .*//' <<<"$plan")" \
	"$(layer new.tar | tar -tf - | sed 's|^|/|; s|/$||')" "holds exactly these"

run "$SCRATCHPACK" ./hello -n
exits 0 "no output is needed"
run "$SCRATCHPACK" ./hello -n -q
exits 0 "-q"
is "$stderr" "" "-q: silent"
isnt "$stdout" "" "-q: but for the plan"
run "$SCRATCHPACK" ./hello -n -v
like "$stdout" "; from $T/hello\)" "-v: where each file comes from"
run "$SCRATCHPACK" ./hello --dry-run --json
exits 0 "--json"
is "$(jq -r '.programs[0].plan[] | select(.path == "/hello") | .reason.kind' "$RUN/stdout")" program \
	"--json: the plan with reasons"
is "$(jq -r '.programs[0].plan | map(select(.type == "file")) | map(.size) | add' "$RUN/stdout")" \
	"$(jq -r '.programs[0].size' "$RUN/stdout")" "--json: sizes add up"
run "$SCRATCHPACK" ./hello -n --exclude 'libc.so*'
exits 3 "what would not start is refused here too"
is "$stdout" "" "with nothing on stdout"
run "$SCRATCHPACK" ./hello -n --platform linux/arm64
exits 2 "and so is a contradiction"
done_testing
