#!/bin/bash
# Hostile images, more than two hundred: whoever reads one refuses it with the reason,
# soon, in little memory, and leaves nothing behind.  tests/hostile/images.py makes them
# and says what has to come of each.
. "$(dirname "$0")/../lib.sh"

need python3 /usr/bin/time
printf '%s\n' 'void _start(void) { __asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall"); }' |
	compile app -nostdlib -static -Wl,--build-id=none
mkdir images out tmp
if ! python3 -B "$TOP/tests/hostile/images.py" app images >cases; then
	fail "the images are made"
	done_testing
fi
ok "there are enough of them" test "$(wc -l <cases)" -gt 200
ls -A /tmp >tmp-before

shopt -s nullglob dotglob

CPU_MAX=6 MEMORY_MAX=$((64 * 1024))	# seconds, KiB
[ "$BUILD" = "${BUILD%san-*}" ] || CPU_MAX=20 MEMORY_MAX=$((1024 * 1024))

# attempt CMD...: sets $status, $said and $spent (what was over a limit)
attempt() {
	local user system memory line out
	TMPDIR=$T/tmp timeout -k 5 60 /usr/bin/time -q -o spent -f '%U %S %M' "$@" >said-out 2>said-err
	status=$?
	# bash leaves out NUL bytes, and says so
	{ said=$(<said-err) out=$(<said-out); } 2>/dev/null
	said+=${out:+$'\n'$out}
	# the last line: one before it tells of a signal
	mapfile -t line <spent
	read -r user system memory <<<"${line[-1]}"
	spent=''
	# hundredths of seconds, as time has them
	((10#${user/./} + 10#${system/./} <= CPU_MAX * 100)) || spent+=" $user + $system seconds"
	((memory <= MEMORY_MAX)) || spent+=" $memory KiB"
}

# Does what came of it fit?  Adds to $wrong.
judge() { # NAME WANT REGEX ALSO: exit codes that are fine, too
	local name=$1 want=$2 regex=$3 bad=$spent left
	case $want in
	refused)
		[[ " 4 7 $4 " == *" $status "* ]] || bad+=" exit $status"
		[[ $said =~ $regex ]] || bad+=" does not say $regex"
		;;
	fine) [ "$status" -eq 0 ] || bad+=" exit $status" ;;
	any) [[ " 0 4 7 $4 " == *" $status "* ]] || bad+=" exit $status" ;;
	ambiguous) [[ " 0 1 2 $4 " == *" $status "* ]] || bad+=" exit $status" ;;
	esac
	# what a terminal would obey
	[[ $said != *$'\x1b'* ]] || bad+=" escape sequences"
	left=(out/*)
	[ "$status" -eq 0 ] || [ ${#left[@]} -eq 0 ] || bad+=" left ${left[*]}"
	left+=(tmp/*)
	[[ " ${left[*]}" != *" tmp/"* ]] || bad+=" temporary ${left[*]}"
	[ ${#left[@]} -eq 0 ] || rm -rf "${left[@]}"
	[ -z "$bad" ] || wrong+="$name:$bad: ${said:0:200}"$'\n'
}

# Some are none of the business of some: a phrase each of what they are not to judge.
leaves() { # NAME WHERE: sets $want
	case $mode:$1:$2 in
	# what is in a layer is for those who unpack it; others move it as it is
	copy:*:inside | copy:the_layer_is_the_conf*) want=any ;;
	# and so are documents that do not fit together, each of which is sound
	copy:a_platform_that* | copy:10_000_layers* | copy:*diff_id*) want=any ;;
	# an empty layer is odd; that it lacks the program matters to who wants that
	base:gzip_of_nothing:* | base:a_mark_for_what*) want=any ;;
	# the user is told which platforms there are
	base:a_platform_that*) want=ambiguous ;;
	esac
}

# each MODE TEXT ALSO CMD...: runs CMD on each image: @ is its path, % the
# same as a name of an image
each() {
	local nr mode=$1 text=$2 also=$3 name where want regex image command
	shift 3
	wrong='' nr=0
	while read -r name where want regex; do
		# all of them in make check-hostile; here verify meets each, the others every sixth
		nr=$((nr + 1))
		[ -n "${HOSTILE_ALL:-}" ] || [ $mode = verify ] || ((nr % 6 == 0)) || continue
		leaves "$name" "$where"
		image=images/$name
		[ -e "$image" ] || image+=.tar
		command=("${@//@/$image}")
		[ -d "$image" ] && image=oci:$image
		command=("${command[@]//%/$image}")
		attempt "${command[@]}"
		judge "$name" "$want" "$regex" "$also"
	done <cases
	is "$wrong" "" "$text"
}

each verify "verify" "" "$SCRATCHPACK" verify @
each from "--from" 3 "$SCRATCHPACK" --from @ -o out/x.tar
each base "--base" "1 3" "$SCRATCHPACK" --base @ ./app -o out/x.tar
each copy "copy" "" "$SCRATCHPACK" copy @ out/x.tar
mkdir context
cp app context/
printf 'FROM base\nCOPY app /app2\nENTRYPOINT ["/app2"]\n' >context/Dockerfile
each base "FROM in a Dockerfile" "1 3" "$SCRATCHPACK" -f context/Dockerfile --build-context base=% context -o out/x.tar
is "$(ls -A /tmp | grep scratchpack | comm -13 tmp-before - 2>/dev/null)" "" "nothing is left elsewhere"
done_testing
