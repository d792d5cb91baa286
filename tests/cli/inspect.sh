#!/bin/bash
# inspect: the tree for people, the JSON for programs; an incomplete closure in full.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq

gcc -shared -fPIC -o liblow.so.1 -Wl,-soname,liblow.so.1 -x c - <<<'int low(void) { return 1; }'
gcc -shared -fPIC -o libmid.so -Wl,-soname,libmid.so -Wl,-rpath,"$T" -x c - -x none liblow.so.1 \
	<<<'int low(void); int mid(void) { return low(); }'
compile app libmid.so liblow.so.1 -Wl,-rpath,'$ORIGIN' <<-'END'
	int mid(void);
	int low(void);
	int main(void) { return mid() - low(); }
END
static_hello static

run "$SCRATCHPACK" inspect ./app
exits 0 "a whole program"
is "$(head -n 1 <<<"$stdout" | sed 's/glibc .*/glibc/')" "$T/app: dynamic, linux/amd64, glibc" \
	"the first line says what it is"
like "$stdout" "── libmid\.so => $T/libmid\.so \[RUNPATH" "a library, where it was found, by which rule"
like "$stdout" '── .*ld-linux.*\[interpreter\]' "the loader"
is "$(grep -c 'libmid\.so =>' <<<"$stdout")" 1 "each object once"
like "$stdout" '
  glibc 2\.[0-9]+' "the floor of glibc"
like "$stdout" 'RELRO' "hardening"
like "$stdout" 'runs? as root' "notes"
run "$SCRATCHPACK" inspect ./app -v
like "$stdout" "file .* /libmid\.so  \(needed by /app" "-v: the plan, with reasons"

run "$SCRATCHPACK" inspect ./app --json
exits 0 "--json"
cp "$RUN/stdout" report.json
is "$(jq -s length report.json)" 1 "one object"
j() {
	jq -c "$1" report.json
}
# The keys and their types, which scripts rely on.
types='def t: if type == "array" then (if length == 0 then [] else [.[0] | t] end)
	elif type == "object" then map_values(t) else type end;'
is "$(j "$types [.program | t | {path, image_path, format, kind, platform, interpreter, language,
	libc, libc_version, build_id, stripped, size}]")" \
	'[{"path":"string","image_path":"string","format":"string","kind":"string","platform":"string","interpreter":"string","language":"string","libc":"string","libc_version":"string","build_id":"string","stripped":"boolean","size":"number"}]' \
	"program: keys and types"
is "$(j '.program | [.path, .image_path, .format, .kind, .platform, .libc]')" \
	"[\"$T/app\",\"/app\",\"ELF64\",\"dynamic\",\"linux/amd64\",\"glibc\"]" "program: values"
is "$(j '[.objects[] | contains({path: "", name: "", found_by: ""}) and has("soname") and has("needed_by")] | all')" \
	true "objects: keys"
is "$(j '[.objects[] | (.path | type), (.name | type), (.found_by | type)] | unique')" '["string"]' \
	"objects: types"
is "$(j '[.objects[].path] | sort')" \
	"$(printf '%s\n' "$T/app" "$T/liblow.so.1" "$T/libmid.so" \
		"$(jq -r .program.interpreter report.json)" /lib/x86_64-linux-gnu/libc.so.6 |
		jq -R . | jq -sc sort)" "objects: the program, its libraries and the loader, no others"
is "$(j '.objects[] | select(.name == "libmid.so") | [.soname, .needed_by, .found_by]')" \
	"[\"libmid.so\",\"$T/app\",\"RUNPATH\"]" "objects: how a library was found"
is "$(j '.objects[0] | [.path, .needed_by]')" "[\"$T/app\",null]" "objects: the program is the first"
is "$(j .missing)" '[]' "missing: empty, but there"
is "$(j '.needs | type')" '"array"' "needs: there"
is "$(j '[.plan[] | [.path, .type, .mode, .size, .reason.text] | map(type)] | unique')" \
	'[["string","string","string","number","string"]]' "plan: types"
is "$(j '[.plan[].type] | unique')" '["directory","file","symlink"]' "plan: kinds of entries"
is "$(j '.plan[] | select(.path == "/app") | [.mode, .size, .reason.kind]')" \
	"[\"0755\",$(stat -c %s app),\"program\"]" "plan: the program"
is "$(j '[.plan[].path] | . == sort')" true "plan: sorted"
is "$(j '.floors | [.glibc, .kernel, .isa] | map(type)')" '["string","string","string"]' "floors"
is "$(j '[.notes[] | (.id | type), (.text | type)] | unique')" '["string"]' "notes"
run "$SCRATCHPACK" ./app -q -o app.tar
is "$(layer app.tar | tar -tf - | sed 's|^|/|; s|/$||')" "$(jq -r '.plan[].path' report.json)" \
	"the plan is what the image holds"

run "$SCRATCHPACK" inspect ./static --json
exits 0 "a static program"
is "$(jq -c '[.program.kind, .program.interpreter, (.objects | length), (.plan | length)]' \
	"$RUN/stdout")" '["static",null,1,1]' "is all there is"
if have musl-gcc; then
	CC_FIXTURE=musl-gcc dynamic_hello musl
	run "$SCRATCHPACK" inspect ./musl --json
	is "$(jq -r .program.libc "$RUN/stdout")" musl "musl is told apart"
fi
_hello pie -static-pie
run "$SCRATCHPACK" inspect ./pie --json
is "$(jq -r .program.kind "$RUN/stdout")" static-pie "static-pie is told apart"
printf '#!/bin/sh\necho hello\n' >script
chmod +x script
run "$SCRATCHPACK" inspect ./script --json
exits 0 "a script"

