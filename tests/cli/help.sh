#!/bin/bash
# Help and the manual page: they know the options that there are, each where it is taken,
# and say of each command what it does.
. "$(dirname "$0")/../lib.sh"

need jq

static_hello hello
commands=$("$SCRATCHPACK" help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
is "$(wc -w <<<"$commands")" 16 "help lists the commands"

# Without anything one page; help has the rest.
run "$SCRATCHPACK"
exits 2 "without a word"
is "$stdout" "" "nothing on stdout"
ok "what there is, on one page" test "$(wc -l <"$RUN/stderr")" -lt 35
like "$stderr" 'scratchpack help' "and where the rest is"

for command in $commands; do
	run "$SCRATCHPACK" "$command" --help
	exits 0 "$command --help"
	cp "$RUN/stdout" text
	is "$("$SCRATCHPACK" help "$command")" "$stdout" "help $command is the same"
	like "$(head -n 1 text)" "^Usage: scratchpack .*$command" "$command: usage first"
	is "$(grep -nE ' $' text; awk 'length > 80' text)" "" "$command: in lines that fit"
	is "$(grep -c . <(cat -s text | diff - text))" 0 "$command: no two empty lines"
	like "$(sed -n '/^[A-Z][a-z]* .*[.]/{p;q}' text)" '^[A-Z][a-z]+ ' "$command: a sentence on what it does"
	grep -oE '^ +(-., )?--[a-z-]+' text | grep -oE -e '--[a-z-]+' >takes
	is "$(sort takes | uniq -d)" "" "$command: each option once"
	# what help lists the parser takes: it complains of something else, or not at all
	while read -r option; do
		for given in "$option" "$option=x"; do
			said=$("$SCRATCHPACK" "$command" "$given" --help 2>&1 </dev/null)
			[[ $said != *'has no option'* ]] || echo "$said"
		done
	done <takes >refused
	is "$(<refused)" "" "$command takes what its help lists"
done
for pair in "verify --dry-run" "verify -n" "copy --dry-run" "pull --chunk-size=1" "tags --mount-from=a" \
	"inspect --password-stdin" "logout --username=a" "logout -p x"; do
	# shellcheck disable=SC2086  # two words
	run "$SCRATCHPACK" $pair x
	exits 2 "$pair: is not taken"
	like "$stderr" "has no option" "$pair: and that is said"
done
run "$SCRATCHPACK" ./hello -q -o o.tar
run "$SCRATCHPACK" copy o.tar copy.tar -n
not_ok "what does not know --dry-run does not act either" test -e copy.tar
run "$SCRATCHPACK" login -u me 127.0.0.1:1
like "$stderr" 'password' "login: -u as in docker"

# The manual page.
for command in pack login; do "$SCRATCHPACK" help $command; done |
	grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort -u >options
ok "help lists options" test "$(wc -l <options)" -gt 30
"$SCRATCHPACK" help man >page
is "$(sed 's/\\-/-/g' page | grep -oE -e '--[a-z][a-z-]+' | sort -u | comm -13 - options)" "" \
	"the manual page has every option"
is "$(sed 's/\\-/-/g' page | grep -oE '^\.(TP|B|IP|BR).*--[a-z-]+|^\\fB.*--[a-z-]+' |
	grep -oE -e '--[a-z-]+' | sort | uniq -d)" "" "each once"
is "$(sed 's/\\-/-/g' page | grep -oE '^\.(TP|B|IP|BR).*--[a-z-]+|^\\fB.*--[a-z-]+' |
	grep -oE -e '--[a-z-]+' | sort -u | comm -23 - options)" "" "and no others"
for command in $commands; do
	[ "$command" = pack ] || like "$(sed 's/\\-/-/g' page)" "fBscratchpack $command\\\\fR" "it has $command"
done
if have groff; then
	run groff -ww -man -Tutf8 page
	exits 0 "the manual page renders"
	is "$stderr" "" "without a warning"
elif have man; then
	run man --warnings -l page
	is "$stderr" "" "the manual page renders without a warning"
else
	skip "the manual page renders" "neither man nor groff is installed"
fi
for section in NAME SYNOPSIS OPTIONS 'FROM A DOCKERFILE' 'SHRINK AN IMAGE' 'PUSH FROM CI' \
	'SEVERAL ARCHITECTURES' ENVIRONMENT 'EXIT STATUS' EXAMPLES; do
	ok "the manual page has $section" grep -qE "^\.SH \"?$section" page
done
# What is read from the environment: the names that the sources ask it for.
for variable in $(grep -rhoE '(getenv|_env)\([^"()]*"[A-Z_]{5,}"|\{ "[A-Z_]{5,}", "[a-z-]+" \}' "$TOP"/src/{cli,api,transport} |
	grep -oE '"[A-Z_]{5,}"' | tr -d '"' | sort -u); do
	ok "the manual page has $variable" grep -qE "\<$variable\>" page
done

# Needs have the same names everywhere.
"$SCRATCHPACK" help needs >needs
grep -oE '^  [a-z][a-z-]+' needs | xargs -n 1 >names
ok "help needs lists needs" test "$(wc -l <names)" -gt 20
is "$(awk 'length > 80' needs)" "" "in lines that fit"
is "$("$SCRATCHPACK" inspect ./hello --full --json | jq -r '.needs[].need' | sort | comm -23 - names)" "" \
	"with the names that inspect knows"
run "$SCRATCHPACK" -n ./hello --with nothing-such
is "$(sed 's/.*expected one of //; s/, /\n/g; q' <<<"$stderr")" "$(cat names)" "and those that --with takes"

done_testing
