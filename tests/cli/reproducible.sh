#!/bin/bash
# The same inputs give the same bytes, whatever is around them.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq setfattr

dynamic_hello hello
head -c 1500000 /dev/urandom >data
mkdir -p tree/b/c tree/a
for i in 1 2 3 4 5 6 7 8 9; do
	echo "$i" >"tree/b/file $i"
done
echo x >tree/a/ä
ln -s ../b/c tree/a/link
ln tree/a/ä tree/b/c/hard
mkdir tree/empty

options=(-q --add tree --add data -l b=2 -l a=1 -e X=1 -u nonroot)
pack() { # OUTPUT ARG...
	local out=$1
	shift
	run "$SCRATCHPACK" ./hello "${options[@]}" -o "$out" "$@"
}
pack want.tar
exits 0 "packed once"
pack again.tar
same want.tar again.tar "packed again"
# again TEXT CMD...: CMD makes got.tar
again() {
	local text=$1
	shift
	rm -f got.tar
	"$@"
	same want.tar got.tar "$text"
}

in_env() { run env "$@" "$SCRATCHPACK" ./hello "${options[@]}" -o got.tar; }
umask_is() { (umask "$1" && pack got.tar); }
again "umask 000" umask_is 000
again "umask 077" umask_is 077
umask 022
for var in TZ=GMT+12 TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 LC_ALL=de_DE.UTF-8 LANG=tr_TR.UTF-8 \
	HOME=/nowhere USER=other PATH=/bin TERM=xterm COLUMNS=20 TMPDIR=/var/tmp LD_LIBRARY_PATH=/nowhere \
	MALLOC_PERTURB_=85; do
	again "$var" in_env "$var"
done
for n in 1 2 3 8 64; do
	again "--threads $n" pack got.tar --threads "$n"
done
one_cpu() { run taskset -c 0 "$SCRATCHPACK" ./hello "${options[@]}" -o got.tar; }
again "one processor" one_cpu
elsewhere() {
	mkdir -p deep/er
	(cd deep/er &&
		run "$SCRATCHPACK" "$T/hello" -q --add "$T/tree:/tree" --add "$T/data:/data" -l b=2 \
			-l a=1 -e X=1 -u nonroot -o ../../got.tar)
}
again "another folder, absolute paths" elsewhere
long=$(printf 'x%.0s' {1..200})
to_long() {
	mkdir -p "$long/$long/$long"
	pack "$long/$long/$long/$long.tar" && mv "$long/$long/$long/$long.tar" got.tar
}
again "an output path of 800 bytes" to_long
to_stdout() { "$SCRATCHPACK" ./hello "${options[@]}" -o - >got.tar; }
again "to stdout" to_stdout
order() { pack got.tar -l b=2 --threads 2 --progress plain --color always -v; }
again "what does not change the image" order

# The inputs, put there in another way: their order in the folder, times, owners.
mv tree old-tree
mkdir -p tree/empty tree/b/c tree/a
ln -s ../b/c tree/a/link
cp old-tree/a/ä tree/b/c/hard
for i in 5 3 9 1 7 8 2 6 4; do
	cp "old-tree/b/file $i" tree/b/
done
ln tree/b/c/hard tree/a/ä
again "another order of directory entries" pack got.tar
find tree hello data -exec touch -h -d 2001-02-03 {} +
again "other times of the inputs" pack got.tar
if [ "$(id -u)" -eq 0 ]; then
	chown -R 1234:5678 tree hello data
	again "other owners of the inputs" pack got.tar
	chown -R 0:0 tree hello data
fi
if setfattr -n user.note -v x tree/b 2>/dev/null; then
	again "an extended attribute of the user's" pack got.tar
	setfattr -x user.note tree/b
fi
cp hello copy && rm hello && mv copy hello
again "other inodes" pack got.tar
cp --sparse=always data sparse && mv sparse data
again "other blocks" pack got.tar
chmod 700 tree/b && chmod 755 tree/b
again "a mode that went and came back" pack got.tar
sleep 1.1
again "later" pack got.tar

# A layout holds the same blobs.
pack layout/
is "$(find layout/blobs -type f -printf '%f\n' | sort)" \
	"$(tar -tf want.tar | sed -n 's|^blobs/sha256/\(.\)|\1|p' | sort)" "a layout has the same blobs"

for how in none zstd gzip:1; do
	pack one.tar --compress "$how" --threads 1
	pack eight.tar --compress "$how" --threads 8
	same one.tar eight.tar "--compress $how with 1 and 8 threads"
done
for extra in "--layers split" "--annotation index:a=b" "-t a:1 -t b:2"; do
	# shellcheck disable=SC2086
	pack one.tar $extra
	# shellcheck disable=SC2086
	(umask 077 && TZ=GMT-14 LC_ALL=C.UTF-8 pack eight.tar $extra --threads 1)
	same one.tar eight.tar "$extra"
done

# SOURCE_DATE_EPOCH changes the times and nothing else.
run env SOURCE_DATE_EPOCH=1700000000 "$SCRATCHPACK" ./hello "${options[@]}" -o dated.tar
exits 0 "SOURCE_DATE_EPOCH"
pack created.tar --created 1700000000
same dated.tar created.tar "is --created"
times='del(.created, .history[].created, .rootfs)'
is "$(config dated.tar | jq -c "$times")" "$(config want.tar | jq -c "$times")" \
	"the configuration differs in times alone"
layer want.tar | tar -xf - --to-command='sha256sum' >want.sums
layer dated.tar | tar -xf - --to-command='sha256sum' >dated.sums
same want.sums dated.sums "the files are the same"
same <(listing want.tar | sed 's/1970-01-01 00:00/TIME/') \
	<(listing dated.tar | sed 's/2023-11-14 22:13/TIME/') "the listing differs in times alone"
is "$(listing dated.tar | awk '{ print $4 " " $5 }' | sort -u)" "2023-11-14 22:13" "all have that time"
for value in abc -1 1.5 9223372036854775808 '1 ' 2024-01-01 now; do
	run env SOURCE_DATE_EPOCH="$value" "$SCRATCHPACK" ./hello -o bad.tar
	exits 2 "SOURCE_DATE_EPOCH='$value'"
	like "$stderr" SOURCE_DATE_EPOCH "is named"
	not_ok "nothing is written" test -e bad.tar
done

# And what must change the bytes does.
echo y >>data
pack got.tar
not_ok "another input, another image" cmp -s want.tar got.tar
done_testing
