#!/bin/bash
# --base: our layer on top of an image whose layers stay as they are, and what it has
# is not brought again.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq python3 skopeo
make_image() { # OUT CONFIG LAYER... [OPTIONS]
	python3 "$TOP/tests/make_image.py" "$@"
}

dynamic_hello hello
static_hello static
loader=$(readlink -f "$(LC_ALL=C readelf -l hello | sed -n 's/.*interpreter: \(.*\)]/\1/p')")
libc=$(ldd hello | awk '$1 == "libc.so.6" { print $3 }')
libdir=$(dirname "$(readlink -f "$libc")")

# a base with merged /usr, a C library and accounts
tree() { # DIR
	mkdir -p "$1/usr$libdir" "$1/usr/lib64" "$1/etc" "$1/srv"
	mkdir -p "$1$libdir" 2>/dev/null
	rm -rf "${1:?}/lib" "${1:?}/lib64"
	rm -rf "$1/usr/usr"
	mkdir -p "$1/usr/lib/${libdir##*/}" "$1/usr/lib64"
	ln -s usr/lib "$1/lib"
	ln -s usr/lib64 "$1/lib64"
	cp "$loader" "$1/usr/lib/${libdir##*/}/"
	ln -s "/lib/${libdir##*/}/${loader##*/}" "$1/usr/lib64/${loader##*/}"
	printf 'root:x:0:0::/root:/bin/sh\napp:x:7:7::/srv:/bin/sh' >"$1/etc/passwd"
	printf 'root:x:0:\napp:x:7:\n' >"$1/etc/group"
	chmod 711 "$1/srv"
}
tree merged
cp "$(readlink -f "$libc")" "merged/usr/lib/${libdir##*/}/libc.so.6"
tar -C merged --owner=0 --group=0 --numeric-owner -cf merged.tar .
config='{"Env":["PATH=/opt/bin:/bin","A=1"],"Entrypoint":["/bin/sh"],"Cmd":["-c","x"],"User":"app","WorkingDir":"/srv","Labels":{"a":"1","b":"2"},"ExposedPorts":{"80/tcp":{}},"StopSignal":"SIGINT","Shell":["/bin/sh"]}'
make_image base.tar "$config" merged.tar --name docker.io/library/base:1

# --- what is inherited, and what is not brought again
run "$SCRATCHPACK" hello --base base.tar -e A=2 -e B=3 -l b=ours -p 81 -o out.tar
exits 0 "packs on top of a base"
is "$(layers out.tar | wc -l)" 2 "two layers"
is "$(layers out.tar | head -1)" "$(layers base.tar)" "the first is the base's"
same <(blob out.tar "$(layers out.tar | head -1)") <(blob base.tar "$(layers base.tar)") "byte for byte"
is "$(blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -t)" hello "ours holds the program alone"
is "$(config out.tar | jq -c .config)" '{"User":"app","ExposedPorts":{"80/tcp":{},"81/tcp":{}},"Env":["PATH=/opt/bin:/bin","A=2","B=3"],"Entrypoint":["/hello"],"WorkingDir":"/srv","Labels":{"a":"1","b":"ours"},"StopSignal":"SIGINT","Shell":["/bin/sh"]}' \
	"the configuration is merged, and Cmd is reset"
is "$(config out.tar | jq -c '[.history[].created_by]')" '["ADD merged.tar","scratchpack: /hello"]' "its history goes on"
is "$(config out.tar | jq -c '.history[0]')" "$(config base.tar | jq -c '.history[0]')" "the base's part unchanged"
is "$(config out.tar | jq -r '.rootfs.diff_ids[0]')" "$(config base.tar | jq -r '.rootfs.diff_ids[0]')" "and its diff id"
is "$(manifest out.tar | jq -r '.annotations["org.opencontainers.image.base.name"]')" docker.io/library/base:1 "the base's name is recorded"
is "$(manifest out.tar | jq -r '.annotations["org.opencontainers.image.base.digest"]')" "$(member base.tar index.json | jq -r '.manifests[0].digest')" "and its digest"
run "$SCRATCHPACK" verify out.tar
exits 0 "it verifies, also that it starts"
run "$SCRATCHPACK" hello --base base.tar -e A=2 -e B=3 -l b=ours -p 81 -o again.tar
same out.tar again.tar "and is the same the next time"
run "$SCRATCHPACK" hello --base base.tar -o a.tar -o oci:lay --annotation org.opencontainers.image.base.name=mine
is "$(manifest lay | jq -r '.annotations["org.opencontainers.image.base.name"]')" mine "an annotation of the user stands"

