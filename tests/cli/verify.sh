#!/bin/bash
# verify: finds nothing wrong with our images and those of others, and everything
# wrong with broken ones.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/image.sh"

need jq python3

static_hello hello
dynamic_hello dynamic
run "$SCRATCHPACK" ./dynamic -q -o good.tar -o good/ -o oci-archive:good.oci.tar \
	-o docker-archive:good.docker.tar -o oci:named:v1
exits 0 "images to verify"
for image in good.tar good good/ oci:good oci-archive:good.tar good.oci.tar docker-archive:good.tar \
	good.docker.tar oci:named:v1; do
	run "$SCRATCHPACK" verify "$image"
	exits 0 "$image"
	like "$stdout" '(^|
)ok$' "$image: says so"
done
for how in none zstd; do
	run "$SCRATCHPACK" ./dynamic -q -o $how.tar --compress $how --layers split
	run "$SCRATCHPACK" verify $how.tar
	exits 0 "--compress $how --layers split"
done
run "$SCRATCHPACK" verify good.tar --json
is "$(jq -c '[.ok, .problems, (.images | length)]' "$RUN/stdout")" '[true,[],1]' "--json"
run "$SCRATCHPACK" verify -q good.tar
is "$stderr" "" "-q: silent"
run "$SCRATCHPACK" verify oci:named:v2
isnt "$status" 0 "a name that is not in the layout"

# bad TEXT REGEX [IMAGE]: the image is found to be broken (broken/ if none is named)
bad() {
	run "$SCRATCHPACK" verify "${3:-broken/}"
	exits 7 "$1"
	like "$stdout$stderr" "$2" "$1: says so"
	unlike "$stdout" '(^|
)ok$' "$1: never says ok"
	rm -rf broken
	cp -r good broken
}
blob_of() { # KIND of broken/: layer, config, manifest
	local manifest
	manifest=$(jq -r '.manifests[0].digest' broken/index.json)
	case $1 in
	manifest) echo "broken/blobs/sha256/${manifest#sha256:}" ;;
	config) jq -r .config.digest "broken/blobs/sha256/${manifest#sha256:}" |
		sed 's|sha256:|broken/blobs/sha256/|' ;;
	layer) jq -r '.layers[0].digest' "broken/blobs/sha256/${manifest#sha256:}" |
		sed 's|sha256:|broken/blobs/sha256/|' ;;
	esac
}
cp -r good broken
for kind in layer config manifest; do
	rm "$(blob_of $kind)"
	bad "no $kind" "${kind:0:3}|blob|sha256"
	file=$(blob_of $kind)
	printf 'X' | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") / 2)) conv=notrunc status=none
	bad "one byte of the $kind" 'digest|sha256'
	echo >>"$(blob_of $kind)"
	bad "a byte more in the $kind" 'size|digest|sha256'
	truncate -s -1 "$(blob_of $kind)"
	bad "a byte less in the $kind" 'size|digest|sha256'
	: >"$(blob_of $kind)"
	bad "an empty $kind" 'size|digest|sha256|empty'
done
rm broken/index.json
bad "no index.json" 'index\.json|layout'
echo '{' >broken/index.json
bad "an index that is no JSON" 'index\.json'
jq -c '.schemaVersion = 3' good/index.json >broken/index.json
bad "another schema version" 'schemaVersion'
echo '{"imageLayoutVersion":"2.0.0"}' >broken/oci-layout
bad "another version of the layout" 'oci-layout|[Vv]ersion'
jq -c '.manifests[0].size += 1' good/index.json >broken/index.json
bad "a size that is wrong in the index" 'size'
jq -c '.manifests[0].digest = "sha256:abc"' good/index.json >broken/index.json
bad "a digest that is too short" 'digest'
jq -c '.manifests[0].digest = "md5:00"' good/index.json >broken/index.json
bad "a digest of another kind" 'digest|md5'
jq -c '.manifests[0].platform.architecture = "arm64"' good/index.json >broken/index.json
bad "a platform that is not the program's" 'platform|architecture|arm64'

