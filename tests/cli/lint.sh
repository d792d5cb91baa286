#!/bin/bash
# scripts/lint.sh finds each breach: a small tree that is clean, one plant at a time.
. "$(dirname "$0")/../lib.sh"

need ctags shellcheck

# A project with one file in every layer, nothing wrong with it.
clean_tree() {
	rm -rf tree
	mkdir -p tree/include tree/scripts
	cp "$TOP/scripts/lint.sh" tree/scripts/
	cat >tree/include/scratchpack.h <<-'END'
		#define SP_API
		SP_API int scratchpack_go(int n,
					  int m);
	END
	local layer
	for layer in base elf loader rootfs image transport api cli; do
		mkdir -p "tree/src/$layer"
		cat >"tree/src/$layer/one.h" <<-END
			#ifndef SP_${layer^^}_ONE_H
			#define SP_${layer^^}_ONE_H
			int sp_${layer}_one(void);
			#endif
		END
		cat >"tree/src/$layer/one.c" <<-END
			/* printf() and exit() in a comment are nothing; nor in "strcpy(a, b)" */
			#include "$layer/one.h"
			#include "base/one.h"

			int sp_${layer}_one(void)
			{
				const char *s = "do not exit(1) \"here\" // strcpy(x)";
				return s[0] + sp_base_one(); // abort()
			}
		END
		echo "The folder \`$layer/\`." >>tree/ARCHITECTURE.md
	done
	cp tree/src/rootfs/one.h tree/src/rootfs/plan.h
	sed -i 's/ONE_H/PLAN_H/' tree/src/rootfs/plan.h
}

lint() {
	run bash -c 'cd tree && shift && exec scripts/lint.sh "$@"' lint - "$@"
}

# finds TEXT REGEX: the next lint says so, for what was planted just now.
wanted=()
finds() {
	wanted+=("$1" "$2")
}

