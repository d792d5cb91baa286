#!/bin/bash
# Push and pull to and from a registry on loopback (Debian's docker-registry), against
# skopeo, and crane where it is installed.  Exit 1 if a goal is missed.
#
#	make bench			at its end
#	tests/bench/registry.sh [PROGRAM]
#
# A program of about 40 MB in one layer, and an image of 500 MB (BENCH_IMAGE_MIB) in
# several layers that hardly compress.  All tools read and write OCI layouts; each push
# meets an empty registry, each pull an empty folder.  The best of BENCH_ROUNDS (5);
# memory is the worst.
set -u
LC_ALL=C
export LC_ALL

SCRATCHPACK=$(realpath "${SCRATCHPACK:-build/scratchpack}")
ROUNDS=${BENCH_ROUNDS:-5}
MIB=${BENCH_IMAGE_MIB:-500}
here=$(cd "$(dirname "$0")" && pwd)

skip() {
	echo "registry: left out: $*"
	exit 0
}
for tool in docker-registry skopeo python3; do
	command -v $tool >/dev/null || skip "$tool is not installed; ./bootstrap --test does that"
done

T=$(mktemp -d) || exit 2
server=
stop() {
	[ -z "$server" ] || kill "$server"
	wait
	rm -rf "$T"
}
trap stop EXIT
trap 'exit 130' INT TERM
${CC:-cc} -O1 -o "$T/measure" "$here/measure.c" || exit 2

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >"$T/registry.yml" <<-END
	version: 0.1
	log: {level: info, accesslog: {disabled: false}}
	storage: {filesystem: {rootdirectory: $T/data}}
	http: {addr: "127.0.0.1:$port"}
END
docker-registry serve "$T/registry.yml" >"$T/registry.log" 2>&1 &
server=$!
for _ in $(seq 100); do
	(: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
	sleep 0.1
done
registry=127.0.0.1:$port
printf '{}' >"$T/auth.json"
export REGISTRY_AUTH_FILE=$T/auth.json

# --- what is moved ----------------------------------------------------------------

make_images() {
	local program=$1 i
	"$SCRATCHPACK" "$program" --at /app -q -t app -o "oci:$T/program:latest" >/dev/null || return
	echo 'int main(void) { return 0; }' >"$T/tiny.c"
	${CC:-cc} -static -o "$T/tiny" "$T/tiny.c" || return
	for i in 1 2 3 4; do
		head -c $((MIB * 1024 * 1024 / 5)) /dev/urandom >"$T/noise" || return
		"$SCRATCHPACK" "$T/tiny" --at /app --add "$T/noise:/noise$i" --layers split --compress gzip:1 \
			-q -t big -o "$T/part$i/" >/dev/null || return
	done
	head -c $((MIB * 1024 * 1024 / 5)) /dev/urandom >"$T/noise" || return
	"$SCRATCHPACK" "$T/tiny" --at /app --add "$T/noise:/noise5" --compress gzip:1 -q -t big \
		-o "oci:$T/image:latest" >/dev/null || return
	python3 - "$T" <<-'END'
		import hashlib, json, os, sys
		top = sys.argv[1]
		def blob(layout, digest):
		    return os.path.join(top, layout, "blobs/sha256", digest[7:])
		def load(layout):
		    index = json.load(open(os.path.join(top, layout, "index.json")))
		    manifest = json.load(open(blob(layout, index["manifests"][0]["digest"])))
		    return index, manifest, json.load(open(blob(layout, manifest["config"]["digest"])))
		def put(document):
		    data = json.dumps(document).encode()
		    digest = "sha256:" + hashlib.sha256(data).hexdigest()
		    open(blob("image", digest), "wb").write(data)
		    return {"digest": digest, "size": len(data)}
		index, manifest, config = load("image")
		for i in "1234":
		    _, m, c = load("part" + i)
		    for layer, diff in zip(m["layers"], c["rootfs"]["diff_ids"]):
		        os.replace(blob("part" + i, layer["digest"]), blob("image", layer["digest"]))
		        manifest["layers"].append(layer)
		        config["rootfs"]["diff_ids"].append(diff)
		config.pop("history", None)
		manifest["config"].update(put(config))
		index["manifests"][0].update(put(manifest))
		json.dump(index, open(os.path.join(top, "image/index.json"), "w"))
	END
	rm -rf "$T"/part? "$T/noise"
}
program=${1:-${BENCH_PROGRAM:-}}
if [ -z "$program" ]; then
	program=$(go env GOTOOLDIR 2>/dev/null)/compile
	[ -x "$program" ] || skip "no program was named, and Go is not installed"
fi
make_images "$program" || exit 2

# --- the rounds ---------------------------------------------------------------------

tools=(scratchpack skopeo)
! command -v crane >/dev/null || tools+=(crane)
declare -A best peak
command_of() { # TOOL push|pull IMAGE REPOSITORY DIR: sets words
	case $1-$2 in
	scratchpack-push) words=("$SCRATCHPACK" push -q "oci:$T/$3:latest" "$registry/$4:v1") ;;
	scratchpack-pull) words=("$SCRATCHPACK" pull -q "$registry/$4:v1" "oci:$5:latest") ;;
	skopeo-push) words=(skopeo --insecure-policy copy -q --dest-tls-verify=false
		"oci:$T/$3:latest" "docker://$registry/$4:v1") ;;
	skopeo-pull) words=(skopeo --insecure-policy copy -q --src-tls-verify=false
		"docker://$registry/$4:v1" "oci:$5:latest") ;;
	crane-push) words=(crane push "$T/$3" "$registry/$4:v1") ;;
	crane-pull) words=(crane pull --format oci "$registry/$4:v1" "$5") ;;
	esac
}

