#!/bin/bash
# Completions: the shells themselves are asked what they offer for a line.
. "$(dirname "$0")/../lib.sh"

for shell in bash zsh fish; do
	run "$SCRATCHPACK" completion $shell
	exits 0 "completion $shell"
	cp "$RUN/stdout" completion.$shell
	if [ $shell = bash ] || have $shell; then
		ok "completion $shell: parses" $shell -n completion.$shell
	else
		skip "completion $shell: parses" "$shell is not installed"
	fi
done
for command in pack login; do "$SCRATCHPACK" help $command; done |
	grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort -u >options
"$SCRATCHPACK" help needs | grep -oE '^  [a-z][a-z-]+' | xargs >needs
for shell in bash zsh fish; do
	grep -oE -e '(--|-l )[a-z][a-z-]+' completion.$shell | sed 's/^-l /--/' | sort -u >found
	is "$(comm -13 found options)" "" "completion $shell: every option"
	like "$(<completion.$shell)" "without.*$(<needs)" "completion $shell has the needs"
done

mkdir work work/sub
touch work/image.tar work/myapp
cd work || exit 1

# bash splits a line at "=" too
offer_bash() { # LINE
	bash --norc -c '. ../completion.bash
		read -ra COMP_WORDS <<<"${1//=/ = }"
		[ "${1% }" = "$1" ] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_scratchpack; printf "%s\n" "${COMPREPLY[@]}"' bash "$1"
}
offer_fish() {
	HOME=$T fish --no-config -c 'source ../completion.fish; complete -C $argv[1]' "$1" | cut -f 1 |
		sed 's/^--[a-z]*=//'
}
# the list that appears under a line typed into a terminal of zsh's own
cat >../ask.zsh <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PS2= LISTMAX=1000; autoload -U compinit; compinit -u -D; source ../completion.zsh
unsetopt zle_bracketed_paste; bindkey '^I' complete-word; zstyle ':completion:*' insert-tab false
zstyle ':completion:*' verbose false; stty columns 1000; print rea''dy"
zpty -r shell began '*ready*'
zpty -w -n shell "$1"$'\t\t'
for (( quiet = 0; quiet < 6; quiet++ )) { sleep 0.1; while zpty -r -t shell part; do all+=$part quiet=0; done }
print -r -- "$all"
zpty -d shell
END
offer_zsh() {
	TERM=dumb HOME=$T zsh -f ../ask.zsh "$1" | tr -d '\000-\010\013-\037' | tr -s ' \t' '\n\n'
}

# offers LINE WANTED... [-- UNWANTED...]: in each shell
offers() {
	local line=$1 shell word unwanted bad all
	for shell in bash fish zsh; do
		if ! have $shell; then
			skip "$shell: $line" "$shell is not installed"
			continue
		fi
		all=$(offer_$shell "$line")
		unwanted='' bad=''
		for word in "${@:2}"; do
			if [ "$word" = -- ]; then
				unwanted=yes
			elif [ -z "$unwanted" ]; then
				grep -qxE -e "${word}[*/=]*" <<<"$all" || bad+=" lacks $word"
			else
				grep -qxE -e "${word}[*/=]*" <<<"$all" && bad+=" has $word"
			fi
		done
		is "$bad" "" "$shell: $line" || diag "$(head -n 40 <<<"$all")"
	done
}
offers 'scratchpack ' verify push image.tar
offers 'scratchpack ver' verify version -- push image.tar
offers 'scratchpack verify ' image.tar myapp -- push
offers 'scratchpack verify --t' --tls-verify --tries -- --tag --trace
offers 'scratchpack ./myapp --t' --tag --target --trace -- --username
offers 'scratchpack pack --dry' --dry-run
offers 'scratchpack copy --d' -- --dry-run --digest-file
offers 'scratchpack login --u' --username -- --user
offers 'scratchpack ./myapp --compress ' gzip zstd none -- image.tar
offers 'scratchpack ./myapp --layers=' one split -- image.tar
offers 'scratchpack ./myapp --engine ' docker podman kind -- image.tar
offers 'scratchpack push a.tar b --tls-verify ' true false -- image.tar
offers 'scratchpack ./myapp --with te' terminfo -- tmp
offers 'scratchpack ./myapp --sysroot ' sub -- image.tar
offers 'scratchpack ./myapp --label ' -- image.tar sub
offers 'scratchpack ./myapp --output ' image.tar sub
offers 'scratchpack completion ' bash zsh fish -- image.tar
offers 'scratchpack help ' push needs man -- image.tar
done_testing
