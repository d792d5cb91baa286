#!/bin/bash
# Every form of -o, files for scripts, and what is printed about them.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq make

static_hello hello
pack() {
	run "$SCRATCHPACK" ./hello --progress none "$@"
}
digest_of() { # of the image in an archive or layout
	member "$1" index.json | jq -r '.manifests[0].digest'
}

pack -o hello.tar
exits 0 "FILE.tar"
digest=${stdout#*@}
is "$stdout" "hello@$digest" "the result line"
is "$(digest_of hello.tar)" "$digest" "is the digest in the archive"
is "$(stat -c %a hello.tar)" 644 "the archive has the mode that umask gives"
is "$(tar -tf hello.tar | grep -v blobs/ | sort)" "index.json
manifest.json
oci-layout" "it is a layout and a docker archive"
is "$(member hello.tar oci-layout)" '{"imageLayoutVersion":"1.0.0"}' "of layout version 1.0.0"
is "$(member hello.tar manifest.json | jq -c '.[0].RepoTags')" '["docker.io/library/hello:latest"]' \
	"with the tag for docker load"
for file in $(member hello.tar manifest.json | jq -r '.[0] | .Config, .Layers[]'); do
	is "sha256:$(member hello.tar "$file" | sha256sum | cut -d' ' -f1)" "sha256:${file##*/}" \
		"docker's ${file:0:20} is what its name says"
done
(umask 077 && "$SCRATCHPACK" ./hello -q -o private.tar >/dev/null)
is "$(stat -c %a private.tar)" 600 "a stricter umask is heeded"
same hello.tar private.tar "and changes nothing inside"

check_layout() { # DIR TEXT
	is "$(digest_of "$1")" "$digest" "$2: the same image"
	is "$(cat "$1/oci-layout")" '{"imageLayoutVersion":"1.0.0"}' "$2: oci-layout"
	local wrong
	wrong=$(cd "$1/blobs/sha256" && for f in *; do
		[ "$(sha256sum <"$f" | cut -d' ' -f1)" = "$f" ] || echo "$f"
	done)
	is "$wrong" "" "$2: every blob is what its name says"
	is "$(find "$1/blobs/sha256" -type f | wc -l)" 3 "$2: layer, config and manifest"
}
pack -o layout/
exits 0 "DIR/"
is "$stdout" "hello@$digest" "DIR/: the result line"
check_layout layout DIR/
mkdir there
pack -o there
exits 0 "a directory that is there"
check_layout there "an existing directory"
pack -o oci:second
exits 0 "oci:DIR"
check_layout second oci:DIR
pack -o oci:third:v1.2
exits 0 "oci:DIR:REF"
check_layout third oci:DIR:REF
is "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' third/index.json)" v1.2 \
	"the reference is in the index"

# A layout keeps what it had, and a name moves.
pack -o oci:third:other -l a=b
exits 0 "another image into the same layout"
is "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' third/index.json | sort)" \
	"other
v1.2" "both are there"
second=${stdout#*@}
pack -o oci:third:v1.2 -l a=b
is "$(jq -r '.manifests[].digest' third/index.json | sort -u)" "$second" "a name moves to the new image"
mkdir foreign && echo precious >foreign/file
pack -o foreign/
exits 8 "a directory with other things in it is no place for a layout"
is "$(find foreign)" "foreign
foreign/file" "and stays as it was"

pack -o oci-archive:a.tar
exits 0 "oci-archive:FILE"
is "$(digest_of a.tar)" "$digest" "oci-archive: the same image"
is "$(tar -tf a.tar | grep -c '^manifest.json$')" 0 "oci-archive: no docker manifest"
pack -o oci-archive:b.tar:v3
exits 0 "oci-archive:FILE:REF"
is "$(member b.tar index.json | jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]')" \
	v3 "oci-archive: the reference"
pack -o docker-archive:c.tar
exits 0 "docker-archive:FILE"
is "$(member c.tar manifest.json | jq -c '.[0].RepoTags')" '["docker.io/library/hello:latest"]' \
	"docker-archive: the tag"
pack -o docker-archive:d.tar:us/them:7
exits 0 "docker-archive:FILE:NAME:TAG"
is "$(member d.tar manifest.json | jq -c '.[0].RepoTags')" '["docker.io/us/them:7"]' \
	"docker-archive: its own tag"
is "$stdout" "us/them@$digest" "docker-archive: the result says that name"

pack -o -
exits 0 "-"
same hello.tar "$RUN/stdout" "stdout has the archive, nothing else"
like "$stderr" "hello@$digest" "the result is told on stderr"
for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
	"$SCRATCHPACK" ./hello -q -o - -t hello:v1 >dash.tar
	"$SCRATCHPACK" ./hello -q -o $name -t hello:v1 >named.tar
	same named.tar dash.tar "$name is -: no result behind the archive"
	"$SCRATCHPACK" copy dash.tar $name >copied.tar 2>/dev/null
	run "$SCRATCHPACK" verify copied.tar
	exits 0 "and so for copies"
done
"$SCRATCHPACK" ./hello -q -o - 2>err | cat >piped.tar
same hello.tar piped.tar "the same through a pipe"
is "$(cat err)" "" "and -q says nothing"
run "$SCRATCHPACK" ./hello -q -o /dev/stdout
same hello.tar "$RUN/stdout" "/dev/stdout by its name"
mkfifo fifo
background cat fifo >from-fifo.tar
pack -o fifo
exits 0 "a FIFO"
ok "is read to its end" wait_for 10 cmp hello.tar from-fifo.tar
ok "and stays a FIFO" test -p fifo

rm -rf e.tar f.tar g.tar layout2
pack -o e.tar -o layout2/ -o oci-archive:f.tar -o docker-archive:g.tar
exits 0 "several destinations"
is "$stdout" "hello@$digest
hello@$digest
hello@$digest
hello@$digest" "one result line each, one digest"
same e.tar hello.tar "the archive is what it is alone"
is "$(member g.tar "$(member g.tar manifest.json | jq -r '.[0].Config')" | jq -c .rootfs)" \
	"$(config hello.tar | jq -c .rootfs)" "the docker archive has the same layer"
pack -o e.tar -o missing/f.tar -o layout3/
exits 8 "one bad destination among good ones"
is "$stdout" "" "no result"
same e.tar hello.tar "the others are untouched"
not_ok "or not begun" test -e layout3
pack -o e.tar -o e.tar
exits 2 "the same destination twice"
run "$SCRATCHPACK" ./hello -o e.tar -o ./layout4/ -o - -q
exits 0 "stdout among others"
same hello.tar "$RUN/stdout" "stdout has the archive"

pack -o tagged.tar -t registry.example:5000/a/b:1 -t c
exits 0 "several tags"
is "$stdout" "registry.example:5000/a/b@$digest" "the first names the image"
is "$(member tagged.tar manifest.json | jq -c '.[0].RepoTags')" \
	'["registry.example:5000/a/b:1","docker.io/library/c:latest"]' "all are in the archive"
is "$(member tagged.tar index.json | jq -c '[.manifests[].digest] | unique | length')" 1 "of one image"
pack -q -o nowhere/../up.tar
exits 8 "a parent that is missing"
echo old >real.tar
ln -s real.tar link.tar
pack -q -o link.tar
exits 0 "a symbolic link as output"
ok "stays a link" test -L link.tar
same real.tar hello.tar "and its target is written"
rm real.tar
pack -q -o link.tar
exits 0 "a symbolic link to a file that is not there yet"
ok "stays a link as well" test -L link.tar
same real.tar hello.tar "and its target is made"

# Files for scripts.
pack -o out.tar --digest-file d --metadata-file m --depfile dep --json
exits 0 "files for scripts"
is "$(cat d)" "$digest" "--digest-file"
is "$(jq -r '."containerimage.digest"' m)" "$digest" "--metadata-file: digest"
is "$(jq -r '."containerimage.config.digest"' m)" "$(manifest out.tar | jq -r .config.digest)" \
	"--metadata-file: config"
is "$(jq -c '."containerimage.descriptor" | {mediaType, digest, size}' m)" \
	"$(member out.tar index.json | jq -c '.manifests[0] | {mediaType, digest, size}')" \
	"--metadata-file: descriptor"
is "$(jq -r '."image.name"' m)" docker.io/library/hello:latest "--metadata-file: name"
is "$(jq -r '.results[0].digest, .results[0].destination' "$RUN/stdout")" "$digest
out.tar" "--json: the report has the result"
pack -o docker.tar --depfile dep3
is "$(head -1 dep3 | cut -d: -f1)" docker.tar \
	"--depfile of an archive whose name begins as an address does"
pack -o - --depfile dep2
exits 2 "--depfile without a file that make could know"

# A real make rebuilds when a library changed, and only then.
cat >lib.c <<'END'
int answer(void) { return 42; }
END
gcc -shared -fPIC -o "libanswer one.so" -Wl,-soname,"libanswer one.so" lib.c
compile 'pro$gram' "libanswer one.so" -Wl,-rpath,'$ORIGIN' <<'END'
int answer(void);
int main(void) { return answer(); }
END
cat >Makefile <<'END'
image.tar:
	@echo packing
	@"$(SCRATCHPACK)" './pro$$gram' -t program -q -o $@ --depfile image.d >/dev/null
-include image.d
END
export SCRATCHPACK
unset MAKEFLAGS MAKELEVEL MFLAGS
run make -s image.tar
is "$stdout" packing "make packs"
exits 0 "and has its image"
run make -s image.tar
is "$stdout$stderr" "" "make has nothing to do"
sleep 0.01
touch "libanswer one.so"
run make -s image.tar
is "$stdout" packing "a library with a space in its name changed: make packs"
touch 'pro$gram'
run make -s image.tar
is "$stdout" packing "the program with a dollar changed: make packs"
run make -s image.tar
is "$stdout$stderr" "" "and then has nothing to do"
is "$(litter)" "" "no temporary file is left"
done_testing
