#!/bin/bash
# What is said, where, and how: results on stdout, talk on stderr, nothing that a
# terminal could take for a command.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need script jq

static_hello hello
dynamic_hello dynamic
escape=$'\033'
# plain TEXT: the last run printed no byte that controls a terminal
plain() {
	not_ok "$1: no escape bytes" grep -aqP '[\x00-\x08\x0b-\x1f\x7f]' "$RUN/stdout" "$RUN/stderr"
}

run "$SCRATCHPACK" ./hello -o o.tar
is "$(wc -l <"$RUN/stdout")" 1 "stdout: one line of result"
like "$stdout" '^hello@sha256:[0-9a-f]{64}$' "which is NAME@DIGEST"
like "$stderr" 'file.*in 1 layer' "stderr: a summary"
like "$stderr" 'docker load -i o\.tar' "stderr: what to do next"
like "$stderr" 'note: .*root' "stderr: a note that it runs as root"
plain "piped"
run "$SCRATCHPACK" ./hello -o zstd.tar --compress zstd
like "$stderr" 'docker load -i zstd\.tar .*zstd needs docker 23' "which not every docker can do"
mkdir "it's here"
run "$SCRATCHPACK" ./hello -o "it's here/o.tar"
like "$stderr" "docker load -i 'it'\\\\''s here/o\.tar' " "in words that a shell takes"
run "$SCRATCHPACK" ./hello -o o.tar -u 1000
unlike "$stderr" 'runs? as root' "no such note with --user"
run "$SCRATCHPACK" ./hello -o o.tar -q
is "$stderr" "" "-q: nothing on stderr"
like "$stdout" '^hello@sha256:' "-q: the result all the same"
run "$SCRATCHPACK" ./missing -o o.tar -q
like "$stderr" '^scratchpack: error: ' "-q: errors all the same"
run "$SCRATCHPACK" ./hello -o o.tar --progress plain
like "$stderr" '(^|
)layer [0-9.]+ kB' "--progress plain: lines"
run "$SCRATCHPACK" ./hello -o o.tar --progress plain -v
like "$stderr" '(^|
)analyse .*hello' "-v: more of them"
run "$SCRATCHPACK" ./hello -o o.tar --progress none
unlike "$stderr" '(^|
)(analyse|layer) ' "--progress none: none"
run "$SCRATCHPACK" ./hello -o o.tar --json -q
ok "--json: stdout is one document" jq -e .results "$RUN/stdout"
plain "--json"

# Colours: on a terminal, unless NO_COLOR; elsewhere when asked for.
run "$SCRATCHPACK" inspect ./dynamic --color always
like "$stdout" "$escape\\[" "--color always: colours in a pipe"
run "$SCRATCHPACK" inspect ./dynamic
plain "--color auto in a pipe"
run "$SCRATCHPACK" ./missing -o o.tar --color always
like "$stderr" "$escape\\[.*error:" "--color always: errors too"
run env NO_COLOR=1 "$SCRATCHPACK" ./missing -o o.tar --color always
like "$stderr" "$escape\\[" "an option wins over NO_COLOR"

# on_terminal COMMAND: its output on a terminal of its own, in $stdout
on_terminal() {
	run script -qec "$1" /dev/null
}
export SCRATCHPACK
export TERM=xterm
on_terminal '"$SCRATCHPACK" inspect ./dynamic'
like "$stdout" "$escape\\[" "a terminal has colours"
export NO_COLOR=1
on_terminal '"$SCRATCHPACK" inspect ./dynamic'
unlike "$stdout" "$escape" "not with NO_COLOR"
export NO_COLOR=
on_terminal '"$SCRATCHPACK" inspect ./dynamic'
like "$stdout" "$escape\\[" "an empty NO_COLOR is none"
unset NO_COLOR
on_terminal '"$SCRATCHPACK" inspect ./dynamic --color never'
unlike "$stdout" "$escape" "not with --color never"
TERM=dumb on_terminal '"$SCRATCHPACK" inspect ./dynamic'
unlike "$stdout" "$escape" "not on a dumb terminal"

