#!/bin/bash
# Where the program goes, and what moves with it: --at, $ORIGIN, links.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

static_hello hello
dynamic_hello dynamic
pack() { # PROGRAM ARG...
	run "$SCRATCHPACK" "$1" -q -o o.tar --compress none "${@:2}"
	[ "$status" -eq 0 ] || diag "$stderr"
}
entry() {
	config o.tar | jq -r '.config.Entrypoint[0]'
}
# starts WANT TEXT: the entry point of o.tar prints WANT
starts() {
	rm -rf root
	unpack o.tar root
	run_inside root "$(entry)"
	is "$stdout" "$1" "$2"
}

pack ./hello
is "$(entry)" /hello "a program of the user's goes to the root"
mkdir -p some/where
cp hello some/where/app
pack some/where/app
is "$(entry)" /app "wherever it was"
pack ./hello --at /usr/local/bin/greet
is "$(entry)" /usr/local/bin/greet "--at"
starts hello "--at: runs"
is "$(layer o.tar | tar -tf -)" "usr/
usr/local/
usr/local/bin/
usr/local/bin/greet" "--at: nothing else is there"
like "$stdout" hello "--at: the program's name"
run "$SCRATCHPACK" ./hello -q -o o.tar --at /usr/local/bin/greet
like "$stdout" '^greet@' "--at: the image is called after it"
pack ./hello --at /a//b/./c
is "$(entry)" /a/b/c "--at: a clean path"
(cd some/where && run "$SCRATCHPACK" ../../hello -q -o ../../o.tar)
is "$(entry)" /hello "a path with .."

# Programs of the system keep their place.
if [ -x /usr/bin/env ] && [ ! -L /usr/bin/env ]; then
	pack /usr/bin/env
	is "$(entry)" /usr/bin/env "a program under /usr keeps its path"
	pack /usr/bin/env --at /env
	is "$(entry)" /env "unless --at says otherwise"
fi
if [ -L /bin ]; then
	pack /bin/echo
	is "$(entry)" /bin/echo "a path through a merged /bin is kept"
	rm -rf root
	unpack o.tar root
	is "$(readlink root/bin)" "$(readlink /bin)" "with the link"
	ok "the file is behind it" test -f root/usr/bin/echo -a ! -L root/usr/bin/echo
	run_inside root /bin/echo one two
	is "$stdout" "one two" "and it runs"
else
	skip "a merged /bin" "/bin is no link here"
fi

# A program that is a link, and a chain of links as update-alternatives makes it.
ln -s hello linked
pack ./linked
is "$(entry)" /linked "a link to a program goes by its own name"
starts hello "and runs"
mkdir -p sys/usr/bin sys/etc/alternatives
cp dynamic sys/usr/bin/tool.real
ln -s /etc/alternatives/tool sys/usr/bin/tool
ln -s /usr/bin/tool.real sys/etc/alternatives/tool
interp=$(readelf -l dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
mkdir -p "sys$(dirname "$interp")"
cp "$(readlink -f "$interp")" "sys$interp"
for lib in $(ldd dynamic | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'); do
	mkdir -p "sys$(dirname "$lib")"
	cp "$(readlink -f "$lib")" "sys$lib"
done
pack /usr/bin/tool --sysroot sys
exits 0 "--sysroot"
is "$(entry)" /usr/bin/tool "a program in a sysroot keeps its path there"
starts hello "links with absolute text are followed inside the sysroot"
sums=$(cd sys && find . -type f -exec md5sum {} + | sort)
is "$(cd root && find . -type f -exec md5sum {} + | sort)" "$sums" "the files are those of the sysroot"
rm "sys$interp"
run "$SCRATCHPACK" /usr/bin/tool --sysroot sys -o none.tar
exits 3 "the loader of the host is not taken for one of the sysroot's"
ln -s /../../../../../../../../etc/hostname sys/usr/bin/escape
chmod +x sys/usr/bin/escape 2>/dev/null
run "$SCRATCHPACK" /usr/bin/escape --sysroot sys -o none.tar
exits 3 "a link does not lead out of the sysroot"
run "$SCRATCHPACK" ./dynamic --sysroot /no/such/dir -o none.tar
isnt "$status" 0 "a sysroot that is not there"
not_ok "nothing was written" test -e none.tar

# $ORIGIN: libraries that lie beside the program move along with it.
answer() { # FILE VALUE: a library
	gcc -shared -fPIC -o "$1" -Wl,-soname,libanswer.so.1 -x c - <<<"int answer(void) { return $2; }"
}
mkdir -p app/bin app/lib
answer app/lib/libanswer.so.1 42
compile app/bin/ask app/lib/libanswer.so.1 -Wl,-rpath,'$ORIGIN/../lib' <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack app/bin/ask --at /opt/ask/bin/ask
starts 42 "a library found by \$ORIGIN/../lib moves with --at"
ok "it is where the loader looks" test -f root/opt/ask/lib/libanswer.so.1
pack app/bin/ask
starts 42 "by default too, next to the root"
answer app/bin/libanswer.so.1 43
compile app/bin/near app/bin/libanswer.so.1 -Wl,-rpath,'$ORIGIN' <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack app/bin/near
starts 43 "\$ORIGIN alone"
is "$(cd root && find . -name 'libanswer*')" ./libanswer.so.1 "the library is beside the program"
compile app/bin/braces app/bin/libanswer.so.1 -Wl,-rpath,'${ORIGIN}' -Wl,--disable-new-dtags <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack app/bin/braces
starts 43 "\${ORIGIN} in an RPATH"

# Through a link, the loader takes the link's target for the origin.
ln -s app/bin/ask ask
pack ./ask
starts 42 "a link to a program with \$ORIGIN"

# A library by absolute path stays where it was.
mkdir -p fixed
answer fixed/libanswer.so.1 44
compile absolute fixed/libanswer.so.1 -Wl,-rpath,"$T/fixed" <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack ./absolute
starts 44 "a library found by an absolute path"
ok "stays at that path" test -f "root$T/fixed/libanswer.so.1"

# A library that is a link, as packages have them: both are there.
mkdir -p versioned
answer versioned/libanswer.so.1.2.3 45
ln -s libanswer.so.1.2.3 versioned/libanswer.so.1
compile links versioned/libanswer.so.1 -Wl,-rpath,'$ORIGIN/versioned' <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack ./links
starts 45 "a library behind a link"
compile links versioned/libanswer.so.1 -Wl,-rpath,"$T/versioned" <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
pack ./links
starts 45 "the same by an absolute path"
is "$(readlink "root$T/versioned/libanswer.so.1")" libanswer.so.1.2.3 "the link is kept as a link"

# LD_LIBRARY_PATH of the image counts, ours does not.
compile wants versioned/libanswer.so.1 <<-'END'
	#include <stdio.h>
	int answer(void);
	int main(void) { printf("%d\n", answer()); return 0; }
END
run env LD_LIBRARY_PATH="$T/versioned" "$SCRATCHPACK" ./wants -o none.tar
exits 3 "LD_LIBRARY_PATH of our own environment finds nothing"
pack ./wants -e LD_LIBRARY_PATH="$T/versioned"
exits 0 "that of the image does"
rm -rf root
unpack o.tar root
if [ "$(id -u)" -eq 0 ]; then
	LD_LIBRARY_PATH="$T/versioned" run_inside root /wants
	is "$stdout" 45 "and the program finds it there"
fi
is "$(litter)" "" "no temporary file is left"
done_testing
