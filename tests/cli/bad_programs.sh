#!/bin/bash
# What cannot be packed: exit 3, one line that says what it is, and nothing written.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need xxd objcopy python3

static_hello hello
dynamic_hello dynamic
printf 'old' >o.tar

# refuses CODE FILE REGEX TEXT: REGEX is looked for without the file's own name
refuses() {
	local errors said
	RUN_TIMEOUT=10 run "$SCRATCHPACK" "$2" -o o.tar --progress none
	errors=$(grep -c '' "$RUN/stderr")
	said=${stderr/"$T/${2#./}: "/}
	if [ "$status" -eq "$1" ] && [ ! -s "$RUN/stdout" ] && [ "$errors" -eq 1 ] &&
		[[ $said =~ ^scratchpack:\ error:.*($3) ]] && [[ $stderr == *"$(basename "$2")"* ]] &&
		[ "$(cat o.tar)" = old ] && [ -z "$(litter)" ]; then
		pass "$4"
		return
	fi
	fail "$4"
	diag "exit code $status, want $1; want one line that matches: $3"
	diag "$(head -c 1000 "$RUN/stderr")"
	diag "o.tar: $(wc -c <o.tar) bytes, litter: $(litter)"
	printf 'old' >o.tar
}

mkdir directory
refuses 3 directory 'is a directory' "a directory"
refuses 3 ./directory/ 'is a directory' "a directory with a slash"
mkfifo fifo
refuses 3 fifo 'FIFO|pipe|not a (regular )?file' "a FIFO, without waiting for a writer"
refuses 3 /dev/null 'device|not a (regular )?file' "a device"
python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("sock")'
refuses 3 sock 'socket|not a (regular )?file' "a socket"
refuses 3 missing '[Nn]o such file' "a file that is not there"
refuses 3 missing/hello '[Nn]o such file' "in a folder that is not there"
refuses 3 hello/x '[Nn]ot a directory|[Nn]o such file' "below a file"
ln -s loop loop
refuses 3 loop 'link that leads nowhere|links|loop' "a link to itself"
ln -s nowhere dangling
refuses 3 dangling '[Nn]o such file' "a link to nothing"
: >empty
chmod +x empty
refuses 3 empty 'empty' "an empty file"
echo 'just text' >text
chmod +x text
refuses 3 text 'text|ELF' "text"
head -c 5000 /dev/zero >zeros
chmod +x zeros
refuses 3 zeros 'is data' "zeros"
printf '\177ELF' >magic
chmod +x magic
refuses 3 magic 'outside the file' "four bytes of ELF"
printf 'MZ\220\0%0200d' 0 >pe.exe
chmod +x pe.exe
refuses 3 pe.exe '(PE|Windows)' "a Windows program"
{ xxd -r -p <<<cffaedfe07000001030000000200000010000000; head -c 500 /dev/zero; } >macho
chmod +x macho
refuses 3 macho '(Mach-O|macOS)' "a macOS program"
{ xxd -r -p <<<cafebabe000000020100000700000003; head -c 500 /dev/zero; } >fat
chmod +x fat
refuses 3 fat '(Mach-O|macOS|Java)' "a macOS universal program"
{ xxd -r -p <<<0061736d01000000; head -c 500 /dev/zero; } >wasm
chmod +x wasm
refuses 3 wasm '(WebAssembly|not an ELF)' "WebAssembly"
gcc -c -x c -o object.o - <<<'int main(void) { return 0; }'
chmod +x object.o
refuses 3 object.o '(relocatable|object file)' "an object file"
ar rcs lib.a object.o
chmod +x lib.a
refuses 3 lib.a '(archive|not an ELF)' "a static library"
gcc -shared -fPIC -x c -o lib.so - <<<'int f(void) { return 0; }'
chmod +x lib.so
refuses 3 lib.so 'shared (object|library)' "a shared library"
# ET_CORE, as the kernel would write it
cp hello core
printf '\4' | dd of=core bs=1 seek=16 conv=notrunc status=none
refuses 3 core 'core' "a core file"

chmod -x object.o
refuses 3 object.o '(relocatable|object file)' "an object file is called one, whatever its mode"

# Not executable, or not for us to read.
cp hello plain
chmod 644 plain
refuses 3 plain 'not executable' "a program that is not executable"
like "$stderr" 'chmod \+x' "with the remedy"
if [ "$(id -u)" -ne 0 ]; then
	cp hello secret
	chmod 111 secret
	refuses 3 secret 'ermission denied' "a program that cannot be read"