# --- the platform of the program is the one of the index
make_image arm '{}' merged.tar --platform linux/arm64/v8
make_image multi '{"Cmd":["x"]}' merged.tar --with arm
run "$SCRATCHPACK" static --base multi -o out.tar
exits 0 "an index as the base"
is "$(config out.tar | jq -r .architecture)" amd64 "the program's platform is chosen"
run "$SCRATCHPACK" static --base arm -o no.tar
exits 1 "a base for another platform"
like "$stderr" 'arm: .*is for linux/arm64|has no image for linux/amd64' "with the reason"
not_ok "and nothing is written" test -e no.tar

# --- other forms of it
make_image docker '{"Cmd":["x"]}' merged.tar --docker-types
run "$SCRATCHPACK" static --base docker -o out/
exits 0 "a base with Docker's media types"
is "$(manifest out | jq -r '[.mediaType, .config.mediaType, .layers[].mediaType] | map(sub("application/vnd."; "")) | join(" ")')" \
	"docker.distribution.manifest.v2+json docker.container.image.v1+json docker.image.rootfs.diff.tar.gzip docker.image.rootfs.diff.tar.gzip" "keeps to them"
run "$SCRATCHPACK" static --base docker --compress zstd -o no.tar
exits 2 "which know no zstd"
make_image saved.tar '{"Cmd":["x"]}' merged.tar --form docker --name base:2
run "$SCRATCHPACK" hello --base saved.tar -o out.tar
exits 0 "a base as docker save wrote it"
like "$stderr" 'has no manifest: .* image ID' "whose digest cannot be known is said"
is "$(manifest out.tar | jq -r '.layers[0].digest')" "sha256:$(sha256sum <merged.tar | cut -d' ' -f1)" "its layer as it is"
is "$(manifest out.tar | jq -r '.annotations["org.opencontainers.image.base.digest"]')" "sha256:$(tar -xOf saved.tar "$(tar -xOf saved.tar manifest.json | jq -r '.[0].Config')" | sha256sum | cut -d' ' -f1)" "the image ID is recorded"
run "$SCRATCHPACK" verify out.tar
exits 0 "and it verifies"
run skopeo copy -q oci-archive:out.tar dir:copied
exits 0 "skopeo copies it"

# --- accounts
run "$SCRATCHPACK" static --base base.tar --user nonroot -o out.tar
exits 0 "nonroot on a base with accounts"
blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -xO etc/passwd >passwd
is "$(sed 's/:.*//' passwd | tr '\n' ' ')" "root app nonroot " "whose accounts stay"
is "$(config out.tar | jq -r .config.User)" 65532:65532 "and the user is a number"
run "$SCRATCHPACK" static --base base.tar --user app -o out.tar
exits 0 "a user that the base knows"
is "$(blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -t)" static "and nothing is added for it"
run "$SCRATCHPACK" static --base base.tar --user other -o no.tar
exits 2 "a user that nobody knows"

# --- places
run "$SCRATCHPACK" static --base base.tar --at /lib/x/static --add hello:/srv/hello -o out.tar
exits 0 "below a link, and in a directory of the base"
is "$(blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -tv --numeric-owner | awk '{ print $1, $6 }' | tr '\n' ' ')" \
	"drwx--x--x srv/ -rwxr-xr-x srv/hello drwxr-xr-x usr/ drwxr-xr-x usr/lib/ drwxr-xr-x usr/lib/x/ -rwxr-xr-x usr/lib/x/static " \
	"the link is followed, the directory keeps its mode"
run "$SCRATCHPACK" static --base base.tar --at /srv -o no.tar
exits 2 "a program in the place of a directory"
like "$stderr" '/srv: in the base image this is a directory' "is a conflict"

