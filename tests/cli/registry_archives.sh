#!/bin/bash
# Docker archives have plain layers and no manifest: a registry gets the layers compressed,
# with the same bytes each time; everywhere else they stay as they are.
. "$(dirname "$0")/../registry/lib.sh"

static_hello hello
head -c 9000000 /dev/urandom >noise
start_stub

S() {
	run timeout 60 "$SCRATCHPACK" "$@"
}
sent() { # bytes of blobs that the registry received
	stub_log 'select(.path | test("/blobs/uploads/")).received' | jq -s 'add // 0'
}
layers() { # REPOSITORY: media type and digest of each
	curl -sS --noproxy '*' -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$REGISTRY/v2/$1/manifests/v1" | jq -r '.layers[] | .mediaType + " " + .digest'
}
type=application/vnd.oci.image.layer.v1.tar
what=(hello --add noise:/noise --layers split -t hello:v1)
"$SCRATCHPACK" "${what[@]}" -q -o packed.tar >/dev/null
"$SCRATCHPACK" "${what[@]}" -q --compress none -o docker-archive:plain.tar >/dev/null
S push packed.tar "$REGISTRY/packed:v1"
packed=$(layers packed)
like "$packed" "$type\+gzip sha256:" "what is packed is gzip"

S push docker-archive:plain.tar "$REGISTRY/a/b:v1"
exits 0 "push of a docker archive"
is "$(layers a/b)" "$packed" "its layers are those that packing makes of the same tars"
S verify "docker://$REGISTRY/a/b:v1"
exits 0 "and the tars are those of the configuration"
stub_forget
S push plain.tar "$REGISTRY/a/b:v1" --threads 1
exits 0 "again"
is "$(sent)" 0 "nothing is sent, whatever the threads"
stub_reset
S push plain.tar "$REGISTRY/a/b:v1" "$REGISTRY/a/b:v2" "$REGISTRY/c/d:v1"
exits 0 "to several names"
ok "every byte is sent once" test "$(sent)" -lt 9500000
is "$(layers c/d)" "$packed" "each is the same image"
stub_reset
stub_rules '{"method":"PATCH","skip":1,"times":1,"status":404}'
S push plain.tar "$REGISTRY/a/b:v1"
exits 0 "a layer that gets lost on the way is made again"
is "$(layers a/b)" "$packed" "and arrives"

S push plain.tar "$REGISTRY/plain:v1" --compress none
exits 0 "--compress none"
is "$(layers plain | cut -d' ' -f1 | sort -u)" "$type" "leaves them plain"
S copy plain.tar "docker://$REGISTRY/z:v1" --compress zstd:1
exits 0 "--compress zstd"
is "$(layers z | cut -d' ' -f1 | sort -u)" "$type+zstd" "is done"
S index "$REGISTRY/i:v1" plain.tar
exits 0 "in an index"
is "$(stub_state '.blobs[]' | grep -c "i@${packed#* }")" 1 "in an index: the same"
S copy plain.tar layout/
exits 0 "into a layout"
is "$(jq -r '.layers[].mediaType' layout/blobs/sha256/"$(jq -r '.manifests[0].digest' layout/index.json | cut -d: -f2)" | sort -u)" \
	"$type" "they stay plain"
S copy packed.tar "docker://$REGISTRY/kept:v1" --compress none
is "$(layers kept)" "$packed" "what has a manifest is never changed"
S pull "$REGISTRY/a/b:v1" x.tar --compress none
exits 2 "pull takes no --compress"

# The same layer twice, as docker writes empty ones.
python3 -B - <<'EOF'
import hashlib, io, json, tarfile
def member(out, name, data):
	info = tarfile.TarInfo(name)
	info.size, info.mode = len(data), 0o755
	out.addfile(info, io.BytesIO(data))
def layer(name):
	buf = io.BytesIO()
	with tarfile.open(fileobj=buf, mode="w", format=tarfile.USTAR_FORMAT) as tar:
		member(tar, name, open("hello", "rb").read())
	return buf.getvalue()
tars = [layer("a"), layer("b"), layer("a")]
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/a"]}, "rootfs": {
	"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(t).hexdigest() for t in tars]}}).encode()
with tarfile.open("twice.tar", "w") as out:
	for i, t in enumerate(tars):
		member(out, "%d/layer.tar" % i, t)
	member(out, "config.json", config)
	member(out, "manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["t:v1"],
		"Layers": ["%d/layer.tar" % i for i in range(3)]}]).encode())
EOF
S push twice.tar "$REGISTRY/twice:v1"
exits 0 "a layer that is there twice"
is "$(layers twice | wc -l) $(layers twice | sort -u | wc -l)" "3 2" "stays so"
S verify "docker://$REGISTRY/twice:v1"
exits 0 "with the right tars"

# --load takes the place of a destination.
mkdir bin
printf '#!/bin/sh\ncat >%s/got\n' "$T" >bin/podman
chmod +x bin/podman
for command in "copy plain.tar" "pull $REGISTRY/a/b:v1"; do
	# shellcheck disable=SC2086
	PATH=$T/bin:$PATH S $command --engine podman
	exits 0 "$command --engine"
	like "$stderr" 'loaded into podman' "says where"
	S verify got
	exits 0 "and what it got is whole"
	rm got
done
S copy plain.tar
exits 2 "no destination at all"
done_testing
