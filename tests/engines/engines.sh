#!/bin/bash
# Every engine loads and runs the same archives: docker, podman, containerd; skopeo
# and umoci read them.  Programs of each kind, each compression that the engine
# knows, several tags, split layers, several platforms.
. "$(dirname "$0")/lib.sh"

need skopeo umoci jq musl-gcc go zstd
start_dockerd
start_containerd
start_podman

ENGINES='docker podman ctr'

go_hello() { # FILE GOARCH
	mkdir -p go && cat >go/main.go <<-'END'
		package main

		import (
			"fmt"
			"os"
			"strconv"
			"strings"
		)

		func main() {
			if len(os.Args) > 2 && os.Args[1] == "exit" {
				code, _ := strconv.Atoi(os.Args[2])
				os.Exit(code)
			}
			fmt.Println(strings.Join(append([]string{"hello"}, os.Args[1:]...), " "))
		}
	END
	CGO_ENABLED=0 GO111MODULE=off GOARCH="$2" GOFLAGS='' \
		go build -ldflags='-s -w' -o "$1" go/main.go
}

pack() { # ARG...
	run "$SCRATCHPACK" -q "$@"
	exits 0 "packs $1"
}

# The image of ./NAME loads everywhere and behaves as the program does here.
runs_everywhere() { # NAME ARCHIVE ENGINE...
	local name=$1 archive=$2 engine
	shift 2
	ENTRY=/$name
	for engine; do
		ok "$engine loads $archive" load "$engine" "$archive"
		on_host "./$name" one "two words"
		in_engine "$engine" "$name:latest"
		as_on_host "$engine runs $archive with the arguments of the image"
		on_host "./$name" three
		in_engine "$engine" "$name:latest" three
		as_on_host "$engine runs $archive with arguments of its own"
		on_host "./$name" exit 7
		in_engine "$engine" "$name:latest" exit 7
		as_on_host "$engine passes on the exit code of $archive"
	done
}

diag "programs of each kind"
static_hello static
dynamic_hello dynamic
CC_FIXTURE=musl-gcc static_hello musl-static
CC_FIXTURE=musl-gcc dynamic_hello musl-dynamic
go_hello go-static amd64
for name in static dynamic musl-static musl-dynamic go-static; do
	pack "$name" -o "$name.tar" -- one "two words"
	# shellcheck disable=SC2086
	runs_everywhere "$name" "$name.tar" $ENGINES
done

diag "compression, as far as each engine knows it"
static_hello plain
pack plain --compress none -o plain.tar -- one "two words"
# shellcheck disable=SC2086
runs_everywhere plain plain.tar $ENGINES
dynamic_hello zst
pack zst --compress zstd -o zst.tar -- one "two words"
if [ "$(docker version -f '{{.Server.Version}}' | cut -d. -f1)" -ge 23 ]; then
	runs_everywhere zst zst.tar docker
fi
runs_everywhere zst zst.tar podman ctr

diag "layers apart"
dynamic_hello parts
pack parts --layers split -o parts.tar -- one "two words"
is "$(tar -xOf parts.tar manifest.json | jq '.[0].Layers | length')" 2 "two layers"
# shellcheck disable=SC2086
runs_everywhere parts parts.tar $ENGINES

diag "several tags, and names with a registry"
static_hello tagged
pack tagged -t tagged:1.0 -t tagged -t registry.example.org/team/tagged:x -o tagged.tar
for engine in $ENGINES; do
	ok "$engine loads several tags" load "$engine" tagged.tar
	for tag in tagged:1.0 tagged:latest; do
		ENTRY=/tagged
		in_engine "$engine" "$tag"
		is "$status $stdout" "0 hello" "$engine knows $tag"
	done
done
in_engine docker registry.example.org/team/tagged:x
is "$stdout" hello "docker knows the name with a registry"
in_engine podman registry.example.org/team/tagged:x
is "$stdout" hello "podman knows the name with a registry"

# What the note "healthcheck-oci" says of podman.
static_hello checked
"$SCRATCHPACK" ./checked -q -o docker-archive:checked.tar --healthcheck /checked >/dev/null
"$SCRATCHPACK" ./checked -q -t unchecked -o unchecked.tar -e other=1 --healthcheck /checked >/dev/null
load podman checked.tar >/dev/null
load podman unchecked.tar >/dev/null
is "$(podman image inspect -f '{{json .HealthCheck}}' checked)" '{"Test":["CMD","/checked"]}' \
	"podman: a health check in docker-archive:"
is "$(podman image inspect -f '{{json .HealthCheck}}' unchecked)" null "podman: none in OCI's types"
like "$(ctr images ls -q)" 'registry.example.org/team/tagged:x' \
	"containerd knows the name with a registry"

