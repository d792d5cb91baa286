#!/bin/bash
# Graphs of libraries that nobody links by hand: circles, long chains, thousands of
# names.  The files are written byte by byte; where the machine's own loader maps them
# it is asked what it maps.
. "$(dirname "$0")/../lib.sh"
need python3 jq strace

loader=/lib64/ld-linux-x86-64.so.2
[ -e $loader ] || skip_all "the fixtures are for x86-64"

# write FOLDER PYTHON: make() is the writer's, and put(NAME, ...) a file of the folder
write() {
	mkdir -p "$1"
	PYTHONDONTWRITEBYTECODE=1 python3 - "$TOP/tests/oracle" "$1" "$2" <<-'END' || exit 1
	import os, sys
	sys.path.insert(0, sys.argv[1])
	from elf_writer import make
	def put(name, **facts):
	    path = os.path.join(sys.argv[2], name)
	    with open(path, "wb") as f:
	        f.write(make(rpath="$ORIGIN", **facts))
	    os.chmod(path, 0o755)
	def program(needed):
	    put("app", needed=needed, interp="/lib64/ld-linux-x86-64.so.2")
	exec(sys.argv[3])
	END
}

# mapped FOLDER: what the loader maps of the folder's program, sorted
mapped() {
	env -i LD_TRACE_LOADED_OBJECTS=1 "$1/app" 2>&1 | sed -n 's/.* => \(.*\) (0x.*/\1/p' |
		sort -u
}

# agrees FOLDER COUNT TEXT: so many libraries, those that the loader maps
agrees() {
	run "$SCRATCHPACK" inspect --json --minimal "$1/app"
	exits 0 "$3"
	jq -r '.objects[2:][].path' "$RUN/stdout" | sort >ours
	mapped "$1" >theirs
	is "$(wc -l <ours)" "$2" "$3: all are there"
	same ours theirs "$3: as the loader has it"
}

write "$T/circle" '
put("liba.so", needed=["libb.so"]); put("libb.so", needed=["libc1.so"])
put("libc1.so", needed=["liba.so", "libc1.so"]); program(["liba.so"])'
agrees "$T/circle" 3 "libraries that need each other, and one that needs itself"

chain='
for i in range(N):
    put("lib%d.so" % i, needed=["lib%d.so" % (i + 1)] if i + 1 < N else [])
program(["lib0.so"])'
write "$T/chain" "N = 300$chain"
agrees "$T/chain" 300 "a chain of 300"
run "$SCRATCHPACK" "$T/chain/app" -o chain.tar
exits 0 "which can be packed"
run "$SCRATCHPACK" inspect "$T/chain/app"
is "$(grep -c 'lib299\.so =>' <<<"$stdout")" 1 "and printed to its end"

# each needs all: 200 x 200 edges, and each object on one line
write "$T/dense" '
N = 200
all = ["lib%d.so" % i for i in range(N)]
for name in all: put(name, needed=all)
program(all)'
agrees "$T/dense" 200 "200 libraries of which each needs all"
run "$SCRATCHPACK" inspect -q "$T/dense/app"
is "$(grep -c '=> ' <<<"$stdout")" 200 "the tree has each once"

# Twice as many libraries are twice as many system calls, and no more.
calls() { # FOLDER
	strace -f -qq -e signal=none -o calls "$SCRATCHPACK" inspect -q "$1/app" >/dev/null &&
		wc -l <calls
}
if calls "$T/chain" >/dev/null; then
	write "$T/half" "N = 150$chain"
	write "$T/none" 'program(["lib0.so"]); put("lib0.so")'
	base=$(calls "$T/none") half=$(calls "$T/half") whole=$(calls "$T/chain")
	ok "system calls grow as the libraries do ($base, $half, $whole)" \
		test $(((whole - base) * 10)) -le $(((half - base) * 21))
else
	skip "system calls grow as the libraries do" "strace cannot trace here"
fi

# Names without number: as many as there may be, and one more than that.
many='
names = ["lib%d.so" % i for i in range(N)]
put("lib0.so")
for name in names[1:]: os.link(os.path.join(sys.argv[2], "lib0.so"), os.path.join(sys.argv[2], name))
program(names)'
write "$T/many" "N = 4096$many"
run "$SCRATCHPACK" inspect --json --minimal "$T/many/app"
exits 0 "4,096 needed names"
is "$(jq '[(.objects | length), (.edges | length)] | join(" ")' -r "$RUN/stdout")" "3 4097" \
	"of one file"
write "$T/toomany" "N = 5000$many"
run "$SCRATCHPACK" "$T/toomany/app" -o toomany.tar
exits 3 "5,000 needed names are refused"
like "$stderr" '^scratchpack: error: .*/app: .*DT_NEEDED: 5000 entries, expected 4096 at most \[too-many-objects\]$' \
	"with their number and the limit, which is ours"
not_ok "and nothing is written" test -e toomany.tar

done_testing
