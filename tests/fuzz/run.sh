#!/bin/bash
# run.sh FUZZER...: lets each run for FUZZ_SECONDS, on from what earlier runs found.
# A crash leaves its input in build/fuzz/crashes and fails.
set -u
dir=build/fuzz
failed=0
"$(dirname "$0")/seeds.sh" "$dir/seeds" || exit 1
mkdir -p "$dir/crashes"
for fuzzer; do
	name=$(basename "$fuzzer")
	name=${name#fuzz_}
	mkdir -p "$dir/corpus/$name" "$dir/seeds/$name"
	if "$fuzzer" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=1024 \
		-max_len=131072 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$dir/crashes/$name-" \
		"$dir/corpus/$name" "$dir/seeds/$name" >"$dir/$name.log" 2>&1; then
		echo "fuzz $name: no crash in $(sed -n 's/.*number_of_executed_units: *//p' "$dir/$name.log") runs"
	else
		echo "fuzz $name: FAILED, see $dir/$name.log"
		tail -n 25 "$dir/$name.log"
		failed=1
	fi
done
exit $failed
