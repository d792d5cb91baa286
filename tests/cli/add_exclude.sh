#!/bin/bash
# --add and --exclude: files, trees, programs with what they need; modes, owners,
# attributes, hard links and holes as they were.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq setcap getcap setfattr getfattr

static_hello hello
pack() {
	run "$SCRATCHPACK" ./hello -q -o o.tar --compress none "$@"
	[ "$status" -eq 0 ] || diag "$stderr"
}
# holds TEXT PATH...: what the image has beside the program; directories end in /
holds() {
	local text=$1
	shift
	is "$(layer o.tar | tar -tf - | grep -vx hello)" "$(printf '%s\n' "$@")" "$text"
}

echo content >file
mkdir -p tree/sub/deep tree/.hidden
echo 1 >tree/one
echo 2 >tree/sub/two
echo 3 >tree/.hidden/three

# The forms, which are those of COPY.
pack --add file
exits 0 "--add FILE"
holds "goes to the root" file
pack --add ./tree/sub/two
holds "by its name" two
pack --add file:/etc/app.conf
holds "--add FILE:/PATH" etc/ etc/app.conf
pack --add file:/etc/
holds "--add FILE:/DIR/" etc/ etc/file
pack --add tree
holds "--add TREE" tree/ tree/.hidden/ tree/.hidden/three tree/one tree/sub/ tree/sub/deep/ tree/sub/two
pack --add tree:/srv
holds "--add TREE:/PATH: its contents" srv/ srv/.hidden/ srv/.hidden/three srv/one srv/sub/ \
	srv/sub/deep/ srv/sub/two
pack --add tree:/srv/
holds "the same with a slash" srv/ srv/.hidden/ srv/.hidden/three srv/one srv/sub/ srv/sub/deep/ \
	srv/sub/two
pack --add tree/sub:/ --add tree/one:/a/b/c/d
holds "a tree into the root, and parents" a/ a/b/ a/b/c/ a/b/c/d deep/ two
pack --add "$T/file"
is "$(layer o.tar | tar -tf - | grep '/file$')" "${T#/}/file" "an absolute path is kept"
cp file 'a:b'
pack --add a:b
holds "a name with a colon" a:b
cp file $'odd\nname'
pack --add $'odd\nname' --add file:$'/caf\xe9/\xff'
exits 0 "a name with a newline, and one that is no UTF-8"
unpack o.tar odd
same file odd/$'odd\nname' "both are there"
same file odd/$'caf\xe9/\xff' "byte for byte"
long=$(printf 'l%.0s' {1..250})
pack --add "file:/$long/$long/$long"
exits 0 "a path of 750 bytes"
unpack o.tar long
same file "long/$long/$long/$long" "is there"
run "$SCRATCHPACK" ./hello -o none.tar --add missing
exits 1 "something to add that is not there"
like "$stderr" 'missing.*no such file' "is named"
run "$SCRATCHPACK" ./hello -o none.tar --add file:relative
exits 2 "a relative destination"
mkfifo pipe
run "$SCRATCHPACK" ./hello -o none.tar --add pipe
isnt "$status" 0 "a FIFO cannot be added"
not_ok "and nothing is written" test -e none.tar

# Links keep their text; modes are kept; the umask is nothing.
mkdir links
ln -s one links/relative
ln -s /etc/hostname links/absolute
ln -s nowhere/at/all links/dangling
echo 1 >links/one
chmod 640 links/one
mkdir -m 1777 links/tmp
mkdir -m 700 links/private
pack --add links
exits 0 "a tree with links"
unpack o.tar l
is "$(readlink l/links/relative l/links/absolute l/links/dangling)" "one
/etc/hostname
nowhere/at/all" "links keep their text"
is "$(cd l/links && stat -c '%n %a' one tmp private)" "one 640
tmp 1777
private 700" "modes are kept"
not_ok "what a link leads to is not pulled in" test -e l/etc/hostname

# Hard links, holes, large names.
mkdir hard
echo same >hard/a
ln hard/a hard/b
ln hard/a hard/c
pack --add hard
is "$(listing o.tar | grep -c ' link to hard/a$')" 2 "hard links are kept, to the first of them"
unpack o.tar h
is "$(stat -c %h h/hard/a)" 3 "and are links again when unpacked"
truncate -s 3M holes
printf end >>holes
pack --add holes
unpack o.tar holed
same holes holed/holes "a sparse file is stored whole"
not_ok "as an ordinary file" grep -q 'S' <(listing o.tar | cut -c 1)

# Bits and owners.
cp hello setuid
chmod 6755 setuid
pack --add setuid
is "$(listing o.tar | awk '/ setuid$/ { print $1 }')" "-rwsr-sr-x" "setuid and setgid bits are kept"
if [ "$(id -u)" -eq 0 ]; then
	chown 123:456 setuid
	chmod 6755 setuid
	pack --add setuid --add file
	is "$(listing o.tar | awk '/ setuid$/ { print $2 }')" "123/456" \
		"a setuid file keeps the owner that gives it its meaning"
	chown 123:456 file
	pack --add file
	is "$(listing o.tar | awk '/ file$/ { print $2 }')" "0/0" "others belong to root"
	chown 0:0 file
