#!/bin/bash
# --file: what the command says and does with a Dockerfile.  That its images are those
# of docker build is for tests/dockerfile.
. "$(dirname "$0")/../lib.sh"

need jq python3

static_hello app
dynamic_hello dynamic
mkdir -p context/sub
cp app dynamic context/
echo one >context/a.txt
echo two >context/sub/b.txt

file() { # the Dockerfile on stdin
	cat >context/Dockerfile
}
build() { # ARG...
	rm -f out.tar
	run "$SCRATCHPACK" -f context/Dockerfile -o out.tar --progress none "$@"
}
config() {
	"$TOP/tests/dockerfile/read_image.py" out.tar | sed -n 's/^config //p'
}
files() {
	"$TOP/tests/dockerfile/read_image.py" out.tar | grep -v '^config '
}
# refused CODE REGEX TEXT [ARG...]
refused() {
	local code=$1 regex=$2 text=$3
	shift 3
	build "$@"
	exits "$code" "$text"
	like "$stderr" "$regex" "$text: says where and what to do"
	not_ok "$text: no image" test -e out.tar
}

# --- the context and the names ---------------------------------------------

file <<'END'
FROM scratch
COPY app sub/b.txt /
ENTRYPOINT ["/app"]
CMD ["1"]
END
build
exits 0 "an image of a Dockerfile"
like "$stdout" '^context@sha256:[0-9a-f]{64}$' "is called as the directory"
is "$(files | cut -d ' ' -f 1-3)" $'/app f 0755\n/b.txt f 0644' "the files"
like "$(config)" 'Cmd \["1"\].*Entrypoint \["/app"\]' "the configuration"
first=$(sha256sum <out.tar)
touch context/app
(cd context && run "$SCRATCHPACK" -q -f Dockerfile -o ../again.tar)
ok "from the directory itself"
is "$(skopeo inspect --raw oci-archive:again.tar 2>/dev/null | sha256sum)" \
	"$(skopeo inspect --raw oci-archive:out.tar 2>/dev/null | sha256sum)" "it is the same image"
build
is "$(sha256sum <out.tar)" "$first" "the same bytes again"
cp context/Dockerfile elsewhere
run "$SCRATCHPACK" -q -f elsewhere -o out.tar context
exits 0 "the operand is the context"
run "$SCRATCHPACK" -q -f - -o out.tar context <elsewhere
exits 0 "a Dockerfile from standard input"
run "$SCRATCHPACK" -q -f elsewhere -o out.tar context context
exits 2 "one operand alone"
run "$SCRATCHPACK" -q -f elsewhere -o out.tar app
exits 2 "which is a directory"
run "$SCRATCHPACK" -q -f nothing -o out.tar
isnt "$status" 0 "a file that is not there"
like "$stderr" '^scratchpack: error: --file: nothing: ' "is named"
run "$SCRATCHPACK" -f context/Dockerfile -n
like "$stdout" '/app +\(asked for by context/Dockerfile:2: COPY app sub/b.txt /\)' \
	"the plan says which line asks for what"
run "$SCRATCHPACK" verify out.tar
exits 0 "and the image verifies"

# --- options above the Dockerfile ------------------------------------------------

build -e A=1 -l k=v -u 5:6 -p 80 --stop-signal INT --entrypoint /app --author me -- x y
exits 0 "options of the command line"
is "$(config | grep -v arch | grep -v '^os')" 'Cmd ["x", "y"]
Entrypoint ["/app"]
Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "A=1"]
ExposedPorts {"80/tcp": {}}
Labels {"k": "v"}
StopSignal "SIGINT"
User "5:6"
WorkingDir "/"
author me' "stand above it"
refused 2 '--at does not go with --file; COPY' "an option that contradicts it" --at /x
refused 2 '--base does not go with --file; write FROM' "a base beside it" --base x
run "$SCRATCHPACK" app -o out.tar --closure
exits 2 "an option that means nothing without it"
like "$stderr" 'say --file' "says so"
refused 2 'expected KEY=VALUE' "a context without a name" --build-context x
file <<'END'
FROM scratch
ARG A=0
ARG B=0
COPY app /$A/$B
END
A=outside build --build-arg A --build-arg B=2
is "$(files | grep app; files | tail -n 1 | cut -d ' ' -f 1)" "/outside/2" "arguments, by the environment as well"
env -u A "$SCRATCHPACK" -q -f context/Dockerfile -o out.tar --build-arg A
is "$(files | tail -n 1 | cut -d ' ' -f 1)" "/0/0" "one that is not set leaves the default"

