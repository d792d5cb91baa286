#!/bin/bash
# --load into real engines: Docker's API, podman's service and command, containerd
# through ctr.  The image runs there afterwards.
. "$(dirname "$0")/lib.sh"

static_hello hello
CC_FIXTURE=aarch64-linux-gnu-gcc static_hello hello-arm64 2>/dev/null || rm -f hello-arm64
unset XDG_RUNTIME_DIR CONTAINER_HOST
HOME=$T

start_dockerd
DOCKER_HOST=unix://$DOCKER_SOCK run "$SCRATCHPACK" ./hello -t d1 --load -- from docker
exits 0 "dockerd"
like "$stderr" "loaded into docker at unix://$DOCKER_SOCK; try: docker run --rm d1:latest" "says where"
in_engine docker d1:latest
is "$stdout" "hello from docker" "it runs there"

start_podman
run "$SCRATCHPACK" ./hello -t p1 --engine podman -- from podman
exits 0 "podman's command"
in_engine podman p1:latest
is "$stdout" "hello from podman" "it runs there"
background podman system service --time 0 "unix://$E/podman.sock" 2>"$E/service.log"
wait_for 30 test -S "$E/podman.sock"
CONTAINER_HOST=unix://$E/podman.sock run "$SCRATCHPACK" ./hello -t p2 --engine podman -- by socket
exits 0 "podman's service"
like "$stderr" "loaded into podman at unix://$E/podman.sock" "says where"
in_engine podman p2:latest
is "$stdout" "hello by socket" "it runs there"

start_containerd
CONTAINERD_ADDRESS=$E/containerd.sock run "$SCRATCHPACK" ./hello -t c1 --engine containerd -- from containerd
exits 0 "containerd"
in_engine ctr c1:latest
is "$stdout" "hello from containerd" "it runs there"
if [ -e hello-arm64 ]; then
	CONTAINERD_ADDRESS=$E/containerd.sock run "$SCRATCHPACK" ./hello ./hello-arm64 --at /hello \
		-t c2 --engine containerd:other -- of two
	exits 0 "an image of two platforms, into a namespace"
	like "$(ctr -n other images ls -q)" 'docker.io/library/c2:latest' "it is there"
	run ctr -n other run --rm docker.io/library/c2:latest of-two
	is "$stdout" "hello of two" "and runs"
fi
done_testing
