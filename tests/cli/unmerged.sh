#!/bin/bash
# Trees in which /lib is a directory and trees in which it is a link to usr/lib, one on
# top of the other: libraries come to stand where the loader in the image finds them.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq python3
make_image() { # OUT CONFIG LAYER... [OPTIONS]
	python3 "$TOP/tests/make_image.py" "$@"
}

dynamic_hello plain
loader=$(readlink -f "$(LC_ALL=C readelf -l plain | sed -n 's/.*interpreter: \(.*\)]/\1/p')")
asked=$(LC_ALL=C readelf -l plain | sed -n 's/.*interpreter: \(.*\)]/\1/p')
libc=$(readlink -f "$(ldd plain | awk '$1 == "libc.so.6" { print $3 }')")
multi=$(basename "$(dirname "$libc")")
lib64=$(basename "$(dirname "$asked")")
mkdir made
echo 'int extra(void) { return 7; }' |
	gcc -xc -shared -fPIC -Wl,-soname,libextra.so.1 -o made/libextra.so.1 -
echo 'int extra(void); int main(void) { return extra() != 7; }' |
	gcc -o made/app -xc - -xnone made/libextra.so.1

# tree DIR LIB: an empty one, whose libraries are in LIB (lib or usr/lib)
tree() {
	mkdir -p "$1/$2/$multi" "$1/${2%lib}$lib64" "$1/usr/bin" "$1/usr/lib"
	[ "$2" = lib ] && return
	ln -s usr/lib "$1/lib"
	ln -s "usr/$lib64" "$1/$lib64"
}
# system DIR LIB: with a C library; the link of the loader is relative, as Debian's is not
system() {
	tree "$1" "$2"
	cp "$libc" "$1/$2/$multi/libc.so.6"
	cp "$loader" "$1/$2/$multi/${loader##*/}"
	ln -s "../lib/$multi/${loader##*/}" "$1/${2%lib}$lib64/${asked##*/}"
}
with_app() { # DIR LIB
	cp made/libextra.so.1 "$1/$2/$multi/libextra.so.1.2"
	ln -s libextra.so.1.2 "$1/$2/$multi/libextra.so.1"
	cp made/app "$1/usr/bin/app"
}
image() { # DIR
	tar -C "$1" --owner=0 --group=0 --numeric-owner -cf "$1.tar" .
	make_image "$1.oci" '{"Env":["PATH=/usr/bin"]}' "$1.tar"
}
system split lib && with_app split lib
system merged usr/lib && with_app merged usr/lib
system split-base lib && image split-base
system merged-base usr/lib && image merged-base
tree split-empty lib && image split-empty
tree merged-empty usr/lib && image merged-empty

# All layers, one over the other, as root file system ./all.
together() {
	local layer
	rm -rf all && mkdir all
	for layer in $(layers out.tar); do
		blob out.tar "$layer" | gzip -dc | tar -C all -x --keep-directory-symlink -f - || return 1
	done
}
ours() { # the files of our layer
	blob out.tar "$(layers out.tar | tail -n 1)" | gzip -dc | tar -t | grep -v '/$' | sort | paste -sd ' '
}
works() { # TEXT
	run "$SCRATCHPACK" verify out.tar
	exits 0 "$1: it starts"
	together
	ok "$1: the layers fit together" test -e "all/lib/$multi/libextra.so.1"
	ok "$1: and the links of the base stay" test "$(readlink all/lib)" = "$2"
	if [ "$(id -u)" = 0 ]; then
		ok "$1: it runs" chroot all /usr/bin/app
	fi
}

for from in split merged; do
	for base in split merged; do
		link=$([ $base = merged ] && echo usr/lib)
		dir=lib
		[ $base = merged ] && dir=usr/lib
		run "$SCRATCHPACK" --sysroot $from /usr/bin/app --base $base-base.oci -o out.tar --depfile rule.d
		exits 0 "$from on $base"
		unlike "$(ours)" 'libc\.so|ld-' "$from on $base: the base's C library is used"
		works "$from on $base" "$link"
		run "$SCRATCHPACK" --sysroot $from /usr/bin/app --base $base-empty.oci -o out.tar --depfile rule.d
		exits 0 "$from on $base without a C library"
		like "$(ours)" "$dir/$multi/libc.so.6" "$from on $base without a C library: brings one"
		works "$from on $base without a C library" "$link"
		missing=$(sed 's/.*://; s/ \\$//; s/^ *//' rule.d | while read -r file; do
			[ -z "$file" ] || [ -e "$file" ] || echo "$file"
		done)
		is "$missing" "" "$from on $base: what the rule for make names is there"
	done
done

# The same for --closure of a Dockerfile.
mkdir context
cp made/app context/
printf 'FROM below\nCOPY app /usr/bin/\nENTRYPOINT ["app"]\n' >context/Dockerfile
run "$SCRATCHPACK" -f context/Dockerfile --build-context below=oci:merged-base.oci --closure \
	--sysroot split -o out.tar
exits 0 "--closure from a tree that is not merged"
works "--closure" usr/lib

done_testing
