#!/bin/bash
# seeds.sh DIR: makes first inputs for the fuzz targets, DIR/NAME/* for the target
# fuzz_NAME.c.  No ELF file is kept with the sources, so they are compiled here.
set -eu
dir=$1
rm -rf "$dir"
mkdir -p "$dir"
cd "$dir"

# Without the C library's start files these are a few kilobytes each.
mkdir elf
bare='-nostdlib -nostartfiles -Wl,--build-id=sha1 -Os -w'
source='extern int puts(const char *); int _start_c(void) { return puts("x"); }'
library='int puts(const char *s) { return s != 0; }'
compile() { # FILE CC ARG... with the C text on stdin
	local file=$1
	shift
	# shellcheck disable=SC2086
	"$@" $bare -x c -o "elf/$file" - 2>/dev/null || rm -f "elf/$file"
}
compile shared gcc -shared -fPIC -Wl,-soname,libx.so.1 <<<"$library"
compile static gcc -static -Wl,-e,_start_c <<<"$library int _start_c(void) { return puts(\"x\"); }"
compile static-pie gcc -static-pie -fPIE -Wl,-e,_start_c \
	<<<"$library int _start_c(void) { return puts(\"x\"); }"
compile object gcc -c <<<"$source"
compile runpath gcc -Wl,-e,_start_c,--unresolved-symbols=ignore-all,-rpath,'$ORIGIN/../lib' \
	-Wl,--enable-new-dtags -pie -fPIE <<<"$source"
compile rpath gcc -Wl,-e,_start_c,--unresolved-symbols=ignore-all,-rpath,'$ORIGIN:/opt/lib' \
	-Wl,--disable-new-dtags -pie -fPIE <<<"$source"
echo 'V1 { puts; }; V2 { } V1;' >versions
compile versions gcc -shared -fPIC -Wl,--version-script=versions <<<"$library"
rm versions
compile arm64 aarch64-linux-gnu-gcc -shared -fPIC <<<"$library"
compile arm arm-linux-gnueabihf-gcc -shared -fPIC <<<"$library"
compile riscv64 riscv64-linux-gnu-gcc -shared -fPIC <<<"$library"
# The form that Go 1.18 and later write: two strings after a header of 32 bytes.
compile go gcc -shared -fPIC <<'END'
__attribute__((section(".go.buildinfo"), aligned(16), used)) char info[] =
	"\377 Go buildinf:\010\002\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	"\010go1.19.8\104"
	"0w\257\f\222t\b\002A\341\301\a\346\326\030\346"
	"path\tx\nmod\tx\t(devel)\nbuild\tGOAMD64=v3"
	"\3712C1\206\030 r\000\202B\020A\026\330\362";
END
if [ -f elf/shared ] && command -v strip >/dev/null; then
	cp elf/shared elf/stripped
	strip --strip-section-headers elf/stripped 2>/dev/null || strip elf/stripped
fi
printf '#!/bin/sh\necho\n' >elf/script
printf '\177ELF' >elf/magic

# A byte that says what kind of file, and a table of Go functions: Go 1.18 in 64 bits,
# Go 1.2 in 32 bits with the big end first.
mkdir gofuncs
cp elf/shared elf/stripped elf/go gofuncs/ 2>/dev/null || :
number() { # a value below 256 as 8 bytes
	printf '%b\0\0\0\0\0\0\0' "$(printf '\\x%02x' "$1")"
}
{
	printf '\1\360\377\377\377\0\0\1\10'
	for value in 2 1 16 72 88 96 104 112; do number "$value"; done
	printf 'main.a\0main.b\0\0\0'
	printf '%064d' 0
	printf '/etc/passwd\0/cargo/registry/regex-1.7.0/src\0'
} >gofuncs/parts
{
	printf '\2\377\377\377\373\0\0\4\4\0\0\0\1\0\0\20\0\0\0\0\34\0\0\20\0'
	printf '\0\0\0\60\0\0\20\0\0\0\0\44main.main\0\0\0\0\0\0\1'
} >gofuncs/mixed

mkdir cache
[ ! -r /etc/ld.so.cache ] || head -c 65536 /etc/ld.so.cache >cache/host
printf 'ld.so-1.7.0' >cache/old
printf 'glibc-ld.so.cache1.1' >cache/new

mkdir dlopen
echo '[{"soname":["libplug.so.9","libplug.so.1"],"priority":"required","feature":"x"}]' >dlopen/whole
echo '[{"feature":"a b","description":"c","soname":["libplug.so.1"]}, {}]' >dlopen/short
echo '[{"soname":' >dlopen/cut

mkdir named
echo 'load "/usr/share/app/%s.conf", see /etc/app.conf. PATH=/usr/lib/app/bin:/opt/app' >named/script
echo '/usr/lib/x86_64-linux-gnu/app//../x ../share/app share/app /usr/share/*/x /var/cache/app/x' >named/paths

