#!/bin/bash
# verify proves that an image starts, whoever built it.  Images made by hand and with
# umoci and skopeo, each with one thing wrong, or none; where the image is one layer,
# the same tree is entered and the same program started, and both must agree.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq umoci skopeo ldconfig zstd
[ "$(uname -m)" = x86_64 ] || skip_all "the fixtures are for x86-64"

# --- building ---------------------------------------------------------------

# put FORM FILE: FILE becomes a blob of the layout image/; sets $desc and $sum
put() {
	local size
	sum=$(sha256sum <"$2")
	sum=${sum%% *}
	size=$(stat -c %s "$2")
	mv "$2" "image/blobs/sha256/$sum"
	desc="{\"mediaType\":\"application/vnd.oci.image.$1\",\"digest\":\"sha256:$sum\",\"size\":$size}"
}

# build CONFIG TAR...: the layout image/, for $arch
arch=amd64
build() {
	local config=$1 list='' ids='' tar
	shift
	rm -rf image
	mkdir -p image/blobs/sha256
	for tar; do
		put layer.v1.tar "$tar"
		list+="${list:+,}$desc"
		ids+="${ids:+,}\"sha256:$sum\""
	done
	printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"$arch" "$config" "$ids" >doc
	put config.v1+json doc
	printf '{"schemaVersion":2,"config":%s,"layers":[%s]}' "$desc" "$list" >doc
	put manifest.v1+json doc
	printf '{"schemaVersion":2,"manifests":[%s]}' "$desc" >image/index.json
	printf '{"imageLayoutVersion":"1.0.0"}' >image/oci-layout
}