# A bar with a rate, when there is something to wait for.
head -c 40000000 /dev/urandom >noise
on_terminal '"$SCRATCHPACK" ./hello --add noise -o o.tar --threads 1 --compress gzip:9'
like "$stdout" '\[#*\.*\] +[0-9]+% [0-9.]+ [kM]B [0-9.]+ [kM]B/s' "a bar on a terminal, with a rate"
last=$(tr '\r' '\n' <<<"$stdout" | grep -c '%')
ok "that is drawn a few times, not thousands" test "$last" -ge 1 -a "$last" -lt 100
run "$SCRATCHPACK" ./hello --add noise -o o.tar
unlike "$stdout$stderr" '%' "no bar in a pipe"
plain "a long run in a pipe"
on_terminal '"$SCRATCHPACK" ./hello --add noise -o o.tar --threads 1 --progress plain'
unlike "$stdout" '%' "no bar with --progress plain"
on_terminal '"$SCRATCHPACK" ./hello --add noise -o o.tar --threads 1 -q'
like "$stdout" '^hello@sha256:[0-9a-f]{64}.?$' "-q on a terminal: the result alone"

# Names that would command a terminal or break lines.
evil=$'evil\n\033[31mname\033]0;title\007\x9b2J\r\xff\xc2\x9b'
cp hello "$evil"
run "$SCRATCHPACK" "./$evil" -o o.tar -t evil
exits 2 "an entry point that is no UTF-8 cannot be written in JSON"
plain "an evil entry point"
run "$SCRATCHPACK" "./$evil" -o o.tar -t evil --at /evil -v
exits 0 "a program with an evil name"
plain "an evil name: pack"
# shellcheck disable=SC1003
like "$stderr" 'evil\\n\\x1b\[31mname' "it is shown escaped"
not_ok "as UTF-8 throughout" grep -qaP '\x9b|\xff' "$RUN/stderr"
run "$SCRATCHPACK" inspect "./$evil"
exits 0 "an evil name: inspect"
plain "an evil name: inspect"
run "$SCRATCHPACK" inspect "./$evil" --json
plain "an evil name: --json"
ok "an evil name: --json is JSON" jq -e .program.path "$RUN/stdout"
ok "and UTF-8" iconv -f UTF-8 -t UTF-8 "$RUN/stdout"
run "$SCRATCHPACK" "./$evil" -n
plain "an evil name: -n"
run "$SCRATCHPACK" "./$evil.missing" -o o.tar
exits 3 "an evil name that is not there"
plain "an evil name: errors"
is "$(wc -l <"$RUN/stderr")" "$(grep -c '^analyse\|^scratchpack' "$RUN/stderr")" "in one line"
run "$SCRATCHPACK" ./hello -o "$evil.tar"
exits 0 "an output with an evil name"
plain "an evil output"
run "$SCRATCHPACK" ./hello -o o.tar -t "$evil"
exits 2 "an evil tag"
plain "an evil tag"
run "$SCRATCHPACK" ./hello -o o.tar "--$evil"
exits 2 "an evil option"
plain "an evil option"
run "$SCRATCHPACK" verify "$evil.tar"
exits 0 "an evil image"
plain "an evil image"
mkdir evil-tree
echo x >evil-tree/"$evil"
run "$SCRATCHPACK" ./hello -n --add evil-tree
plain "an evil name in a tree"
is "$(grep -c 'evil-tree' "$RUN/stdout")" 2 "a line each"

