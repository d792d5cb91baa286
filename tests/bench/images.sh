#!/bin/bash
# Packing out of a large image and on top of it: how long, and in how much memory.
# Exit 1 if the memory goal is missed.
#
#	make bench			at its end
#	tests/bench/images.sh
#
# The image has BENCH_IMAGE_MIB (1100) MiB in BENCH_IMAGE_FILES (20000) files that
# compress to about half, in three gzip layers, made here; its program is a static one.
# The best of BENCH_ROUNDS (3); memory is the worst.  All is in the page cache.
set -u
LC_ALL=C
export LC_ALL

SCRATCHPACK=$(realpath "${SCRATCHPACK:-build/scratchpack}")
ROUNDS=${BENCH_ROUNDS:-3}
MIB=${BENCH_IMAGE_MIB:-1100}
FILES=${BENCH_IMAGE_FILES:-20000}
MEMORY_GOAL_KIB=65536
here=$(cd "$(dirname "$0")" && pwd)

T=$(mktemp -d) || exit 2
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
cd "$T" || exit 2
${CC:-cc} -O1 -o measure "$here/measure.c" || exit 2
echo 'int main(void) { return 0; }' >app.c
${CC:-cc} -static -o app app.c || exit 2

# Three layers with the files in turn; the program is in the first.
python3 - "$MIB" "$FILES" <<'END' || exit 2
import base64, io, os, random, sys, tarfile
mib, files = int(sys.argv[1]), int(sys.argv[2])
size = mib * 1024 * 1024 // files
noise = random.Random(1).randbytes(4 * 1024 * 1024)
tars = [tarfile.open(f"{i}.tar", "w") for i in range(3)]
tars[0].add("app", "app")
for i in range(files):
    info = tarfile.TarInfo(f"data/{i % 97}/{i}")
    info.size = size
    start = i * 4099 % (len(noise) - size)
    half = noise[start:start + size // 2]
    tars[i % 3].addfile(info, io.BytesIO(half + half[:8] * (size // 8 + 1)))
for tar in tars:
    tar.close()
END
python3 "$here/../make_image.py" image '{"Entrypoint":["/app"]}' 0.tar 1.tar 2.tar || exit 2
rm ./*.tar

failed=0
# measured TEXT COMMAND...
measured() {
	local text=$1 round seconds kib status best='' worst=0
	shift
	for round in $(seq "$ROUNDS"); do
		rm -rf out
		./measure line /dev/null "$@" || exit 2
		read -r seconds kib status <line
		[ "$status" = 0 ] || { echo "images: round $round: $* fails" >&2; exit 2; }
		[ -n "$best" ] && awk "BEGIN { exit !($seconds >= $best) }" || best=$seconds
		[ "$kib" -le "$worst" ] || worst=$kib
	done
	printf '%-44s %6.2f s %6d KiB\n' "$text" "$best" "$worst"
	[ "$worst" -le $MEMORY_GOAL_KIB ] || failed=1
}
echo "an image of $MIB MiB in $FILES files, $(du -sm image | cut -f1) MiB compressed:"
measured "--from it, its program" "$SCRATCHPACK" --from image -q -o out/
measured "--base it, another program" "$SCRATCHPACK" app --at /other --base image -q -o out/
measured "inspect it" "$SCRATCHPACK" inspect image
[ $failed = 0 ] || echo "images: more memory than $MEMORY_GOAL_KIB KiB" >&2
exit $failed
