#!/bin/bash
# Outputs that cannot be written: exit 8, the old file as it was, no litter.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

static_hello hello
printf 'the old file' >old
cp -p old old.tar
stamp=$(stat -c '%y %i' old.tar)

# fails TEXT ARG...: with exit 8 and one line that begins as it should
fails() {
	local text=$1
	shift
	run "$SCRATCHPACK" ./hello --progress none "$@"
	exits 8 "$text: exit code"
	like "$stderr" '^scratchpack: error: [^
]+$' "$text: one line"
	is "$stdout" "" "$text: nothing on stdout"
	is "$(litter)" "" "$text: no temporary file"
}

mkdir directory.tar
touch directory.tar/file
fails "a directory in the way" -o directory.tar
is "$(ls -A directory.tar)" file "a directory in the way: untouched"
fails "a parent that is missing" -o no/such/folder.tar
fails "a parent that is a file" -o old/x.tar
fails "a layout whose parent is missing" -o no/such/layout/
fails "a layout where a file is" -o oci:old
same old old.tar "a layout where a file is: untouched"
fails "a name that is too long" -o "$(printf 'x%.0s' {1..300}).tar"
fails "/dev/full" -o /dev/full
like "$stderr" '/dev/full.*[Nn]o space' "/dev/full: says why"
for form in oci-archive:/dev/full docker-archive:/dev/full; do
	fails "$form" -o "$form"
done
fails "the digest file's parent is missing" -o side.tar --digest-file no/such/file
fails "the metadata file is a directory" -o side.tar --metadata-file directory.tar
no_image() {
	not_ok "$1: no image is made for it" test -e side.tar
}
no_image "the digest file's parent is missing"
fails "the depfile's parent is missing" -o side.tar --depfile no/such/file
no_image "the depfile's parent is missing"
fails "the depfile is full" -o side.tar --depfile /dev/full

# stdout: full, closed, and readers that go away.
"$SCRATCHPACK" ./hello --progress none -o - >/dev/full 2>err
is $? 8 "a full stdout"
is "$(wc -l <err)" 1 "a full stdout: one line"
"$SCRATCHPACK" ./hello --progress none -o new.tar >/dev/full 2>err
is $? 8 "no room for the result line"
like "$(cat err)" 'stdout.*[Nn]o space' "no room for the result line: says so"
"$SCRATCHPACK" ./hello --progress none -o - >&- 2>err
is $? 8 "a closed stdout"
"$SCRATCHPACK" ./hello --progress none -o closed.tar >&- 2>err
status=$?
is "$status" 8 "a closed stdout for the result line"
run "$SCRATCHPACK" verify closed.tar
exits 0 "a closed stdout never gets into the archive"
"$SCRATCHPACK" ./hello --progress none -o err.tar 2>&- >/dev/null
is $? 0 "a closed stderr is no error"
run "$SCRATCHPACK" verify err.tar
exits 0 "a closed stderr never gets into the archive"
"$SCRATCHPACK" ./hello --progress plain -o err.tar 2>/dev/full >/dev/null
is $? 0 "a full stderr is no error"
head -c 8000000 /dev/urandom >noise
for bytes in 0 1 512 70000; do
	{
		"$SCRATCHPACK" ./hello --add noise --progress none -o - 2>err
		echo $? >code
	} | head -c $bytes >/dev/null
	is "$(cat code)" 8 "a reader that leaves after $bytes bytes"
	is "$(wc -l <err)" 1 "a reader that leaves after $bytes bytes: one line"
done
for command in help version "help pack" "help man" "completion bash" "inspect ./hello" "hello -n"; do
	# shellcheck disable=SC2086
	"$SCRATCHPACK" $command >/dev/full 2>err
	is $? 8 "$command > /dev/full"
done

# A link to a pipe, which has no directory.
"$SCRATCHPACK" ./hello -q --progress none -o /dev/fd/9 9>&1 >/dev/null 2>err | cat >piped.tar
is "$(cat err)" "" "a pipe by the name of its descriptor"
run "$SCRATCHPACK" verify piped.tar
exits 0 "all of it went through"

# A limit on file sizes is an error of write(2), not the end of the process.
for blocks in 0 1 8 64 200; do
	cp -p old old.tar
	(
		ulimit -f $blocks
		exec "$SCRATCHPACK" ./hello --progress none -o old.tar >out 2>err
	)
	is $? 8 "a limit of $blocks KiB"
	same old old.tar "a limit of $blocks KiB: the old file"
	is "$(litter)" "" "a limit of $blocks KiB: no temporary file"
done

# The old file is not even touched.
cp -p old keep.tar
stamp=$(stat -c '%y %i' keep.tar)
run "$SCRATCHPACK" ./hello -o keep.tar -o /dev/full
exits 8 "one output of two fails"
is "$(stat -c '%y %i' keep.tar)" "$stamp" "the other is untouched"
same old keep.tar "byte for byte"

# A directory that may not be written; a file that may not is replaced, as by mv.
if [ "$(id -u)" -ne 0 ]; then
	as_user() { run "$@"; }
elif have setpriv; then
	chmod 755 "$T"
	mkdir -m 777 open
	as_user() { run setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
fi
if declare -F as_user >/dev/null; then
	mkdir readonly
	cp -p old readonly/old.tar
	chmod 555 readonly
	as_user "$SCRATCHPACK" ./hello --progress none -o readonly/old.tar
	exits 8 "a directory that may not be written"
	like "$stderr" 'readonly.*ermission denied' "a directory that may not be written: says so"
	same old readonly/old.tar "a directory that may not be written: the old file"
	as_user "$SCRATCHPACK" ./hello --progress none -o readonly/new/
	exits 8 "a layout in a directory that may not be written"
	chmod 755 readonly
else
	skip "a directory that may not be written" "cannot become an ordinary user"
fi

# A file system that fills up, of several sizes.
cat >fill.sh <<'END'
set -e
mkdir -p small
mount -t tmpfs -o size="$1k" none small
cp old small/o.tar
set +e
"$SCRATCHPACK" ./hello --add noise --progress none -o small/o.tar -o small/layout/ >out 2>err
code=$?
cmp -s old small/o.tar && same=same
echo "$code ${same:-changed} $(find small -type f | wc -l) $(find small -name '.*' | wc -l)"
END
export SCRATCHPACK
if unshare -r -m true 2>/dev/null || { [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; }; then
	[ "$(id -u)" -eq 0 ] && flags=-m || flags='-r -m'
	for size in 8 16 64 400 1000 5000 9000 12000; do
		# shellcheck disable=SC2086
		run unshare $flags bash fill.sh $size
		is "$stdout" "8 same 1 0" "a file system of $size KiB: exit 8, the old file, nothing else"
		is "$(wc -l <err)" 1 "a file system of $size KiB: one line"
	done
	# shellcheck disable=SC2086
	run unshare $flags bash fill.sh 40000
	like "$stdout" '^0 changed' "a file system with room"
else
	skip "a file system that fills up" "no mount namespaces"
fi
is "$(litter)" "" "no temporary file is left"
done_testing