# --- bases without, and with another, C library
mkdir -p bare/etc && echo x >bare/etc/x && tar -C bare -cf bare.tar etc
make_image bare '{}' bare.tar
run "$SCRATCHPACK" hello --base bare -o out.tar
exits 0 "a base without a C library"
like "$(blob out.tar "$(layers out.tar | tail -1)" | gzip -dc | tar -t | tr '\n' ' ')" 'libc\.so\.6.* ' "gets the one that is needed"
run "$SCRATCHPACK" verify out.tar
exits 0 "and starts"
tree old
printf 'GLIBC_2.2.5 { global: puts; };\n' >map
echo 'int puts(const char *s) { return !s; }' | gcc -xc -shared -fPIC -nostdlib -Wl,-soname,libc.so.6 -Wl,--version-script=map -o "old/usr/lib/${libdir##*/}/libc.so.6" -
tar -C old -cf old.tar .
make_image oldbase '{}' old.tar
run "$SCRATCHPACK" hello --base oldbase -o no.tar
exits 3 "a base with an older C library"
like "$stderr" 'GLIBC_2.*the base image brings its own C library, glibc 2' "with the reason"
not_ok "and nothing is written" test -e no.tar

# --- split layers, several platforms
run "$SCRATCHPACK" hello --base bare --layers split -o out.tar
exits 0 "split layers"
is "$(layers out.tar | wc -l)" 3 "go on top"
run "$SCRATCHPACK" verify out.tar
exits 0 "and verify"

# --- what is no good as a base
run "$SCRATCHPACK" static --base nothing.tar -o no.tar
exits 1 "a base that is not there"
cp -r bare broken && f=broken/blobs/sha256/$(layers broken | cut -d: -f2) && printf 'x' | dd of="$f" bs=1 seek=30 conv=notrunc status=none
run "$SCRATCHPACK" static --base broken -o no.tar
exits 4 "a layer with other bytes"
like "$stderr" 'broken: layer .*its digest is' "is said"
# What is wrong with bytes that are the wrong ones is not the thing to say.
size=$(stat -c %s "$f")
tar -cf other.tar static
garbage() { # NAME COMMAND...
	"${@:2}" | cat - /dev/zero | head -c "$size" >"$f"
	run "$SCRATCHPACK" static --base broken -o no.tar
	exits 4 "other bytes: $1"
	like "$stderr" 'its digest is' "other bytes: $1: the digest is what is said"
	not_ok "other bytes: $1: nothing is written" test -e no.tar
}
garbage "no tar" seq 1 100000
garbage "no gzip" printf '\037\213\010garbage'
garbage "a stream that is cut off" gzip -nc other.tar
garbage "a tar of something else" cat other.tar
garbage "a name that leads out" tar -P --transform 's,^,../,' -cf - static
garbage "no zstd" printf '\050\265\057\375garbage'
rm "$f"
run "$SCRATCHPACK" static --base broken -o no.tar
exits 7 "a layer that is missing"
mkdir -p evil && ln -s /etc evil/link && python3 - <<'END'
import tarfile, io
with tarfile.open("evil.tar", "w") as tar:
    info = tarfile.TarInfo("../escape"); info.size = 1
    tar.addfile(info, io.BytesIO(b"x"))
END
make_image evil '{}' evil.tar
run "$SCRATCHPACK" static --base evil -o no.tar
exits 7 "a hostile layer"
like "$stderr" 'escape: has a \.\. component' "is said"
make_image lying '{"rootfs":0,"config":{}}' merged.tar
m=$(member lying index.json | jq -r '.manifests[0].digest')
python3 - "$m" <<'END'
import hashlib, json, sys, os
b = "lying/blobs/sha256/"
m = json.load(open(b + sys.argv[1][7:]))
c = json.load(open(b + m["config"]["digest"][7:]))
c["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64]
def put(d):
    t = json.dumps(d).encode(); h = hashlib.sha256(t).hexdigest()
    open(b + h, "wb").write(t); return {"digest": "sha256:" + h, "size": len(t)}
m["config"].update(put(c))
i = json.load(open("lying/index.json")); i["manifests"][0].update(put(m))
json.dump(i, open("lying/index.json", "w"))
END
run "$SCRATCHPACK" static --base lying -o no.tar
exits 4 "a diff id of something else"
like "$stderr" 'unpacked, its digest is' "is said"
is "$(litter)" "" "nothing is left"
not_ok "and nothing was written" test -e no.tar
done_testing
