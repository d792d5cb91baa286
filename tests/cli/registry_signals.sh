#!/bin/bash
# Signals at any moment of a push, a pull, a copy, a pack to a registry: no tag moved, or
# all of it there; files old or new and whole; no litter; no credential on disk.
. "$(dirname "$0")/../registry/lib.sh"
. "$TOP/tests/image.sh"

start_stub --auth bearer
static_hello hello
head -c 1000000 /dev/urandom >noise
for v in 1 2; do
	head -c $((300000 * v)) /dev/urandom >"own$v"
	"$SCRATCHPACK" ./hello --add noise --add "own$v:/own" --layers split -q -t "app:v$v" -o "v$v.tar" >/dev/null
done
creds=(--authfile "$T/auth.json")
auth=$(printf 'canary-user:canary-password' | base64)
printf '{"auths":{"%s":{"auth":"%s"}}}' "$REGISTRY" "$auth" >auth.json
cp auth.json auth-before.json
"$SCRATCHPACK" push -q "${creds[@]}" v1.tar "$REGISTRY/a/b:v" >/dev/null
old=$(stub_tag a/b:v)
"$SCRATCHPACK" push -q "${creds[@]}" v2.tar "$REGISTRY/c/d:v" >/dev/null
new=$(stub_tag c/d:v)
isnt "$old" "$new" "two images to swap"
mkdir out tmp
export TMPDIR=$T/tmp

seed=${SIGNAL_SEED:-20240611}
RANDOM=$seed
diag "seed $seed"

# One run, signalled after so long; sets $status and $took (microseconds, if it ended).
interrupted() { # SIGNAL MICROSECONDS ARG...
	local signal=$1 delay=$2 child begin
	shift 2
	begin=$(date +%s%N)
	env --default-signal=INT "$SCRATCHPACK" "$@" "${creds[@]}" --progress none >stdout 2>stderr &
	child=$!
	if [ "$delay" -ge 0 ]; then
		sleep "$(printf '%d.%06d' $((delay / 1000000)) $((delay % 1000000)))"
		kill -"$signal" "$child" 2>/dev/null
	fi
	wait "$child" 2>/dev/null
	status=$?
	took=$((($(date +%s%N) - begin) / 1000))
}
# Whoever takes our files must not find the password or a token in them.
leaks() {
	grep -rlaE "canary-(password|token|refresh)|$auth" . --exclude=auth.json --exclude=auth-before.json \
		--exclude-dir=stub 2>/dev/null
}
# The registry is as it was: the tag on the first image, the second one nowhere in a/b.
restore() {
	stub_reset
	stub_config '{"auth":"none"}'
	"$SCRATCHPACK" push -q v1.tar "$REGISTRY/a/b:v" >/dev/null
	[ "$what" = push ] || "$SCRATCHPACK" push -q v2.tar "$REGISTRY/c/d:v" >/dev/null
	stub_config '{"auth":"bearer"}'
	rm -rf out/* out/.[!.]* tmp/* tmp/.[!.]*
	cp v1.tar out/o.tar
}
declare -A args=(
	[push]="push v2.tar $REGISTRY/a/b:v"
	[pack]="./hello --add noise --add own2:/own --layers split -t app:v2 -o docker://$REGISTRY/a/b:v"
	[copy]="copy docker://$REGISTRY/c/d:v docker://$REGISTRY/a/b:v"
	[pull]="pull $REGISTRY/c/d:v out/o.tar"
	[layout]="pull $REGISTRY/c/d:v out/layout/"
)
declare -A number=([INT]=2 [TERM]=15 [KILL]=9)
for what in push pack copy pull layout; do
	read -ra words <<<"${args[$what]}"
	restore
	interrupted TERM -1 "${words[@]}"
	is "$status" 0 "$what: undisturbed"
	whole=$took wrong='' cut=0 runs=0
	case $what in
	pull) cp out/o.tar done.tar ;;
	layout) ;;
	*) is "$(stub_tag a/b:v)" "$new" "$what: the tag is the new image's" ;;
	esac
	for kind in TERM KILL INT TERM KILL INT TERM KILL; do
		restore
		delay=$(((RANDOM * 32768 + RANDOM) % (whole * 11 / 10)))
		interrupted $kind "$delay" "${words[@]}"
		runs=$((runs + 1))
		[ "$status" -eq 0 ] || cut=$((cut + 1))
		[ "$status" -eq 0 ] || [ "$status" -eq $((128 + number[$kind])) ] || wrong+=" $kind@$delay:exit-$status"
		tag=$(stub_tag a/b:v)
		[ "$tag" = "$old" ] || { [ "$tag" = "$new" ] && [ "$what" != pull ] && [ "$what" != layout ]; } ||
			wrong+=" $kind@$delay:tag-$tag"
		[ "$status" -ne 0 ] || [[ $what = pull || $what = layout ]] || [ "$tag" = "$new" ] || wrong+=" $kind@$delay:not-moved"
		# whatever the tag names is all there
		stub_config '{"auth":"none"}'
		"$SCRATCHPACK" verify -q "docker://$REGISTRY/a/b:v" >/dev/null 2>&1 || wrong+=" $kind@$delay:broken"
		cmp -s out/o.tar v1.tar || { [ $what = pull ] && cmp -s out/o.tar done.tar; } || wrong+=" $kind@$delay:half-a-file"
		if [ -e out/layout/index.json ]; then
			"$SCRATCHPACK" verify -q out/layout >/dev/null 2>&1 || wrong+=" $kind@$delay:half-a-layout"
		elif [ -e out/layout ] && [ $kind != KILL ]; then
			wrong+=" $kind@$delay:a-new-layout-stays"
		fi
		left=$(find out tmp -mindepth 1 ! -path out/o.tar ! -path 'out/layout*')
		[ -z "$left" ] || { [ $kind = KILL ] && [[ $left =~ ^out/\.o\.tar\.scratchpack-[0-9a-z]+\.tmp$ ]]; } ||
			wrong+=" $kind@$delay:litter($left)"
		leak=$(leaks)
		[ -z "$leak" ] || wrong+=" $kind@$delay:leak($leak)"
	done
	is "$wrong" "" "$what: $runs signals, $cut met it running"
done

# A login that is interrupted leaves the file of credentials old or new, and no copy.
wrong=''
for kind in TERM KILL INT TERM KILL INT; do
	stub_reset
	stub_config '{"auth":"basic"}'
	cp auth-before.json auth.json
	delay=$((RANDOM % 30000))
	interrupted $kind $delay login "$REGISTRY" --username canary-user --password-stdin <<<canary-password
	jq -e . auth.json >/dev/null || wrong+=" $kind@$delay:half"
	left=$(find . -maxdepth 1 -name '.auth.json*')
	[ -z "$left" ] || [ $kind = KILL ] || wrong+=" $kind@$delay:litter($left)"
	rm -f .auth.json*
done
is "$wrong" "" "login: the file of credentials is never half written"
done_testing