# lint_finds TEXT [ARG...]: lint fails, says all of that, and counts each thing that it says.
lint_finds() {
	local i said
	lint "${@:2}"
	exits 1 "$1: fails"
	for ((i = 0; i < ${#wanted[@]}; i += 2)); do
		like "$stdout" "${wanted[i + 1]}" "${wanted[i]}"
	done
	wanted=()
	said=$(grep -c '^lint: ' <<<"$stdout")
	is "${stdout##*$'\n'}" "lint: $((said - 1)) breaches" "$1: each is a breach"
	clean_tree
}

plant() { # FILE, text on stdin, appended
	mkdir -p "tree/$(dirname "$1")"
	cat >>"tree/$1"
}

clean_tree
lint
exits 0 "a clean tree passes"
is "$stdout" "lint: clean" "and nothing is found in it"

# What looks like a breach, and is none.
plant src/image/one.c <<<'#include "rootfs/plan.h"'
plant src/cli/one.c <<<'static void x(void) { printf("x"); exit(getenv("X") != 0); }'
plant src/loader/one.c <<<'static void x(struct y *p) { p->time(1); p->o.exit(2); snprintf(p, 1, ""); }'
yes '/* line */' | head -401 | plant src/elf/one.c
lint
exits 0 "image may include the plan; the command may print, look and end; members and longer names are something else"
like "$stdout" 'question: src/elf/one.c has [0-9]+ lines' "a long file is a question"
unlike "$stdout" '^lint: [^c]' "and no breach"
clean_tree

# Who may include whom: each pair of the table that is forbidden.
pairs='base:elf elf:loader elf:image loader:rootfs rootfs:image rootfs:transport
	image:elf image:transport image:loader transport:elf transport:rootfs
	transport:loader base:cli api:cli cli:elf cli:rootfs cli:transport'
for pair in $pairs; do
	from=${pair%:*} to=${pair#*:}
	plant "src/$from/one.c" <<<"#include \"$to/one.h\""
	finds "$from includes $to" "src/$from/one.c:[0-9]+: the layer may not include \"$to/one.h\""
done
plant src/image/one.c <<<'#include "rootfs/one.h"'
finds "image includes more of rootfs than the plan" 'src/image/one.c.*may not include "rootfs/one.h"'
plant src/rootfs/one.h <<<'#include "one.h"'
finds "an include without a folder" 'src/rootfs/one.h.*may not include "one.h"'
plant src/misc/one.h <<<'int x;'
finds "a folder that is no layer" 'src/misc: a layer without a row'
for header in libelf.h gelf.h zlib.h libdeflate.h zstd.h openssl/evp.h cjson/cJSON.h curl/curl.h dlfcn.h; do
	plant src/cli/one.c <<<"#include <$header>"
	finds "a second user of $header" "src/cli/one.c:[0-9]+:#include <$header>: belongs in src/"
done
plant src/image/gzip.h <<<'#include <libdeflate.h>'
finds "a third-party type in a header" 'src/image/gzip.h.*belongs in'
lint_finds "includes"

calls=('printf("x")' 'fprintf(f, "x")' 'puts("x")' 'perror("x")' 'exit(1)' 'abort()' '_exit(1)'
	'getenv("X")' 'time(NULL)' 'clock_gettime(0, &t)' 'setlocale(0, "")' 'strerror(errno)'
	'fflush(stderr)')
for call in "${calls[@]}"; do
	plant src/loader/one.c <<<"static void x(void) { $call; }"
	finds "the library calls $call" "the library[^:]*: src/loader/one.c:[0-9]+:[^_]* ${call%%(*}\\("
done
for name in strcpy strcat sprintf strncpy strtok atoi gmtime localtime; do
	plant src/cli/one.c <<<"static void x(void) { $name(0); }"
	finds "$name" "banned: src/cli/one.c:[0-9]+:[^:]* $name\\("
done
lint_finds "calls"

sed -i '1,2d' tree/src/elf/one.c
sed -i '1i #include "base/one.h"\n#include "elf/one.h"' tree/src/elf/one.c
finds "own header not first" 'src/elf/one.c: its own header is not its first'
sed -i 's/SP_ELF_ONE_H/SP_ONE_H/' tree/src/elf/one.h
finds "another guard" 'src/elf/one.h: the guard is not SP_ELF_ONE_H'
sed -i 's/int sp_loader_one/uint32_t sp_loader_one/' tree/src/loader/one.h
finds "a header that needs another" 'src/loader/one.h: does not compile alone'
{
	echo 'int sp_long(void)'
	echo '{'
	yes '	;' | head -79
	echo '}'
} | plant src/api/one.c
finds "a function of more than 80 lines" 'more than 80 lines: src/api/one.c: sp_long'
plant src/base/one.c <<<'int sp_x; '
finds "a space at the end of a line" 'src/base/one.c:10'
plant src/image/one.c <<<'        int sp_x;'
finds "spaces for a tab" 'indented with spaces: src/image/one.c:10'
plant README.md <<<"see /wo""rk/main"
finds "a path of one machine" 'does not belong here: ./README.md:1'
plant src/rootfs/one.c <<<"/* TO""DO: more */"
finds "a promise" 'does not belong here: ./src/rootfs/one.c:10'
sed -i '/elf/d' tree/ARCHITECTURE.md
finds "a layer that the document does not name" 'does not name src/elf/'
plant tests/x.sh <<-'END'
	#!/bin/sh
	cd $x
	rm $y
END
chmod +x tree/tests/x.sh
finds "a careless script" 'tests/x.sh:2'
plant tests/y.sh <<<'#!/bin/sh'
finds "a script that cannot be executed" 'cannot be executed: tests/y.sh'
lint_finds "files"
rm tree/ARCHITECTURE.md
finds "no document" 'there is no ARCHITECTURE.md'
lint_finds "one thing alone"

# Libraries with symbols too many or too few.
library() { # C source
	gcc -x c -shared -fPIC -o lib.so - <<<"$1"
	gcc -x c -c -o lib.o - <<<"$1"
	rm -f lib.a
	ar rcs lib.a lib.o
}
library 'int sp_a(void); int scratchpack_go(void) { return 0; }'
lint ../lib.a ../lib.so
exits 0 "a library with the right symbols passes"
library 'int other(void) { return 0; } int sp_more(void) { return 0; }
	int sp_state = 3; int scratchpack_x(void) { static int n; return n++; }'
finds "a symbol without the prefix" 'lacks the prefix sp_: other'
finds "an exported symbol that is not in the header" 'not in scratchpack.h: sp_more'
finds "a declared symbol that is not exported" 'does not export: scratchpack_go'
finds "a variable" 'has no variables.*sp_state'
finds "a static variable in a function" 'has no variables.*n\.0'
lint_finds "symbols" ../lib.a ../lib.so

done_testing
