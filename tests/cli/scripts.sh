#!/bin/bash
# Scripts: what the kernel makes of a first line is what must be in the image.  Every
# script is started on this machine and from its image, and both must say the same;
# what the kernel or env refuses here is not packed.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

# An interpreter that shows its arguments, of paths the last part.
mkdir bin
compile bin/say -static <<-'END'
	#include <stdio.h>
	#include <string.h>
	int main(int argc, char **argv)
	{
		for (int i = 0; i < argc; i++) {
			char *slash = strrchr(argv[i], '/');
			printf("[%s]", slash ? slash + 1 : argv[i]);
		}
		putchar('\n');
		return 0;
	}
END
# execve() and nothing else: shells run what the kernel refuses.
compile start -static <<-'END'
	#include <errno.h>
	#include <stdio.h>
	#include <string.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		execv(argv[1], argv + 1);
		printf("%s\n", strerror(errno));
		return 126;
	}
END
say=$T/bin/say
path=$T/bin:/usr/sbin:/usr/bin:/bin

# script FILE BYTES: as printf has it
script() {
	# shellcheck disable=SC2059  # the bytes are a format
	printf "$2" >"$1"
	chmod +x "$1"
}

# alike FILE TEXT [ID]: starts here and from its image, or neither; with ID, it does
# not start and that is the diagnosis.
alike() {
	local file=$1 text=$2 id=${3:-} host
	host=$(PATH=$path timeout 10 ./start "$T/$file" one 'two words' 2>/dev/null)
	status=$?
	if [ "$status" -ne 0 ] || [ -n "$id" ]; then
		isnt "$status" 0 "$text: does not start here"
		run "$SCRATCHPACK" "./$file" -o image.tar -e "PATH=$path"
		exits 3 "$text: is not packed"
		like "$stderr" " \\[${id:-[a-z-]+}\\]\$" "$text: with a diagnosis"
		return
	fi
	run "$SCRATCHPACK" "./$file" -q -o image.tar -e "PATH=$path" --compress none
	exits 0 "$text: is packed" || return
	rm -rf root
	unpack image.tar root
	PATH=$path run_inside root "/$file" one 'two words'
	is "$stdout" "$host" "$text: the same from its image"
}

script plain "#!$say\n"
alike plain "plain"
is "$stdout" "[say][plain][one][two words]" "the oracle sees arguments"
script argument "#!$say -x\n"
alike argument "with an argument"
script words "#!$say  -x y  z\n"
alike words "words are one argument"
is "$stdout" "[say][-x y  z][words][one][two words]" "kept as they are"
script spaces "#! \t$say\t \t-x \t \n"
alike spaces "spaces and tabs"
script trailing "#!$say \t \nrest\n"
alike trailing "spaces at the end"
script bare "#!$say"
alike bare "without a newline"
script bare-argument "#!$say -x y"
alike bare-argument "an argument without a newline"
script nul "#!$say\0 -x\n"
alike nul "a NUL behind the name"
script nul-argument "#!$say a\0b\n"
alike nul-argument "a NUL in the argument"
ln -s plain link
alike link "through a link"
ln -s say bin/said
script linked "#!$T/bin/said -x\n"
alike linked "an interpreter that is a link"
# shellcheck disable=SC2016  # for the script to expand
script sh '#!/bin/sh -e\necho "${0##*/}"; for a; do echo "$a"; done\n'
alike sh "a shell script"

script hash '#!'
alike hash "no interpreter" bad-script-line
script hash-newline '#!\nx\n'
alike hash-newline "no interpreter, and a newline" bad-script-line
script hash-space '#! \t \n'
alike hash-space "spaces for an interpreter" bad-script-line
script crlf "#!$say\r\n"
alike crlf "Windows line ends" bad-script-line
script bom "\357\273\277#!$say\n"
alike bom "a byte order mark" not-a-program
script missing '#!/no/such/interpreter\n'
alike missing "an interpreter that is not there" missing-file
cp bin/say bin/plain
chmod -x bin/plain
script not-executable "#!$T/bin/plain\n"
alike not-executable "an interpreter that is not executable" not-executable
script directory "#!$T/bin\n"
alike directory "an interpreter that is a directory" not-a-file
echo text >bin/text
chmod +x bin/text
script text "#!$T/bin/text\n"
alike text "an interpreter that is text" not-a-program
script closed "#!$say\n"
chmod -x closed
alike closed "a script that is not executable" not-executable

# What the kernel would start, but what depends on luck.
script relative '#!bin/say\n'
run "$SCRATCHPACK" ./relative -o image.tar
exits 3 "a relative interpreter is not packed"
like "$stderr" 'relative path.*\[bad-script-line\]$' "since it depends on the current directory"
script crlf-argument "#!$say -x\r\n"
run "$SCRATCHPACK" ./crlf-argument -o image.tar
exits 3 "Windows line ends behind an argument"
like "$stderr" 'carriage return.*\[bad-script-line\]$' "would hand a carriage return on"

