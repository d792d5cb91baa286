#!/bin/bash
# docs/diagnoses.md has every identifier of the sources and no other, and real programs
# bring forth every diagnosis and every note of pack.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq perl python3

# --- sources and documentation ----------------------------------------------

# Identifiers where they are given, by kind: "diagnosis missing-library".
in_sources() {
	perl -0777 -ne '
		while (/\b(?:sp_err_diagnose|sp_err_name|sp_search_problem)\(\w+,\s*"([a-z-]+)"/g) { print "diagnosis $1\n" }
		while (/\b(?:sp_plan_note|sp_need_note|sp_search_remark|keep_note)\([^,()]*,\s*"([a-z-]+)"/g) { print "note $1\n" }
	' "$TOP"/src/*/*.c
	perl -0777 -ne '
		while (/\b(?:sp_verify_problem|sp_verify_absorb|refuse|problem)\([^";]*"([a-z-]+)"/g) { print "problem $1\n" }
		while (/\b(?:ret_id|limit) = "([a-z-]+)"/g) { print "problem $1\n" }
		while (/\b(?:sp_verify_note|remark|note)\([^";]*"([a-z-]+)"/g) { print "verify-note $1\n" }
		while (/\bfound\([^";]*?(true|false),[^";]*"([a-z-]+)"/g) {
			print $1 eq "true" ? "verify-note" : "problem", " $2\n";
		}
	' "$TOP"/src/image/*.c "$TOP"/src/api/witness.c
}

# The first column of the tables, by chapter.
in_docs() {
	awk '
		/^## The program cannot/ { kind = "diagnosis" }
		/^## Notes of pack/ { kind = "note" }
		/^## Problems found/ { kind = "problem" }
		/^## Notes of verify/ { kind = "verify-note" }
		/^\| `[a-z-]+` \|/ { gsub("`", "", $2); print kind, $2 }
	' "$TOP/docs/diagnoses.md"
}

in_sources | sort -u >sources
in_docs | sort >docs
for kind in diagnosis note problem verify-note; do
	ok "the sources have some of kind $kind" grep -q "^$kind " sources
done
is "$(comm -23 sources docs)" "" "every identifier of the sources stands in docs/diagnoses.md"
is "$(comm -13 sources docs)" "" "and no other"
is "$(uniq -d docs)" "" "none stands there twice"
is "$(grep -c '^| `' "$TOP/docs/diagnoses.md")" "$(wc -l <docs)" "every row of a table is read"
is "$(grep '^| `' "$TOP/docs/diagnoses.md" | grep -v '^| `[a-z-]*` | [A-Z`].*[.`)] | [A-Z`].*[.`] |$')" "" \
	"each row has a cause and a remedy, in sentences"
is "$(awk '{ print $2 }' docs | awk 'length > 31')" "" "each fits into struct sp_err"

# --- diagnoses --------------------------------------------------------------

: >seen
# diagnosed ID ARG...: exit code 3, one line that ends with [ID], and no image
diagnosed() {
	local id=$1
	shift
	RUN_TIMEOUT=30 run "$SCRATCHPACK" "$@" -o out.tar --progress none
	if [ "$status" -eq 3 ] && [[ $stderr =~ ^scratchpack:\ error:\ .*\ \[$id\]$ ]] &&
		[ ! -e out.tar ] && [ ! -s "$RUN/stdout" ]; then
		pass "[$id]"
		echo "$id" >>seen
		return
	fi
	fail "[$id]"
	diag "exit code $status: $(head -c 500 "$RUN/stderr")"
	rm -f out.tar
}

main='int main(void) { return 0; }'
patched() { # NEW OLD OFFSET BYTES
	cp "$2" "$1"
	# shellcheck disable=SC2059  # the bytes are a format
	printf "$4" | dd of="$1" bs=1 seek="$3" conv=notrunc status=none
}
executable() { # FILE, stdin
	cat >"$1"
	chmod +x "$1"
}
lib() { # FILE SONAME [ARG...], C on stdin
	local file=$1 soname=$2
	shift 2
	gcc -shared -fPIC -w -o "$file" -Wl,-soname,"$soname" "$@" -x c - ||
		{ echo "Bail out! cannot compile $file"; exit 1; }
}

compile static -static <<<"$main"
compile dynamic <<<"$main"

diagnosed missing-file ./nothing
mkdir directory
diagnosed not-a-file ./directory
cp static plain
chmod 644 plain
diagnosed not-executable ./plain
if [ "$(id -u)" -ne 0 ]; then
	cp static secret
	chmod 111 secret
	diagnosed unreadable-file ./secret
elif have setpriv; then
	chmod 755 "$T"
	mkdir -m 777 open
	cp static open/secret
	chmod 711 open/secret
	cat >open/as-nobody <<-END
		#!/bin/sh
		exec setpriv --reuid 65534 --regid 65534 --clear-groups "$SCRATCHPACK" "\$@"
	END
	chmod +x open/as-nobody
	SCRATCHPACK=$T/open/as-nobody diagnosed unreadable-file open/secret
else
	skip "[unreadable-file]" "root may read everything here, and setpriv is missing"
	echo unreadable-file >>seen
fi
executable text <<<'no first line'
diagnosed not-a-program ./text
head -c 2000 dynamic | executable cut
diagnosed damaged-file ./cut
lib lib.so libone.so.1 <<<'int one(void) { return 0; }'
diagnosed shared-object ./lib.so
gcc -c -o object.o -x c - <<<"$main"
chmod +x object.o
diagnosed relocatable-object ./object.o
patched core static 16 '\4'
diagnosed core-dump ./core
cp static symbols
objcopy --only-keep-debug symbols 2>/dev/null
diagnosed not-executable-type ./symbols
python3 - <<-'END'
	import struct
	head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
	    "<HHIQQQIHHHHHH", 2, 62, 1, 0x400200, 64, 0, 0, 64, 56, 1, 64, 0, 0)
	load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 0x1000, 0x1000, 0x1000)
	body = (head + load).ljust(0x7c, b"\0") + b"UPX!\x0d\x1e\x0e\x0a"
	open("upx", "wb").write(body.ljust(0xff0, b"\x90") + b"UPX!" + bytes(12))
END
chmod +x upx
diagnosed packed ./upx
patched freebsd static 7 '\11'
diagnosed foreign-system ./freebsd
patched vax static 18 '\113\0'
diagnosed unknown-machine ./vax

executable line <<<'#!'
diagnosed bad-script-line ./line
executable loop <<<"#!$T/loop"
diagnosed script-loop ./loop
executable env <<<'#!/usr/bin/env no-such-program'
diagnosed script-without-program ./env

mkdir -p img.d/bin && printf '#!/bin/sh\nif true; then exec x; fi\n' >img.d/bin/run && chmod 755 img.d/bin/run
tar -C img.d -cf img.tar bin
python3 "$TOP/tests/make_image.py" img '{"Entrypoint":["/bin/run"]}' img.tar
diagnosed entry-is-wrapper --from img

compile loader -Wl,--dynamic-linker=/no/such/loader.so <<<"$main"
diagnosed missing-loader ./loader
compile loader -Wl,--dynamic-linker=loader.so <<<"$main"
diagnosed relative-loader ./loader
chmod +x lib.so
compile loader -Wl,--dynamic-linker="$T/lib.so" <<<"$main"
diagnosed unknown-loader ./loader
interp=$(readelf -l dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
patched other-loader "$interp" 18 '\67\0'
compile loader -Wl,--dynamic-linker="$T/other-loader" <<<"$main"
diagnosed wrong-architecture ./loader
compile no-loader -no-pie -Wl,--no-dynamic-linker lib.so <<<'int one(void); int main(void) { return one(); }'
diagnosed libraries-without-loader ./no-loader
compile no-loader -pie -Wl,--no-dynamic-linker lib.so <<<'int one(void); int main(void) { return one(); }'
diagnosed libraries-without-loader ./no-loader
if [ "$(uname -m)" = x86_64 ]; then
	compile no-dynamic -nostdlib -static <<-END
		__asm__(".pushsection .interp, \"a\"; .asciz \"$interp\"; .popsection");
		void _start(void) { for (;;); }
	END
	diagnosed loader-without-libraries ./no-dynamic
else
	skip "[loader-without-libraries]" "the fixture is for x86-64"
	echo loader-without-libraries >>seen
fi

uses='int one(void); int main(void) { return one(); }'
compile needy lib.so <<<"$uses"
diagnosed missing-library ./needy
cat >map <<<'V1 { global: two; }; V2 { global: one; } V1;'
both='int one(void) { return 0; } int two(void) { return 0; }'
lib libone.so.1 libone.so.1 -Wl,--version-script=map <<<"$both"
compile versioned ./libone.so.1 -Wl,-rpath,"$T" <<<"$uses"
cat >map <<<'V1 { global: one; two; };'
lib libone.so.1 libone.so.1 -Wl,--version-script=map <<<"$both"
diagnosed missing-version ./versioned
lib libone.so.1 libone.so.1 <<<'int two(void) { return 0; }'
diagnosed missing-symbol ./versioned --bind-now
if [ "$(uname -m)" = x86_64 ]; then
	lib relr.so relr.so -Wl,-z,pack-relative-relocs <<<'int puts(const char *); static int x; int *p = &x, *q = &x;
		int one(void) { return puts("") < *p; }'
	# the name, and its hash in the record
	LC_ALL=C sed 's/GLIBC_ABI_DT_RELR/GLIBC_2.2.5\x00\x00\x00\x00\x00\x00/; s/\x42\x0e\xfd\x00/\x75\x1a\x69\x09/' relr.so >unmarked.so
	compile compact ./unmarked.so -Wl,-rpath,"$T" <<<"$uses"
	cp unmarked.so relr.so
	diagnosed compact-relocations ./compact
else
	skip "[compact-relocations]" "the fixture is for x86-64"
	echo compact-relocations >>seen
fi
mkdir first second
cp lib.so first/libone.so.1
lib second/libone.so.1 libone.so.1 <<<'int one(void) { return 2; }'
compile either lib.so -Wl,-rpath,"$T/first:$T/second" <<<"$uses"
diagnosed not-closed ./either --exclude "$T/first/libone.so.1" --add "$T/second"

# A program that needs 4100 libraries: small files, made by hand.
mkdir many
python3 - "$interp" "$T/many" <<-'END'
	import struct, sys
	interp, dir = sys.argv[1].encode() + b"\0", sys.argv[2].encode()
	def elf(kind, interp, names):
	    strings, dynamic = b"\0", []
	    for name in names:
	        dynamic.append((1, len(strings)))
	        strings += name + b"\0"
	    dynamic.append((29, len(strings)))          # DT_RUNPATH
	    strings += dir + b"\0"
	    heads, at = 3 if interp else 2, 64 + 56 * 3
	    text = at
	    at += len(interp)
	    string_at, at = at, (at + len(strings) + 15) & ~15
	    dynamic_at = at
	    dynamic += [(5, string_at), (10, len(strings)), (6, string_at), (11, 24), (0, 0)]
	    body = b"".join(struct.pack("<QQ", *d) for d in dynamic)
	    size = dynamic_at + len(body)
	    out = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
	        "<HHIQQQIHHHHHH", kind, 62, 1, text, 64, 0, 0, 64, 56, heads, 64, 0, 0)
	    out += struct.pack("<IIQQQQQQ", 1, 7, 0, 0, 0, size, size, 4096)
	    out += struct.pack("<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, len(body), len(body), 8)
	    if interp:
	        out += struct.pack("<IIQQQQQQ", 3, 4, text, text, text, len(interp), len(interp), 1)
	    out = out.ljust(64 + 56 * 3, b"\0") + interp + strings
	    return out.ljust(dynamic_at, b"\0") + body
	names, more = [b"l%d" % i for i in range(4090)], [b"m%d" % i for i in range(10)]
	open("needs-many", "wb").write(elf(3, interp, names))
	small = elf(3, b"", [])
	for name in names + more:
	    open(dir + b"/" + name, "wb").write(elf(3, b"", more) if name == b"l0" else small)
END
chmod +x needs-many
if [ "$(uname -m)" = x86_64 ]; then
	diagnosed too-many-objects ./needs-many
else
	skip "[too-many-objects]" "the fixture is for x86-64"
	echo too-many-objects >>seen
fi
rm -r many
printf 'FROM scratch\nRUN x\n' >Dockerfile
diagnosed needs-container -f Dockerfile
printf 'FROM scratch\nCOPY static /\nCMD /static\n' >Dockerfile
diagnosed missing-shell -f Dockerfile
printf 'FROM scratch\nCOPY static /\nCMD ["/other"]\n' >Dockerfile
diagnosed missing-entry-point -f Dockerfile
printf 'FROM scratch\nCOPY static /\nCMD ["/static"]\n' >Dockerfile
diagnosed wrong-platform -f Dockerfile --platform linux/s390x

is "$(sort -u seen | comm -3 - <(sed -n 's/^diagnosis //p' docs))" "" \
	"every diagnosis of the documentation has a program here"

# --- notes ------------------------------------------------------------------

: >seen
# noted ID ARG...: a plan with that note
noted() {
	local id=$1
	shift
	run "$SCRATCHPACK" -n --json "$@"
	if [ "$status" -eq 0 ] && jq -e ".programs[].notes[] | select(.id == \"$id\")" <"$RUN/stdout" >/dev/null; then
		pass "note $id"
		echo "$id" >>seen
		return
	fi
	fail "note $id"
	diag "exit code $status: $(head -c 500 "$RUN/stderr")"
	diag "notes: $(jq -c '[.programs[].notes[].id]' <"$RUN/stdout")"
}
noted runs-as-root ./static
noted runs-with-root-group ./static --user 1000
executable script <<<'#!/bin/sh'
noted script ./script
compile relative -Wl,-rpath,lib:/opt <<<"$main"
noted relative-search-path ./relative
# shellcheck disable=SC2016  # for the loader to expand
compile platform -Wl,-rpath,'/opt/$PLATFORM' <<<"$main"
noted platform-token ./platform
cp lib.so libone.so.1
# shellcheck disable=SC2016
compile origin lib.so -Wl,-rpath,'$ORIGIN' <<<"$uses"
chmod u+s origin
noted secure-origin ./origin
compile preloaded lib.so <<<"$uses"
chmod u+s preloaded
noted secure-environment ./preloaded -e LD_LIBRARY_PATH="$T"
noted audit ./dynamic -e LD_AUDIT=/libaudit.so
compile audited -Wl,--audit=/libaudit.so <<<"$main"
noted audit ./audited
compile audited -Wl,--depaudit=/libaudit.so <<<"$main"
noted audit ./audited
compile spaces -ldl <<<'#define _GNU_SOURCE
	#include <dlfcn.h>
	int main(void) { return !dlmopen(LM_ID_NEWLM, "libone.so.1", RTLD_NOW); }'
noted namespaces ./spaces
compile lookups -static 2>lookups.log <<<'#include <pwd.h>
	int main(void) { return !getpwnam("root"); }'
noted static-lookups ./lookups
echo text >data.so
printf '\177ELFtext' >broken.so
noted damaged-object ./static --add broken.so
lib needs.so needs.so -Wl,--no-as-needed -lm <<<'int needs;'
patched foreign.so needs.so 18 '\67\0'
noted foreign-object ./dynamic --add foreign.so
dockerfile() { # LINES on stdin
	cat >Dockerfile
}
dockerfile <<<$'FROM scratch\nCOPY static /\nCOPY none* /'
noted no-entry-point -f Dockerfile
noted pattern-unmatched -f Dockerfile
noted build-arg-unused -f Dockerfile --build-arg V=1
dockerfile <<<$'FROM scratch\nCOPY static /\nHEALTHCHECK CMD x\nCMD ["/static"]'
noted healthcheck-cannot-run -f Dockerfile
mkdir tree
mkfifo tree/fifo
noted special-file ./static --add tree
: >tree/out.tar
noted own-output ./static --add tree -o tree/out.tar
openssl genpkey -algorithm ed25519 -out key.pem 2>/dev/null
noted secret ./dynamic -e SSL_CERT_FILE="$PWD/key.pem"
lib libaway.so libaway.so <<<'int away;'
lib away.so away.so -Wl,--no-as-needed -L. -l:libaway.so <<<'int needs_away;'
rm libaway.so
opener='#include <dlfcn.h>
	int main(void) { return !dlopen(NAME, RTLD_NOW); }'
compile opener -ldl '-DNAME="x"' <<<"$opener"
noted left-out ./opener -e GCONV_PATH="$PWD/away.so" --with gconv
compile opener -ldl '-DNAME="libnone.so.1"' <<<"$opener"
noted not-opened ./opener
compile opener -ldl '-DNAME="x"' <<<"__asm__(\".pushsection .note.dlopen, \\\"a\\\"\n.balign 4\n.long 4, 4, 0x407c0c0a\n\"
	\".asciz \\\"FDO\\\"\n.asciz \\\"[{x\\\"\n.popsection\");
	$opener"
noted damaged-note ./opener
mkdir parts
echo text | tee parts/one /var/tmp/sp-$$ >/dev/null
remove_part() { rm -f "/var/tmp/sp-$$"; }
at_exit remove_part
compile reads <<'END'
#include <fcntl.h>
int main(int argc, char **argv) { return argc > 1 && open(argv[1], O_RDONLY) < 0; }
END
noted trace-only ./reads --trace './reads parts/one'
noted trace-idle ./reads --add parts:/parts --trace ./reads
noted trace-left-out ./reads --trace "./reads /var/tmp/sp-$$"
noted trace-tree-unused ./reads --trace ./reads --trace-tree parts
noted trace-left ./reads --trace './reads; sleep 9 &'
noted trace-uncertain ./reads --trace './reads; unshare -m true || unshare -rm true || kill $$'
noted exclude-unmatched ./static --exclude '/nothing*'

# A root that has nothing but the loader, its libraries, and the program.
run "$SCRATCHPACK" ./dynamic -q -o bare.tar
unpack bare.tar bare
for need in ca-certificates fonts libgcc magic pam shell terminfo tzdata; do
	case $need in
	ca-certificates) id=no-certificates ;;
	tzdata) id=no-zones ;;
	*) id=no-$need ;;
	esac
	noted $id --sysroot bare /dynamic --with $need
done
noted no-locale --sysroot bare /dynamic -e LANG=xx_XX.UTF-8
mkdir -p bare/etc/pam.d bare/usr/share/large
echo 'auth required pam_gone.so' >bare/etc/pam.d/other
noted no-pam-module --sysroot bare /dynamic --with pam
echo 'passwd: files gone' >nsswitch.conf
noted no-nss-module --sysroot bare /dynamic --with nss --add nsswitch.conf:/etc/nsswitch.conf
truncate -s 300M bare/usr/share/large/data
compile bare/large <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/large", "r"); }'
noted too-large --sysroot bare /large
mkdir -p bare/usr/share/closed
touch bare/usr/share/closed/{open,file}
chmod 640 bare/usr/share/closed/file
compile bare/closed <<<'#include <stdio.h>
	int main(void) { return !fopen("/usr/share/closed/", "r"); }'
noted private --sysroot bare /closed
mkdir -p bare/usr/lib/plugs bare/usr/lib/other
cp lib.so bare/usr/lib/other/offer.so
ln -s ../other/offer.so bare/usr/lib/plugs/offer.so
compile bare/plugs -ldl <<<'#include <dlfcn.h>
	int main(void) { return !dlopen("/usr/lib/plugs/", RTLD_NOW); }'
noted offer --sysroot bare /plugs

# A root whose loader has been told things.
run "$SCRATCHPACK" ./dynamic -q -o root.tar
unpack root.tar root
mkdir -p root/etc
echo /lib/libsomething.so >root/etc/ld.so.preload
cp static img.d/bin/static && tar -C img.d -cf img.tar bin
python3 "$TOP/tests/make_image.py" img '{"Entrypoint":["/bin/static"],"Healthcheck":{"Test":["CMD","/x"]},"OnBuild":["RUN x"]}' img.tar
noted healthcheck-dropped --from img
noted healthcheck-oci ./static -o o.tar --healthcheck /static
noted base-onbuild ./static --base img
python3 "$TOP/tests/make_image.py" saved.tar '{}' img.tar --form docker
noted base-without-manifest ./static --base saved.tar
noted preload-file --sysroot root /dynamic
printf 'glibc-ld.so.cache1.1 and no more' >root/etc/ld.so.cache
noted damaged-cache --sysroot root /dynamic
is "$(sort -u seen | comm -3 - <(sed -n 's/^note //p' docs))" "" \
	"every note of the documentation has a program here"
is "$(litter)" "" "no temporary file is left"
done_testing
