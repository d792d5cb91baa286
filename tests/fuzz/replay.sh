#!/bin/bash
# Each fuzz target takes its seeds, and each seed cut and changed, without a crash.
. "$(dirname "$0")/../lib.sh"

ok "seeds are made" "$TOP/tests/fuzz/seeds.sh" "$T/seeds"
for source in "$TOP"/tests/fuzz/fuzz_*.c; do
	name=$(basename "$source" .c)
	name=${name#fuzz_}
	mkdir -p "seeds/$name"
	: >"seeds/$name/empty"
	run "$BUILD/tests/fuzz/replay_$name" "seeds/$name/"*
	exits 0 "replay of $name: $(find "seeds/$name" -type f | wc -l) seeds" ||
		diag "stopped at $(tail -n 1 "$RUN/stdout")"
done
done_testing