# What is missing is all there, with each place.
rm liblow.so.1
gcc -shared -fPIC -o libgone.so -Wl,-soname,libgone.so.9 -x c - <<<'int gone(void) { return 1; }'
compile broken libmid.so libgone.so -Wl,-rpath,'$ORIGIN/x' -Wl,--unresolved-symbols=ignore-all \
	<<<'int mid(void); int gone(void); int main(void) { return mid() + gone(); }'
run "$SCRATCHPACK" inspect ./broken
exits 3 "an incomplete closure"
like "$stdout" '── libgone\.so\.9 => ' "the tree shows what is missing"
like "$stdout" 'missing libgone\.so\.9, needed by' "and says who needs it"
like "$stdout" "$T/x/libgone\.so\.9 \[RUNPATH" "and each place"
is "$(grep -c '^scratchpack: error: ' "$RUN/stderr")" 1 "the error is one line"
like "$stderr" '2 libraries are missing.*libmid\.so' "that counts them and names one"
run "$SCRATCHPACK" inspect ./broken -e LD_PRELOAD=lib/libgone.so
like "$stdout" 'missing lib/libgone\.so, needed by LD_PRELOAD: the name is relative' "and why, if nothing was tried"
# two that need each other, of which one is added: neither is lost in the circle
gcc -shared -fPIC -o libring2.so -x c - <<<'int two(void) { return 2; }'
gcc -shared -fPIC -o libring1.so -Wl,-rpath,"$T" -Wl,--no-as-needed -x c - -x none libring2.so \
	<<<'int one(void) { return 1; }'
gcc -shared -fPIC -o libring2.so -Wl,-soname,libring2.so -Wl,-rpath,"$T" -Wl,--no-as-needed \
	-x c - -x none ./libring1.so <<<'int two(void) { return 2; }'
compile alone <<<'int main(void) { return 0; }'
run "$SCRATCHPACK" inspect ./alone -e LD_PRELOAD="$T/libring1.so"
is "$(grep -c 'libring[12]\.so.*\[' "$RUN/stdout")" 2 "two that need each other are in the tree"
run "$SCRATCHPACK" inspect ./broken --json
exits 3 "--json of an incomplete closure"
cp "$RUN/stdout" report.json
is "$(j '[.missing[].name] | sort')" '["libgone.so.9","libmid.so"]' "lists all that is missing"
is "$(j '.missing[] | select(.name == "libgone.so.9") | .needed_by')" "\"$T/broken\"" "who needs it"
is "$(j '[.missing[].probes[] | (.path | type), (.rule | type)] | unique')" '["string"]' \
	"and probes with rules"
ok "the first is the one of the RUNPATH" test "$(jq -r '.missing[0].probes[0].path' report.json |
	sed 's|/[^/]*$||')" = "$T/x"
like "$(j '[.missing[0].probes[].path]')" '/lib/x86_64-linux-gnu/' "to the built-in directories"
ok "what is there is listed as well" test "$(jq '.objects | length' report.json)" -ge 2

# Images can be inspected too.
run "$SCRATCHPACK" inspect app.tar
exits 0 "an image"
like "$stdout" 'app:latest linux/amd64 sha256:[0-9a-f]{64}' "name, platform and digest"
like "$stdout" 'layer sha256:' "and layers"
run "$SCRATCHPACK" inspect app.tar --json
is "$(jq -r '.images[0].platform' "$RUN/stdout")" linux/amd64 "an image as JSON"

# A directory of modules is one line of the tree, unless every one is asked for.
compile convert <<-'END'
	#include <iconv.h>
	int main(void) { return iconv_open("UTF-16", "UTF-8") == (iconv_t)-1; }
END
run "$SCRATCHPACK" inspect ./convert
exits 0 "a program with modules"
like "$stdout" '/gconv: [0-9]+ modules \[added' "modules are counted"
unlike "$stdout" 'UTF-16\.so' "and not listed"
run "$SCRATCHPACK" inspect -v ./convert
like "$stdout" 'gconv/UTF-16\.so \[added' "-v lists each"
unlike "$stdout" 'modules \[added' "and counts none"

# A reader that goes away is no error to talk about.
{ sleep 0.2; "$SCRATCHPACK" inspect -v ./convert 2>said; echo $? >code; } | true
is "$(cat code)" 8 "a reader that went away: the exit code says so"
is "$(grep -c error said)" 0 "and nothing else does"

run "$SCRATCHPACK" inspect missing
exits 3 "a program that is not there"
is "$stdout" "" "nothing on stdout"
run "$SCRATCHPACK" inspect missing --json
exits 3 "the same as JSON"
# no closure, but a file
compile stranger -Wl,--dynamic-linker,/nowhere/ld.so <<<'int main(void) { return 0; }'
run "$SCRATCHPACK" inspect ./stranger
exits 3 "a program whose loader is not there"
is "$stdout" "$T/stranger: dynamic, linux/$(uname -m | sed "s/x86_64/amd64/; s/aarch64/arm64/")
loader /nowhere/ld.so
needs libc.so.6" "is shown as far as it says itself what it is"
like "$stderr" 'error: .*loader /nowhere/ld.so is not there' "with the error"
run "$SCRATCHPACK" inspect ./stranger --json
is "$(jq -c '[.program.interpreter, .needed, .error.id]' "$RUN/stdout")" \
	'["/nowhere/ld.so",["libc.so.6"],"missing-loader"]' "and as JSON"

# Nothing was executed.
compile tattle <<-'END'
	#include <stdio.h>
	__attribute__((constructor)) static void init(void) { fclose(fopen("ran", "w")); }
	int main(void) { return 0; }
END
run "$SCRATCHPACK" inspect ./tattle
run "$SCRATCHPACK" ./tattle -q -o tattle.tar
exits 0 "a program that would leave a trace"
not_ok "is never run" test -e ran
done_testing