once() { # TOOL push|pull IMAGE
	local key="$1 $2 $3" seconds kib status
	# skopeo remembers where it has seen a blob, and would have it mounted from there
	[ "$2" = pull ] || rm -rf "$T/data/docker"
	command_of "$1" "$2" "$3" "bench/$3" "$T/pulled"
	if ! "$T/measure" "$T/took" "$T/stdout" "${words[@]}" 2>"$T/stderr" ||
		! read -r seconds kib status <"$T/took" || [ "$status" != 0 ]; then
		echo "bench: $key failed" >&2
		cat "$T/stderr" >&2
		exit 2
	fi
	rm -rf "$T/pulled"
	[ "${best[$key]-x}" != x ] && ! awk -v a="$seconds" -v b="${best[$key]}" 'BEGIN { exit !(a < b) }' ||
		best[$key]=$seconds
	[ "${peak[$key]:-0}" -ge "$kib" ] || peak[$key]=$kib
}

for image in program image; do
	for ((i = 0; i < ROUNDS; i++)); do
		for what in push pull; do
			for tool in "${tools[@]}"; do
				once "$tool" $what $image
			done
		done
	done
done

printf '%-34s %9s %9s %9s\n' 'to and from a registry' seconds 'x skopeo' 'peak MiB'
for image in program image; do
	size=$(du -sm "$T/$image" | cut -f1)
	for what in push pull; do
		for tool in "${tools[@]}"; do
			key="$tool $what $image"
			printf '%-34s %9.3f %9.2f %9.1f\n' "$tool $what ($size MB)" "${best[$key]}" \
				"$(awk -v a="${best[skopeo $what $image]}" -v b="${best[$key]}" 'BEGIN { print a / b }')" \
				"$(awk -v k="${peak[$key]}" 'BEGIN { print k / 1024 }')"
		done
	done
done

# --- the goals ------------------------------------------------------------------------

missed=0
goal() { # goal TEXT: is what the command before it says
	if [ $? = 0 ]; then
		echo "PASS $1"
	else
		echo "FAIL $1"
		missed=1
	fi
}
faster() { # push|pull IMAGE: than all others
	local tool
	for tool in "${tools[@]:1}"; do
		awk -v a="${best[scratchpack $1 $2]}" -v b="${best[$tool $1 $2]}" 'BEGIN { exit !(a < b) }' ||
			return
	done
}
echo
for image in program image; do
	for what in push pull; do
		faster $what $image
		goal "$what of the $image is faster than ${tools[*]:1}"
	done
done
most=0
for key in "${!peak[@]}"; do
	[[ $key != scratchpack* ]] || [ "${peak[$key]}" -le "$most" ] || most=${peak[$key]}
done
[ "$most" -lt $((64 * 1024)) ]
goal "peak memory of all that is below 64 MiB"
before=$(grep -c 'POST.*/blobs/uploads' "$T/registry.log")
"$SCRATCHPACK" push -q "oci:$T/image:latest" "$registry/bench/image:v1" >/dev/null &&
	[ "$before" -gt 0 ] && [ "$(grep -c 'POST.*/blobs/uploads' "$T/registry.log")" = "$before" ]
goal "a second push of the same image moves no blob"
exit $missed