# Start a program as a runtime does, binding all symbols:
# enter ROOT WORKINGDIR NUMBER-OF-ENV ENV... ARGV...
compile enter -static <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <unistd.h>
	int main(int argc, char **argv)
	{
		int nr = atoi(argv[3]);
		char path[4096], *dirs, *dir, *program = argv[4 + nr];
		if (chroot(argv[1]) || chdir(argv[2]))
			return 125;
		clearenv();
		putenv("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
		putenv("LD_BIND_NOW=1");
		for (int i = 0; i < nr; i++)
			putenv(argv[4 + i]);
		if (strchr(program, '/'))
			execv(program, argv + 4 + nr);
		dirs = strdup(getenv("PATH"));
		while (!strchr(program, '/') && (dir = strsep(&dirs, ":"))) {
			snprintf(path, sizeof(path), "%s/%s", dir, program);
			if (access(path, X_OK) == 0) {
				execv(path, argv + 4 + nr);
				break;
			}
		}
		perror(program);
		return 126;
	}
END

# layer TAR DIR [TAROPTION...]: a layer of what is in DIR
layer_of() {
	local file=$1 dir=$2
	shift 2
	tar -cf "$file" --sort=name --owner=0 --group=0 --numeric-owner -C "$dir" "$@" .
}

declare -A words_of
enter() { # ROOT CONFIG
	# most have the same configuration
	[ -n "${words_of[$2]-}" ] ||
		words_of[$2]=$(jq -r '[.WorkingDir // "/", (.Env // [] | length | tostring), .Env[]?,
			.Entrypoint[]?, .Cmd[]?] | @sh' <<<"$2")
	if [ "$EUID" -eq 0 ]; then
		eval "run ./enter '$1' ${words_of[$2]}"
	else
		eval "run unshare -r ./enter '$1' ${words_of[$2]}"
	fi
}

# found KIND: ids of what the last verify --json found, sorted.  (jq would take longer to
# start than all that is tested.)
found() {
	local line ids=() inside=no
	while IFS= read -r line; do
		# the members of the document itself are indented once
		[[ $line != $'\t"'* ]] || { [[ $line == $'\t"'"$1\":"* ]] && inside=yes || inside=no; }
		[[ $inside = yes && $line =~ ^[[:space:]]+\"id\":[[:space:]]+\"([^\"]+)\" ]] &&
			ids+=("${BASH_REMATCH[1]}")
	done <<<"$stdout"
	[ ${#ids[@]} -lt 2 ] || mapfile -t ids < <(printf '%s\n' "${ids[@]}" | sort)
	echo "${ids[*]}"
}

# judge TEXT ID IMAGE: ID empty: starts
judge() {
	run "$SCRATCHPACK" verify --json "$3"
	if [ -z "$2" ]; then
		exits 0 "$1: verified"
		is "$(found problems)" "" "$1: without a problem"
		return
	fi
	exits 7 "$1: refused"
	is "$(found problems)" "$2" "$1: $2"
}

# check TEXT ID CONFIG [DIR...]: the layers are DIRs (root); one is tried as well.  With
# "empty" for the second, it is not: there is no /proc here, which $ORIGIN needs.
check() {
	local text=$1 id=$2 config=$3 nr=0 tars=() dir
	shift 3
	[ $# -gt 0 ] || set -- root
	for dir; do
		layer_of "layer$nr.tar" "$dir"
		tars+=("layer$nr.tar")
		nr=$((nr + 1))
	done
	if [ $# -eq 1 ]; then
		enter "$1" "$config" 2>/dev/null
		if [ -z "$id" ]; then
			is "$status" 0 "$text: starts here"
		else
			isnt "$status" 0 "$text: does not start here"
		fi
	fi
	build "$config" "${tars[@]}"
	judge "$text" "$id" image
}

# fresh TREE: root is a copy of it
fresh() {
	rm -rf root
	cp -a "$1" root
}

lib() { # FILE SONAME [ARG...], C on stdin
	local file=$1 soname=$2
	shift 2
	"$CC_FIXTURE" -shared -fPIC -w -o "$file" -Wl,-soname,"$soname" "$@" -x c - ||
		{ echo "Bail out! cannot compile $file"; exit 1; }
}

mkdir empty
main='int main(void) { return 0; }'
app='{"Entrypoint":["/app"]}'

# --- trees laid by hand -----------------------------------------------------

# Debian's form: everything in /usr, links beside it.
interp=$(readlink -f /lib64/ld-linux-x86-64.so.2)
usrlib=usr/lib/x86_64-linux-gnu
mkdir -p glibc/$usrlib glibc/usr/lib64 glibc/usr/bin glibc/etc glibc/tmp
ln -s usr/bin glibc/bin
ln -s usr/lib glibc/lib
ln -s usr/lib64 glibc/lib64
cp "$interp" glibc/$usrlib/ld-linux-x86-64.so.2
ln -s ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 glibc/usr/lib64/ld-linux-x86-64.so.2
cp /lib/x86_64-linux-gnu/libc.so.6 glibc/$usrlib/
compile glibc/app <<<"$main"

check "a tree laid by hand" '' "$app" glibc
cp "$(readlink -f /bin/sh)" glibc/usr/bin/sh
cp "$(readlink -f /usr/bin/env)" glibc/usr/bin/env
check "a dynamic shell" '' '{"Entrypoint":["/bin/sh","-c","exit 0"]}' glibc
check "as the command alone" '' '{"Cmd":["/bin/sh","-c","exit 0"]}' glibc
check "neither" '' '{}' glibc empty
is "$(found notes)" no-entrypoint "is worth a note"

mkdir -p box/bin
if have busybox && ! readelf -l "$(command -v busybox)" | grep -q INTERP; then
	cp "$(command -v busybox)" box/bin/
	for name in sh true env; do
		ln -s busybox box/bin/$name
	done
	check "busybox" '' '{"Entrypoint":["/bin/sh","-c","true"]}' box
	check "busybox by PATH" '' '{"Entrypoint":["true"]}' box
else
	skip "busybox" "busybox-static is not installed"
fi

# --- loaders ----------------------------------------------------------------

fresh glibc
rm root/$usrlib/ld-linux-x86-64.so.2
check "no loader" missing-loader "$app"
fresh glibc
rm root/lib64
check "the directory of the loader is not there" missing-loader "$app"
fresh glibc
rm root/usr/lib64/ld-linux-x86-64.so.2
ln root/$usrlib/ld-linux-x86-64.so.2 root/usr/lib64/ld-linux-x86-64.so.2
check "the loader as a hard link" '' "$app"
fresh glibc
ln -sf /$usrlib/ld-linux-x86-64.so.2 root/usr/lib64/ld-linux-x86-64.so.2
check "the loader behind an absolute link" '' "$app"
ln -sf ../../../../../../$usrlib/ld-linux-x86-64.so.2 root/usr/lib64/ld-linux-x86-64.so.2
check "the loader behind a link that leads out" '' "$app"
ln -sf ld-linux-x86-64.so.2 root/usr/lib64/ld-linux-x86-64.so.2
check "a link to itself for a loader" missing-loader "$app"
fresh glibc
chmod -x root/$usrlib/ld-linux-x86-64.so.2
check "a loader that is not executable" not-executable "$app"
fresh glibc
head -c 1000 "$interp" >root/$usrlib/ld-linux-x86-64.so.2
check "a loader cut off" damaged-file "$app"
fresh glibc
compile root/app -Wl,--dynamic-linker=lib64/ld-linux-x86-64.so.2 <<<"$main"
check "a loader by relative path" relative-loader '{"Entrypoint":["/app"],"WorkingDir":"/tmp"}'

if have musl-gcc; then
	mkdir -p musl/lib
	cp "$(readlink -f /lib/ld-musl-x86_64.so.1)" musl/lib/ld-musl-x86_64.so.1
	CC_FIXTURE=musl-gcc compile musl/app <<<"$main"
	check "a musl tree" '' "$app" musl
	fresh glibc
	cp musl/app root/app
	check "a musl program in a glibc tree" missing-loader "$app"
	fresh musl
	cp glibc/app root/app
	check "a glibc program in a musl tree" missing-loader "$app"
	fresh musl
	CC_FIXTURE=musl-gcc lib root/lib/libx.so libx.so <<<'int x;'
	(cd root/lib && CC_FIXTURE=musl-gcc compile ../app -Wl,--no-as-needed libx.so <<<"$main")
	check "musl: a library" '' "$app"
	mkdir root/opt
	mv root/lib/libx.so root/opt/
	check "musl: a library elsewhere" missing-library "$app"
	mkdir root/etc
	echo /lib:/opt >root/etc/ld-musl-x86_64.path
	check "musl: its path file" '' "$app"
else
	skip "musl" "musl-gcc is not installed"
fi

# --- machines ---------------------------------------------------------------

if have aarch64-linux-gnu-gcc; then
	mkdir arm64
	CC_FIXTURE=aarch64-linux-gnu-gcc compile arm64/app -static <<<"$main"
	layer_of arm.tar arm64
	check "an arm64 program in an image called amd64" wrong-architecture "$app" arm64 empty
	arch=arm64
	check "in one called arm64" '' "$app" arm64 empty
	fresh glibc
	CC_FIXTURE=aarch64-linux-gnu-gcc compile root/app \
		-Wl,--dynamic-linker=/lib64/ld-linux-x86-64.so.2 <<<"$main"
	check "an arm64 program with a loader for amd64" wrong-architecture "$app" root empty
	arch=amd64
	fresh glibc
	CC_FIXTURE=aarch64-linux-gnu-gcc lib root/$usrlib/libx.so libx.so <<<'int x;'
	lib x.so libx.so <<<'int x;'
	compile root/app -Wl,--no-as-needed x.so <<<"$main"
	check "an arm64 library for an amd64 program" missing-library "$app"
else
	skip "other machines" "aarch64-linux-gnu-gcc is not installed"
fi
arch=386
check "a 64-bit program in an image called 386" wrong-architecture "$app" glibc empty
arch=amd64

# --- libraries --------------------------------------------------------------

lib x.so libx.so.1 <<<'int x(void) { return 0; }'
uses='int x(void); int main(void) { return x(); }'
fresh glibc
compile root/app x.so <<<"$uses"
cp -a root needy
check "a missing library" missing-library "$app"
like "$(jq -r '.problems[0].what' <<<"$stdout")" \
	'^libx\.so\.1: not found, needed by /app; tried .*/lib/x86_64-linux-gnu/libx.so.1 \(default directory\)' \
	"the message has every place"
like "$(jq -r '.problems[0].where' <<<"$stdout")" '^config sha256:' "and which image"
cp x.so root/$usrlib/libx.so.1
check "the library is there" '' "$app"
mkdir -p root/opt/x
mv root/$usrlib/libx.so.1 root/opt/x/
check "in a directory that nobody knows" missing-library "$app"
check "which LD_LIBRARY_PATH names" '' '{"Entrypoint":["/app"],"Env":["LD_LIBRARY_PATH=/lib:/opt/x"]}'
check "LD_LIBRARY_PATH names another" missing-library \
	'{"Entrypoint":["/app"],"Env":["LD_LIBRARY_PATH=/opt/y"]}'
echo /opt/x >root/etc/ld.so.conf
ldconfig -r root
rm -rf root/etc/ld.so.conf root/var
check "which the cache alone knows" '' "$app"
head -c 100 root/etc/ld.so.cache >cut && cp cut root/etc/ld.so.cache
check "a cache cut off" missing-library "$app"
rm root/etc/ld.so.cache
compile root/app x.so -Wl,-rpath,/opt/x <<<"$uses"
check "which the program's RUNPATH names" '' "$app"
# shellcheck disable=SC2016  # for the loader to expand
compile root/app x.so -Wl,-rpath,'$ORIGIN/../opt/x' <<<"$uses"
mkdir root/srv
mv root/app root/srv/
check "by \$ORIGIN" '' '{"Entrypoint":["/srv/app"]}' root empty
ln -s srv/app root/app
check "by \$ORIGIN, through a link" '' "$app" root empty
mv root/opt/x/libx.so.1 root/opt/x/libx.so.1.0
ln -s libx.so.1.0 root/opt/x/libx.so.1
check "a library behind a link" '' "$app" root empty
ln -sf libx.so.1.1 root/opt/x/libx.so.1
check "behind a link to nothing" missing-library "$app"
rm root/opt/x/libx.so.1
mkdir root/opt/x/libx.so.1
check "a directory for a library" missing-library "$app"

fresh needy
cp x.so root/$usrlib/libx.so.1
check "LD_PRELOAD" '' '{"Entrypoint":["/app"],"Env":["LD_PRELOAD=/lib/x86_64-linux-gnu/libx.so.1"]}'
check "LD_PRELOAD of what is not there, which the loader ignores" '' \
	'{"Entrypoint":["/app"],"Env":["LD_PRELOAD=/nowhere.so libgone.so"]}'
is "$(found notes)" "missing-preload missing-preload" "is worth a note"

# --- symbols ----------------------------------------------------------------

lib root/$usrlib/libx.so.1 libx.so.1 <<<'int y(void) { return 0; }'
check "a symbol that is not there" missing-symbol "$app"
echo 'V1 { global: y; }; V2 { global: x; } V1;' >map
lib ver.so libx.so.1 -Wl,--version-script=map <<<'int x(void) { return 0; } int y(void) { return 0; }'
compile root/app ver.so <<<"$uses"
cp ver.so root/$usrlib/libx.so.1
check "a symbol with a version" '' "$app"
echo 'V1 { global: y; x; };' >map
lib root/$usrlib/libx.so.1 libx.so.1 -Wl,--version-script=map \
	<<<'int x(void) { return 0; } int y(void) { return 0; }'
check "a version that is not met" missing-version "$app"
fresh glibc
echo 'GLIBC_2.2.5 { global: *; }; GLIBC_9.99 { global: x; };' >map
lib root/$usrlib/libx.so.1 libx.so.1 -Wl,--version-script=map <<<'int x(void) { return 0; }'
cp root/$usrlib/libx.so.1 ver.so
compile root/app ver.so <<<"$uses"
cp root/$usrlib/libc.so.6 root/$usrlib/libx.so.1
check "a C library too old" missing-version "$app"

# --- scripts ----------------------------------------------------------------

script() { # FILE LINE
	printf '%s\n' "$2" >"$1"
	chmod +x "$1"
}
fresh glibc
script root/app '#!/bin/sh'
check "a script" '' "$app"
script root/app '#!/bin/bash'
check "a script without its interpreter" missing-file "$app"
script root/app '#!/usr/bin/env sh'
check "a script through env" '' "$app"
script root/app '#!/usr/bin/env python3'
check "a script through env, with a program that is not there" script-without-program "$app"
mkdir root/opt
mv root/usr/bin/sh root/opt/
script root/app '#!/usr/bin/env sh'
check "one that PATH does not name" script-without-program "$app"
check "one that PATH of the image names" '' '{"Entrypoint":["/app"],"Env":["PATH=/usr/bin:/opt"]}'
script root/app '#!/usr/bin/env sh -e'
check "two words and no -S" script-without-program '{"Entrypoint":["/app"],"Env":["PATH=/opt"]}'
script root/app '#!/opt/sh'
chmod -x root/opt/sh
check "an interpreter that is not executable" not-executable "$app"
script root/app $'#!/opt/sh\r'
check "Windows line ends" bad-script-line "$app"
script root/app 'echo no first line'
check "a text without a first line" not-a-program "$app"

# --- entry points -----------------------------------------------------------

fresh glibc
chmod -x root/app
check "not executable" entrypoint-not-executable "$app"
rm root/app
check "not there" entrypoint-missing "$app"
mkdir root/app
check "a directory" entrypoint-not-file "$app"
rmdir root/app
: >root/app
chmod +x root/app
check "an empty file" not-a-program "$app"
head -c 3000 glibc/app >root/app
check "a program cut off" damaged-file "$app"
cp x.so root/app
check "a library" shared-object "$app"
ln -sf nowhere root/app
check "a link to nothing" entrypoint-missing "$app"
ln -sf /usr/bin/env root/app
check "an absolute link" '' "$app"

fresh glibc
check "by PATH" '' '{"Entrypoint":["sh","-c","exit 0"]}'
mkdir -p root/a root/b
cp glibc/app root/b/app
check "by a PATH of the image" '' '{"Entrypoint":["app"],"Env":["PATH=/a:/b"]}'
: >root/a/app
check "past what is not executable" '' '{"Entrypoint":["app"],"Env":["PATH=/a:/b"]}'
chmod +x root/a/app
check "but not past what is no program" not-a-program \
	'{"Entrypoint":["app"],"Env":["PATH=/a:/nowhere"]}'
check "in no directory of PATH" entrypoint-missing '{"Entrypoint":["app"],"Env":["PATH=/bin"]}'
check "relative to WorkingDir" '' '{"Entrypoint":["./app"],"WorkingDir":"/b"}'
check "relative, without a dot" '' '{"Entrypoint":["b/app"]}'
check "relative, not there" entrypoint-missing '{"Entrypoint":["./app"],"WorkingDir":"/usr"}'

# --- layers -----------------------------------------------------------------

fresh needy
cp x.so root/$usrlib/libx.so.1
mkdir -p up/$usrlib hide/$usrlib opaque/$usrlib again/$usrlib
lib up/$usrlib/libx.so.1 libx.so.1 <<<'int y(void) { return 0; }'
cp x.so again/$usrlib/libx.so.1
: >hide/$usrlib/.wh.libx.so.1
: >opaque/$usrlib/.wh..wh..opq
check "an upper layer replaces a library" missing-symbol "$app" root up
check "and one above puts it right" '' "$app" root up again
check "an upper layer deletes a library" missing-library "$app" root hide
check "and one above brings it back" '' "$app" root hide again
check "an upper layer empties the directory" missing-loader "$app" root opaque
check "a library in a layer of its own" '' "$app" needy again
rm -rf up
mkdir -p up/lib64
check "a directory takes the place of a link" missing-loader "$app" root up
mkdir -p up/app
check "a directory takes the place of the program" "entrypoint-not-file" "$app" root up
rm -rf up
mkdir up
ln -s /usr/bin/env up/app
check "a link takes its place" '' "$app" root up
mkdir -p low/lib
cp x.so low/lib/libx.so.1
check "a lower layer without the links" missing-library "$app" low needy

# Names in other forms.
fresh glibc
layer_of names.tar root --transform 's|^\./||S'
build "$app" names.tar
judge "names without ./" '' image
layer_of names.tar root -P --transform 's|^\.||S;s|^$|/|S'
like "$(tar -tPf names.tar)" $'\n/app\n' "a layer of absolute names"
build "$app" names.tar
judge "absolute names" '' image
is "$(found notes)" absolute-name "are worth one note"

# --- other tools ------------------------------------------------------------

# umoci makes the layout and the layers; skopeo the other forms.
umoci_image() { # DIR TREE PROGRAM
	umoci init --layout "$1" && umoci new --image "$1:made" &&
		umoci insert --rootless --image "$1:made" "$2" / &&
		umoci config --image "$1:made" --config.entrypoint "$3" --os linux --architecture amd64
}
fresh needy
cp x.so root/$usrlib/libx.so.1
ok "umoci builds one that starts" umoci_image made root /app
judge "umoci's" '' made
ok "and one that lacks a library" umoci_image lacking needy /app
judge "umoci's" missing-library lacking
ok "umoci deletes a library" umoci insert --rootless --image made:made --tag deleted \
	--whiteout /$usrlib/libx.so.1
judge "umoci's whiteout" missing-library oci:made:deleted
judge "the other image of that layout" '' oci:made:made
forms=(docker-archive:made.tar:made:latest oci-archive:made-oci.tar:made oci:made-zstd:made)
for form in "${forms[@]}"; do
	file=${form#*:}
	ok "skopeo copies to ${form%%:*}" skopeo --insecure-policy copy -q \
		--dest-compress-format "$([[ $form == oci:* ]] && echo zstd || echo gzip)" \
		oci:made:made "$form"
	judge "skopeo's $form" '' "${file%%:*}"
	ok "and the bad one" skopeo --insecure-policy copy -q oci:lacking:made "${form/made/bad}"
	file=${file/made/bad}
	judge "skopeo's $form" missing-library "${file%%:*}"
done

# An archive that is a layout and a docker archive has one problem, not two.
lib x.so libx.so.1 <<<'int x(void) { return 0; } int y(void) { return 0; }'
compile two x.so -Wl,-z,lazy -Wl,-rpath,"$T" <<<'int x(void), y(void); int main(void) { return x() || y(); }'
lib libx.so.1 libx.so.1 <<<'int x(void) { return 0; }'
run "$SCRATCHPACK" ./two -q -o both.tar
exits 0 "a program that binds lazily and lacks a function is packed"
judge "in both forms at once" missing-symbol both.tar
like "$stderr" 'has a problem: ' "the problem is told once"

# Text says it too.
run "$SCRATCHPACK" verify lacking
exits 7 "verify as text"
like "$stdout" $'(^|\n)problem missing-library: config sha256:[0-9a-f]*: libx.so.1: not found' \
	"the problem with its identifier"
unlike "$stdout" $'(^|\n)ok$' "and no ok"
like "$stderr" '^scratchpack: error: .*the image has a problem: ' "and one line on stderr"
done_testing
