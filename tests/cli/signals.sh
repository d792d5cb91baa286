#!/bin/bash
# Signals at any moment: the old output or the new one, whole, and no litter; after
# SIGKILL at most the documented temporary file.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# Large enough that a signal meets every stage of a run, though most meet the
# compression.
static_hello hello
head -c 3000000 /dev/urandom >noise
mkdir tree
for i in 1 2; do
	cat hello noise >"tree/$i"
done
mkdir out
pack=("$SCRATCHPACK" ./hello --add tree --threads 2 --progress none)
"${pack[@]}" -q -o out/new.tar >/dev/null
start=$(date +%s%N)
"${pack[@]}" -q -o out/new.tar >/dev/null
took=$((($(date +%s%N) - start) / 1000))
mv out/new.tar new.tar
printf 'old' >old

seed=${SIGNAL_SEED:-20240502}
RANDOM=$seed
diag "seed $seed, a whole run takes $took microseconds"

# moment: a random time, in microseconds, in $delay.  Others use the machine too: a run
# that was over before its signal says that runs are shorter than they were.
delay=$took
moment() {
	[ "$status" -ne 0 ] || [ "$delay" -ge "$took" ] || took=$(((took + delay) / 2))
	delay=$(((RANDOM * 32768 + RANDOM) % (took * 11 / 10)))
}

# One run, signalled after so many microseconds; sets $status.  A shell without job
# control lets its background commands ignore SIGINT, which env takes back.
interrupted() { # SIGNAL MICROSECONDS ARG...
	local signal=$1 delay=$2 child
	shift 2
	env --default-signal=INT "${pack[@]}" "$@" >stdout 2>stderr &
	child=$!
	sleep "$(printf '%d.%06d' $((delay / 1000000)) $((delay % 1000000)))"
	kill -"$signal" "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	status=$?
}

declare -A number=([INT]=2 [TERM]=15 [HUP]=1)
wrong='' cut=0 runs=0
for kind in TERM HUP INT; do
	for _ in 1 2 3 4 5 6 7; do
		cp old out/o.tar
		moment
		interrupted "$kind" "$delay" -o out/o.tar
		runs=$((runs + 1))
		case $status in
		0) cmp -s out/o.tar new.tar || wrong+=" $kind@$delay:not-new" ;;
		$((128 + number[$kind])))
			cut=$((cut + 1))
			cmp -s out/o.tar old || cmp -s out/o.tar new.tar || wrong+=" $kind@$delay:half"
			[ ! -s stdout ] || wrong+=" $kind@$delay:stdout"
			;;
		*) wrong+=" $kind@$delay:exit-$status" ;;
		esac
		[ "$(ls -A out)" = o.tar ] || wrong+=" $kind@$delay:litter($(ls -A out | tr '\n' ','))"
		rm -rf out/.[!.]*
	done
done
is "$wrong" "" "$runs signals to a run that writes an archive"
ok "most of them found it running" test $((cut * 2)) -gt "$runs"

# A layout that holds an image stays usable, with that image.
wrong='' cut=0 runs=0
"$SCRATCHPACK" ./hello -q -o oci:layout:first >/dev/null
cp -r layout pristine
for _ in 1 2 3 4 5 6; do
	rm -rf layout
	cp -r pristine layout
	moment
	interrupted TERM "$delay" -o oci:layout:second
	runs=$((runs + 1))
	case $status in
	0) ;;
	143)
		cut=$((cut + 1))
		diff -r layout pristine >/dev/null ||
			[ "$(jq '.manifests | length' layout/index.json)" = 2 ] ||
			wrong+=" $delay:changed"
		;;
	*) wrong+=" $delay:exit-$status" ;;
	esac
	"$SCRATCHPACK" verify -q oci:layout:first >/dev/null 2>&1 || wrong+=" $delay:broken"
	[ -z "$(litter layout)" ] || wrong+=" $delay:litter"
done
is "$wrong" "" "$runs signals to a run that adds to a layout"
interrupted TERM $((took / 2)) -o fresh/
if [ "$status" -eq 143 ]; then
	not_ok "an interrupted new layout is gone" test -e fresh
else
	skip "an interrupted new layout is gone" "the run was over before the signal"
fi

# Killed outright.
wrong=''
for _ in 1 2 3 4 5; do
	rm -rf out
	mkdir out
	cp old out/o.tar
	moment
	interrupted KILL "$delay" -o out/o.tar
	cmp -s out/o.tar old || cmp -s out/o.tar new.tar || wrong+=" $delay:half"
	left=$(find out -mindepth 1 ! -name o.tar)
	[ -z "$left" ] || [[ $left =~ ^out/\.o\.tar\.scratchpack-[0-9a-z]+\.tmp$ ]] ||
		wrong+=" $delay:$left"
	"${pack[@]}" -q -o out/o.tar >/dev/null || wrong+=" $delay:then-$?"
	cmp -s out/o.tar new.tar || wrong+=" $delay:then-wrong"
done
is "$wrong" "" "killed outright: the old file, at most one temporary file, and the next run works"

# Waiting for a reader that never comes, or that never reads on.
mkfifo fifo
"$SCRATCHPACK" ./hello --progress none -o fifo >stdout 2>stderr &
child=$!
sleep 0.3
kill -TERM $child
timeout 10 tail --pid=$child -f /dev/null
wait $child
is $? 143 "a signal ends the wait for the reader of a FIFO"
sleep 30 <fifo &
reader=$!
"${pack[@]}" -o fifo >stdout 2>stderr &
child=$!
sleep 1
kill -TERM $child
timeout 10 tail --pid=$child -f /dev/null
wait $child
is $? 143 "a signal ends the wait for a reader that does not read"
kill $reader

# Ignored by whoever started us (nohup): then it is ignored.
(trap '' HUP && exec "${pack[@]}" -o nohup.tar) >stdout 2>stderr &
child=$!
sleep 0.05
kill -HUP $child
wait $child
is $? 0 "nohup is heeded"
rm -rf out
is "$(litter)" "" "no temporary file is left"
done_testing
