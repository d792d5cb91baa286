#!/bin/bash
# --load: which engine gets the image, and what is said when there is none.  The
# engines are scripts here; the real ones are in tests/engines/load.sh.
. "$(dirname "$0")/../lib.sh"

need python3 jq
static_hello hello
"$SCRATCHPACK" -q ./hello -o hello.tar >/dev/null
mkdir bin run home
export XDG_RUNTIME_DIR=$T/run HOME=$T/home
unset CONTAINER_HOST CONTAINERD_ADDRESS CONTAINERD_NAMESPACE KIND_CLUSTER_NAME DOCKER_CONTEXT

# A command that writes down how it was called and keeps what it gets.
fake() { # NAME [SHELL CODE]
	cat >"bin/$1" <<-END
		#!/bin/sh
		PATH=/usr/bin:/bin
		echo "\${0##*/} \$*" >>$T/called
		${2-}
		cat >>$T/got
	END
	chmod +x "bin/$1"
}
# Something that listens, and is Docker's API as far as it is needed.
cat >engine.py <<'END'
import http.server, os, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer(b"OK")
    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[2], "wb").write(data)
        self.answer(b'{"error":"invalid tar header"}\n' if len(sys.argv) > 3 else
            b'{"stream":"Loaded image: hello:latest"}\n')
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def address_string(self): return ""
    def log_message(self, *args): pass
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): daemon_threads = True
# The name appears when the socket listens.
server = Server(sys.argv[1] + ".new", Handler)
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
END
listener() { # SOCKET FILE [refuse]
	background python3 engine.py "$@"
	wait_for 10 test -S "$1"
}
pack() { # ARG...: without the machine's own engines in the PATH
	rm -f called got
	run env PATH="$T/bin" "$SCRATCHPACK" ./hello "$@"
}
loaded() { # REGEX TEXT
	exits 0 "$2"
	like "$stderr" "loaded into $1" "$2: says where"
	like "$stdout" '^hello@sha256:[0-9a-f]{64}$' "$2: the result is one line"
}

listener engine.sock sent
listener podman.sock sent-podman
DOCKER_HOST=unix://$T/engine.sock pack --load
loaded "docker at unix://$T/engine.sock; try: docker run --rm hello:latest" "DOCKER_HOST"
same sent hello.tar "it got the archive"
rm sent
DOCKER_HOST=unix://$T/engine.sock pack --load -o also.tar --json
is "$(jq -r '.results | map(.loaded_into // "-") | join(" ")' "$RUN/stdout")" "docker at unix://$T/engine.sock -" \
	"the report says where"
same also.tar hello.tar "a file beside it"
DOCKER_HOST=unix://$T/none.sock pack --load
exits 5 "DOCKER_HOST is an order"
like "$stderr" "tried docker \($T/none.sock is not there\)" "and says so"
mkdir -p home/.docker/contexts/meta
context=$(printf %s mine | sha256sum | cut -d' ' -f1)
mkdir "home/.docker/contexts/meta/$context"
echo '{"currentContext":"mine"}' >home/.docker/config.json
echo '{"Name":"mine","Endpoints":{"docker":{"Host":"unix://'"$T"'/engine.sock"}}}' \
	>"home/.docker/contexts/meta/$context/meta.json"
pack --load
loaded "docker at unix://$T/engine.sock" "the context in use"
echo '{"Name":"mine","Endpoints":{"docker":{"Host":"ssh://far"}}}' \
	>"home/.docker/contexts/meta/$context/meta.json"
fake docker
pack --engine docker
loaded "docker at ssh://far" "a context that only docker reaches"
is "$(<called)" "docker load" "its own command loads"
same got hello.tar "and gets the archive"
rm -r home/.docker bin/docker

mkdir run/podman
ln -s ../../podman.sock run/podman/podman.sock
CONTAINER_HOST=unix://$T/podman.sock pack --engine podman
loaded "podman at unix://$T/podman.sock; try: podman run" "podman's service"
same sent-podman hello.tar "it got the archive"
fake podman
CONTAINER_HOST=ssh://far pack --engine podman
loaded "podman; try: podman run" "podman's command"
is "$(<called)" "podman load" "called as it should be"
same got hello.tar "and gets the archive"