file <<'END'
FROM --platform=$BUILDPLATFORM scratch
ARG TARGETPLATFORM
ARG TARGETSTAGE
COPY a.txt /$TARGETPLATFORM-${TARGETARCH:-unasked}-$TARGETSTAGE
END
build --platform linux/arm64 --build-arg http_proxy=x --build-arg BUILDKIT_INLINE_CACHE=1
exits 0 "arguments of the platform"
like "$(files)" '/linux/arm64-unasked-default f' "where an ARG asks for them"
unlike "$stderr" 'build-arg' "those that need no ARG are not missed"

# --- for make -------------------------------------------------------------------------

mkdir -p more
echo m >more/m
file <<'END'
FROM scratch AS one
COPY a.txt /
FROM scratch
COPY --from=one a.txt /x
COPY --from=more m /
COPY dynamic /app
COPY <<E /e
E
CMD ["/app"]
END
build --closure --build-context more=more --depfile rule.d
is "$(sed 's/^ *//; s/ .$//; /^out.tar:/d; /libc.so\|ld-linux\|ld.so/d' rule.d)" \
	"context/Dockerfile
$T/context/a.txt
$T/more/m
$T/context/dynamic" "a rule names what the image is made of"
like "$(<rule.d)" 'libc.so.6' "the libraries of --closure as well"

# --- other directories and stages ------------------------------------------------

mkdir other
echo o >other/o
file <<'END'
FROM scratch AS one
COPY --from=more o /x
FROM one
RUN x
END
build --build-context more=other --target one
is "$(files | cut -d ' ' -f 1)" "/x" "another directory, and a stage that needs no container"
refused 3 'Dockerfile:4: RUN needs a running container.*COPY what.*\[needs-container\]$' "RUN" \
	--build-context more=other

# What a --build-context says stands before a stage of that name.
mkdir -p made/out
cp app made/out/app
file <<'END'
FROM no.invalid/compiler AS build
RUN cc -o /out/app app.c
FROM scratch AS unused
RUN x
FROM scratch
COPY --from=build /out/app /app
ENTRYPOINT ["/app"]
END
build --build-context build=made
exits 0 "a stage with RUN, made elsewhere"
is "$(files | cut -d ' ' -f 1)" "/app" "and what is copied out of it"
file <<'END'
FROM scratch AS one
RUN x
FROM one
COPY a.txt /
END
refused 2 'FROM one: --build-context says that it is a directory' "FROM such a stage" \
	--build-context one=made

# Nothing is fetched for a stage with RUN, wherever it stands.
file <<'END'
FROM no.invalid/compiler AS build
COPY a.txt /
FROM no.invalid/base
COPY --from=build /x /x
RUN x
END
refused 3 'Dockerfile:5: RUN needs a running container' "RUN is seen before FROM is fetched"

# --- what ONBUILD has kept ------------------------------------------------------

file <<'END'
FROM scratch
COPY app /app
ENV A=below
ONBUILD COPY --chmod=600 a.txt /$A
ONBUILD ENV A=trigger
ONBUILD COPY --from=aside /x /aside
ONBUILD COPY <<'E' /text
$A
E
CMD ["/app"]
END
build
mv out.tar onbuild.tar
file <<'END'
FROM scratch AS aside
COPY a.txt /x
FROM below
COPY sub/b.txt /$A
END
build --build-context below=oci-archive:onbuild.tar
exits 0 "triggers are kept, and carried out at FROM"
is "$(files | cut -d ' ' -f 1-3)" \
	$'/app f 0755\n/aside f 0644\n/below f 0600\n/text f 0644\n/trigger f 0644' \
	"in front of the rest"