diag "configuration, as docker sees it"
static_hello conf
pack conf -e A=B -e 'C=d e' -u 65532:65532 -w /tmp -l k=v -p 8080 --stop-signal SIGINT \
	-o conf.tar -- x
ok "docker loads it" load docker conf.tar
run docker inspect conf:latest
inspect() { # FILTER WANT
	is "$(jq -c ".[0].$1" "$RUN/stdout")" "$2" "docker inspect: $1"
}
inspect 'Config.Env' "[\"PATH=$DEFAULT_PATH\",\"A=B\",\"C=d e\"]"
inspect 'Config.User' '"65532:65532"'
inspect 'Config.WorkingDir' '"/tmp"'
inspect 'Config.Labels' '{"k":"v"}'
inspect 'Config.ExposedPorts' '{"8080/tcp":{}}'
inspect 'Config.StopSignal' '"SIGINT"'
inspect 'Config.Entrypoint' '["/conf"]'
inspect 'Config.Cmd' '["x"]'
in_engine docker conf:latest
is "$status $stdout" "0 hello x" "it runs as another user in another directory"

diag "several platforms in one archive"
mkdir amd64 arm64
go_hello amd64/multi amd64
go_hello arm64/multi arm64
pack amd64/multi arm64/multi -o multi.tar -- one "two words"
cp amd64/multi multi
# shellcheck disable=SC2086
runs_everywhere multi multi.tar $ENGINES
is "$(docker inspect -f '{{.Architecture}}' multi:latest)" amd64 "docker picks this machine's"
is "$(podman inspect -f '{{.Architecture}}' multi:latest)" amd64 "podman picks this machine's"
ok "containerd takes all of them" ctr images import --all-platforms multi.tar
like "$(ctr images ls | grep multi:)" 'linux/amd64.*linux/arm64' "and lists both"
for arch in amd64 arm64; do
	run skopeo --override-arch "$arch" inspect --config oci-archive:multi.tar:latest
	is "$(jq -r .architecture "$RUN/stdout")" "$arch" "skopeo finds $arch"
done

diag "the import of kind"
ok "ctr imports as kind does" ctr -n k8s.io images import --all-platforms --digests \
	--snapshotter=overlayfs static.tar

diag "skopeo"
for form in oci-archive:static.tar oci-archive:static.tar:latest docker-archive:static.tar \
	docker-archive:static.tar:docker.io/library/static:latest; do
	run skopeo inspect --config "$form"
	is "$(jq -c .config.Entrypoint "$RUN/stdout")" '["/static"]' "skopeo inspects $form"
	rm -rf copied
	ok "skopeo copies $form, checking every digest" skopeo copy --insecure-policy "$form" dir:copied
done
for name in plain parts zst; do
	rm -rf copied
	ok "skopeo copies oci-archive:$name.tar" \
		skopeo copy --insecure-policy "oci-archive:$name.tar:latest" dir:copied
done
ok "skopeo copies all platforms" skopeo copy --all --insecure-policy \
	oci-archive:multi.tar:latest oci:all:latest

diag "umoci, on a layout and on the unpacked archive"
pack dynamic -o layout/
mkdir untarred
tar -xf dynamic.tar -C untarred
for dir in layout untarred; do
	is "$(umoci ls --layout "$dir")" latest "umoci lists the tag in $dir"
	ok "umoci reads the history of $dir" umoci stat --image "$dir:latest"
	ok "umoci unpacks $dir" umoci unpack --image "$dir:latest" "bundle-$dir"
	same "bundle-$dir/rootfs/dynamic" dynamic "the program is there"
	is "$(chroot "bundle-$dir/rootfs" /dynamic from "$dir")" "hello from $dir" "and runs"
	is "$(jq -c .process.args "bundle-$dir/config.json")" \
		"$([ "$dir" = layout ] && echo '["/dynamic"]' ||
			echo '["/dynamic","one","two words"]')" "with its arguments"
done

diag "into an engine without a file"
static_hello direct
DOCKER_HOST=unix://$DOCKER_SOCK pack direct -o docker-daemon:direct:v1
in_engine docker direct:v1
is "$status $stdout" "0 hello" "docker-daemon: through the engine's socket"
static_hello piped
"$SCRATCHPACK" -q piped -o - 2>/dev/null | docker load -q >/dev/null
in_engine docker piped:latest
is "$status $stdout" "0 hello" "-o - into docker load"
"$SCRATCHPACK" -q piped -o - 2>/dev/null | ctr images import - >/dev/null
in_engine ctr piped:latest
is "$status $stdout" "0 hello" "-o - into ctr images import"

done_testing
