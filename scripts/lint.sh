#!/bin/sh
# Rules of this project that a compiler does not know.  Run from the top folder:
#
#	scripts/lint.sh [libscratchpack.a libscratchpack.so]
#
# Prints each breach on a line and exits 1 if there is one.  A line that begins with
# "question" asks for a look and fails nothing.  Without the libraries, what needs
# them is left out.

static=${1:-} shared=${2:-}
LC_ALL=C
export LC_ALL
work=$(mktemp -d "${TMPDIR:-/tmp}/sp-lint.XXXXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
: >"$work/breaches"

# breach MESSAGE, or lines of breaches on standard input with a prefix
breach() {
	echo "lint: $*" | tee -a "$work/breaches"
}

breaches() { # PREFIX
	while IFS= read -r line; do
		breach "$1$line"
	done
}

question() {
	echo "question: $*"
}

missing() { # TOOL: outside CI, go on without it
	if [ "${CI:-}" = true ]; then
		breach "$1 is not installed"
	else
		question "$1 is not installed: what it checks was left out"
	fi
}

c_files() {
	find src include tests samples -name '*.[ch]' 2>/dev/null | sort
}

# C without comments and without what stands in strings, with the same lines, each
# after "FILE:LINE:".
code() { # FILE...
	awk '
	FNR == 1 { comment = 0 }
	{
		out = ""
		n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			two = substr($0, i, 2)
			if (comment) {
				if (two == "*/") { comment = 0; i++ }
			} else if (two == "/*") { comment = 1; i++ }
			else if (two == "//") break
			else if (c == "\"" || c == "\047") {
				for (i++; i <= n && substr($0, i, 1) != c; i++)
					if (substr($0, i, 1) == "\\") i++
				out = out c c
			} else out = out c
		}
		if (out ~ /[^ \t]/) print FILENAME ":" FNR ":" out
	}' "$@"
}

# --- 1. a layer includes only what it may see (ARCHITECTURE.md has the table) ----

may_include() { # LAYER: extended regular expression of headers
	case $1 in
	base) echo 'base/.*' ;;
	elf) echo '(base|elf)/.*' ;;
	loader) echo '(base|elf|loader)/.*' ;;
	rootfs) echo '(base|elf|loader|rootfs)/.*' ;;
	image) echo '((base|image)/.*|rootfs/plan\.h)' ;;
	transport) echo '(base|image|transport)/.*' ;;
	trace) echo '(base|trace)/.*' ;;
	dockerfile) echo '(base|dockerfile)/.*' ;;
	api) echo '(base|elf|loader|rootfs|image|transport|trace|dockerfile|api)/.*' ;;
	cli) echo '((base|cli)/.*|api/(options|document)\.h|image/json\.h)' ;;
	*) echo '' ;;
	esac
}

for dir in src/*/; do
	layer=$(basename "$dir")
	allowed=$(may_include "$layer")
	if [ -z "$allowed" ]; then
		breach "src/$layer: a layer without a row in scripts/lint.sh"
		continue
	fi
	grep -rnE '^[ 	]*#[ 	]*include[ 	]*"' "$dir" --include='*.[ch]' |
		grep -vE "\"($allowed|scratchpack\\.h)\"" |
		sed 's/:[ 	]*#[ 	]*include/: the layer may not include/' | breaches ''
done

# --- 2. one third-party library, one file ------------------------------------------

only() { # FILE HEADER-REGEX
	grep -rnE "^[ 	]*#[ 	]*include[ 	]*<($2)>" src include |
		grep -v "^$1:" | sed "s|\$|: belongs in $1 alone|" | breaches ''
}

only src/elf/records.c '(elfutils/)?(libelf|gelf|libdw|nlist)\.h'
only src/base/inflate.c 'zlib\.h'
only src/image/gzip.c 'libdeflate\.h'
only src/image/zstd.c '(zstd|zdict).*\.h'
only src/image/digest.c 'openssl/.*'
only src/image/json.c '(cjson/)?cJSON\.h'
only src/transport/http.c '(curl/.*|dlfcn\.h)'

# --- 3. own header first, guards, headers that stand alone --------------------------

for file in src/*/*.c; do
	own=${file#src/}
	own=${own%.c}.h
	[ -f "src/$own" ] || continue
	first=$(grep -m1 '^#include' "$file")
	[ "$first" = "#include \"$own\"" ] || breach "$file: its own header is not its first include"
done

for file in src/*/*.h; do
	guard=SP_$(echo "${file#src/}" | tr 'a-z/.' 'A-Z__')
	grep -q "^#ifndef $guard\$" "$file" || breach "$file: the guard is not $guard"
	printf '#include "%s"\n' "${file#src/}" |
		"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude -Isrc \
			-fsyntax-only -x c - 2>"$work/header" ||
		breach "$file: does not compile alone: $(grep -m1 error "$work/header")"
done

# --- 4. the library is silent, hermetic, and comes back -----------------------------

library=$(find src -name '*.[ch]' ! -path 'src/cli/*' | sort)
# shellcheck disable=SC2086
code $library >"$work/library"
# shellcheck disable=SC2046
code $(c_files | grep '^src/') >"$work/all"

# Not a member (x.time, x->time) and not part of a longer name (snprintf).
calls() { # CODE NAMES
	grep -nE "(^|[^A-Za-z0-9_.>])($2)[ 	]*\\(" "$1" | sed 's/^[0-9]*://'
}

calls "$work/library" \
	'v?f?printf|puts|putchar|fputs|fputc|perror|psignal|v?syslog|v?(err|warn)x?' |
	breaches 'the library prints nothing: '
calls "$work/library" 'exit|_exit|_Exit|quick_exit|abort' |
	grep -vE '^src/(base/mem|trace/start)\.c:' | breaches 'the library ends no process: '
calls "$work/library" \
	'(secure_)?getenv|setenv|putenv|time|clock_gettime|gettimeofday|clock|setlocale|newlocale|strerror(_r)?|strsignal' |
	breaches 'the library reads no environment, clock or locale: '
grep -E '(^|[^A-Za-z0-9_])(stdin|stdout|stderr|environ)([^A-Za-z0-9_]|$)' "$work/library" |
	breaches 'the library has no standard streams or environment: '

# --- 5. functions that nobody should use ---------------------------------------------

calls "$work/all" \
	'strcpy|strcat|stpcpy|v?sprintf|strncpy|strncat|strtok|atoi|atol|atoll|atof|gets|gmtime|localtime|ctime|asctime|mktemp|tmpnam|tempnam|alloca|system|popen' |
	breaches 'banned: '

# --- 6. symbols -------------------------------------------------------------------------

if [ -n "$static" ]; then
	nm -g --defined-only "$static" 2>/dev/null |
		awk 'NF == 3 && $3 !~ /^(sp_|scratchpack_|__|_Z)/ { print $3 }' |
		breaches 'a global symbol lacks the prefix sp_: '
	# Tables are const; with relocations they live in .data.rel.ro.  The sanitizers
	# put data of their own beside ours.
	case $static in
	*san-* | *fuzz*) ;;
	*) objdump -t "$static" 2>/dev/null |
		awk '/^[a-z_0-9]+\.o:/ { file = $1 }
		     / O \.(data|bss)(\.[a-z_0-9]*)?\t/ && !/\.data\.rel\.ro/ { print file " " $NF }' |
		breaches 'the library has no variables, but: ' ;;
	esac
fi
if [ -n "$shared" ]; then
	nm -D --defined-only "$shared" |
		awk '$3 !~ /^(__|_init$|_fini$)/ { sub(/@.*/, "", $3); print $3 }' |
		sort -u >"$work/exported"
	tr '\n' ' ' <include/scratchpack.h | grep -oE 'SP_API [^;{]*\(' |
		grep -oE 'scratchpack_[a-z_]+' | sort -u >"$work/declared"
	comm -23 "$work/exported" "$work/declared" | breaches 'exported, but not in scratchpack.h: '
	comm -13 "$work/exported" "$work/declared" |
		breaches 'in scratchpack.h, but the shared library does not export: '