unlike "$(config)" 'OnBuild' "once"
like "$(config)" '"A=trigger"' "also what is no file"
file <<'END'
FROM scratch AS one
COPY app /
ONBUILD RUN cc x.c
FROM one
COPY a.txt /
END
refused 3 'Dockerfile:4: FROM: the image carries ONBUILD RUN cc x.c, which needs a running' "RUN among them"
sed -i 's/RUN cc x.c/COPY none \//' context/Dockerfile
refused 2 'Dockerfile:4: ONBUILD COPY /none: no such file' "one that fails"
sed -i 's/COPY none .*/NONE/' context/Dockerfile
refused 2 'ONBUILD NONE, of the image below: context/Dockerfile:4: NONE: is no instruction' "one that nobody knows"

# --- the proof -----------------------------------------------------------------

file <<'END'
FROM scratch
COPY dynamic /bin/d
ENTRYPOINT ["d"]
END
refused 3 'Dockerfile:3: ENTRYPOINT: .*loader.*--closure adds what is missing.*\[missing-loader\]$' \
	"a dynamic program alone"
build --closure
exits 0 "--closure adds what it needs"
like "$(files)" 'libc\.so\.6' "its library"
run "$SCRATCHPACK" verify out.tar
exits 0 "it starts"
interpreter=$(readelf -lW dynamic | sed -n 's/.*interpreter: \(.*\)]/\1/p')
mkdir -p context/lib
cp "$interpreter" context/lib/loader
cp "$(ldd dynamic | awk '/libc.so.6/ { print $3 }')" context/lib/
file <<END
FROM scratch
COPY dynamic /app
COPY lib/loader $interpreter
COPY lib/libc.so.6 /lib/
CMD ["./app"]
END
build
exits 0 "libraries by hand are proved as well"
file <<'END'
FROM scratch
COPY app /app
USER web
ENTRYPOINT ["/app"]
END
refused 2 'Dockerfile:3: USER: web: is not in /etc/passwd' "a user that nobody knows"
file <<'END'
FROM scratch
COPY a.txt /app
ENTRYPOINT ["/app"]
END
refused 3 'Dockerfile:3: ENTRYPOINT: .*/app: is .*\[not-a-program\]$' "an entry point that is none"
file <<'END'
FROM scratch
COPY app /
CMD ['/app']
END
refused 3 'Dockerfile:3: CMD: is in shell form.*double quotes.*\[missing-shell\]$' "JSON with the wrong quotes"
file <<'END'
FROM scratch
LABEL a=b
END
refused 2 'nothing is in its image' "an image of nothing"

# --- newer than the builder of Debian's engine, so by expectation ------------------------

mkdir -p mono/packages/{a,b/src/deep} mono/docs
for f in top.txt top.md packages/a/p.json packages/a/x.c packages/b/p.json \
	packages/b/src/y.c packages/b/src/deep/z.c docs/d.md; do
	echo "$f" >"mono/$f"
done
chmod 750 mono/packages/b
chmod 600 mono/top.txt
# copied "COPY ..." PATH...: these are in the image
copied() {
	local instruction=$1
	shift
	printf 'FROM scratch\n%s\n' "$instruction" >mono.docker
	run "$SCRATCHPACK" -f mono.docker -o out.tar --progress none mono
	exits 0 "$instruction"
	is "$(files | cut -d ' ' -f 1)" "$(printf '%s\n' "$@")" "$instruction: what it takes"
}
copied 'COPY --parents packages/*/p.json /' \
	/packages /packages/a /packages/a/p.json /packages/b /packages/b/p.json
like "$(files)" '/packages/b d 0750' "a directory on the way has the mode of its source"
copied 'COPY --parents packages/b/src top.txt /x/' /x /x/packages /x/packages/b \
	/x/packages/b/src /x/packages/b/src/deep /x/packages/b/src/deep/z.c \
	/x/packages/b/src/y.c /x/top.txt
