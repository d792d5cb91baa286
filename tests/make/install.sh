#!/bin/bash
# make install puts everything where packagers expect it, a program can be built on
# the installed library, and make uninstall leaves nothing.
. "$(dirname "$0")/../lib.sh"

[ "$BUILD" = "$TOP/build" ] || skip_all "only what users build is installed"
need pkg-config make readelf

# The settings of the make that runs us, or all would be built again; not its jobs.
case ${MAKEFLAGS:-} in
*' -- '*) export MAKEFLAGS=" -- ${MAKEFLAGS##* -- }" ;;
*) unset MAKEFLAGS ;;
esac
unset MAKELEVEL MFLAGS
version=$(sed -n 's/^#define SCRATCHPACK_VERSION "\(.*\)"/\1/p' "$TOP/include/scratchpack.h")
soname=libscratchpack.so.${version%%.*}

quiet_make() {
	make -s -C "$TOP" DESTDIR="$T/root" PREFIX=/usr LIBDIR=/usr/lib/here "$@"
}
ok "make install" quiet_make install
is "$(cd root && find . -type f -o -type l | sort)" "./usr/bin/scratchpack
./usr/include/scratchpack.h
./usr/lib/here/libscratchpack.a
./usr/lib/here/libscratchpack.so
./usr/lib/here/$soname
./usr/lib/here/libscratchpack.so.$version
./usr/lib/here/pkgconfig/scratchpack.pc
./usr/share/bash-completion/completions/scratchpack
./usr/share/fish/vendor_completions.d/scratchpack.fish
./usr/share/man/man1/scratchpack.1
./usr/share/zsh/site-functions/_scratchpack" "these files, and no others"
run root/usr/bin/scratchpack version
exits 0 "the installed command runs"
ok "bash takes the completion" bash -n root/usr/share/bash-completion/completions/scratchpack

# A user of the library, as a distribution would build it.
cat >user.c <<'END'
#include <scratchpack.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct scratchpack *job = scratchpack_new();
	struct sp_err err = { 0 };
	int failed = scratchpack_set(job, "no-such-option", "1", &err);

	puts(scratchpack_version());
	scratchpack_free(job);
	return !(failed == -1 && err.code == SP_EUSAGE && strlen(err.msg) > 0);
}
END
export PKG_CONFIG_PATH=$T/root/usr/lib/here/pkgconfig PKG_CONFIG_SYSROOT_DIR=$T/root
flags=$(pkg-config --cflags --libs scratchpack)
# shellcheck disable=SC2086
ok "a program builds on the shared library" gcc -Wall -Werror -o user-shared user.c $flags
ok "it needs that library by its soname" \
	sh -c "readelf -d user-shared | grep -q 'NEEDED.*$soname\]'"
run env LD_LIBRARY_PATH="$T/root/usr/lib/here" ./user-shared
exits 0 "and runs with it"
is "${stdout%% *}" "$version" "it tells its version"
private=$(pkg-config --print-requires-private scratchpack)
# shellcheck disable=SC2086
deps=$(env -u PKG_CONFIG_SYSROOT_DIR pkg-config --libs $private)
# shellcheck disable=SC2086
ok "a program builds on the static library" gcc -Wall -Werror -I root/usr/include -o user-static \
	user.c root/usr/lib/here/libscratchpack.a $deps -ldl -pthread
run ./user-static
exits 0 "and runs without it"

ok "make uninstall" quiet_make uninstall
is "$(find root -type f -o -type l)" "" "leaves no file"

for file in "$SCRATCHPACK" "$BUILD/libscratchpack.so.$version"; do
	name=$(basename "$file")
	run readelf -Wdl "$file"
	like "$stdout" 'GNU_RELRO' "$name: read-only after relocation"
	like "$stdout" 'BIND_NOW' "$name: bound at start"
	unlike "$stdout" 'GNU_STACK.* RWE' "$name: no executable stack"
	unlike "$stdout" 'TEXTREL|R(UN)?PATH' "$name: no text relocation, no search path"
done
like "$(readelf -h "$SCRATCHPACK")" 'Type: +DYN' "the command is position-independent"
unlike "$(readelf -Wd "$SCRATCHPACK")" 'NEEDED.*lib(scratchpack|curl)' \
	"it holds its library, and opens libcurl only when it needs it"
done_testing