fi

# --- 7. sizes --------------------------------------------------------------------------

if command -v ctags >/dev/null && ctags --version | grep -q Universal; then
	ctags -x --c-kinds=f --_xformat='%F %n %{end} %N' -R src |
		awk '$3 - $2 >= 80 { print $1 ": " $4 "() has " $3 - $2 + 1 " lines" }' |
		breaches 'more than 80 lines: '
else
	missing universal-ctags
fi
for file in src/*/*.[ch]; do
	lines=$(wc -l <"$file")
	[ "$lines" -le 400 ] || question "$file has $lines lines: is it one job?"
done

# --- 8. text ------------------------------------------------------------------------------

texts=$(find . \( -path ./.git -o -path ./build \) -prune -o -type f -print |
	grep -vE '/\.git$' | sort)
# shellcheck disable=SC2086
grep -nIE '[ 	]+$' $texts | sed 's/:[^:]*$//' | breaches 'space at the end of a line: '
# shellcheck disable=SC2046
grep -nE '^ {8}' $(c_files) /dev/null | sed 's/:  .*//' | breaches 'indented with spaces: '

# Words that belong to one person's machine or diary, not to the project.  (The
# brackets keep this script from finding itself.)
# shellcheck disable=SC2086
grep -nIE '/[w]ork/(main|shared)|/[t]mp/(build|bare)|\b([i]ssue|[I]ssue) #?[0-9]|\b(TO[D]O|FIX[M]E)\b' \
	$texts | breaches 'does not belong here: '

# --- 9. documents ---------------------------------------------------------------------------

if [ -f ARCHITECTURE.md ]; then
	for dir in src/*/; do
		layer=$(basename "$dir")
		grep -qE "(^|[^A-Za-z0-9_])$layer/" ARCHITECTURE.md ||
			breach "ARCHITECTURE.md does not name src/$layer/"
	done
else
	breach 'there is no ARCHITECTURE.md'
fi

# --- 10. scripts -----------------------------------------------------------------------------

# One that cannot be executed takes part in nothing.
find bootstrap .ci scripts tests -type f ! -perm -100 -exec awk \
	'FNR == 1 && /^#!/ { print FILENAME } { nextfile }' {} + 2>/dev/null |
	breaches 'cannot be executed: '

if command -v shellcheck >/dev/null; then
	# The test library sets variables that its users read, and the other way round;
	# tests hold FIFOs open, list small folders, and name files as commands are named.
	# (A few at a time: it gets slower with every one.)
	find bootstrap .ci scripts tests -type f \
		\( -name '*.sh' -o -path bootstrap -o -path .ci/run \) -print0 2>/dev/null |
		xargs -0 -r -n 4 -P "$(nproc)" shellcheck -S warning \
			-e SC1090,SC1091,SC2010,SC2034,SC2154,SC2217,SC2238 -f gcc |
		breaches ''
else
	missing shellcheck
fi

if [ -s "$work/breaches" ]; then
	echo "lint: $(wc -l <"$work/breaches") breaches"
	exit 1
fi
echo "lint: clean"