elif have setpriv; then
	cp hello secret
	chmod 711 secret
	chmod 755 "$T"
	mkdir -m 777 open
	run setpriv --reuid 65534 --regid 65534 --clear-groups "$SCRATCHPACK" ./secret -o open/o.tar \
		--progress none
	exits 3 "a program that cannot be read"
	like "$stderr" 'secret.*ermission denied' "is named"
	is "$(ls -A open)" "" "and nothing written"
fi

# Programs of other systems.
brand() { # FILE BYTE: EI_OSABI
	cp hello "$1"
	printf '%b' "\\x$2" | dd of="$1" bs=1 seek=7 conv=notrunc status=none
}
brand freebsd 09
refuses 3 freebsd '[Ff]reebsd' "a FreeBSD program, by its header"
brand openbsd 0c
refuses 3 openbsd '[Oo]penbsd' "an OpenBSD program"
brand netbsd 02
refuses 3 netbsd '[Nn]etbsd' "a NetBSD program"
brand solaris 06
refuses 3 solaris '[Ss]olaris' "a Solaris program"
noted() { # FILE OWNER TYPE: a program with that note
	compile "$1" -static -Wl,--build-id=none <<-END
		__asm__(".pushsection .note.other, \"a\", %note\n"
			".balign 4\n.long 2f-1f\n.long 4\n.long $3\n"
			"1: .asciz \"$2\"\n2: .balign 4\n.long 1300000\n.popsection");
		int main(void) { return 0; }
	END
	# the ABI note of Linux out of the way
	objcopy --remove-section=.note.ABI-tag "$1"
}
noted note-freebsd FreeBSD 1
refuses 3 note-freebsd '[Ff]reebsd' "a FreeBSD program, by its note"
noted note-netbsd NetBSD 1
refuses 3 note-netbsd '[Nn]etbsd' "a NetBSD program, by its note"
noted note-openbsd OpenBSD 1
refuses 3 note-openbsd '[Oo]penbsd' "an OpenBSD program, by its note"
noted note-android Android 1
refuses 3 note-android '[Aa]ndroid' "an Android program, by its note"
compile bionic -Wl,--dynamic-linker=/system/bin/linker64 <<<'int main(void) { return 0; }'
refuses 3 bionic '([Aa]ndroid|/system/bin/linker64)' "a program with Android's loader"

# Packed with UPX: what it needs is hidden.  A program of the form that UPX writes:
# no sections, and its marker behind the program headers.
python3 - <<'END'
import struct
code = bytes.fromhex("b83c0000000f05")           # exit
def program(marker):
    head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0x400200, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x1000, 0x1000, 0x1000)
    body = (head + load).ljust(0x78 + 4, b"\0") + marker
    return body.ljust(0x200, b"\0") + code + bytes(0x1000 - 0x200 - len(code))
open("upx", "wb").write(program(b"UPX!\x0d\x1e\x0e\x0a")[:0xff0] + b"UPX!" + bytes(12))
open("bare", "wb").write(program(bytes(8)))
END
chmod +x upx bare
refuses 3 upx 'UPX' "a program packed with UPX"
like "$stderr" 'upx -d' "with the remedy"
run "$SCRATCHPACK" ./bare -o bare.tar
exits 0 "the same without the marker is packed"