# Changed documents whose digests are right again.
cat >forge.py <<'END'
"""forge.py LAYOUT JQ-LIKE-PYTHON: change config (c), manifest (m) or the layer's tar (t),
and repair every digest above."""
import gzip, hashlib, io, json, os, sys, tarfile
top, code = sys.argv[1:]
blobs = os.path.join(top, "blobs/sha256/")
def read(digest): return open(blobs + digest[7:], "rb").read()
def put(data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    open(blobs + digest[7:], "wb").write(data)
    return digest
index = json.load(open(os.path.join(top, "index.json")))
m = json.loads(read(index["manifests"][0]["digest"]))
c = json.loads(read(m["config"]["digest"]))
raw = gzip.decompress(read(m["layers"][0]["digest"]))
entries = []
with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
    for e in tar:
        entries.append((e, tar.extractfile(e).read() if e.isreg() else None))
def entry(name, data=None, **more):
    e = tarfile.TarInfo(name)
    e.size = len(data or b"")
    for key, value in more.items():
        setattr(e, key, value)
    entries.append((e, data))
def find(name):
    return next(i for i, (e, _) in enumerate(entries) if e.name == name)
relayer = False
exec(code)
if relayer:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for e, data in entries:
            tar.addfile(e, io.BytesIO(data) if data is not None else None)
    packed = gzip.compress(out.getvalue(), 1, mtime=0)
    c["rootfs"]["diff_ids"][0] = "sha256:" + hashlib.sha256(out.getvalue()).hexdigest()
    m["layers"][0].update(digest=put(packed), size=len(packed))
config = json.dumps(c).encode()
if "config" in m:
    m["config"].update(digest=put(config), size=len(config))
manifest = json.dumps(m).encode()
index["manifests"][0].update(digest=put(manifest), size=len(manifest))
json.dump(index, open(os.path.join(top, "index.json"), "w"))
END
forged() { # TEXT REGEX CODE
	python3 forge.py broken "$3" || exit 1
	bad "$1" "$2"
}
python3 forge.py broken 'relayer = True'
run "$SCRATCHPACK" verify broken/
exits 0 "a layer written again by another program is fine"
rm -rf broken
cp -r good broken
forged "a diff id that is wrong" 'diff' 'c["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64'
forged "more diff ids than layers" 'diff|layers' 'c["rootfs"]["diff_ids"].append("sha256:" + "0" * 64)'
forged "no rootfs" 'rootfs' 'del c["rootfs"]'
forged "no architecture" 'architecture' 'del c["architecture"]'
forged "an entry point that is no list" 'Entrypoint' 'c["config"]["Entrypoint"] = "/dynamic"'
forged "an environment that is no list" 'Env' 'c["config"]["Env"] = {"A": "b"}'
forged "a time that is none" 'created' 'c["created"] = "yesterday"'
forged "an entry point that is not there" 'Entrypoint|nowhere|entry' 'c["config"]["Entrypoint"] = ["/nowhere"]'
forged "no layers in the manifest" 'layers' 'del m["layers"]'
forged "no configuration in the manifest" 'config' 'del m["config"]'
forged "an unknown media type" 'media|mediaType' 'm["layers"][0]["mediaType"] = "text/plain"'
forged "a media type of other compression" 'zstd|gzip|compress' \
	'm["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"'
forged "a path twice" 'twice|duplicate' \
	'entry("etc/x", b"1"); entry("etc/x", b"2"); relayer = True'
forged "a path that climbs" '\.\.' 'entry("../escape", b"1"); relayer = True'
forged "a hard link to nothing" 'link' \
	'entry("hard", None, type=tarfile.LNKTYPE, linkname="no/such"); relayer = True'
forged "no libc" 'libc' 'del entries[find("usr/lib/x86_64-linux-gnu/libc.so.6")]; relayer = True'
forged "a program that is not executable" 'execut' \
	'entries[find("dynamic")][0].mode = 0o644; relayer = True'
forged "a layer that is not gzip" '' \
	'd = put(b"not gzip at all"); m["layers"][0].update(digest=d, size=15)'
forged "a gzip stream cut short" '' \
	'z = read(m["layers"][0]["digest"])[:-20]; m["layers"][0].update(digest=put(z), size=len(z))'
forged "bytes behind the gzip stream" '' \
	'z = read(m["layers"][0]["digest"]) + b"more"; m["layers"][0].update(digest=put(z), size=len(z))'

# Archives that are cut or changed anywhere.
size=$(stat -c %s good.tar)
RANDOM=20240503
missed=''
for _ in $(seq 12); do
	head -c $(((RANDOM * 32768 + RANDOM) % (size - 1100))) good.tar >cut.tar
	timeout 10 "$SCRATCHPACK" verify cut.tar >/dev/null 2>&1
	status=$?
	[[ $status == [17] ]] || missed+=" $(stat -c %s cut.tar):$status"
done
is "$missed" "" "an archive cut short at 12 places"
missed=''
for _ in $(seq 12); do
	cp good.tar flip.tar
	at=$(((RANDOM * 32768 + RANDOM) % (size - 20000) + 3000))
	printf '%b' "\\x$(printf %02x $((0x$(xxd -p -s $at -l 1 good.tar) ^ 0x20)))" |
		dd of=flip.tar bs=1 seek=$at conv=notrunc status=none
	timeout 10 "$SCRATCHPACK" verify flip.tar >/dev/null 2>&1
	status=$?
	[[ $status == [17] ]] || missed+=" $at:$status"
done
is "$missed" "" "an archive with one bit changed at 12 places"
for file in /dev/null hello forge.py missing; do
	run "$SCRATCHPACK" verify "$file"
	like "$status" '^[178]$' "$file is no image"
	is "$(grep -c '^scratchpack: error: ' "$RUN/stderr")" 1 "$file: one error"
done

# Images of others.
if have skopeo; then
	for from in oci:good:latest oci-archive:good.oci.tar docker-archive:good.docker.tar; do
		for to in oci oci-archive docker-archive; do
			rm -rf other
			if skopeo copy -q --insecure-policy "$from" "$to:other:x/y:1" 2>skopeo.err ||
				skopeo copy -q --insecure-policy "${from/:latest/}" "$to:other:x/y:1" 2>skopeo.err; then
				run "$SCRATCHPACK" verify other
				exits 0 "what skopeo makes of ${from%%:*} as $to"
			else
				fail "skopeo reads our ${from%%:*}"
				diag "$(cat skopeo.err)"
			fi
		done
	done
else
	skip "images of skopeo" "not installed"
fi
if have umoci; then
	umoci init --layout umoci && umoci new --image umoci:one
	umoci unpack --rootless --image umoci:one bundle >/dev/null 2>&1
	cp hello bundle/rootfs/hello
	umoci repack --image umoci:one bundle >/dev/null 2>&1
	umoci config --image umoci:one --config.entrypoint /hello --architecture amd64 --os linux
	run "$SCRATCHPACK" verify oci:umoci:one
	exits 0 "an image of umoci's"
	cp -r good ours
	name=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' ours/index.json)
	umoci tag --image "ours:$name" second
	umoci config --image ours:second --config.label a=b
	run "$SCRATCHPACK" verify ours
	exits 0 "our layout with an image that umoci made of ours"
else
	skip "images of umoci" "not installed"
fi

# --- what is no image ---
echo '#!/bin/sh' >script
echo '{"a": 1}' >doc.json
echo some text >text
tar -cf plain.tar text
for row in './hello|is a compiled program' 'script|is a script' 'doc.json|is a JSON document' \
	'text|is no tar archive' 'plain.tar|holds no image'; do
	for command in verify copy; do
		to=()
		[ $command = verify ] || to=(out.tar)
		run "$SCRATCHPACK" $command "${row%%|*}" "${to[@]}"
		exits 7 "$command ${row%%|*}"
		like "$stderr" "${row%%|*}: ${row#*|}" "says what it is"
		[ "${row%%|*}" = plain.tar ] || like "$stderr" 'expected an image' "and what was expected"
	done
done
done_testing