fi

# File capabilities, as the one attribute that a program depends on.
cp hello capable
if setcap cap_net_bind_service=+ep capable 2>/dev/null; then
	pack --add capable
	ok "the layer has a file capability" grep -aq SCHILY.xattr.security.capability= <(layer o.tar)
	mkdir caps
	layer o.tar | tar -xp --xattrs --xattrs-include='*' -C caps -f -
	is "$(getcap -r caps | sed 's/.*caps/caps/')" "caps/capable cap_net_bind_service=ep" \
		"and the unpacked file too"
	run "$SCRATCHPACK" ./capable -q -o cap.tar
	ok "of the program as well" grep -aq SCHILY.xattr.security.capability= <(layer cap.tar)
else
	skip "file capabilities" "not allowed here"
fi
if setfattr -n user.note -v hello file 2>/dev/null; then
	pack --add file
	not_ok "other attributes stay behind" grep -aq user.note <(layer o.tar)
	setfattr -x user.note file
fi

# An added program brings what it needs; so does a plugin.
dynamic_hello tool
pack --add tool:/usr/local/bin/tool
exits 0 "an added program"
unpack o.tar tooled
run_inside tooled /usr/local/bin/tool works
is "$stdout" "hello works" "runs in the image"
gcc -shared -fPIC -o libdep.so -Wl,-soname,libdep.so -x c - <<<'int dep(void) { return 7; }'
gcc -shared -fPIC -o plugin.so -x c - -x none libdep.so -Wl,-rpath,'$ORIGIN/../lib' \
	<<<'int dep(void); int plugin(void) { return dep(); }'
mkdir -p app/plugins app/lib
mv plugin.so app/plugins/
mv libdep.so app/lib/
compile host -ldl <<-'END'
	#include <dlfcn.h>
	#include <stdio.h>
	int main(void)
	{
		void *handle = dlopen("/app/plugins/plugin.so", RTLD_NOW);
		int (*plugin)(void) = handle ? (int (*)(void))dlsym(handle, "plugin") : 0;
		if (!plugin)
			return puts(dlerror()), 1;
		printf("%d\n", plugin());
		return 0;
	}
END
run "$SCRATCHPACK" ./host -q -o host.tar --add app/plugins:/app/plugins
exits 0 "a plugin in an added tree"
unpack host.tar hosted
run_inside hosted /host
is "$stdout" 7 "is loaded with its library"
gcc -shared -fPIC -o needy.so -x c - -x none app/lib/libdep.so <<<'int dep(void); int p(void) { return dep(); }'
run "$SCRATCHPACK" ./tool -o none.tar --add needy.so
exits 3 "a plugin whose library is nowhere"
like "$stderr" 'libdep\.so.*needy\.so|needy\.so.*libdep\.so' "both are named"

# --exclude
pack --add tree --exclude '/tree/sub'
exits 0 "--exclude"
holds "a directory with all below it" tree/ tree/.hidden/ tree/.hidden/three tree/one
pack --add tree --exclude 't[hw]*'
holds "a glob without a slash, which is for names" tree/ tree/.hidden/ tree/one tree/sub/ tree/sub/deep/
pack --add tree --exclude '/tree/*/t*'
holds "a glob with one" tree/ tree/.hidden/ tree/one tree/sub/ tree/sub/deep/
pack --add tree --exclude '/tree/**o*'
holds "a glob that crosses folders" tree/ tree/.hidden/ tree/.hidden/three tree/sub/ tree/sub/deep/
pack --add tree --exclude /tree/one --exclude '/tree/.hidden'
holds "several" tree/ tree/sub/ tree/sub/deep/ tree/sub/two
before=$(layer o.tar | sha256sum)
pack --add tree --exclude /tree/one --exclude '/tree/.hidden' --exclude '/no/such/thing'
exits 0 "a glob that matches nothing"
is "$(layer o.tar | sha256sum)" "$before" "changes nothing"
run "$SCRATCHPACK" ./tool -o none.tar --exclude '*libc.so*'
exits 3 "a library that is needed cannot be left out"
like "$stderr" 'libc\.so' "it is named"
run "$SCRATCHPACK" ./tool -o none.tar --exclude 'ld-*'
exits 3 "nor can the loader"
run "$SCRATCHPACK" ./tool -o none.tar --exclude /tool
isnt "$status" 0 "nor the program"
not_ok "nothing was written" test -e none.tar

# Two things for one place.
run "$SCRATCHPACK" ./hello -o none.tar --add file:/x --add setuid:/x
exits 2 "two files for one path"
like "$stderr" '/x' "which is named"
run "$SCRATCHPACK" ./hello -o none.tar --add file:/hello/x
exits 2 "a file below the program"
pack --add file:/x --add file:/x
exits 0 "the same twice is once"
pack --add tree --add tree/one:/tree/more
exits 0 "one more file in an added tree"
ok "both are there" grep -qx tree/more <(layer o.tar | tar -tf -)
is "$(litter)" "" "no temporary file is left"
done_testing