copied 'COPY --parents packages/./*/src/ /x' /x /x/b /x/b/src /x/b/src/deep \
	/x/b/src/deep/z.c /x/b/src/y.c
copied 'COPY --parents ./packages/./**/*.c /' /a /a/x.c /b /b/src /b/src/deep \
	/b/src/deep/z.c /b/src/y.c
copied 'COPY --parents --exclude=**/deep packages/**/*.c /' /packages /packages/a \
	/packages/a/x.c /packages/b /packages/b/src /packages/b/src/y.c
copied 'COPY --parents=false packages/a/x.c /' /x.c
copied 'COPY --exclude=*.md . /' /docs /docs/d.md /packages /packages/a /packages/a/p.json \
	/packages/a/x.c /packages/b /packages/b/p.json /packages/b/src /packages/b/src/deep \
	/packages/b/src/deep/z.c /packages/b/src/y.c /top.txt
copied 'COPY --exclude=**/*.md --exclude=packages --exclude=!packages/a/x.c . /' \
	/docs /packages /packages/a /packages/a/x.c /top.txt
copied 'COPY --exclude=*.md top* /' /top.txt
copied 'ADD --exclude=src packages/b /' /p.json
copied 'COPY --link --chmod=u=rwX,go=rX top.txt packages/b /' /p.json /src /src/deep \
	/src/deep/z.c /src/y.c /top.txt
