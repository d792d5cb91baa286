#!/bin/bash
# The installed header and library: a program that is not ours packs an image.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq
[ -e "$BUILD/libscratchpack.so" ] || skip_all "the shared library is not built"
[ "$BUILD" = "${BUILD%san-*}" ] || skip_all "sanitizers are for programs that are built with them"

for std in c99 c11 c17 gnu11 gnu17; do
	ok "the header is $std" gcc -std=$std -Wall -Wextra -Werror -pedantic -fsyntax-only -x c \
		"$TOP/include/scratchpack.h"
done
if have g++; then
	for std in c++11 c++17 c++20; do
		ok "the header is $std" g++ -std=$std -Wall -Wextra -Werror -pedantic -fsyntax-only \
			-x c++ "$TOP/include/scratchpack.h"
	done
fi
like "$(gcc -I "$TOP/include" -x c -E - <<<'#include <scratchpack.h>')" 'scratchpack_pack' \
	"it needs no header of ours beside it"

# What a user's program would be, with the flags that pkg-config gives.
cat >user.c <<'END'
#include <scratchpack.h>
#include <stdio.h>
#include <string.h>

static int steps;
static struct scratchpack *job;
static int cancel_at_once;

static void progress(void *ctx, const struct sp_progress *p)
{
	(void)ctx;
	steps += p->phase != NULL;
	if (cancel_at_once)
		scratchpack_cancel(job);
}

/* user PROGRAM OUTPUT [NAME VALUE]... */
int main(int argc, char **argv)
{
	struct sp_err err = { 0 };
	int rc;

	job = scratchpack_new();
	scratchpack_on_progress(job, progress, NULL);
	rc = scratchpack_set(job, "program", argv[1], &err);
	if (strcmp(argv[2], "-"))
		rc = rc || scratchpack_set(job, "output", argv[2], &err);
	for (int i = 3; !rc && i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "cancel") == 0)
			cancel_at_once = 1;
		else
			rc = scratchpack_set(job, argv[i], argv[i + 1], &err);
	}
	if (!rc)
		rc = strcmp(argv[2], "-") ? scratchpack_pack(job, &err) : scratchpack_plan(job, &err);
	if (rc)
		fprintf(stderr, "%d %s\n", err.code, err.msg);
	else
		puts(scratchpack_report(job));
	if (!rc && !steps)
		fprintf(stderr, "no progress\n");
	scratchpack_free(job);
	scratchpack_free(NULL);
	return rc ? 1 : 0;
}
END
export PKG_CONFIG_PATH=$BUILD
libs=-lscratchpack
if have pkg-config; then
	libs=$(pkg-config --libs-only-l scratchpack)
	is "$(pkg-config --modversion scratchpack)" "$("$SCRATCHPACK" version | cut -d' ' -f2)" \
		"pkg-config knows the version"
fi
# shellcheck disable=SC2086
ok "a program builds" gcc -Wall -Werror -I "$TOP/include" -o user user.c -L "$BUILD" $libs
export LD_LIBRARY_PATH=$BUILD
static_hello hello
run ./user hello api.tar
exits 0 "it packs"
is "$stderr" "" "the library prints nothing, and reports progress"
cp "$RUN/stdout" report
run "$SCRATCHPACK" ./hello -q -o cli.tar
same api.tar cli.tar "the same image as the command's"
is "$(jq -r '.results[0].digest' report)" "${stdout#*@}" "the report has the digest"
run ./user hello - user nonroot
exits 0 "it plans"
is "$(jq -r '.programs[0].plan[] | select(.path == "/etc/passwd") | .type' "$RUN/stdout")" file \
	"the report has the plan"
run ./user missing none.tar
exits 1 "a program that is not there"
like "$stderr" '^3 .*missing' "is SP_EPROGRAM, with a message"
run ./user hello none.tar no-such-option x
like "$stderr" '^2 .*no-such-option' "an unknown option is SP_EUSAGE"
run ./user hello none.tar env NOEQUALS
like "$stderr" '^2 .*NOEQUALS' "a malformed value is too"
run ./user hello /no/such/dir/none.tar
like "$stderr" '^8 ' "an output that cannot be is SP_EOUTPUT"
run ./user hello none.tar cancel now
exits 1 "a cancelled run"
like "$stderr" '^9 ' "is SP_ECANCELLED"
not_ok "nothing was written" test -e none.tar
is "$(litter)" "" "no temporary file is left"

# It reads no environment, prints nothing, changes nothing of its host.
run env SOURCE_DATE_EPOCH=1700000000 TMPDIR=/nonexistent NO_COLOR=1 LC_ALL=de_DE ./user hello env.tar
same env.tar cli.tar "the environment changes nothing"
run "$SCRATCHPACK" version
header=$(sed -n 's/^SP_API.*[ *]\(scratchpack_[a-z_]*\)(.*/\1/p' "$TOP/include/scratchpack.h" | sort)
is "$(nm -D --defined-only "$BUILD/libscratchpack.so" | awk '{ print $3 }' | sort)" "$header" \
	"the library exports what the header declares"
done_testing
