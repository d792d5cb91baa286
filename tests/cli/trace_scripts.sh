#!/bin/bash
# A script that a traced run executes comes with its interpreter, under the name that the
# script's first line has for it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

# Opens what it is given, then becomes ./tool.
compile runner -static <<-'END'
	#include <fcntl.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		for (int i = 1; i < argc; i++)
			if (open(argv[i], O_RDONLY) < 0)
				return 9;
		return execl("./tool", "tool", (char *)0);
	}
END
static_hello real
mkdir way
ln -s ../real way/interpreter
printf '#!%s\n' "$T/way/interpreter" >tool
printf '#!%s\n' "$T/b" >a
printf '#!%s\n' "$T/a" >b
printf '#!relative\n' >odd
printf '#!%s\n' "$T/nowhere" >lost
chmod 755 tool a b odd lost

planned() {
	run "$SCRATCHPACK" ./runner -n --json "$@"
	exits 0 "packs with $*"
	jq -r '.programs[0].plan[] | .path' "$RUN/stdout" >plan
}
need jq
planned --trace ./runner
for path in tool way/interpreter real; do
	ok "$path is in the plan" grep -qxF "$T/$path" plan
done
is "$(jq -r --arg p "$T/way/interpreter" '.programs[0].plan[] | select(.path == $p) |
	[.type, .target, .reason.kind] | join(" ")' "$RUN/stdout")" "symlink ../real traced" \
	"the link is one, because of the trace"
planned --trace './runner a odd lost'
for path in a b odd lost; do
	ok "$path, which nobody could start, is in the plan" grep -qxF "$T/$path" plan
done
not_ok "what is not there is not" grep -qxF "$T/nowhere" plan
done_testing