# A missing library: its name, who needs it, each place tried.
cat >needed.c <<<'int needed(void) { return 0; }'
gcc -shared -fPIC -o libneeded.so -Wl,-soname,libneeded.so.7 needed.c
compile needy libneeded.so -Wl,-rpath,'$ORIGIN/lib:/opt/there' <<<'int needed(void); int main(void) { return needed(); }'
refuses 3 ./needy 'libneeded\.so\.7' "a missing library"
like "$stderr" 'needy' "the message names who needs it"
for place in "$T/lib/libneeded.so.7" /opt/there/libneeded.so.7 /lib/x86_64-linux-gnu/libneeded.so.7; do
	[[ $place != /lib/* || $(uname -m) == x86_64 ]] || continue
	like "$stderr" "$place" "and $place"
done
run "$SCRATCHPACK" ./needy -n
exits 3 "--dry-run finds it too"
mkdir lib
gcc -shared -fPIC -o liblow.so -Wl,-soname,liblow.so.1 -x c - <<<'int low(void) { return 0; }'
gcc -shared -fPIC -o lib/libneeded.so.7 -Wl,-soname,libneeded.so.7 -Wl,--no-as-needed \
	needed.c liblow.so
refuses 3 ./needy 'liblow\.so\.1' "a library that a library misses"
like "$stderr" 'libneeded\.so\.7' "the message names the library that needs it"
echo 'not a library' >lib/libneeded.so.7
refuses 3 ./needy 'libneeded\.so\.7' "a library that is text"
rm lib/libneeded.so.7
mkdir lib/libneeded.so.7
refuses 3 ./needy 'libneeded\.so\.7' "a library that is a directory"
rmdir lib/libneeded.so.7
mkfifo lib/libneeded.so.7
refuses 3 ./needy 'libneeded\.so\.7' "a library that is a FIFO, without waiting"
rm lib/libneeded.so.7
ln -s libneeded.so.7 lib/libneeded.so.7
refuses 3 ./needy 'libneeded\.so\.7' "a library that is a link to itself"

compile noloader -Wl,--dynamic-linker=/lib/no-such-loader.so.1 <<<'int main(void) { return 0; }'
refuses 3 noloader '/lib/no-such-loader\.so\.1' "a missing loader"
compile relloader -Wl,--dynamic-linker=ld.so <<<'int main(void) { return 0; }'
refuses 3 relloader 'ld\.so' "a loader by relative path"
echo text >fakeloader
compile textloader -Wl,--dynamic-linker="$T/fakeloader" <<<'int main(void) { return 0; }'
refuses 3 textloader 'fakeloader' "a loader that is text"

# A symbol version that the library here does not have.
cat >v1.map <<<'V1 { global: *; };'
cat >v2.map <<<'V1 { global: old; }; V2 { global: needed; } V1;'
cat >versioned.c <<<'int needed(void) { return 0; } int old(void) { return 0; }'
gcc -shared -fPIC -o libver.so -Wl,-soname,libver.so -Wl,--version-script=v2.map versioned.c
compile versioned libver.so -Wl,-rpath,'$ORIGIN' <<<'int needed(void); int main(void) { return needed(); }'
gcc -shared -fPIC -o libver.so -Wl,-soname,libver.so -Wl,--version-script=v1.map versioned.c
refuses 3 ./versioned 'V2' "a symbol version that is not there"
like "$stderr" 'libver\.so' "the library is named"

# Cut short anywhere: never a crash, a hang or an image.
truncated() { # PROGRAM LENGTH...
	local program=$1 length bad=''
	shift
	for length; do
		head -c "$length" "$program" >cut
		chmod +x cut
		timeout 10 "$SCRATCHPACK" ./cut -o o.tar --progress none >cut.out 2>cut.err
		status=$?
		[ "$status" -eq 3 ] && [ ! -s cut.out ] && [ "$(wc -l <cut.err)" -eq 1 ] &&
			[ "$(cat o.tar)" = old ] || bad+=" $length:$status"
	done
	rm -f cut
	is "$bad" "" "$program cut short at $# lengths"
	printf 'old' >o.tar
}
size=$(stat -c %s dynamic)
RANDOM=20240501
lengths='1 3 4 5 15 16 17 51 52 53 63 64 65 100 119 120 175 176 500'
for _ in $(seq 30); do
	lengths+=" $((RANDOM % (size / 2)))"
done
# shellcheck disable=SC2086
truncated dynamic $lengths
# shellcheck disable=SC2086
truncated hello $lengths

# Bytes turned over in the headers: an image, or exit 3; never anything else.
bad=''
for _ in $(seq 60); do
	cp dynamic mangled
	at=$((16 + RANDOM % 700))
	printf '%b' "\\x$(printf %02x $((RANDOM % 256)))" |
		dd of=mangled bs=1 seek=$at conv=notrunc status=none
	timeout 10 "$SCRATCHPACK" ./mangled -o m.tar --compress none --progress none >m.out 2>m.err
	status=$?
	case $status in
	0) [ -s m.tar ] || bad+=" $at:empty" ;;
	3) [ "$(wc -l <m.err)" -eq 1 ] && [ ! -s m.out ] && [ ! -e m.tar ] || bad+=" $at:noise" ;;
	*) bad+=" $at:$status" ;;
	esac
	rm -f m.tar
done
is "$bad" "" "60 programs with one byte changed"
is "$(litter)" "" "no temporary file is left"
done_testing
