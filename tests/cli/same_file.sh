#!/bin/bash
# One library under several names: each name has to be in the image, and the loader
# must find there that they are one file.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need patchelf

library() { # FILE
	compile "$1" -shared -fPIC <<-'END'
		static int calls;
		int once(void) { return ++calls; }
	END
}
# program FILE FOLDER NAME...: needs libx.so.1 and the other names, found in FOLDER
program() {
	local file=$1 folder=$2 name
	compile "$file" "lib/libx.so.1" -Wl,-rpath,"$folder" <<-'END'
		#include <stdio.h>
		int once(void);
		int main(void)
		{
			printf("%d\n", once());
			return 0;
		}
	END
	patchelf --replace-needed lib/libx.so.1 libx.so.1 "$file" 2>/dev/null
	for name in "${@:3}"; do
		patchelf --add-needed "$name" "$file"
	done
}
# packs PROGRAM TEXT [ARG...]: its image starts
packs() {
	run "$SCRATCHPACK" "$1" -q -o o.tar "${@:3}"
	exits 0 "$2: packed"
	rm -rf root
	unpack o.tar root
	run_inside root "$(config o.tar | jq -r '.config.Entrypoint[0]')"
	is "$stdout" 1 "$2: starts"
}

mkdir lib
library lib/libx.so.1
ln -s libx.so.1 lib/libx.so
ln lib/libx.so.1 lib/libhard.so
ln -s "$T/lib" far
mkdir hard
ln lib/libx.so.1 hard/libhard.so
ln lib/libx.so.1 hard/libx.so.1

program link "$T/lib" libx.so
packs ./link "a symbolic link"
program hard-link "$T/lib" libhard.so
packs ./hard-link "a hard link"
like "$(layer o.tar | tar -tvf -)" 'link to' "a hard link: stays one"
program path "$T/lib" "$T/far/libx.so"
packs ./path "a link to the folder"
like "$(layer o.tar | tar -tf -)" 'far' "a link to the folder: is there"

# A directory that is mounted twice: one file, with one name and two paths.
mkdir twice
if unshare -rm mount --bind lib twice 2>/dev/null; then
	cat >bound <<-END
		#!/bin/sh
		mount --bind "$T/lib" "$T/twice" && exec "$SCRATCHPACK" "\$@"
	END
	cat >mounted <<-END
		#!/bin/sh
		exec unshare -rm "$T/bound" "\$@"
	END
	chmod +x bound mounted
	rm lib/libhard.so hard/libx.so.1 hard/libhard.so
	program bind "$T/lib" "$T/twice/libx.so.1"
	SCRATCHPACK=$T/mounted packs ./bind "a bind mount"
	like "$(layer o.tar | tar -tvf -)" 'twice/libx.so.1 link to' "a bind mount: is one file in the image"
	ln lib/libx.so.1 lib/libhard.so
	ln lib/libx.so.1 hard/libhard.so
	ln lib/libx.so.1 hard/libx.so.1
else
	skip "a bind mount" "no mount namespaces"
fi

# $ORIGIN: what is found moves with the program
program moved '$ORIGIN/lib' libx.so
packs ./moved "moved with the program"
is "$(layer o.tar | tar -tvf - | grep -c '^-.*lib/libx')" 1 \
	"moved with the program: one copy of the file"
program moved-hard '$ORIGIN/hard' libhard.so
packs ./moved-hard "moved with the program, hard link"
is "$(layer o.tar | tar -tvf - | grep -c '^-.*hard/lib')" 1 \
	"moved with the program, hard link: one copy of the file"
done_testing
