#!/bin/bash
# System calls that fail, one after the other: a run either succeeds with a whole
# archive, or fails with a documented code, the old file untouched and no litter.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need strace jq
strace -qq -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

# The leak checker of the sanitizers cannot work below strace.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0

static_hello static
dynamic_hello dynamic
mkdir out
printf 'old' >old
# At how many places each call fails: more finds more.
PLACES=${FAULT_PLACES:-6}

# How often a program calls each of the calls, without faults.
count() { # CALL ARG...
	local call=$1
	shift
	strace -f -qq -o trace -e trace="$call" "$SCRATCHPACK" "$@" >/dev/null 2>&1
	grep -c "$call(" trace
}

# One run with a fault; adds to $wrong what does not hold.
fault() { # CALL ERROR WHEN ARG...
	local call=$1 error=$2 when=$3 name=$1:$2:$3 verified=''
	shift 3
	rm -rf out
	mkdir out
	cp old out/o.tar
	timeout -k 5 20 strace -f -qq -o trace -e trace="$call" \
		-e inject="$call:error=$error:when=$when" "$SCRATCHPACK" "$@" >stdout 2>stderr
	status=$?
	# not ours: the fault met the loader, before the program began
	[ "$status" -ne 127 ] || ! grep -q 'while loading shared libraries' stderr || return 0
	runs=$((runs + 1))
	case $status in
	0)
		"$SCRATCHPACK" verify -q out/o.tar >/dev/null 2>&1 && verified=yes
		[ "$verified" ] || wrong+=" $name:success-without-image"
		[ "$(wc -l <stdout)" -ge 1 ] || wrong+=" $name:no-result"
		;;
	1 | 3 | 4 | 8)
		failed=$((failed + 1))
		# renamed already: the new file is complete then
		cmp -s out/o.tar old || "$SCRATCHPACK" verify -q out/o.tar >/dev/null 2>&1 ||
			wrong+=" $name:old-file"
		# when write fails for good, so does the message
		[ "$(grep -c '^scratchpack: error: ' stderr)" -eq 1 ] || [[ $name = write*+ ]] ||
			wrong+=" $name:message"
		[ "$status" -ne 1 ] || [ "$error" != ENOSPC ] || wrong+=" $name:code-1"
		;;
	*) wrong+=" $name:exit-$status" ;;
	esac
	# what cannot be removed because close or unlink failed is not ours to blame
	[ "$(ls -A out | grep -vxE 'o\.tar|layout')" = '' ] ||
		wrong+=" $name:litter($(ls -A out | tr '\n' ','))"
	# the C library gives up on an interrupted stdout; nobody interrupts that
	[ "$error" != EINTR ] || [ "$status" -eq 0 ] || grep -q 'write to stdout' stderr || [ "$call" = openat ] ||
		[ "$call" = close ] || [ "$call" = fsync ] || [ "$call" = rename ] ||
		[ "$call" = ftruncate ] || wrong+=" $name:interrupted"
}

# A few places of all: the first, the last ones, and evenly between.
places() { # TOTAL MOST
	local total=$1 most=$2 i
	if [ "$total" -le "$most" ]; then
		seq 1 "$total"
		return
	fi
	for ((i = 0; i < most; i++)); do
		echo $((1 + i * (total - 1) / (most - 1)))
	done
}

sweep() { # MOST PROGRAM-AND-OUTPUT... : each call with each error, at so many places
	local most=$1 call error errors total when
	shift
	for call in write pwrite64 fsync rename ftruncate openat close pread64 getrandom; do
		total=$(count "$call" "$@")
		[ "$total" -gt 0 ] || continue
		case $call in
		write | pwrite64) errors='ENOSPC EIO EINTR' ;;
		fsync) errors='EIO ENOSPC' ;;
		rename | ftruncate) errors='EIO EROFS' ;;
		openat) errors='EACCES EMFILE' ;;
		close) errors='EIO' ;;
		pread64) errors='EIO EINTR' ;;
		getrandom) errors='EINTR ENOSYS' ;;
		esac
		for error in $errors; do
			for when in $(places "$total" "$most"); do
				fault "$call" "$error" "$when" "$@"
			done
		done
	done
}

wrong='' runs=0 failed=0
sweep "$PLACES" ./static --progress none -o out/o.tar
is "$wrong" "" "an archive: $runs runs with a fault"
ok "$failed of them failed" test "$failed" -gt 10

wrong='' runs=0 failed=0
sweep $((PLACES / 2)) ./dynamic --compress gzip:1 --progress none -o out/o.tar -o out/layout/
is "$wrong" "" "a dynamic program, an archive and a layout: $runs runs with a fault"

# Every write fails from some point on, as on a disk that is full and stays full.
wrong='' runs=0 failed=0
for when in 1+ 3+ 8+; do
	for call in write pwrite64 fsync; do
		fault "$call" ENOSPC "$when" ./static --progress none -o out/o.tar
	done
done
is "$wrong" "" "$runs runs on a disk that stays full"
ok "all failed that should" test "$failed" -ge 6
done_testing