printf 'x share/app' >named/end

mkdir json
echo '{"schemaVersion":2,"mediaType":"x","manifests":[{"digest":"sha256:0","size":1}]}' >json/index
echo '{"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\\\n"],"b":{}}' >json/values
echo '[[[[[[[[[[]]]]]]]]]]' >json/deep

mkdir challenge
printf 'Bearer realm="https://auth.example/token?a=b",service="s",scope="repository:a/b:pull,push"' >challenge/bearer
printf 'Basic realm="a, \\"b\\"", Negotiate' >challenge/basic
printf 'https://[::1]:5000/v2/a/blobs/uploads/x?_state=a%%2Fb#c' >challenge/url
printf '//other/../x?y' >challenge/relative
printf 'dXNlcjpwYXNzOndvcmQ=' >challenge/base64

mkdir ref
printf 'app' >ref/short
printf 'registry.example.org:5000/team/app:1.0' >ref/full
printf 'app@sha256:%064d' 0 >ref/digest

mkdir tar inflate zstd
echo text >file
ln -s file link
long=$(printf 'x%.0s' {1..120})
mkdir "$long"
echo text >"$long/$long"
tar --format=ustar -cf tar/ustar file link
tar --format=pax -cf tar/pax file link "$long"
tar --format=gnu -cf tar/gnu file link "$long"
gzip -nc tar/pax >inflate/gzip
cat inflate/gzip inflate/gzip >inflate/members
! command -v zstd >/dev/null || zstd -q -c tar/pax >zstd/frame
cp inflate/gzip zstd/
cp zstd/* inflate/
rm -rf file link "$long"

mkdir dockerfile
cat >dockerfile/all <<'END'
# syntax=docker/dockerfile:1
# escape=`
ARG V=1
FROM --platform=$V scratch AS a
ENV A=1 B="x `
# comment
y" C=${V:-${A:+z}}
COPY --from=a --chown=1:2 ["a b", "/c"]
COPY <<-"E" <<F /d/
	x
	E
$A
F
HEALTHCHECK --interval=5s CMD ["/a"]
END
printf 'FROM a\nCMD a \\\n b\n' >dockerfile/small
printf '*.md\n!**/R[a-e]*\n' >dockerfile/ignore

# An index, a manifest and a configuration; those of a docker archive.
mkdir stored
config='{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z","author":"a","config":{
"Env":["A=B"],"Entrypoint":["/a"],"Cmd":["b"],"Labels":{"a":"b"},"ExposedPorts":{"80/tcp":{}},"Volumes":{"/v":{}},
"User":"1:2","WorkingDir":"/w","StopSignal":"SIGTERM","Healthcheck":{"Test":["CMD","/a"],"Interval":1000000000}},
"rootfs":{"type":"layers","diff_ids":["sha256:'$(printf 0%.0s {1..64})'"]},"history":[{"created_by":"x","empty_layer":true}]}'
oci=application/vnd.oci.image
cat >stored/oci <<END
{"schemaVersion":2,"mediaType":"$oci.index.v1+json","manifests":[{"mediaType":"$oci.manifest.v1+json",
"digest":"@M","size":@m,"platform":{"os":"linux","architecture":"amd64"},"annotations":{"org.opencontainers.image.ref.name":"a:v1"}}]}
--
{"schemaVersion":2,"mediaType":"$oci.manifest.v1+json","config":{"mediaType":"$oci.config.v1+json","digest":"@C","size":@c},
"layers":[{"mediaType":"$oci.layer.v1.tar","digest":"@C","size":@c}]}
--
$config
END
sed 's/,"platform":{[^}]*}//; s/^"layers":/"subject":{"mediaType":"a\/b","digest":"@C","size":@c},&/' stored/oci >stored/bare
sed 's/"sha256:0*"//' >stored/docker <<END
[{"Config":"c.json","RepoTags":["a:v1"],"Layers":[]}]
--
{}
--
$config
END

mkdir glob path
printf '/usr/**/lib*.so.[0-9]*' >glob/all
printf '//a/./b/../c/' >path/dots

mkdir tokens
printf 'x$ORIGIN/../lib:${LIB}:$PLATFORM::a:/b$c;$ORIGINAL:$ORIGIN\n${ORIGIN' >tokens/all
printf '/opt/lib' >tokens/plain
PATH=$PATH:/usr/sbin:/sbin
if command -v ldconfig >/dev/null && [ -f elf/shared ]; then
	mkdir lib
	cp elf/shared lib/libx.so.1
	echo "$PWD/lib" >conf
	for format in new compat old; do
		ldconfig -c "$format" -f conf -C "cache/$format-format" -X 2>/dev/null || :
	done
	rm -r lib conf
fi