fake ctr
CONTAINERD_ADDRESS=$T/engine.sock pack --engine containerd
loaded "containerd at $T/engine.sock, namespace default" "containerd through ctr"
is "$(<called)" "ctr -a $T/engine.sock -n default images import --all-platforms -" "called as it should be"
same got hello.tar "it gets the archive"
CONTAINERD_ADDRESS=$T/engine.sock pack --engine containerd:k8s.io
loaded "containerd at $T/engine.sock, namespace k8s.io" "a namespace"
rm bin/ctr
fake nerdctl
CONTAINERD_ADDRESS=$T/engine.sock pack --engine containerd
is "$(<called)" "nerdctl --address $T/engine.sock --namespace default load --all-platforms" "nerdctl without ctr"
rm bin/nerdctl
CONTAINERD_ADDRESS=$T/engine.sock pack --engine containerd
exits 5 "containerd, and no command to reach it"
like "$stderr" 'no command ctr or nerdctl' "says so"

fake docker 'case $1 in ps) echo WARNING: something; echo kind-a; echo kind-b; exit ;; esac'
pack --engine kind:dev
loaded "kind cluster dev, 2 nodes" "kind"
is "$(<called)" "docker ps --filter label=io.x-k8s.kind.cluster=dev --format {{.Names}}
docker exec -i kind-a ctr -n k8s.io images import --all-platforms --digests -
docker exec -i kind-b ctr -n k8s.io images import --all-platforms --digests -" "each node gets it"
same got <(cat hello.tar hello.tar) "as the whole archive"
fake docker 'exit 0'
pack --engine kind
exits 5 "no cluster"
like "$stderr" 'kind \(no node of such a cluster runs\)' "says so"
rm bin/docker

fake podman 'echo no space left in the store >&2; exit 125'
CONTAINER_HOST=ssh://far pack --engine podman -o out.tar
exits 5 "an engine that refuses"
like "$stderr" 'podman: the image was not loaded: .*exit status 125: no space left in the store' "its words are passed on"
not_ok "and no file is written" test -e out.tar
listener old.sock sent-old refuse
DOCKER_HOST=unix://$T/old.sock pack --load --compress zstd
exits 5 "an old docker"
like "$stderr" 'invalid tar header; .*zstd.*docker before 23.0.*--compress gzip' "zstd: what to do"
DOCKER_HOST=unix://$T/old.sock pack --load
unlike "$stderr" 'zstd' "gzip: nothing to do"
CONTAINER_HOST=ssh://far pack --engine podman
unlike "$stderr" 'zstd' "gzip is no reason to refuse"
CONTAINER_HOST=ssh://far pack --engine podman --compress zstd
like "$stderr" 'left in the store; .*zstd.*--compress gzip' "zstd may be"
fake podman 'sleep 60 & wait'
rm -f called
CONTAINER_HOST=ssh://far PATH=$T/bin:$PATH env --default-signal=INT "$SCRATCHPACK" ./hello --engine podman &
child=$!
wait_for 10 test -s called
kill -INT $child
wait $child
is $? 130 "a signal ends the wait for it"
not_ok "and what it started" pgrep -f "$T/bin/podman"

pack --engine nonsense
exits 2 "an engine that nobody knows"
like "$stderr" 'docker, podman, containerd, k3s or kind' "says which there are"
fake podman
CONTAINER_HOST=ssh://far pack --engine podman --load --engine podman -o x.tar
exits 0 "--load beside --engine"
is "$(grep -c load called)" 1 "is one destination"
ok "the file is another" test -s x.tar
rm bin/*
if [ -S /var/run/docker.sock ] || [ -S /run/podman/podman.sock ] || [ -S /run/containerd/containerd.sock ]; then
	skip "no engine at all" "this machine has one"
else
	pack --load
	exits 5 "no engine at all"
	for name in docker podman containerd k3s; do
		like "$stderr" "$name \(" "says what was tried: $name"
	done
fi
is "$(ls -A | grep -c scratchpack-)" 0 "no temporary file is left"
done_testing