# The 256 bytes that the kernel reads.  upto N: a line of N bytes ending in the name.
upto() {
	printf '#!%*s' $(($1 - 2)) "$say"
}
for n in 254 255 256 257; do
	script long "$(upto $n)\nrest\n"
	alike long "a name that ends at byte $n, then a newline"
	script long "$(upto $n) -x\nrest\n"
	alike long "a name that ends at byte $n, then an argument"
	script long "$(upto $n)"
	alike long "a name that ends at byte $n, then the end"
done
for n in 253 254 255 256 300; do
	script long "#!$say $(printf "%$((n - ${#say} - 3))s" '' | tr ' ' x)\n"
	alike long "a line of $n bytes with an argument, which may be cut"
	script long "#!$say a$(printf "%$((n - ${#say} - 4))s" b)\n"
	alike long "a line of $n bytes with spaces in its argument"
done

# Interpreters that are scripts.
cp plain nest-1
for n in 2 3 4 5 6 7; do
	script "nest-$n" "#!$T/nest-$((n - 1)) -$n\n"
done
for n in 1 2 3 4 5; do
	alike "nest-$n" "$n scripts on the way"
done
alike nest-6 "6 scripts on the way" script-loop
alike nest-7 "7 scripts on the way" script-loop
script self "#!$T/self\n"
alike self "a script that interprets itself" script-loop

# Through env, which looks in PATH.
script env '#!/usr/bin/env say\n'
alike env "env"
is "$stdout" "[say][env][one][two words]" "starts what it names"
script env-path "#!/usr/bin/env $say\n"
alike env-path "env with a path"
script env-split '#!/usr/bin/env -S say -x y\n'
alike env-split "env -S"
is "$stdout" "[say][-x][y][env-split][one][two words]" "splits"
script env-glued '#!/usr/bin/env -Ssay -x\n'
alike env-glued "env -S without a space"
script env-long '#!/usr/bin/env --split-string=say -x\n'
alike env-long "env --split-string"
script env-quotes '#!/usr/bin/env -S "s"a\x27y\x27 "a b" \x27c d\x27 e\\_f g\\tz # no more\n'
alike env-quotes "env -S with quotes"
script env-value '#!/usr/bin/env -S A=1 B=say say x\n'
alike env-value "env with NAME=VALUE"
script env-options '#!/usr/bin/env -S -u A -C / --unset=B --unset C -- D=2 say x\n'
alike env-options "env with options"
script env-v "#!/usr/bin/env -iS $say x\n"
alike env-v "env -iS"
script env-shell '#!/usr/bin/env sh\necho shell "$@"\n'
alike env-shell "a shell script through env"

script env-missing '#!/usr/bin/env no-such-program\n'
alike env-missing "env with a program that is not there" script-without-program
like "$stderr" "PATH \\($path\\)" "the message says where it would look"
script env-words '#!/usr/bin/env say -x\n'
alike env-words "env with two words and no -S" script-without-program
like "$stderr" 'env -S' "the message gives the remedy"
script env-option '#!/usr/bin/env -x\n'
alike env-option "env with an unknown option" script-without-program
script env-directory '#!/usr/bin/env ..\n'
alike env-directory "env with a directory" script-without-program
script env-relative '#!/usr/bin/env bin/say\n'
run "$SCRATCHPACK" ./env-relative -o image.tar
exits 3 "env with a relative path"
like "$stderr" 'relative path.*\[script-without-program\]$' "depends on the current directory"
# env would start the script again, and again
ln -s ../env-again bin/self
for line in '' ' -i' ' A=1' ' A=1 say' ' -S' ' -S A=1' ' self'; do
	script env-again "#!/usr/bin/env$line\n"
	run "$SCRATCHPACK" ./env-again -o image.tar -e "PATH=$path"
	exits 3 "env$line: for ever"
	like "$stderr" '\[script-(without-program|loop)\]$' "env$line: with a diagnosis"
done

# Scripts that env starts are scripts.
script bin/inner "#!$say -inner\n"
script outer '#!/usr/bin/env inner\n'
alike outer "env with a script"
script bin/again '#!/usr/bin/env -S say -again\n'
script twice '#!/usr/bin/env again\n'
alike twice "env with a script for env"
script behind "#!$T/twice -x\n"
alike behind "a script for a script for env"
script behind "#!$T/nest-2 -x\n"
alike behind "a script for scripts"
script bin/deep "#!$T/nest-4 -deep\n"
script deeper '#!/usr/bin/env deep\n'
alike deeper "the kernel's limit counts anew behind env"

# What is said of a script.
run "$SCRATCHPACK" inspect --json ./outer
exits 3 "without that PATH the program is not found"
run "$SCRATCHPACK" inspect --json ./nest-3
exits 0 "inspect"
is "$(jq -c '.program | [.kind, .format, .interpreter]' <<<"$stdout")" \
	"[\"script\",\"script\",\"$T/nest-2\"]" "a script is called one"
is "$(jq -c '[.scripts[] | [.path, .argument]]' <<<"$stdout")" \
	"[[\"/nest-3\",\"-3\"],[\"$T/nest-2\",\"-2\"],[\"$T/nest-1\",null]]" "with all on the way"
is "$(jq -r '.notes[].id' <<<"$stdout" | grep -c '^script$')" 1 "and the note on modules"
is "$(litter)" "" "no temporary file is left"
done_testing