like "$(files)" '/top.txt f 0644' "--chmod in words"
printf 'FROM scratch\nCOPY --parents no*ne top.txt /\n' >mono.docker
run "$SCRATCHPACK" -f mono.docker -o out.tar --progress none mono
exits 0 "a pattern that matches nothing"
like "$stderr" 'no\*ne matches nothing' "is said to"
tar -C mono -cf mono/pack.tar top.txt
copied 'ADD --unpack=false pack.tar /' /pack.tar
rm mono/pack.tar
file <<'END'
FROM scratch
ARG F=a.tar.gz
ENV A=${F%.*} B=${F%%.*} C=${F#*.} D=${F##*.} E=${F/a/b} F1=${F//a/b}
COPY app /
ENTRYPOINT ["/app"]
END
build
like "$(config)" '"A=a.tar", "B=a", "C=tar.gz", "D=gz", "E=b.tar.gz", "F1=b.tbr.gz"' \
	"parts of variables"

# --- layers ------------------------------------------------------------------------

file <<'END'
FROM below
COPY dynamic /bin/d
COPY a.txt /srv/
CMD ["/bin/d"]
END
build --closure --layers split --build-context below=oci-archive:onbuild.tar \
	--build-context aside=context/sub
exits 2 "an image of several layers, on another, whose trigger lacks its file"
mkdir -p aside
echo x >aside/x
build --closure --layers split --build-context below=oci-archive:onbuild.tar \
	--build-context aside=aside
exits 0 "--layers split, FROM an image"
skopeo inspect --raw oci-archive:out.tar >manifest.json
[ "$(jq '.layers | length' manifest.json)" -gt 2 ]
is $? 0 "is several layers above those of the image"
run "$SCRATCHPACK" verify out.tar
exits 0 "and verifies"

# --- what is not done ------------------------------------------------------------

line() { # CODE REGEX INSTRUCTION
	printf 'FROM scratch\n\n%s\n' "$3" >context/Dockerfile
	refused "$1" "^scratchpack: error: context/Dockerfile:3: $2" "$3"
}
line 2 'ADD https://x/y: is not fetched.*COPY it' 'ADD https://x/y /'
line 2 'ADD git@x:y: is not fetched' 'ADD git@x:y /'
line 2 'COPY --parents=x: expected true or false' 'COPY --parents=x a.txt /'
line 2 'COPY /sub/none: no such file' 'COPY --parents sub/none /'
line 2 'COPY --exclude has no pattern' 'COPY --exclude= a.txt /'
line 2 'COPY: --exclude: \[: expected a pattern' 'COPY --exclude=[ a.txt /'
line 2 'COPY --unpack: COPY has no such flag' 'COPY --unpack a.txt /'
line 2 'ADD --unpack=maybe: expected true' 'ADD --unpack=maybe a.txt /'
line 2 'ADD --checksum is for' 'ADD --checksum=x a.txt /'
line 2 'ENV: .*not known; expected' 'ENV A=${B^c}'
line 2 'ENV: .*behind the backslash' 'ENV A=${B#\a}'
line 2 'COPY --from=.X: expected the name' 'COPY --from=$X a.txt /'
line 2 'COPY has several sources.*a slash at the end of /x' 'COPY a.txt sub/b.txt /x'
line 2 'COPY --chmod=u.y: expected an octal' 'COPY --chmod=u+y a.txt /'
line 2 'COPY: --chown: web: is not in' 'COPY --chown=web a.txt /'
line 2 'COPY \[: expected a pattern' 'COPY [ /'
line 2 'STOPSIGNAL: signal NONSENSE: expected' 'STOPSIGNAL nonsense'
line 2 'HEALTHCHECK: --interval x: expected' 'HEALTHCHECK --interval=x CMD y'
line 2 'ONBUILD cannot keep ONBUILD' 'ONBUILD onbuild COPY a b'
line 2 'ONBUILD cannot keep FROM' 'ONBUILD FROM x'
line 2 'WORKDIR is empty once' 'WORKDIR $X'
line 2 'COPY: /.wh.a: this path' 'COPY a.txt /.wh.a'
printf '# syntax=example.org/other\nFROM scratch\n' >context/Dockerfile
refused 2 'names another language' "another syntax"
printf 'FROM $X\n' >context/Dockerfile
refused 2 'Dockerfile:1: FROM \$X: is empty once' "a base without a name"
path=$'FROM scratch\nENV PATH=:/bin\nWORKDIR /work\nENTRYPOINT ["app"]'
printf '%s\nCOPY app /app\n' "$path" >context/Dockerfile
refused 3 'app is not in the image, in no directory' "an empty place in PATH is not /"
printf '%s\nCOPY app /work/app\n' "$path" >context/Dockerfile
build
exits 0 "but the working directory"
printf 'FROM scratch\nADD x.xz /\n' >context/Dockerfile
printf '\xfd7zXZ\0' >context/x.xz
refused 1 'x.xz: is compressed with xz.*COPY' "an archive that cannot be unpacked"
head -c 20000 /dev/zero | tar -C context -cf - app --transform 's,app,../up,' -P | gzip >context/x.tgz
printf 'FROM scratch\nADD x.tgz /\n' >context/Dockerfile
refused 7 'x.tgz: \.\./up: ' "an archive that leads out of its directory"

# --- what stays out ---------------------------------------------------------------

file <<'END'
FROM scratch
COPY . /
END
printf '*.tgz\nx.xz\nlib\n' >context/.dockerignore
run "$SCRATCHPACK" -q -f context/Dockerfile -o context/image.tar
run "$SCRATCHPACK" -f context/Dockerfile -o context/image.tar
cp context/image.tar out.tar
unlike "$(files)" 'image.tar|tgz|lib' "the output of the run, and what .dockerignore names"
rm context/image.tar
printf '*\n!a.txt\n' >context/Dockerfile.dockerignore
build
is "$(files | cut -d ' ' -f 1)" "/a.txt" "the file beside the Dockerfile stands before that of the context"
rm context/Dockerfile.dockerignore
openssl genpkey -algorithm ed25519 -out context/key.pem 2>/dev/null
refused 2 'Dockerfile:2: COPY: .*key.pem: is a private key.*\.dockerignore.*--allow-secrets' "a private key"
build --allow-secrets
exits 0 "unless one insists"
printf 'FROM scratch\nCOPY key.pem /\n' >context/Dockerfile
echo key.pem >>context/.dockerignore
refused 2 'Dockerfile:2: COPY key.pem: is left out by \.dockerignore' "a source that is left out"
is "$(find . -name '*.tmp')" "" "no temporary file is left"

done_testing
