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

# finds TEXT REGEX: after a plant, lint fails and says so.
finds() {
	lint "${@:3}"
	exits 1 "$1: fails"
	like "$stdout" "$2" "$1: says so"
	clean_tree
}

# found TEXT REGEX: the last lint, of a tree with several plants, said so.
found() {
	like "$stdout" "$2" "$1: says so"
}

plant() { # FILE, text on stdin, appended
	mkdir -p "tree/$(dirname "$1")"
	cat >>"tree/$1"
}

clean_tree
lint
exits 0 "a clean tree passes"
is "$stdout" "lint: clean" "and nothing is found in it"

# Who may include whom: each pair of the table that is forbidden.
pairs='base:elf elf:loader elf:image loader:rootfs rootfs:image rootfs:transport
	image:elf image:transport image:loader transport:elf transport:rootfs
	transport:loader base:cli api:cli cli:elf cli:rootfs cli:transport'
for pair in $pairs; do
	plant "src/${pair%:*}/one.c" <<<"#include \"${pair#*:}/one.h\""
done
lint
exits 1 "includes that go up fail"
for pair in $pairs; do
	from=${pair%:*} to=${pair#*:}
	found "$from includes $to" "src/$from/one.c:[0-9]+: the layer may not include \"$to/one.h\""
done
clean_tree
plant src/image/one.c <<<'#include "rootfs/one.h"'
finds "image includes more of rootfs than the plan" 'may not include "rootfs/one.h"'
plant src/image/one.c <<<'#include "rootfs/plan.h"'
lint
exits 0 "image may include the plan"
clean_tree
plant src/rootfs/one.h <<<'#include "one.h"'
finds "an include without a folder" 'may not include "one.h"'
plant src/misc/one.h <<<'int x;'
finds "a folder that is no layer" 'src/misc: a layer without a row'

headers='libelf.h gelf.h zlib.h libdeflate.h zstd.h openssl/evp.h cjson/cJSON.h curl/curl.h dlfcn.h'
for header in $headers; do
	plant src/cli/one.c <<<"#include <$header>"
done
lint
exits 1 "second users of libraries fail"
for header in $headers; do
	found "a second user of $header" "src/cli/one.c:[0-9]+:#include <$header>: belongs in src/"
done
clean_tree
plant src/image/gzip.h <<<'#include <libdeflate.h>'
finds "a third-party type in a header" 'src/image/gzip.h.*belongs in'

sed -i '1,2d' tree/src/elf/one.c
sed -i '1i #include "base/one.h"\n#include "elf/one.h"' tree/src/elf/one.c
finds "own header not first" 'src/elf/one.c: its own header is not its first'
sed -i 's/SP_ELF_ONE_H/SP_ONE_H/' tree/src/elf/one.h
finds "another guard" 'src/elf/one.h: the guard is not SP_ELF_ONE_H'
sed -i 's/int sp_elf_one/uint32_t sp_elf_one/' tree/src/elf/one.h
finds "a header that needs another" 'src/elf/one.h: does not compile alone'

calls=('printf("x")' 'fprintf(f, "x")' 'puts("x")' 'perror("x")' 'exit(1)' 'abort()' '_exit(1)'
	'getenv("X")' 'time(NULL)' 'clock_gettime(0, &t)' 'setlocale(0, "")' 'strerror(errno)'
	'fflush(stderr)')
for call in "${calls[@]}"; do
	plant src/loader/one.c <<<"static void x(void) { $call; }"
done
lint
exits 1 "a library that talks, ends or looks around fails"
for call in "${calls[@]}"; do
	found "the library calls $call" "the library[^:]*: src/loader/one.c:[0-9]+:[^_]* ${call%%(*}\\("
done
clean_tree
plant src/cli/one.c <<<'static void x(void) { printf("x"); exit(getenv("X") != 0); }'
lint
exits 0 "the command may print, look and end"
clean_tree
plant src/loader/one.c <<<'static void x(struct y *p) { p->time(1); p->o.exit(2); snprintf(p, 1, ""); }'
lint
exits 0 "members and longer names are something else"
clean_tree

names='strcpy strcat sprintf strncpy strtok atoi gmtime localtime'
for name in $names; do
	plant src/cli/one.c <<<"static void x(void) { $name(0); }"
done
lint
exits 1 "banned functions fail"
for name in $names; do
	found "$name" "banned: src/cli/one.c:[0-9]+:[^:]* $name\\("
done
clean_tree

# Libraries with one symbol too many or too few.
library() { # C source
	gcc -x c -shared -fPIC -o lib.so - <<<"$1"
	gcc -x c -c -o lib.o - <<<"$1"
	rm -f lib.a
	ar rcs lib.a lib.o
}
good='int sp_a(void); int scratchpack_go(void) { return 0; }'
library "$good"
lint ../lib.a ../lib.so
exits 0 "a library with the right symbols passes"
library "$good int other(void) { return 0; }"
finds "a symbol without the prefix" 'lacks the prefix sp_: other' ../lib.a
library "$good int sp_more(void) { return 0; }"
finds "an exported symbol that is not in the header" 'not in scratchpack.h: sp_more' ../lib.a ../lib.so
library 'int sp_a(void) { return 0; }'
finds "a declared symbol that is not exported" 'does not export: scratchpack_go' ../lib.a ../lib.so
library "$good int sp_state = 3;"
finds "a variable" 'has no variables.*sp_state' ../lib.a
library "$good int scratchpack_x(void) { static int n; return n++; }"
finds "a static variable in a function" 'has no variables.*n\.0' ../lib.a

{
	echo 'int sp_long(void)'
	echo '{'
	yes '	;' | head -79
	echo '}'
} | plant src/elf/one.c
finds "a function of more than 80 lines" 'more than 80 lines: src/elf/one.c: sp_long'
yes '/* line */' | head -401 | plant src/elf/one.c
lint
exits 0 "a long file is a question"
like "$stdout" 'question: src/elf/one.c has [0-9]+ lines' "which is asked"
clean_tree

plant src/elf/one.c <<<'int sp_x; '
finds "a space at the end of a line" 'src/elf/one.c:10'
plant src/elf/one.c <<<'        int sp_x;'
finds "spaces for a tab" 'indented with spaces: src/elf/one.c:10'
plant README.md <<<"see /wo""rk/main"
finds "a path of one machine" 'does not belong here: ./README.md:1'
plant src/elf/one.c <<<"/* TO""DO: more */"
finds "a promise" 'does not belong here: ./src/elf/one.c:10'

sed -i '/elf/d' tree/ARCHITECTURE.md
finds "a layer that the document does not name" 'does not name src/elf/'
rm tree/ARCHITECTURE.md
finds "no document" 'there is no ARCHITECTURE.md'
plant tests/x.sh <<-'END'
	#!/bin/sh
	cd $x
	rm $y
END
chmod +x tree/tests/x.sh
finds "a careless script" 'tests/x.sh:2'
plant tests/y.sh <<<'#!/bin/sh'
finds "a script that cannot be executed" 'cannot be executed: tests/y.sh'

done_testing