# Help goes to stdout when asked for, and to stderr when needed.
run "$SCRATCHPACK" --help
exits 0 "--help"
is "$stderr" "" "--help: on stdout"
cp "$RUN/stdout" help
run "$SCRATCHPACK" help
same "$RUN/stdout" help "help is the same"
run "$SCRATCHPACK"
exits 2 "no arguments"
is "$stdout" "" "no arguments: nothing on stdout"
isnt "$stderr" "" "no arguments: help on stderr"
run "$SCRATCHPACK" --no-such-option
exits 2 "an unknown option"
is "$stdout" "" "an unknown option: nothing on stdout"
commands=$(sed -n '/^Commands:/,/^$/p' help | awk '/^  [a-z]/ { print $1 }')
like " $(echo $commands) " ' pack .*inspect .*verify ' "help lists the commands"
for command in $commands; do
	run "$SCRATCHPACK" help "$command"
	exits 0 "help $command"
	like "$stdout" "^Usage: scratchpack .*$command" "help $command: usage"
	is "$(expand "$RUN/stdout" | awk 'length > 80')" "" "help $command: no line over 80 columns"
	cp "$RUN/stdout" one
	[ "$command" = help ] || run "$SCRATCHPACK" "$command" --help
	same "$RUN/stdout" one "$command --help is the same"
done
is "$(expand help | awk 'length > 80')" "" "help: no line over 80 columns"
like "$(cat help)" 'Exit codes:' "help lists exit codes"
run "$SCRATCHPACK" version
exits 0 "version"
like "$stdout" "^scratchpack [0-9]+\.[0-9]+\.[0-9]+ \(.*libdeflate/[0-9.]+.*\)$" \
	"with the compressors that decide bytes"
version=$stdout
run "$SCRATCHPACK" --version
is "$stdout" "$version" "--version is the same"

# What is meant by a word that is no file.
mkdir bin adir.tar
ln -s ../hello bin/prog
PATH=$PWD/bin:$PATH run "$SCRATCHPACK" prog -o x.tar
exits 3 "a program is no word of PATH"
like "$stderr" "did you mean $PWD/bin/prog\?" "but one is told where it is"
run "$SCRATCHPACK" inspect prog-that-is-nowhere
unlike "$stderr" "did you mean" "where it is anywhere"
run "$SCRATCHPACK" ./hello serve -o x.tar
like "$stderr" 'Arguments of the program stand behind --' "an argument is no program"
run "$SCRATCHPACK" ./hello -- -o x.tar
exits 2 "-o behind --"
like "$stderr" 'behind -- is an argument for the program' "is the program's"
run "$SCRATCHPACK" ./hello -q -o x.tar -- -o y
exits 0 "and may be"
run "$SCRATCHPACK" x.tar -o y.tar
like "$stderr" 'x.tar: is a tar archive.*--from' "an image is no program"
run "$SCRATCHPACK" ./hello -o adir.tar
exits 0 "a directory that is called like an archive"
unlike "$stderr" 'docker load' "is not for docker load"
run "$SCRATCHPACK" inspect ./hello
like "$stdout" '
  1 entry, ' "one entry"

for options in "--base alpine:3" "--from alpine:3" "--from me/app"; do
	# shellcheck disable=SC2086  # two words
	run "$SCRATCHPACK" ./hello $options -o x.tar
	exits 1 "$options"
	like "$stderr" "no such file or directory; say docker://${options#* } .* docker-daemon:${options#* } " \
		"$options: where images are"
done
run "$SCRATCHPACK" ./hello --base scratch -o x.tar
like "$stderr" 'scratch: is no image' "--base scratch"
run "$SCRATCHPACK" verify nothing.tar
like "$stderr" 'nothing.tar: cannot open the image: No such file' "a file is a file"
printf 'FROM scratch\nCOPY hello /\nENTRYPOINT ["/hello"]\nHEALTHCHECK CMD ["/hello"]\n' >Dockerfile
run "$SCRATCHPACK" . -o x.tar
exits 3 "a directory is no program"
like "$stderr" 'Dockerfile is made by -f \./Dockerfile' "but may have a Dockerfile"
run "$SCRATCHPACK" inspect -f Dockerfile
exits 0 "inspect: the Dockerfile's directory need not be said"
run "$SCRATCHPACK" why -f Dockerfile hello
like "$stdout" 'Dockerfile:2' "nor for why"
run "$SCRATCHPACK" -f Dockerfile -q -o x.tar
run "$SCRATCHPACK" inspect x.tar
like "$stdout" 'health check: CMD /hello' "inspect shows a health check"

done_testing
