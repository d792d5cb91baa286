#!/bin/bash
# Inputs that change while they are packed: exit 4 or 3 and no output, or the image
# of one state of them, whole.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

static_hello hello
head -c 3000000 /dev/urandom >noise
mkdir out

mkfifo gate.tar

# Is the process held up in openat(2), and not only for a moment?  A disk would be waited
# for in another state.
held_now() {
	local call state
	{ read -r call _ <"/proc/$1/syscall" && read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null &&
		[ "$call $state" = "$openat S" ]
}
held() {
	held_now "$1" && sleep 0.05 && held_now "$1"
}
case $(uname -m) in
x86_64) openat=257 ;;
*) openat=56 ;;
esac

# changing TEXT COMMAND: COMMAND is done after the run looked at its inputs and before
# it reads them, which is when it opens its outputs: a FIFO holds it up there until
# somebody reads; sets $status.
changing() {
	printf old >out/o.tar
	rm -rf tree
	mkdir tree
	cp noise tree/data
	cp hello program
	"$SCRATCHPACK" ./program --add tree --progress none -o gate.tar -o out/o.tar \
		>stdout 2>stderr &
	local child=$!
	wait_for 30 held $child
	eval "$2"
	cat gate.tar >/dev/null
	wait $child
	status=$?
	case $status in
	0) ok "$1: an image of one state, whole" "$SCRATCHPACK" verify -q out/o.tar ;;
	3 | 4)
		pass "$1: exit $status"
		is "$(cat out/o.tar)" old "$1: the old file is untouched"
		is "$(grep -c '^scratchpack: error: ' stderr)" 1 "$1: one error"
		is "$(cat stdout)" "" "$1: no result"
		;;
	*)
		fail "$1: exit $status"
		diag "$(cat stderr)"
		;;
	esac
	is "$(ls -A out)" o.tar "$1: no temporary file"
}
# must CODE TEXT: what the change is has to be seen
must() {
	is "$status" "$1" "$2: is noticed"
}

changing "nothing changes" true
is "$status" 0 "a run that is only slow succeeds"
changing "a file grows" 'echo more >>tree/data'
must 4 "a file grows"
like "$(cat stderr)" 'tree/data' "and is named"
changing "a file shrinks" 'truncate -s 1000 tree/data'
must 4 "a file shrinks"
changing "a file is emptied" ': >tree/data'
must 4 "a file is emptied"
changing "a file goes" 'rm tree/data'
must 4 "a file goes"
changing "a file becomes a link" 'rm tree/data && ln -s /etc/passwd tree/data'
must 4 "a file becomes a link"
changing "a file becomes a FIFO" 'rm tree/data && mkfifo tree/data'
must 4 "a file becomes a FIFO"
changing "a file is replaced" 'cp noise new && echo x >>new && mv new tree/data'
must 4 "a file is replaced"
changing "the program is built anew" 'cp hello new && printf x >>new && mv new program'
must 4 "the program is built anew"
changing "a folder goes" 'rm -r tree'
must 4 "a folder goes"
done_testing
